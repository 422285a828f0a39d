// Greeting: from the upgrade to hello-ok, bytes in and bytes out, for connections by the thousand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spine::bench {

// The HTTP request that asks for a WebSocket. The answer's accept key is not looked at: the servers
// measured here are ours to start.
std::string upgrade_text(const std::string& host, std::uint16_t port);

// What a connection says; the same for many.
struct Greeter {
  Greeter(const std::string& host, std::uint16_t port, std::string_view token,
          std::string_view scopes, std::uint32_t frame_mask);
  std::string upgrade{};
  std::string connect{};  // the frame
  std::uint32_t mask{};   // of frames
};

// What one connection has come to. Greeter::upgrade was sent to begin with.
class Greeting {
 public:
  bool done() const { return step_ == Step::done; }
  // Takes one thing off the front of `in`, before done(): how many bytes; 0 = more are needed.
  // `out` gets what is to be said. `error` says what went wrong; then this goes no further.
  std::size_t take(const Greeter& as, std::string_view in, std::string& out, std::string& error);

 private:
  enum class Step : std::uint8_t { upgrade, challenge, hello, done };
  void take_text(const Greeter& as, std::string_view payload, std::string& out, std::string& error);
  Step step_{Step::upgrade};
};

// A text of ours, made a masked frame.
void append_text_frame(std::string& out, std::string_view payload, std::uint32_t mask);
// The answer to a ping.
void append_pong(std::string& out, std::string_view payload, std::uint32_t mask);

// "<what>: <the start of payload>".
std::string shortened(std::string_view what, std::string_view payload);

}  // namespace spine::bench
