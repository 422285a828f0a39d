// Pairing of senders: requests to be let in, and the senders that were.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/core/base/hash_index.h"
#include "engine/core/base/key_buffer.h"
#include "engine/core/model/row_store.h"
#include "engine/core/model/rows.h"

namespace spine::core {

struct Tables;

// A sender on a channel and account. Rows keep ids as they were written, also those of requests
// made when ids were folded: so the lookup says how to compare them. A sender who was let in as
// "Anna" then is still let in; "anna", who was let in with her, has to ask again.
struct SenderPlace {
  std::string_view channel{};
  std::string_view account{};
  std::string_view sender_id{};
  IdCase ids{};
};

// Letters and digits that are not mistaken for one another.
inline constexpr std::string_view kPairingAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
inline constexpr std::size_t kPairingCodeBytes = 8;

// A code that people read to each other: of a request for pairing, or of what an agent asks.
using PairingCode = std::array<char, kPairingCodeBytes>;
inline std::string_view view(const PairingCode& code) {
  return {code.data(), code.size()};
}
// A code out of recorded entropy that neither a live request nor an open question has; none when
// too many are taken.
std::optional<PairingCode> free_code(const Tables& tables, Bits128 entropy, std::uint64_t purpose,
                                     std::uint64_t now_ms);

using PairingRequest = PairingRow<std::string>;

// Expired requests stay until the next is added, and are ignored: every lookup takes the current
// logical time.
class PairingRequests : public RowVector<PairingRequest, limits::kPairingRequestsMax> {
 public:
  // The live request with that id, of that sender, or with that code (upper case); nullptr = none.
  // Borrowed until the table changes.
  const PairingRequest* find(Seq id, std::uint64_t now_ms) const;
  const PairingRequest* find_sender(const SenderPlace& sender, std::uint64_t now_ms) const;
  const PairingRequest* find_code(std::string_view code, std::uint64_t now_ms) const;
  // Whether one more sender of that channel and account may ask.
  bool has_room(const SenderPlace& sender, std::uint64_t now_ms) const;

  // Takes out what has expired, then adds the request if there is room. REQUIRES: every id is
  // smaller.
  void add(PairingRequest request, std::uint64_t now_ms);
  // Takes the row out, expired or not, and gives it back; one without an id when there is none.
  PairingRequest take(Seq id);
};

class PairedSenders : public RowVector<PairedSender, limits::kPairedSendersMax> {
 public:
  bool has(const SenderPlace& sender) const;
  // Whether the sender of the request can be let in.
  bool has_room(const PairingRequest& request, IdCase ids) const {
    return !full() || has({request.channel, request.account, request.sender_id, ids});
  }
  // REQUIRES: !full(), every id is smaller. Does nothing when the sender is there.
  void add(PairedSender sender, IdCase ids);
  // One of a snapshot, as it was: rows that differ in case alone are rows of their own.
  bool restore(PairedSender sender) {
    add(std::move(sender), IdCase::exact);
    return true;
  }

  // Of the hash of senders. REQUIRES: the table is empty.
  void set_seed(std::uint64_t seed) { seed_ = seed; }
  std::size_t bytes() const { return rows_.capacity() * sizeof(PairedSender) + index_.bytes(); }

 private:
  std::uint32_t hash_of(const SenderPlace& sender) const;

  HashIndex index_{};  // holds positions + 1
  std::uint64_t seed_{};
};

}  // namespace spine::core
