// What libwebsockets reports: connections, requests, messages, closes.
#include <cstdlib>
#include <cstring>

#include "adapters/http/routes.h"
#include "adapters/websocket/loop.h"
#include "adapters/websocket/net_log.h"

namespace spine::net {
namespace {

constexpr int kAcceptsPerTurn = 64;  // the rest waits in the kernel's queue
constexpr std::size_t kQueryBytesMax = 2'048;

ConnectionRef& ref_of(void* user) {
  return *static_cast<ConnectionRef*>(user);
}

std::string header_text(lws* wsi, lws_token_indexes token) {
  const int bytes = lws_hdr_total_length(wsi, token);
  if (bytes <= 0) return {};
  std::string text(static_cast<std::size_t>(bytes) + 1, '\0');
  if (lws_hdr_copy(wsi, text.data(), bytes + 1, token) < 0) return {};
  text.resize(static_cast<std::size_t>(bytes));
  return text;
}

const char* method_name(int index) {
  // The order of enum lws_h2_methods... as lws_http_get_uri_and_method documents it.
  switch (index) {
    case LWSHUMETH_GET:
      return "GET";
    case LWSHUMETH_HEAD:
      return "HEAD";
    case LWSHUMETH_POST:
      return "POST";
    default:
      return "OTHER";
  }
}

// The parts of a request that routing looks at, owned.
struct OwnedRequest {
  std::string path{};
  std::string query{};
  std::string host{};
  std::string origin{};
  http::Request view{};
};

void read_request(lws* wsi, OwnedRequest& request) {
  char* uri = nullptr;
  int bytes = 0;
  const int method = lws_http_get_uri_and_method(wsi, &uri, &bytes);
  if (method >= 0 && uri != nullptr) request.path.assign(uri, static_cast<std::size_t>(bytes));
  const int query_bytes = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS);
  request.view.query_too_long = query_bytes > static_cast<int>(kQueryBytesMax);
  char fragment[kQueryBytesMax + 1];
  for (int i = 0; !request.view.query_too_long; ++i) {
    const int length =
        lws_hdr_copy_fragment(wsi, fragment, sizeof fragment, WSI_TOKEN_HTTP_URI_ARGS, i);
    if (length < 0) break;
    if (!request.query.empty()) request.query += '&';
    request.query.append(fragment, static_cast<std::size_t>(length));
  }
  request.host = header_text(wsi, WSI_TOKEN_HOST);
  request.origin = header_text(wsi, WSI_TOKEN_ORIGIN);
  const std::string length = header_text(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
  request.view.method = method_name(method);
  request.view.path = request.path;
  request.view.query = request.query;
  request.view.host = request.host;
  request.view.origin = request.origin;
  request.view.body_bytes = length.empty() ? 0 : std::strtoull(length.c_str(), nullptr, 10);
}

bool keeps_alive(lws* wsi) {
  return header_text(wsi, WSI_TOKEN_HTTP) == "HTTP/1.1" &&
         strcasecmp(header_text(wsi, WSI_TOKEN_CONNECTION).c_str(), "close") != 0;
}

}  // namespace

int Loop::on_event(lws* wsi, lws_callback_reasons reason, void* user, void* in, std::size_t bytes) {
  const std::string_view text{static_cast<const char*>(in), in == nullptr ? 0 : bytes};
  switch (reason) {
    case LWS_CALLBACK_RECEIVE:
      start_turn();
      return received(wsi, ref_of(user).slot, text);
    case LWS_CALLBACK_SERVER_WRITEABLE:
      start_turn();
      return writable(ref_of(user).slot);
    case LWS_CALLBACK_ESTABLISHED:
      start_turn();
      return established(wsi, user);
    case LWS_CALLBACK_CLOSED:
      start_turn();
      if (ref_of(user)) gateway_.closed(ref_of(user).slot);
      return 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
      start_turn();
      return peer_closes(ref_of(user).slot, text);
    case LWS_CALLBACK_RECEIVE_PONG:
      start_turn();
      gateway_.ponged(ref_of(user).slot);
      return 0;
    case LWS_CALLBACK_RAW_RX_FILE:
      start_turn();
      accept_connections(wsi);
      return 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
      start_turn();
      return confirm_upgrade(wsi, static_cast<const char*>(in));
    case LWS_CALLBACK_HTTP:
      start_turn();
      return serve_http(wsi);
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
      return -1;  // CONNECT: not ours
    default:
      return 0;
  }
}

void Loop::accept_connections(lws* wsi) {
  const int listening = static_cast<int>(lws_get_socket_fd(wsi));
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    const int fd = acceptor_.accept(listening);
    if (fd < 0) return;
    // Closes the descriptor itself when there is no room.
    lws_adopt_socket_vhost(lws_get_vhost(wsi), fd);
  }
}

