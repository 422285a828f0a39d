// What people write for a moment, and where that is in a journal.
#include "replay/timeline/moment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <optional>
#include <vector>

#include "replay/timeline/session_blocks.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/show.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

constexpr std::int64_t kSecondMs = 1'000;
constexpr std::int64_t kDayS = 86'400;

struct Unit {
  std::string_view name;
  std::int64_t seconds;
};
constexpr std::array kUnits{Unit{"s", 1},       Unit{"sec", 1},       Unit{"second", 1},
                            Unit{"m", 60},      Unit{"min", 60},      Unit{"minute", 60},
                            Unit{"h", 3'600},   Unit{"hour", 3'600},  Unit{"d", kDayS},
                            Unit{"day", kDayS}, Unit{"w", 7 * kDayS}, Unit{"week", 7 * kDayS}};

std::optional<std::int64_t> seconds_of(std::string_view unit) {
  if (unit.size() > 1 && unit.ends_with('s')) unit.remove_suffix(1);
  for (const Unit& known : kUnits)
    if (known.name == unit) return known.seconds;
  return {};
}

// Takes digits from the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return {};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// Exactly `digits` of them, with a value of at most `max`.
std::optional<int> take_digits(std::string_view& text, std::size_t digits, int max) {
  int value = 0;
  if (text.size() < digits) return {};
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return {};
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value <= max ? std::optional(value) : std::nullopt;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

void skip_blanks(std::string_view& text) {
  while (take(text, " ")) {
  }
}

// The calendar day of an instant in the host's zone, at midnight.
std::tm day_of(std::int64_t wall_ms) {
  const auto seconds = static_cast<std::time_t>(wall_ms / kSecondMs);
  std::tm day{};
  ::localtime_r(&seconds, &day);
  day.tm_hour = day.tm_min = day.tm_sec = 0;
  return day;
}

// "2026-11-28".
std::optional<std::tm> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4, 9999);
  if (!year || !take(text, "-")) return {};
  const auto month = take_digits(text, 2, 12);
  if (!month || *month == 0 || !take(text, "-")) return {};
  const auto day = take_digits(text, 2, 31);
  if (!day || *day == 0) return {};
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return {};
  std::tm time{};
  time.tm_year = *year - 1900;
  time.tm_mon = *month - 1;
  time.tm_mday = *day;
  return time;
}

// "14:03", "14:03:07", "14:03:07.123"; gives the milliseconds beyond the second.
std::optional<std::int64_t> take_clock(std::string_view& text, std::tm& time) {
  const auto hour = take_digits(text, 2, 23);
  if (!hour || !take(text, ":")) return {};
  const auto minute = take_digits(text, 2, 59);
  if (!minute) return {};
  time.tm_hour = *hour;
  time.tm_min = *minute;
  if (!take(text, ":")) return 0;
  const auto second = take_digits(text, 2, 60);
  if (!second) return {};
  time.tm_sec = *second;
  if (!take(text, ".")) return 0;
  std::int64_t ms = 0;
  std::int64_t scale = 100;
  std::size_t digits = 0;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; ++digits, text.remove_prefix(1)) {
    ms += (text[0] - '0') * scale;
    scale /= 10;
  }
  return digits == 0 ? std::nullopt : std::optional(ms);
}

// "Z", "+01:00"; nothing there = the host's zone. False when it is neither.
bool take_offset(std::string_view& text, std::optional<std::int64_t>& offset_s) {
  if (take(text, "Z") || take(text, "z")) {
    offset_s = 0;
    return true;
  }
  if (text.empty()) return true;
  const bool west = text[0] == '-';
  if (!west && text[0] != '+') return false;
  text.remove_prefix(1);
  const auto hours = take_digits(text, 2, 23);
  if (!hours) return false;
  take(text, ":");
  const auto minutes = take_digits(text, 2, 59);
  if (!minutes) return false;
  const std::int64_t offset = std::int64_t{*hours} * 3'600 + *minutes * 60;
  offset_s = west ? -offset : offset;
  return true;
}

