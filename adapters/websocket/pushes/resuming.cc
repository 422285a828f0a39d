// resume: the gap since a cursor from the journal, then live. Nothing is lost, and nothing comes
// twice: what the connection was told since its hello is left out, but for pushes of subscriptions
// it made before it asked. What a client with the cap "resume" gets is in order, too: it is told
// nothing before it asks.
#include "adapters/websocket/pushes/resuming.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "adapters/websocket/protocol/health.h"
#include "adapters/websocket/protocol/method.h"
#include "adapters/websocket/protocol/rows.h"
#include "adapters/websocket/pushes/events.h"

namespace spine::net {

bool resumes(const Resuming& resuming, std::string_view session_key) {
  return resuming.sessions.empty() || session_key.empty() ||
         std::ranges::binary_search(resuming.sessions, session_key);
}

void RecentEvents::add(Seq seq, ByteSpan payload) {
  Row row{.seq = seq, .bytes = payload.size()};
  row.words.resize(align8(payload.size()) / 8);
  std::memcpy(row.words.data(), payload.data(), payload.size());
  bytes_ += payload.size();
  rows_.push_back(std::move(row));
  while (bytes_ > limits::kRecentBytesMax) {
    dropped_ = rows_.front().seq;
    bytes_ -= rows_.front().bytes;
    rows_.pop_front();
  }
}

void RecentEvents::clear() {
  rows_.clear();
  bytes_ = 0;
  dropped_ = Seq{};
}

bool RecentEvents::tell_after(Events& events, Resuming& resuming, Seq& upto) const {
  if (upto < dropped_) return false;
  const Seq from = upto;
  for (const Row& row : rows_) {
    if (!(from < row.seq)) continue;
    if (resuming.page_full() && row.seq != upto) return false;
    pipeline::EventItem item{};
    pipeline::read({reinterpret_cast<const std::byte*>(row.words.data()), row.bytes}, item);
    events.past_event(resuming, item);
    upto = row.seq;
  }
  return true;
}

namespace {

namespace input_kind = pipeline::input_kind;

constexpr std::uint64_t kSnapshotSessions = 100;

bool is_cursor(std::string_view text) {
  Cursor cursor;
  return parse_cursor(text, cursor);
}

// Subscribes it to live events of those sessions, or of all.
bool subscribe(const Responder& to, const Resuming& resuming) {
  Context& net = to.net;
  net.watch_sessions(to.slot);
  if (resuming.sessions.empty()) {
    net.hub.table.set(to.slot, connection_flag::kAllSessions);
    return true;
  }
  std::vector<std::string>& keys = net.hub.table.client[to.slot]->keys;
  for (const std::string& key : resuming.sessions) {
    if (std::ranges::find(keys, key) != keys.end()) continue;
    if (keys.size() >= limits::kSubscribedKeysMax ||
        net.subscribed_keys >= limits::kSubscribedKeysAllMax) {
      to.refuse("too many subscriptions");
      return false;
    }
    keys.push_back(key);
    ++net.subscribed_keys;
  }
  return true;
}

// The keys as they were typed: the engine resolves them.
void read_sessions(Call& call, pipeline::KeyList& out) {
  if (!call.given("sessions")) return;
  const simdjson::dom::array sessions = call.list("sessions");
  if (sessions.size() > limits::kSubscribedKeysMax) {
    return call.complain("sessions", "must NOT have more than 1024 items");
  }
  for (const simdjson::dom::element element : sessions) {
    std::string_view key;
    if (element.get(key) != simdjson::SUCCESS || key.empty() || key.size() > limits::kKeyBytesMax) {
      return call.complain("sessions", "items must be session keys");
    }
    out.add(key);
  }
}

// Pushes the events the follower found, until the page is full: its answer is bounded by bytes in
// the journal, but one event is several pushes. Returns the last seq that was pushed.
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

// The cursor is of another journal, or of lost events: the client gets a snapshot of now instead.
void tell_snapshot(const Responder& client) {
  client.ask({.kind = input_kind::kQuerySessions, .b = kSnapshotSessions},
             [](Responder& to, const pipeline::SessionsItem& item) {
               Context& net = to.net;
               to.respond([&](JsonWriter& json) {
                 json.member("recovered", false);
                 json.member("reason", "the cursor is of another journal");
                 json.member("cursor", cursor_text(net.shared.cursor_epoch, item.as_of));
                 json.object("snapshot", [&] {
                   json.array("sessions", item.sessions, [&](const core::SessionView& session) {
                     write_session(json, net.config(), session, net.wall_ms);
                   });
                   json.member("totalCount", item.total);
                   json.key("presence");
                   write_presence(net, json);
                 });
               });
             });
}

void end_resume(const Responder& to, Resuming& resuming, Seq upto) {
  Context& net = to.net;
  net.hub.table.unset(to.slot, connection_flag::kResuming);
  resuming.runs.for_each([&net](RunId id, const LiveRun& run) {
    LiveRun* live = net.runs.watch(id, run.key, run.session_key, run.agent_id);
    if (live != nullptr) live->seq = std::max(live->seq, run.seq);
  });
  to.respond([&](JsonWriter& json) {
    json.member("recovered", true);
    json.member("pushes", resuming.told);
    json.member("cursor", cursor_text(net.shared.cursor_epoch, upto));
  });
  net.events->end_catching_up(to.slot);
}

// Page by page, until the gap is filled.
void ask_gap(const Responder& client, Seq from) {
  client.ask({.kind = input_kind::kQueryGap, .a = from.value}, [](Responder& to,
                                                                  const pipeline::GapItem& item) {
    Context& net = to.net;
    const auto at = net.events->catching_up.find(to.slot);
    SPINE_CHECK(at != net.events->catching_up.end());
    Resuming& resuming = *at->second;
    if (resuming.from.seq > item.head) {
      // Not yet written, or not any more: the journal is not the one the client knows.
      net.hub.table.unset(to.slot, connection_flag::kResuming);
      net.events->end_catching_up(to.slot);
      return tell_snapshot(to);
    }
    Seq upto = tell_page(net, resuming, item);
    if (!net.hub.writable(to.slot)) return;
    // Events after the query are in `recent`; if some are not any more, the journal is asked again.
    if (upto < item.head || !net.events->recent.tell_after(*net.events, resuming, upto)) {
      return ask_gap(to, next(upto));
    }
    if (net.hub.writable(to.slot)) end_resume(to, resuming, upto);
  });
}

void begin_resume(const Responder& to, std::unique_ptr<Resuming> resuming) {
  Context& net = to.net;
  if (!subscribe(to, *resuming)) return;
  net.hub.table.unset(to.slot, connection_flag::kAwaitsResume);
  if (resuming->from.epoch != net.shared.cursor_epoch) return tell_snapshot(to);
  resuming->live_from = Seq{net.hub.table.told_from[to.slot]};
  resuming->live_to = net.events->last_live;
  // The event of the cursor itself is asked for: later pushes of it may be missing.
  const Seq from = resuming->from.seq;
  net.hub.table.set(to.slot, connection_flag::kResuming);
  net.events->catching_up.emplace(to.slot, std::move(resuming));
  ask_gap(to, from);
}

bool may_resume(const Responder& to) {
  if (!to.net.events->catching_up.contains(to.slot)) return true;
  to.refuse("a resume is already under way");
  return false;
}

void resume(Call& call) {
  auto resuming = std::make_unique<Resuming>();
  resuming->slot = call.slot;
  parse_cursor(call.text("cursor"), resuming->from);
  pipeline::KeyList sessions;
  read_sessions(call, sessions);
  if (!call.params.ok() || !may_resume(call) || !call.may_ask()) return;
  if (sessions.view().empty()) return begin_resume(call, std::move(resuming));
  call.net.watch_sessions(call.slot);
  // First which sessions the typed keys name.
  call.ask(
      {input_kind::kResolveKeys, sessions.view()},
      [resuming = std::move(resuming)](Responder& to, const pipeline::SessionsItem& item) mutable {
        if (item.malformed) return to.refuse_key({});
        if (!may_resume(to)) return;
        std::vector<std::string>& keys = resuming->sessions;
        for (const core::SessionView& session : item.sessions)
          keys.emplace_back(session.key);
        std::ranges::sort(keys);
        // (clang 14 cannot compile what std::ranges::unique gives.)
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        begin_resume(to, std::move(resuming));
      });
}

constexpr Param kResumeCursor{.name = "cursor",
                              .required = true,
                              .max = 128,
                              .fits = is_cursor,
                              .or_else = "must be a cursor of this gateway"};

constexpr Method kResumeMethods[]{
    {"resume", Scope::read, {kResumeCursor, list("sessions")}, resume},
};

}  // namespace

std::span<const Method> resume_methods() {
  return kResumeMethods;
}

}  // namespace spine::net
