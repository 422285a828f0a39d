// Views: rows as clients see them.
#include "engine/core/model/views.h"

#include <algorithm>
#include <span>
#include <utility>

#include "engine/core/model/tables.h"
#include "engine/core/sessions/session_key.h"
#include "schemas/fields.h"

namespace spine::core {
namespace {

constexpr std::size_t kUuidDigits = 32;
constexpr std::size_t kUuidDigitsMin = 8;

template <template <class> class RowOf>
RowOf<std::string_view> view_of(const RowOf<std::string>& row) {
  RowOf<std::string_view> view;
  copy_row(row.columns(), row, view.columns(), view, [](std::string_view text) { return text; });
  return view;
}

// The start of a UUID as a number with as many digits; digits = 0 when the text is none.
struct UuidStart {
  Bits128 value{};
  std::size_t digits{};
};

UuidStart uuid_start(std::string_view text) {
  UuidStart start{};
  for (const char c : text) {
    if (c == '-') continue;
    const char digit = lower(c);
    const bool decimal = digit >= '0' && digit <= '9';
    if ((!decimal && (digit < 'a' || digit > 'f')) || start.digits == kUuidDigits) return {};
    const auto nibble = static_cast<std::uint64_t>(decimal ? digit - '0' : digit - 'a' + 10);
    start.value.hi = start.value.hi << 4 | start.value.lo >> 60;
    start.value.lo = start.value.lo << 4 | nibble;
    ++start.digits;
  }
  return start.digits < kUuidDigitsMin ? UuidStart{} : start;
}

// Whether the first digits of the UUID are those.
bool starts_with(Bits128 uuid, const UuidStart& start) {
  for (std::size_t left = kUuidDigits - start.digits; left != 0; --left) {
    uuid.lo = uuid.lo >> 4 | uuid.hi << 60;
    uuid.hi >>= 4;
  }
  return uuid == start.value;
}

ApprovalView approval_view(const Tables& tables, const Approval& approval) {
  ApprovalView view{view_of(approval)};
  const Run& run = tables.runs[tables.runs.find(view.run)];
  view.run_key = tables.runs.text(run.key);
  view.agent_id = tables.runs.text(run.agent_id);
  view.session_key =
      tables.sessions.text(tables.sessions.cold(tables.sessions.find(view.session)).key);
  return view;
}

}  // namespace

bool view_session(const State& state, SessionId session, SessionView& out) {
  const Tables& tables = state.tables();
  const std::uint32_t row = tables.sessions.find(session);
  if (row == 0) return false;
  const SessionHot& hot = tables.sessions.hot(row);
  out = SessionView{tables.sessions.copy(row)};
  out.runs_waiting = hot.waiting_count;
  out.is_main = is_main_key(tables.policy, out.key);
  out.active_run = tables.runs.id_of(hot.running);
  out.active_run_key = tables.runs.text(tables.runs[hot.running].key);
  return true;
}

SessionName name_session(const State& state, SessionId session) {
  const Tables& tables = state.tables();
  const std::uint32_t row = tables.sessions.find(session);
  if (row == 0) return {};
  const SessionCold& cold = tables.sessions.cold(row);
  return {.key = tables.sessions.text(cold.key),
          .uuid = cold.uuid,
          .active_run = tables.runs.id_of(tables.sessions.hot(row).running)};
}

HistoryParts view_history(const State& state, SessionId session) {
  const Tables& tables = state.tables();
  const std::uint32_t row = tables.sessions.find(session);
  return row == 0 ? HistoryParts{} : history_of(tables, row);
}

bool is_in_history(const State& state, SessionId session, Seq message) {
  const Tables& tables = state.tables();
  const std::uint32_t row = tables.sessions.find(session);
  return row != 0 && in_history(tables, row, message);
}

bool view_run(const State& state, RunId id, RunView& out) {
  const Runs& runs = state.tables().runs;
  const std::uint32_t row = runs.find(id);
  if (row != 0) out = runs.copy(row);
  return row != 0;
}

SessionId find_session(const State& state, std::string_view key) {
  const Sessions& sessions = state.tables().sessions;
  return sessions.id_of(sessions.find_key(key));
}

bool is_main_session(const State& state, std::string_view key) {
  return is_main_key(state.tables().policy, key);
}

bool find_typed_key(const State& state, std::string_view typed, KeyBuffer& key) {
  return find_session_key(state.tables(), {}, typed, IdCase::exact, key);
}

SessionId find_session_label(const State& state, std::string_view label) {
  const Sessions& sessions = state.tables().sessions;
  return sessions.id_of(sessions.find_label(label));
}

void find_session_uuid(const State& state, std::string_view text, std::size_t limit,
                       std::vector<SessionId>& out) {
  const UuidStart start = uuid_start(text);
  if (start.digits == 0) return;
  const Sessions& sessions = state.tables().sessions;
  std::vector<SessionId> found;
  for (std::uint32_t row = 1; row < sessions.end(); ++row) {
    if (!sessions.live(row) || !starts_with(sessions.cold(row).uuid, start)) continue;
    found.push_back(sessions.id_of(row));
  }
  std::sort(found.begin(), found.end());
  found.resize(std::min(found.size(), limit));
  out.insert(out.end(), found.begin(), found.end());
}

RunId find_run(const State& state, std::string_view run_key) {
  const Runs& runs = state.tables().runs;
  return runs.id_of(runs.find_key(run_key));
}

std::size_t list_sessions(const State& state, std::string_view agent_id, std::size_t offset,
                          std::size_t limit, std::vector<SessionId>& out) {
  const Sessions& sessions = state.tables().sessions;
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = 1; row < sessions.end(); ++row) {
    if (!sessions.live(row)) continue;
    if (agent_id.empty() || sessions.text(sessions.cold(row).agent_id) == agent_id) {
      rows.push_back(row);
    }
  }
  const std::size_t first = std::min(offset, rows.size());
  const std::size_t last = first + std::min(limit, rows.size() - first);
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(last), rows.end(),
                    [&](std::uint32_t a, std::uint32_t b) {
                      const std::int64_t updated_a = sessions.hot(a).updated_wall_ms;
                      const std::int64_t updated_b = sessions.hot(b).updated_wall_ms;
                      if (updated_a != updated_b) return updated_a > updated_b;
                      return sessions.id_of(a) < sessions.id_of(b);
                    });
  for (std::size_t i = first; i < last; ++i)
    out.push_back(sessions.id_of(rows[i]));
  return rows.size();
}

