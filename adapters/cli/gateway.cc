// Gateway: connecting, asking, and showing what was answered.
#include "adapters/cli/gateway.h"

#include <cstdio>
#include <fmt/format.h>

#include "adapters/cli/place.h"

namespace spine::cli {

using client::in_ms;

Result<Gateway> Gateway::open(const Common& common, std::string_view scopes) {
  SPINE_TRY(const Place place, locate(common));
  return open(place.target, scopes);
}

Result<Gateway> Gateway::open(const client::Target& target, std::string_view scopes,
                              std::uint64_t call_ms) {
  SPINE_TRY(client::RpcClient client, client::RpcClient::open(target, scopes, in_ms(call_ms)));
  return Gateway(std::move(client), call_ms);
}

Result<Json> Gateway::ask(std::string_view method, const std::string& params) {
  SPINE_TRY(const client::Answer answer, client_.call(method, params, in_ms(call_ms_)));
  if (answer.ok) return answer.payload;
  return Error{Errc::refused, fmt::format("{}: {} ({})", method, answer.message, answer.code)};
}

Result<Json> ask_gateway(const Common& common, std::string_view method, const std::string& params,
                         std::string_view scopes) {
  SPINE_TRY(Gateway gateway, Gateway::open(common, scopes));
  return gateway.ask(method, params);
}

int show(const Common& common, const Json& answer, std::string_view said) {
  if (common.json) {
    print_json(answer.dump());
  } else {
    fmt::print("{}\n", said);
  }
  return kExitOk;
}

Result<int> show_list(const Common& common, std::string_view method, const std::string& params,
                      const Listing& listing, std::string_view scopes) {
  SPINE_TRY(const Json answer, ask_gateway(common, method, params, scopes));
  if (common.json) return show(common, answer, {});
  print_list(answer, listing);
  return kExitOk;
}

}  // namespace spine::cli
