// GatewayClient: calls to the running gateway for verbs, with a deadline for each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/cli/common.h"
#include "adapters/cli/output.h"
#include "adapters/client/rpc_client.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

inline constexpr std::string_view kAdminScopes = R"(["operator.admin","operator.pairing"])";
inline constexpr std::string_view kReadScopes = R"(["operator.read"])";
inline constexpr std::uint64_t kCallMs = 10'000;      // what a call may take
inline constexpr std::uint64_t kPastCallMs = 90'000;  // one about the past

// Thread: one.
class GatewayClient {
 public:
  // Connects to the gateway that `common` selects, by its control socket if possible. When it
  // selects a moment of the past: finds that, prints which it is to standard error, and every
  // answer is about it.
  static Result<GatewayClient> open(const Common& common, std::string_view scopes = kAdminScopes);
  static Result<GatewayClient> open(const client::Target& target, std::string_view scopes,
                                    std::uint64_t call_ms = kCallMs);

  // The answer's payload. Errc::refused, with the gateway's message, if it refuses.
  Result<Json> ask(std::string_view method, const std::string& params = "{}");

 private:
  GatewayClient(client::RpcClient client, std::uint64_t call_ms)
      : client_(std::move(client)), call_ms_(call_ms) {}
  Status look_back(const std::string& moment);

  client::RpcClient client_;
  std::uint64_t call_ms_{};
  std::uint64_t as_of_{};  // a seq; 0 = now
};

// Connects for a single call.
Result<Json> ask_gateway(const Common& common, std::string_view method,
                         const std::string& params = "{}", std::string_view scopes = kAdminScopes);

// Calls a method that returns a list, and prints it.
Result<int> show_list(const Common& common, std::string_view method, const std::string& params,
                      const Listing& listing, std::string_view scopes = kAdminScopes);

// The state of the gateway's check of its journal, from the member `journal` of /ready: "all of it,
// 5 min ago, nothing wrong", or the progress of the first check since the start.
std::string journal_checked_text(const Json& journal);

}  // namespace spine::cli
