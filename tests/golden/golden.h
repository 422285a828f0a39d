// What the tests of golden files share: where they are, and what a journal folds to.
#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/model/digest.h"
#include "engine/core/model/evolve.h"
#include "journal/block.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/show.h"
#include "tests/unit/core/life.h"

namespace spine::core {

namespace fs = std::filesystem;

inline constexpr std::size_t kDigestEvery = 100;

// The golden files with that extension, of a folder below, by name.
inline std::vector<fs::path> golden_files(std::string_view extension,
                                          std::string_view folder = "") {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(SPINE_GOLDEN_DIR) / folder)) {
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

// The records of a .journal, in order.
inline std::vector<Record> read_journal(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<Record> journal;
  Record record;
  while (file.read(reinterpret_cast<char*>(&record.header), sizeof(record.header))) {
    record.words.assign((record.header.body_bytes + 7) / 8, 0);
    file.read(reinterpret_cast<char*>(record.words.data()),
              static_cast<std::streamsize>(align8(record.header.body_bytes)));
    EXPECT_TRUE(file) << path << " ends in the middle of a record";
    journal.push_back(record);
  }
  return journal;
}

// A file of blocks.
struct Blocks {
  std::vector<Record> records{};
  std::vector<journal::BlockHeader> headers{};
};

inline void take(const journal::BlockView& block, Blocks& blocks) {
  blocks.headers.push_back(block.header());
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    const EventView event = block.event(i);
    Record record{.header = event.header};
    record.words.assign(align8(event.body.size()) / 8, 0);
    std::memcpy(record.words.data(), event.body.data(), event.body.size());
    blocks.records.push_back(std::move(record));
  }
}

// Checks each block, and the chain.
inline Blocks read_blocks(const fs::path& path) {
  const std::string text = slurp(path);
  std::vector<std::uint64_t> words(text.size() / 8);
  std::memcpy(words.data(), text.data(), words.size() * 8);
  ByteSpan rest = std::as_bytes(std::span(words));
  Blocks blocks;
  Seq first{1};
  journal::Digest256 head{};
  while (rest.size() >= sizeof(journal::BlockHeader)) {
    const auto header = load<journal::BlockHeader>(rest.data());
    const std::size_t bytes = std::min<std::size_t>(header.bytes, rest.size());
    const auto block = journal::BlockView::verify(rest.first(bytes), first);
    EXPECT_TRUE(block) << "at seq " << first.value << ": " << block.error().message;
    if (!block) return blocks;
    EXPECT_EQ(header.previous, head) << "at seq " << first.value;
    head = block->sha256();
    take(*block, blocks);
    first = next(block->last());
    rest = rest.subspan(bytes);
  }
  EXPECT_TRUE(rest.empty());
  return blocks;
}

}  // namespace spine::core
