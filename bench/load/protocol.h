// Protocol: what one connection of the load generator says and understands; one class per peer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/options.h"
#include "schemas/vocab/result.h"

namespace spine::bench {

// What parse() found. Reused from call to call.
struct Answers {
  std::vector<std::uint64_t> ids{};  // requests that were answered well, in order of arrival
  std::uint64_t refused{};           // requests that were answered with an error
  std::string first_error{};         // in words, of the first thing that went wrong
  bool fatal{};                      // the connection cannot go on

  void clear() {
    ids.clear();
    refused = 0;
    fatal = false;
    first_error.clear();
  }
  void refuse(std::string_view why) {
    ++refused;
    if (first_error.empty()) first_error = why;
  }
  void fail(std::string_view why) {
    fatal = true;
    if (first_error.empty()) first_error = why;
  }
};

// Thread: the worker that owns the connection. Requests are numbered from 1 per connection.
class Protocol {
 public:
  virtual ~Protocol() = default;

  // TCP is up: appends the greeting, if there is one, to `out`.
  virtual void start(std::string& out) = 0;
  // Bytes arrived before ready(): returns how many were used up.
  virtual std::size_t greet(std::string_view in, std::string& out, Answers& answers) = 0;
  virtual bool ready() const = 0;
  // Appends request number `id`.
  virtual void compose(std::uint64_t id, std::string& out) = 0;
  // Bytes arrived: takes whole answers, returns how many bytes were used up.
  // `out` is for what the protocol must say by itself, such as a pong.
  virtual std::size_t parse(std::string_view in, std::string& out, Answers& answers) = 0;
};

// One for connection `index`. REQUIRES: prepare() said ok.
std::unique_ptr<Protocol> make_protocol(const Options& options, std::uint32_t index);

// What has to be there before the first connection, e.g. a stream.
Status prepare(const Options& options);

}  // namespace spine::bench
