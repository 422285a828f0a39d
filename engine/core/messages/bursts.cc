// Bursts: found by walking over a few rows; further messages as a text: "17,19".
#include "engine/core/messages/bursts.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace spine::core {
namespace {

std::size_t count_more(const BurstRow& row) {
  if (row.more.empty()) return 0;
  return static_cast<std::size_t>(std::ranges::count(row.more, ',')) + 1;
}

// Empty when the text is no list of seqs.
std::vector<std::uint64_t> seqs_of(std::string_view text) {
  std::vector<std::uint64_t> seqs;
  while (!text.empty()) {
    std::uint64_t seq = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, seq);
    const bool last = rest == end;
    if (error != std::errc{} || (!last && (*rest != ',' || rest + 1 == end))) return {};
    seqs.push_back(seq);
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()) + (last ? 0 : 1));
  }
  return seqs;
}

bool is_over(const BurstRow& row, std::uint64_t now_ms) {
  return !row.run && row.closes_ms <= now_ms;
}

}  // namespace

const BurstRow* Bursts::find(Bits128 key, Bits128 group, std::uint64_t now_ms) const {
  if (rows_.empty()) return nullptr;
  const auto takes = [&](const BurstRow& row) {
    return row.key == key && count_more(row) < limits::kBurstMessagesMax;
  };
  const auto open = [&](const BurstRow& row) { return now_ms < row.closes_ms; };
  const BurstRow* of_album = !group ? nullptr : find_row([&](const BurstRow& row) {
    return row.group == group && takes(row) && (open(row) || row.run);
  });
  if (of_album != nullptr) return of_album;
  return find_row([&](const BurstRow& row) { return takes(row) && open(row); });
}

bool Bursts::has_room(std::uint64_t now_ms) const {
  return !full() ||
         std::ranges::any_of(rows_, [&](const BurstRow& row) { return is_over(row, now_ms); });
}

std::uint64_t Bursts::held_until_ms(SessionId session, std::uint64_t now_ms) const {
  std::uint64_t until_ms = 0;
  for (const BurstRow& row : rows_) {
    if (row.session == session && row.run && row.closes_ms > now_ms) {
      until_ms = std::max(until_ms, row.closes_ms);
    }
  }
  return until_ms;
}

std::vector<std::uint64_t> Bursts::further_messages(RunId run) const {
  const BurstRow* found = find_row([&](const BurstRow& row) { return row.run == run; });
  return found == nullptr ? std::vector<std::uint64_t>{} : seqs_of(found->more);
}

void Bursts::add(BurstRow row, std::uint64_t now_ms) {
  std::erase_if(rows_, [&](const BurstRow& other) { return is_over(other, now_ms); });
  if (!full()) rows_.push_back(std::move(row));
}

RunId Bursts::join(Seq burst, Seq message, Bits128 group, std::uint64_t closes_ms) {
  const auto row = std::ranges::find(rows_, burst, &BurstRow::id);
  if (row == rows_.end() || count_more(*row) >= limits::kBurstMessagesMax) return {};
  if (!row->more.empty()) row->more += ',';
  row->more += std::to_string(message.value);
  row->closes_ms = closes_ms;
  if (group) row->group = group;
  return row->run;
}

void Bursts::set_run(SessionId session, Seq message, RunId run) {
  const auto row = std::ranges::find_if(rows_, [&](const BurstRow& each) {
    return each.message == message && each.session == session && !each.run;
  });
  if (row != rows_.end()) row->run = run;
}

void Bursts::forget(RunId run) {
  std::erase_if(rows_, [&](const BurstRow& row) { return row.run == run; });
}

void Bursts::forget_unanswered(SessionId session) {
  std::erase_if(rows_, [&](const BurstRow& row) { return row.session == session && !row.run; });
}

bool Bursts::restore(BurstRow row) {
  const bool good =
      count_more(row) <= limits::kBurstMessagesMax && seqs_of(row.more).size() == count_more(row);
  if (good) rows_.push_back(std::move(row));
  return good;
}

}  // namespace spine::core
