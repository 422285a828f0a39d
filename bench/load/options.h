// Options: what one run of the load generator does, from the command line.
#pragma once

#include <cstdint>
#include <string>

namespace spine::bench {

enum class Mode : std::uint8_t {
  ingest,     // Spine: channel.message, answered when durable
  roundtrip,  // Spine: chat.send or agent, until the agent's reply is there
  idle,       // Spine: authenticated connections that say nothing
  echo,       // any WebSocket echo server
  redis,      // Redis Streams: XADD
  nats,       // NATS JetStream: publish with acknowledgement
};

struct Options {
  Mode mode{Mode::ingest};
  std::string host{"127.0.0.1"};
  std::uint16_t port{18789};
  std::string token{};
  std::uint32_t connections{1};
  std::uint32_t depth{1};  // requests in flight per connection
  std::uint32_t threads{1};
  std::uint32_t bytes{256};  // of payload per message
  std::uint32_t senders{0};  // distinct senders; 0 = one per connection
  double warm_seconds{0.3};
  double seconds{1.5};
  std::uint64_t count{0};        // stop after that many measured messages; 0 = by time alone
  double hold_seconds{10};       // idle: how long to stay
  std::string channel{"bench"};  // ingest: the channel that is bound to agent `none`
  std::string method{"chat"};    // roundtrip: chat | agent
  std::string run_id{};          // makes external ids and stream names unique per run
  std::uint32_t server_pid{0};   // whose CPU time to read; 0 = nobody's
  bool json_only{};              // leave the line for people out
};

}  // namespace spine::bench
