// What the tests of replay/ share: the output of a command line, captured.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "replay/cli.h"
#include "replay/common.h"
#include "tests/unit/replay/story.h"

namespace spine::replay {

struct Output {
  int code{};
  std::string out{};
  std::string err{};
};

inline bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Runs spine-replay's command line in this process; `commands` is its standard input.
inline Output call(std::vector<std::string> words, const std::filesystem::path& state_dir,
                   std::string commands = "\n") {
  words.insert(words.end(), {"--state-dir", state_dir.string()});
  char* out_text = nullptr;
  char* err_text = nullptr;
  std::size_t out_size = 0;
  std::size_t err_size = 0;
  std::FILE* out = ::open_memstream(&out_text, &out_size);
  std::FILE* err = ::open_memstream(&err_text, &err_size);
  std::FILE* in = ::fmemopen(commands.data(), commands.size(), "r");
  Output output{.code = run(words, out, err, in)};
  for (std::FILE* file : {out, err, in})
    std::fclose(file);
  output.out.assign(out_text, out_size);
  output.err.assign(err_text, err_size);
  std::free(out_text);
  std::free(err_text);
  return output;
}

}  // namespace spine::replay
