// Engine: inputs become durable facts before anybody hears of them, and survive a restart.
#include "engine/pipeline/engine.h"

#include <chrono>
#include <deque>
#include <filesystem>
#include <flatbuffers/flatbuffers.h>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

#include "engine/pipeline/clock.h"
#include "engine/pipeline/messages.h"
#include "journal/journal.h"
#include "schemas/finished.h"
#include "tests/unit/pipeline/no_wake.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

std::uint16_t kind_of(fb::EventBody body) {
  return static_cast<std::uint16_t>(body);
}

std::filesystem::path fresh_dir() {
  std::string name = (std::filesystem::temp_directory_path() / "spine-engine-XXXXXX").string();
  return ::mkdtemp(name.data());
}

// The default policy with one agent, rate limits off.
std::vector<std::uint64_t> policy_words(std::size_t& bytes, const char* agent) {
  flatbuffers::FlatBufferBuilder builder;
  const auto agents = builder.CreateVectorOfStrings(std::vector<std::string>{"main"});
  const auto name = builder.CreateString(agent);
  const auto main_key = builder.CreateString("main");
  fb::ConfigAppliedBuilder config{builder};
  config.add_agents(agents);
  config.add_default_agent(name);
  config.add_main_key(main_key);
  config.add_messages_per_minute(0);
  builder.Finish(config.Finish());
  bytes = builder.GetSize();
  std::vector<std::uint64_t> words(align8(bytes) / 8);
  std::memcpy(words.data(), builder.GetBufferPointer(), bytes);
  return words;
}

// A gateway without adapters: the test plays both I/O threads.
class Gateway {
 public:
  explicit Gateway(std::filesystem::path dir, const char* agent = "main")
      : producer_(ingress_.add_producer(nullptr, nullptr)) {
    EngineOptions options{};
    options.state_dir = std::move(dir);
    options.version = "test";
    options.policy = policy_words(options.policy_bytes, agent);
    auto recovered = engine_.recover(std::move(options));
    EXPECT_TRUE(recovered) << (recovered ? "" : recovered.error().message);
    report = *recovered;
    engine_.start([](const Error& error) { ADD_FAILURE() << error.message; });
  }
  ~Gateway() {
    if (!stopped_) stop();
  }

  void push(std::uint16_t kind, ByteSpan body, std::uint64_t request, std::uint64_t principal = 0,
            std::uint64_t a = 0, std::uint64_t b = 0) {
    producer_.push(InputHeader{.kind = kind,
                               .source = static_cast<std::uint16_t>(Source::websocket),
                               .connection = {1, 1},
                               .request = request,
                               .principal = principal,
                               .a = a,
                               .b = b},
                   body);
  }
  void flush() { producer_.flush(); }

  void message(std::uint64_t request, const std::string& peer, const std::string& id,
               const std::string& text) {
    builder_.Clear();
    const fb::Bits128 entropy{request * 77 + 1, request};
    builder_.Finish(fb::CreateMessageReceivedDirect(
        builder_, fb::MessageVia::channel, "test", "default", peer.c_str(), "Peer",
        fb::ConversationKind::direct, peer.c_str(), "", id.c_str(), text.c_str(), nullptr, "", 0,
        "", "", "", &entropy));
    push(kind_of(fb::EventBody::MessageReceived), body(), request);
  }
  void finish_run(RunId run, const std::string& text) {
    builder_.Clear();
    builder_.Finish(fb::CreateRunFinishedDirect(builder_, run.value, text.c_str(), "stop"));
    push(kind_of(fb::EventBody::RunFinished), body(), 0);
  }

