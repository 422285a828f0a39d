// Gateway: a whole engine on a journal of its own, whose I/O threads the test plays.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <flatbuffers/flatbuffers.h>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/pipeline/engine.h"
#include "engine/pipeline/items/messages.h"
#include "schemas/fields.h"
#include "tests/unit/pipeline/no_wake.h"

#include "event_generated.h"

namespace spine::pipeline {

inline std::uint16_t kind_of(fb::EventBody body) {
  return static_cast<std::uint16_t>(body);
}

inline std::filesystem::path fresh_dir() {
  std::string name = (std::filesystem::temp_directory_path() / "spine-engine-XXXXXX").string();
  return ::mkdtemp(name.data());
}

// The default policy with one agent, rate limits off.
inline core::KeptBody policy_body(const char* agent) {
  flatbuffers::FlatBufferBuilder builder;
  const auto agents = builder.CreateVectorOfStrings(std::vector<std::string>{"main"});
  const auto name = builder.CreateString(agent);
  const auto main_key = builder.CreateString("main");
  const auto triggers = builder.CreateVectorOfStrings(std::vector<std::string>{"/new"});
  fb::ConfigAppliedBuilder config{builder};
  config.add_agents(agents);
  config.add_default_agent(name);
  config.add_main_key(main_key);
  config.add_messages_per_minute(0);
  config.add_reset_triggers(triggers);
  builder.Finish(config.Finish());
  return core::KeptBody{finished(builder)};
}

// A gateway without adapters: the test plays both I/O threads.
class Gateway {
 public:
  explicit Gateway(std::filesystem::path dir, const char* agent = "main")
      : producer_(ingress_.add_producer(nullptr, nullptr)) {
    EngineOptions options{};
    options.state_dir = std::move(dir);
    options.version = "test";
    options.policy = policy_body(agent);
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
  // An input that nobody waits for the outcome of.
  void push_from(Source source, std::uint16_t kind, ByteSpan body, std::uint64_t a = 0) {
    producer_.push(InputHeader{.kind = kind, .source = static_cast<std::uint16_t>(source), .a = a},
                   body);
  }
  // One about the session of that key.
  void push_about(std::string_view session_key, std::uint16_t kind, ByteSpan body,
                  std::uint64_t request) {
    producer_.push(InputHeader{.kind = kind,
                               .source = static_cast<std::uint16_t>(Source::websocket),
                               .connection = {1, 1},
                               .request = request},
                   body, {.session_key = session_key});
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

}  // namespace spine::pipeline