bool is_reset_trigger(const State& state, std::string_view text, std::string_view& rest) {
  return state.tables().policy.is_reset_trigger(text, rest);
}

bool begins_conversation(const EventView& event) {
  return is_kind(event, fb::EventBody::SessionOpened) ||
         (is_kind(event, fb::EventBody::SessionReset) &&
          root_of<fb::SessionReset>(event).reason() == fb::ResetReason::message);
}

std::size_t list_open_runs(const State& state, std::size_t limit, std::vector<RunId>& out) {
  const Runs& runs = state.tables().runs;
  std::vector<RunId> open;
  for (std::uint32_t row = 1; row < runs.end(); ++row)
    if (runs.live(row) && runs.open(row)) open.push_back(runs.id_of(row));
  const std::size_t count = std::min(limit, open.size());
  std::partial_sort(open.begin(), open.begin() + static_cast<std::ptrdiff_t>(count), open.end());
  out.insert(out.end(), open.begin(), open.begin() + static_cast<std::ptrdiff_t>(count));
  return open.size();
}

std::size_t list_ended_runs(const State& state, std::size_t limit, std::vector<RunId>& out) {
  const Runs& runs = state.tables().runs;
  std::vector<std::pair<Seq, RunId>> ended;
  for (std::uint32_t row = 1; row < runs.end(); ++row)
    if (runs.live(row) && !runs.open(row)) ended.emplace_back(runs[row].ended, runs.id_of(row));
  std::sort(ended.rbegin(), ended.rend());
  for (std::size_t i = 0; i < std::min(limit, ended.size()); ++i)
    out.push_back(ended[i].second);
  return ended.size();
}

