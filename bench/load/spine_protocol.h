// Spine's protocol 4 as the load generator speaks it: handshake, ingest, round trips.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "bench/load/frame_template.h"
#include "bench/load/greeting.h"
#include "bench/load/protocol.h"

namespace spine::bench {

// Where a key of a JSON text was last time: answers look alike, so mostly it is there again.
class FieldFinder {
 public:
  explicit FieldFinder(std::string_view key) : key_(key) {}  // key: static storage
  // What follows the key in `text`; empty when it is not there.
  std::string_view after(std::string_view text) {
    if (text.substr(std::min(at_, text.size())).starts_with(key_)) {
      return text.substr(at_ + key_.size());
    }
    const auto found = text.find(key_);
    if (found == std::string_view::npos) return {};
    at_ = found;
    return text.substr(found + key_.size());
  }

 private:
  std::string_view key_;
  std::size_t at_{};
};

// Upgrade, challenge, connect, hello-ok; then frames go to take(). Base of what follows.
class SpineProtocol : public Protocol {
 public:
  SpineProtocol(const Options& options, std::uint32_t index);

  void start(std::string& out) override;
  std::size_t greet(std::string_view in, std::string& out, Answers& answers) override;
  bool ready() const override { return ready_; }
  void compose(std::uint64_t id, std::string& out) override;
  std::size_t parse(std::string_view in, std::string& out, Answers& answers) override;

 protected:
  // Said once after hello-ok; nothing by default. True when an answer with id "setup" comes back.
  virtual bool setup(std::string& out);
  // One text frame after the handshake.
  virtual void take(std::string_view payload, Answers& answers);

  const Options& options() const { return options_; }
  std::uint32_t index() const { return index_; }
  std::uint32_t mask() const { return greeter_.mask; }
  // For setup(): tells what happens in the session from now on.
  void append_subscribe(std::string& out, std::string_view session_key) const;

 private:
  std::size_t take_setup(std::string_view in, std::string& out, Answers& answers);

  const Options& options_;
  std::uint32_t index_{};
  Greeter greeter_;
  Greeting greeting_{};
  bool ready_{};
};

// channel.message: one request, one answer, which is durable.
class IngestProtocol final : public SpineProtocol {
 public:
  IngestProtocol(const Options& options, std::uint32_t index);
  void compose(std::uint64_t id, std::string& out) override { frame_.append(out, id); }

 protected:
  void take(std::string_view payload, Answers& answers) override;

 private:
  FrameTemplate frame_;
  FieldFinder id_{"\"id\":\""};
  FieldFinder seq_{"\"seq\":"};
  FieldFinder ok_{"\"ok\":true"};
  std::uint64_t last_seq_{};
};

// chat.send or agent in a session of the connection's own: counts when the reply is there.
class RoundTripProtocol final : public SpineProtocol {
 public:
  RoundTripProtocol(const Options& options, std::uint32_t index);
  void compose(std::uint64_t id, std::string& out) override { frame_.append(out, id); }

 protected:
  bool setup(std::string& out) override;
  void take(std::string_view payload, Answers& answers) override;

 private:
  void take_final(std::string_view payload, Answers& answers);
  void take_answer(std::string_view payload, Answers& answers);
  std::string session_key_;
  std::string key_prefix_;  // of idempotency keys, which are also the runs' ids
  bool agent_{};
  FrameTemplate frame_;
};

}  // namespace spine::bench
