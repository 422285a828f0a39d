// Pieces of answers that are being written: whoever reads slowly is told less often, not cut off.
#include <algorithm>

#include "adapters/websocket/events.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"
#include "schemas/vocab/limits.h"

namespace spine::net {

void Events::delta(const pipeline::DeltaItem& item) {
  LiveRun* run = net_.runs.watch(item.run, item.run_key, item.session_key, item.agent_id);
  if (run == nullptr) return;
  if (run->seq == 0) {
    // Its start was told to nobody here: by another life of the gateway, perhaps, and more of it.
    run->seq = std::max<std::uint64_t>(item.attempt, 1) * LiveRun::kPastSeq;
    run->replace = true;
  }
  // Each delta repeats the text so far; a very long one is told by its final message.
  if (!net_.runs.append_text(*run, item.piece)) return;
  leave_behind(*run);
  const bool replace = run->replace;
  run->replace = false;
  push_piece(*run, item.piece, replace, DeltaFor::those_in_step);
  if (!caught_up_.empty()) push_piece(*run, run->text, true, DeltaFor::those_catching_up);
  caught_up_.clear();
}

// Sorts out who owes too much to be told of pieces, and who was left behind and owes little again.
void Events::leave_behind(LiveRun& run) {
  std::erase_if(run.behind, [this](std::uint32_t slot) {
    if (net_.hub.owed(slot) > limits::kDeltaOwedBytesMax / 2) return false;
    caught_up_.push_back(slot);
    return true;
  });
  for (const std::uint32_t slot : net_.interested) {
    if (net_.hub.owed(slot) <= limits::kDeltaOwedBytesMax) continue;
    if (std::ranges::find(run.behind, slot) == run.behind.end()) run.behind.push_back(slot);
  }
}

// Whether the push in hand is for that connection.
bool Events::delta_for(std::uint32_t slot, const LiveRun& run, DeltaFor whom) const {
  const bool catching_up = std::ranges::find(caught_up_, slot) != caught_up_.end();
  if (whom == DeltaFor::those_catching_up) return catching_up;
  return !catching_up && std::ranges::find(run.behind, slot) == run.behind.end();
}

// A piece may be large: an agent that writes its answer at once. Whoever puts the pieces together
// gets all of them, a part after the other; the text so far is shown as far as a push goes.
void Events::push_piece(LiveRun& run, std::string_view piece, bool replace, DeltaFor whom) {
  do {
    const std::string_view part = cut_escaped(piece, kPushed.max);
    push_part(run, part, replace, whom);
    piece.remove_prefix(part.size());
    replace = false;
  } while (!piece.empty());
}

void Events::push_part(LiveRun& run, std::string_view part, bool replace, DeltaFor whom) {
  const std::string_view shown = cut_escaped(run.text, kPushed.max);
  data_.clear();
  JsonWriter data{data_};
  data.begin_object();
  data.member("text", shown);
  data.member("delta", part);
  write_cut(data, run.text, shown, Seq{});
  if (replace) data.member("replace", true);
  data.end_object();
  ++run.seq;
  {
    Push push{net_, "agent"};
    push.json().begin_object();
    write_agent_members(push.json(), run, "assistant", data_);
    push.json().end_object();
    deliver_piece(push, run, whom);
  }
  members_.clear();
  JsonWriter json{members_};
  json.member("deltaText", part);
  if (replace) json.member("replace", true);
  json.key("message");
  write_assistant_text(json, run.text, net_.wall_ms, kPushed);
  Push push{net_, "chat"};
  write_chat(push.json(), run, "delta", members_, Seq{});
  deliver_piece(push, run, whom);
}

void Events::deliver_piece(Push& push, const LiveRun& run, DeltaFor whom) {
  for (const std::uint32_t slot : net_.interested) {
    if (delta_for(slot, run, whom) && may_be_told(slot, Audience::all, run.session_key)) {
      push.to(slot);
    }
  }
}

}  // namespace spine::net
