// pairing list, approve, reject: senders who wait to be let in to a channel.
#include <fmt/format.h>

#include "adapters/cli/gateway.h"
#include "adapters/cli/pick.h"
#include "adapters/cli/verb.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

const Column kSenderColumns[]{{"CODE", "code"},
                              {"CHANNEL", "channel"},
                              {"ACCOUNT", "accountId"},
                              {"SENDER", "senderLabel"},
                              {"ID", "senderId"},
                              {"ASKED", "createdAt", time_text},
                              {"ENDS", "expiresAt", time_text}};

// A verb that answers one of them by `method`; `done` says what became of the sender.
Action resolve_sender(CLI::App& verb, const char* method, const char* done) {
  const auto which = argument(verb, "which", "The code the sender got, or the request's id");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(Gateway gateway, Gateway::open(common));
    SPINE_TRY(const Json list, gateway.ask("channels.pairing.list"));
    const std::vector<Json> rows = list.array("requests");
    std::vector<Named> names;
    for (const Json& row : rows)
      names.push_back({.whole = {row.text("code"), row.text("requestId")}});
    SPINE_TRY(const std::size_t at,
              pick(names, *which,
                   fmt::format("Nobody waits with the code \"{}\". Codes end after an hour; `spine "
                               "pairing list` shows who waits.",
                               printable(*which))));
    SPINE_TRY(const Json answer,
              gateway.ask(method, json_object({{"requestId", rows[at].text("requestId")}})));
    return show(common, answer,
                fmt::format("{}: {} on {}", done, printable(rows[at].text("senderLabel")),
                            printable(rows[at].text("channel"))));
  };
}

}  // namespace

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
