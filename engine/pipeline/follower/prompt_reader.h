// PromptReader: texts and files of prompts whose messages are in the journal alone.
#pragma once

#include <cstdint>
#include <string>

#include "engine/core/model/state.h"
#include "engine/pipeline/items/messages.h"
#include "journal/reader.h"

namespace spine::pipeline {

// What it gives is borrowed from the state and `text`. Thread: follower. REQUIRES: the
// reader was renewed and sees what the state holds.
class PromptReader {
 public:
  // `text`: memory for the text of one prompt.
  PromptReader(const core::State& state, journal::Reader& reader, std::string& text)
      : state_(state), reader_(reader), text_(text) {}

  // False when the attempt that `effect` started is not the run's any more.
  Result<bool> read_prompt(RunId id, EffectId effect, PromptItem& item);

 private:
  Result<bool> read_messages(Seq started, Seq message, std::uint16_t attempt, PromptItem& item);

  const core::State& state_;
  journal::Reader& reader_;
  std::string& text_;
};

}  // namespace spine::pipeline
