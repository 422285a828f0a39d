// resume: the gap since a cursor from the journal, then live. Nothing is lost, and nothing comes
// twice: what the connection was told since its hello is left out, but for pushes of subscriptions
// it made before it asked. What a client with the cap "resume" gets is in order, too: it is told
// nothing before it asks.
#include <algorithm>
#include <charconv>
#include <string>

#include "adapters/websocket/entropy.h"
#include "adapters/websocket/events.h"
#include "adapters/websocket/health.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"

namespace spine::net {
namespace {

bool parse_hex(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  return error == std::errc{} && end == text.data() + text.size();
}

template <class T>
bool parse_decimal(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

bool parse_cursor(std::string_view text, Cursor& out) {
  constexpr std::size_t kEpochDigits = 32;
  if (text.size() < kEpochDigits + 4 || text[kEpochDigits] != '.') return false;
  const std::string_view rest = text.substr(kEpochDigits + 1);
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return false;
  return parse_hex(text.substr(0, 16), out.epoch.hi) &&
         parse_hex(text.substr(16, 16), out.epoch.lo) &&
         parse_decimal(rest.substr(0, dot), out.seq.value) &&
         parse_decimal(rest.substr(dot + 1), out.ordinal);
}

bool resumes(const Resuming& resuming, std::string_view session_key) {
  return resuming.sessions.empty() || session_key.empty() ||
         std::ranges::binary_search(resuming.sessions, session_key);
}

void append_cursor(std::string& out, const Cursor& cursor) {
  append_hex(out, cursor.epoch);
  out += '.';
  out += std::to_string(cursor.seq.value);
  out += '.';
  out += std::to_string(cursor.ordinal);
}

namespace handlers {
namespace {

constexpr std::uint64_t kSnapshotSessions = 100;

// From now on live events of those sessions, or of all, are for it too.
bool subscribe(Context& net, const Resuming& resuming, std::string_view id) {
  const std::uint32_t slot = resuming.slot;
  net.watch_sessions(slot);
  if (resuming.sessions.empty()) {
    net.hub.table.set(slot, connection_flag::kAllSessions);
    return true;
  }
  std::vector<std::string>& keys = net.hub.table.client[slot]->keys;
  for (const std::string& key : resuming.sessions) {
    if (std::ranges::find(keys, key) != keys.end()) continue;
    if (keys.size() >= limits::kSubscribedKeysMax ||
        net.subscribed_keys >= limits::kSubscribedKeysAllMax) {
      refuse_invalid(net, slot, id, "too many subscriptions");
      return false;
    }
    keys.push_back(key);
    ++net.subscribed_keys;
  }
  return true;
}

// As they were typed.
void read_sessions(Call& call, pipeline::KeyList& out) {
  simdjson::dom::array sessions;
  if (!call.params.array("sessions", sessions)) return;
  if (sessions.size() > limits::kSubscribedKeysMax) {
    return call.params.complain("sessions", "must NOT have more than 1024 items");
  }
  for (const simdjson::dom::element element : sessions) {
    std::string_view key;
    if (element.get(key) != simdjson::SUCCESS || key.empty() || key.size() > limits::kKeyBytesMax) {
      return call.params.complain("sessions", "items must be session keys");
    }
    out.add(key);
  }
}

// Tells what the follower found, until as much is sent as a page may hold: what it found is bounded
// as it lies in the journal, and one event is several pushes. Returns the last seq that is done.
Seq tell_page(Context& net, Resuming& resuming, const pipeline::GapItem& item) {
  resuming.page_bytes = 0;
  Seq told{};
  for (const pipeline::EventItem& event : item.events) {
    if (resuming.page_full() && event.event.seq != told) return told;
    net.events->past_event(resuming, event);
    told = event.event.seq;
  }
  return item.upto;
}

void ask_gap(Context& net, std::uint32_t slot, std::uint64_t number, Seq from) {
  net.query(pipeline::input_kind::kQueryGap, slot, number, {}, from.value);
}

// What the answer to a pending resume's question about sessions is.
enum ResumeStep : std::uint8_t { kSnapshot, kKeys };

void begin_resume(Context& net, std::uint32_t slot, std::uint64_t number,
                  std::unique_ptr<Resuming> resuming) {
  PendingRequest& request = net.pending.at(number);
  request.step = kSnapshot;
  if (!subscribe(net, *resuming, request.id())) return net.pending.remove(number);
  net.hub.table.unset(slot, connection_flag::kAwaitsResume);
  if (resuming->from.epoch != net.shared.epoch) {
    return net.query(pipeline::input_kind::kQuerySessions, slot, number, {}, 0, kSnapshotSessions);
  }
  resuming->live_from = Seq{net.hub.table.told_from[slot]};
  resuming->live_to = net.last_live;
  // The event of the cursor itself is asked for: later pushes of it may be missing.
  const Seq from = resuming->from.seq;
  net.hub.table.set(slot, connection_flag::kResuming);
  net.resuming.emplace(slot, std::move(resuming));
  ask_gap(net, slot, number, from);
}

}  // namespace

void resume(Call& call) {
  const std::string_view text = call.params.text("cursor", {.required = true, .bytes_max = 128});
  auto resuming = std::make_unique<Resuming>();
  resuming->slot = call.slot;
  pipeline::KeyList sessions;
  read_sessions(call, sessions);
  if (call.valid() && !parse_cursor(text, resuming->from)) {
    call.params.complain("cursor", "must be a cursor of this gateway");
  }
  if (!call.valid()) return;
  if (call.net.resuming.contains(call.slot)) {
    return refuse_invalid(call.net, call.slot, call.id, "a resume is already under way");
  }
  const std::uint64_t number = call.pend();
  if (sessions.view().empty()) {
    return begin_resume(call.net, call.slot, number, std::move(resuming));
  }
  PendingRequest& request = call.net.pending.at(number);
  request.step = kKeys;
  request.extra().text = text;
  call.net.watch_sessions(call.slot);
  call.net.query(pipeline::input_kind::kResolveKeys, call.slot, number, sessions.view());
}

void on_resume_gap(Answer& answer, const pipeline::GapItem& item) {
  Context& net = answer.net;
  const auto at = net.resuming.find(answer.slot);
  SPINE_CHECK(at != net.resuming.end());
  if (at->second->from.seq > item.head) {
    // Not yet written, or not any more: the journal is not the one the client knows.
    net.hub.table.unset(answer.slot, connection_flag::kResuming);
    net.resuming.erase(at);
    answer.keep = true;
    return net.query(pipeline::input_kind::kQuerySessions, answer.slot, answer.number, {}, 0,
                     kSnapshotSessions);
  }
  Seq upto = tell_page(net, *at->second, item);
  if (!net.hub.writable(answer.slot)) return;
  // What came after the question was asked is still at hand, or the journal is asked again.
  if (upto < item.head || !net.recent.tell_after(*net.events, *at->second, upto)) {
    ask_gap(net, answer.slot, answer.number, next(upto));
    answer.keep = true;
    return;
  }
  if (!net.hub.writable(answer.slot)) return;
  net.hub.table.unset(answer.slot, connection_flag::kResuming);
  at->second->runs.for_each([&net](RunId id, const LiveRun& run) {
    LiveRun* live = net.runs.watch(id, run.key, run.session_key, run.agent_id);
    if (live != nullptr) live->seq = std::max(live->seq, run.seq);
  });
  std::string cursor;
  append_cursor(cursor, {.epoch = net.shared.epoch, .seq = upto, .ordinal = kWholeEvent});
  Response response{net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("recovered", true);
  json.member("pushes", at->second->told);
  json.member("cursor", cursor);
  json.end_object();
  response.send();
  net.resuming.erase(at);
  if (net.resuming.empty()) net.recent.clear();
}

namespace {

// Which sessions the typed keys name: sorted, each once.
void on_resume_keys(Answer& answer, const pipeline::SessionsItem& item) {
  Context& net = answer.net;
  if (item.malformed) return refuse_key(net, answer.slot, answer.id(), {});
  if (net.resuming.contains(answer.slot)) {
    return refuse_invalid(net, answer.slot, answer.id(), "a resume is already under way");
  }
  auto resuming = std::make_unique<Resuming>();
  resuming->slot = answer.slot;
  parse_cursor(answer.request().extra().text, resuming->from);
  for (const core::SessionView& session : item.sessions)
    resuming->sessions.emplace_back(session.key);
  std::ranges::sort(resuming->sessions);
  // (clang 14 cannot compile what std::ranges::unique gives.)
  std::vector<std::string>& sessions = resuming->sessions;
  sessions.erase(std::unique(sessions.begin(), sessions.end()), sessions.end());
  answer.keep = true;
  begin_resume(net, answer.slot, answer.number, std::move(resuming));
}

}  // namespace

void on_resume_sessions(Answer& answer, const pipeline::SessionsItem& item) {
  if (answer.request().step == kKeys) return on_resume_keys(answer, item);
  // Another journal: what the client knows is of no use. It gets what there is now.
  Context& net = answer.net;
  Response response{net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("recovered", false);
  json.member("reason", "the cursor is of another journal");
  std::string cursor;
  append_cursor(cursor, {.epoch = net.shared.epoch, .seq = item.as_of, .ordinal = kWholeEvent});
  json.member("cursor", cursor);
  json.key("snapshot");
  json.begin_object();
  json.key("sessions");
  json.begin_array();
  for (const core::SessionView& session : item.sessions)
    write_session(json, net.config(), session, net.wall_ms);
  json.end_array();
  json.member("totalCount", item.total);
  json.key("presence");
  write_presence(net, json);
  json.end_object();
  json.end_object();
  response.send();
}

}  // namespace handlers
}  // namespace spine::net
