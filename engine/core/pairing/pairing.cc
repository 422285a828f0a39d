// Pairing of senders: the two tables, and codes.
#include "engine/core/pairing/pairing.h"

#include <algorithm>
#include <span>

#include "engine/core/model/tables.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/siphash.h"

namespace spine::core {
namespace {

template <class Row>
bool is_beside(const Row& row, const SenderPlace& sender) {
  return same_but_case(row.channel, sender.channel) &&
         same_id(row.account, sender.account, sender.ids);
}

template <class Row>
bool is_from(const Row& row, const SenderPlace& sender) {
  return same_id(row.sender_id, sender.sender_id, sender.ids) && is_beside(row, sender);
}

}  // namespace

const PairingRequest* PairingRequests::find(Seq id, std::uint64_t now_ms) const {
  return find_row([&](const Row& row) { return row.live(now_ms) && row.request == id; });
}

const PairingRequest* PairingRequests::find_sender(const SenderPlace& sender,
                                                   std::uint64_t now_ms) const {
  return find_row([&](const Row& row) { return row.live(now_ms) && is_from(row, sender); });
}

const PairingRequest* PairingRequests::find_code(std::string_view code,
                                                 std::uint64_t now_ms) const {
  return find_row([&](const Row& row) { return row.live(now_ms) && row.code == code; });
}

bool PairingRequests::has_room(const SenderPlace& sender, std::uint64_t now_ms) const {
  std::size_t live = 0;
  std::size_t beside = 0;
  for (const PairingRequest& row : rows_) {
    if (!row.live(now_ms)) continue;
    ++live;
    if (is_beside(row, sender)) ++beside;
  }
  return live < limits::kPairingRequestsMax && beside < limits::kPairingRequestsPerAccountMax;
}

void PairingRequests::add(PairingRequest request, std::uint64_t now_ms) {
  std::erase_if(rows_, [&](const PairingRequest& row) { return !row.live(now_ms); });
  if (rows_.size() >= limits::kPairingRequestsMax) return;
  SPINE_CHECK(rows_.empty() || rows_.back().request < request.request);
  rows_.push_back(std::move(request));
}

PairingRequest PairingRequests::take(Seq id) {
  return take_row([&](const Row& row) { return row.request == id; });
}

// The same however ids are compared: those that differ in case alone share a place of the index.
std::uint32_t PairedSenders::hash_of(const SenderPlace& sender) const {
  KeyBuffer key;
  key.add_field_lower(sender.channel).add_field_lower(sender.account).add_lower(sender.sender_id);
  return hash_text(seed_, key.view());
}

bool PairedSenders::has(const SenderPlace& sender) const {
  if (rows_.empty()) return false;
  return index_.find(hash_of(sender),
                     [&](std::uint32_t row) { return is_from(rows_[row - 1], sender); }) != 0;
}

void PairedSenders::add(PairedSender sender, IdCase ids) {
  const SenderPlace place{sender.channel, sender.account, sender.sender_id, ids};
  if (has(place)) return;
  SPINE_CHECK(!full() && (rows_.empty() || rows_.back().resolved < sender.resolved));
  const std::uint32_t hash = hash_of(place);
  rows_.push_back(std::move(sender));
  index_.insert(hash, count());
}

std::optional<PairingCode> free_code(const Tables& tables, Bits128 entropy, std::uint64_t purpose,
                                     std::uint64_t now_ms) {
  // Among 512 of 2^40 the first one is free.
  constexpr std::uint64_t kTriesMax = 16;
  for (std::uint64_t attempt = 0; attempt < kTriesMax; ++attempt) {
    const std::array<std::uint64_t, 2> words{purpose, attempt};
    std::uint64_t bits = siphash128(entropy, std::as_bytes(std::span(words))).lo;
    PairingCode code{};
    for (char& letter : code) {
      letter = kPairingAlphabet[bits % kPairingAlphabet.size()];
      bits /= kPairingAlphabet.size();
    }
    if (tables.pairing_requests.find_code(view(code), now_ms) == nullptr &&
        tables.approvals.find_code(view(code)) == nullptr) {
      return code;
    }
  }
  return {};
}

}  // namespace spine::core
