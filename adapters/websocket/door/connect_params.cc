// The closed shape of connect: names, required members, allowed values.
#include "adapters/websocket/door/connect_params.h"

#include <algorithm>
#include <array>

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
constexpr std::size_t kSecretBytesMax = 4'096;
constexpr std::size_t kProofBytesMax = 512;
constexpr std::uint64_t kProtocolMax = 1'000'000;

template <class Values>
std::string_view one_of(Params& params, const char* key, const Values& values) {
  const std::string_view text = params.text(required_text(key, limits::kNameBytesMax));
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
  out.display_name = client.text(optional_text("displayName", limits::kNameBytesMax));
  out.client_version = client.text(required_text("version", limits::kNameBytesMax));
  out.platform = client.text(required_text("platform", limits::kNameBytesMax));
  out.device_family = client.text(optional_text("deviceFamily", limits::kNameBytesMax));
  out.client_mode = one_of(client, "mode", kModes);
  out.instance_id = client.text(optional_text("instanceId", limits::kNameBytesMax));
}

// f(text) for each of an array of texts.
template <class F>
void each_text(Params& params, const char* key, F f) {
  simdjson::dom::array texts;
  if (!params.array(key, texts)) return;
  for (const simdjson::dom::element element : texts) {
    std::string_view text;
    if (element.get(text) != simdjson::SUCCESS) return params.complain(key, "items must be string");
    f(text);
  }
}

void read_device(Params& params, ConnectParams& out) {
  Params device = params.object("device", false);
  out.has_device = device.present();
  if (!out.has_device) return;
  device.only(kDeviceMembers);
  out.device.id = device.text(required_text("id", kProofBytesMax));
  out.device.public_key = device.text(required_text("publicKey", kProofBytesMax));
  out.device.signature = device.text(required_text("signature", kProofBytesMax));
  out.device.signed_at_ms = static_cast<std::int64_t>(
      device.number({.name = "signedAt", .required = true, .max = kNumberMax}));
  out.device.nonce = device.text(optional_text("nonce", kProofBytesMax));
}

void read_auth(Params& params, ConnectParams& out) {
  Params auth = params.object("auth", false);
  auth.only(kAuthMembers);
  out.token = auth.text(optional_text("token", kSecretBytesMax));
  out.password = auth.text(optional_text("password", kSecretBytesMax));
  out.device_token = auth.text(optional_text("deviceToken", kSecretBytesMax));
  out.bootstrap_token = auth.text(optional_text("bootstrapToken", kSecretBytesMax));
}

}  // namespace

void read_connect(Params& params, ConnectParams& out) {
  params.only(kMembers);
  const auto version = [&params](const char* key) {
    return static_cast<std::int64_t>(
        params.number({.name = key, .required = true, .min = 1, .max = kProtocolMax}));
  };
  out.min_protocol = version("minProtocol");
  out.max_protocol = version("maxProtocol");
  read_client(params, out);
  out.role = params.text(optional_text("role", limits::kNameBytesMax));
  each_text(params, "scopes", [&out](std::string_view name) {
    if (!out.scopes_text.empty()) out.scopes_text += ',';
    out.scopes_text += name;
    add_scope(out.scopes, scope_of(name));
  });
  each_text(params, "caps", [&out](std::string_view name) {
    if (name == "tool-events") out.caps |= kCapToolEvents;
    if (name == "resume") out.caps |= kCapResume;
  });
  read_device(params, out);
  read_auth(params, out);
}

std::string_view ConnectParams::signed_token() const {
  if (!token.empty()) return token;
  return device_token.empty() ? bootstrap_token : device_token;
}

}  // namespace spine::net
