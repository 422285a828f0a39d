// Sessions: rows, indexes and the idle list.
#include "engine/core/sessions.h"

#include "engine/core/hash_index.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::core {

Sessions::Sessions(TextArena& texts)
    : texts_(&texts),
      rows_(limits::kSessionsMax),
      hot_(limits::kSessionsMax + 1),
      cold_(limits::kSessionsMax + 1),
      links_(limits::kSessionsMax) {}

std::uint32_t Sessions::find(SessionId id) const {
  if (!id) return 0;
  return by_id_.find(hash_id(id.value), [&](std::uint32_t row) { return cold_[row].id == id; });
}

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

void Sessions::set_thinking_level(std::uint32_t row, std::string_view level) {
  texts_->drop(cold_[row].thinking_level);
  cold_[row].thinking_level = texts_->put(cut_text(level, limits::kThinkingLevelBytesMax));
}

void Sessions::set_model(std::uint32_t row, std::string_view model) {
  texts_->drop(cold_[row].model);
  cold_[row].model = texts_->put(cut_text(model, limits::kModelBytesMax));
}

void Sessions::set_agent_session(std::uint32_t row, std::string_view name) {
  if (name.size() > limits::kAgentSessionBytesMax) name = {};
  texts_->drop(cold_[row].agent_session);
  cold_[row].agent_session = texts_->put(name);
}

std::uint32_t Sessions::open(const SessionRow& from) {
  const std::uint32_t row = rows_.take();
  hot_[row] = SessionHot{};
  cold_[row] = SessionCold{};
  SessionCold& cold = cold_[row];
  copy_row(SessionRow::columns(), from, session_columns<Text>(), SplitRow{hot_[row], cold},
           [&](std::string_view text) { return texts_->put(text); });
  by_id_.insert(hash_id(cold.id.value), row);
  by_key_.insert(hash_text(seed_, texts_->view(cold.key)), row);
  texts_->drop(cold.label);
  set_label(row, from.label);
  return row;
}

bool Sessions::restore(const SessionRow& from) {
  if (find_key(from.key) != 0) return false;
  open(from);
  return true;
}

SessionRow Sessions::copy(std::uint32_t row) const {
  SessionRow copy;
  copy_row(session_columns<Text>(), SplitRow{hot_[row], cold_[row]}, SessionRow::columns(), copy,
           [&](Text text) { return texts_->view(text); });
  return copy;
}

void Sessions::close(std::uint32_t row) {
  SessionCold& cold = cold_[row];
  if (links_.contains(idle_, row)) links_.remove(idle_, row);
  by_id_.erase(hash_id(cold.id.value), row);
  by_key_.erase(hash_text(seed_, texts_->view(cold.key)), row);
  set_label(row, {});
  drop_texts(session_columns<Text>(), SplitRow{hot_[row], cold}, *texts_);
  cold = SessionCold{};
  hot_[row] = SessionHot{};
  rows_.give_back(row);
}

void Sessions::touch(std::uint32_t row, std::uint64_t ms, Seq seq) {
  if (links_.contains(idle_, row)) links_.remove(idle_, row);
  hot_[row].active_ms = ms;
  hot_[row].active_seq = seq.value;
  settle(row);
}

void Sessions::settle(std::uint32_t row) {
  const SessionHot& hot = hot_[row];
  const bool idle = hot.running == 0 && hot.waiting_count == 0;
  if (idle == links_.contains(idle_, row)) return;
  if (!idle) return links_.remove(idle_, row);
  links_.insert(idle_, row, [&](std::uint32_t other) {
    if (hot_[other].active_seq != hot.active_seq) return hot_[other].active_seq > hot.active_seq;
    return cold_[other].id > cold_[row].id;
  });
}

std::size_t Sessions::bytes() const {
  return rows_.end() * (sizeof(SessionHot) + sizeof(SessionCold) + sizeof(RowLink) + 4) +
         by_id_.bytes() + by_key_.bytes() + by_label_.bytes();
}

}  // namespace spine::core
