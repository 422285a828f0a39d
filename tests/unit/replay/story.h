// A small journal with a story, told by the core as the engine thread would.
#pragma once

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/model/decide.h"
#include "engine/core/model/digest.h"
#include "engine/core/model/evolve.h"
#include "engine/core/model/state.h"
#include "journal/journal.h"

#include "event_generated.h"

namespace spine::replay {

class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "spine-replay-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_{};
};

// Plays the engine thread: each verb decides an input, folds what follows and commits it.
class Story {
 public:
  explicit Story(const std::filesystem::path& state_dir) {
    auto opened = journal::Journal::open(state_dir / "journal", Bits128{7, 9});
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    journal_ = std::move(*opened);
  }

  void created() {
    const fb::Bits128 epoch(7, 9);
    const fb::Bits128 key(1, 2);
    input(fb::EventBody::JournalCreated, Source::engine, [&](auto& b) {
      return fb::CreateJournalCreatedDirect(b, &epoch, &key, "1.2.3").Union();
    });
  }
  void configured() {
    input(fb::EventBody::ConfigApplied, Source::config, [](auto& b) {
      const auto agents = b.CreateVectorOfStrings(std::vector<std::string>{"main"});
      const auto agent = b.CreateString("main");
      const auto main_key = b.CreateString("main");
      fb::ConfigAppliedBuilder config(b);
      config.add_agents(agents);
      config.add_default_agent(agent);
      config.add_main_key(main_key);
      return config.Finish().Union();
    });
  }
  void message(const std::string& sender, const std::string& id, const std::string& text) {
    const fb::Bits128 entropy(++clock_, 1);
    input(fb::EventBody::MessageReceived, Source::websocket, [&](auto& b) {
      return fb::CreateMessageReceivedDirect(
                 b, fb::MessageVia::channel, "telegram", "default", sender.c_str(), sender.c_str(),
                 fb::ConversationKind::direct, sender.c_str(), "", id.c_str(), text.c_str(),
                 nullptr, "", 1'700'000'000'000, "", "", "", &entropy)
          .Union();
    });
  }
  // A device that may connect, and a session that a client opened, named and pinned.
  void doors() {
    input(fb::EventBody::DevicePaired, Source::websocket, [](auto& b) {
      const std::vector<std::uint8_t> key(32, 0xab);
      const std::vector<flatbuffers::Offset<flatbuffers::String>> scopes{
          b.CreateString("operator.read")};
      return fb::CreateDevicePairedDirect(b, "d1", &key, &key, "operator", &scopes, "phone",
                                          nullptr, nullptr, nullptr, nullptr, nullptr,
                                          fb::ApprovedVia::control_socket)
          .Union();
    });
    const fb::Bits128 uuid(5, 6);
    input(fb::EventBody::SessionOpened, Source::websocket, [&](auto& b) {
      return fb::CreateSessionOpenedDirect(b, "agent:main:notes", "main", &uuid).Union();
    });
    input(
        fb::EventBody::SessionPatched, Source::websocket,
        [](auto& b) {
          const auto fields = static_cast<std::uint32_t>(fb::SessionField::label) |
                              static_cast<std::uint32_t>(fb::SessionField::pinned);
          return fb::CreateSessionPatchedDirect(b, fields, "mine", nullptr, nullptr,
                                                static_cast<std::uint32_t>(fb::SessionMark::pinned))
              .Union();
        },
        SessionId{journal_->last().value});
  }
  // Records the digest of the state, or another one.
  void digested(bool right = true) {
    const core::StateDigest own = core::digest(state_);
    input(fb::EventBody::StateDigested, Source::engine, [&](auto& b) {
      std::vector<flatbuffers::Offset<fb::TableDigest>> tables;
      for (std::size_t i = 0; i < own.table_count; ++i) {
        const fb::Bits128 digest(own.tables[i].digest.hi + (right || i != 0 ? 0 : 1),
                                 own.tables[i].digest.lo);
        const auto name = b.CreateString(std::string(own.tables[i].table));
        tables.push_back(fb::CreateTableDigest(b, name, own.tables[i].rows, &digest));
      }
      const fb::Bits128 total(own.total.hi + (right ? 0 : 1), own.total.lo);
      return fb::CreateStateDigestedDirect(b, own.version, &total, &tables).Union();
    });
  }

  // A message as it will be stored once people's words are sealed; past the core, which cannot.
  void sealed_message() {
    flatbuffers::FlatBufferBuilder builder;
    const auto sealed = builder.CreateVector(std::vector<std::uint8_t>(81, 0xAB));
    fb::MessageReceivedBuilder table(builder);
    table.add_sealed(sealed);
    builder.Finish(table.Finish());
    const std::uint64_t seq = last().value + 1;
    batch_.begin(Seq{seq});
    batch_.append(
        {.kind = static_cast<std::uint16_t>(fb::EventBody::MessageReceived),
         .flags = record_flag::kInput | record_flag::kSealed,
         .source = static_cast<std::uint16_t>(Source::websocket),
         .key_id = 12,
         .cause = seq,
         .correlation = seq,
         .wall_ms = 1'700'000'000'000,
         .logical_ms = ++clock_},
        {reinterpret_cast<const std::byte*>(builder.GetBufferPointer()), builder.GetSize()});
    commit();
  }

  const core::State& state() const { return state_; }
  journal::Journal& journal() { return *journal_; }
  Seq last() const { return journal_->last(); }

 protected:
  template <class Build>
  void input(fb::EventBody kind, Source source, Build build, SessionId session = {}) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(flatbuffers::Offset<flatbuffers::Table>(build(builder).o));
    words_.assign(align8(builder.GetSize()) / 8, 0);
    std::memcpy(words_.data(), builder.GetBufferPointer(), builder.GetSize());
    ++clock_;
    core::Decision decision;
    core::decide(state_,
                 {.kind = static_cast<std::uint16_t>(kind),
                  .source = source,
                  .session = session,
                  .now = {1'700'000'000'000 + static_cast<std::int64_t>(clock_), clock_},
                  .body = {reinterpret_cast<const std::byte*>(words_.data()), builder.GetSize()}},
                 decision);
    batch_.begin(next(journal_->last()));
    for (const core::Draft& draft : decision.drafts()) {
      const Seq seq = batch_.append(draft.header, draft.body);
      core::evolve(state_, batch_.event(seq));
    }
    commit();
  }
  // Logical and wall time go on.
  void pass(std::uint64_t ms) { clock_ += ms; }

 private:
  void commit() {
    ASSERT_FALSE(batch_.empty());
    ASSERT_TRUE(journal_->ensure_space(batch_.bytes(), journal::SpaceClass::intake));
    ASSERT_TRUE(journal_->commit(batch_));
  }

  std::unique_ptr<journal::Journal> journal_{};
  core::State state_{};
  journal::Batch batch_{};
  std::vector<std::uint64_t> words_{};
  std::uint64_t clock_{};
};

// A journal with two people, two sessions and a digest; closed when it returns.
inline void tell_story(const std::filesystem::path& state_dir, bool right_digest = true) {
  Story story(state_dir);
  story.created();
  story.configured();
  story.message("alice", "m1", "hello");
  story.message("bob", "m2", "line one\nline two \x1b[31m");
  story.message("alice", "m3", "again");
  story.digested(right_digest);
  story.message("bob", "m4", "last");
}

}  // namespace spine::replay
