// chat.* and channel.message: messages to sessions, their histories, and stopping what they
// started; sessions.send, sessions.steer and sessions.abort are the same by other names.
#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>
#include <unordered_map>
#include <vector>

#include "adapters/websocket/methods/agent_rows.h"
#include "adapters/websocket/methods/channel_message.h"
#include "adapters/websocket/methods/delivered_message.h"
#include "adapters/websocket/methods/methods.h"
#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/rows.h"
#include "schemas/vocab/uuid.h"

namespace spine::net {
namespace {

using core::ReplyCode;

// Of the rows of a page, as sent; the rest of the answer is about the session. A page has at least
// one row: a text that alone is more is cut.
constexpr std::size_t kRowsBytesMax = limits::kHistoryBytesMax - 64 * limits::kKiB;
constexpr std::size_t kRowsBytesMin = 4 * limits::kKiB;  // somebody may ask for

// Which part of a history is wanted.
struct Wanted {
  std::size_t bytes_max{kRowsBytesMax};
  std::size_t text_from{};  // of the newest row
};

// Rows of a page, rendered newest first until the payload is full.
struct RenderedRows {
  std::vector<std::string> newest_first{};
  Seq oldest{};
  bool cut{};  // older rows of the page did not fit
};

// Run keys by the seq of the message that asked, as far as the page knows them.
using RunKeys = std::unordered_map<std::uint64_t, std::string_view>;
RunKeys run_keys(const pipeline::HistoryItem& item) {
  RunKeys keys;
  for (const EventView& event : item.events) {
    if (!is_kind(event, fb::EventBody::MessageReceived)) continue;
    const auto& body = root_of<fb::MessageReceived>(event);
    keys.emplace(event.seq.value, text_of(body.idempotency_key()));
  }
  return keys;
}

// A row and what belongs to it.
struct Line {
  const EventView& event;
  std::string_view run_key{};
  Attached belongings{};
};

// The run key of a row. Another message may have stopped the run: the abort is then correlated with
// that message, and only the run's partial answer with its own.
std::string_view run_key_of(const Line& line, const RunKeys& keys) {
  const bool stopped = is_kind(line.event, fb::EventBody::RunAborted);
  const EventView* of_run = stopped ? line.belongings.partial_answer : &line.event;
  if (of_run == nullptr) return {};
  const auto found = keys.find(of_run->header.correlation);
  return found == keys.end() ? std::string_view{} : found->second;
}

std::string render_row(const Line& line, TextWindow shown) {
  std::string row;
  JsonWriter json{row};
  write_message(json, line.event, line.run_key, shown, line.belongings);
  return row;
}

// The newest row. Everybody can get past it, however large it is: its text is cut to fit the page.
std::string render_first(const Line& line, const Wanted& wanted) {
  TextWindow shown{.max = wanted.bytes_max,
                   .from = wanted.text_from,
                   .attachments_max = std::min(wanted.bytes_max / 4, limits::kMiB)};
  std::string row = render_row(line, shown);
  if (row.size() <= wanted.bytes_max) return row;
  shown.max = 0;
  const std::size_t frame = render_row(line, shown).size();
  shown.max = wanted.bytes_max - std::min(frame, wanted.bytes_max / 2);
  return render_row(line, shown);
}

RenderedRows render(const pipeline::HistoryItem& item, const Wanted& wanted) {
  RenderedRows rows{};
  const auto keys = run_keys(item);
  std::size_t bytes = 0;
  for (auto it = item.events.rbegin(); it != item.events.rend(); ++it) {
    Line line{.event = *it};
    while (std::next(it) != item.events.rend() && take_attached(*std::next(it), line.belongings))
      ++it;
    line.run_key = run_key_of(line, keys);
    const bool first = rows.newest_first.empty();
    // A row whose text this bound cuts does not fit the page, and is left out.
    std::string row =
        first ? render_first(line, wanted) : render_row(line, {.max = wanted.bytes_max});
    bytes += row.size() + 1;
    if (bytes > wanted.bytes_max && !first) {
      rows.cut = true;
      break;
    }
    rows.oldest = line.event.seq;
    rows.newest_first.push_back(std::move(row));
  }
  return rows;
}

void write_history(JsonWriter& json, const Responder& to, const pipeline::HistoryItem& item,
                   const Wanted& wanted) {
  const RenderedRows rows = render(item, wanted);
  json.array("messages", [&] {
    for (auto it = rows.newest_first.rbegin(); it != rows.newest_first.rend(); ++it)
      json.raw(*it);
  });
  if (item.found) {
    json.key("sessionInfo");
    write_session(json, to.net.config(), item.session, to.wall_ms());
  }
  const bool more = item.found && (item.more || rows.cut);
  write_defaults(json, "defaults", to.net.config());
  json.member("hasMore", more);
  json.member("totalMessages", item.found ? item.session.message_count : 0);
  if (more && rows.oldest) json.member("nextCursor", std::to_string(rows.oldest.value));
  json.member_raw("pendingInputs", "{\"items\":[],\"total\":0}");
}

// A cursor of chat.history is the seq of the oldest row seen.
std::uint64_t seq_of(std::string_view cursor) {
  std::uint64_t seq = 0;
  std::from_chars(cursor.data(), cursor.data() + cursor.size(), seq);
  return seq;
}

bool is_history_cursor(std::string_view text) {
  std::uint64_t seq = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
  return text.empty() || (error == std::errc{} && end == text.data() + text.size());
}

// chat.startup asks for what a client needs besides when it starts.
template <bool kStartup>
void history(Call& call) {
  const std::string_view asked = call.text("sessionKey");
  const Wanted wanted{
      .bytes_max = std::clamp<std::size_t>(call.number("maxBytes"), kRowsBytesMin, kRowsBytesMax),
      .text_from = call.number("textFrom")};
  call.ask({pipeline::input_kind::kQueryHistory, asked, call.number("limit"),
            seq_of(call.text("cursor"))},
           [asked = std::string{asked}, wanted](Responder& to, const pipeline::HistoryItem& item) {
             if (item.malformed) return to.refuse_key(asked);
             to.respond([&](JsonWriter& json) {
               // Without any: the session went while its history was read.
               json.member("sessionKey", item.found         ? item.session.key
                                         : item.key.empty() ? std::string_view{asked}
                                                            : item.key);
               if (kStartup && !to.about_past()) {
                 json.object("agentsList", [&] { write_agents_list(json, to.net.config()); });
                 json.object("metadata", [&] { write_chat_metadata(json, to.net.config()); });
               }
               if (item.found) json.member("sessionId", uuid_string(item.session.uuid));
               write_history(json, to, item, wanted);
             });
           });
}

// `key`: of the message, as it was sent or made up.
void answer_sent(Responder& to, std::string_view key, const pipeline::ReplyItem& item) {
  const ReplyCode code = item.reply.code;
  if (code != ReplyCode::in_flight && code != ReplyCode::done && code != ReplyCode::duplicate &&
      !to.accepted(item)) {
    return;
  }
  const bool started = code == ReplyCode::accepted && item.reply.run;
  to.respond([&](JsonWriter& json) {
    json.member("runId", item.run_key.empty() ? key : item.run_key);
    json.member("status", started ? "started" : code == ReplyCode::in_flight ? "in_flight" : "ok");
    json.member("messageSeq", item.reply.seq.value);
    // Ours: the message is recorded and nobody will answer it (/new, /reset, agent none).
    if (!item.reply.run) json.member("run", false);
    write_command(json, item);
    write_waits_behind(json, item, to.net.wall_ms);
  });
}

void send_message(Call& call, std::string_view session, fb::QueueMode queue_mode) {
  if (call.given("attachments") && call.list("attachments").size() != 0) {
    return call.complain("attachments", "must be empty (this gateway takes text only)");
  }
  std::string key{call.text("idempotencyKey")};
  if (key.empty()) key = uuid_string(as_uuid(call.net.entropy.next()));
  const bool delivered = wants_delivery(call);
  if (!call.params.ok()) return;
  if (delivered) {
    return submit_delivered(
        call,
        {.via = fb::MessageVia::chat,
         .session_key = std::string{session},
         .text = std::string{call.text("message")},
         .idempotency_key = key,
         .queue_mode = queue_mode},
        [key](Responder& to, const pipeline::ReplyItem& item) { answer_sent(to, key, item); });
  }
  const fb::EventBody kind = build_operator_message(call.net, call.slot,
                                                    {.via = fb::MessageVia::chat,
                                                     .session_key = session,
                                                     .text = call.text("message"),
                                                     .idempotency_key = key,
                                                     .queue_mode = queue_mode});
  call.submit(kind, [key = std::move(key)](Responder& to, const pipeline::ReplyItem& item) {
    answer_sent(to, key, item);
  });
}

void chat_send(Call& call) {
  send_message(call, call.text("sessionKey"), queue_mode_of(call.text("queueMode")));
}
void sessions_send(Call& call) {
  send_message(call, call.text("key"), queue_mode_of(call.text("queueMode")));
}
// OpenClaw's name of a message that interrupts what is being worked on.
void sessions_steer(Call& call) {
  send_message(call, call.text("key"), fb::QueueMode::interrupt);
}

// Of the session's open runs all, or the one that is named. `answer(json, aborted, run_key)` says
// which was stopped; empty = none was.
template <class Answer>
void abort_runs(Call& call, std::string_view session, Answer answer) {
  const pipeline::InputNames names{.session_key = session, .run_key = call.text("runId")};
  const fb::EventBody kind = call.net.build([](flatbuffers::FlatBufferBuilder& builder) {
    const auto none = builder.CreateVector(std::vector<std::uint64_t>{});  // all of the session
    return fb::CreateRunAborted(builder, none, fb::AbortReason::rpc);
  });
  call.submit(kind, names, [answer](Responder& to, const pipeline::ReplyItem& item) {
    const ReplyCode code = item.reply.code;
    if (code == ReplyCode::no_space || code == ReplyCode::malformed_key) {
      return to.refuse_reply(item);
    }
    const bool aborted = code == ReplyCode::accepted;
    to.respond([&](JsonWriter& json) {
      json.member("ok", true);
      answer(json, aborted, aborted ? item.run_key : std::string_view{});
    });
  });
}

void chat_abort(Call& call) {
  abort_runs(call, call.text("sessionKey"),
             [](JsonWriter& json, bool aborted, std::string_view run_key) {
               json.member("aborted", aborted);
               json.array("runIds", [&] {
                 if (!run_key.empty()) json.value(run_key);
               });
             });
}

void sessions_abort(Call& call) {
  abort_runs(call, call.text("key"), [](JsonWriter& json, bool aborted, std::string_view run_key) {
    json.member_or_null("abortedRunId", run_key);
    json.member("status", aborted ? "aborted" : "no-active-run");
  });
}

// Its parameters are read as the fast reader reads them, and not listed.
void channel_message(Call& call) {
  ChannelMessage message{};
  read_channel_message(call.params, message);
  if (call.params.ok()) accept_channel_message(call, message);
}

constexpr Param kMessage = required_text("message", limits::kTextBytesMax);
constexpr Param kRunId = optional_text("runId", limits::kIdempotencyKeyBytesMax);
constexpr Param kOptionalKey = optional_text("idempotencyKey", limits::kIdempotencyKeyBytesMax, 1);
constexpr Param kCursor{.name = "cursor",
                        .max = 32,
                        .fits = is_history_cursor,
                        .or_else = "must be a cursor of this gateway"};
constexpr ParamList kHistory{
    session_key("sessionKey"),
    number("limit", 1, limits::kHistoryMessagesMax, 200),
    kCursor,
    number("maxBytes", 1, kNumberMax, kRowsBytesMax),
    number("textFrom", 0, limits::kTextBytesMax, 0),
};

constexpr Method kChatMethods[]{
    {"chat.history", Scope::read, kHistory, history<false>, kPast},
    {"chat.startup", Scope::read, kHistory, history<true>, kPast},
    {"chat.metadata", Scope::read, {}, show_configured<write_chat_metadata>},
    {"chat.send",
     Scope::write,
     {session_key("sessionKey"), kQueueMode, kMessage,
      required_text("idempotencyKey", limits::kIdempotencyKeyBytesMax), list("attachments")},
     chat_send},
    {"sessions.send",
     Scope::write,
     {session_key("key"), kQueueMode, kMessage, kOptionalKey, list("attachments")},
     sessions_send},
    {"sessions.steer",
     Scope::write,
     {session_key("key"), kMessage, kOptionalKey, list("attachments")},
     sessions_steer},
    {"chat.abort", Scope::write, {session_key("sessionKey"), kRunId}, chat_abort},
    {"sessions.abort", Scope::write, {session_key("key"), kRunId}, sessions_abort},
    {"channel.message", Scope::write, {}, channel_message},
};

}  // namespace

std::span<const Method> chat_methods() {
  return kChatMethods;
}

}  // namespace spine::net
