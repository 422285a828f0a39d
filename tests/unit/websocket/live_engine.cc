// How the parts of an engine under test begin and end.
#include "tests/unit/websocket/live_engine.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>
#include <utility>

#include "adapters/channels/interface/message.h"
#include "adapters/loop/supervisor.h"
#include "engine/pipeline/clock.h"
#include "journal/journal.h"
#include "schemas/fields.h"

namespace spine::test {
namespace {

std::filesystem::path memory_dir() {
  const char* const shm = "/dev/shm";
  return ::access(shm, W_OK) == 0 ? shm : std::filesystem::temp_directory_path();
}

}  // namespace

StateDir::StateDir() {
  std::string name = (memory_dir() / "spine-net-XXXXXX").string();
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  path_ = name;
}

void StateDir::clear() {
  for (const auto& entry : std::filesystem::directory_iterator{path_})
    std::filesystem::remove_all(entry.path());
}

void StateDir::for_each_event(const std::function<void(const EventView&)>& f) const {
  auto opened = journal::Reader::open_read_only(path_ / "journal");
  ASSERT_TRUE(opened) << opened.error().message;
  journal::Reader reader = std::move(*opened);
  auto block = reader.block_of(reader.first());
  while (block) {
    for (std::uint32_t i = 0; i < block->count(); ++i)
      f(block->event(i));
    block = reader.block_after(*block);
  }
  EXPECT_EQ(block.error().code, Errc::not_found) << block.error().message;
}

LiveEngine::LiveEngine(pipeline::Shared& shared, pipeline::Ingress& ingress, pipeline::Outbox& net,
                       const config::Config& config, const std::filesystem::path& dir)
    : orders_(ingress.add_producer(nullptr, nullptr)) {
  loop::block_signals();
  auto made = loop::LoopThread::create(shared, ingress);
  EXPECT_TRUE(made);
  loop_ = std::move(*made);
  agent_ = std::make_unique<ScriptedAgent>(loop_->producer());
  channel_ = std::make_unique<ScriptedChannel>(loop_->producer());
  engine_ = std::make_unique<pipeline::Engine>(shared, ingress, net, loop_->outbox());
  flatbuffers::FlatBufferBuilder policy;
  config::build_policy(config, policy);
  const auto recovered = engine_->recover(
      {.state_dir = dir, .version = "test", .policy = core::KeptBody{finished(policy)}});
  EXPECT_TRUE(recovered) << recovered.error().message;
  loop_->start(
      {.on_prompt = [this](const pipeline::PromptItem& item) { agent_->prompt(item); },
       .on_cancel = [](RunId) {},
       .on_steer = [this](const pipeline::SteerItem& item) { agent_->steer(item); },
       .on_deliver = [this](const pipeline::DeliverItem& item) { channel_->deliver(item); }});
  engine_->start([](const Error& error) { ADD_FAILURE() << error.message; });
  shared.phase.store(pipeline::Phase::ready, std::memory_order_release);
}

void LiveEngine::report_channel(fb::ChannelState state, const char* problem) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(
      fb::CreateChannelStateChangedDirect(builder, "telegram", "", state, problem, "@bot"));
  orders_.push({.kind = static_cast<std::uint16_t>(fb::EventBody::ChannelStateChanged),
                .source = static_cast<std::uint16_t>(Source::channel)},
               finished(builder));
  orders_.flush();
}

void LiveEngine::receive_message(const char* external_id, const char* text) {
  flatbuffers::FlatBufferBuilder builder;
  channels::build_message({.channel = "telegram",
                           .sender_id = "alice",
                           .conversation_id = "alice",
                           .external_id = external_id,
                           .text = text,
                           .timestamp_ms = 1'700'000'000'000},
                          pipeline::random128(), {.vouches = true}, builder);
  orders_.push({.kind = static_cast<std::uint16_t>(fb::EventBody::MessageReceived),
                .source = static_cast<std::uint16_t>(Source::channel)},
               finished(builder));
  orders_.flush();
}

void LiveEngine::ask_stop() {
  if (std::exchange(stop_asked_, true)) return;
  orders_.push({.kind = pipeline::input_kind::kStop}, as_bytes("test"));
  orders_.flush();
}

LiveEngine::~LiveEngine() {
  ask_stop();
  engine_->join();
  loop_->stop();
}

}  // namespace spine::test
