// sessions list, show, reset, delete, abort, rewind, fork: conversations of the running gateway;
// runs list, abort, retry: running, waiting and ended runs.
#include <algorithm>
#include <fmt/format.h>

#include "adapters/cli/gateway_client.h"
#include "adapters/cli/output.h"
#include "adapters/cli/verb.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::cli {
namespace {

std::string run_text(const Json& session, std::string_view key) {
  return session.flag(key) ? "running" : "-";
}

const Column kSessionColumns[]{{"KEY", "key"},
                               {"AGENT", "agentId"},
                               {"KIND", "kind"},
                               {"UPDATED", "updatedAt", time_or_dash},
                               {"RUN", "hasActiveRun", run_text}};

// A message on one line, cut to a bound.
std::string one_line(std::string text) {
  constexpr std::size_t kLineBytesMax = 160;
  std::ranges::replace(text, '\n', ' ');
  const std::string_view shown = cut_text(text, kLineBytesMax);
  return shown.size() == text.size() ? text : std::string(shown) + " [...]";
}

// The text of a message: a string, or its parts of type text; of a tool call, name and arguments.
std::string content_text(const Json& message) {
  std::string text = message.text("content");
  for (const Json& part : message.array("content")) {
    if (!text.empty()) text += '\n';
    if (part.text("type") != "toolCall") {
      text += part.text("text");
      continue;
    }
    const std::string name = part.text("name");
    const std::string title = part.text("title");
    text += name + (title.empty() || title == name ? "" : " (" + one_line(title) + ")");
    if (const Json arguments = part.at("arguments"); !arguments.absent()) {
      text += one_line(" " + arguments.dump());
    }
  }
  return text;
}

// The short line for a message of a tool; empty for any other message.
std::string tool_line(const Json& message) {
  const auto calls_tool = [](const Json& part) { return part.text("type") == "toolCall"; };
  const std::string content = content_text(message);
  if (std::ranges::any_of(message.array("content"), calls_tool)) return "tool: " + content;
  if (message.text("role") != "toolResult") return {};
  return fmt::format("tool {}: {} {}", message.flag("isError") ? "failed" : "result",
                     message.text("toolName"), one_line(content));
}

void print_message(const Json& message) {
  const Json meta = message.at("__openclaw");
  const std::string seq = meta.absent() ? "" : fmt::format("#{} ", meta.number("seq"));
  const std::string tool = tool_line(message);
  std::string who = tool.empty() ? message.text("role") : tool;
  if (const std::string model = message.text("model"); tool.empty() && !model.empty()) {
    who += fmt::format(" ({}/{})", message.text("provider"), model);
  }
  fmt::print("\n{}{}  {}\n", seq, time_or_dash(message, "timestamp"), printable(who));
  if (!tool.empty()) return;
  std::string text = printable(content_text(message), true);
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 5)) {
    text.insert(at + 1, "    ");
  }
  if (!text.empty()) fmt::print("    {}\n", text);
  const std::string why = message.text("errorMessage");
  if (why.empty()) return;
  const bool stopped = message.text("stopReason") == "aborted";
  fmt::print("    [{}{}]\n", stopped ? "" : "failed: ", printable(why));
}

Error no_session(const std::string& key) {
  return {Errc::not_found,
          fmt::format("There is no session \"{}\". `spine sessions list` shows the ones there are.",
                      printable(key))};
}

// A verb that calls `method` for a session; `said` makes the text to print, or an error.
Action change_session(CLI::App& verb, const char* method,
                      Result<std::string> (*said)(const Json& answer, const std::string& key)) {
  const auto key = argument(verb, "key", "Session key");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const Json answer, ask_gateway(common, method, json_object({{"key", *key}})));
    const Result<std::string> line = said(answer, *key);
    if (line) return show(common, answer, *line);
    if (!common.json) return line.error();
    print_json(answer.dump());
    return kExitFailure;
  };
}

constexpr std::uint64_t kLookedThrough = 1'000;  // rows that are searched for the named run

const Column kEndedColumns[]{
    {"RUN", "runId"},     {"SESSION", "sessionKey"},          {"AGENT", "agentId"},
    {"STATUS", "status"}, {"ENDED", "endedAt", time_or_dash}, {"TRY", "attempt", number_text}};

Named run_names(const Json& run) {
  return {.id = run.text("runId")};
}

}  // namespace

