// Comparing what is recorded with what is decided, field by field.
#include "replay/fork/divergence.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>
#include <utility>

#include "replay/timeline/moment.h"
#include "schemas/fields.h"
#include "schemas/vocab/show.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

// Longer values say too much for a line.
constexpr std::size_t kValueBytesMax = 200;

using Fields = std::vector<std::pair<std::string, std::string>>;

// What is a number of the journal, or is made from one.
bool names_a_place(std::uint16_t kind, std::string_view field) {
  constexpr std::array kFields{"run",       "runs", "into",    "collected", "previous",  "original",
                               "request",   "uuid", "run_key", "code",      "principal", "delivery",
                               "attempted", "lane", "burst",   "preview"};
  // Elsewhere these are a message itself, a text, and the name of a channel.
  if (field == "message" || field == "body" || field == "channel") {
    return is_kind(kind, fb::EventBody::RunQueued) || is_kind(kind, fb::EventBody::BurstOpened) ||
           is_kind(kind, fb::EventBody::BurstJoined) ||
           is_kind(kind, fb::EventBody::DeliveryRequested);
  }
  return std::ranges::find(kFields, field) != kFields.end();
}

// The fields of the body that are set, one a line, as append_body() writes them.
void add_body(const EventView& event, Fields& fields) {
  std::string text;
  append_body(event, false, text);
  for_each_field(text, [&](std::string_view name, std::string_view value) {
    fields.emplace_back(name, value);
  });
}

// What the event says first, then why and to whom it happened.
Fields fields_of(const EventView& event, bool apart) {
  const RecordHeader& h = event.header;
  Fields fields;
  add_body(event, fields);
  if (apart) {
    std::erase_if(fields, [&](const auto& field) { return names_a_place(h.kind, field.first); });
    return fields;
  }
  const auto add = [&](const char* name, auto value) {
    fields.emplace_back(name, fmt::to_string(value));
  };
  add("header.source", h.source);
  add("header.principal", h.principal);
  add("header.session", h.session);
  add("header.cause", h.cause);
  add("header.correlation", h.correlation);
  add("header.flags", h.flags);
  add("header.keyId", h.key_id);
  add("header.wallMs", h.wall_ms);
  add("header.logicalMs", h.logical_ms);
  return fields;
}

const std::string* find_field(const Fields& fields, const std::string& name) {
  const auto found = std::ranges::find(fields, name, &Fields::value_type::first);
  return found == fields.end() ? nullptr : &found->second;
}

std::string short_value(const std::string& value) {
  if (value.size() <= kValueBytesMax) return value;
  return printable(std::string_view(value).substr(0, kValueBytesMax)) + "...";
}

bool same_header(const RecordHeader& a, const RecordHeader& b) {
  // All but the length: a body may be built otherwise and say the same.
  constexpr std::size_t kSkipped = sizeof(a.body_bytes);
  return std::memcmp(reinterpret_cast<const std::byte*>(&a) + kSkipped,
                     reinterpret_cast<const std::byte*>(&b) + kSkipped,
                     sizeof(RecordHeader) - kSkipped) == 0;
}

std::string body_json(const EventView& event) {
  std::string text;
  append_body(event, true, text);
  return text;
}

std::string reply_text(const core::Reply& reply) {
  using core::ReplyCode;
  switch (reply.code) {
    case ReplyCode::accepted:
      return "accepted";
    case ReplyCode::duplicate:
      return "a duplicate";
    case ReplyCode::in_flight:
      return "a repeated request that is being worked on";
    case ReplyCode::done:
      return "a repeated request";
    case ReplyCode::rejected:
      return reply.reason == fb::RejectReason::none ? std::string("not within its bounds")
                                                    : fb::EnumNameRejectReason(reply.reason);
    case ReplyCode::rate_limited:
      return "rate limited";
    case ReplyCode::not_found:
      return "what it names is not there";
    case ReplyCode::nothing_to_do:
      return "there is nothing to do";
    case ReplyCode::refused_main:
      return "the main session cannot be deleted";
    case ReplyCode::no_space:
      return "no space";
    case ReplyCode::label_taken:
      return "the label is taken";
    case ReplyCode::malformed_key:
      return "no session can have that key";
    case ReplyCode::missing_scope:
      return "it needs an admin scope";
    case ReplyCode::run_open:
      return "the run's message is being worked on";
    case ReplyCode::run_answered:
      return "the run's message has been answered";
    case ReplyCode::left_behind:
      return "the run's message is in no present conversation";
    case ReplyCode::before_history:
      return "the seq lies before the session's history";
    case ReplyCode::after_history:
      return "the seq lies behind the session's history";
    case ReplyCode::history_full:
      return "the session was rewound and forked too often";
  }
  return "?";
}

const char* refusal_of(const EventView& event) {
  return fb::EnumNameRejectReason(root_of<fb::MessageRejected>(event).reason());
}

