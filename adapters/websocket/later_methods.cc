// Methods whose feature comes with a later version: what is true today, which is mostly nothing.
#include <algorithm>
#include <array>
#include <string>

#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"

namespace spine::net::handlers {
namespace {

// What a method says as long as there is nothing to say.
struct EmptyAnswer {
  std::string_view method{};
  std::string_view payload{};
};

constexpr std::array kEmpty{
    EmptyAnswer{"cron.runs", R"({"entries":[],"total":0,"offset":0,"limit":50,"hasMore":false,)"
                             R"("nextOffset":null})"},
    EmptyAnswer{"models.authStatus", R"({"providers":[]})"},
    EmptyAnswer{"node.list", R"({"nodes":[]})"},
    EmptyAnswer{"openclaw.approval.list", "[]"},
    EmptyAnswer{"question.list", R"({"questions":[]})"},
    EmptyAnswer{"taskSuggestions.list", R"({"suggestions":[]})"},
    EmptyAnswer{"tasks.list", R"({"tasks":[]})"},
};

void respond(Call& call, std::string_view payload) {
  Response response{call.net, call.slot, call.id};
  response.json().raw(payload);
  response.send();
}

}  // namespace

void nothing_yet(Call& call) {
  const auto at = std::ranges::find(kEmpty, call.method.name, &EmptyAnswer::method);
  SPINE_CHECK(at != kEmpty.end());
  respond(call, at->payload);
}

// No job runs yet. All six members of a page are there together, or clients refuse it.
void cron_list(Call& call) {
  const std::int64_t limit = call.params.integer("limit", {.min = 1, .max = 200, .otherwise = 50});
  const std::int64_t offset =
      call.params.integer("offset", {.min = 0, .max = 1'000'000, .otherwise = 0});
  if (!call.valid()) return;
  respond(call, R"({"jobs":[],"snapshotRevision":"0","total":0,"offset":)" +
                    std::to_string(offset) + ",\"limit\":" + std::to_string(limit) +
                    R"(,"hasMore":false,"nextOffset":null})");
}

void cron_status(Call& call) {
  respond(call,
          R"({"enabled":false,"triggersEnabled":false,"storePath":"journal","storage":"journal",)"
          R"("jobs":0,"nextWakeAtMs":null})");
}

void last_heartbeat(Call& call) {
  respond(call, "{\"ts\":" + std::to_string(call.net.wall_ms) +
                    R"(,"status":"skipped","reason":"disabled","hasMedia":false})");
}

// The gateway's own key: what clients may pin.
void gateway_identity_get(Call& call) {
  Response response{call.net, call.slot, call.id};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("deviceId", call.net.options.identity.device_id);
  json.member("publicKey", call.net.options.identity.public_key);
  json.end_object();
  response.send();
}

}  // namespace spine::net::handlers
