// Sessions: indexes, and texts that change.
#include "engine/core/sessions/sessions.h"

#include "engine/core/base/hash_index.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::core {

std::uint32_t Sessions::find_key(std::string_view key) const {
  return by_key_.find(hash_text(seed_, key),
                      [&](std::uint32_t row) { return texts_->view(cold_[row].key) == key; });
}

std::uint32_t Sessions::find_label(std::string_view label) const {
  if (label.empty()) return 0;
  return by_label_.find(hash_text(seed_, label),
                        [&](std::uint32_t row) { return texts_->view(cold_[row].label) == label; });
}

void Sessions::set_label(std::uint32_t row, std::string_view label) {
  label = cut_text(label, limits::kNameBytesMax);
  if (find_label(label) != 0) return;
  SessionCold& cold = cold_[row];
  if (cold.label.bytes != 0) by_label_.erase(hash_text(seed_, texts_->view(cold.label)), row);
  texts_->drop(cold.label);
  cold.label = texts_->put(label);
  if (!label.empty()) by_label_.insert(hash_text(seed_, label), row);
}

void Sessions::set_text(Text& text, std::string_view to) {
  texts_->drop(text);
  text = texts_->put(to);
}

void Sessions::set_thinking_level(std::uint32_t row, std::string_view level) {
  set_text(cold_[row].thinking_level, cut_text(level, limits::kThinkingLevelBytesMax));
}

void Sessions::set_model(std::uint32_t row, std::string_view model) {
  set_text(cold_[row].model, cut_text(model, limits::kModelBytesMax));
}

void Sessions::set_agent_session(std::uint32_t row, std::string_view name) {
  const bool fits = name.size() <= limits::kAgentSessionBytesMax;
  set_text(cold_[row].agent_session, fits ? name : std::string_view{});
}

void Sessions::set_mark(std::uint32_t row, fb::SessionMark mark, bool set) {
  const auto bit = static_cast<std::uint32_t>(mark);
  std::uint32_t& marks = cold_[row].marks;
  marks = set ? marks | bit : marks & ~bit;
}

void Sessions::begin_conversation(std::uint32_t row, Bits128 uuid) {
  if (uuid) cold_[row].uuid = uuid;
  set_agent_session(row, {});
}

void Sessions::begin_life(std::uint32_t row, Bits128 uuid, std::int64_t wall_ms) {
  begin_conversation(row, uuid);
  cold_[row].started_wall_ms = wall_ms;
}

std::uint32_t Sessions::open(const SessionRow& from) {
  const std::uint32_t row = put(from);
  by_key_.insert(hash_text(seed_, from.key), row);
  texts_->drop(cold_[row].label);
  set_label(row, from.label);
  return row;
}

bool Sessions::restore(const SessionRow& from) {
  if (find_key(from.key) != 0) return false;
  open(from);
  return true;
}

void Sessions::move(std::uint32_t row, std::string_view key, std::string_view from,
                    std::string_view to) {
  SessionCold& cold = cold_[row];
  by_key_.erase(hash_text(seed_, texts_->view(cold.key)), row);
  set_text(cold.key, key);
  by_key_.insert(hash_text(seed_, key), row);
  if (texts_->view(cold.display_name) == from) set_text(cold.display_name, to);
}

void Sessions::close(std::uint32_t row) {
  by_key_.erase(hash_text(seed_, texts_->view(cold_[row].key)), row);
  set_label(row, {});
  drop(row);
}

}  // namespace spine::core
