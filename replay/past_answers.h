// PastAnswers: answers questions about moments of a journal, as the gateway answers them about now.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "engine/core/model/state.h"
#include "engine/core/questions/past.h"
#include "engine/core/questions/state_answers.h"
#include "replay/timeline.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// Keeps the state that it has reached, and goes on from it. Thread: one.
class PastAnswers {
 public:
  static Result<PastAnswers> open(const std::filesystem::path& state_dir,
                                  std::size_t bytes_max = limits::kPastProcessBytesMax);

  // A core::PastQuestion to a core::PastAnswer, both as lines. Any text may be given. Throws
  // std::bad_alloc when this process holds more than `bytes_max` on the way to the moment, as when
  // there is no memory; then it is of no more use.
  std::string answer(std::string_view line);
  // The answer that says why there is none.
  static std::string failure(const Error& error);

 private:
  explicit PastAnswers(Timeline timeline) : timeline_(std::move(timeline)) {}
  Result<std::string> answer(const core::PastQuestion& asked);

  Timeline timeline_;
  core::State state_{};
};

}  // namespace spine::replay