  // Waits for the next item of the kind for net (or loop), passing over others.
  void expect(Outbox& box, ItemKind kind,
              const std::function<void(const OutHeader&, ByteSpan)>& use) {
    std::deque<Item>& items = &box == &net ? net_items_ : loop_items_;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      while (!items.empty()) {
        const Item item = std::move(items.front());
        items.pop_front();
        if (item.header.kind != static_cast<std::uint16_t>(kind)) continue;
        use(item.header,
            {reinterpret_cast<const std::byte*>(item.words.data()), item.header.bytes});
        return;
      }
      receive(box, items);
    }
    ADD_FAILURE() << "no item of kind " << static_cast<int>(kind);
  }
  core::Reply reply() {
    core::Reply got{};
    expect(net, ItemKind::reply, [&](const OutHeader&, ByteSpan payload) {
      ReplyItem item{};
      read(payload, item);
      got = item.reply;
    });
    return got;
  }
  Bits128 digest() {
    push(input_kind::kQueryDigest, {}, 1);
    flush();
    Bits128 got{};
    expect(net, ItemKind::digest, [&](const OutHeader&, ByteSpan payload) {
      DigestItem item{};
      read(payload, item);
      got = item.digest.total;
    });
    return got;
  }
  // Only the numbers of what is returned outlive the item; its text is in prompt_text.
  PromptItem prompt() {
    PromptItem got{};
    expect(loop, ItemKind::prompt, [&](const OutHeader&, ByteSpan payload) {
      read(payload, got);
      prompt_text = got.text;
    });
    return got;
  }
  void stop() {
    stopped_ = true;
    producer_.push(InputHeader{.kind = input_kind::kStop}, as_bytes("test"));
    producer_.flush();
    engine_.join();
  }

  Shared shared{};
  Outbox net{&no_wake, nullptr};
  Outbox loop{&no_wake, nullptr};
  RecoveryReport report{};
  std::string prompt_text{};

 private:
  struct Item {
    OutHeader header{};
    std::vector<std::uint64_t> words{};
  };

  static void receive(Outbox& box, std::deque<Item>& items) {
    OutBlock* block = box.poll();
    if (block == nullptr) {
      std::this_thread::yield();
      return;
    }
    block->for_each([&](const OutHeader& header, ByteSpan payload) {
      Item item{header, std::vector<std::uint64_t>(align8(payload.size()) / 8)};
      std::memcpy(item.words.data(), payload.data(), payload.size());
      items.push_back(std::move(item));
    });
    box.release(block);
  }

  ByteSpan body() { return finished(builder_); }
  Ingress ingress_{};
  IngressProducer& producer_;
  Engine engine_{shared, ingress_, net, loop};
  flatbuffers::FlatBufferBuilder builder_{};
  std::deque<Item> net_items_{};
  std::deque<Item> loop_items_{};
  bool stopped_{};
};

class EngineTest : public ::testing::Test {
 protected:
  ~EngineTest() override { std::filesystem::remove_all(dir_); }
  std::filesystem::path dir_{fresh_dir()};
};

TEST_F(EngineTest, AMessageIsAcknowledgedPromptedAndAnswered) {
  Gateway gateway{dir_};
  EXPECT_TRUE(gateway.report.created);
  gateway.message(1, "ann", "m1", "hello");
  gateway.flush();
  const core::Reply reply = gateway.reply();
  EXPECT_EQ(reply.code, core::ReplyCode::accepted);
  EXPECT_TRUE(reply.session);
  const PromptItem prompt = gateway.prompt();
  EXPECT_EQ(gateway.prompt_text, "hello");
  EXPECT_EQ(prompt.run, reply.run);
  gateway.finish_run(prompt.run, "echo: hello");
  gateway.flush();
  EXPECT_EQ(gateway.reply().code, core::ReplyCode::accepted);
}

TEST_F(EngineTest, ARestartFindsTheSameStateAndResumesWhatWasOpen) {
  Bits128 before{};
  RunId open{};
  {
    Gateway gateway{dir_};
    gateway.message(1, "ann", "m1", "still open");
    gateway.flush();
    open = gateway.reply().run;
    for (std::uint64_t i = 2; i < 200; ++i) {
      gateway.message(i, "bob" + std::to_string(i % 7), "m" + std::to_string(i), "text");
    }
    gateway.flush();
    before = gateway.digest();
    gateway.stop();
    EXPECT_GE(gateway.shared.metrics.digest_checks.get(), 1U);
    EXPECT_EQ(gateway.shared.metrics.digest_divergence.get(), 0U);
  }
  Gateway again{dir_};
  EXPECT_FALSE(again.report.created);
  EXPECT_FALSE(again.report.after_crash);
  EXPECT_NE(again.report.snapshot, Seq{});
  EXPECT_LE(again.report.events_folded, 1U);
  bool resumed = false;
  for (int i = 0; i < 8 && !resumed; ++i)
    resumed = again.prompt().run == open;
  EXPECT_TRUE(resumed);
  EXPECT_NE(before, Bits128{});
}

