// Responses and pushes: the frames that leave, PROTOCOL section 2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/http/json.h"
#include "adapters/websocket/context.h"
#include "adapters/websocket/refusal.h"

namespace spine::net {

// {"type":"res","id":ID,"ok":true,"payload":...}: write the payload with json(), then send().
// REQUIRES: hub.writable(slot), and no other frame is begun meanwhile.
class Response {
 public:
  Response(Context& net, std::uint32_t slot, std::string_view id);
  http::JsonWriter& json() { return json_; }
  void send();

 private:
  Context& net_;
  std::uint32_t slot_;
  std::string& out_;
  http::JsonWriter json_;
};

// Nothing happens when frames may no longer be queued for the connection.
void refuse(Context& net, std::uint32_t slot, std::string_view id, const Refusal& refusal);
void refuse_invalid(Context& net, std::uint32_t slot, std::string_view id, std::string message);
// RATE_LIMITED, to be tried again later; `reason` names the bound. Counts nothing.
void refuse_rate_limited(Context& net, std::uint32_t slot, std::string_view id,
                         std::string_view reason, std::string message,
                         std::uint64_t retry_after_ms);

// {"code":CODE,"reason":REASON}
std::string details_of(std::string_view code, std::string_view reason);

// An event: write the payload with json() once, then send it to as many as it is for.
class Push {
 public:
  // REQUIRES: one at a time; the payload is built in net.scratch.
  Push(Context& net, std::string_view event);
  http::JsonWriter& json() { return json_; }
  // With the connection's next seq. Skips connections that may not be written to.
  void to(std::uint32_t slot);
  // Without a seq: meant for this connection alone.
  void targeted(std::uint32_t slot);
  // Presence and health pushes carry both counters.
  void with_state_version() { state_version_ = true; }

 private:
  void put(std::uint32_t slot, bool numbered);
  Context& net_;
  std::string_view event_;
  http::JsonWriter json_;
  bool state_version_{};
};

}  // namespace spine::net
