// What the follower reads for agents: the texts of prompts that are not at hand.
#include "engine/core/views.h"
#include "engine/pipeline/follower.h"
#include "engine/pipeline/prompts.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

constexpr std::string_view kBetweenTexts = "\n\n";

}  // namespace

// Puts the texts of the run's messages into prompt_. False when that attempt is not the run's any
// more. Of a run that was tried before, the first attempt names the messages.
Result<bool> Follower::read_prompt(Seq started, Seq message, std::uint16_t attempt) {
  std::vector<std::uint64_t> messages{message.value};
  bool asked_one = true;
  for (Seq at = started; at;) {
    SPINE_TRY(const EventView event, event_at(at));
    if (!is_kind(event, fb::EventBody::RunStarted)) break;
    const auto& body = root_of<fb::RunStarted>(event);
    if (asked_one && body.attempt() != attempt) return false;
    asked_one = false;
    if (body.collected() != nullptr) {
      messages.insert(messages.end(), body.collected()->begin(), body.collected()->end());
    }
    // Only ever back, whatever the journal says.
    at = body.previous() < at.value ? Seq{body.previous()} : Seq{};
  }
  prompt_.clear();
  std::size_t left_out = 0;
  for (const std::uint64_t seq : messages) {
    SPINE_TRY(const EventView event, event_at(Seq{seq}));
    if (!is_kind(event, fb::EventBody::MessageReceived)) continue;
    const std::string_view text = prompt_text(state_, event, [this](Seq at_seq, EventView& found) {
      const auto read = event_at(at_seq);
      if (read) found = *read;
      return read.has_value();
    });
    if (!prompt_.empty() && prompt_.size() + text.size() > limits::kTextBytesMax) {
      ++left_out;
      continue;
    }
    if (!prompt_.empty()) prompt_ += kBetweenTexts;
    prompt_ += text;
  }
  if (left_out != 0) {
    prompt_ += kBetweenTexts;
    prompt_ += "[" + std::to_string(left_out) +
               " more messages came meanwhile; together they are too long to be shown here]";
  }
  return true;
}

Status Follower::answer_prompt(const ReadRequest& request) {
  core::RunView run{};
  if (!core::view_run(state_, request.run, run) || run.status != core::RunStatus::running) {
    return ok();  // it ended while the text was being fetched
  }
  SPINE_TRY(const bool current, read_prompt(request.effect.seq, run.message, run.attempt));
  if (!current)
    return ok();  // it was interrupted and started again: that start has its own request
  PromptItem item = prompt_of(state_, run, request.effect);
  item.text = prompt_;
  write(loop_, item);
  return ok();
}

}  // namespace spine::pipeline
