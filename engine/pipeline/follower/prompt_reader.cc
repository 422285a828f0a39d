// Prompts whose messages are not in the writer's batch.
#include "engine/pipeline/follower/prompt_reader.h"

#include <vector>

#include "engine/core/model/views.h"
#include "engine/pipeline/items/prompts.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

constexpr std::string_view kBetweenTexts = "\n\n";

}  // namespace

// Puts the texts of the run's messages into text_, and their files into the item. False when that
// attempt is not the run's any more. Of a run that was tried before, the first attempt names the
// messages.
Result<bool> PromptReader::read_messages(Seq started, Seq message, std::uint16_t attempt,
                                         PromptItem& item) {
  std::vector<std::uint64_t> messages{message.value};
  bool asked_one = true;
  for (Seq at = started; at;) {
    SPINE_TRY(const EventView event, reader_.event_at(at));
    if (!is_kind(event, fb::EventBody::RunStarted)) break;
    const auto& body = root_of<fb::RunStarted>(event);
    if (asked_one && body.attempt() != attempt) return false;
    asked_one = false;
    if (body.collected() != nullptr) {
      messages.insert(messages.end(), body.collected()->begin(), body.collected()->end());
    }
    // Only backwards, so that a bad journal cannot cause an endless loop.
    at = body.previous() < at.value ? Seq{body.previous()} : Seq{};
  }
  text_.clear();
  std::size_t left_out = 0;
  for (const std::uint64_t seq : messages) {
    SPINE_TRY(const EventView event, reader_.event_at(Seq{seq}));
    if (!is_kind(event, fb::EventBody::MessageReceived)) continue;
    const std::string_view text = prompt_text(state_, event, [this](Seq at_seq, EventView& found) {
      const auto read = reader_.event_at(at_seq);
      if (read) found = *read;
      return read.has_value();
    });
    add_files(event, item);
    if (!text_.empty() && text_.size() + text.size() > limits::kTextBytesMax) {
      ++left_out;
      continue;
    }
    if (!text_.empty() && !text.empty()) text_ += kBetweenTexts;
    text_ += text;
  }
  if (left_out != 0) {
    text_ += kBetweenTexts;
    text_ += "[" + std::to_string(left_out) +
             " more messages came meanwhile; together they are too long to be shown here]";
  }
  return true;
}

Result<bool> PromptReader::read_prompt(RunId id, EffectId effect, PromptItem& item) {
  core::RunView run{};
  // It may have ended, or been interrupted and started again, while the text was being fetched.
  if (!core::view_run(state_, id, run) || run.status != core::RunStatus::running) return false;
  item = prompt_of(state_, run, effect);
  SPINE_TRY(const bool current, read_messages(effect.seq, run.message, run.attempt, item));
  if (!current) return false;
  item.text = text_;
  return true;
}

}  // namespace spine::pipeline
