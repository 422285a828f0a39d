// Principals: rows, indexes and the idle list.
#include "engine/core/principals.h"

#include "engine/core/hash_index.h"
#include "schemas/vocab/limits.h"

namespace spine::core {

Principals::Principals(TextArena& texts)
    : texts_(&texts),
      rows_(limits::kPrincipalsMax),
      hot_(limits::kPrincipalsMax + 1),
      cold_(limits::kPrincipalsMax + 1),
      links_(limits::kPrincipalsMax) {}

std::uint32_t Principals::hash_key(fb::PrincipalKind kind, std::string_view key) const {
  return hash_text(seed_ + static_cast<std::uint64_t>(kind), key);
}

std::uint32_t Principals::find(PrincipalId id) const {
  if (!id) return 0;
  return by_id_.find(hash_id(id.value), [&](std::uint32_t row) { return cold_[row].id == id; });
}

std::uint32_t Principals::find_key(fb::PrincipalKind kind, std::string_view key) const {
  return by_key_.find(hash_key(kind, key), [&](std::uint32_t row) {
    return cold_[row].kind == kind && texts_->view(cold_[row].key) == key;
  });
}

std::uint32_t Principals::add(const PrincipalRow& from) {
  const std::uint32_t row = rows_.take();
  hot_[row] = PrincipalHot{};
  cold_[row] = PrincipalCold{};
  PrincipalCold& cold = cold_[row];
  copy_row(PrincipalRow::columns(), from, principal_columns<Text>(), SplitRow{hot_[row], cold},
           [&](std::string_view text) { return texts_->put(text); });
  by_id_.insert(hash_id(cold.id.value), row);
  by_key_.insert(hash_key(cold.kind, texts_->view(cold.key)), row);
  return row;
}

bool Principals::restore(const PrincipalRow& from) {
  if (find_key(from.kind, from.key) != 0) return false;
  add(from);
  return true;
}

PrincipalRow Principals::copy(std::uint32_t row) const {
  PrincipalRow copy;
  copy_row(principal_columns<Text>(), SplitRow{hot_[row], cold_[row]}, PrincipalRow::columns(),
           copy, [&](Text text) { return texts_->view(text); });
  return copy;
}

void Principals::remove(std::uint32_t row) {
  PrincipalCold& cold = cold_[row];
  if (links_.contains(idle_, row)) links_.remove(idle_, row);
  by_id_.erase(hash_id(cold.id.value), row);
  by_key_.erase(hash_key(cold.kind, texts_->view(cold.key)), row);
  drop_texts(principal_columns<Text>(), SplitRow{hot_[row], cold}, *texts_);
  cold = PrincipalCold{};
  hot_[row] = PrincipalHot{};
  rows_.give_back(row);
}

void Principals::touch(std::uint32_t row, std::uint64_t ms, Seq seq) {
  if (links_.contains(idle_, row)) links_.remove(idle_, row);
  hot_[row].seen_ms = ms;
  hot_[row].seen_seq = seq.value;
  settle(row);
}

void Principals::settle(std::uint32_t row) {
  const PrincipalHot& hot = hot_[row];
  const bool idle = cold_[row].kind == fb::PrincipalKind::sender && hot.sessions == 0;
  if (idle == links_.contains(idle_, row)) return;
  if (!idle) return links_.remove(idle_, row);
  links_.insert(idle_, row, [&](std::uint32_t other) {
    if (hot_[other].seen_seq != hot.seen_seq) return hot_[other].seen_seq > hot.seen_seq;
    return cold_[other].id > cold_[row].id;
  });
}

std::size_t Principals::bytes() const {
  return rows_.end() * (sizeof(PrincipalHot) + sizeof(PrincipalCold) + sizeof(RowLink) + 4) +
         by_id_.bytes() + by_key_.bytes();
}

}  // namespace spine::core
