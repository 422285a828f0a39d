// What the journal's tests share: temporary directories, event bodies, filled batches.
#pragma once

#include <cstring>
#include <filesystem>
#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>
#include <memory>
#include <stdlib.h>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "journal/batch.h"
#include "journal/journal.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine::journal {

constexpr Bits128 kEpoch{.hi = 0x1122334455667788ULL, .lo = 0x99AABBCCDDEEFF00ULL};
constexpr auto kMessage = static_cast<std::uint16_t>(fb::EventBody::MessageReceived);
constexpr auto kStarted = static_cast<std::uint16_t>(fb::EventBody::EngineStarted);

// A fresh directory that goes away with the object.
class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "spine-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TempDir() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_{};
};

inline std::vector<std::byte> bytes_of(const flatbuffers::FlatBufferBuilder& builder) {
  const auto* start = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {start, start + builder.GetSize()};
}

// The body of a MessageReceived with that text.
inline std::vector<std::byte> message_body(std::string_view text) {
  flatbuffers::FlatBufferBuilder builder;
  const auto content = builder.CreateString(text.data(), text.size());
  fb::MessageReceivedBuilder table(builder);
  table.add_text(content);
  builder.Finish(table.Finish());
  return bytes_of(builder);
}

inline RecordHeader message_header(std::uint64_t session = 0, std::int64_t wall_ms = 1'000) {
  RecordHeader header;
  header.kind = kMessage;
  header.flags = record_flag::kInput;
  header.source = static_cast<std::uint16_t>(Source::websocket);
  header.session = session;
  header.wall_ms = wall_ms;
  header.logical_ms = static_cast<std::uint64_t>(wall_ms);
  return header;
}

inline std::string text_of(const EventView& event) {
  return flatbuffers::GetRoot<fb::MessageReceived>(event.body.data())->text()->str();
}

// The text every test gives the event with that seq.
inline std::string text_for(Seq seq) {
  return "message " + std::to_string(seq.value);
}

// Starts the batch anew with `count` messages from `first` on.
inline void fill(Batch& batch, Seq first, std::size_t count) {
  batch.begin(first);
  for (std::size_t i = 0; i < count; ++i) {
    const Seq seq{first.value + i};
    RecordHeader header = message_header(1 + seq.value % 7, static_cast<std::int64_t>(seq.value));
    header.cause = seq.value;
    header.correlation = seq.value;
    batch.append(header, message_body(text_for(seq)));
  }
}

// Commits `batches` batches of `count` messages each.
inline void commit_messages(Journal& journal, std::size_t batches, std::size_t count) {
  Batch batch;
  for (std::size_t i = 0; i < batches; ++i) {
    fill(batch, next(journal.last()), count);
    const Status space = journal.ensure_space(batch.bytes(), SpaceClass::intake);
    ASSERT_TRUE(space) << space.error().message;
    const Result<Seq> durable = journal.commit(batch);
    ASSERT_TRUE(durable) << durable.error().message;
    ASSERT_EQ(*durable, batch.last());
  }
}

inline std::unique_ptr<Journal> open_journal(const std::filesystem::path& dir) {
  Result<std::unique_ptr<Journal>> opened = Journal::open(dir, kEpoch);
  if (opened) return std::move(opened).value();
  ADD_FAILURE() << opened.error().message;
  return nullptr;
}

// Reads everything and expects the texts and the chain of commit_messages.
inline void expect_whole(Reader& reader, Seq last) {
  ASSERT_TRUE(reader.renew());
  ASSERT_EQ(reader.last(), last);
  if (!last) return;
  Digest256 previous{};
  Result<BlockView> block = reader.block_of(Seq{1});
  Seq expected{1};
  while (block) {
    ASSERT_EQ(block->header().previous, previous);
    for (std::uint32_t i = 0; i < block->count(); ++i) {
      ASSERT_EQ(block->event(i).seq, expected);
      ASSERT_EQ(text_of(block->event(i)), text_for(expected));
      expected = next(expected);
    }
    previous = block->sha256();
    block = reader.block_after(*block);
  }
  ASSERT_EQ(block.error().code, Errc::not_found) << block.error().message;
  ASSERT_EQ(expected, next(last));
}

}  // namespace spine::journal
