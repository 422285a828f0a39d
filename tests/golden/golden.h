// What the tests of golden files share: where they are, and what a journal folds to.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/model/digest.h"
#include "engine/core/model/evolve.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/show.h"
#include "tests/unit/core/life.h"

namespace spine::core {

namespace fs = std::filesystem;

inline constexpr std::size_t kDigestEvery = 100;

// The golden files with that extension, by name.
inline std::vector<fs::path> golden_files(std::string_view extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(SPINE_GOLDEN_DIR)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Folds the records and gives a line for every 100th state and the last.
inline std::string digest_lines(const std::vector<Record>& journal) {
  std::ostringstream lines;
  State state;
  for (std::size_t i = 0; i < journal.size(); ++i) {
    const EventView event = journal[i].view(Seq{i + 1});
    EXPECT_TRUE(verify_event_body(event.header.kind, event.body)) << "seq " << i + 1;
    evolve(state, event);
    if ((i + 1) % kDigestEvery != 0 && i + 1 != journal.size()) continue;
    const StateDigest of = digest(state);
    lines << of.seq.value << ' ' << of.version << ' ' << show_hex(of.total) << '\n';
  }
  return lines.str();
}

inline std::string slurp(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace spine::core
