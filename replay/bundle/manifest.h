// Manifest: what a bundle says about itself, in its manifest.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

struct Manifest {
  std::string program{};  // version of Spine that made it
  std::string why{};      // as whoever made it said; may be empty
  std::string around{};   // the moment that was asked for, as it was typed
  Seq around_seq{};
  std::int64_t around_wall_ms{};
  Bits128 epoch{};         // of the bundle's journal
  Bits128 source_epoch{};  // of the journal it was made of: another one if it is redacted
  bool redacted{};
  Seq first{};  // events of the bundle
  Seq last{};
  std::uint64_t blocks{};
  std::uint64_t bytes{};   // of the blocks
  std::string previous{};  // SHA-256 of the block before the first one; zeros = there is none
  std::string head{};      // SHA-256 of the last block
  std::uint32_t digest_version{};
  std::string digest_before{};  // of the bundle's state before the first event
  std::string digest_after{};   // and after the last

  std::uint64_t events() const { return last.value - first.value + 1; }
  // As JSON: one member a line.
  std::string json() const;
  // That of a state directory; none when that is no bundle. Errc::corrupt when it makes no sense.
  static Result<std::optional<Manifest>> read(const std::filesystem::path& state_dir);
  static std::filesystem::path path_in(const std::filesystem::path& state_dir) {
    return state_dir / "manifest.json";
  }
};

}  // namespace spine::replay
