// TelegramInbox: messages, presses, groups that moved.
#include "adapters/channels/telegram/telegram_inbox.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <utility>

#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/show.h"

namespace spine::channels {
namespace {

constexpr log::Logger kInboxLog{"channels"};

// "871000002.17": the part behind the point is the turn. 0 = there is none.
std::uint64_t turn_of(std::string_view position) {
  const std::size_t point = position.find('.');
  std::uint64_t turn = 0;
  if (point == std::string_view::npos) return turn;
  std::from_chars(position.data() + point + 1, position.data() + position.size(), turn);
  return turn;
}

}  // namespace

TelegramInbox::TelegramInbox(TelegramApi& api, TelegramFiles& files, Reports& reports,
                             OnMoved on_moved, OnKnown on_known)
    : api_(api),
      reports_(reports),
      on_moved_(std::move(on_moved)),
      on_known_(std::move(on_known)),
      hold_(files) {}

bool TelegramInbox::knows_bot(const TelegramAnswer& me) {
  bot_ = {.id = me.result.their_id("id"), .username = std::string(me.result.text("username"))};
  const bool known = me.outcome == TelegramOutcome::done && !bot_.id.empty();
  if (known) on_known_();
  return known;
}

void TelegramInbox::put_kinds(JsonWriter& json) {
  json.array("allowed_updates", [&] {
    for (const char* kind : {"message", "channel_post", "callback_query"})
      json.value(kind);
  });
}

void TelegramInbox::take(const JsonNode& update, OnTaken on_taken) {
  hold_.take(update, bot_, pipeline::wall_now_ms(),
             [this, on_taken = std::move(on_taken)](const TelegramUpdate& read,
                                                    TelegramUpdate::Kind kind) {
               report(read, kind);
               on_taken(std::string(read.press()));
             });
}

void TelegramInbox::report(const TelegramUpdate& update, TelegramUpdate::Kind kind) {
  switch (kind) {
    case TelegramUpdate::Kind::message:
      reports_.received(update.message());
      break;
    case TelegramUpdate::Kind::migrated:
      on_moved_(update.moved_from(), update.moved_to());
      break;
    case TelegramUpdate::Kind::unknown:
      kInboxLog.info("{}: an update is of a kind that this version does not know: skipped", name());
      break;
    case TelegramUpdate::Kind::nothing:
      break;
  }
}

void TelegramInbox::answer_press(const std::string& press) {
  api_.call(TelegramMethod::answer_callback_query,
            json_object([&](JsonWriter& json) { json.member("callback_query_id", press); }),
            [](const TelegramAnswer&) {});
}

std::string TelegramInbox::name() const {
  const std::string channel = printable(reports_.channel());
  if (reports_.account().empty()) return channel;
  return fmt::format("{} ({})", channel, printable(reports_.account()));
}

// Another bot's says nothing about this one, and a webhook's nothing about what waits: it takes
// updates in any order.
std::uint64_t TelegramInbox::journal_offset() const {
  const AccountState& now = reports_.now();
  std::uint64_t offset = 0;
  if (now.position_of != bot_.id || was_webhook()) return 0;
  std::from_chars(now.position.data(), now.position.data() + now.position.size(), offset);
  return offset;
}

bool TelegramInbox::was_webhook() const {
  const AccountState& now = reports_.now();
  return now.position_of == bot_.id && now.position.find('.') != std::string::npos;
}

std::string TelegramInbox::webhook_position(std::uint64_t update_id) {
  offset_ = std::max({offset_, journal_offset(), update_id + 1});
  // No turn of this account's life before is under way any more.
  if (turn_ == 0) turn_ = static_cast<std::uint64_t>(pipeline::wall_now_ms());
  turn_ = std::max(turn_, turn_of(reports_.now().position)) + 1;
  return fmt::format("{}.{}", offset_, turn_);
}

}  // namespace spine::channels