Action sessions_list(CLI::App& verb) {
  examples(verb, {"spine sessions list", "spine sessions list --agent main --json"});
  const auto agent = option(verb, "--agent", "Only sessions of this agent");
  const auto limit = option<std::uint64_t>(verb, "--limit", "At most this many", 50);
  return [=](const Common& common) {
    return show_list(common, "sessions.list",
                     json_object({{"limit", *limit}, Member::unless_empty("agentId", *agent)}),
                     {.rows = "sessions",
                      .columns = kSessionColumns,
                      .none = "No sessions yet. To start one: spine send \"hello\""},
                     kReadScopes);
  };
}

Action sessions_show(CLI::App& verb) {
  examples(verb, {"spine sessions show agent:main:main",
                  "spine sessions show agent:main:main --limit 10 --json"});
  const auto key = argument(verb, "key", "Session key");
  const auto limit = option<std::uint64_t>(verb, "--limit", "At most this many messages", 50);
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(GatewayClient gateway, GatewayClient::open(common, kReadScopes));
    SPINE_TRY(const Json described, gateway.ask("sessions.describe", json_object({{"key", *key}})));
    const Json session = described.at("session");
    if (session.absent()) return no_session(*key);
    const auto most = std::min<std::uint64_t>(*limit, limits::kHistoryMessagesMax);
    SPINE_TRY(const Json history,
              gateway.ask("chat.history", json_object({{"sessionKey", *key}, {"limit", most}})));
    if (common.json) {
      return show(common, json_object({{"session", session}, {"history", history}}));
    }
    Facts facts;
    facts.add("Agent", session.text("agentId"));
    facts.add("Kind", session.text("kind"));
    facts.add("Session id", session.text("sessionId"));
    if (session.number("sessionStartedAt") != 0) {
      facts.add("Started", time_text(session, "sessionStartedAt"));
    }
    facts.add("Updated", time_or_dash(session, "updatedAt"));
    facts.add("Run", run_text(session, "hasActiveRun"));
    fmt::print("{}\n{}", printable(session.text("key")), facts.text());
    for (const Json& message : history.array("messages"))
      print_message(message);
    if (history.flag("hasMore")) fmt::print("\n(older messages are not shown: --limit)\n");
    return kExitOk;
  };
}

Action sessions_reset(CLI::App& verb) {
  examples(verb, {"spine sessions reset agent:main:main"});
  return change_session(
      verb, "sessions.reset", [](const Json&, const std::string&) -> Result<std::string> {
        return std::string{
            "Reset: the next message begins afresh. What was said stays in the journal."};
      });
}

Action sessions_delete(CLI::App& verb) {
  examples(verb, {"spine sessions delete agent:main:work"});
  return change_session(verb, "sessions.delete",
                        [](const Json& answer, const std::string& key) -> Result<std::string> {
                          if (!answer.flag("deleted")) return no_session(key);
                          return std::string{"Deleted. What was said in it stays in the journal."};
                        });
}

Action sessions_abort(CLI::App& verb) {
  examples(verb, {"spine sessions abort agent:main:main"});
  return change_session(
      verb, "sessions.abort", [](const Json& answer, const std::string&) -> Result<std::string> {
        if (answer.text("status") != "aborted") {
          return std::string{"Nothing was being worked on there, and nothing waited."};
        }
        const std::string run = answer.text("abortedRunId");
        if (run.empty()) return std::string{"Stopped what waited there."};
        return fmt::format("Stopped run {}, and what waited there.", printable(run));
      });
}

Action sessions_rewind(CLI::App& verb) {
  examples(verb, {"spine sessions rewind agent:main:main --to 1207"});
  const auto key = argument(verb, "key", "Session key");
  const auto to = option<std::uint64_t>(
      verb, "--to", "The last message that stays, by its number (spine sessions show)");
  verb.get_option("--to")->required();
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const Json said,
              ask_gateway(common, "sessions.rewind", json_object({{"key", *key}, {"toSeq", *to}})));
    if (!said.flag("rewound")) {
      return show(common, said, fmt::format("Nothing was said after #{}.", *to));
    }
    return show(
        common, said,
        fmt::format("Rewound: the conversation ends at #{} and goes on from there. What was "
                    "said since stays in the journal. The agent begins a conversation of "
                    "its own anew: it is not told what was said before.",
                    *to));
  };
}

