// What clients are told of a run: its start, its attempts, its end.
#include <algorithm>
#include <cstring>
#include <string>

#include "adapters/websocket/agent_methods.h"
#include "adapters/websocket/events.h"
#include "adapters/websocket/rows.h"

namespace spine::net {

using pipeline::EventItem;

namespace {

std::string_view interrupt_reason_name(fb::InterruptReason reason) {
  return fb::EnumNameInterruptReason(reason);
}

}  // namespace

LiveRun* Events::live_run(const EventItem& item) {
  if (!item.has_run) return nullptr;
  const std::string_view session = item.has_session ? item.session.key : std::string_view{};
  if (resuming_ == nullptr) {
    return net_.runs.watch(item.run.id, item.run.key, session, item.run.agent_id);
  }
  LiveRun* run = resuming_->runs.watch(item.run.id, item.run.key, session, item.run.agent_id);
  if (run == nullptr || run->seq != 0) return run;
  // Numbers of a run only grow: above all it was told live.
  const LiveRun* live = net_.runs.find(item.run.id);
  const std::uint64_t attempt = std::max<std::uint64_t>(item.run.attempt, 1);
  run->seq = live == nullptr ? attempt * LiveRun::kPastSeq : live->seq;
  return run;
}

// Nothing more will come of the run.
void Events::ended(const EventItem& item, const LiveRun& run) {
  if (resuming_ != nullptr) return resuming_->runs.forget(item.run.id);
  answer_waiters(net_, run.key, item.event);
  // What merges with it is told behind it: who waits for that is answered with this.
  last_ended_ = RunId{};
  if (net_.runs.waiting() != 0) {
    last_end_ = item.event;
    last_end_body_.resize(align8(item.event.body.size()) / 8);
    std::memcpy(last_end_body_.data(), item.event.body.data(), item.event.body.size());
    last_end_.body = {reinterpret_cast<const std::byte*>(last_end_body_.data()),
                      item.event.body.size()};
    last_ended_ = item.run.id;
  }
  net_.runs.forget(item.run.id);
}

// Another attempt is the same run to clients: it has started already.
void Events::run_started(const EventItem& item) {
  LiveRun* run = live_run(item);
  if (run == nullptr) return;
  const std::uint16_t attempt =
      flatbuffers::GetRoot<fb::RunStarted>(item.event.body.data())->attempt();
  push_changed(item, "start", "", run->key);
  if (attempt <= 1) {
    std::string more = ",\"startedAt\":" + std::to_string(item.event.header.wall_ms);
    return lifecycle(*run, "start", more, item.event.seq);
  }
  // After a restart of the gateway what was numbered before is not known: numbers only grow.
  if (run->seq == 0) run->seq = attempt * LiveRun::kPastSeq;
  if (resuming_ == nullptr) net_.runs.start_over(*run);
  data_.clear();
  JsonWriter data{data_};
  data.begin_object();
  data.member("phase", "retrying");
  data.member("attempt", attempt);
  data.member("message", "Trying again (attempt " + std::to_string(attempt) + ")");
  data.end_object();
  push_agent(*run, "run_status", data_, item.event.seq);
  members_.clear();
  JsonWriter json{members_};
  json.member("phase", "starting_model");
  push_chat(*run, "status", members_, item.event.seq);
}

// The attempt is over, the run is not: another one follows, or its failure.
void Events::run_interrupted(const EventItem& item) {
  LiveRun* run = live_run(item);
  if (run == nullptr) return;
  const auto& body = *flatbuffers::GetRoot<fb::RunInterrupted>(item.event.body.data());
  // What it had written stays until it starts over: if it does not, that is all there is.
  data_.clear();
  JsonWriter data{data_};
  data.begin_object();
  data.member("phase", "interrupted");
  data.member("reason", interrupt_reason_name(body.reason()));
  data.member_if("message", text_of(body.message()));
  data.end_object();
  push_agent(*run, "run_status", data_, item.event.seq);
}

void Events::run_finished(const EventItem& item) {
  LiveRun* run = live_run(item);
  if (run == nullptr) return;
  const auto& body = *flatbuffers::GetRoot<fb::RunFinished>(item.event.body.data());
  const std::string_view text = text_of(body.text());
  // Nothing was shown while it was written: clients still expect the text on the stream once.
  if (run->text.empty() && !text.empty()) push_answer_once(*run, text, item.event.seq);
  lifecycle(*run, "end", ",\"endedAt\":" + std::to_string(item.event.header.wall_ms),
            item.event.seq);
  push_message(item, run->key);
  push_changed(item, "end", "", run->key);
  const std::string_view stop = text_of(body.stop_reason());
  members_.clear();
  JsonWriter json{members_};
  json.member("stopReason", stop.empty() ? std::string_view{"stop"} : stop);
  json.key("message");
  write_message(json, item.event, run->key, kPushed);
  push_chat(*run, "final", members_, item.event.seq);
  ended(item, *run);
}

void Events::push_answer_once(LiveRun& run, std::string_view text, Seq seq) {
  data_.clear();
  JsonWriter data{data_};
  data.begin_object();
  const std::string_view shown = cut_escaped(text, kPushed.max);
  data.member("text", shown);
  data.member("delta", shown);
  write_cut(data, text, shown, seq);
  if (run.replace) data.member("replace", true);
  data.end_object();
  push_agent(run, "assistant", data_, Seq{});
}

void Events::run_failed(const EventItem& item) {
  LiveRun* run = live_run(item);
  if (run == nullptr) return;
  const auto& body = *flatbuffers::GetRoot<fb::RunFailed>(item.event.body.data());
  const std::string error = failure_text(body);
  members_.clear();
  JsonWriter more{members_};
  more.member("error", error);
  lifecycle(*run, "error", "," + members_, item.event.seq);
  push_changed(item, "end", "", run->key);
  members_.clear();
  JsonWriter json{members_};
  json.member("errorMessage", error);
  json.member("errorKind", error_kind_name(body.kind()));
  if (!run->text.empty()) {
    json.key("message");
    write_assistant_text(json, run->text, item.event.header.wall_ms, kPushed);
  }
  push_chat(*run, "error", members_, item.event.seq);
  ended(item, *run);
}

// One item per run that was stopped.
void Events::run_aborted(const EventItem& item) {
  LiveRun* run = live_run(item);
  if (run == nullptr) return;
  const auto& body = *flatbuffers::GetRoot<fb::RunAborted>(item.event.body.data());
  lifecycle(*run, "end", ",\"aborted\":true", item.event.seq);
  push_changed(item, "end", "", run->key);
  members_.clear();
  JsonWriter json{members_};
  json.member("stopReason", abort_reason_name(body.reason()));
  json.key("message");
  write_assistant_text(json, run->text, item.event.header.wall_ms, kPushed);
  push_chat(*run, "aborted", members_, item.event.seq);
  ended(item, *run);
}

// One item per run whose message another run answers. Clients are done with it: a final without a
// message says that nothing more comes under its name.
void Events::run_merged(const EventItem& item) {
  LiveRun* run = live_run(item);
  if (run == nullptr) return;
  const RunId into{flatbuffers::GetRoot<fb::RunsMerged>(item.event.body.data())->into()};
  const LiveRun* answering = net_.runs.find(into);
  members_.clear();
  JsonWriter more{members_};
  more.member("endedAt", item.event.header.wall_ms);
  if (answering != nullptr) more.member("mergedInto", answering->key);
  lifecycle(*run, "end", "," + members_, item.event.seq);
  push_changed(item, "end", "", run->key);
  members_.clear();
  JsonWriter json{members_};
  json.member("stopReason", "merged");
  push_chat(*run, "final", members_, item.event.seq);
  if (resuming_ == nullptr) {
    if (into == last_ended_) {
      answer_waiters(net_, run->key, last_end_);
    } else if (answering != nullptr) {
      net_.runs.merge(run->key, answering->key);
    }
  }
  ended_merged(item, *run);
}

// To clients it is a run that ends as soon as it began, under the name that its sender gave it.
void Events::command_answered(const EventItem& item) {
  if (!item.has_session) return;
  const auto& body = *flatbuffers::GetRoot<fb::CommandAnswered>(item.event.body.data());
  LiveRun run{.key = std::string{item.message_key},
              .session_key = std::string{item.session.key},
              .agent_id = std::string{item.session.agent_id}};
  if (run.key.empty()) run.key = "command-" + std::to_string(item.event.seq.value);
  const std::string_view text = text_of(body.text());
  const std::string at = std::to_string(item.event.header.wall_ms);
  push_changed(item, "start", "", run.key);
  lifecycle(run, "start", ",\"startedAt\":" + at, item.event.seq);
  push_answer_once(run, text, item.event.seq);
  lifecycle(run, "end", ",\"endedAt\":" + at, item.event.seq);
  push_message(item, run.key);
  push_changed(item, "end", "", run.key);
  members_.clear();
  JsonWriter json{members_};
  json.member("stopReason", "stop");
  json.key("message");
  write_message(json, item.event, run.key);
  push_chat(run, "final", members_, item.event.seq);
  if (resuming_ == nullptr) answer_waiters(net_, run.key, item.event);
}

// Like ended(), but the run it went into stays the last one that ended: several merge with it.
void Events::ended_merged(const EventItem& item, const LiveRun& run) {
  if (resuming_ != nullptr) return resuming_->runs.forget(item.run.id);
  answer_waiters(net_, run.key, item.event);
  net_.runs.forget(item.run.id);
}

void Events::lifecycle(LiveRun& run, std::string_view phase, std::string_view more, Seq cursor) {
  data_.clear();
  JsonWriter data{data_};
  data.begin_object();
  data.member("phase", phase);
  data_ += more;
  data.end_object();
  push_agent(run, "lifecycle", data_, cursor);
}

}  // namespace spine::net
