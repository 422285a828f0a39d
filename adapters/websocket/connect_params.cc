// The closed shape of connect: names, required members, allowed values (PROTOCOL section 2.1).
#include "adapters/websocket/connect_params.h"

#include <algorithm>
#include <array>

#include "adapters/websocket/methods.h"
#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

constexpr std::array<std::string_view, 16> kMembers{
    "minProtocol", "maxProtocol",  "client",      "caps",      "commands", "permissions",
    "pathEnv",     "role",         "scopes",      "device",    "auth",     "locale",
    "userAgent",   "modelCatalog", "computerUse", "workerRuns"};
constexpr std::array<std::string_view, 10> kClientMembers{
    "id",           "displayName",     "version",  "buildId", "platform",
    "deviceFamily", "modelIdentifier", "timeZone", "mode",    "instanceId"};
constexpr std::array<std::string_view, 6> kAuthMembers{
    "token",    "bootstrapToken",       "deviceToken",
    "password", "approvalRuntimeToken", "agentRuntimeIdentityToken"};
constexpr std::array<std::string_view, 17> kClientIds{"webchat-ui",
                                                      "openclaw-control-ui",
                                                      "openclaw-browser-copilot",
                                                      "openclaw-tui",
                                                      "webchat",
                                                      "cli",
                                                      "gateway-client",
                                                      "openclaw-macos",
                                                      "openclaw-linux",
                                                      "openclaw-ios",
                                                      "openclaw-watchos",
                                                      "openclaw-android",
                                                      "node-host",
                                                      "openclaw-worker",
                                                      "test",
                                                      "fingerprint",
                                                      "openclaw-probe"};
constexpr std::array<std::string_view, 8> kModes{"webchat", "cli",    "ui",    "backend",
                                                 "node",    "worker", "probe", "test"};
constexpr TextRule kName{.required = true, .bytes_min = 1, .bytes_max = limits::kNameBytesMax};
constexpr TextRule kOptional{.bytes_max = limits::kNameBytesMax};
constexpr std::size_t kSecretBytesMax = 4'096;
constexpr std::int64_t kProtocolMax = 1'000'000;

template <class Values>
std::string_view one_of(Params& params, const char* key, const Values& values) {
  const std::string_view text = params.text(key, kName);
  if (params.ok() && std::find(values.begin(), values.end(), text) == values.end()) {
    params.complain(key, "must be equal to one of the allowed values");
  }
  return text;
}

void read_client(Params& params, ConnectParams& out) {
  Params client = params.object("client", true);
  if (!client.present()) return;
  client.only(kClientMembers);
  out.client_id = one_of(client, "id", kClientIds);
  out.display_name = client.text("displayName", kOptional);
  out.client_version = client.text("version", kName);
  out.platform = client.text("platform", kName);
  out.device_family = client.text("deviceFamily", kOptional);
  out.client_mode = one_of(client, "mode", kModes);
  out.instance_id = client.text("instanceId", kOptional);
}

void read_scopes(Params& params, ConnectParams& out) {
  simdjson::dom::array scopes;
  if (!params.array("scopes", scopes)) return;
  for (const simdjson::dom::element element : scopes) {
    std::string_view name;
    if (element.get(name) != simdjson::SUCCESS) {
      return params.complain("scopes", "items must be string");
    }
    out.scopes = static_cast<ScopeSet>(out.scopes | static_cast<ScopeSet>(scope_of(name)));
  }
}

}  // namespace

void read_connect(Params& params, ConnectParams& out) {
  params.only(kMembers);
  const IntegerRule version{.required = true, .min = 1, .max = kProtocolMax, .otherwise = 0};
  out.min_protocol = params.integer("minProtocol", version);
  out.max_protocol = params.integer("maxProtocol", version);
  read_client(params, out);
  out.role = params.text("role", kOptional);
  read_scopes(params, out);
  out.has_device = params.object("device", false).present();
  Params auth = params.object("auth", false);
  auth.only(kAuthMembers);
  out.token = auth.text("token", {.bytes_max = kSecretBytesMax});
  out.password = auth.text("password", {.bytes_max = kSecretBytesMax});
}

}  // namespace spine::net
