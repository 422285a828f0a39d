// RequestHead: the head of an HTTP request, read and judged by RFC 9112, 9110 and 6455.
// The only reader of heads: what two readers understand differently (where a body ends, which
// Host counts) is how a request is smuggled past one of them. What is in doubt is refused.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace spine::http {

// The fields that are looked at; any other is checked for its form alone.
enum class Field : std::uint8_t {
  accept_encoding,
  authorization,
  connection,
  content_length,
  content_type,
  expect,
  forwarded,
  host,
  hub_signature,  // of Meta's webhooks
  if_none_match,
  origin,
  telegram_secret,
  transfer_encoding,
  upgrade,
  via,
  websocket_key,
  websocket_version,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_proto,
  x_real_ip,
  count,
};

// Pure: no sockets. Reused from request to request, so that steady state allocates nothing.
class RequestHead {
 public:
  enum class State : std::uint8_t {
    incomplete,  // may become a request: more bytes are needed
    complete,
    refused,  // refusal() says why; what follows in the stream may not be read as a request
  };

  struct Refusal {
    int status{};
    std::string_view type{};
    std::string_view message{};
    std::string_view allow{};  // for 405
  };

  // Looks at the head that `text` starts with. A head that is refused stays so whatever follows;
  // one that reaches kHttpHeadBytesMax without an end is refused.
  State read(std::string_view text);

  State state() const { return state_; }
  const Refusal& refusal() const { return refusal_; }

  // Of a complete head; these outlive the text. The method is also set for a refused one, as far as
  // it was read, but may then borrow from the text.
  std::size_t bytes() const { return bytes_; }  // the empty line included
  std::string_view method() const { return method_; }
  const std::string& path() const { return path_; }  // percent signs decoded once, no dot segments
  const std::string& query() const { return query_; }  // likewise decoded, without '?'
  // Several lines of one field are joined by commas. Host is that of the target, if it has one.
  const std::string& field(Field which) const { return slot(which).value; }
  bool has(Field which) const { return slot(which).lines != 0; }
  // Whether a body follows; its Content-Length, 0 when it is chunked.
  bool has_body() const { return has_body_; }
  std::uint64_t body_bytes() const { return body_bytes_; }
  // The client wants to keep this connection, and where its next request starts is certain.
  bool keep_alive() const { return keep_alive_; }
  // A well-formed WebSocket handshake: GET, HTTP/1.1, version 13, a key of 16 bytes, no content.
  bool websocket() const { return websocket_; }

 private:
  struct Slot {
    std::string value{};
    unsigned lines{};
  };
  Slot& slot(Field which) { return fields_[static_cast<std::size_t>(which)]; }
  const Slot& slot(Field which) const { return fields_[static_cast<std::size_t>(which)]; }

  // Always false.
  bool refuse(int status, std::string_view message, std::string_view allow = {});
  bool without_end(std::string_view text, std::string_view rest, bool in_first_line);
  // Whether the head is complete.
  bool read_lines(std::string_view text);
  // Each false when it refused.
  bool read_request_line(std::string_view line);
  bool read_method(std::string_view method);
  bool read_target(std::string_view target);
  bool read_absolute(std::string_view& target);
  bool read_field(std::string_view line);
  bool judge_fields();
  bool judge_body();
  bool judge_upgrade();

  State state_{State::incomplete};
  Refusal refusal_{};
  std::size_t bytes_{};
  std::string_view method_{};
  bool minor_zero_{};        // HTTP/1.0
  std::string authority_{};  // of a target that has one
  std::string path_{};
  std::string query_{};
  std::array<Slot, static_cast<std::size_t>(Field::count)> fields_{};
  bool has_body_{};
  std::uint64_t body_bytes_{};
  bool keep_alive_{};
  bool websocket_{};
};

// Whether a comma-separated list holds the token, in any case.
bool list_has(std::string_view list, std::string_view token);

}  // namespace spine::http
