// The steps of a connect, each the answer to a question put to the engine.
#include "adapters/websocket/door/admission.h"

#include <algorithm>

#include "adapters/websocket/door/credentials.h"
#include "adapters/websocket/door/door.h"
#include "adapters/websocket/door/handshake.h"
#include "adapters/websocket/protocol/devices.h"
#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/net_log.h"
#include "schemas/vocab/secrets.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

namespace spine::net {
namespace {

Secrets secrets_of(Context& net, std::uint32_t slot) {
  const auto locked = [&net, slot](AuthClass what) {
    return net.door->auth_limits.locked_ms(attempt_of(net, slot, what), net.now_ms()) != 0;
  };
  return {.mode = net.options.auth_mode,
          .shared_locked = locked(AuthClass::shared),
          .device_locked = locked(AuthClass::device),
          .token = net.options.token,
          .password = net.options.password};
}

SignedClaims claims_of(const ConnectParams& params) {
  return {.client_id = params.client_id,
          .client_mode = params.client_mode,
          .role = params.role,
          .scopes = params.scopes_text,
          .token = params.signed_token(),
          .platform = params.platform,
          .device_family = params.device_family};
}

// Nothing is read from a client while it joins.
void hold(Context& net, std::uint32_t slot) {
  net.hub.table.stage[slot] = Stage::joining;
  net.hub.table.set(slot, connection_flag::kHeld);
}

// Its principal is the paired device when it is one; else the holder of the shared secret, or the
// local operator.
fb::EventBody build_client_connected(Context& net, std::uint32_t slot) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const Client& client = *net.hub.table.client[slot];
    const bool device = !client.device_id.empty();
    const bool local = client.control_socket || client.auth_method == "none";
    const auto key = put_text(builder, device  ? std::string_view{client.device_id}
                                       : local ? "local"
                                               : "shared");
    const auto id = put_text(builder, client.client_id);
    const auto mode = put_text(builder, client.client_mode);
    const auto version = put_text(builder, client.client_version);
    const auto platform = put_text(builder, client.platform);
    const auto display_name = put_text(builder, client.display_name);
    const auto role = put_text(builder, client.role);
    const auto scopes = builder.CreateVector(scope_names(builder, net.hub.table.scopes[slot]));
    const auto address = put_text(builder, client.address);
    const auto method = put_text(builder, client.auth_method);
    const fb::Bits128 connection = put_bits(client.connection);
    return fb::CreateClientConnected(
        builder, &connection,
        device ? fb::PrincipalKind::device : fb::PrincipalKind::operator_token, key, id, mode,
        version, platform, display_name, role, scopes, address, method);
  });
}

void announce(const Responder& to) {
  Context& net = to.net;
  const std::uint32_t slot = to.slot;
  Connections& table = net.hub.table;
  Client& client = *table.client[slot];
  const ConnectParams& params = client.joining->params;
  const Judgement& judgement = client.joining->judgement;
  client.connection = as_uuid(net.entropy.next());
  static_cast<ClientFacts&>(client) = params;
  if (client.role.empty()) client.role = "operator";
  client.auth_method = judgement.method;
  client.device_id = judgement.by_device ? params.device.id : std::string{};
  const std::string& issued = client.joining->issued_token;
  client.token_hash = issued.empty() ? client.joining->token_hash : sha256_of(issued);
  client.connected_wall_ms = net.wall_ms;
  client.connected_ms = net.now_ms();
  // A node is no operator: it gets no operator's scope, whatever it asks for.
  table.scopes[slot] = client.role == "operator" ? params.scopes : ScopeSet{};
  hold(net, slot);
  table.set(slot, connection_flag::kAnnounced);
  to.submit(build_client_connected(net, slot), finish_connect);
}

