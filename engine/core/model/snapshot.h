// Snapshot: the state as a FlatBuffer (schemas/snapshot.fbs) and back.
#pragma once

#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <functional>
#include <span>
#include <string_view>

#include "engine/core/model/state.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/result.h"

namespace spine::core {

// The version of the layout of snapshots. Raised when a snapshot needs more than an added column or
// table to be understood.
inline constexpr std::uint32_t kSnapshotFormat = 2;

// Finishes `builder` with the state; it holds the digest of the state too.
void save_snapshot(const State& state, flatbuffers::FlatBufferBuilder& builder);

// Replaces the state. Verifies the buffer, the ranges of every value, and that the digest of what
// was loaded is the one that was saved; Errc::corrupt or Errc::newer_format otherwise (the state is
// then fresh; a snapshot of an older format is folded anew from the journal, too).
// REQUIRES: payload 8-aligned.
Status load_snapshot(ByteSpan payload, State& state);

// Replaces what people said or are called wherever the state keeps it (the columns of the fields
// that the schemas mark `people`), each by another text of the same length: replace() writes that
// over `text`, which is not empty. For copies that are handed on: the digest is another one.
// Errc::corrupt when the texts do not fit the state, such as one label for two sessions.
Status replace_people_texts(
    State& state,
    const std::function<void(std::string_view column, std::span<char> text)>& replace);

}  // namespace spine::core
