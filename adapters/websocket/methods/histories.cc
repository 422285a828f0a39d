// sessions.rewind and sessions.fork: histories that are cut at a message.
#include <string>

#include "adapters/websocket/methods/history_cut.h"
#include "adapters/websocket/methods/methods.h"

namespace spine::net {
namespace {

void sessions_rewind(Call& call) {
  if (!call.given("toSeq")) {
    return call.complain("toSeq", "must be the seq of the last message that stays");
  }
  if (!call.may_ask()) return;
  HistoryCut cut{.key = std::string{call.text("key")}, .at = call.number("toSeq")};
  cut.count(call, cut.at + 1);
}

void sessions_fork(Call& call) {
  if (!call.may_ask()) return;
  HistoryCut cut{.key = std::string{call.text("key")},
                 .at = call.number("atSeq"),
                 .forks = true,
                 .label = std::string{call.text("label")}};
  if (cut.at == 0) return cut.submit(call);  // its count is known
  cut.count(call, cut.at + 1);
}

constexpr Method kHistoryMethods[]{
    {"sessions.rewind",
     Scope::admin,
     {session_key("key"), number("toSeq", 1, kNumberMax, 0)},
     sessions_rewind},
    {"sessions.fork",
     Scope::write,
     {session_key("key"), number("atSeq", 1, kNumberMax, 0),
      optional_text("label", limits::kNameBytesMax, 1)},
     sessions_fork},
};

}  // namespace

std::span<const Method> history_methods() {
  return kHistoryMethods;
}

}  // namespace spine::net