std::string pairing_details(const ConnectParams& params, const DeviceRequest& request) {
  return json_object([&](JsonWriter& json) {
    json.member("code", "PAIRING_REQUIRED");
    json.member("reason", request.reason);
    json.member("requestId", request.id);
    json.member("deviceId", request.device_id);
    json.member("requestedRole", request.role);
    write_scopes(json, "requestedScopes", params.scopes);
    // Clients then retry by themselves, and get in as soon as somebody has approved.
    json.member("recommendedNextStep", "wait_then_retry");
    json.member("retryable", true);
    json.member("pauseReconnect", false);
    json.member("remediationHint", "On the gateway's machine: spine devices approve " + request.id);
  });
}

std::string_view requirement(std::string_view reason) {
  if (reason == "role-upgrade") return "device is asking for a higher role than currently approved";
  if (reason == "scope-upgrade") return "device is asking for more scopes than currently approved";
  if (reason == "metadata-upgrade") return "device identity changed and must be re-approved";
  return "device is not approved yet";
}

// The device as it would be paired.
DeviceRequest device_of(const Responder& to, ScopeSet scopes) {
  const Client& client = to.client();
  const ConnectParams& params = client.joining->params;
  DeviceRequest device{params};
  if (device.role.empty()) device.role = "operator";
  device.device_id = params.device.id;
  device.public_key = raw_public_key(params.device);
  device.scopes = scopes;
  device.address = client.address;
  return device;
}

void ask_pairing(const Responder& to, std::string_view reason) {
  Context& net = to.net;
  const ConnectParams& params = to.client().joining->params;
  DeviceRequest asked = device_of(to, params.scopes);
  asked.reason = reason;
  asked.asked_wall_ms = net.wall_ms;
  append_uuid(asked.id, as_uuid(net.entropy.next()));
  asked.code = pairing_code(net.entropy.next());
  bool is_new = false;
  const DeviceRequest* request = net.device_requests.ask(std::move(asked), net.now_ms(), is_new);
  if (request == nullptr) {
    return turn_away(to,
                     {.code = error_code::kNotPaired,
                      .message = "pairing required: too many devices wait to be approved",
                      .details = details_of("PAIRING_REQUIRED", reason),
                      .retryable = true,
                      .retry_after_ms = limits::kDeviceRequestMs},
                     "PAIRING_REQUIRED");
  }
  if (is_new) {
    kLog.info("device {:.16} ({}) from {} asks to be paired: spine devices approve {}",
              request->device_id, printable(request->client_id), request->address, request->id);
    push_device_requested(net, *request);
  }
  turn_away(to,
            {.code = error_code::kNotPaired,
             .message = "pairing required: " + std::string{requirement(reason)} +
                        " (requestId: " + request->id + ")",
             .details = pairing_details(params, *request)},
            "PAIRING_REQUIRED");
}

// The device is paired, or gets a token, before its client is announced.
void issue_token(const Responder& client) {
  Context& net = client.net;
  Joining& joining = *client.client().joining;
  joining.issued_token = new_device_token();
  const Digest256 digest = sha256_of(joining.issued_token);
  net.hub.table.client[client.slot]->token_hash = digest;
  hold(net, client.slot);
  const fb::EventBody kind =
      joining.judgement.pair ? build_device_paired(net, device_of(client, joining.paired_scopes),
                                                   fb::ApprovedVia::shared_secret, &digest)
                             : build_device_token(net, joining.params.device.id, digest, {});
  client.submit(kind, [](Responder& to, const pipeline::ReplyItem& item) {
    if (item.reply.code == core::ReplyCode::accepted) return announce(to);
    Joining& refused = *to.client().joining;
    refused.issued_token.clear();
    // The device was removed meanwhile.
    if (!refused.judgement.pair) return ask_pairing(to, "not-paired");
    // The table of devices is full: the shared secret lets it in without being paired.
    refused.judgement.by_device = false;
    to.net.hub.table.client[to.slot]->device_id.clear();
    announce(to);
  });
}

// Whose failures a success clears: one by device token must not reset those of the shared secret.
AuthClass proved_class(const Judgement& judgement) {
  const bool own = judgement.method == "device-token" || judgement.method == "device";
  return own ? AuthClass::device : AuthClass::shared;
}

