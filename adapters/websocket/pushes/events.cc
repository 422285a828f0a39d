// Which renderer tells of an event, and who gets what it writes.
#include "adapters/websocket/pushes/events.h"

#include <algorithm>
#include <vector>

#include "adapters/websocket/protocol/health.h"
#include "adapters/websocket/pushes/approval_pushes.h"
#include "adapters/websocket/pushes/delivery_pushes.h"
#include "adapters/websocket/pushes/device_pushes.h"
#include "adapters/websocket/pushes/run_pushes.h"
#include "adapters/websocket/pushes/session_pushes.h"
#include "schemas/fields.h"
#include "schemas/vocab/check.h"

namespace spine::net {

using pipeline::EventItem;

namespace {

constexpr std::uint32_t kOrdinalsPerPart = 16;

using Render = decltype(Renderer::render);

// By number of the kind; null for kinds that are not pushed.
const std::vector<Render>& renderers() {
  static const std::vector<Render> by_kind = [] {
    std::vector<Render> table;
    for (const std::span<const Renderer> part :
         {session_pushes(), run_pushes(), approval_pushes(), delivery_pushes(), device_pushes()}) {
      for (const Renderer& row : part) {
        table.resize(std::max<std::size_t>(table.size(), kind_number(row.kind) + std::size_t{1}));
        table[kind_number(row.kind)] = row.render;
      }
    }
    return table;
  }();
  return by_kind;
}

}  // namespace

void Events::event(const EventItem& item, ByteSpan payload) {
  if (!catching_up.empty()) recent.add(item.event.seq, payload);
  last_live = std::max(last_live, item.event.seq);
  resuming_ = nullptr;
  tell(item);
}

void Events::past_event(Resuming& resuming, const EventItem& item) {
  resuming_ = &resuming;
  tell(item);
  resuming_ = nullptr;
}

void Events::end_catching_up(std::uint32_t slot) {
  catching_up.erase(slot);
  if (catching_up.empty()) recent.clear();
}

bool Events::renders(std::uint16_t kind) {
  return kind < renderers().size() && renderers()[kind] != nullptr;
}

void Events::tell(const EventItem& item) {
  ordinal_ = item.part * kOrdinalsPerPart;
  SPINE_CHECK(renders(item.event.header.kind));
  renderers()[item.event.header.kind](*this, item);
}

void Events::to_all(Push& one) {
  for (std::uint32_t slot = 0; slot < net.hub.table.slots(); ++slot) {
    if (net.hub.table.stage[slot] == Stage::open) one.to(slot);
  }
}

void Events::tick() {
  Push one{net, "tick"};
  one.json().object([&] { one.json().member("ts", net.wall_ms); });
  to_all(one);
}

void Events::shutdown(std::string_view reason) {
  Push one{net, "shutdown"};
  one.json().object([&] {
    one.json().member("reason", "gateway stopping");
    one.json().member_if("detail", reason);
  });
  to_all(one);
}

void Events::health() {
  ++net.health_version;
  Push one{net, "health"};
  one.with_state_version();
  write_health(net, one.json(), nullptr);
  to_all(one);
}

void Events::presence() {
  ++net.presence_version;
  if (net.interested.empty()) return;
  Push one{net, "presence"};
  one.with_state_version();
  one.json().object([&] {
    one.json().key("presence");
    write_presence(net, one.json());
  });
  for (const std::uint32_t slot : net.interested)
    one.to(slot);
}

void Events::write_cursor(JsonWriter& json, Seq seq) {
  if (!seq) return;
  ++ordinal_;
  cursor_.clear();
  append_cursor(cursor_, {.epoch = net.shared.cursor_epoch, .seq = seq, .ordinal = ordinal_});
  json.member("cursor", cursor_);
}

bool Events::admits(std::uint32_t slot, Audience audience, std::string_view session_key) const {
  const Connections& table = net.hub.table;
  switch (audience) {
    case Audience::all:
      return satisfies(table.scopes[slot], Scope::read);
    case Audience::session_changes:
      return table.flag(slot, connection_flag::kAllSessions);
    case Audience::session_messages: {
      if (table.flag(slot, connection_flag::kAllSessions)) return true;
      const std::vector<std::string>& keys = table.client[slot]->keys;
      return std::ranges::find(keys, session_key) != keys.end();
    }
    case Audience::session_tools:
      return table.flag(slot, connection_flag::kAllSessions) &&
             (table.client[slot]->caps & kCapToolEvents) == 0;
    case Audience::tools:
      return satisfies(table.scopes[slot], Scope::read) &&
             (table.client[slot]->caps & kCapToolEvents) != 0;
    case Audience::pairing:
      return satisfies(table.scopes[slot], Scope::pairing);
    case Audience::approvals:
      return satisfies(table.scopes[slot], Scope::approvals);
  }
  return false;
}

bool Events::may_be_told(std::uint32_t slot, Audience audience,
                         std::string_view session_key) const {
  const Connections& table = net.hub.table;
  if (!admits(slot, audience, session_key)) return false;
  if (table.flag(slot, connection_flag::kAwaitsResume)) return false;  // it gets it by its resume
  return !table.flag(slot, connection_flag::kResuming) ||
         !resumes(*catching_up.at(slot), session_key);  // it gets it in order, later
}

void Events::deliver(Push& one, Seq seq, Audience audience, std::string_view session_key) {
  if (resuming_ != nullptr) return deliver_again(one, seq, audience, session_key);
  Connections& table = net.hub.table;
  const auto send = [&](std::uint32_t slot) {
    if (!may_be_told(slot, audience, session_key)) return;
    if (seq && table.told_from[slot] == 0) table.told_from[slot] = seq.value;
    one.to(slot);
  };
  if (audience != Audience::pairing && audience != Audience::approvals) {
    for (const std::uint32_t slot : net.interested)
      send(slot);
    return;
  }
  for (std::uint32_t slot = 0; slot < table.slots(); ++slot) {
    if (table.stage[slot] == Stage::open) send(slot);
  }
}

void Events::deliver_again(Push& one, Seq seq, Audience audience, std::string_view session_key) {
  const Cursor& seen = resuming_->from;
  if (seq < seen.seq || (seq == seen.seq && ordinal_ <= seen.ordinal)) return;
  const bool was_live =
      resuming_->live_from && !(seq < resuming_->live_from) && !(resuming_->live_to < seq);
  // Those need no subscription.
  const bool unasked =
      audience == Audience::all || audience == Audience::tools || audience == Audience::approvals;
  if (unasked && was_live) return;
  if (!resumes(*resuming_, session_key)) return;
  // Changes of the sessions it named are part of the gap, whatever it had subscribed to.
  const bool its_own = audience == Audience::session_changes && !resuming_->sessions.empty();
  if (!its_own && !admits(resuming_->slot, audience, session_key)) return;
  ++resuming_->told;
  resuming_->page_bytes += net.scratch.size();
  one.to(resuming_->slot);
}

}  // namespace spine::net
