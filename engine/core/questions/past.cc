// Lines of text that questions and answers travel as, and what is checked of them.
#include "engine/core/questions/past.h"

#include <algorithm>
#include <span>
#include <type_traits>
#include <vector>

#include "engine/core/questions/state_answers.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/base64.h"

namespace spine::core {
namespace {

template <class Item>
std::string encoded(const Item& item) {
  std::vector<std::uint64_t> words(size_of(item) / sizeof(std::uint64_t));
  const std::span bytes = std::as_writable_bytes(std::span(words));
  Writer writer{bytes.data()};
  Item::list(item, writer);
  return encode_base64url(bytes);
}

bool readable(const EventView& event) {
  return event_is_readable(event);
}

// Whether the payload is whole, and can be used without looking at it again.
template <class Item>
bool is_item(ByteSpan payload) {
  Item item{};
  if (!parse(payload, item)) return false;
  if constexpr (std::is_same_v<Item, DeliveriesItem>)
    return std::all_of(item.history.begin(), item.history.end(), readable);
  if constexpr (std::is_same_v<Item, HistoryItem>)
    return std::all_of(item.events.begin(), item.events.end(), readable);
  if constexpr (std::is_same_v<Item, SendItem>)
    return (!item.has_end || readable(item.end)) && (!item.has_failure || readable(item.failure));
  if constexpr (std::is_same_v<Item, RunItem>) return !item.has_end || readable(item.end);
  return true;
}

bool is_answer(ItemKind kind, ByteSpan payload) {
  switch (kind) {
    case ItemKind::sessions:
      return is_item<SessionsItem>(payload);
    case ItemKind::history:
      return is_item<HistoryItem>(payload);
    case ItemKind::run:
      return is_item<RunItem>(payload);
    case ItemKind::send:
      return is_item<SendItem>(payload);
    case ItemKind::runs:
      return is_item<RunsItem>(payload);
    case ItemKind::digest:
      return is_item<DigestItem>(payload);
    case ItemKind::devices:
      return is_item<DevicesItem>(payload);
    case ItemKind::pairing:
      return is_item<PairingItem>(payload);
    case ItemKind::approvals:
      return is_item<ApprovalsItem>(payload);
    case ItemKind::counts:
      return is_item<CountsItem>(payload);
    case ItemKind::channels:
      return is_item<ChannelsItem>(payload);
    case ItemKind::deliveries:
      return is_item<DeliveriesItem>(payload);
    case ItemKind::reply:
      return is_item<ReplyItem>(payload);
    default:
      return false;
  }
}

}  // namespace

std::string line_of(const PastQuestion& question) {
  return encoded(question);
}

std::string line_of(const PastAnswer& answer) {
  return encoded(answer);
}

std::optional<KeptBody> bytes_of_line(std::string_view line) {
  const std::optional<std::string> bytes = decode_base64url(line);
  if (!bytes || bytes->empty()) return {};
  return KeptBody{as_bytes(*bytes)};
}

bool parse_question(ByteSpan bytes, PastQuestion& out) {
  return parse(bytes, out) && StateAnswers::kind_of_answer(out.question.kind).has_value();
}

bool parse_answer(ByteSpan bytes, std::uint16_t question_kind, PastAnswer& out) {
  if (!parse(bytes, out)) return false;
  if (out.kind == ItemKind::past_failure) return is_item<PastFailureItem>(out.item);
  PastItem item{};
  return out.kind == ItemKind::past && parse(out.item, item) &&
         item.kind == StateAnswers::kind_of_answer(question_kind) &&
         is_answer(item.kind, item.answer);
}

}  // namespace spine::core
