// devices list, approve, reject, revoke, rename: devices that may connect; pairing list, approve,
// reject: senders that may write on channels.
#include <fmt/format.h>

#include "adapters/cli/gateway_client.h"
#include "adapters/cli/output.h"
#include "adapters/cli/verb.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

std::string scopes_text(const Json& row, std::string_view key) {
  std::string names;
  for (const Json& scope : row.array(key)) {
    std::string name = scope.text();
    if (name.starts_with("operator.")) name.erase(0, 9);
    names += (names.empty() ? "" : " ") + name;
  }
  return names.empty() ? "-" : names;
}

std::string what_text(const Json& row, std::string_view) {
  const std::string label = row.text("label");
  std::string what = label.empty() ? row.text("displayName") : label;
  if (!what.empty()) what += ", ";
  return what + fmt::format("{} on {}", row.text("clientId"), row.text("platform"));
}

std::string short_id(const Json& row, std::string_view key) {
  return row.text(key).substr(0, 12);
}

const Column kPendingColumns[]{{"REQUEST", "requestId"},
                               {"CODE", "code"},
                               {"DEVICE", "deviceId", short_id},
                               {"WHAT", "", what_text},
                               {"FROM", "remoteIp"},
                               {"SCOPES", "scopes", scopes_text},
                               {"WHY", "reason"},
                               {"ASKED", "ts", time_or_dash}};
const Column kPairedColumns[]{{"DEVICE", "deviceId", short_id},
                              {"WHAT", "", what_text},
                              {"ROLE", "role"},
                              {"SCOPES", "scopes", scopes_text},
                              {"APPROVED", "approvedAtMs", time_or_dash},
                              {"BY", "approvedVia"},
                              {"LAST SEEN", "lastSeenAtMs", time_or_dash}};

// A part of the list of devices: pending requests, or paired devices.
struct Part {
  const char* rows{};
  const char* id{};  // the key of its id, there and in calls
  const char* noun{};
  const char* help{};  // of the argument that names one
};
constexpr Part kPending{"pending", "requestId", "request",
                        "Its request id, the first digits of it, or its code"};
constexpr Part kPaired{"paired", "deviceId", "device", "Its device id, or the first digits of it"};

// The full id of the entry that `which` names.
Result<std::string> pick_device(const Json& list, const Part& part, const std::string& which) {
  const auto named = [&](const Json& row) {
    return Named{.id = row.text(part.id), .whole = {row.text("code")}};
  };
  SPINE_TRY(const Json row,
            pick_row(list.array(part.rows), named, which,
                     fmt::format("There is no {} \"{}\". `spine devices list` shows what there is.",
                                 part.noun, printable(which))));
  return row.text(part.id);
}

// Calls `method` for the entry that `which` names, with the label if given; then prints `done`.
Result<int> change_device(const Common& common, const Part& part, const std::string& which,
                          const char* method, std::string_view done,
                          const std::string* label = nullptr) {
  SPINE_TRY(GatewayClient gateway, GatewayClient::open(common));
  SPINE_TRY(const Json list, gateway.ask("device.pair.list"));
  SPINE_TRY(const std::string id, pick_device(list, part, which));
  SPINE_TRY(
      const Json answer,
      gateway.ask(method, json_object({{part.id, id},
                                       label == nullptr ? Member{} : Member{"label", *label}})));
  return show(common, answer, done);
}

const Column kSenderColumns[]{{"CODE", "code"},
                              {"CHANNEL", "channel"},
                              {"ACCOUNT", "accountId"},
                              {"SENDER", "senderLabel"},
                              {"ID", "senderId"},
                              {"ASKED", "createdAt", time_text},
                              {"ENDS", "expiresAt", time_text}};

// A verb that answers a pairing request by `method`; `done` is printed then.
Action resolve_sender(CLI::App& verb, const char* method, const char* done) {
  const auto which = argument(verb, "which", "The code the sender got, or the request's id");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(GatewayClient gateway, GatewayClient::open(common));
    SPINE_TRY(const Json list, gateway.ask("channels.pairing.list"));
    const auto named = [](const Json& row) {
      return Named{.whole = {row.text("code"), row.text("requestId")}};
    };
    SPINE_TRY(const Json row,
              pick_row(list.array("requests"), named, *which,
                       fmt::format("Nobody waits with the code \"{}\". Codes end after an hour; "
                                   "`spine pairing list` shows who waits.",
                                   printable(*which))));
    SPINE_TRY(const Json answer,
              gateway.ask(method, json_object({{"requestId", row.text("requestId")}})));
    return show(common, answer,
                fmt::format("{}: {} on {}", done, printable(row.text("senderLabel")),
                            printable(row.text("channel"))));
  };
}

}  // namespace

