// What is told of a run: its start, its attempts, its pieces, its tools, its end.
#include "adapters/websocket/pushes/run_pushes.h"

#include <algorithm>
#include <simdjson.h>
#include <string>
#include <utility>
#include <vector>

#include "adapters/websocket/protocol/rows.h"
#include "adapters/websocket/pushes/session_pushes.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"

namespace spine::net {

using pipeline::EventItem;

namespace {

LiveRun* live_run(Events& to, const EventItem& item) {
  if (!item.has_run) return nullptr;
  const std::string_view session = item.has_session ? item.session.key : std::string_view{};
  const auto watch = [&](WatchedRuns& runs) {
    return runs.watch(item.run.id, item.run.key, session, item.run.agent_id);
  };
  if (to.resuming() == nullptr) return watch(to.net.runs);
  LiveRun* run = watch(to.resuming()->runs);
  if (run == nullptr || run->seq != 0) return run;
  // The seq of a run only grows: continues above that of its live pushes.
  const LiveRun* live = to.net.runs.find(item.run.id);
  const std::uint64_t attempt = std::max<std::uint64_t>(item.run.attempt, 1);
  run->seq = live == nullptr ? attempt * LiveRun::kPastSeq : live->seq;
  return run;
}

// Members of an agent event; `write()` writes those of its data.
template <class Write>
void write_agent(const Events& to, JsonWriter& json, const LiveRun& run, std::string_view stream,
                 Write write) {
  json.member("runId", run.key);
  json.member("sessionKey", run.session_key);
  json.member("agentId", run.agent_id);
  json.member("seq", run.seq);
  json.member("ts", to.net.wall_ms);
  json.member("stream", stream);
  json.object("data", [&] { write(json); });
}

// The run's seq goes up.
template <class Write>
void push_agent(Events& to, const EventItem& item, LiveRun& run, std::string_view stream,
                Write write, Audience audience = Audience::all) {
  ++run.seq;
  to.push("agent", item, audience, run.session_key,
          [&](JsonWriter& json) { write_agent(to, json, run, stream, write); });
}

// To who can show tools, and to who watches sessions.
template <class Write>
void push_tool(Events& to, const EventItem& item, LiveRun& run, Write write) {
  push_agent(to, item, run, "tool", write, Audience::tools);
  to.push("session.tool", item, Audience::session_tools, run.session_key, [&](JsonWriter& json) {
    write_agent(to, json, run, "tool", write);
    if (!item.has_session) return;
    json.key("session");
    write_session(json, to.net.config(), item.session, to.net.wall_ms);
  });
}

// `write(json)` writes the members that follow the common ones.
template <class Write>
void write_chat(JsonWriter& json, const LiveRun& run, std::string_view state, Write write) {
  json.member("runId", run.key);
  json.member("sessionKey", run.session_key);
  json.member("agentId", run.agent_id);
  json.member("seq", run.seq);
  json.member("state", state);
  write(json);
}

template <class Write>
void push_chat(Events& to, const EventItem& item, const LiveRun& run, std::string_view state,
               Write write) {
  to.push("chat", item, Audience::all, run.session_key,
          [&](JsonWriter& json) { write_chat(json, run, state, write); });
}

template <class Write>
void push_lifecycle(Events& to, const EventItem& item, LiveRun& run, std::string_view phase,
                    Write more) {
  push_agent(to, item, run, "lifecycle", [&](JsonWriter& json) {
    json.member("phase", phase);
    more(json);
  });
}

// Pushes the whole text as if it were one piece. No cursor: the push of the end has one.
void push_answer_once(Events& to, LiveRun& run, std::string_view text, Seq seq) {
  ++run.seq;
  to.push("agent", {}, Audience::all, run.session_key, [&](JsonWriter& json) {
    write_agent(to, json, run, "assistant", [&](JsonWriter& data) {
      const std::string_view shown = cut_escaped(text, kPushed.max);
      data.member("text", shown);
      data.member("delta", shown);
      write_cut(data, text, shown, seq);
      if (run.replace) data.member("replace", true);
    });
  });
}

// The run is over: answers the requests that wait for it, and drops its row.
void forget(Events& to, const EventItem& item, const LiveRun& run) {
  if (to.resuming() != nullptr) return to.resuming()->runs.forget(item.run.id);
  answer_waiters(to.net, run.key, item.event);
  to.net.runs.forget(item.run.id);
}

// The same, but keeps the end, to answer those that wait for runs merged into it, reported later.
void ended(Events& to, const EventItem& item, const LiveRun& run) {
  if (to.resuming() != nullptr) return forget(to, item, run);
  answer_waiters(to.net, run.key, item.event);
  to.net.runs.keep_end(item.run.id, item.event);
  to.net.runs.forget(item.run.id);
}

void run_queued(Events& to, const EventItem& item) {
  live_run(to, item);
}

// Another attempt is the same run to clients: it has started already.
void run_started(Events& to, const EventItem& item) {
  LiveRun* run = live_run(to, item);
  if (run == nullptr) return;
  const std::uint16_t attempt = root_of<fb::RunStarted>(item.event).attempt();
  push_changed(to, item, "start", "", run->key);
  if (attempt <= 1) {
    return push_lifecycle(to, item, *run, "start", [&](JsonWriter& json) {
      json.member("startedAt", item.event.header.wall_ms);
    });
  }
  // After a restart the earlier numbers are not known: starts above them, as seq must only grow.
  if (run->seq == 0) run->seq = attempt * LiveRun::kPastSeq;
  if (to.resuming() == nullptr) to.net.runs.start_over(*run);
  push_agent(to, item, *run, "run_status", [&](JsonWriter& json) {
    json.member("phase", "retrying");
    json.member("attempt", attempt);
    json.member("message", "Trying again (attempt " + std::to_string(attempt) + ")");
  });
  push_chat(to, item, *run, "status",
            [&](JsonWriter& json) { json.member("phase", "starting_model"); });
}

// The attempt is over, the run is not: another attempt follows, or the run fails. Its text stays
// until another attempt starts: if the run fails, that is all there is.
void run_interrupted(Events& to, const EventItem& item) {
  LiveRun* run = live_run(to, item);
  if (run == nullptr) return;
  const auto& body = root_of<fb::RunInterrupted>(item.event);
  push_agent(to, item, *run, "run_status", [&](JsonWriter& json) {
    json.member("phase", "interrupted");
    json.member("reason", fb::EnumNameInterruptReason(body.reason()));
    json.member_if("message", text_of(body.message()));
  });
}

void run_finished(Events& to, const EventItem& item) {
  LiveRun* run = live_run(to, item);
  if (run == nullptr) return;
  const auto& body = root_of<fb::RunFinished>(item.event);
  const std::string_view text = text_of(body.text());
  // Nothing was shown while it was written: clients still expect the text on the stream once.
  if (run->text.empty() && !text.empty()) push_answer_once(to, *run, text, item.event.seq);
  push_lifecycle(to, item, *run, "end",
                 [&](JsonWriter& json) { json.member("endedAt", item.event.header.wall_ms); });
  push_message(to, item, run->key);
  push_changed(to, item, "end", "", run->key);
  const std::string_view stop = text_of(body.stop_reason());
  push_chat(to, item, *run, "final", [&](JsonWriter& json) {
    json.member("stopReason", stop.empty() ? std::string_view{"stop"} : stop);
    json.key("message");
    write_message(json, item.event, run->key, kPushed);
  });
  ended(to, item, *run);
}

void run_failed(Events& to, const EventItem& item) {
  LiveRun* run = live_run(to, item);
  if (run == nullptr) return;
  const auto& body = root_of<fb::RunFailed>(item.event);
  const std::string error = failure_text(body);
  push_lifecycle(to, item, *run, "error", [&](JsonWriter& json) { json.member("error", error); });
  push_changed(to, item, "end", "", run->key);
  push_chat(to, item, *run, "error", [&](JsonWriter& json) {
    json.member("errorMessage", error);
    json.member("errorKind", error_kind_name(body.kind()));
    if (run->text.empty()) return;
    json.key("message");
    write_assistant_text(json, run->text, item.event.header.wall_ms, kPushed);
  });
  ended(to, item, *run);
}

// One item per run that was stopped.
void run_aborted(Events& to, const EventItem& item) {
  LiveRun* run = live_run(to, item);
  if (run == nullptr) return;
  const auto& body = root_of<fb::RunAborted>(item.event);
  push_lifecycle(to, item, *run, "end", [&](JsonWriter& json) { json.member("aborted", true); });
  push_changed(to, item, "end", "", run->key);
  push_chat(to, item, *run, "aborted", [&](JsonWriter& json) {
    json.member("stopReason", abort_reason_name(body.reason()));
    json.key("message");
    write_assistant_text(json, run->text, item.event.header.wall_ms, kPushed);
  });
  ended(to, item, *run);
}

// One item per run whose message another run answers. For clients it is over: a final without a
// message says that nothing more comes under its runId. Several runs may merge into one, which
// stays the last kept end.
void run_merged(Events& to, const EventItem& item) {
  LiveRun* run = live_run(to, item);
  if (run == nullptr) return;
  const RunId into{root_of<fb::RunsMerged>(item.event).into()};
  const LiveRun* answering = to.net.runs.find(into);
  push_lifecycle(to, item, *run, "end", [&](JsonWriter& json) {
    json.member("endedAt", item.event.header.wall_ms);
    if (answering != nullptr) json.member("mergedInto", answering->key);
  });
  push_changed(to, item, "end", "", run->key);
  push_chat(to, item, *run, "final",
            [&](JsonWriter& json) { json.member("stopReason", "merged"); });
  if (to.resuming() == nullptr) {
    if (const EventView* end = to.net.runs.kept_end(into)) {
      answer_waiters(to.net, run->key, *end);
    } else if (answering != nullptr) {
      to.net.runs.merge(run->key, answering->key);
    }
  }
  forget(to, item, *run);
}

// To clients it is a run that ends as soon as it began, under the name that its sender gave it.
void command_answered(Events& to, const EventItem& item) {
  if (!item.has_session) return;
  LiveRun run{.key = std::string{item.message_key},
              .session_key = std::string{item.session.key},
              .agent_id = std::string{item.session.agent_id}};
  if (run.key.empty()) run.key = "command-" + std::to_string(item.event.seq.value);
  const std::string_view text = text_of(root_of<fb::CommandAnswered>(item.event).text());
  const std::int64_t at = item.event.header.wall_ms;
  push_changed(to, item, "start", "", run.key);
  push_lifecycle(to, item, run, "start", [&](JsonWriter& json) { json.member("startedAt", at); });
  push_answer_once(to, run, text, item.event.seq);
  push_lifecycle(to, item, run, "end", [&](JsonWriter& json) { json.member("endedAt", at); });
  push_message(to, item, run.key);
  push_changed(to, item, "end", "", run.key);
  push_chat(to, item, run, "final", [&](JsonWriter& json) {
    json.member("stopReason", "stop");
    json.key("message");
    write_message(json, item.event, run.key);
  });
  if (to.resuming() == nullptr) answer_waiters(to.net, run.key, item.event);
}

// Agents write the arguments: what is no JSON goes on as a text.
std::string json_or_text(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  const bool is_json = parser.parse(text.data(), text.size()).get(value) == simdjson::SUCCESS;
  return is_json ? simdjson::minify(value) : json_string(text);
}

void tool_called(Events& to, const EventItem& item) {
  LiveRun* run = live_run(to, item);
  if (run == nullptr) return;
  const auto& body = root_of<fb::ToolCalled>(item.event);
  const std::string_view arguments = text_of(body.arguments());
  const std::string args = arguments.empty() ? "{}" : json_or_text(arguments);
  push_tool(to, item, *run, [&](JsonWriter& json) {
    json.member("phase", "start");
    json.member("name", text_of(body.name()));
    json.member("toolCallId", text_of(body.call_id()));
    json.member_if("title", text_of(body.title()));
    json.member_raw("args", args);
    // Too large for the event: the journal has them.
    if (arguments.empty() && body.arguments_bytes() != 0) {
      json.member("argsBytes", body.arguments_bytes());
    }
  });
}

void tool_returned(Events& to, const EventItem& item) {
  LiveRun* run = live_run(to, item);
  if (run == nullptr) return;
  const auto& body = root_of<fb::ToolReturned>(item.event);
  const std::string_view result = text_of(body.result());
  const bool elsewhere = result.empty() && body.result_bytes() != 0;
  push_tool(to, item, *run, [&](JsonWriter& json) {
    json.member("phase", "result");
    json.member("name", text_of(body.name()));
    json.member("toolCallId", text_of(body.call_id()));
    json.member("isError", body.is_error());
    json.member("durationMs", body.duration_ms());
    json.object("result", [&] {
      json.array("content", [&] {
        if (!elsewhere) return write_text_part(json, result);
        write_text_part(json, "(" + std::to_string(body.result_bytes()) +
                                  " bytes: too long to be shown here, the journal has them)");
      });
    });
    if (elsewhere) json.member("resultBytes", body.result_bytes());
  });
}

constexpr Renderer kRunPushes[]{
    {fb::EventBody::RunQueued, run_queued},
    {fb::EventBody::RunStarted, run_started},
    {fb::EventBody::RunInterrupted, run_interrupted},
    {fb::EventBody::RunFinished, run_finished},
    {fb::EventBody::RunFailed, run_failed},
    {fb::EventBody::RunAborted, run_aborted},
    {fb::EventBody::RunsMerged, run_merged},
    {fb::EventBody::CommandAnswered, command_answered},
    {fb::EventBody::ToolCalled, tool_called},
    {fb::EventBody::ToolReturned, tool_returned},
};

// Slots that missed pieces, and whose backlog is small enough again to get the whole text.
using CaughtUp = std::vector<std::uint32_t>;

// Adds the slow consumers to run.behind; removes and returns those that have caught up.
CaughtUp leave_behind(const Context& net, LiveRun& run) {
  CaughtUp caught_up;
  std::erase_if(run.behind, [&](std::uint32_t slot) {
    if (net.hub.backlog(slot) > limits::kDeltaBacklogBytesMax / 2) return false;
    caught_up.push_back(slot);
    return true;
  });
  for (const std::uint32_t slot : net.interested) {
    if (net.hub.backlog(slot) <= limits::kDeltaBacklogBytesMax) continue;
    if (std::ranges::find(run.behind, slot) == run.behind.end()) run.behind.push_back(slot);
  }
  return caught_up;
}

// One push to the slots for which is_for(slot) holds. Not journalled, so it has no cursor.
template <class IsFor, class Write>
void push_part(Events& to, std::string_view name, const LiveRun& run, IsFor is_for, Write write) {
  Push push{to.net, name};
  push.json().object([&] { write(push.json()); });
  for (const std::uint32_t slot : to.net.interested) {
    if (is_for(slot) && to.may_be_told(slot, Audience::all, run.session_key)) push.to(slot);
  }
}

// A piece may be large: some agents write their answer at once. It is pushed in parts of at most
// kPushed.max, so clients that concatenate get all of it; the text so far is cut to that size.
template <class IsFor>
void push_piece(Events& to, LiveRun& run, std::string_view piece, bool replace, IsFor is_for) {
  do {
    const std::string_view part = cut_escaped(piece, kPushed.max);
    ++run.seq;
    push_part(to, "agent", run, is_for, [&](JsonWriter& json) {
      write_agent(to, json, run, "assistant", [&](JsonWriter& data) {
        const std::string_view shown = cut_escaped(run.text, kPushed.max);
        data.member("text", shown);
        data.member("delta", part);
        write_cut(data, run.text, shown, Seq{});
        if (replace) data.member("replace", true);
      });
    });
    push_part(to, "chat", run, is_for, [&](JsonWriter& json) {
      write_chat(json, run, "delta", [&](JsonWriter& members) {
        members.member("deltaText", part);
        if (replace) members.member("replace", true);
        members.key("message");
        write_assistant_text(members, run.text, to.net.wall_ms, kPushed);
      });
    });
    piece.remove_prefix(part.size());
    replace = false;
  } while (!piece.empty());
}

}  // namespace

std::span<const Renderer> run_pushes() {
  return kRunPushes;
}

void push_delta(Events& to, const pipeline::DeltaItem& item) {
  LiveRun* run = to.net.runs.watch(item.run, item.run_key, item.session_key, item.agent_id);
  if (run == nullptr) return;
  if (run->seq == 0) {
    // Its start was not seen here, perhaps because of a restart: earlier pieces may be missing.
    run->seq = std::max<std::uint64_t>(item.attempt, 1) * LiveRun::kPastSeq;
    run->replace = true;
  }
  // Each delta repeats the text so far; a very long text comes only with the final message.
  if (!to.net.runs.append_text(*run, item.piece)) return;
  const CaughtUp caught_up = leave_behind(to.net, *run);
  const auto among = [](const std::vector<std::uint32_t>& slots, std::uint32_t slot) {
    return std::ranges::find(slots, slot) != slots.end();
  };
  const bool replace = std::exchange(run->replace, false);
  push_piece(to, *run, item.piece, replace, [&](std::uint32_t slot) {
    return !among(caught_up, slot) && !among(run->behind, slot);
  });
  if (caught_up.empty()) return;
  push_piece(to, *run, run->text, true, [&](std::uint32_t slot) { return among(caught_up, slot); });
}

}  // namespace spine::net
