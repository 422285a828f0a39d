// HookConnection: one request to a webhook, as far as it has come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/http/body_reader.h"
#include "adapters/http/request_head.h"
#include "adapters/http/routes.h"
#include "adapters/loop/timer.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::hooks {

class HookServer;

// Thread: loop.
struct HookConnection {
  enum class Stage : std::uint8_t {
    reading,
    waiting,  // the request is whole and handed in
    leaving,  // it was answered; the peer closes, or is cut soon
  };

  // What has to be answered now: the request is refused, or (status 200) whole. Nothing: more of it
  // is to come.
  std::optional<http::Response> read(std::string_view bytes);

  std::size_t bytes() const { return head_text.capacity() + (body ? body->body().capacity() : 0); }

  HookServer* server{};
  std::uint64_t id{};
  UniqueFd fd{};
  loop::EventPtr event{};  // goes before the descriptor
  std::string address{};
  Stage stage{};
  std::uint64_t deadline_ms{};
  bool own_listener{};
  bool wants_continue{};  // asks whether to send its body
  std::string head_text{};
  http::RequestHead head{};
  std::optional<http::BodyReader> body{};  // once the head is whole

 private:
  std::optional<http::Response> judge_head();
  std::optional<http::Response> judge_body();
};

}  // namespace spine::hooks
