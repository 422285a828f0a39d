// Live runs, waiters, and what waiters are answered.
#include "adapters/websocket/protocol/watched_runs.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "adapters/websocket/protocol/respond.h"
#include "adapters/websocket/protocol/rows.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"

namespace spine::net {

LiveRun* WatchedRuns::watch(RunId id, std::string_view key, std::string_view session_key,
                            std::string_view agent_id) {
  if (LiveRun* run = find(id)) return run;
  if (runs_.size() >= limits::kRunsOpenMax) return nullptr;
  LiveRun& run = runs_[id.value];
  run.key = key;
  run.session_key = session_key;
  run.agent_id = agent_id;
  return &run;
}

LiveRun* WatchedRuns::find(RunId id) {
  const auto found = runs_.find(id.value);
  return found == runs_.end() ? nullptr : &found->second;
}

bool WatchedRuns::append_text(LiveRun& run, std::string_view piece) {
  if (run.text_full) return false;
  if (run.text.size() + piece.size() > limits::kLiveTextBytesMax ||
      text_bytes_ + piece.size() > limits::kLiveTextBytesAllMax) {
    run.text_full = true;
    return false;
  }
  run.text += piece;
  text_bytes_ += piece.size();
  return true;
}

void WatchedRuns::start_over(LiveRun& run) {
  text_bytes_ -= run.text.size();
  run.text.clear();
  run.text_full = false;
  run.replace = true;
}

void WatchedRuns::forget(RunId id) {
  const auto found = runs_.find(id.value);
  if (found == runs_.end()) return;
  text_bytes_ -= found->second.text.size();
  runs_.erase(found);
}

bool WatchedRuns::wait(Waiter waiter) {
  if (waiters_.size() >= limits::kWaitersMax) return false;
  std::size_t& mine = waiting_by_slot_[waiter.connection.slot];
  if (mine >= limits::kWaitersPerConnectionMax) return false;
  ++mine;
  waiters_.push_back(std::move(waiter));
  return true;
}

void WatchedRuns::uncount(const Waiter& waiter) {
  const auto found = waiting_by_slot_.find(waiter.connection.slot);
  if (found != waiting_by_slot_.end() && --found->second == 0) waiting_by_slot_.erase(found);
}

template <class F>
std::vector<Waiter> WatchedRuns::take_if(F f) {
  std::vector<Waiter> taken;
  const auto keep = std::stable_partition(waiters_.begin(), waiters_.end(),
                                          [&](const Waiter& waiter) { return !f(waiter); });
  taken.assign(std::make_move_iterator(keep), std::make_move_iterator(waiters_.end()));
  waiters_.erase(keep, waiters_.end());
  for (const Waiter& waiter : taken)
    uncount(waiter);
  return taken;
}

std::vector<Waiter> WatchedRuns::take(std::string_view run_key) {
  return take_if([&](const Waiter& waiter) { return waiter.run_key == run_key; });
}

void WatchedRuns::merge(std::string_view run_key, std::string_view into_key) {
  for (Waiter& waiter : waiters_) {
    if (waiter.run_key != run_key) continue;
    if (waiter.asked_key.empty()) waiter.asked_key = waiter.run_key;
    waiter.run_key = into_key;
  }
}

std::vector<Waiter> WatchedRuns::take_due(std::uint64_t now_ms) {
  return take_if([&](const Waiter& waiter) {
    return waiter.deadline_ms != 0 && waiter.deadline_ms <= now_ms;
  });
}

void WatchedRuns::drop(ConnectionRef connection) {
  take_if([&](const Waiter& waiter) { return waiter.connection == connection; });
}

bool WatchedRuns::take_one(ConnectionRef connection, std::string_view id, Waiter& out) {
  const auto found = std::find_if(waiters_.begin(), waiters_.end(), [&](const Waiter& waiter) {
    return waiter.connection == connection && waiter.id == id;
  });
  if (found == waiters_.end()) return false;
  out = std::move(*found);
  waiters_.erase(found);
  uncount(out);
  return true;
}

std::uint64_t WatchedRuns::next_deadline_ms() const {
  std::uint64_t next = 0;
  for (const Waiter& waiter : waiters_) {
    if (waiter.deadline_ms != 0 && (next == 0 || waiter.deadline_ms < next)) {
      next = waiter.deadline_ms;
    }
  }
  return next;
}

void WatchedRuns::keep_end(RunId id, const EventView& end) {
  last_ended_ = RunId{};
  if (waiters_.empty()) return;
  last_end_ = end;
  last_end_body_.resize(align8(end.body.size()) / 8);
  std::memcpy(last_end_body_.data(), end.body.data(), end.body.size());
  last_end_.body = {reinterpret_cast<const std::byte*>(last_end_body_.data()), end.body.size()};
  last_ended_ = id;
}

namespace {

// How much of an answer goes to a request that waited for it: normally all, unlike in pushes. But
// thousands may wait for one run, and the total backlog is bounded.
std::size_t reply_bytes_max(const Hub& hub, std::uint32_t slot) {
  const auto left = [](std::size_t most, std::size_t backlog) {
    return backlog < most ? most - backlog : 0;
  };
  const std::size_t room = std::min(left(limits::kAnswerBacklogBytesMax, hub.backlog(slot)),
                                    left(limits::kBufferedBytesAllMax / 2, hub.backlog_all()));
  return std::clamp(room, std::size_t{limits::kKiB}, limits::kHistoryBytesMax);
}

void write_reply_text(JsonWriter& json, const Context& net, std::uint32_t slot,
                      const Ending& ending) {
  const std::string_view shown = cut_escaped(ending.text, reply_bytes_max(net.hub, slot));
  json.member("text", shown);
  write_cut(json, ending.text, shown, ending.seq);
}

Ending answered(std::string_view text, std::string_view stop_reason) {
  return {.status = "ok",
          .summary = "completed",
          .text = text,
          .stop_reason = stop_reason.empty() ? std::string_view{"stop"} : stop_reason,
          .answered = true};
}

Ending ending_of(const EventView& end) {
  switch (static_cast<fb::EventBody>(end.header.kind)) {
    case fb::EventBody::RunFinished: {
      const auto& body = root_of<fb::RunFinished>(end);
      Ending ending = answered(text_of(body.text()), text_of(body.stop_reason()));
      ending.finished = &body;
      return ending;
    }
    case fb::EventBody::RunFailed:
      return {.status = "error",
              .summary = "failed",
              .error = failure_text(root_of<fb::RunFailed>(end))};
    case fb::EventBody::CommandAnswered:
      return answered(text_of(root_of<fb::CommandAnswered>(end).text()), {});
    case fb::EventBody::RunsMerged:  // another run answers the message, too
      return {.status = "ok", .summary = "completed", .stop_reason = "merged"};
    default: {
      Ending ending{.status = "error", .summary = "aborted", .error = "aborted"};
      if (is_kind(end, fb::EventBody::RunAborted)) {
        ending.stop_reason = abort_reason_name(root_of<fb::RunAborted>(end).reason());
      }
      return ending;
    }
  }
}

void write_wait(JsonWriter& json, const Context& net, std::uint32_t slot, const Ending& ending) {
  if (ending.ended_wall_ms != 0) json.member("endedAt", ending.ended_wall_ms);
  json.member_if("error", ending.error);
  json.member_if("stopReason", ending.stop_reason);
  if (!ending.answered) return;
  json.object("terminalReply", [&] {
    json.member("disposition", "final");
    write_reply_text(json, net, slot, ending);
  });
}

}  // namespace

void write_result(JsonWriter& json, const Context& net, std::uint32_t slot, const Ending& ending) {
  json.object("result", [&] {
    json.array("payloads", [&] {
      if (!ending.answered) return;
      json.object([&] {
        write_reply_text(json, net, slot, ending);
        json.member_null("mediaUrl");
      });
    });
    json.object("meta", [&] {
      if (ending.finished == nullptr) return;
      json.member("durationMs", ending.finished->duration_ms());
      json.object("agentMeta", [&] {
        json.member("provider", text_of(ending.finished->provider()));
        json.member("model", text_of(ending.finished->model()));
        json.object("usage", [&] {
          json.member("input", ending.finished->input_tokens());
          json.member("output", ending.finished->output_tokens());
        });
      });
    });
  });
}

void answer_waiter(Context& net, const Waiter& waiter, const EventView* end) {
  const std::uint32_t slot = waiter.connection.slot;
  if (!net.hub.table.live(waiter.connection) || !net.hub.writable(slot)) return;
  Ending ending{};
  if (end != nullptr) {
    ending = ending_of(*end);
    ending.ended_wall_ms = end->header.wall_ms;
    ending.seq = end->seq;
  }
  Responder{net, slot, waiter.id}.respond([&](JsonWriter& json) {
    json.member("runId", waiter.asked_key.empty() ? waiter.run_key : waiter.asked_key);
    json.member("status", ending.status);
    if (!waiter.second_answer) return write_wait(json, net, slot, ending);
    json.member("summary", ending.summary);
    json.member_if("error", ending.error);
    write_result(json, net, slot, ending);
  });
}

void answer_waiters(Context& net, std::string_view run_key, const EventView& end) {
  if (run_key.empty() || net.runs.waiting() == 0) return;
  for (const Waiter& waiter : net.runs.take(run_key))
    answer_waiter(net, waiter, &end);
}

}  // namespace spine::net
