// GatewayClient: the running gateway as verbs ask it, with a deadline for each call.
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
inline constexpr std::uint64_t kCallMs = 10'000;  // what a call may take

// Thread: one.
class GatewayClient {
 public:
  // Connects to the gateway that `common` means, through its control socket where it can.
  static Result<GatewayClient> open(const Common& common, std::string_view scopes = kAdminScopes);
  static Result<GatewayClient> open(const client::Target& target, std::string_view scopes,
                                    std::uint64_t call_ms = kCallMs);

  // The answer. Errc::refused, with the gateway's words, when it says no.
  Result<Json> ask(std::string_view method, const std::string& params = "{}");

 private:
  GatewayClient(client::RpcClient client, std::uint64_t call_ms)
      : client_(std::move(client)), call_ms_(call_ms) {}
  client::RpcClient client_;
  std::uint64_t call_ms_{};
};

// One question.
Result<Json> ask_gateway(const Common& common, std::string_view method,
                         const std::string& params = "{}", std::string_view scopes = kAdminScopes);

// A verb that asks for a list and shows it.
Result<int> show_list(const Common& common, std::string_view method, const std::string& params,
                      const Listing& listing, std::string_view scopes = kAdminScopes);

// What /ready says of the journal being read again, `journal` being that member of its answer: "all
// of it, 5 min ago, nothing wrong", or how far the first reading since the start has come.
std::string journal_checked_text(const Json& journal);

}  // namespace spine::cli
