// LiveEngine: the engine with its loop thread, an agent and a channel, as the daemon puts them
// together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "adapters/loop/loop.h"
#include "engine/config/config.h"
#include "engine/pipeline/engine.h"
#include "engine/pipeline/queues/ingress.h"
#include "engine/pipeline/queues/outbox.h"
#include "engine/pipeline/queues/shared.h"
#include "schemas/vocab/record.h"
#include "tests/unit/websocket/scripted_agent.h"
#include "tests/unit/websocket/scripted_channel.h"

namespace spine::test {

// A folder of its own for a gateway's state, on a file system in memory where there is one: a
// commit there takes no time. Removed with it.
class StateDir {
 public:
  StateDir();
  ~StateDir() { std::filesystem::remove_all(path_); }
  StateDir(const StateDir&) = delete;
  StateDir& operator=(const StateDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Whatever was recorded is gone. REQUIRES: no engine runs on it.
  void clear();
  // Calls f with every event of the journal. REQUIRES: the same.
  void for_each_event(const std::function<void(const EventView&)>& f) const;

 private:
  std::filesystem::path path_{};
};

// Life: construct; start whoever empties `net`; destroy, which stops the engine, and whoever
// empties `net` afterwards. Thread: main.
class LiveEngine {
 public:
  // Recovers from the journal in `dir`, and is ready. All that is referred to outlives it.
  LiveEngine(pipeline::Shared& shared, pipeline::Ingress& ingress, pipeline::Outbox& net,
             const config::Config& config, const std::filesystem::path& dir);
  ~LiveEngine();
  LiveEngine(const LiveEngine&) = delete;
  LiveEngine& operator=(const LiveEngine&) = delete;

  // What the channel "telegram" says of itself: it is delivered to from then on.
  void report_channel(fb::ChannelState state, const char* problem = "");
  // A direct message of alice to the same account.
  void receive_message(const char* external_id, const char* text);

  // As a SIGTERM does. Once is enough.
  void ask_stop();

 private:
  pipeline::IngressProducer& orders_;
  std::unique_ptr<loop::LoopThread> loop_{};
  std::unique_ptr<ScriptedAgent> agent_{};
  std::unique_ptr<ScriptedChannel> channel_{};
  std::unique_ptr<pipeline::Engine> engine_{};
  bool stop_asked_{};
};

}  // namespace spine::test
