// pairing list, approve, reject: senders who wait to be let in to a channel.
#include <cstdio>
#include <fmt/format.h>
#include <strings.h>

#include "adapters/cli/admin_call.h"
#include "adapters/cli/json_read.h"
#include "adapters/cli/table.h"
#include "adapters/cli/verbs.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

using simdjson::dom::element;

int resolve_sender(const Arguments& args, std::string_view method, const char* word) {
  auto client = open_as_admin(args.common);
  if (!client) return fail(client.error());
  const auto list = ask(*client, "channels.pairing.list", "{}");
  if (!list) return fail(list.error());
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(*list).get(root) != simdjson::SUCCESS) {
    return fail({Errc::corrupt, "The gateway's answer cannot be read."});
  }
  for (const element row : array_at(root, "requests")) {
    const std::string id = text_at(row, "requestId");
    const std::string code = text_at(row, "code");
    if (id != args.approval.which && ::strcasecmp(code.c_str(), args.approval.which.c_str()) != 0) {
      continue;
    }
    const std::string who =
        fmt::format("{} on {}", text_at(row, "senderLabel"), text_at(row, "channel"));
    const auto answer = ask(*client, method, fmt::format(R"({{"requestId":{}}})", json_string(id)));
    if (!answer) return fail(answer.error());
    if (args.common.json) {
      print_json(*answer);
    } else {
      fmt::print("{}: {}\n", word, printable(who));
    }
    return kExitOk;
  }
  return fail({Errc::not_found,
               fmt::format("Nobody waits with the code \"{}\". Codes end after an hour; `spine "
                           "pairing list` shows who waits.",
                           printable(args.approval.which))});
}

}  // namespace

int pairing_list(const Arguments& args) {
  auto client = open_as_admin(args.common);
  if (!client) return fail(client.error());
  const auto list = ask(*client, "channels.pairing.list", "{}");
  if (!list) return fail(list.error());
  if (args.common.json) {
    print_json(*list);
    return kExitOk;
  }
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(*list).get(root) != simdjson::SUCCESS) {
    return fail({Errc::corrupt, "The gateway's answer cannot be read."});
  }
  Table table({"CODE", "CHANNEL", "ACCOUNT", "SENDER", "ID", "ASKED", "ENDS"});
  std::size_t waiting = 0;
  for (const element row : array_at(root, "requests")) {
    table.add({text_at(row, "code"), text_at(row, "channel"), text_at(row, "accountId"),
               text_at(row, "senderLabel"), text_at(row, "senderId"),
               show_time(number_at(row, "createdAt")), show_time(number_at(row, "expiresAt"))});
    ++waiting;
  }
  if (waiting == 0) {
    fmt::print("Nobody waits to be let in.\n");
    return kExitOk;
  }
  fmt::print("{}To let one in: spine pairing approve <code>\n", table.text());
  return kExitOk;
}

int pairing_approve(const Arguments& args) {
  return resolve_sender(args, "channels.pairing.approve", "Let in");
}

int pairing_reject(const Arguments& args) {
  return resolve_sender(args, "channels.pairing.dismiss", "Turned down");
}

}  // namespace spine::cli
