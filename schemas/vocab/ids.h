// Strong integer ids shared by every layer: a raw integer never crosses a module boundary.
#pragma once

#include <compare>
#include <cstdint>

namespace spine {

// An integer that does not mix with other integers. Zero means "none" for every id of Spine.
template <class Tag, class Rep>
struct Id {
  using rep = Rep;
  Rep value{};

  constexpr explicit operator bool() const { return value != 0; }
  constexpr auto operator<=>(const Id&) const = default;
};

// Position of an event in the journal: dense, starts at 1, assigned by the engine thread alone.
using Seq = Id<struct SeqTag, std::uint64_t>;
// A session is named by the Seq of the SessionOpened event that created it: unique and ordered,
// with no counter to persist.
using SessionId = Id<struct SessionIdTag, std::uint64_t>;
// A run is named by the Seq of its RunQueued event.
using RunId = Id<struct RunIdTag, std::uint64_t>;
// A principal is named by the Seq of its PrincipalAdded event.
using PrincipalId = Id<struct PrincipalIdTag, std::uint64_t>;
// A delivery is named by the Seq of its DeliveryRequested event, and an account of a channel by
// that of its first ChannelStateChanged.
using DeliveryId = Id<struct DeliveryIdTag, std::uint64_t>;
using ChannelId = Id<struct ChannelIdTag, std::uint64_t>;

constexpr Seq next(Seq seq) {
  return Seq{seq.value + 1};
}

// Names a connection across threads: the generation makes a reused slot a different connection.
// Never a pointer of the network library. generation 0 = no connection.
struct ConnectionRef {
  std::uint32_t slot{};
  std::uint32_t generation{};
  constexpr bool operator==(const ConnectionRef&) const = default;
  constexpr explicit operator bool() const { return generation != 0; }
};

// Identity of outside work: the event that asked for it, and which of that event's effects it is.
struct EffectId {
  Seq seq{};
  std::uint32_t ordinal{};
  constexpr auto operator<=>(const EffectId&) const = default;
};

// 128 bits that arrive from outside the core (random) or name something (a UUID, a fingerprint).
struct Bits128 {
  std::uint64_t hi{};
  std::uint64_t lo{};
  constexpr auto operator<=>(const Bits128&) const = default;
  constexpr explicit operator bool() const { return (hi | lo) != 0; }
};

// The two clocks of an input. wall_ms: Unix epoch milliseconds as read, may jump either way.
// logical_ms: milliseconds of journal life, only grows (boot-time differences, carried over
// restarts).
struct Instant {
  std::int64_t wall_ms{};
  std::uint64_t logical_ms{};
  constexpr bool operator==(const Instant&) const = default;
};

}  // namespace spine
