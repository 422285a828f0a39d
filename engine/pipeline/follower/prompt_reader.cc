// Prompts whose messages are not in the writer's batch.
#include "engine/pipeline/follower/prompt_reader.h"

#include "engine/pipeline/items/prompts.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

constexpr std::string_view kBetweenTexts = "\n\n";

}  // namespace

// Of a run that was tried before, the first attempt names the messages that it had collected. What
// was cut off from the history since then is not given again.
Result<std::vector<Seq>> PromptReader::messages_of(const core::RunView& run, Seq started) {
  std::vector<Seq> messages{run.message};
  bool asked_one = true;
  for (Seq at = started; at;) {
    SPINE_TRY(const EventView event, reader_.event_at(at));
    if (!is_kind(event, fb::EventBody::RunStarted)) break;
    const auto& body = root_of<fb::RunStarted>(event);
    if (asked_one && body.attempt() != run.attempt) return std::vector<Seq>{};
    asked_one = false;
    const auto* collected = body.collected();
    for (flatbuffers::uoffset_t i = 0; collected != nullptr && i < collected->size(); ++i) {
      const Seq seq{collected->Get(i)};
      if (core::is_in_history(state_, run.session, seq)) messages.push_back(seq);
    }
    // Only backwards, so that a bad journal cannot cause an endless loop.
    at = body.previous() < at.value ? Seq{body.previous()} : Seq{};
  }
  return messages;
}

// Puts the texts of the messages into text_, and their files into the item.
Status PromptReader::read_messages(const std::vector<Seq>& messages, PromptItem& item) {
  text_.clear();
  std::size_t left_out = 0;
  for (const Seq seq : messages) {
    SPINE_TRY(const EventView event, reader_.event_at(seq));
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
  return ok();
}

Result<bool> PromptReader::read_prompt(RunId id, EffectId effect, PromptItem& item) {
  core::RunView run{};
  // It may have ended, or been interrupted and started again, while the text was being fetched.
  if (!core::view_run(state_, id, run) || run.status != core::RunStatus::running) return false;
  SPINE_TRY(const std::vector<Seq> messages, messages_of(run, effect.seq));
  if (messages.empty()) return false;
  item = prompt_of(state_, run, effect);
  SPINE_TRY_STATUS(read_messages(messages, item));
  item.text = text_;
  return true;
}

}  // namespace spine::pipeline