Action sessions_fork(CLI::App& verb) {
  examples(verb, {"spine sessions fork agent:main:main",
                  "spine sessions fork agent:main:main --at 1207 --label \"another way\""});
  const auto key = argument(verb, "key", "Session key");
  const auto at = option<std::uint64_t>(
      verb, "--at", "The last message that both have, by its number; else the last of all");
  const auto label = option(verb, "--label", "A name for the new session");
  return [=](const Common& common) -> Result<int> {
    const Member seq = *at == 0 ? Member{} : Member{"atSeq", *at};
    SPINE_TRY(
        const Json said,
        ask_gateway(common, "sessions.fork",
                    json_object({{"key", *key}, seq, Member::unless_empty("label", *label)})));
    return show(
        common, said,
        fmt::format("{}\nIts history begins as that of {}; from here each goes its own way. "
                    "The agent begins a conversation of its own anew in it: it is not told "
                    "what was said before.",
                    printable(said.text("key")), printable(*key)));
  };
}

Action runs_list(CLI::App& verb) {
  examples(verb,
           {"spine runs list", "spine runs list --ended --limit 20", "spine runs list --json"});
  const auto limit = option<std::uint64_t>(verb, "--limit", "At most this many", 100);
  const auto ended = option<bool>(verb, "--ended", "The last ones that ended, the latest first");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const Json list, ask_gateway(common, "runs.list",
                                           json_object({{"limit", *limit}, {"ended", *ended}})));
    if (common.json) return show(common, list);
    if (*ended) {
      print_list(list, {.rows = "runs",
                        .columns = kEndedColumns,
                        .none = "No run has ended yet.",
                        .hint = "For another try: spine runs retry <run>\n"});
      return kExitOk;
    }
    // How long a run has been running, or waiting.
    const auto waited = [&](const Json& run, std::string_view key) {
      const std::int64_t since = run.number(run.number(key) != 0 ? key : "queuedAt");
      const std::int64_t ms = std::max<std::int64_t>(list.number("ts") - since, 0);
      return show_duration_ms(static_cast<std::uint64_t>(ms));
    };
    const Column columns[]{{"RUN", "runId"},
                           {"SESSION", "sessionKey"},
                           {"AGENT", "agentId"},
                           {"STATUS", "status"},
                           {"FOR", "startedAt", waited},
                           {"TRY", "attempt", number_text},
                           {"BEHIND", "waitsBehind", text_or_dash}};
    print_list(list, {.rows = "runs",
                      .columns = columns,
                      .none = "Nothing is being worked on, and nothing waits.",
                      .hint = "To end one: spine runs abort <run>\n"});
    return kExitOk;
  };
}

Action runs_abort(CLI::App& verb) {
  examples(verb, {"spine runs abort 3f2a"});
  const auto which = argument(verb, "run", "Its id, or the first characters of it");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(GatewayClient gateway, GatewayClient::open(common));
    SPINE_TRY(const Json list, gateway.ask("runs.list", json_object({{"limit", kLookedThrough}})));
    SPINE_TRY(
        const Json run,
        pick_row(list.array("runs"), run_names, *which,
                 fmt::format("There is no open run \"{}\". `spine runs list` shows what there is.",
                             printable(*which))));
    SPINE_TRY(const Json said,
              gateway.ask("chat.abort", json_object({{"sessionKey", run.text("sessionKey")},
                                                     {"runId", run.text("runId")}})));
    return show(common, said, said.flag("aborted") ? "Stopped." : "It had ended by itself.");
  };
}

Action runs_retry(CLI::App& verb) {
  examples(verb, {"spine runs retry 3f2a", "spine runs retry 3f2a --force"});
  const auto which = argument(verb, "run", "Its id, or the first characters of it");
  const auto force = option<bool>(verb, "--force",
                                  "Also if its message has been answered: it gets another answer");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(GatewayClient gateway, GatewayClient::open(common));
    SPINE_TRY(const Json list,
              gateway.ask("runs.list", json_object({{"limit", kLookedThrough}, {"ended", true}})));
    // One that is not on the list may be open, or older: the gateway knows.
    const Result<Json> run = pick_row(list.array("runs"), run_names, *which, "none");
    if (!run && run.error().code != Errc::not_found) return run.error();
    const std::string id = run ? run->text("runId") : *which;
    SPINE_TRY(const Json said,
              gateway.ask("runs.retry", json_object({{"runId", id}, {"force", *force}})));
    const bool waits = !said.at("waitsBehind").absent();
    return show(
        common, said,
        fmt::format("Run {} {}. It is another try at run {}.", printable(said.text("runId")),
                    waits ? "waits for its turn" : "has started", printable(id)));
  };
}

}  // namespace spine::cli
