// Digest: a canonical, versioned fingerprint of the state, per table and as a whole.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/core/model/state.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

inline constexpr std::uint32_t kDigestVersion = 1;
inline constexpr std::size_t kDigestTablesMax = 24;

struct TableDigestView {
  std::string_view table{};  // static storage
  std::uint64_t rows{};
  Bits128 digest{};
};

struct StateDigest {
  std::uint32_t version{kDigestVersion};
  Seq seq{};  // of the state: state.applied()
  Bits128 total{};
  std::array<TableDigestView, kDigestTablesMax> tables{};
  std::size_t table_count{};
};

// XXH3-128 over the canonical bytes of each table: rows in order of their ids, cells tagged with
// their column, a column at its default value contributes nothing.
StateDigest digest(const State& state);

}  // namespace spine::core
