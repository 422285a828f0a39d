// Request: the envelope of a frame, and the parsers whose memory is reused from frame to frame.
#pragma once

#include <cstddef>
#include <memory>
#include <simdjson.h>
#include <string>
#include <string_view>

#include "schemas/vocab/bytes.h"

namespace spine::net {

// How a frame was understood.
enum class FrameFault : std::uint8_t {
  none,         // a request: method and id are set
  not_json,     // no JSON text, or not one value alone
  not_request,  // JSON, but no request; `id` is set when it could be read
};

// Borrowed from the reader until its next frame.
struct Request {
  FrameFault fault{FrameFault::not_json};
  std::string problem{};  // after "invalid request frame: "
  std::string_view id{};
  std::string_view method{};
  simdjson::dom::element params{};
  bool has_params{};
};

// A message's bytes with the padding simdjson reads beyond the end. Reused; a large one is freed
// with the next message.
class PaddedText {
 public:
  void assign(std::string_view text);
  std::string_view text() const { return {bytes_.get(), size_}; }
  std::size_t capacity() const { return capacity_; }

 private:
  std::unique_ptr<char[]> bytes_{};
  std::size_t size_{};
  std::size_t capacity_{};
};

// Strict: one JSON object, nothing after it, no key we do not know, nesting up to kJsonDepthMax,
// valid UTF-8, and no more values than bound the memory a parsed
// document takes. Thread: net.
class RequestReader {
 public:
  void read(const PaddedText& text, Request& request);

 private:
  void read_object(simdjson::dom::object object, Request& request);
  simdjson::dom::parser parser_{};
};

}  // namespace spine::net
