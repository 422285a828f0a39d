// send: one message to an agent, and its reply.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iostream>
#include <iterator>
#include <thread>
#include <unistd.h>

#include "adapters/cli/common.h"
#include "adapters/cli/output.h"
#include "adapters/cli/verb.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

namespace spine::cli {
namespace {

using client::Answer;
using client::Deadline;
using client::in_ms;
using client::left_ms;
using client::RpcClient;

constexpr std::string_view kSendScopes =
    R"(["operator.read","operator.write","operator.approvals"])";
constexpr std::string_view kAdminScopesOfSend =
    R"(["operator.read","operator.write","operator.approvals","operator.admin"])";
constexpr std::uint64_t kConnectMs = 5'000;
constexpr std::uint64_t kRetryMs = 200;
constexpr std::string_view kNeedsAdmin = "missing scope: operator.admin";

struct SendOptions {
  std::vector<std::string> words{};  // joined with spaces; a lone "-" reads standard input
  std::string session{};
  std::string agent{};
  std::uint64_t timeout_s{120};
  bool no_wait{};
  bool deliver{};  // the answer, to a channel: to the place below, or to the session's last one
  std::string channel{};
  std::string account{};
  std::string to{};
  std::string thread{};
  std::string reply_to{};
};

Result<std::string> message_text(const SendOptions& options) {
  std::string text;
  if (options.words.size() == 1 && options.words[0] == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
    while (text.ends_with('\n'))
      text.pop_back();
  } else {
    text = fmt::format("{}", fmt::join(options.words, " "));
  }
  if (text.empty()) return Error{Errc::invalid_argument, "The message is empty."};
  if (text.size() > limits::kTextBytesMax) {
    return Error{Errc::invalid_argument,
                 fmt::format("The message is {}; at most {} are taken.", show_bytes(text.size()),
                             show_bytes(limits::kTextBytesMax))};
  }
  return text;
}

// The session a message goes to: as asked, or the agent's main one by the gateway's main key.
std::string session_key(const SendOptions& options, const Json& hello) {
  if (!options.session.empty()) return options.session;
  if (options.agent.empty()) return "main";
  const std::string main = hello.at("snapshot").at("sessionDefaults").text("mainKey");
  return fmt::format("agent:{}:{}", options.agent, main.empty() ? "main" : main);
}

// True if the gateway recorded the message, but started no run: e.g. a reset, or agent "none".
bool is_without_run(const Answer& answer) {
  return answer.ok && !answer.payload.flag("run", true);
}

// Shows an agent's question that comes meanwhile, of any session, as it may block this answer.
void show_question(std::string_view event, const Json& payload) {
  if (!event.ends_with(".approval.requested")) return;
  const Json request = payload.at("request");
  if (request.absent()) return;
  std::string what = request.text("command");
  if (what.empty()) what = request.text("title");
  fmt::print(stderr,
             "The agent {} asks to be allowed: {}\n"
             "To answer, from another terminal: spine approvals approve {} (or deny)\n",
             printable(request.text("agentId")), printable(what), printable(request.text("code")));
}

// The result of sending a message.
struct Sent {
  Answer answer{};      // of agent.wait, or of chat.send with --no-wait and when no run was started
  Json waits_behind{};  // what chat.send said that the message waits behind
  std::string rest{};   // the rest of a very long answer, which comes in pages
};

// Sends one message under one idempotency key, so that retries make no duplicate.
class Sending {
 public:
  Sending(const Place& place, const Common& common, const SendOptions& options, std::string text)
      : place_(place),
        options_(options),
        json_(common.json),
        text_(std::move(text)),
        key_(uuid_string(pipeline::random128())),
        deadline_(in_ms(options.timeout_s * 1000)) {}

  // Tries again after a lost connection until the deadline.
  Result<Sent> run() {
    bool reached = false;
    for (;;) {
      Result<Sent> sent = attempt(reached);
      if (sent || !reached || sent.error().code != Errc::unavailable) return sent;
      if (left_ms(deadline_) <= kRetryMs) return sent;
      std::this_thread::sleep_for(std::chrono::milliseconds(kRetryMs));
    }
  }

