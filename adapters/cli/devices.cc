// devices list, approve, reject, revoke, rename: who may connect.
#include <cstdio>
#include <fmt/format.h>
#include <optional>
#include <strings.h>

#include "adapters/cli/admin_call.h"
#include "adapters/cli/json_read.h"
#include "adapters/cli/table.h"
#include "adapters/cli/verbs.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

using simdjson::dom::element;

constexpr std::size_t kShownDigits = 12;

// The list, parsed; owns what its rows borrow.
struct DeviceList {
  RpcClient client;
  std::string json{};
  simdjson::dom::parser parser{};
  element root{};
};

Result<std::unique_ptr<DeviceList>> fetch(const Common& common) {
  SPINE_TRY(RpcClient client, open_as_admin(common));
  auto list = std::make_unique<DeviceList>(DeviceList{.client = std::move(client)});
  SPINE_TRY(list->json, ask(list->client, "device.pair.list", "{}"));
  if (list->parser.parse(list->json).get(list->root) != simdjson::SUCCESS) {
    return Error{Errc::corrupt, "The gateway's answer cannot be read."};
  }
  return list;
}

std::string names_at(const element& row, std::string_view key) {
  std::string names;
  for (const element name : array_at(row, key)) {
    std::string_view text;
    if (name.get(text) != simdjson::SUCCESS) continue;
    if (text.starts_with("operator.")) text.remove_prefix(9);
    names += (names.empty() ? "" : " ") + std::string{text};
  }
  return names.empty() ? "-" : names;
}

std::string what_at(const element& row) {
  const std::string label = text_at(row, "label");
  std::string what = label.empty() ? text_at(row, "displayName") : label;
  if (!what.empty()) what += ", ";
  return what + fmt::format("{} on {}", text_at(row, "clientId"), text_at(row, "platform"));
}

std::string time_or_dash(const element& row, std::string_view key) {
  const std::int64_t ms = number_at(row, key);
  return ms == 0 ? "-" : show_time(ms);
}

std::string short_id(const std::string& id) {
  return id.substr(0, kShownDigits);
}

// The value of `id_key` of the one row that is meant: by id, by its first digits, or by code.
Result<std::string> pick(const element& root, std::string_view rows, std::string_view id_key,
                         const std::string& which) {
  std::optional<std::string> found;
  for (const element row : array_at(root, rows)) {
    std::string id = text_at(row, id_key);
    const std::string code = text_at(row, "code");
    const bool by_code = !code.empty() && ::strcasecmp(code.c_str(), which.c_str()) == 0;
    if (id == which || by_code) return id;
    if (which.empty() || !id.starts_with(which)) continue;
    if (found) {
      return Error{Errc::invalid_argument,
                   fmt::format("\"{}\" is the beginning of more than one; give more of it.",
                               printable(which))};
    }
    found = std::move(id);
  }
  if (found) return std::move(*found);
  return Error{Errc::not_found,
               fmt::format("There is no {} \"{}\". `spine devices list` shows what there is.",
                           rows == "pending" ? "request" : "device", printable(which))};
}

// The request that approve means: as named, the latest, or the only one.
Result<std::string> pick_request(const element& root, const ApprovalArguments& args) {
  if (!args.which.empty()) return pick(root, "pending", "requestId", args.which);
  std::string latest;
  std::size_t count = 0;
  for (const element row : array_at(root, "pending")) {
    latest = text_at(row, "requestId");
    ++count;
  }
  if (count == 0) {
    return Error{Errc::not_found,
                 "No device asks to be paired. Requests end after 5 minutes: let the device "
                 "connect again."};
  }
  if (count == 1 || args.latest) return latest;
  return Error{Errc::invalid_argument,
               fmt::format("{} devices ask; name one, or give --latest. `spine devices list` shows "
                           "them.",
                           count)};
}

int done(const Common& common, const std::string& payload, const std::string& text) {
  if (common.json) {
    print_json(payload);
  } else {
    fmt::print("{}\n", text);
  }
  return kExitOk;
}

}  // namespace

int devices_list(const Arguments& args) {
  const auto list = fetch(args.common);
  if (!list) return fail(list.error());
  if (args.common.json) {
    print_json((*list)->json);
    return kExitOk;
  }
  const element& root = (*list)->root;
  Table pending({"REQUEST", "CODE", "DEVICE", "WHAT", "FROM", "SCOPES", "WHY", "ASKED"});
  std::size_t asking = 0;
  for (const element row : array_at(root, "pending")) {
    pending.add({text_at(row, "requestId"), text_at(row, "code"),
                 short_id(text_at(row, "deviceId")), what_at(row), text_at(row, "remoteIp"),
                 names_at(row, "scopes"), text_at(row, "reason"), time_or_dash(row, "ts")});
    ++asking;
  }
  Table paired({"DEVICE", "WHAT", "ROLE", "SCOPES", "APPROVED", "BY", "LAST SEEN"});
  std::size_t known = 0;
  for (const element row : array_at(root, "paired")) {
    paired.add({short_id(text_at(row, "deviceId")), what_at(row), text_at(row, "role"),
                names_at(row, "scopes"), time_or_dash(row, "approvedAtMs"),
                text_at(row, "approvedVia"), time_or_dash(row, "lastSeenAtMs")});
    ++known;
  }
  if (asking != 0) {
    fmt::print("Asking to be paired:\n{}To let one in: spine devices approve <request>\n\n",
               pending.text());
  }
  if (known != 0) fmt::print("Paired:\n{}", paired.text());
  if (asking + known == 0) fmt::print("No devices, and none asks to be paired.\n");
  return kExitOk;
}

int devices_approve(const Arguments& args) {
  const auto list = fetch(args.common);
  if (!list) return fail(list.error());
  const auto id = pick_request((*list)->root, args.approval);
  if (!id) return fail(id.error());
  const auto answer = ask((*list)->client, "device.pair.approve",
                          fmt::format(R"({{"requestId":{}}})", json_string(*id)));
  if (!answer) return fail(answer.error());
  return done(args.common, *answer, "Approved. The device may connect now.");
}

int devices_reject(const Arguments& args) {
  const auto list = fetch(args.common);
  if (!list) return fail(list.error());
  const auto id = pick((*list)->root, "pending", "requestId", args.approval.which);
  if (!id) return fail(id.error());
  const auto answer = ask((*list)->client, "device.pair.reject",
                          fmt::format(R"({{"requestId":{}}})", json_string(*id)));
  if (!answer) return fail(answer.error());
  return done(args.common, *answer, "Rejected.");
}

int devices_revoke(const Arguments& args) {
  const auto list = fetch(args.common);
  if (!list) return fail(list.error());
  const auto id = pick((*list)->root, "paired", "deviceId", args.approval.which);
  if (!id) return fail(id.error());
  const auto answer = ask((*list)->client, "device.pair.remove",
                          fmt::format(R"({{"deviceId":{}}})", json_string(*id)));
  if (!answer) return fail(answer.error());
  return done(args.common, *answer, "Removed. Its connections are closed.");
}

int devices_rename(const Arguments& args) {
  const auto list = fetch(args.common);
  if (!list) return fail(list.error());
  const auto id = pick((*list)->root, "paired", "deviceId", args.approval.which);
  if (!id) return fail(id.error());
  const auto answer = ask((*list)->client, "device.pair.rename",
                          fmt::format(R"({{"deviceId":{},"label":{}}})", json_string(*id),
                                      json_string(args.approval.label)));
  if (!answer) return fail(answer.error());
  return done(args.common, *answer, "Renamed.");
}

}  // namespace spine::cli
