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
constexpr std::array<std::string_view, 5> kDeviceMembers{"id", "publicKey", "signature", "signedAt",
                                                         "nonce"};
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
    if (!out.scopes_text.empty()) out.scopes_text += ',';
    out.scopes_text += name;
    out.scopes = static_cast<ScopeSet>(out.scopes | static_cast<ScopeSet>(scope_of(name)));
  }
}

void read_caps(Params& params, ConnectParams& out) {
  simdjson::dom::array caps;
  if (!params.array("caps", caps)) return;
  for (const simdjson::dom::element element : caps) {
    std::string_view name;
    if (element.get(name) != simdjson::SUCCESS) {
      return params.complain("caps", "items must be string");
    }
    if (name == "tool-events") out.caps |= kCapToolEvents;
    if (name == "resume") out.caps |= kCapResume;
  }
}

void read_device(Params& params, ConnectParams& out) {
  Params device = params.object("device", false);
  out.has_device = device.present();
  if (!out.has_device) return;
  constexpr TextRule kRequired{.required = true, .bytes_min = 1, .bytes_max = 512};
  device.only(kDeviceMembers);
  out.device.id = device.text("id", kRequired);
  out.device.public_key = device.text("publicKey", kRequired);
  out.device.signature = device.text("signature", kRequired);
  out.device.signed_at_ms = device.integer(
      "signedAt", {.required = true, .min = 0, .max = std::int64_t{1} << 53, .otherwise = 0});
  out.device.nonce = device.text("nonce", {.bytes_max = 512});
}

void read_auth(Params& params, ConnectParams& out) {
  Params auth = params.object("auth", false);
  auth.only(kAuthMembers);
  out.token = auth.text("token", {.bytes_max = kSecretBytesMax});
  out.password = auth.text("password", {.bytes_max = kSecretBytesMax});
  out.device_token = auth.text("deviceToken", {.bytes_max = kSecretBytesMax});
  out.bootstrap_token = auth.text("bootstrapToken", {.bytes_max = kSecretBytesMax});
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
  read_caps(params, out);
  read_device(params, out);
  read_auth(params, out);
}

std::string_view ConnectParams::signed_token() const {
  if (!token.empty()) return token;
  return device_token.empty() ? bootstrap_token : device_token;
}

}  // namespace spine::net