int Loop::respond(lws* wsi, const std::string& text, bool keep_alive) {
  std::vector<unsigned char> buffer(LWS_PRE + text.size());
  std::memcpy(buffer.data() + LWS_PRE, text.data(), text.size());
  if (lws_write(wsi, buffer.data() + LWS_PRE, text.size(), LWS_WRITE_HTTP_HEADERS) < 0) return -1;
  // See block(). The library closes the connection when it is drained, or after its time-out.
  if (lws_partial_buffered(wsi) != 0) lws_rx_flow_control(wsi, 0);
  if (lws_http_transaction_completed(wsi) != 0) return -1;
  return keep_alive || lws_partial_buffered(wsi) != 0 ? 0 : -1;
}

int Loop::serve_http(lws* wsi) {
  OwnedRequest request{};
  read_request(wsi, request);
  // A body nobody reads would be taken for the next request.
  const bool keep_alive = keeps_alive(wsi) && request.view.body_bytes == 0 &&
                          (request.view.method == "GET" || request.view.method == "HEAD");
  std::string text;
  http::render(http::answer(request.view, gateway_.context().facts()),
               request.view.method == "HEAD", keep_alive, text);
  return respond(wsi, text, keep_alive);
}

int Loop::confirm_upgrade(lws* wsi, const char* protocol) {
  OwnedRequest request{};
  read_request(wsi, request);
  http::Response refusal = http::admit(request.view);
  if (refusal.status == 200 && protocol != nullptr && strcasecmp(protocol, "websocket") == 0) {
    return 0;
  }
  if (refusal.status == 200) {
    refusal.status = 400;
    refusal.body = R"({"error":{"message":"This gateway upgrades to WebSocket only.",)"
                   R"("type":"invalid_request"}})";
  }
  std::string text;
  http::render(refusal, false, false, text);
  respond(wsi, text, false);
  return -1;
}

int Loop::established(lws* wsi, void* user) {
  char address[64] = "";
  lws_get_peer_simple(wsi, address, sizeof address);
  const ConnectionRef ref = gateway_.opened(wsi, address);
  ref_of(user) = ref;
  if (ref) return 0;
  kLog.warn("a connection from {} was refused: {} are open", address, limits::kConnectionsMax);
  return -1;
}

int Loop::received(lws* wsi, std::uint32_t slot, std::string_view bytes) {
  const Piece piece{.bytes = bytes,
                    .last = lws_is_final_fragment(wsi) != 0,
                    .more_bytes = lws_remaining_packet_payload(wsi)};
  gateway_.received(slot, piece);
  Connections& table = hub_.table;
  if (!ingress_.has_room() && !table.flag(slot, connection_flag::kPaused)) {
    if (paused_.empty()) gateway_.context().shared.metrics.reading_paused.add();
    table.set(slot, connection_flag::kPaused);
    paused_.push_back(table.ref(slot));
  }
  if (table.flag(slot, connection_flag::kNotReading)) apply_reading(slot);
  return 0;
}

int Loop::writable(std::uint32_t slot) {
  hub_.drained(slot);
  const bool was_blocked = hub_.table.flag(slot, connection_flag::kBlocked);
  hub_.table.unset(slot, connection_flag::kBlocked);
  if (!write_out(slot)) return -1;
  if (was_blocked && !hub_.table.flag(slot, connection_flag::kBlocked)) apply_reading(slot);
  return 0;
}

int Loop::peer_closes(std::uint32_t slot, std::string_view payload) {
  std::uint16_t code = 1005;  // RFC 6455: no code was given
  if (payload.size() >= 2) {
    code = static_cast<std::uint16_t>((static_cast<unsigned char>(payload[0]) << 8U) |
                                      static_cast<unsigned char>(payload[1]));
  }
  // It answers our close frame: the end. Otherwise the library answers for us.
  if (hub_.table.stage[slot] == Stage::closing) return -1;
  gateway_.peer_closed(slot, code);
  return 0;
}

}  // namespace spine::net
