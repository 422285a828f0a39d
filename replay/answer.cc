// answer: answers questions about the past, which the gateway asks, one line each.
#include <cstdio>
#include <fmt/format.h>
#include <new>
#include <string>
#include <sys/resource.h>

#include "replay/past_answers.h"
#include "replay/verb.h"
#include "schemas/vocab/limits.h"

namespace spine::replay {
namespace {

// Lower than the gateway, for which people wait.
constexpr int kNice = 10;

// The next line, without its end. False at the end of the input.
Result<bool> read_line(std::FILE* in, std::string& line) {
  line.clear();
  for (int c = std::getc(in); c != EOF; c = std::getc(in)) {
    if (c == '\n') return true;
    if (line.size() == limits::kPastQuestionBytesMax) {
      return Error{Errc::invalid_argument, fmt::format("A question has more than {} bytes.",
                                                       limits::kPastQuestionBytesMax)};
    }
    line.push_back(static_cast<char>(c));
  }
  return false;
}

// False when nobody reads the answers any more.
bool write_line(std::FILE* out, const std::string& line) {
  return std::fwrite(line.data(), 1, line.size(), out) == line.size() &&
         std::fputc('\n', out) != EOF && std::fflush(out) == 0;
}

Result<int> serve(const Common& common) {
  SPINE_TRY(PastAnswers answers, PastAnswers::open(common.state_dir));
  std::string line;
  for (;;) {
    SPINE_TRY(const bool more, read_line(stdin, line));
    if (!more || !write_line(common.out, answers.answer(line))) return kExitOk;
  }
}

}  // namespace

Action answer(CLI::App& verb) {
  verb.description("Answer questions about the past from standard input; for the gateway");
  return [](const Common& common) -> Result<int> {
    ::setpriority(PRIO_PROCESS, 0, kNice);
    try {
      return serve(common);
    } catch (const std::bad_alloc&) {
      const Error why{Errc::no_space,
                      fmt::format("To answer for that moment takes more memory than such a process "
                                  "may have ({} MiB).",
                                  limits::kPastProcessBytesMax / limits::kMiB)};
      write_line(common.out, PastAnswers::failure(why));
      return why;
    }
  };
}

}  // namespace spine::replay