EngineMemory view_engine(const State& state) {
  const Meta& meta = state.tables().meta;
  return EngineMemory{{meta}, meta.zone, state.tables().policy.body(), meta.local.body()};
}

bool view_delivery(const State& state, DeliveryId delivery, DeliveryView& out) {
  const Deliveries& deliveries = state.tables().deliveries;
  const std::uint32_t row = deliveries.find(delivery);
  if (row != 0) out = deliveries[row];
  return row != 0;
}

bool view_channel(const State& state, ChannelId channel, ChannelView& out) {
  const ChannelRow* row = state.tables().channels.find(channel);
  if (row != nullptr) out = *row;
  return row != nullptr;
}

std::string_view conversation_now(const State& state, const ChannelRow& channel,
                                  std::string_view id) {
  return state.tables().migrations.now(channel.name, channel.account, id);
}

bool is_behind(const State& state, const RunView& run) {
  return state.tables().deliveries.first_of(run.channel, run.lane) != 0;
}

bool view_preview(const State& state, RunId run, PreviewView& out) {
  Preview found = state.tables().previews.find(run);
  const bool shown{found.previewed};
  if (shown) out = std::move(found);
  return shown;
}

void list_channels(const State& state, std::vector<ChannelView>& out) {
  const Channels& channels = state.tables().channels;
  out.insert(out.end(), channels.begin(), channels.end());
}

std::size_t list_dead_letters(const State& state, std::size_t offset, std::size_t limit,
                              std::vector<DeliveryId>& out, std::string_view channel) {
  const Tables& tables = state.tables();
  const auto fits = [&](std::uint32_t row) {
    const ChannelRow* of = tables.channels.find(tables.deliveries[row].channel);
    return channel.empty() || (of != nullptr && of->name == channel);
  };
  std::size_t matching = 0;
  for (std::uint32_t row = tables.deliveries.newest_dead(); row != 0;
       row = tables.deliveries.previous(row)) {
    if (!fits(row)) continue;
    const std::size_t place = matching++;
    if (place >= offset && place - offset < limit) out.push_back(tables.deliveries.id_of(row));
  }
  return matching;
}

void list_channel_loads(const State& state, std::vector<ChannelLoad>& out) {
  const Tables& tables = state.tables();
  const std::size_t first = out.size();
  for (const ChannelRow& channel : tables.channels) {
    out.push_back({.id = channel.id,
                   .name = channel.name,
                   .account = channel.account,
                   .state = channel.state,
                   .since_wall_ms = channel.since_wall_ms,
                   .problem = channel.problem,
                   .identity = channel.identity,
                   .wanted = channel.wanted,
                   .served = channel.served});
  }
  const std::span<ChannelLoad> loads = std::span(out).subspan(first);
  const Deliveries& deliveries = tables.deliveries;
  for (std::uint32_t row = 1; row < deliveries.end(); ++row) {
    if (!deliveries.live(row)) continue;
    const DeliveryRow& delivery = deliveries[row];
    const auto load = std::ranges::lower_bound(loads, delivery.channel, {}, &ChannelLoad::id);
    if (load == loads.end() || load->id != delivery.channel) continue;
    if (delivery.status == DeliveryStatus::dead) {
      ++load->dead_letters;
      continue;
    }
    ++load->waiting;
    if (load->oldest_wall_ms == 0 || delivery.created_wall_ms < load->oldest_wall_ms)
      load->oldest_wall_ms = delivery.created_wall_ms;
  }
}