void decide(const Responder& to, const KnownDevice& device) {
  Context& net = to.net;
  const std::uint32_t slot = to.slot;
  Client& client = *net.hub.table.client[slot];
  Joining& joining = *client.joining;
  joining.judgement = judge(joining.params, secrets_of(net, slot), client, device);
  const Judgement& judgement = joining.judgement;
  if (device.token_hash.size() == joining.token_hash.size()) {
    std::ranges::copy(device.token_hash, joining.token_hash.begin());
  }
  joining.paired_scopes = static_cast<ScopeSet>(joining.params.scopes | device.scopes);
  if (judgement.by_device) client.device_id = joining.params.device.id;
  const std::uint64_t delay =
      judgement.wrong_secret
          ? net.door->auth_limits.failed(attempt_of(net, slot, AuthClass::shared), net.now_ms())
          : 0;
  if (judgement.verdict == Verdict::pairing_required) {
    return ask_pairing(to, judgement.reason);
  }
  if (judgement.verdict != Verdict::granted) {
    return turn_away_unauthorized(to, judgement, delay);
  }
  net.door->auth_limits.succeeded(attempt_of(net, slot, proved_class(judgement)));
  if (judgement.pair || judgement.mint) return issue_token(to);
  announce(to);
}

KnownDevice known_device(const pipeline::DevicesItem& item) {
  if (item.devices.empty()) return {};
  const core::DeviceView& device = item.devices.front();
  return {.found = true,
          .role = device.role,
          .scopes = scopes_of(device.scopes),
          .platform = device.platform,
          .device_family = device.device_family,
          .token_hash = as_bytes(device.token_hash),
          .revoked = is_revoked(as_bytes(device.token_hash))};
}

// Whether it is the device token of an open connection: a page that connected as a paired device
// sends that as its bearer token.
bool is_connected_device(const Context& net, std::string_view bearer) {
  if (bearer.empty()) return false;
  const Digest256 digest = sha256_of(bearer);
  const Connections& table = net.hub.table;
  for (std::uint32_t slot = 0; slot < table.slots(); ++slot) {
    if (table.stage[slot] == Stage::open && table.client[slot]->token_hash == digest) return true;
  }
  return false;
}

}  // namespace

void start_admission(const Responder& client) {
  const ConnectParams& params = client.client().joining->params;
  if (client.client().control_socket || !params.has_device) return decide(client, {});
  const DeviceFault fault =
      verify_device(params.device, claims_of(params),
                    {.nonce = client.client().nonce, .now_ms = client.net.wall_ms});
  if (fault != DeviceFault::none) return turn_away_device(client, fault);
  hold(client.net, client.slot);
  client.ask(
      {pipeline::input_kind::kQueryDevice, params.device.id},
      [](Responder& to, const pipeline::DevicesItem& item) { decide(to, known_device(item)); });
}

AccessVerdict check_bearer(Context& net, std::string_view bearer, const AuthAttempt& attempt) {
  const std::uint64_t wait = net.door->auth_limits.locked_ms(attempt, net.now_ms());
  if (wait != 0) {
    net.shared.metrics.count_refused_connect("HTTP_RATE_LIMITED");
    return {.access = Access::locked, .retry_after_s = (wait + 999) / 1000};
  }
  const config::AuthMode mode = net.options.auth_mode;
  const bool open = mode == config::AuthMode::none;
  const bool by_password = mode == config::AuthMode::password;
  if (secret_equal(bearer, by_password ? net.options.password : net.options.token) || open ||
      is_connected_device(net, bearer)) {
    return {.access = Access::granted};
  }
  if (!bearer.empty()) net.door->auth_limits.failed(attempt, net.now_ms());
  net.shared.metrics.count_refused_connect("HTTP_UNAUTHORIZED");
  return {.access = Access::refused};
}

}  // namespace spine::net