TEST_F(EngineTest, WithoutSnapshotAndIndexTheStateIsTheSame) {
  const auto run = [&] {
    Gateway gateway{dir_, "none"};
    EXPECT_EQ(gateway.report.after_crash, false);
    const Bits128 digest = gateway.digest();
    gateway.stop();
    return digest;
  };
  {
    Gateway gateway{dir_, "none"};
    for (std::uint64_t i = 0; i < 3'000; ++i) {
      gateway.message(i, "p" + std::to_string(i % 50), "m" + std::to_string(i), "some text");
    }
    gateway.flush();
    gateway.digest();
    gateway.stop();
  }
  journal::Reader reader = *journal::Reader::open_read_only(dir_ / "journal");
  ASSERT_TRUE(reader.renew());
  EXPECT_GE(reader.last().value, 3'000U);
  run();
  std::filesystem::remove_all(dir_ / "snapshots");
  std::filesystem::remove_all(dir_ / "index");
  Gateway gateway{dir_, "none"};
  EXPECT_EQ(gateway.report.snapshot, Seq{});
  EXPECT_GE(gateway.report.events_folded, 3'000U);
  gateway.stop();
  EXPECT_EQ(gateway.shared.metrics.digest_divergence.get(), 0U);
  EXPECT_GE(gateway.shared.metrics.digest_checks.get(), 3U) << "one for each recorded stop";
}

TEST_F(EngineTest, ADuplicateIsNamedWithItsOriginal) {
  Gateway gateway{dir_, "none"};
  gateway.message(1, "ann", "m1", "hello");
  gateway.flush();
  const core::Reply first = gateway.reply();
  gateway.message(2, "ann", "m1", "hello");
  gateway.flush();
  const core::Reply second = gateway.reply();
  EXPECT_EQ(second.code, core::ReplyCode::duplicate);
  EXPECT_EQ(second.seq, first.seq);
}

TEST_F(EngineTest, HistoryComesBackInOrderWithTheReplies) {
  Gateway gateway{dir_};
  std::string key;
  for (std::uint64_t i = 0; i < 5; ++i) {
    gateway.message(i, "ann", "m" + std::to_string(i), "question " + std::to_string(i));
    gateway.flush();
    EXPECT_EQ(gateway.reply().code, core::ReplyCode::accepted);
    gateway.finish_run(gateway.prompt().run, "answer " + std::to_string(i));
    gateway.flush();
    gateway.reply();
  }
  gateway.push(input_kind::kQuerySessions, {}, 9, 0, 0, 10);
  gateway.flush();
  gateway.expect(gateway.net, ItemKind::sessions, [&](const OutHeader&, ByteSpan payload) {
    SessionsItem item{};
    read(payload, item);
    ASSERT_EQ(item.total, 1U);
    key = item.sessions[0].key;
    EXPECT_EQ(item.sessions[0].message_count, 10U);
  });
  EXPECT_EQ(key, "agent:main:test:direct:ann");
  for (const std::uint64_t limit : {100U, 3U}) {
    gateway.push(input_kind::kQueryHistory, as_bytes(key), 10, 0, limit);
    gateway.flush();
    gateway.expect(gateway.net, ItemKind::history, [&](const OutHeader&, ByteSpan payload) {
      HistoryItem item{};
      read(payload, item);
      ASSERT_TRUE(item.found);
      EXPECT_EQ(item.more, limit == 3);
      ASSERT_EQ(item.events.size(), limit == 3 ? 3U : 10U);
      const auto* last = flatbuffers::GetRoot<fb::RunFinished>(item.events.back().body.data());
      EXPECT_EQ(last->text()->str(), "answer 4");
      for (std::size_t i = 1; i < item.events.size(); ++i) {
        EXPECT_LT(item.events[i - 1].seq, item.events[i].seq);
      }
    });
  }
}

TEST_F(EngineTest, ManyMessagesAreAcknowledgedInOrderWithGrowingSeqs) {
  constexpr std::uint64_t kCount = 20'000;
  Gateway gateway{dir_, "none"};
  std::thread sender{[&] {
    for (std::uint64_t i = 0; i < kCount; ++i) {
      gateway.message(i, "p" + std::to_string(i % 11), "m" + std::to_string(i), "text");
      if (i % 100 == 99) gateway.flush();
    }
  }};
  std::uint64_t expected = 0;
  Seq last{};
  while (expected < kCount) {
    gateway.expect(gateway.net, ItemKind::reply, [&](const OutHeader& header, ByteSpan payload) {
      ReplyItem item{};
      read(payload, item);
      ASSERT_EQ(header.request, expected++);
      ASSERT_GT(item.reply.seq, last);
      last = item.reply.seq;
    });
  }
  sender.join();
}

}  // namespace
}  // namespace spine::pipeline