std::string kinds_text(const std::vector<std::uint16_t>& kinds) {
  std::vector<std::string> names;
  for (const std::uint16_t kind : kinds)
    names.push_back(kind_name(kind));
  return names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

bool says_the_same(const EventView& expected, const EventView& got, bool apart) {
  if (expected.header.kind != got.header.kind) return false;
  const bool same_body = std::ranges::equal(expected.body, got.body);
  if (apart) return same_body || changes_of(expected, got, true).empty();
  if (!same_header(expected.header, got.header)) return false;
  return same_body || body_json(expected) == body_json(got);
}

std::vector<DivergentField> changes_of(const EventView& expected, const EventView& got,
                                       bool apart) {
  const Fields then = fields_of(expected, apart);
  const Fields now = fields_of(got, apart);
  std::vector<DivergentField> changes;
  for (const auto& [name, value] : then) {
    const std::string* other = find_field(now, name);
    if (other != nullptr && *other == value) continue;
    changes.push_back({name, short_value(value), other == nullptr ? "" : short_value(*other)});
  }
  for (const auto& [name, value] : now)
    if (find_field(then, name) == nullptr) changes.push_back({name, "", short_value(value)});
  return changes;
}

std::string reason_of(const EventView* expected, const EventView* got, const core::Reply& reply,
                      const std::vector<DivergentField>& fields) {
  const bool refused_then =
      expected != nullptr && is_kind(*expected, fb::EventBody::MessageRejected);
  const bool refused_now = got != nullptr && is_kind(*got, fb::EventBody::MessageRejected);
  if (got == nullptr && reply.code != core::ReplyCode::accepted) {
    return fmt::format(
        "{} then; refused now, {}",
        refused_then ? fmt::format("refused ({})", refusal_of(*expected)) : "accepted",
        reply_text(reply));
  }
  if (got == nullptr) return fmt::format("{} then, nothing now", kind_name(expected->header.kind));
  if (expected == nullptr) return fmt::format("nothing then, {} now", kind_name(got->header.kind));
  if (expected->header.kind == got->header.kind) {
    if (fields.empty()) return fmt::format("{} says something else", kind_name(got->header.kind));
    const DivergentField& first = fields.front();
    return fmt::format("{}: {} was {}, is {} now{}", kind_name(got->header.kind), first.name,
                       first.expected.empty() ? "absent" : first.expected,
                       first.got.empty() ? "absent" : first.got,
                       fields.size() > 1 ? fmt::format(" (and {} more)", fields.size() - 1) : "");
  }
  if (refused_then) return fmt::format("refused then ({}), accepted now", refusal_of(*expected));
  if (refused_now) return fmt::format("accepted then, refused now ({})", refusal_of(*got));
  return fmt::format("{} then, {} now", kind_name(expected->header.kind),
                     kind_name(got->header.kind));
}

std::string divergence_text(const Divergence& d, Names& names) {
  std::string out =
      fmt::format("#{} {}  {}", d.input.value, utc_text(d.wall_ms), kind_name(d.input_kind));
  if (d.seq != d.input) out += fmt::format(", at #{} {}", d.seq.value, kind_name(d.kind));
  if (d.session) out += fmt::format(", session {}", printable(names.session(d.session).key));
  if (d.principal) {
    const PrincipalName& by = names.principal(d.principal);
    out += fmt::format(", by \"{}\"", printable(by.name.empty() ? by.key : by.name));
  }
  if (d.cause && d.cause != d.seq) out += fmt::format(", because of #{}", d.cause.value);
  out += fmt::format("\n      {}\n", printable(d.reason));
  out += fmt::format("      expected  {}\n      got       {}\n", kinds_text(d.expected),
                     kinds_text(d.got));
  for (const DivergentField& field : d.fields) {
    out += fmt::format("      {}: {} -> {}\n", field.name,
                       field.expected.empty() ? "absent" : field.expected,
                       field.got.empty() ? "absent" : field.got);
  }
  if (d.on_purpose != nullptr) out += fmt::format("      changed on purpose: {}\n", d.on_purpose);
  return out;
}

void write_divergence(const Divergence& d, Names& names, JsonWriter& json) {
  const auto kinds = [&](JsonKey name, const std::vector<std::uint16_t>& list) {
    json.array(name, list, [&](std::uint16_t kind) { json.value(kind_name(kind)); });
  };
  json.member("input", d.input.value);
  json.member("inputKind", kind_name(d.input_kind));
  json.member("seq", d.seq.value);
  json.member("kind", kind_name(d.kind));
  json.member("time", utc_text(d.wall_ms));
  json.member("wallMs", d.wall_ms);
  json.member("cause", d.cause.value);
  json.member("principal", d.principal.value);
  json.member("session", d.session.value);
  json.member_or_null("sessionKey", d.session ? names.session(d.session).key : std::string());
  kinds("expected", d.expected);
  kinds("got", d.got);
  json.objects("fields", d.fields, [&](const DivergentField& field) {
    json.member("name", field.name);
    json.member_or_null("expected", field.expected);
    json.member_or_null("got", field.got);
  });
  json.member("reason", d.reason);
  json.member_or_null("onPurpose", d.on_purpose == nullptr ? "" : d.on_purpose);
}

}  // namespace spine::replay
