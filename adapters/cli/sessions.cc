// sessions list, sessions show: conversations as the running gateway has them.
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>

#include "adapters/cli/admin_call.h"
#include "adapters/cli/json_read.h"
#include "adapters/cli/place.h"
#include "adapters/cli/table.h"
#include "adapters/cli/verbs.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::cli {
namespace {

using simdjson::dom::element;

constexpr std::string_view kReadScopes = R"(["operator.read"])";
constexpr std::uint64_t kCallMs = 10'000;

std::string time_at(const element& object, std::string_view key) {
  const std::int64_t ms = number_at(object, key);
  return ms == 0 ? "-" : show_time(ms);
}

std::string run_text(const element& session) {
  return flag_at(session, "hasActiveRun") ? "running" : "-";
}

// A line of people's: what is longer is cut.
std::string one_line(std::string text) {
  constexpr std::size_t kLineBytesMax = 160;
  std::ranges::replace(text, '\n', ' ');
  const std::string_view shown = cut_text(text, kLineBytesMax);
  return shown.size() == text.size() ? text : std::string(shown) + " [...]";
}

// The text of a message: a string, or its parts of type text; of a tool what it is and is given.
std::string content_text(const element& message) {
  std::string text = text_at(message, "content");
  for (const element part : array_at(message, "content")) {
    if (!text.empty()) text += '\n';
    if (text_at(part, "type") != "toolCall") {
      text += text_at(part, "text");
      continue;
    }
    element arguments;
    const std::string name = text_at(part, "name");
    const std::string title = text_at(part, "title");
    text += name + (title.empty() || title == name ? "" : " (" + one_line(title) + ")");
    if (part["arguments"].get(arguments) == simdjson::SUCCESS) {
      text += one_line(" " + simdjson::to_string(arguments));
    }
  }
  return text;
}

bool calls_tools(const element& message) {
  for (const element part : array_at(message, "content")) {
    if (text_at(part, "type") == "toolCall") return true;
  }
  return false;
}

// A tool is a line of its own: people read what was said.
std::string tool_line(const element& message) {
  if (calls_tools(message)) return "tool: " + content_text(message);
  return fmt::format("tool {}: {} {}", flag_at(message, "isError") ? "failed" : "result",
                     text_at(message, "toolName"), one_line(content_text(message)));
}

void print_message(const element& message) {
  element meta;
  std::string seq;
  if (message["__openclaw"].get(meta) == simdjson::SUCCESS) {
    seq = fmt::format("#{} ", number_at(meta, "seq"));
  }
  std::string who = text_at(message, "role");
  if (who == "toolResult" || calls_tools(message)) {
    fmt::print("\n{}{}  {}\n", seq, time_at(message, "timestamp"), printable(tool_line(message)));
    return;
  }
  if (const std::string model = text_at(message, "model"); !model.empty()) {
    who += fmt::format(" ({}/{})", text_at(message, "provider"), model);
  }
  std::string text = printable(content_text(message), true);
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 5)) {
    text.insert(at + 1, "    ");
  }
  fmt::print("\n{}{}  {}\n", seq, time_at(message, "timestamp"), printable(who));
  if (!text.empty()) fmt::print("    {}\n", text);
  const std::string why = text_at(message, "errorMessage");
  if (why.empty()) return;
  const bool stopped = text_at(message, "stopReason") == "aborted";
  fmt::print("    [{}{}]\n", stopped ? "" : "failed: ", printable(why));
}

int print_session(const element& described, const element& history) {
  element session;
  if (described["session"].get(session) != simdjson::SUCCESS || session.is_null()) {
    return kExitFailure;
  }
  Facts facts;
  facts.add("Agent", text_at(session, "agentId"));
  facts.add("Kind", text_at(session, "kind"));
  facts.add("Session id", text_at(session, "sessionId"));
  if (number_at(session, "sessionStartedAt") != 0) {
    facts.add("Started", time_at(session, "sessionStartedAt"));
  }
  facts.add("Updated", time_at(session, "updatedAt"));
  facts.add("Run", run_text(session));
  fmt::print("{}\n{}", printable(text_at(session, "key")), facts.text());
  for (const element message : array_at(history, "messages"))
    print_message(message);
  if (flag_at(history, "hasMore")) fmt::print("\n(older messages are not shown: --limit)\n");
  return kExitOk;
}

}  // namespace

int sessions_list(const Arguments& args) {
  const auto place = locate(args.common);
  if (!place) return fail(place.error());
  auto client = RpcClient::open(place->target, kReadScopes, in_ms(kCallMs));
  if (!client) return fail(client.error());
  std::string params = fmt::format(R"({{"limit":{})", args.sessions.limit);
  if (!args.sessions.agent.empty()) {
    params += fmt::format(R"(,"agentId":{})", json_string(args.sessions.agent));
  }
  const auto payload = ask(*client, "sessions.list", params + "}");
  if (!payload) return fail(payload.error());
  if (args.common.json) {
    print_json(*payload);
    return kExitOk;
  }
  simdjson::dom::parser parser;
  element list;
  if (parser.parse(*payload).get(list) != simdjson::SUCCESS) {
    return fail({Errc::corrupt, "The gateway's answer cannot be read."});
  }
  Table table({"KEY", "AGENT", "KIND", "UPDATED", "RUN"});
  std::size_t shown = 0;
  for (const element session : array_at(list, "sessions")) {
    table.add({text_at(session, "key"), text_at(session, "agentId"), text_at(session, "kind"),
               time_at(session, "updatedAt"), run_text(session)});
    ++shown;
  }
  if (shown == 0) {
    fmt::print("No sessions yet. To start one: spine send \"hello\"\n");
    return kExitOk;
  }
  fmt::print("{}", table.text());
  const auto total = static_cast<std::size_t>(number_at(list, "totalCount"));
  if (total > shown) fmt::print("({} of {}: --limit shows more)\n", shown, total);
  return kExitOk;
}

int sessions_show(const Arguments& args) {
  const auto place = locate(args.common);
  if (!place) return fail(place.error());
  auto client = RpcClient::open(place->target, kReadScopes, in_ms(kCallMs));
  if (!client) return fail(client.error());
  const std::string key = json_string(args.sessions.key);
  const auto described = ask(*client, "sessions.describe", fmt::format(R"({{"key":{}}})", key));
  if (!described) return fail(described.error());
  simdjson::dom::parser parser;
  element session;
  if (parser.parse(*described).get(session) != simdjson::SUCCESS) {
    return fail({Errc::corrupt, "The gateway's answer cannot be read."});
  }
  element row;
  if (session["session"].get(row) != simdjson::SUCCESS || row.is_null()) {
    return fail({Errc::not_found, fmt::format("There is no session \"{}\". `spine sessions list` "
                                              "shows the ones there are.",
                                              args.sessions.key)});
  }
  const auto history =
      ask(*client, "chat.history",
          fmt::format(R"({{"sessionKey":{},"limit":{}}})", key,
                      std::min<std::uint64_t>(args.sessions.limit, limits::kHistoryMessagesMax)));
  if (!history) return fail(history.error());
  if (args.common.json) {
    print_json(fmt::format(R"({{"session":{},"history":{}}})", simdjson::to_string(row), *history));
    return kExitOk;
  }
  simdjson::dom::parser history_parser;
  element messages;
  if (history_parser.parse(*history).get(messages) != simdjson::SUCCESS) {
    return fail({Errc::corrupt, "The gateway's answer cannot be read."});
  }
  return print_session(session, messages);
}

}  // namespace spine::cli
