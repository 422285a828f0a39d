// send: one message to an agent, and its reply.
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <iostream>
#include <iterator>
#include <optional>
#include <thread>
#include <unistd.h>

#include "adapters/cli/json_read.h"
#include "adapters/cli/place.h"
#include "adapters/cli/verbs.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

constexpr std::string_view kSendScopes =
    R"(["operator.read","operator.write","operator.approvals"])";
constexpr std::string_view kAdminScopes =
    R"(["operator.read","operator.write","operator.approvals","operator.admin"])";
constexpr std::uint64_t kConnectMs = 5'000;
constexpr std::uint64_t kRetryMs = 200;
constexpr std::string_view kNeedsAdmin = "missing scope: operator.admin";

Result<std::string> message_text(const SendArguments& args) {
  std::string text;
  if (args.words.size() == 1 && args.words[0] == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
    while (!text.empty() && text.back() == '\n')
      text.pop_back();
  } else {
    for (const std::string& word : args.words)
      text += (text.empty() ? "" : " ") + word;
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
std::string session_key(const SendArguments& args, const std::string& hello) {
  if (!args.session.empty()) return args.session;
  if (args.agent.empty()) return "main";
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::element defaults;
  std::string main_key;
  if (parser.parse(hello).get(root) == simdjson::SUCCESS &&
      root["snapshot"]["sessionDefaults"].get(defaults) == simdjson::SUCCESS) {
    main_key = text_at(defaults, "mainKey");
  }
  return fmt::format("agent:{}:{}", args.agent, main_key.empty() ? "main" : main_key);
}

// True when the gateway took the message and has no agent to answer it: a reset, or the agent none.
bool is_without_run(const Answer& answer) {
  simdjson::dom::parser parser;
  simdjson::dom::element payload;
  bool run = true;
  return answer.ok && parser.parse(answer.payload).get(payload) == simdjson::SUCCESS &&
         payload["run"].get(run) == simdjson::SUCCESS && !run;
}

// What the gateway itself answered a command, such as /status; empty = it was none.
std::string command_text(const Answer& answer) {
  simdjson::dom::parser parser;
  simdjson::dom::element payload;
  if (parser.parse(answer.payload).get(payload) != simdjson::SUCCESS) return {};
  return text_at(payload, "command").empty() ? std::string{} : text_at(payload, "text");
}

// The member of chat.send's answer that says what the message waits behind; empty = nothing.
std::string waits_behind(const Answer& sent) {
  simdjson::dom::parser parser;
  simdjson::dom::element payload;
  simdjson::dom::element behind;
  if (parser.parse(sent.payload).get(payload) != simdjson::SUCCESS ||
      payload["waitsBehind"].get(behind) != simdjson::SUCCESS) {
    return {};
  }
  return simdjson::to_string(behind);
}

void show_waits_behind(const std::string& behind_json) {
  simdjson::dom::parser parser;
  simdjson::dom::element behind;
  if (parser.parse(behind_json).get(behind) != simdjson::SUCCESS) return;
  fmt::print(stderr, "Waiting behind a run of {} (spine runs abort {} ends it)\n",
             show_duration_ms(static_cast<std::uint64_t>(number_at(behind, "runningMs"))),
             printable(text_at(behind, "runId")));
}

// What an agent asks while its answer is waited for, of whatever session: it may be this one's.
void show_question(std::string_view event, const std::string& payload) {
  if (!event.ends_with(".approval.requested")) return;
  simdjson::dom::parser parser;
  simdjson::dom::element question;
  simdjson::dom::element request;
  if (parser.parse(payload).get(question) != simdjson::SUCCESS ||
      question["request"].get(request) != simdjson::SUCCESS) {
    return;
  }
  std::string what = text_at(request, "command");
  if (what.empty()) what = text_at(request, "title");
  const std::string code = text_at(request, "code");
  fmt::print(stderr,
             "The agent {} asks to be allowed: {}\n"
             "To answer, from another terminal: spine approvals approve {} (or deny)\n",
             printable(text_at(request, "agentId")), printable(what), printable(code));
}

// Where the text of an answer goes on that came cut; a cursor of chat.history.
struct Rest {
  std::string cursor{};
  std::int64_t from{};
};

Rest rest_of(const simdjson::dom::element& cut) {
  if (!flag_at(cut, "truncated")) return {};
  return {.cursor = text_at(cut, "historyCursor"), .from = number_at(cut, "textNext")};
}

// One message under one idempotency key: however often it is handed in, it counts once.
class Sending {
 public:
  Sending(const Place& place, const Arguments& args, std::string text)
      : place_(place),
        args_(args.send),
        json_(args.common.json),
        text_(std::move(text)),
        key_(show_uuid(pipeline::random128())),
        deadline_(in_ms(args.send.timeout_s * 1000)) {}

  // What the answer of run() lacks: a very long one comes in pieces.
  const std::string& rest() const { return rest_; }

  // Tries again after a lost connection until the deadline. The answer is that of agent.wait, or
  // of chat.send with --no-wait and when no run was started.
  Result<Answer> run() {
    bool reached = false;
    for (;;) {
      Result<Answer> answer = attempt(reached);
      if (answer || !reached || answer.error().code != Errc::unavailable) return answer;
      if (left_ms(deadline_) <= kRetryMs) return answer;
      std::this_thread::sleep_for(std::chrono::milliseconds(kRetryMs));
    }
  }

 private:
  Result<Answer> attempt(bool& reached) {
    const Deadline connect = std::min(deadline_, in_ms(kConnectMs));
    SPINE_TRY(RpcClient client, RpcClient::open(place_.target, scopes_, connect));
    reached = true;
    client.on_event(show_question);
    SPINE_TRY(Answer sent, hand_in(client));
    // A command such as "/new": asked for only then, as few messages need it.
    if (!sent.ok && sent.message == kNeedsAdmin && scopes_ != kAdminScopes) {
      scopes_ = kAdminScopes;
      return attempt(reached);
    }
    if (!sent.ok || is_without_run(sent)) return sent;
    const std::string behind = waits_behind(sent);
    if (!behind.empty() && !json_) show_waits_behind(behind);
    if (args_.no_wait) return sent;
    const std::uint64_t wait_ms = left_ms(deadline_);
    SPINE_TRY(Answer end, client.call("agent.wait",
                                      fmt::format(R"({{"runId":"{}","timeoutMs":{}}})", key_,
                                                  wait_ms > 500 ? wait_ms - 500 : wait_ms),
                                      deadline_));
    if (end.ok && !json_) SPINE_TRY_STATUS(fetch_rest(client, end));
    if (json_ && !behind.empty() && end.ok && end.payload.ends_with('}')) {
      end.payload.insert(end.payload.size() - 1, ",\"waitsBehind\":" + behind);
    }
    return end;
  }

  Status fetch_rest(RpcClient& client, const Answer& end) {
    simdjson::dom::parser parser;
    simdjson::dom::element payload;
    simdjson::dom::element reply;
    rest_.clear();
    if (parser.parse(end.payload).get(payload) != simdjson::SUCCESS ||
        payload["terminalReply"].get(reply) != simdjson::SUCCESS) {
      return ok();
    }
    Rest rest = rest_of(reply);
    while (!rest.cursor.empty()) {
      SPINE_TRY(
          const Answer page,
          client.call("chat.history",
                      fmt::format(R"({{"sessionKey":{},"cursor":{},"textFrom":{},"limit":1}})",
                                  json_string(session_key(args_, client.hello())),
                                  json_string(rest.cursor), rest.from),
                      deadline_));
      std::optional<Rest> next = take_page(page, rest);
      if (!next) {
        fmt::print(stderr, "The rest of this answer is not in the session any more.\n");
        break;
      }
      rest = std::move(*next);
    }
    return ok();
  }

  // The row that the cursor is of; none if the session was begun anew meanwhile.
  std::optional<Rest> take_page(const Answer& page, const Rest& asked) {
    simdjson::dom::parser parser;
    simdjson::dom::element payload;
    simdjson::dom::element message;
    simdjson::dom::element part;
    if (!page.ok || parser.parse(page.payload).get(payload) != simdjson::SUCCESS ||
        payload["messages"].at(0).get(message) != simdjson::SUCCESS ||
        message["content"].at(0).get(part) != simdjson::SUCCESS) {
      return {};
    }
    simdjson::dom::element meta;
    const bool known = message["__openclaw"].get(meta) == simdjson::SUCCESS;
    const std::int64_t seq = known ? number_at(meta, "seq") : 0;
    if (std::to_string(seq + 1) != asked.cursor) return {};
    rest_ += text_at(part, "text");
    Rest next = rest_of(message);
    if (!next.cursor.empty() && next.from <= asked.from) return {};
    return next;
  }

  // Waits as long as the gateway asks when it says "too many".
  Result<Answer> hand_in(RpcClient& client) {
    const std::string params =
        fmt::format(R"({{"sessionKey":{},"message":{},"idempotencyKey":"{}","deliver":false}})",
                    json_string(session_key(args_, client.hello())), json_string(text_), key_);
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
  const SendArguments& args_;
  bool json_;
  std::string text_;
  std::string key_;
  std::string rest_{};
  Deadline deadline_;
  std::string_view scopes_{kSendScopes};
};

int print_sent(const Answer& answer) {
  simdjson::dom::parser parser;
  simdjson::dom::element payload;
  if (parser.parse(answer.payload).get(payload) != simdjson::SUCCESS) {
    return fail({Errc::corrupt, "The gateway's answer cannot be read."});
  }
  fmt::print("accepted: run {}\n", printable(text_at(payload, "runId")));
  return kExitOk;
}

int print_reply(const Answer& answer, const std::string& rest, bool json) {
  simdjson::dom::parser parser;
  simdjson::dom::element payload;
  if (parser.parse(answer.payload).get(payload) != simdjson::SUCCESS) {
    return fail({Errc::corrupt, "The gateway's answer cannot be read."});
  }
  const std::string outcome = text_at(payload, "status");
  if (json) {
    print_json(answer.payload);
    return outcome == "ok" ? kExitOk : kExitFailure;
  }
  if (outcome == "timeout") {
    return fail({Errc::timed_out,
                 "No reply in time. The message is safe in the journal; the reply will be in "
                 "`spine sessions show`."});
  }
  if (outcome != "ok") {
    std::string why = text_at(payload, "error");
    if (why.empty()) why = text_at(payload, "stopReason");
    return fail({Errc::refused, "The agent did not answer: " + (why.empty() ? outcome : why)});
  }
  simdjson::dom::element reply;
  std::string text;
  if (payload["terminalReply"].get(reply) == simdjson::SUCCESS)
    text = text_at(reply, "text") + rest;
  const bool to_terminal = ::isatty(STDOUT_FILENO) != 0;
  fmt::print("{}\n", to_terminal ? printable(text, true) : text);
  return kExitOk;
}

}  // namespace

int send(const Arguments& args) {
  const auto place = locate(args.common);
  if (!place) return fail(place.error());
  auto text = message_text(args.send);
  if (!text) {
    fmt::print(stderr, "Error: {}\n", text.error().message);
    return kExitUsage;
  }
  Sending sending(*place, args, std::move(*text));
  const auto answer = sending.run();
  if (!answer) return fail(answer.error());
  if (!answer->ok) {
    return fail({Errc::refused, fmt::format("The gateway refused the message: {} ({})",
                                            answer->message, answer->code)});
  }
  const bool without_run = is_without_run(*answer);
  if (!args.send.no_wait && !without_run) {
    return print_reply(*answer, sending.rest(), args.common.json);
  }
  if (args.common.json) {
    print_json(answer->payload);
    return kExitOk;
  }
  if (!without_run) return print_sent(*answer);
  if (const std::string said = command_text(*answer); !said.empty()) {
    fmt::print("{}\n", printable(said, true));
    return kExitOk;
  }
  fmt::print("Recorded; no agent run was started.\n");
  return kExitOk;
}

}  // namespace spine::cli
