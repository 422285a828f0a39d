// KeyBuffer: builds keys out of pieces without allocating.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/uuid.h"

namespace spine::core {

// How ids of senders, conversations, threads and accounts are compared. Platforms tell "Anna" from
// "anna", so to fold ids would let one person in as another: ids are opaque bytes. Older events
// (without exact_ids) were decided with the case of ASCII letters folded, and keep that meaning for
// ever. Names of channels and agents are folded in both.
enum class IdCase : std::uint8_t { folded, exact };
constexpr IdCase id_case(bool exact_ids) {
  return exact_ids ? IdCase::exact : IdCase::folded;
}
bool same_id(std::string_view a, std::string_view b, IdCase ids);

// Thread: whoever owns it. Five names of limits::kNameBytesMax fit; longer texts, which are in no
// event that a decision makes, are cut at the capacity.
class KeyBuffer {
 public:
  static constexpr std::size_t kCapacity = 2048;

  // Not defaulted: `KeyBuffer key{}` would clear two kilobytes for nothing.
  KeyBuffer() {}

  void clear() { size_ = 0; }
  KeyBuffer& add(std::string_view piece);
  KeyBuffer& add_lower(std::string_view piece);
  // Lower-cased, with its colons as %3a: for a piece that others follow, so that it cannot run into
  // them.
  KeyBuffer& add_escaped(std::string_view piece) { return add_id_escaped(piece, IdCase::folded); }
  // With its length in front: fields added like this cannot run into each other.
  KeyBuffer& add_field_lower(std::string_view field) { return add_id_field(field, IdCase::folded); }
  KeyBuffer& add_field(std::string_view field) { return add_id_field(field, IdCase::exact); }
  // The same three of an id: as it is, or lower-cased.
  KeyBuffer& add_id(std::string_view id, IdCase ids) {
    return ids == IdCase::exact ? add(id) : add_lower(id);
  }
  KeyBuffer& add_id_escaped(std::string_view id, IdCase ids);
  KeyBuffer& add_id_field(std::string_view id, IdCase ids);
  // Makes the key fit limits::kKeyBytesMax: a longer one is cut and gets a fingerprint (keyed by
  // `key`) of the whole at its end, so that two long keys stay two keys.
  void fit(Bits128 key);

  std::string_view view() const { return {data_.data(), size_}; }

 private:
  std::size_t room(std::size_t bytes) const {
    return bytes < kCapacity - size_ ? bytes : kCapacity - size_;
  }

  std::array<char, kCapacity> data_;  // not cleared: only the first size_ bytes are read
  std::size_t size_{};
};
// A random UUID (RFC 4122 version 4) out of recorded entropy: the same for the same purpose.
Bits128 uuid_from(Bits128 entropy, std::uint64_t purpose);

}  // namespace spine::core
