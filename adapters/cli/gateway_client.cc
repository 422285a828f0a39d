// GatewayClient: connects, calls, and prints answers.
#include "adapters/cli/gateway_client.h"

#include <algorithm>
#include <fmt/format.h>

#include "engine/pipeline/clock.h"
#include "schemas/vocab/show.h"

namespace spine::cli {

Result<GatewayClient> GatewayClient::open(const Common& common, std::string_view scopes) {
  SPINE_TRY(const Place place, locate(common));
  return open(place.target, scopes);
}

Result<GatewayClient> GatewayClient::open(const client::Target& target, std::string_view scopes,
                                          std::uint64_t call_ms) {
  SPINE_TRY(client::RpcClient client,
            client::RpcClient::open(target, scopes, client::in_ms(call_ms)));
  return GatewayClient(std::move(client), call_ms);
}

Result<Json> GatewayClient::ask(std::string_view method, const std::string& params) {
  SPINE_TRY(const client::Answer answer, client_.call(method, params, client::in_ms(call_ms_)));
  if (answer.ok) return answer.payload;
  return Error{Errc::refused, fmt::format("{}: {} ({})", method, answer.message, answer.code)};
}

Result<Json> ask_gateway(const Common& common, std::string_view method, const std::string& params,
                         std::string_view scopes) {
  SPINE_TRY(GatewayClient gateway, GatewayClient::open(common, scopes));
  return gateway.ask(method, params);
}

Result<int> show_list(const Common& common, std::string_view method, const std::string& params,
                      const Listing& listing, std::string_view scopes) {
  SPINE_TRY(const Json answer, ask_gateway(common, method, params, scopes));
  if (common.json) return show(common, answer);
  print_list(answer, listing);
  return kExitOk;
}

std::string journal_checked_text(const Json& journal) {
  const std::int64_t damages = journal.number("damages");
  const std::string wrong =
      damages == 0 ? "nothing wrong" : fmt::format("{} damages: spine journal verify", damages);
  const std::int64_t at_ms = journal.number("verifiedAt");
  if (at_ms == 0) {
    return fmt::format("up to #{} since the start, {}",
                       show_count(static_cast<std::uint64_t>(journal.number("verifiedSeq"))),
                       wrong);
  }
  const std::int64_t ago_ms = std::max<std::int64_t>(pipeline::wall_now_ms() - at_ms, 0);
  return fmt::format("all of it, {} ago, {}", show_duration_ms(static_cast<std::uint64_t>(ago_ms)),
                     wrong);
}

}  // namespace spine::cli
