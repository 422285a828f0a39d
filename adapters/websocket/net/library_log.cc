// The library's log.
#include "adapters/websocket/net/library_log.h"

#include <libwebsockets.h>
#include <string_view>

#include "adapters/websocket/protocol/net_log.h"

namespace spine::net {
namespace {

extern "C" void spine_net_log(int, const char* line) {
  std::string_view text{line};
  while (!text.empty() && text.back() == '\n')
    text.remove_suffix(1);
  kLog.debug("libwebsockets: {}", text);
}

}  // namespace

void log_library() {
  lws_set_log_level(LLL_ERR, spine_net_log);
}

}  // namespace spine::net
