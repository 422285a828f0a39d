// GatewayClient: connects, calls, and prints answers.
#include "adapters/cli/gateway_client.h"

#include <algorithm>
#include <fmt/format.h>

#include "engine/pipeline/clock.h"
#include "schemas/vocab/show.h"

namespace spine::cli {

Result<GatewayClient> GatewayClient::open(const Common& common, std::string_view scopes) {
  SPINE_TRY(const Place place, locate(common));
  if (common.as_of.empty()) return open(place.target, scopes);
  SPINE_TRY(GatewayClient gateway, open(place.target, scopes, kPastCallMs));
  SPINE_TRY_STATUS(gateway.look_back(common.as_of));
  return gateway;
}

// One moment for all calls: "-1h" is another one a second later.
Status GatewayClient::look_back(const std::string& moment) {
  SPINE_TRY(const client::Answer answer,
            client_.call("sessions.list", json_object({{"limit", 1}, {"asOf", moment}}),
                         client::in_ms(call_ms_)));
  if (!answer.ok) return Error{Errc::refused, answer.message};
  const Json found = answer.payload.at("asOf");
  as_of_ = static_cast<std::uint64_t>(found.number("seq"));
  if (as_of_ == 0) {
    return Error{Errc::newer_format,
                 "The gateway knows no answers about the past: it is of an older version. Restart "
                 "it: spine restart"};
  }
  fmt::print(stderr, "As of #{}, {}\n", as_of_, show_time(found.number("ts")));
  return ok();
}

Result<GatewayClient> GatewayClient::open(const client::Target& target, std::string_view scopes,
                                          std::uint64_t call_ms) {
  SPINE_TRY(client::RpcClient client,
            client::RpcClient::open(target, scopes, client::in_ms(call_ms)));
  return GatewayClient(std::move(client), call_ms);
}

Result<Json> GatewayClient::ask(std::string_view method, const std::string& params) {
  std::string sent = params;
  if (as_of_ != 0) {
    sent.pop_back();  // the brace
    sent += fmt::format("{}\"asOf\":{}}}", sent.size() == 1 ? "" : ",", as_of_);
  }
  SPINE_TRY(const client::Answer answer, client_.call(method, sent, client::in_ms(call_ms_)));
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
