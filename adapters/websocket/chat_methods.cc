// chat.history and chat.abort.
#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>
#include <unordered_map>
#include <vector>

#include "adapters/websocket/agent_rows.h"
#include "adapters/websocket/inputs.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"

namespace spine::net::handlers {
namespace {

using core::ReplyCode;

constexpr TextRule kSessionKey{.required = true, .bytes_min = 1, .bytes_max = limits::kKeyBytesMax};
// Of the rows of a page, as sent; the rest of the answer is about the session. A page has at least
// one row: a text that alone is more is cut.
constexpr std::size_t kRowsBytesMax = limits::kHistoryBytesMax - 64 * limits::kKiB;
constexpr std::size_t kRowsBytesMin = 4 * limits::kKiB;  // somebody may ask for

// What of a history is wanted.
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
    if (event.header.kind != static_cast<std::uint16_t>(fb::EventBody::MessageReceived)) continue;
    const auto& body = *flatbuffers::GetRoot<fb::MessageReceived>(event.body.data());
    keys.emplace(event.seq.value, text_of(body.idempotency_key()));
  }
  return keys;
}

// A row and what belongs to it.
struct Line {
  const EventView& event;
  std::string_view run_key{};
  Belongings belongings{};
};

// What stopped a run may be another message, from which that end follows then; what the run had
// written follows from its own.
std::string_view run_key_of(const Line& line, const RunKeys& keys) {
  const bool stopped =
      line.event.header.kind == static_cast<std::uint16_t>(fb::EventBody::RunAborted);
  const EventView* of_run = stopped ? line.belongings.partial_answer : &line.event;
  if (of_run == nullptr) return {};
  const auto found = keys.find(of_run->header.correlation);
  return found == keys.end() ? std::string_view{} : found->second;
}

std::string render_row(const Line& line, TextWindow shown) {
  std::string row;
  http::JsonWriter json{row};
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
    while (std::next(it) != item.events.rend() && take_belonging(*std::next(it), line.belongings))
      ++it;
    line.run_key = run_key_of(line, keys);
    const bool first = rows.newest_first.empty();
    // One that is cut here does not fit, and is left out.
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

void write_history(http::JsonWriter& json, Context& net, const pipeline::HistoryItem& item,
                   const Wanted& wanted) {
  const RenderedRows rows = render(item, wanted);
  json.key("messages");
  json.begin_array();
  for (auto it = rows.newest_first.rbegin(); it != rows.newest_first.rend(); ++it)
    json.raw(*it);
  json.end_array();
  if (item.found) {
    json.key("sessionInfo");
    write_session(json, net.config(), item.session, net.wall_ms);
  }
  const bool more = item.found && (item.more || rows.cut);
  json.key("defaults");
  write_defaults(json, net.config());
  json.member("hasMore", more);
  json.member("totalMessages", item.found ? item.session.message_count : 0);
  if (more && rows.oldest) json.member("nextCursor", std::to_string(rows.oldest.value));
  json.member_raw("pendingInputs", "{\"items\":[],\"total\":0}");
}

// A cursor of chat.history is the seq of the oldest row seen. False when it is none of ours.
bool read_cursor(std::string_view text, std::uint64_t& before) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), before);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

void chat_history(Call& call) {
  const std::string_view asked = call.params.text("sessionKey", kSessionKey);
  const std::int64_t limit = call.params.integer(
      "limit",
      {.min = 1, .max = static_cast<std::int64_t>(limits::kHistoryMessagesMax), .otherwise = 200});
  const std::string_view cursor = call.params.text("cursor", {.bytes_max = 32});
  std::uint64_t before = 0;
  if (!cursor.empty() && !read_cursor(cursor, before)) {
    call.params.complain("cursor", "must be a cursor of this gateway");
  }
  const std::int64_t bytes_max =
      call.params.integer("maxBytes", {.min = 1,
                                       .max = std::int64_t{1} << 53,
                                       .otherwise = static_cast<std::int64_t>(kRowsBytesMax)});
  const std::int64_t text_from = call.params.integer(
      "textFrom", {.min = 0, .max = static_cast<std::int64_t>(limits::kTextBytesMax)});
  if (!call.valid()) return;
  const std::uint64_t number = call.pend();
  PendingMore& more = call.net.pending.at(number).extra();
  more.text = asked;
  more.a = std::clamp(static_cast<std::size_t>(bytes_max), kRowsBytesMin, kRowsBytesMax);
  more.b = static_cast<std::uint64_t>(text_from);
  call.net.query(pipeline::input_kind::kQueryHistory, call.slot, number, asked,
                 static_cast<std::uint64_t>(limit), before);
}

void on_chat_history(Answer& answer, const pipeline::HistoryItem& item) {
  Context& net = answer.net;
  const std::string& asked = answer.request().extra().text;
  if (item.malformed) return refuse_key(net, answer.slot, answer.id(), asked);
  Response response{net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  // Without any: the session went while its history was read.
  json.member("sessionKey", item.found         ? item.session.key
                            : item.key.empty() ? std::string_view{asked}
                                               : item.key);
  if (answer.request().method->name == "chat.startup") {
    json.key("agentsList");
    write_agents_list(json, net.config());
    json.key("metadata");
    write_chat_metadata(json, net.config());
  }
  if (item.found) {
    std::string uuid;
    append_uuid(uuid, item.session.uuid);
    json.member("sessionId", uuid);
  }
  const PendingMore& more = answer.request().extra();
  write_history(json, net, item, {.bytes_max = more.a, .text_from = more.b});
  json.end_object();
  response.send();
}

namespace {

// Of the session's open runs all, or the one that is named.
void hand_in_abort(Call& call, std::string_view asked) {
  const std::string_view run =
      call.params.text("runId", {.bytes_max = limits::kIdempotencyKeyBytesMax});
  if (!call.valid()) return;
  build_run_aborted(call.net, {});
  call.net.push(fb::EventBody::RunAborted, call.slot, call.pend(),
                {.session_key = asked, .run_key = run});
}

// {ok, abortedRunId, status}: what sessions.abort says.
void answer_session_aborted(Answer& answer, bool aborted, std::string_view run_key) {
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("ok", true);
  json.key("abortedRunId");
  if (aborted && !run_key.empty()) {
    json.value(run_key);
  } else {
    json.null();
  }
  json.member("status", aborted ? "aborted" : "no-active-run");
  json.end_object();
  response.send();
}

void answer_aborted(Answer& answer, bool aborted, std::string_view run_key) {
  if (answer.request().method->name == "sessions.abort") {
    return answer_session_aborted(answer, aborted, run_key);
  }
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("ok", true);
  json.member("aborted", aborted);
  json.key("runIds");
  json.begin_array();
  if (aborted && !run_key.empty()) json.value(run_key);
  json.end_array();
  json.end_object();
  response.send();
}

}  // namespace

void chat_abort(Call& call) {
  hand_in_abort(call, call.params.text("sessionKey", kSessionKey));
}

void sessions_abort(Call& call) {
  hand_in_abort(call, call.params.text("key", kSessionKey));
}

void on_chat_abort(Answer& answer, const pipeline::ReplyItem& item) {
  const ReplyCode code = item.reply.code;
  if (code == ReplyCode::no_space || code == ReplyCode::malformed_key) {
    return refuse_reply(answer, item);
  }
  answer_aborted(answer, code == ReplyCode::accepted, item.run_key);
}

}  // namespace spine::net::handlers
