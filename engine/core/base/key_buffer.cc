// KeyBuffer, and UUIDs from entropy.
#include "engine/core/base/key_buffer.h"

#include <cstring>

#include "schemas/vocab/limits.h"
#include "schemas/vocab/siphash.h"
#include "schemas/vocab/utf8.h"

namespace spine::core {

bool same_id(std::string_view a, std::string_view b, IdCase ids) {
  return ids == IdCase::exact ? a == b : same_but_case(a, b);
}

KeyBuffer& KeyBuffer::add(std::string_view piece) {
  const std::size_t bytes = room(piece.size());
  if (bytes != 0) std::memcpy(data_.data() + size_, piece.data(), bytes);
  size_ += bytes;
  return *this;
}

KeyBuffer& KeyBuffer::add_lower(std::string_view piece) {
  const std::size_t bytes = room(piece.size());
  for (std::size_t i = 0; i < bytes; ++i)
    data_[size_ + i] = lower(piece[i]);
  size_ += bytes;
  return *this;
}

KeyBuffer& KeyBuffer::add_id_escaped(std::string_view id, IdCase ids) {
  for (std::size_t colon = id.find(':'); colon != std::string_view::npos; colon = id.find(':')) {
    add_id(id.substr(0, colon), ids).add("%3a");
    id.remove_prefix(colon + 1);
  }
  return add_id(id, ids);
}

KeyBuffer& KeyBuffer::add_id_field(std::string_view id, IdCase ids) {
  const auto bytes = static_cast<std::uint32_t>(id.size());
  char length[sizeof(bytes)];
  std::memcpy(length, &bytes, sizeof(bytes));
  return add({length, sizeof(length)}).add_id(id, ids);
}

void KeyBuffer::fit(Bits128 key) {
  if (size_ <= limits::kKeyBytesMax) return;
  const Bits128 whole = siphash128(key, as_bytes(view()));
  constexpr std::size_t kDigits = 32;
  const std::size_t cut = cut_text(view(), limits::kKeyBytesMax - kDigits - 1).size();
  data_[cut] = '~';
  for (std::size_t i = 0; i < kDigits; ++i)
    data_[cut + 1 + i] = hex_digit(whole, i);
  size_ = cut + 1 + kDigits;
}

Bits128 uuid_from(Bits128 entropy, std::uint64_t purpose) {
  std::byte bytes[sizeof(purpose)];
  store(bytes, purpose);
  return as_uuid(siphash128(entropy, bytes));
}

}  // namespace spine::core