std::optional<std::int64_t> parse_time(std::string_view text, std::int64_t now_ms) {
  std::optional<std::tm> day = take_date(text);
  const bool dated = day.has_value();
  bool named = false;
  if (!dated) {
    constexpr int kYesterday = 1;
    day = day_of(now_ms);
    named = take(text, "today");
    if (!named && take(text, "yesterday")) {
      named = true;
      day->tm_mday -= kYesterday;
    }
  }
  std::optional<std::int64_t> offset_s;
  std::int64_t ms = 0;
  if ((!dated && !named) || !text.empty()) {
    if (dated || named) {
      if (!take(text, "T") && !take(text, "t") && !take(text, " ")) return {};
      skip_blanks(text);
    }
    const auto clock = take_clock(text, *day);
    if (!clock || !take_offset(text, offset_s) || !text.empty()) return {};
    ms = *clock;
  }
  day->tm_isdst = -1;  // whatever holds then
  const std::int64_t seconds = offset_s ? ::timegm(&*day) - *offset_s : ::mktime(&*day);
  return seconds * kSecondMs + ms;
}

// "-2h", "2h ago", "5 minutes ago", "3 messages ago"; nothing when it is none of these.
std::optional<Moment> parse_relative(std::string_view text, std::int64_t now_ms) {
  const bool minus = take(text, "-");
  const auto count = take_number(text);
  if (!count) return {};
  skip_blanks(text);
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view unit = text.substr(0, end);
  text.remove_prefix(end);
  skip_blanks(text);
  if (!(minus ? text.empty() : text == "ago")) return {};
  if (unit == "message" || unit == "messages") {
    return Moment{.kind = Moment::Kind::messages_back, .back = *count};
  }
  const auto seconds = seconds_of(unit);
  constexpr std::uint64_t kCountMax = 1'000'000'000;
  if (!seconds || *count > kCountMax) return {};
  const auto back_ms = static_cast<std::int64_t>(*count) * *seconds * kSecondMs;
  return Moment{.kind = Moment::Kind::wall, .wall_ms = now_ms - back_ms};
}

Error not_understood(std::string_view text) {
  return Error{Errc::invalid_argument,
               fmt::format("\"{}\" is no moment. What is understood: 1234 (a seq), latest, "
                           "2026-11-28 14:03, 2026-11-28T14:03:00Z, yesterday 14:03, 14:03, -2h, "
                           "\"5 minutes ago\", \"3 messages ago\", @1764338580.",
                           printable(text))};
}

Error outside(std::string_view asked, Timeline& timeline) {
  const auto from = timeline.time_of(timeline.first());
  const auto to = timeline.time_of(timeline.last());
  return Error{Errc::not_found,
               fmt::format("{} is outside the journal: it holds #{} ({}) to #{} ({}).", asked,
                           timeline.first().value, from ? utc_text(*from) : "?",
                           timeline.last().value, to ? utc_text(*to) : "?")};
}

// Of a time after the last event, and after now.
Error yet_to_come(std::int64_t wall_ms, Timeline& timeline) {
  const auto last = timeline.time_of(timeline.last());
  return Error{Errc::not_found,
               fmt::format("{} is yet to come: the journal's last event is #{} ({}). \"latest\" is "
                           "the state after it.",
                           utc_text(wall_ms), timeline.last().value, last ? utc_text(*last) : "?")};
}

// The seq of a time; 0 when it is before the first event.
Result<Seq> seq_of_time(std::int64_t wall_ms, Timeline& timeline, std::int64_t now_ms) {
  SPINE_TRY(const Seq seq, timeline.seq_at(wall_ms));
  if (seq != timeline.last() || wall_ms <= now_ms) return seq;
  // A journal of a machine whose clock is ahead of this one has times that are yet to come here.
  SPINE_TRY(const std::int64_t last_ms, timeline.time_of(seq));
  if (wall_ms > last_ms) return yet_to_come(wall_ms, timeline);
  return seq;
}

