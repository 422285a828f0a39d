// Pairing of senders: who asks to be let in, and who was let in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/hash_index.h"
#include "engine/core/key_buffer.h"

namespace spine::core {

// A sender where it writes. Rows keep ids as they were written, also those of requests that were
// made when ids were folded: so whoever looks says how they are compared. One who was let in as
// "Anna" then is still let in; "anna", who got in with her, has to ask for herself.
struct SenderPlace {
  std::string_view channel{};
  std::string_view account{};
  std::string_view sender_id{};
  IdCase ids{};
};

inline constexpr std::string_view kPairingAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
inline constexpr std::size_t kPairingCodeBytes = 8;

struct PairingRequest {
  std::uint64_t id{};  // the ChannelPairingRequested
  std::string channel{};
  std::string account{};
  std::string sender_id{};
  std::string sender_name{};
  std::string code{};
  std::int64_t created_wall_ms{};
  std::uint64_t expires_ms{};  // logical
  std::int64_t expires_wall_ms{};

  bool live(std::uint64_t now_ms) const { return now_ms < expires_ms; }
};

// At most limits::kPairingRequestsMax rows in order of their ids. Those that have expired stay
// until the next is added and count for nothing: every question has the logical time it is asked
// at.
class PairingRequests {
 public:
  // The live request with that id, of that sender, or with that code (upper case); nullptr = none.
  // Borrowed until the table changes.
  const PairingRequest* find(std::uint64_t id, std::uint64_t now_ms) const;
  const PairingRequest* find_sender(const SenderPlace& sender, std::uint64_t now_ms) const;
  const PairingRequest* find_code(std::string_view code, std::uint64_t now_ms) const;
  // Whether one more sender of that channel and account may ask.
  bool has_room(const SenderPlace& sender, std::uint64_t now_ms) const;

  // Takes out what has expired, then adds the request if there is room. REQUIRES: every id is
  // smaller.
  void add(PairingRequest request, std::uint64_t now_ms);
  // Adds a row as it was, behind the others. REQUIRES: there is room, every id is smaller.
  void restore(PairingRequest request) { rows_.push_back(std::move(request)); }
  // Takes the row out, expired or not, and gives it back; one without an id when there is none.
  PairingRequest take(std::uint64_t id);

  std::uint32_t count() const { return static_cast<std::uint32_t>(rows_.size()); }
  const PairingRequest& operator[](std::size_t index) const { return rows_[index]; }
  std::size_t bytes() const { return rows_.capacity() * sizeof(PairingRequest); }

 private:
  std::vector<PairingRequest> rows_{};
};

struct PairedSender {
  std::uint64_t id{};  // the ChannelPairingResolved
  std::string channel{};
  std::string account{};
  std::string sender_id{};
};

// At most limits::kPairedSendersMax rows in order of their ids.
class PairedSenders {
 public:
  bool has(const SenderPlace& sender) const;
  bool full() const;
  // REQUIRES: !full(), every id is smaller. Does nothing when the sender is there.
  void add(PairedSender sender, IdCase ids);

  std::uint32_t count() const { return static_cast<std::uint32_t>(rows_.size()); }
  const PairedSender& operator[](std::size_t index) const { return rows_[index]; }
  // Of the hash of senders. REQUIRES: the table is empty.
  void set_seed(std::uint64_t seed) { seed_ = seed; }
  std::size_t bytes() const { return rows_.capacity() * sizeof(PairedSender) + index_.bytes(); }

 private:
  std::uint32_t hash_of(const SenderPlace& sender) const;

  std::vector<PairedSender> rows_{};
  HashIndex index_{};  // holds positions + 1
  std::uint64_t seed_{};
};

}  // namespace spine::core
