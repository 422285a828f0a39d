// Connecting and asking, with one deadline for all such calls.
#include "adapters/cli/admin_call.h"

#include <fmt/format.h>

#include "adapters/cli/place.h"

namespace spine::cli {
namespace {

constexpr std::uint64_t kAdminCallMs = 10'000;

}  // namespace

Result<RpcClient> open_as_admin(const Common& common) {
  SPINE_TRY(const Place place, locate(common));
  return RpcClient::open(place.target, R"(["operator.admin","operator.pairing"])",
                         in_ms(kAdminCallMs));
}

Result<std::string> ask(RpcClient& client, std::string_view method, const std::string& params) {
  SPINE_TRY(Answer answer, client.call(method, params, in_ms(kAdminCallMs)));
  if (answer.ok) return std::move(answer.payload);
  return Error{Errc::refused, fmt::format("{}: {} ({})", method, answer.message, answer.code)};
}

}  // namespace spine::cli
