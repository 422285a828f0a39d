// Gathering: who writes where, and for how long his turn waits.
#include "engine/core/messages/gathering.h"

#include <algorithm>

#include "engine/core/base/key_buffer.h"
#include "schemas/vocab/siphash.h"

namespace spine::core {
namespace {

// What a person says to the agent of a session at one place. Words that are trusted otherwise are
// never mixed.
Bits128 key_of(const GatheredWords& words, Bits128 secret) {
  KeyBuffer key;
  key.add_field(words.session_key)
      .add_field(words.sender_key)
      .add_field(text_of(words.message.conversation_id()))
      .add(words.trust == fb::Trust::trusted ? "t" : "u");
  return siphash128(secret, as_bytes(key.view()));
}

}  // namespace

void Gathering::find(const GatheredWords& words) {
  const std::string_view group = text_of(words.message.group());
  const std::uint64_t wait_ms = tables_.policy.burst_ms(words.channel, !group.empty());
  const Bits128 secret = tables_.meta.fingerprint_key;
  key_ = key_of(words, secret);
  if (!group.empty()) group_ = siphash128(secret, as_bytes(group));
  joined_ = tables_.bursts.find(key_, group_, now_ms_);
  if (joined_ != nullptr) {
    closes_ms_ = renewed_ms(wait_ms);
    not_before_ms_ = closes_ms_;
    return;
  }
  const std::uint64_t held_ms = tables_.bursts.held_until_ms(words.session, now_ms_);
  opens_ = wait_ms != 0 && !words.at_once && tables_.bursts.has_room(now_ms_);
  if (opens_) {
    closes_ms_ = now_ms_ + wait_ms;
    until_ms_ = now_ms_ + wait_ms * limits::kBurstWindowsMax;
  }
  // In order: what came first is answered first.
  not_before_ms_ = std::max(closes_ms_, held_ms);
}

// Each message puts the end of the wait off, but not beyond what others of the session were told to
// wait for.
std::uint64_t Gathering::renewed_ms(std::uint64_t wait_ms) const {
  const std::uint64_t closes_ms = joined_->closes_ms;
  const bool others_wait = joined_->run && tables_.runs.next(tables_.runs.find(joined_->run)) != 0;
  if (closes_ms <= now_ms_ || others_wait) return closes_ms;
  return std::max(closes_ms, std::min(now_ms_ + wait_ms, joined_->until_ms));
}

void Gathering::draft(Drafter& drafter, const Why& why) const {
  const fb::Bits128 key = put_bits(key_);
  const fb::Bits128 group = put_bits(group_);
  const fb::Bits128* of_album = group_ ? &group : nullptr;
  BodyBuilder& builder = drafter.builder();
  if (joins()) {
    drafter.add(why, fb::CreateBurstJoined(builder, joined_->id.value, why.cause, of_album,
                                           closes_ms_, joined_->run.value));
  } else if (opens()) {
    drafter.add(why,
                fb::CreateBurstOpened(builder, why.cause, &key, of_album, closes_ms_, until_ms_));
  }
}

}  // namespace spine::core
