// Where a stream begins, its pages, and the methods that open and close it.
#include "adapters/websocket/pushes/journal_streams.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "adapters/websocket/protocol/method.h"
#include "adapters/websocket/protocol/respond.h"
#include "schemas/event_json.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/cursor.h"

namespace spine::net {
namespace {

using pipeline::JournalPageItem;
using pipeline::JournalStart;

}  // namespace

bool JournalStreams::close(std::uint32_t slot) {
  const auto found = streams_.find(slot);
  if (found == streams_.end()) return false;
  if (const std::string& request = found->second.request; !request.empty()) {
    Responder{net_, slot, request}.refuse("it was replaced or ended before it began");
  }
  streams_.erase(found);
  return true;
}

bool JournalStreams::open(std::uint32_t slot, std::string_view request, Wanted wanted) {
  close(slot);
  if (streams_.size() >= limits::kJournalStreamsMax || asked_ >= limits::kJournalPagesMax) {
    return false;
  }
  Stream& stream = streams_[slot];
  stream.number = ++last_number_;
  stream.request = request;
  stream.by_cursor = wanted.by_cursor;
  stream.filter = std::move(wanted.filter);
  ask(slot, stream, wanted.start, wanted.at);
  return true;
}

// Not by Context::query(): a page may be a long time in coming, and takes no one's place meanwhile.
void JournalStreams::ask(std::uint32_t slot, const Stream& stream, JournalStart start,
                         std::uint64_t at) {
  ++asked_;
  net_.ingress.push({.kind = pipeline::input_kind::kQueryJournal,
                     .source = static_cast<std::uint16_t>(Source::websocket),
                     .connection = net_.hub.table.ref(slot),
                     .request = stream.number,
                     .principal = net_.hub.table.principal[slot],
                     .a = static_cast<std::uint64_t>(start),
                     .b = at},
                    as_bytes(std::string_view{stream.filter}));
}

bool JournalStreams::answer(std::uint32_t slot, const Stream& stream, const JournalPageItem& item) {
  const Responder to{net_, slot, stream.request};
  const std::string what = stream.by_cursor ? "the cursor" : "fromSeq";
  if (item.no_session) {
    to.refuse("No session found");
    return false;
  }
  if (!item.problem.empty()) {
    to.refuse(Refusal{.code = error_code::kUnavailable, .message = std::string{item.problem}});
    return false;
  }
  // What was seen of the journal when the stream begins.
  const Cursor seen{.epoch = net_.shared.cursor_epoch, .seq = Seq{item.from.value - 1}};
  switch (place_of(seen, net_.shared.cursor_epoch, item.first, item.head)) {
    case CursorPlace::future:
      to.refuse(
          what + " is ahead of the journal, which ends at seq " + std::to_string(item.head.value),
          "CURSOR_AHEAD", "ahead");
      return false;
    case CursorPlace::gone:
      to.refuse(what + " is of events that are not in the journal any more, which begins at seq " +
                    std::to_string(item.first.value),
                "CURSOR_GONE", "gone");
      return false;
    case CursorPlace::foreign:
    case CursorPlace::within:
      break;
  }
  to.respond([&](JsonWriter& json) {
    json.member("subscribed", true);
    json.member("fromSeq", item.from.value);
    json.member("headSeq", item.head.value);
    json.member("cursor", cursor_text(seen.epoch, seen.seq));
  });
  return true;
}

void JournalStreams::page(const pipeline::OutHeader& header, ByteSpan payload) {
  --asked_;
  const std::uint32_t slot = header.connection.slot;
  const auto found = streams_.find(slot);
  if (found == streams_.end() || found->second.number != header.request) return;
  if (!net_.hub.table.live(header.connection) || !net_.hub.writable(slot)) {
    streams_.erase(found);
    return;
  }
  Stream& stream = found->second;
  JournalPageItem item{};
  pipeline::read(payload, item);
  if (!stream.request.empty()) {
    if (!answer(slot, stream, item)) {
      streams_.erase(found);
      return;
    }
    stream.request.clear();
    // Followed by its number from now on: the key may be given to another session.
    std::memcpy(stream.filter.data() + pipeline::kFollowedSessionAt, &item.session.value,
                sizeof(item.session.value));
  } else if (!item.problem.empty()) {
    push_end(slot, item.problem);
    streams_.erase(found);
    return;
  }
  for (const pipeline::JournalLine& line : item.lines)
    push(slot, line);
  stream.next = next(item.upto);
  stream.rests = true;
}

void JournalStreams::go_on() {
  for (auto& [slot, stream] : streams_) {
    if (!stream.rests || net_.hub.backlog(slot) >= limits::kAnswerBacklogBytesMax) continue;
    stream.rests = false;
    ask(slot, stream, JournalStart::next, stream.next.value);
  }
}

void JournalStreams::push_end(std::uint32_t slot, std::string_view why) {
  Push one{net_, "journal"};
  one.json().object([&] {
    one.json().member("ended", true);
    one.json().member("problem", why);
  });
  one.targeted(slot);
}

void JournalStreams::push(std::uint32_t slot, const pipeline::JournalLine& line) {
  const RecordHeader& header = line.event.header;
  std::string body;
  if (line.left_out == 0) append_body_json(line.event, body);
  Push one{net_, "journal"};
  JsonWriter& json = one.json();
  json.object([&] {
    json.member("seq", line.event.seq.value);
    json.member("ts", header.wall_ms);
    json.member("kind", event_kind_name(header.kind));
    json.member("input", (header.flags & record_flag::kInput) != 0);
    json.member("cause", header.cause);
    json.member("correlation", header.correlation);
    json.member("principal", header.principal);
    json.member("session", header.session);
    json.member_if("sessionKey", line.session_key);
    if (line.left_out == 0) {
      json.member_raw("body", body);
    } else {
      json.member_null("body");
      json.member("bodyBytes", line.left_out);
    }
    json.member("cursor", cursor_text(net_.shared.cursor_epoch, line.event.seq));
  });
  one.targeted(slot);
}

namespace {

// The kinds that are wanted; all when none are named.
pipeline::KindSet read_kinds(Call& call) {
  pipeline::KindSet kinds{};
  if (!call.given("kinds") || call.list("kinds").size() == 0) {
    kinds.fill(~std::uint64_t{0});
    return kinds;
  }
  for (const simdjson::dom::element element : call.list("kinds")) {
    std::string_view name;
    const bool text = element.get(name) == simdjson::SUCCESS;
    const std::uint16_t kind = text ? event_kind_of(name) : std::uint16_t{0};
    if (kind == 0) {
      call.complain("kinds", "items must be kinds of events, such as MessageReceived");
      return kinds;
    }
    kinds[kind / 64] |= std::uint64_t{1} << (kind % 64);
  }
  return kinds;
}

// Where the stream begins. False, with the refusal sent, for a cursor that is not of this journal.
bool read_start(Call& call, JournalStreams::Wanted& wanted) {
  if (call.given("cursor")) {
    Cursor cursor{};
    if (!parse_cursor(call.text("cursor"), cursor)) {
      call.refuse("the cursor is malformed: it must be one that this gateway gave",
                  "CURSOR_MALFORMED", "malformed");
      return false;
    }
    if (cursor.epoch != call.net.shared.cursor_epoch) {
      call.refuse("the cursor is of another journal, or of events that were lost", "CURSOR_FOREIGN",
                  "foreign");
      return false;
    }
    wanted.start = JournalStart::seq;
    wanted.at = std::max(cursor.seq.value + 1, cursor.seq.value);
    wanted.by_cursor = true;
    return true;
  }
  wanted.start = JournalStart::end;
  if (call.given("fromSeq")) wanted.start = JournalStart::seq;
  if (call.given("fromTime")) wanted.start = JournalStart::time;
  if (call.given("last")) wanted.start = JournalStart::last;
  wanted.at = call.number(wanted.start == JournalStart::seq    ? "fromSeq"
                          : wanted.start == JournalStart::time ? "fromTime"
                                                               : "last");
  return true;
}

void journal_subscribe(Call& call) {
  const int given = static_cast<int>(call.given("cursor")) +
                    static_cast<int>(call.given("fromSeq")) +
                    static_cast<int>(call.given("fromTime")) + static_cast<int>(call.given("last"));
  if (given > 1)
    return call.complain("fromSeq", "stands alone: one of cursor, fromSeq, fromTime, last");
  const pipeline::KindSet kinds = read_kinds(call);
  JournalStreams::Wanted wanted{};
  if (!call.params.ok() || !read_start(call, wanted)) return;
  const auto* bits = reinterpret_cast<const char*>(kinds.data());
  wanted.filter.assign(bits, sizeof(kinds));
  wanted.filter.append(sizeof(std::uint64_t), '\0');  // the session's number
  wanted.filter += call.text("sessionKey");
  if (call.net.journal->open(call.slot, call.id, std::move(wanted))) return;
  call.refuse_rate_limited("journal", "too many streams of the journal", 1'000);
}

void journal_unsubscribe(Call& call) {
  const bool had = call.net.journal->close(call.slot);
  call.respond([&](JsonWriter& json) {
    json.member("subscribed", false);
    json.member("was", had);
  });
}

constexpr Method kJournalMethods[]{
    {"journal.subscribe",
     Scope::admin,
     {optional_text("cursor", 128, 1), number("fromSeq", 1, kNumberMax, 1),
      number("fromTime", 0, kNumberMax, 0), number("last", 0, kNumberMax, 0), list("kinds"),
      optional_text("sessionKey", limits::kKeyBytesMax, 1)},
     journal_subscribe},
    {"journal.unsubscribe", Scope::admin, {}, journal_unsubscribe},
};

}  // namespace

std::span<const Method> journal_methods() {
  return kJournalMethods;
}

}  // namespace spine::net