 private:
  Result<Sent> attempt(bool& reached) {
    const Deadline connect = std::min(deadline_, in_ms(kConnectMs));
    SPINE_TRY(RpcClient client, RpcClient::open(place_.target, scopes_, connect));
    reached = true;
    client.on_event(show_question);
    SPINE_TRY(Answer taken, hand_in(client));
    // A command such as "/new" needs the admin scope, which is requested only in that case.
    if (!taken.ok && taken.message == kNeedsAdmin && scopes_ != kAdminScopesOfSend) {
      scopes_ = kAdminScopesOfSend;
      return attempt(reached);
    }
    Sent sent{.answer = std::move(taken)};
    if (!sent.answer.ok || is_without_run(sent.answer)) return sent;
    sent.waits_behind = sent.answer.payload.at("waitsBehind");
    if (const Json& behind = sent.waits_behind; !behind.absent() && !json_) {
      fmt::print(stderr, "Waiting behind a run of {} (spine runs abort {} ends it)\n",
                 show_duration_ms(static_cast<std::uint64_t>(behind.number("runningMs"))),
                 printable(behind.text("runId")));
    }
    if (options_.no_wait) return sent;
    const std::uint64_t wait_ms = left_ms(deadline_);
    SPINE_TRY(sent.answer,
              client.call("agent.wait",
                          json_object({{"runId", key_},
                                       {"timeoutMs", wait_ms > 500 ? wait_ms - 500 : wait_ms}}),
                          deadline_));
    if (sent.answer.ok && !json_) {
      SPINE_TRY(sent.rest, fetch_rest(client, sent.answer.payload.at("terminalReply")));
    }
    return sent;
  }

  // Fetches the rest of a text that was cut, page by page; each page has the cursor of the next.
  Result<std::string> fetch_rest(RpcClient& client, Json cut) {
    std::string rest;
    while (cut.flag("truncated") && !cut.text("historyCursor").empty()) {
      const std::string cursor = cut.text("historyCursor");
      const std::int64_t from = cut.number("textNext");
      SPINE_TRY(const Answer page,
                client.call("chat.history",
                            json_object({{"sessionKey", session_key(options_, client.hello())},
                                         {"cursor", cursor},
                                         {"textFrom", from},
                                         {"limit", 1}}),
                            deadline_));
      cut = page.payload.first("messages");
      // Check that it is the cursor's row: the session may have been reset meanwhile.
      const bool same = std::to_string(cut.at("__openclaw").number("seq") + 1) == cursor;
      const bool goes_on = !cut.flag("truncated") || cut.number("textNext") > from;
      if (!same || !goes_on || cut.array("content").empty()) {
        fmt::print(stderr, "The rest of this answer is not in the session any more.\n");
        break;
      }
      rest += cut.first("content").text("text");
    }
    return rest;
  }

  // Sends the message; retries after the gateway's delay when rate-limited.
  Result<Answer> hand_in(RpcClient& client) {
    const std::string params = json_object({{"sessionKey", session_key(options_, client.hello())},
                                            {"message", text_},
                                            {"idempotencyKey", key_},
                                            {"deliver", options_.deliver},
                                            Member::unless_empty("channel", options_.channel),
                                            Member::unless_empty("accountId", options_.account),
                                            Member::unless_empty("to", options_.to),
                                            Member::unless_empty("threadId", options_.thread),
                                            Member::unless_empty("replyToId", options_.reply_to)});
    for (;;) {
      SPINE_TRY(Answer answer, client.call("chat.send", params, deadline_));
      if (answer.ok || !answer.retryable || answer.retry_after_ms == 0) return answer;
      if (left_ms(deadline_) <= answer.retry_after_ms) return answer;
      fmt::print(stderr, "The gateway asks to wait {}: {}\n",
                 show_duration_ms(answer.retry_after_ms), printable(answer.message));
      std::this_thread::sleep_for(std::chrono::milliseconds(answer.retry_after_ms));
    }
  }

