// What a prompt says besides its text: the same from the engine and from the follower.
#pragma once

#include <string_view>

#include "engine/core/model/views.h"
#include "engine/pipeline/items/messages.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

#include "event_generated.h"

namespace spine::pipeline {

// How many events after a message are searched for the one that began its conversation.
inline constexpr std::uint64_t kConsequencesMax = 3;

// What a message tells the agent: its text, without the "/new" that began its conversation afresh.
// `event_at(Seq, EventView&)`: false = there is no such event. Borrowed from the message.
template <class EventAt>
std::string_view prompt_text(const core::State& state, const EventView& message,
                             EventAt&& event_at) {
  const std::string_view text = text_of(root_of<fb::MessageReceived>(message).text());
  std::string_view rest;
  if (!core::is_reset_trigger(state, text, rest) || rest.empty()) return text;
  EventView event{};
  for (std::uint64_t i = 1; i <= kConsequencesMax; ++i) {
    if (!event_at(Seq{message.seq.value + i}, event)) break;
    if (event.header.cause == message.seq.value && core::begins_conversation(event)) return rest;
  }
  return text;
}

// Adds the files that came with the message, as far as there is room for them. Borrowed from it.
inline void add_files(const EventView& message, PromptItem& item) {
  const auto* attachments = root_of<fb::MessageReceived>(message).attachments();
  if (attachments == nullptr) return;
  for (const fb::Attachment* file : *attachments) {
    if (item.files.size() >= limits::kPromptFilesMax) {
      ++item.files_left_out;
      continue;
    }
    const ByteSpan sha256 = bytes_of(file->sha256());
    item.files.push_back({.name = cut_text(text_of(file->name()), limits::kNameBytesMax),
                          .mime_type = cut_text(text_of(file->mime_type()), limits::kNameBytesMax),
                          .sha256 = sha256.size() == sizeof(Digest256) ? sha256 : ByteSpan{},
                          .bytes = file->bytes(),
                          .kind = file->kind(),
                          .problem = file->problem()});
  }
}

// Everything but the text and the files. Borrowed from the state until its next evolve.
inline PromptItem prompt_of(const core::State& state, const core::RunView& run, EffectId effect) {
  PromptItem item{};
  item.effect = effect;
  item.run = run.id;
  item.session = run.session;
  item.attempt = run.attempt;
  item.trust = run.trust;
  item.run_key = run.key;
  item.agent_id = run.agent_id;
  core::SessionView session{};
  if (!core::view_session(state, run.session, session)) return item;
  item.session_uuid = session.uuid;
  item.session_key = session.key;
  item.agent_session = session.agent_session;
  item.model = session.model;
  item.thinking_level = session.thinking_level;
  return item;
}

}  // namespace spine::pipeline
