// Principals: found by kind and key.
#include "engine/core/principals/principals.h"

#include "engine/core/base/hash_index.h"

namespace spine::core {

std::uint32_t Principals::hash_key(fb::PrincipalKind kind, std::string_view key) const {
  return hash_text(seed_ + static_cast<std::uint64_t>(kind), key);
}

std::uint32_t Principals::find_key(fb::PrincipalKind kind, std::string_view key) const {
  return by_key_.find(hash_key(kind, key), [&](std::uint32_t row) {
    return cold_[row].kind == kind && texts_->view(cold_[row].key) == key;
  });
}

std::uint32_t Principals::add(const PrincipalRow& from) {
  const std::uint32_t row = put(from);
  by_key_.insert(hash_key(from.kind, from.key), row);
  return row;
}

bool Principals::restore(const PrincipalRow& from) {
  if (find_key(from.kind, from.key) != 0) return false;
  add(from);
  return true;
}

void Principals::remove(std::uint32_t row) {
  by_key_.erase(hash_key(cold_[row].kind, texts_->view(cold_[row].key)), row);
  drop(row);
}

void put_sender_key(std::string_view channel, std::string_view account, std::string_view sender_id,
                    IdCase ids, Bits128 key, KeyBuffer& out) {
  out.add_escaped(channel).add(":").add_id_escaped(account, ids).add(":").add(sender_id);
  out.fit(key);
}

}  // namespace spine::core
