// Arbitrary bytes as a connect: who is let in has shown what lets in, and nothing crashes.
// links: spine_net simdjson::simdjson OpenSSL::Crypto
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "adapters/websocket/door/credentials.h"
#include "adapters/websocket/protocol/request.h"
#include "schemas/vocab/base64.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/sha256.h"
#include "tests/support/test_key.h"

namespace {

using namespace spine;
using config::AuthMode;

constexpr std::string_view kSecret = "secret";
constexpr std::string_view kDeviceToken = "device-token";
constexpr std::string_view kNonce = "nonce";
constexpr std::int64_t kNow = 1'700'000'000'000;

void expect(bool condition) {
  if (!condition) std::abort();
}

// The first three bytes: how the gateway is set up, and what it knows of the device.
struct Setting {
  AuthMode mode{};
  bool loopback{};
  bool control_socket{};
  bool sign{};  // the device proves its key, whatever the bytes say
  bool version2{};
  bool found{};
  bool has_token{};
  bool node{};
  net::ScopeSet scopes{};
  bool revoked{};
  bool shared_locked{};
  bool device_locked{};
};

Setting setting_of(std::uint8_t first, std::uint8_t second, std::uint8_t third) {
  constexpr AuthMode kModes[] = {AuthMode::token, AuthMode::password, AuthMode::pairing,
                                 AuthMode::none};
  return {.mode = kModes[first & 3U],
          .loopback = (first & 4U) != 0,
          .control_socket = (first & 0xF8U) == 0xF8,
          .sign = (first & 8U) != 0,
          .version2 = (first & 16U) != 0,
          .found = (first & 32U) != 0,
          .has_token = (first & 64U) != 0,
          .node = (first & 128U) != 0,
          .scopes = second,
          .revoked = (third & 1U) != 0,
          .shared_locked = (third & 2U) != 0,
          .device_locked = (third & 4U) != 0};
}

net::SignedClaims claims_of(const net::ConnectParams& params) {
  return {.client_id = params.client_id,
          .client_mode = params.client_mode,
          .role = params.role,
          .scopes = params.scopes_text,
          .token = params.signed_token(),
          .platform = params.platform,
          .device_family = params.device_family};
}

// Whether a secret was shown, whichever member it stood in.
bool shows(const net::ConnectParams& params, std::string_view secret) {
  return params.token == secret || params.password == secret;
}

void check_granted(const Setting& setting, const net::ConnectParams& params,
                   const net::KnownDevice& device, const net::Judgement& judgement) {
  expect(!judgement.method.empty());
  if (setting.control_socket || judgement.method == "none") {
    expect(setting.control_socket || (setting.mode == AuthMode::none && setting.loopback));
    return expect(!judgement.by_device && !judgement.pair && !judgement.mint);
  }
  expect(params.has_device || setting.loopback);
  expect(judgement.by_device == params.has_device);
  const bool secret = shows(params, kSecret) && !setting.shared_locked;
  if (judgement.pair) expect(secret && setting.loopback);
  if (secret) return expect(setting.loopback || (device.found && !device.revoked));
  expect(device.found && !device.revoked && net::covers(device.scopes, params.scopes));
  expect(params.role.empty() ? device.role == "operator" : device.role == params.role);
  const bool by_token =
      setting.has_token && (params.token == kDeviceToken || params.device_token == kDeviceToken);
  expect(by_token || setting.mode == AuthMode::pairing);
}

void check_base64url(std::string_view text) {
  const auto bytes = decode_base64url(text);
  if (!bytes) return;
  expect(encode_base64url(as_bytes(*bytes)) == text);
}

void connect(const Setting& setting, net::ConnectParams& params) {
  static const test::TestKey key{7};
  const int version = setting.version2 ? 2 : 3;
  if (setting.sign) {
    params.has_device = true;
    params.device = key.proof(claims_of(params), kNonce, kNow, version);
  }
  check_base64url(params.device.public_key);
  check_base64url(params.device.signature);
  if (params.has_device) {
    const net::DeviceFault fault =
        net::verify_device(params.device, claims_of(params), {.nonce = kNonce, .now_ms = kNow});
    if (setting.sign) expect(fault == net::DeviceFault::none);
    if (fault != net::DeviceFault::none) return;
    expect(net::raw_public_key(params.device).size() == 32);
  }
  const Digest256 digest = sha256_of(kDeviceToken);
  const bool known = params.has_device && setting.found;
  const net::KnownDevice device{
      .found = known,
      .role = setting.node ? std::string_view{"node"} : std::string_view{"operator"},
      .scopes = setting.scopes,
      .platform = "linux",
      .device_family = "",
      .token_hash = known && setting.has_token ? ByteSpan{digest} : ByteSpan{},
      .revoked = known && setting.revoked};
  const net::Judgement judgement =
      net::judge(params,
                 {.mode = setting.mode,
                  .shared_locked = setting.shared_locked,
                  .device_locked = setting.device_locked,
                  .token = kSecret,
                  .password = kSecret},
                 {.loopback = setting.loopback, .control_socket = setting.control_socket}, device);
  if (judgement.verdict == net::Verdict::granted) {
    check_granted(setting, params, device, judgement);
  } else {
    expect((judgement.verdict == net::Verdict::pairing_required) == !judgement.reason.empty());
    if (judgement.verdict == net::Verdict::locked) {
      expect(setting.shared_locked || setting.device_locked);
    }
    if (!judgement.reason.empty()) expect(params.has_device);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const Setting setting = setting_of(data[0], data[1], data[2]);
  static net::RequestReader reader;
  static PaddedText text;
  text.assign({reinterpret_cast<const char*>(data) + 3, size - 3});
  net::Request request{};
  reader.read(text, request);
  if (request.fault != net::FrameFault::none) return 0;
  std::string problem;
  net::Params params{request.params, request.has_params, problem};
  net::ConnectParams read{};
  net::read_connect(params, read);
  if (!problem.empty()) return 0;
  expect(!read.client_id.empty() && !read.client_mode.empty() && read.min_protocol >= 1);
  connect(setting, read);
  return 0;
}
