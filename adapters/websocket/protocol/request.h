// Request: the envelope of a frame, and the parsers whose memory is reused from frame to frame.
#pragma once

#include <simdjson.h>
#include <string>
#include <string_view>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/json_read.h"

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

// Strict: one JSON object as JsonParser takes it, with no key we do not know. Thread: net.
class RequestReader {
 public:
  void read(const PaddedText& text, Request& request);

 private:
  void read_object(simdjson::dom::object object, Request& request);
  JsonParser parser_{};
};

}  // namespace spine::net