// The seq before the last `back` messages; 0 when there are fewer.
Result<Seq> before_messages(std::uint64_t back, Timeline& timeline, std::string_view session) {
  if (back == 0) return timeline.last();
  Names names(timeline);
  SessionBlocks where(timeline, std::string(session));
  Seq found;
  SPINE_TRY_STATUS(timeline.for_each_event_back(
      timeline.last(), timeline.first(),
      [&](const EventView& event) {
        if (!is_kind(event, fb::EventBody::MessageReceived)) return true;
        const std::uint64_t id = event.header.session;
        if (!session.empty() && session != std::to_string(id) &&
            session != names.session(SessionId{id}).key) {
          return true;
        }
        if (--back == 0) found = Seq{event.seq.value - 1};
        return back != 0;
      },
      &where));
  return found;
}

}  // namespace

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string utc_text(std::int64_t wall_ms) {
  const auto seconds = static_cast<std::time_t>(wall_ms / kSecondMs);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03}Z", fmt::gmtime(seconds), wall_ms % kSecondMs);
}

std::string Place::text() const {
  return fmt::format("#{}, {}", seq.value, utc_text(wall_ms));
}

Result<Moment> parse_moment(std::string_view text, std::int64_t now_ms) {
  std::string folded;
  for (const char c : text)
    folded += c == 'T' || c == 'Z' ? c : lower(c);
  std::string_view rest = folded;
  if (rest == "latest" || rest == "now") return Moment{.kind = Moment::Kind::latest};
  const bool unix = take(rest, "@");
  const bool hash = !unix && take(rest, "#");
  std::string_view digits = rest;
  const auto number = take_number(digits);
  if (number && digits.empty()) {
    if (!unix) return Moment{.kind = Moment::Kind::seq, .seq = *number};
    constexpr std::uint64_t kUnixMax = 253'402'300'799;  // 9999-12-31
    if (*number > kUnixMax) return not_understood(text);
    return Moment{.kind = Moment::Kind::wall,
                  .wall_ms = static_cast<std::int64_t>(*number) * kSecondMs};
  }
  if (unix || hash) return not_understood(text);
  if (const auto relative = parse_relative(rest, now_ms)) return *relative;
  const auto wall_ms = parse_time(rest, now_ms);
  if (!wall_ms) return not_understood(text);
  return Moment{.kind = Moment::Kind::wall, .wall_ms = *wall_ms};
}

Result<Place> resolve(const Moment& moment, Timeline& timeline, std::int64_t now_ms,
                      std::string_view session) {
  SPINE_TRY_STATUS(timeline.reader().renew());
  if (!timeline.last()) return Error{Errc::not_found, "The journal is empty."};
  Place place;
  switch (moment.kind) {
    case Moment::Kind::latest:
      place.seq = timeline.last();
      break;
    case Moment::Kind::seq:
      place.seq = Seq{moment.seq};
      break;
    case Moment::Kind::wall: {
      SPINE_TRY(place.seq, seq_of_time(moment.wall_ms, timeline, now_ms));
      if (!place.seq) return outside(utc_text(moment.wall_ms), timeline);
      break;
    }
    case Moment::Kind::messages_back: {
      SPINE_TRY(place.seq, before_messages(moment.back, timeline, session));
      if (!place.seq) return outside(fmt::format("{} messages ago", moment.back), timeline);
      break;
    }
  }
  if (place.seq < timeline.first() || place.seq > timeline.last()) {
    return outside(fmt::format("#{}", place.seq.value), timeline);
  }
  SPINE_TRY(place.wall_ms, timeline.time_of(place.seq));
  return place;
}

Result<Place> find_place(std::string_view text, Timeline& timeline, std::string_view session) {
  const std::int64_t now = now_ms();
  SPINE_TRY(const Moment moment, parse_moment(text, now));
  return resolve(moment, timeline, now, session);
}

}  // namespace spine::replay