StateCounts count_state(const State& state) {
  const Tables& tables = state.tables();
  std::uint64_t bytes = tables.texts.bytes();
  for_each_table(tables, [&](std::string_view, const auto& table) { bytes += table.bytes(); });
  return StateCounts{
      .sessions = tables.sessions.count(),
      .principals = tables.principals.count(),
      .runs_open = tables.runs.open_count(),
      .runs_running = tables.runs.running_count(),
      .obligations_open = tables.runs.running_count() + tables.deliveries.attempted_count(),
      .deliveries_waiting = tables.deliveries.count() - tables.deliveries.dead_count(),
      .dead_letters = tables.deliveries.dead_count(),
      .duplicates = tables.duplicates.count(),
      .idempotency_keys = tables.idempotency.count(),
      .devices = tables.devices.count(),
      .paired_senders = tables.paired_senders.count(),
      .duplicates_evicted_young = tables.duplicates.evicted_young(),
      .idempotency_evicted_young = tables.idempotency.evicted_young(),
      .bytes = bytes};
}

void find_conversation_key(const State& state, const ConversationPlace& place, KeyBuffer& key) {
  const Tables& tables = state.tables();
  const bool direct = place.conversation == fb::ConversationKind::direct;
  const Origin origin{.channel = place.channel,
                      .account = place.account,
                      .conversation = place.conversation,
                      .peer = place.id,
                      .sender = direct ? place.id : std::string_view{},
                      .ids = IdCase::exact};
  channel_session_key(tables.policy, tables.policy.agent_for(origin), origin, place.thread,
                      tables.meta.fingerprint_key, key);
}

bool view_send(const State& state, DeliveryId delivery, SendRow& out) {
  return state.tables().sends.find(delivery, out);
}

bool view_device(const State& state, std::string_view device_id, DeviceView& out) {
  const Device* device = state.tables().devices.find(device_id);
  if (device != nullptr) out = view_of(*device);
  return device != nullptr;
}

bool view_pairing(const State& state, Seq request, std::uint64_t now_ms, PairingView& out) {
  const PairingRequest* row = state.tables().pairing_requests.find(request, now_ms);
  if (row != nullptr) out = view_of(*row);
  return row != nullptr;
}

std::size_t list_devices(const State& state, std::size_t offset, std::size_t limit,
                         std::vector<DeviceView>& out) {
  const Devices& devices = state.tables().devices;
  const std::size_t first = std::min<std::size_t>(offset, devices.count());
  const std::size_t count = std::min<std::size_t>(limit, devices.count() - first);
  for (std::size_t i = first; i < first + count; ++i)
    out.push_back(view_of(devices[i]));
  return devices.count();
}

void list_pairing(const State& state, std::uint64_t now_ms, std::vector<PairingView>& out) {
  for (const PairingRequest& request : state.tables().pairing_requests)
    if (request.live(now_ms)) out.push_back(view_of(request));
}

bool view_approval(const State& state, Seq request, ApprovalView& out) {
  const Approval* approval = state.tables().approvals.find(request);
  if (approval != nullptr) out = approval_view(state.tables(), *approval);
  return approval != nullptr;
}

bool view_question(const State& state, Seq request, ApprovalView& out) {
  const Approval* approval = state.tables().approvals.find_any(request);
  if (approval != nullptr) out = approval_view(state.tables(), *approval);
  return approval != nullptr;
}

void list_approvals(const State& state, std::vector<ApprovalView>& out) {
  for (const Approval& approval : state.tables().approvals)
    if (approval.open()) out.push_back(approval_view(state.tables(), approval));
}

void list_quarantined(const State& state, std::vector<std::string_view>& out) {
  const auto first = static_cast<std::ptrdiff_t>(out.size());
  for (const QuarantinedAgent& agent : state.tables().quarantine)
    out.push_back(agent.agent_id);
  std::sort(out.begin() + first, out.end());
}

}  // namespace spine::core