  const Place& place_;
  const SendOptions& options_;
  bool json_;
  std::string text_;
  std::string key_;
  Deadline deadline_;
  std::string_view scopes_{kSendScopes};
};

Result<int> print_reply(const Sent& sent, bool json) {
  const Json& payload = sent.answer.payload;
  const std::string outcome = payload.text("status");
  if (json) {
    std::string text = payload.dump();
    if (!sent.waits_behind.absent() && text.ends_with('}')) {
      text.insert(text.size() - 1, ",\"waitsBehind\":" + sent.waits_behind.dump());
    }
    print_json(text);
    return outcome == "ok" ? kExitOk : kExitFailure;
  }
  if (outcome == "timeout") {
    return Error{Errc::timed_out,
                 "No reply in time. The message is safe in the journal; the reply will be in "
                 "`spine sessions show`."};
  }
  if (outcome != "ok") {
    std::string why = payload.text("error");
    if (why.empty()) why = payload.text("stopReason");
    return Error{Errc::refused, "The agent did not answer: " + (why.empty() ? outcome : why)};
  }
  const Json reply = payload.at("terminalReply");
  const std::string text = reply.absent() ? "" : reply.text("text") + sent.rest;
  const bool to_terminal = ::isatty(STDOUT_FILENO) != 0;
  fmt::print("{}\n", to_terminal ? printable(text, true) : text);
  return kExitOk;
}

// The text to print for a message without a reply.
std::string taken_text(const Answer& answer) {
  const Json& payload = answer.payload;
  if (!is_without_run(answer)) return "accepted: run " + printable(payload.text("runId"));
  // The gateway's own reply to a command such as /status.
  const std::string said = payload.text("command").empty() ? "" : payload.text("text");
  return said.empty() ? "Recorded; no agent run was started." : printable(said, true);
}

}  // namespace

Action send(CLI::App& verb) {
  examples(verb, {"spine send \"hello\"", "spine send --session agent:main:work \"what is next?\"",
                  "git diff | spine send --timeout 300 -",
                  "spine send --deliver --channel telegram --to 123 \"sum up my day\"",
                  "spine send -- --this starts with a dash"});
  const auto options = std::make_shared<SendOptions>();
  verb.add_option("message", options->words, "The message; - reads it from standard input")
      ->required();
  verb.add_option("--session", options->session, "Session key (default: the agent's main one)");
  verb.add_option("--agent", options->agent, "Agent to talk to (default: the default agent)");
  verb.add_option("--timeout", options->timeout_s, "Seconds to wait for the reply")
      ->capture_default_str();
  verb.add_flag("--no-wait", options->no_wait, "Return when the message is durable");
  CLI::Option* deliver = verb.add_flag(
      "--deliver", options->deliver,
      "Send the reply to a channel too: to --to, else to where the session was last written from");
  verb.add_option("--channel", options->channel, "With --deliver: which channel")->needs(deliver);
  verb.add_option("--account", options->account, "Which of its accounts")->needs(deliver);
  verb.add_option("--to", options->to, "Which conversation of it")->needs(deliver);
  verb.add_option("--thread", options->thread, "Which topic of that")->needs(deliver);
  verb.add_option("--reply-to", options->reply_to, "Id of the message that it answers there")
      ->needs(deliver);
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const Place place, locate(common));
    auto text = message_text(*options);
    if (!text) {
      fmt::print(stderr, "Error: {}\n", text.error().message);
      return kExitUsage;
    }
    SPINE_TRY(const Sent sent, Sending(place, common, *options, std::move(*text)).run());
    const Answer& answer = sent.answer;
    if (!answer.ok) {
      return Error{Errc::refused, fmt::format("The gateway refused the message: {} ({})",
                                              answer.message, answer.code)};
    }
    if (!options->no_wait && !is_without_run(answer)) return print_reply(sent, common.json);
    return show(common, answer.payload, taken_text(answer));
  };
}

}  // namespace spine::cli
