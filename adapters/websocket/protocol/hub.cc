// Output buffers, their bounds, and closing.
#include "adapters/websocket/protocol/hub.h"

#include <algorithm>
#include <compare>

#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::net {
namespace {

// Buffers that grew beyond this are freed, not pooled; so much of them is kept.
constexpr std::size_t kPooledBytesMax = 256 * limits::kKiB;
constexpr std::size_t kPooledBytesAllMax = 32 * limits::kMiB;
// The hard bound of one backlog, this turn's output included: a client that asks for a hundred
// large answers at once is closed before others are.
constexpr std::size_t kBacklogBytesMax = 2 * limits::kBufferedBytesMax;
// So much is added before the sockets are written to within a turn.
constexpr std::size_t kAddedBytesMax = 16 * limits::kMiB;
// A peer that took nothing for so long does not read: closed first when the total is too large.
constexpr std::uint64_t kSilentMs = 1'000;
constexpr std::size_t kReasonBytesMax = 123;  // a control frame carries 125 B, the code takes two

}  // namespace

FrameBuffer& Hub::buffer(std::uint32_t slot) {
  auto& out = table.out[slot];
  if (out == nullptr) {
    if (pool_.empty()) {
      out = std::make_unique<FrameBuffer>();
    } else {
      out = std::move(pool_.back());
      pool_.pop_back();
      pooled_bytes_ -= out->capacity();
    }
  }
  mark_dirty(slot);
  return *out;
}

void Hub::give_back(std::uint32_t slot) {
  auto& out = table.out[slot];
  if (out == nullptr) return;
  backlog_all_ -= out->pending_bytes();
  out->clear();
  if (out->capacity() <= kPooledBytesMax && pooled_bytes_ + out->capacity() <= kPooledBytesAllMax) {
    pooled_bytes_ += out->capacity();
    pool_.push_back(std::move(out));
  }
  out.reset();
}

void Hub::mark_dirty(std::uint32_t slot) {
  if (table.flag(slot, connection_flag::kDirty)) return;
  table.set(slot, connection_flag::kDirty);
  dirty_.push_back(slot);
}

std::size_t Hub::backlog(std::uint32_t slot) const {
  const std::size_t held = table.held_bytes[slot];
  return held + (table.out[slot] == nullptr ? 0 : table.out[slot]->pending_bytes());
}

std::string& Hub::begin(std::uint32_t slot) {
  if (added_ > kAddedBytesMax) [[unlikely]] {
    added_ = 0;
    if (write_) write_();
  }
  FrameBuffer& out = buffer(slot);
  backlog_before_ = out.pending_bytes();
  return out.begin_frame();
}

void Hub::end(std::uint32_t slot) {
  FrameBuffer& out = *table.out[slot];
  out.end_frame();
  backlog_all_ += out.pending_bytes() - backlog_before_;
  added_ += out.pending_bytes() - backlog_before_;
  ++frames_out;
  if (table.carried_bytes[slot] > limits::kBufferedBytesMax || backlog(slot) > kBacklogBytesMax ||
      backlog_all_ > limits::kBufferedBytesAllMax) [[unlikely]] {
    enforce_bounds(slot);
  }
}

void Hub::append(std::uint32_t slot, Opcode opcode, std::string_view payload) {
  FrameBuffer& out = buffer(slot);
  const std::size_t before = out.pending_bytes();
  out.append(opcode, payload);
  backlog_all_ += out.pending_bytes() - before;
}

void Hub::enforce_bounds(std::uint32_t slot) {
  if (table.carried_bytes[slot] > limits::kBufferedBytesMax || backlog(slot) > kBacklogBytesMax) {
    drop_slow(slot);
  }
  while (backlog_all_ > limits::kBufferedBytesAllMax) {
    const std::uint32_t worst = slowest();
    if (worst == table.slots()) return;
    drop_slow(worst);
  }
}

// The connection to close when the total backlog is too large: peers that do not read at all come
// first, then the largest backlog. slots() when none is worth closing.
std::uint32_t Hub::slowest() const {
  struct Rank {
    bool silent{};
    std::size_t backlog{};
    auto operator<=>(const Rank&) const = default;
  };
  // Freeing less than this is not worth closing a connection.
  const std::size_t worth = limits::kBufferedBytesAllMax / (4 * std::max(table.count(), 1U));
  std::uint32_t worst = table.slots();
  Rank most{};
  for (std::uint32_t i = 0; i < table.slots(); ++i) {
    if (!writable(i) || backlog(i) <= worth) continue;
    const Rank rank{.silent = table.carried_bytes[i] != 0 && now_ms_ - table.took_ms[i] > kSilentMs,
                    .backlog = backlog(i)};
    if (worst != table.slots() && rank <= most) continue;
    most = rank;
    worst = i;
  }
  return worst;
}

void Hub::took(std::uint32_t slot, std::size_t bytes) {
  std::size_t& left = table.carried_bytes[slot];
  left -= std::min(left, bytes);
  if (bytes != 0) table.took_ms[slot] = now_ms_;
}

void Hub::drop_slow(std::uint32_t slot) {
  if (!writable(slot)) return;
  metrics_.slow_consumers.add();
  table.carried_bytes[slot] = 0;
  // Frames not handed over yet are dropped whole, so the close frame still comes at a boundary.
  give_back(slot);
  close(slot, close_code::kPolicy, "slow consumer");
}

void Hub::close(std::uint32_t slot, std::uint16_t code, std::string_view reason) {
  std::string payload;
  payload += static_cast<char>(code >> 8);
  payload += static_cast<char>(code & 0xFF);
  payload += cut_text(reason, kReasonBytesMax);
  close_with(slot, code, payload);
}

void Hub::answer_close(std::uint32_t slot, std::uint16_t code) {
  if (code != close_code::kNoCode) return close(slot, code, {});
  close_with(slot, code, {});
}

void Hub::close_with(std::uint32_t slot, std::uint16_t code, std::string_view payload) {
  if (!writable(slot)) return;
  append(slot, Opcode::close, payload);
  table.stage[slot] = Stage::closing;
  table.close_code[slot] = code;
  table.deadline_ms[slot] = now_ms_ + kClosingMs;
}

void Hub::written(std::uint32_t slot, std::size_t bytes, std::size_t held) {
  FrameBuffer& out = *table.out[slot];
  backlog_all_ -= bytes;
  out.consumed(bytes);
  table.held_bytes[slot] += static_cast<std::uint32_t>(held);
  backlog_all_ += held;
  took(slot, bytes - held);
  if (out.empty()) give_back(slot);
}

void Hub::drained(std::uint32_t slot) {
  backlog_all_ -= table.held_bytes[slot];
  took(slot, table.held_bytes[slot]);
  table.held_bytes[slot] = 0;
}

void Hub::forget(std::uint32_t slot) {
  drained(slot);
  give_back(slot);
  const std::uint16_t code =
      table.close_code[slot] == 0 ? close_code::kNone : table.close_code[slot];
  const std::size_t bucket = code >= 1000 && code < 1015 ? code - 1000U : 15U;
  metrics_.ws_closes[bucket].add();
  table.close(slot);
}

}  // namespace spine::net
