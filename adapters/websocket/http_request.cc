// Reading of the library's header table.
#include "adapters/websocket/http_request.h"

#include <cstdlib>

#include "adapters/http/guard.h"

namespace spine::net {
namespace {

constexpr std::size_t kQueryBytesMax = 2'048;

std::string header_text(lws* wsi, lws_token_indexes token) {
  const int bytes = lws_hdr_total_length(wsi, token);
  if (bytes <= 0) return {};
  std::string text(static_cast<std::size_t>(bytes) + 1, '\0');
  if (lws_hdr_copy(wsi, text.data(), bytes + 1, token) < 0) return {};
  text.resize(static_cast<std::size_t>(bytes));
  return text;
}

bool repeated_header(lws* wsi, lws_token_indexes token) {
  return lws_hdr_fragment_length(wsi, token, 1) > 0;
}

// All values of a header that may be given several times, in their order.
std::string joined_header(lws* wsi, lws_token_indexes token) {
  std::string all;
  for (int i = 0;; ++i) {
    const int bytes = lws_hdr_fragment_length(wsi, token, i);
    if (bytes <= 0) return all;
    std::string text(static_cast<std::size_t>(bytes) + 1, '\0');
    if (lws_hdr_copy_fragment(wsi, text.data(), bytes + 1, token, i) < 0) return all;
    text.resize(static_cast<std::size_t>(bytes));
    if (!all.empty()) all += ',';
    all += text;
  }
}

std::string custom_header(lws* wsi, std::string_view name) {
  const int bytes = lws_hdr_custom_length(wsi, name.data(), static_cast<int>(name.size()));
  if (bytes <= 0) return {};
  std::string text(static_cast<std::size_t>(bytes) + 1, '\0');
  if (lws_hdr_custom_copy(wsi, text.data(), bytes + 1, name.data(), static_cast<int>(name.size())) <
      0) {
    return {};
  }
  text.resize(static_cast<std::size_t>(bytes));
  return text;
}

// What the nearest proxy added to a list.
std::string last_of(const std::string& list) {
  const std::size_t comma = list.rfind(',');
  std::string last = comma == std::string::npos ? list : list.substr(comma + 1);
  const std::size_t from = last.find_first_not_of(" \t");
  if (from == std::string::npos) return {};
  return last.substr(from, last.find_last_not_of(" \t") + 1 - from);
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

void read_query(lws* wsi, OwnedRequest& request) {
  const int bytes = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS);
  request.view.query_too_long = bytes > static_cast<int>(kQueryBytesMax);
  char fragment[kQueryBytesMax + 1];
  for (int i = 0; !request.view.query_too_long; ++i) {
    const int length =
        lws_hdr_copy_fragment(wsi, fragment, sizeof fragment, WSI_TOKEN_HTTP_URI_ARGS, i);
    if (length < 0) break;
    if (!request.query.empty()) request.query += '&';
    request.query.append(fragment, static_cast<std::size_t>(length));
  }
}

void read_forwarding(lws* wsi, OwnedRequest& request) {
  request.forwarded_for = joined_header(wsi, WSI_TOKEN_X_FORWARDED_FOR);
  request.forwarded_proto = last_of(custom_header(wsi, "x-forwarded-proto:"));
  request.forwarded_host = last_of(custom_header(wsi, "x-forwarded-host:"));
  request.forwarded =
      !request.forwarded_for.empty() || !request.forwarded_proto.empty() ||
      !request.forwarded_host.empty() || lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_X_REAL_IP) > 0 ||
      lws_hdr_custom_length(wsi, "forwarded:", 10) > 0 || lws_hdr_custom_length(wsi, "via:", 4) > 0;
}

}  // namespace

void OwnedRequest::refresh() {
  view.path = path;
  view.query = query;
  view.host = host;
  view.origin = origin;
  view.accept_encoding = accept_encoding;
  view.if_none_match = if_none_match;
}

void read_request(lws* wsi, OwnedRequest& request) {
  char* uri = nullptr;
  int bytes = 0;
  const int method = lws_http_get_uri_and_method(wsi, &uri, &bytes);
  if (method >= 0 && uri != nullptr) request.path.assign(uri, static_cast<std::size_t>(bytes));
  request.view.method = method_name(method);
  read_query(wsi, request);
  request.host = header_text(wsi, WSI_TOKEN_HOST);
  request.origin = header_text(wsi, WSI_TOKEN_ORIGIN);
  request.accept_encoding = header_text(wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING);
  request.if_none_match = header_text(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH);
  request.view.repeated = repeated_header(wsi, WSI_TOKEN_HOST) ||
                          repeated_header(wsi, WSI_TOKEN_ORIGIN) ||
                          repeated_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) ||
                          repeated_header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION);
  const std::string authorization = header_text(wsi, WSI_TOKEN_HTTP_AUTHORIZATION);
  constexpr std::string_view kBearer = "Bearer ";
  if (http::equal_nocase(std::string_view{authorization}.substr(0, kBearer.size()), kBearer)) {
    request.bearer = authorization.substr(kBearer.size());
  }
  read_forwarding(wsi, request);
  const std::string length = header_text(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
  request.view.body_bytes = length.empty() ? 0 : std::strtoull(length.c_str(), nullptr, 10);
  const bool body = request.view.body_bytes != 0 ||
                    lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0;
  // A body nobody reads would be taken for the next request.
  request.keep_alive = !body && (request.view.method == "GET" || request.view.method == "HEAD") &&
                       header_text(wsi, WSI_TOKEN_HTTP) == "HTTP/1.1" &&
                       !http::equal_nocase(header_text(wsi, WSI_TOKEN_CONNECTION), "close");
  request.refresh();
}

}  // namespace spine::net
