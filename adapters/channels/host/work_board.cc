// WorkBoard: entries, their texts, and ends that came first.
#include "adapters/channels/host/work_board.h"

#include <algorithm>

#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::channels {

pipeline::WorkItem BoardEntry::item(RunId run) const {
  return {.run = run,
          .attempt = attempt,
          .working = true,
          .previewed = previewed,
          .conversation = conversation,
          .channel = channel,
          .account = account,
          .conversation_id = conversation_id,
          .thread = thread,
          .reply_to = reply_to,
          .preview_id = preview_id};
}

const BoardEntry* WorkBoard::begin(const pipeline::WorkItem& item) {
  if (std::ranges::find(ended_, item.run.value) != ended_.end()) return nullptr;
  BoardEntry& entry = entries_[item.run.value];
  drop_text(entry);
  entry = {.attempt = item.attempt,
           .previewed = item.previewed,
           .conversation = item.conversation,
           .channel = std::string(item.channel),
           .account = std::string(item.account),
           .conversation_id = std::string(item.conversation_id),
           .thread = std::string(item.thread),
           .reply_to = std::string(item.reply_to),
           .preview_id = std::string(item.preview_id)};
  return &entry;
}

void WorkBoard::drop_text(BoardEntry& entry) {
  text_bytes_ -= entry.text.size();
  entry.text.clear();
}

bool WorkBoard::end(RunId run) {
  const auto found = entries_.find(run.value);
  if (found == entries_.end()) {
    ended_.push_back(run.value);
    if (ended_.size() > limits::kWorkEndedMax) ended_.pop_front();
    return false;
  }
  drop_text(found->second);
  entries_.erase(found);
  return true;
}

const BoardEntry* WorkBoard::add(const pipeline::DeltaItem& item) {
  const auto found = entries_.find(item.run.value);
  if (found == entries_.end()) return nullptr;
  BoardEntry& entry = found->second;
  if (entry.attempt != item.attempt || entry.cut) return nullptr;
  const std::size_t room = std::min(
      limits::kPreviewTextBytesMax - entry.text.size(),
      limits::kPreviewTextsBytesMax - std::min(limits::kPreviewTextsBytesMax, text_bytes_));
  const std::string_view taken = cut_text(item.piece, room);
  entry.behind = item.behind;
  entry.cut = taken.size() < item.piece.size();
  entry.text += taken;
  text_bytes_ += taken.size();
  return taken.empty() ? nullptr : &entry;
}

}  // namespace spine::channels
