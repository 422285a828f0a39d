// Histories: rows, and their parts as a text: "12:100-250,57:300-310".
#include "engine/core/sessions/histories.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "engine/core/model/tables.h"

namespace spine::core {
namespace {

constexpr Seq kNoEnd{~std::uint64_t{0}};

std::string text_of_parts(const HistoryParts& parts) {
  std::string text;
  for (const HistoryPart& part : parts) {
    if (!text.empty()) text += ',';
    text += std::to_string(part.session.value) + ":" + std::to_string(part.first.value) + "-" +
            std::to_string(part.last.value);
  }
  return text;
}

// Takes a number and the character behind it off the text; behind the last one stands nothing. 0 is
// no number here.
std::uint64_t take_number(std::string_view& text, char behind) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || (rest != end && *rest != behind)) return 0;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()) + (rest == end ? 0 : 1));
  return number;
}

// The other way round; none when the text is none of parts in order.
HistoryParts parts_of_text(std::string_view text) {
  HistoryParts parts;
  Seq before{};
  while (!text.empty()) {
    HistoryPart part{};
    part.session.value = take_number(text, ':');
    part.first.value = take_number(text, '-');
    part.last.value = take_number(text, ',');
    if (!part.session || part.first <= before || part.last < part.first) return {};
    before = part.last;
    parts.push_back(part);
  }
  return parts;
}

}  // namespace

HistoryParts cut_history(HistoryParts parts, Seq upto) {
  std::erase_if(parts, [&](const HistoryPart& part) { return part.first > upto; });
  for (HistoryPart& part : parts)
    part.last = std::min(part.last, upto);
  return parts;
}

std::size_t Histories::place(SessionId session) const {
  const auto found =
      std::lower_bound(rows_.begin(), rows_.end(), session,
                       [](const Row& row, SessionId id) { return row.session < id; });
  return static_cast<std::size_t>(found - rows_.begin());
}

HistoryParts Histories::earlier(SessionId session) const {
  const std::size_t found = place(session);
  return at(found, session) ? parts_of_text(rows_[found].parts) : HistoryParts{};
}

bool Histories::has_room(SessionId session, const HistoryParts& parts) const {
  return text_of_parts(parts).size() <= limits::kHistoryPartsBytesMax &&
         (at(place(session), session) || !full());
}

void Histories::set(SessionId session, const HistoryParts& parts) {
  const std::size_t found = place(session);
  const auto row = rows_.begin() + static_cast<std::ptrdiff_t>(found);
  if (parts.empty()) {
    if (at(found, session)) rows_.erase(row);
  } else if (has_room(session, parts)) {
    if (!at(found, session)) rows_.insert(row, {.session = session, .parts = {}});
    rows_[found].parts = text_of_parts(parts);
  }
}

bool Histories::restore(SessionHistory row) {
  if (!rows_.empty() && row.session <= rows_.back().session) return false;
  const HistoryParts parts = parts_of_text(row.parts);
  if (parts.empty() || text_of_parts(parts) != row.parts) return false;
  rows_.push_back(std::move(row));
  return true;
}

HistoryParts history_of(const Tables& tables, std::uint32_t session_row) {
  const SessionId session = tables.sessions.id_of(session_row);
  HistoryParts parts = tables.histories.earlier(session);
  const Seq first = tables.sessions.hot(session_row).history_first;
  if (first) parts.push_back({.session = session, .first = first, .last = kNoEnd});
  return parts;
}

bool histories_fit(const Tables& tables) {
  const Seq applied = tables.meta.applied;
  return std::ranges::all_of(tables.histories, [&](const SessionHistory& row) {
    const std::uint32_t session = tables.sessions.find(row.session);
    if (session == 0) return false;
    const HistoryParts parts = parts_of_text(row.parts);
    const Seq own = tables.sessions.hot(session).history_first;
    const bool before = parts.back().last <= applied && (!own || parts.back().last < own);
    // Sessions that the parts are of may be gone; none is younger than the state.
    return before && std::ranges::all_of(parts, [&](const HistoryPart& part) {
             return part.session.value <= applied.value;
           });
  });
}

bool in_history(const Tables& tables, std::uint32_t session_row, Seq message) {
  const SessionHot& hot = tables.sessions.hot(session_row);
  if (hot.history_first && message >= hot.history_first) return true;
  if (tables.histories.count() == 0) return false;
  const SessionId session = tables.sessions.id_of(session_row);
  return std::ranges::any_of(tables.histories.earlier(session), [&](const HistoryPart& part) {
    return part.session == session && message >= part.first && message <= part.last;
  });
}

}  // namespace spine::core
