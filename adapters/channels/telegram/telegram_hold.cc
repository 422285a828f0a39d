// TelegramHold: in order of each chat.
#include "adapters/channels/telegram/telegram_hold.h"

#include <algorithm>
#include <utility>

#include "schemas/vocab/check.h"

namespace spine::channels {

using Kind = TelegramUpdate::Kind;

bool TelegramHold::holds(std::string_view chat) const {
  return std::ranges::any_of(held_, [&](const Held& held) { return held.chat == chat; });
}

void TelegramHold::take(const JsonNode& update, const TelegramBot& bot, std::int64_t now_wall_ms,
                        OnUpdate on_update) {
  const Kind kind = update_.read(update, bot, now_wall_ms);
  const bool has_files = kind == Kind::message && !update_.message().attachments.empty();
  if (!has_files && !holds(update_.chat())) return on_update(update_, kind);
  hold(update, bot, now_wall_ms, std::move(on_update));
}

void TelegramHold::hold(const JsonNode& update, const TelegramBot& bot, std::int64_t now_wall_ms,
                        OnUpdate on_update) {
  const std::vector<Attachment> attachments = update_.message().attachments;
  held_.push_back({.number = ++last_number_,
                   .json = update.json(),
                   .chat = std::string(update_.chat()),
                   .bot = bot,
                   .now_wall_ms = now_wall_ms,
                   .files = std::vector<TelegramFile>(attachments.size()),
                   .missing = attachments.size(),
                   .on_update = std::move(on_update)});
  const std::uint64_t number = last_number_;
  std::vector<std::pair<std::string, std::uint64_t>> wanted;
  for (const Attachment& attachment : attachments)
    wanted.emplace_back(telegram_file_in(attachment.url), attachment.bytes);
  for (std::size_t place = 0; place < wanted.size(); ++place) {
    files_.fetch(
        std::move(wanted[place].first), wanted[place].second,
        [this, number, place](TelegramFile&& file) { fetched(number, place, std::move(file)); });
  }
}

void TelegramHold::fetched(std::uint64_t number, std::size_t place, TelegramFile&& file) {
  const auto held = std::ranges::find(held_, number, &Held::number);
  SPINE_CHECK(held != held_.end());
  held->files[place] = std::move(file);
  held->missing -= 1;
  if (held->missing == 0) hand_out_ready();
}

void TelegramHold::hand_out_ready() {
  const auto is_ready = [this](const Held& held) {
    const auto first = std::ranges::find(held_, held.chat, &Held::chat);
    return held.missing == 0 && first->number == held.number;
  };
  for (auto ready = std::ranges::find_if(held_, is_ready); ready != held_.end();
       ready = std::ranges::find_if(held_, is_ready)) {
    const Held held = std::move(*ready);
    held_.erase(ready);
    hand_out(held);
  }
}

void TelegramHold::hand_out(const Held& held) {
  text_.assign(held.json);
  simdjson::dom::element root;
  const bool parsed = parser_.parse(text_, root) == JsonParser::Fault::none;
  SPINE_CHECK(parsed);
  const Kind kind = update_.read(JsonNode{root}, held.bot, held.now_wall_ms);
  update_.set_files(held.files);
  held.on_update(update_, kind);
}

}  // namespace spine::channels
