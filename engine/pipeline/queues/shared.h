// Shared: the few atomics every thread may look at: readiness, interest, and counters for /metrics.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "engine/core/model/kinds.h"
#include "engine/pipeline/items/reports.h"
#include "engine/pipeline/queues/latest.h"
#include "schemas/vocab/ids.h"

namespace spine::pipeline {

enum class Phase : std::uint8_t { starting, recovering, ready, stopping };

// A counter written by one thread or several, read by /metrics. Relaxed: it orders nothing.
struct Counter {
  std::atomic<std::uint64_t> value{0};
  void add(std::uint64_t n = 1) { value.fetch_add(n, std::memory_order_relaxed); }
  void set(std::uint64_t n) { value.store(n, std::memory_order_relaxed); }
  std::uint64_t get() const { return value.load(std::memory_order_relaxed); }
};

// Histogram of durations: bucket i counts values <= kBoundsUs[i]; the last bucket is +Inf.
struct Histogram {
  static constexpr std::array<std::uint32_t, 14> kBoundsUs{
      50,     100,    250,    500,     1'000,   2'500,     5'000,
      10'000, 25'000, 50'000, 100'000, 250'000, 1'000'000, 5'000'000};
  std::array<Counter, kBoundsUs.size() + 1> buckets{};
  Counter sum_us{};
  void observe(std::uint64_t us) {
    std::size_t i = 0;
    while (i < kBoundsUs.size() && us > kBoundsUs[i])
      ++i;
    buckets[i].add();
    sum_us.add(us);
  }
};

// Why connects are refused: details.code of the answer.
inline constexpr std::array<std::string_view, 20> kConnectRefusals{
    "AUTH_TOKEN_MISSING",
    "AUTH_TOKEN_MISMATCH",
    "AUTH_PASSWORD_MISSING",
    "AUTH_PASSWORD_MISMATCH",
    "AUTH_DEVICE_TOKEN_MISMATCH",
    "AUTH_RATE_LIMITED",
    "DEVICE_IDENTITY_REQUIRED",
    "CONTROL_UI_DEVICE_IDENTITY_REQUIRED",
    "CONTROL_UI_ORIGIN_NOT_ALLOWED",
    "PAIRING_REQUIRED",
    "PROTOCOL_MISMATCH",
    "DEVICE_AUTH_DEVICE_ID_MISMATCH",
    "DEVICE_AUTH_SIGNATURE_EXPIRED",
    "DEVICE_AUTH_NONCE_REQUIRED",
    "DEVICE_AUTH_NONCE_MISMATCH",
    "DEVICE_AUTH_PUBLIC_KEY_INVALID",
    "DEVICE_AUTH_SIGNATURE_INVALID",
    "HTTP_UNAUTHORIZED",
    "HTTP_RATE_LIMITED",
    "other"};

struct Metrics {
  // journal (engine thread)
  Counter journal_head_seq{};
  Counter journal_durable_seq{};
  std::array<Counter, 256> journal_appends{};  // by event kind
  Histogram journal_commit{};                  // one commit, sync included
  Histogram journal_batch_events{};            // events per commit, not a duration
  Counter journal_bytes{};                     // of disk
  Counter journal_space_refusals{};            // inputs refused because the disk is full
  Counter state_bytes{};
  // intake (engine thread)
  Counter inbound_accepted{};
  Counter inbound_duplicates{};
  std::array<Counter, 16> inbound_rejected{};  // by fb::RejectReason
  Counter rejections_unjournalled{};           // rejected and not journalled one by one
  Counter rate_limited{};
  Counter duplicates_evicted_young{};
  Counter idempotency_evicted_young{};
  Counter runs_started{};
  Counter runs_finished{};
  Counter runs_failed{};
  Counter runs_aborted{};
  Counter sessions_open{};
  Counter obligations_open{};
  Counter deliveries_waiting{};
  Counter dead_letters{};
  std::array<Counter, 8> deliveries_failed{};  // by fb::DeliveryFailure
  std::array<Counter, 4> deliveries_dead{};    // by fb::DeadLetterReason
  // follower
  Counter follower_applied_seq{};
  Counter index_applied_seq{};
  Counter snapshot_seq{};
  Counter digest_checks{};
  Counter digest_divergence{};
  Counter journal_verified_seq{};  // read again up to here, of the reading under way or the last
  Counter journal_verified_wall_ms{};  // when all of it had been read again; 0 = not yet
  Counter journal_damages{};           // found by the last reading, or the one under way
  // net
  Counter ws_clients{};      // authenticated sockets
  Counter ws_connections{};  // all sockets
  Counter ws_frames_in{};
  Counter ws_frames_out{};
  std::array<Counter, 16> ws_closes{};  // by close code - 1000, others in [15]
  Counter sockets_open{};               // accepted and not closed, of every kind
  Counter sockets_unauthenticated{};    // those of them that have not said hello
  Counter sockets_cut_oldest{};         // cut so that newer ones find room
  Counter sockets_cut_late{};           // no request, handshake or progress in time
  Counter sockets_refused_address{};    // too many of one address
  Counter requests_foreign{};           // refused or marked by Host or Origin
  std::array<Counter, kConnectRefusals.size()> connects_refused{};  // by its place in the list
  void count_refused_connect(std::string_view reason) {
    std::size_t i = 0;
    while (i + 1 < kConnectRefusals.size() && kConnectRefusals[i] != reason)
      ++i;
    connects_refused[i].add();
  }
  Counter frames_refused{};  // malformed, unknown, wrong-typed
  Counter slow_consumers{};
  Counter reading_paused{};  // times intake stopped because the engine was behind
};

struct Shared {
  std::atomic<Phase> phase{Phase::starting};
  // Connections that get the events of runs, and those of them that have subscribed to sessions or
  // their messages. The engine copies events of either sort to the net outbox only while its number
  // is not zero.
  // seq_cst: raised before the query or message whose events must not be missed is pushed.
  std::atomic<std::uint32_t> event_interest{0};
  std::atomic<std::uint32_t> session_interest{0};
  // Requests that wait for the outcome of a delivery, likewise.
  std::atomic<std::uint32_t> delivery_interest{0};
  // Whether events of this sort have any recipient.
  bool wanted(core::Told told) const {
    using core::Told;
    return told == Told::always ||
           (told == Told::run_watchers && event_interest.load(std::memory_order_seq_cst) != 0) ||
           (told == Told::delivery_waiters &&
            delivery_interest.load(std::memory_order_seq_cst) != 0) ||
           (told == Told::session_watchers &&
            session_interest.load(std::memory_order_seq_cst) != 0);
  }
  // 1 while the disk is too full for intake.
  std::atomic<std::uint32_t> disk_full{0};
  std::atomic<std::uint32_t> agents_ready{0};
  std::atomic<std::int64_t> started_wall_ms{0};
  std::atomic<std::uint64_t> started_boottime_ms{0};
  // Heartbeats in boot-time ms, for /ready (and the engine's for the watchdog): last turn of each.
  std::atomic<std::uint64_t> engine_turn_ms{0};
  std::atomic<std::uint64_t> follower_turn_ms{0};
  // Epoch of the journal; written before phase becomes ready.
  Bits128 epoch{};
  // The epoch in clients' cursors: mixed with the id of the last loss that was accepted, or of the
  // last restore. After those seqs are used again, so an older cursor may name a lost event or its
  // replacement: it is treated as that of another journal, even where its event still exists.
  Bits128 cursor_epoch{};
  // From the loop thread to the net thread.
  Latest<AgentsReport> agents{};
  Latest<SkillsReport> skills{};
  Latest<ChannelsReport> channels{};
  // From the engine thread, once a second while there are channels.
  Latest<ChannelLoadsReport> channel_loads{};
  // Set by the loop thread, cleared by the follower with the answer.
  std::atomic<bool> media_asked{false};
  Latest<MediaReport> media{};
  Metrics metrics{};
};

}  // namespace spine::pipeline
