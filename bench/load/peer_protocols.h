// What the load generator speaks to everybody who is not Spine: echo server, Redis, NATS.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "bench/load/frame_template.h"
#include "bench/load/protocol.h"

namespace spine::bench {

// Masked text frames that come back as they are.
class EchoProtocol final : public Protocol {
 public:
  EchoProtocol(const Options& options, std::uint32_t index);
  void start(std::string& out) override;
  std::size_t greet(std::string_view in, std::string& out, Answers& answers) override;
  bool ready() const override { return ready_; }
  void compose(std::uint64_t id, std::string& out) override { frame_.append(out, id); }
  std::size_t parse(std::string_view in, std::string& out, Answers& answers) override;

 private:
  const Options& options_;
  FrameTemplate frame_;
  bool ready_{};
};

// RESP: XADD <stream> * d <payload>, answered with the entry's id.
class RedisProtocol final : public Protocol {
 public:
  explicit RedisProtocol(const Options& options, std::uint32_t index);
  void start(std::string& /*out*/) override {}
  std::size_t greet(std::string_view /*in*/, std::string& /*out*/, Answers&) override { return 0; }
  bool ready() const override { return true; }
  void compose(std::uint64_t id, std::string& out) override;
  std::size_t parse(std::string_view in, std::string& out, Answers& answers) override;

 private:
  std::string command_;
  std::uint64_t answered_{};
  std::pair<std::uint64_t, std::uint64_t> last_{};
};

// NATS text protocol: PUB with a reply inbox of the connection's own, answered with the
// stream's sequence number.
class NatsProtocol final : public Protocol {
 public:
  explicit NatsProtocol(const Options& options, std::uint32_t index);
  void start(std::string& /*out*/) override {}
  std::size_t greet(std::string_view in, std::string& out, Answers& answers) override;
  bool ready() const override { return ready_; }
  void compose(std::uint64_t id, std::string& out) override;
  std::size_t parse(std::string_view in, std::string& out, Answers& answers) override;

 private:
  std::string inbox_;  // "_INBOX.<run>.<index>."
  std::string head_;   // "PUB <subject> <inbox>"
  std::string tail_;   // " <bytes>\r\n<payload>\r\n"
  bool said_connect_{};
  bool ready_{};
  std::uint64_t last_seq_{};
};

// The stream both write to: "bench.<run id>" (Redis) and BENCH (NATS, file storage).
Status prepare_redis(const Options& options);
Status prepare_nats(const Options& options);

}  // namespace spine::bench
