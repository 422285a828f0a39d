// Scanner: raw blocks in order, and what is wrong with each.
#include "journal/scan.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>

#include "schemas/event_verify.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

namespace spine::journal {
namespace {

using Clock = std::chrono::steady_clock;

// Why a record cannot be what Spine wrote; empty when it can.
std::string record_fault(const EventView& event, std::uint64_t logical_ms_before) {
  const RecordHeader& h = event.header;
  if (h.cause == 0 || h.cause > event.seq.value) {
    return fmt::format("its cause is {}, which is not before it", h.cause);
  }
  if (h.correlation == 0 || h.correlation > h.cause) {
    return fmt::format("its correlation is {}, which is not before its cause {}", h.correlation,
                       h.cause);
  }
  if ((h.flags & record_flag::kInput) == 0 && h.cause == event.seq.value) {
    return "it is no input, yet it is its own cause";
  }
  if (h.logical_ms < logical_ms_before) {
    return fmt::format("its logical time {} is before {}", h.logical_ms, logical_ms_before);
  }
  if (h.reserved != 0) return "its reserved field is not zero";
  if ((h.key_id != 0) != ((h.flags & record_flag::kSealed) != 0)) {
    return "a key belongs to what is sealed, and to nothing else";
  }
  return {};
}

}  // namespace

std::int64_t file_offset(ByteSpan bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::uint64_t offset = 0;
    const int fields =
        std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64, &from, &to, &offset);
    if (fields != 3 || address < from || address >= to) continue;
    if (line.find('/') == std::string::npos) return -1;
    return static_cast<std::int64_t>(address - from + offset);
  }
  return -1;
}

std::string damage_text(const Damage& damage) {
  std::string text = fmt::format("block #{}", damage.first.value);
  if (damage.last) text += fmt::format(" to #{}", damage.last.value);
  if (damage.offset >= 0) text += fmt::format(", byte {} of data.mdb", damage.offset);
  return text + ": " + damage.what;
}

bool Scanner::step(Reader& reader) {
  Seq first;
  auto raw = reader.raw_block_at_or_after(expected_, first);
  if (!raw) {
    if (raw.error().code != Errc::not_found) add({.first = expected_, .what = raw.error().message});
    check_end();
    return false;
  }
  if (first != expected_) {
    add({.first = expected_,
         .last = Seq{first.value - 1},
         .what = "these events are missing: no block holds them"});
    chain_known_ = false;
  }
  ++report_.blocks;
  report_.bytes += raw->size();
  auto block = BlockView::verify(*raw, first);
  if (!block) {
    unread_block(reader, *raw, first, block.error());
    return true;
  }
  check(*block, *raw);
  expected_ = next(block->last());
  return true;
}

void Scanner::give_up(const Error& error) {
  add({.first = expected_,
       .what = fmt::format("from here on the journal could not be read: {}", error.message)});
}

void Scanner::add(Damage damage) {
  ++report_.damages_total;
  if (damage.newer) ++report_.newer_total;
  if (report_.damages.size() < kDamagesNamed) report_.damages.push_back(std::move(damage));
}

// Whether a lookup of `seq` gives another block than the one at `first`. `found`: first seq of the
// block that the lookup gives, 0 when there is none.
bool Scanner::past(Reader& reader, Seq first, std::uint64_t seq, Seq& found) {
  const bool any = reader.raw_block_at_or_after(Seq{seq}, found).has_value();
  if (!any) found = Seq{};
  return found != first;
}

// First seq of the block after the one at `first`, whose own count cannot be trusted; 0 at the end.
// A lookup jumps to that block at a seq that bisection finds.
Seq Scanner::following(Reader& reader, Seq first) {
  Seq found;
  std::uint64_t low = first.value;
  std::uint64_t step = 1;
  while (!past(reader, first, low + step, found))
    step *= 2;
  std::uint64_t high = low + step;
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (past(reader, first, middle, found) ? high : low) = middle;
  }
  past(reader, first, high, found);
  return found;
}

// A last block without the commit-end flag: the rest of its commit is missing.
void Scanner::check_end() {
  if (!open_commit_) return;
  add({.first = open_commit_,
       .last = report_.last,
       .what = "the end of its commit is missing: no block behind it holds it"});
  open_commit_ = Seq{};
}

void Scanner::unread_block(Reader& reader, ByteSpan raw, Seq first, const Error& why) {
  const Seq behind = following(reader, first);
  add({.first = first,
       .last = behind ? Seq{behind.value - 1} : Seq{},
       .offset = file_offset(raw),
       .what = why.message,
       .newer = why.code == Errc::newer_format});
  expected_ = behind ? behind : Seq{UINT64_MAX};
  chain_known_ = false;
  open_commit_ = Seq{};
}

void Scanner::check(const BlockView& block, ByteSpan raw) {
  const BlockHeader& h = block.header();
  const auto fault = [&](std::string what, bool newer = false) {
    add({.first = block.first(),
         .last = block.last(),
         .offset = file_offset(raw),
         .what = std::move(what),
         .newer = newer});
  };
  if (!epoch_known_) {
    report_.epoch = {h.epoch_hi, h.epoch_lo};
    report_.first = block.first();
    epoch_known_ = true;
  }
  if (Bits128{h.epoch_hi, h.epoch_lo} != report_.epoch) {
    fault(fmt::format("it belongs to another journal: epoch {} instead of {}",
                      uuid_string({h.epoch_hi, h.epoch_lo}), uuid_string(report_.epoch)));
  }
  if (chain_known_ && h.previous != report_.head) {
    fault("the chain is broken: it does not follow the block before it (SHA-256 differs)");
  }
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    const EventView event = block.event(i);
    const std::string what = record_fault(event, logical_ms_);
    if (!what.empty()) fault(fmt::format("event {}: {}", event.seq.value, what));
    logical_ms_ = std::max(logical_ms_, event.header.logical_ms);
    if (event_is_readable(event)) continue;
    const Error why = unreadable_event(event);
    fault(why.message, why.code == Errc::newer_format);
  }
  report_.events += block.count();
  report_.last = block.last();
  report_.head = block.sha256();
  chain_known_ = true;
  open_commit_ = block.may_end_commit() ? Seq{} : block.first();
}

ScanReport scan(Reader& reader, std::chrono::milliseconds renew_every, Seq first) {
  Scanner scanner(first);
  const auto start = Clock::now();
  auto renewed = start;
  while (scanner.step(reader)) {
    // A pinned reader makes a live journal's file grow.
    const auto now = Clock::now();
    if (now - renewed < renew_every) continue;
    if (const Status again = reader.renew(); !again) {
      scanner.give_up(again.error());
      break;
    }
    renewed = now;
  }
  ScanReport report = scanner.report();
  report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return report;
}

}  // namespace spine::journal