Action devices_list(CLI::App& verb) {
  examples(verb, {"spine devices list", "spine devices list --json"});
  return [](const Common& common) -> Result<int> {
    SPINE_TRY(const Json list, ask_gateway(common, "device.pair.list"));
    if (common.json) return show(common, list);
    const std::vector<Json> asking = list.array("pending");
    const std::vector<Json> paired = list.array("paired");
    if (!asking.empty()) {
      fmt::print("Asking to be paired:\n{}To let one in: spine devices approve <request>\n\n",
                 Table(kPendingColumns, asking).text());
    }
    if (!paired.empty()) fmt::print("Paired:\n{}", Table(kPairedColumns, paired).text());
    if (asking.empty() && paired.empty()) fmt::print("No devices, and none asks to be paired.\n");
    return kExitOk;
  };
}

Action devices_approve(CLI::App& verb) {
  examples(verb, {"spine devices approve 3f2a", "spine devices approve --latest"});
  const auto which = option(verb, "which", kPending.help);
  const auto latest = option<bool>(verb, "--latest", "The request that came last");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(GatewayClient gateway, GatewayClient::open(common));
    SPINE_TRY(const Json list, gateway.ask("device.pair.list"));
    // The named one, else the latest.
    const std::vector<Json> rows = list.array("pending");
    std::string id = rows.empty() ? "" : rows.back().text("requestId");
    if (!which->empty()) {
      SPINE_TRY(id, pick_device(list, kPending, *which));
    } else if (rows.empty()) {
      return Error{Errc::not_found,
                   "No device asks to be paired. Requests end after 5 minutes: let the device "
                   "connect again."};
    } else if (rows.size() > 1 && !*latest) {
      return Error{Errc::invalid_argument,
                   fmt::format("{} devices ask; name one, or give --latest. `spine devices list` "
                               "shows them.",
                               rows.size())};
    }
    SPINE_TRY(const Json answer,
              gateway.ask("device.pair.approve", json_object({{"requestId", id}})));
    return show(common, answer, "Approved. The device may connect now.");
  };
}

Action devices_reject(CLI::App& verb) {
  examples(verb, {"spine devices reject 3f2a"});
  const auto which = argument(verb, "which", kPending.help);
  return [=](const Common& common) {
    return change_device(common, kPending, *which, "device.pair.reject", "Rejected.");
  };
}

Action devices_revoke(CLI::App& verb) {
  examples(verb, {"spine devices revoke 91b0c6"});
  const auto which = argument(verb, "which", kPaired.help);
  return [=](const Common& common) {
    return change_device(common, kPaired, *which, "device.pair.remove",
                         "Removed. Its connections are closed.");
  };
}

Action devices_rename(CLI::App& verb) {
  examples(verb, {"spine devices rename 91b0c6 \"kitchen tablet\""});
  const auto which = argument(verb, "which", kPaired.help);
  const auto label = argument(verb, "label", "The name");
  return [=](const Common& common) {
    return change_device(common, kPaired, *which, "device.pair.rename", "Renamed.", label.get());
  };
}

Action pairing_list(CLI::App& verb) {
  examples(verb, {"spine pairing list"});
  return [](const Common& common) {
    return show_list(common, "channels.pairing.list", "{}",
                     {.rows = "requests",
                      .columns = kSenderColumns,
                      .none = "Nobody waits to be let in.",
                      .hint = "To let one in: spine pairing approve <code>\n"});
  };
}

Action pairing_approve(CLI::App& verb) {
  examples(verb, {"spine pairing approve K7QX2MNP"});
  return resolve_sender(verb, "channels.pairing.approve", "Let in");
}

Action pairing_reject(CLI::App& verb) {
  examples(verb, {"spine pairing reject K7QX2MNP"});
  return resolve_sender(verb, "channels.pairing.dismiss", "Turned down");
}

}  // namespace spine::cli
