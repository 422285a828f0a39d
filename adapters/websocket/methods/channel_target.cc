// Targets: prefixes off the front, the topic off the end.
#include "adapters/websocket/methods/channel_target.h"

#include <algorithm>
#include <utility>

#include "schemas/vocab/ascii.h"

namespace spine::net {
namespace {

using fb::ConversationKind;

struct KindWord {
  std::string_view word{};
  ConversationKind kind{};
};
constexpr KindWord kKindWords[]{{"direct", ConversationKind::direct},
                                {"dm", ConversationKind::direct},
                                {"user", ConversationKind::direct},
                                {"group", ConversationKind::group},
                                {"channel", ConversationKind::channel}};

const KindWord* kind_word(std::string_view word) {
  const auto* found =
      std::ranges::find_if(kKindWords, [&](const KindWord& row) { return row.word == word; });
  return found == std::end(kKindWords) ? nullptr : found;
}

bool is_channel_name(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '_';
  }) && !std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

// What stands before the first ":"; empty = there is none.
std::string_view first_word(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon == std::string_view::npos ? std::string_view{} : text.substr(0, colon);
}

// Of an id of Telegram: groups have negative ones, channels may have names.
ConversationKind kind_of_id(std::string_view channel, std::string_view id) {
  if (channel != "telegram" || id.empty()) return ConversationKind::direct;
  if (id.front() == '-') return ConversationKind::group;
  return id.front() == '@' ? ConversationKind::channel : ConversationKind::direct;
}

// Takes ":topic:<id>" off the end; empty = there is none.
std::string_view take_topic(std::string_view& text) {
  for (const std::string_view mark : {std::string_view{":topic:"}, std::string_view{":thread:"}}) {
    const std::size_t at = text.rfind(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view topic = text.substr(at + mark.size());
    text = text.substr(0, at);
    return topic;
  }
  return {};
}

}  // namespace

std::optional<SendPlace> parse_target(std::string_view channel, std::string_view text) {
  text = trimmed(text);
  SendPlace target{.channel = lower_case(channel)};
  std::string_view word = first_word(text);
  const bool named = target.channel.empty()
                         ? is_channel_name(word) && kind_word(lower_case(word)) == nullptr
                         : same_but_case(word, target.channel);
  if (named) {
    target.channel = lower_case(word);
    text.remove_prefix(word.size() + 1);
    word = first_word(text);
  }
  const KindWord* kind = kind_word(lower_case(word));
  if (kind != nullptr) text.remove_prefix(word.size() + 1);
  target.thread = take_topic(text);
  target.id = text;
  if (target.id.empty()) return {};
  target.conversation = kind == nullptr ? kind_of_id(target.channel, target.id) : kind->kind;
  return target;
}

std::optional<SendPlace> read_place(Params& params, std::string_view channel,
                                    const PlaceNames& names) {
  const auto first_of = [&](const auto& wanted) {
    std::string text;
    for (const char* name : wanted)
      if (text.empty()) text = params.id(name);
    return text;
  };
  const std::string to = first_of(names.to);
  if (!params.ok() || to.empty()) return {};
  auto place = parse_target(channel, to);
  if (!place) {
    params.complain("to", "must name a conversation: an id, or <channel>:<id>");
    return {};
  }
  if (std::string thread = params.id("threadId"); !thread.empty())
    place->thread = std::move(thread);
  place->reply_to = first_of(names.reply_to);
  place->account = first_of(names.account);
  if (!params.ok()) return {};
  return place;
}

}  // namespace spine::net
