// TelegramPoller: getMe, then one poll after the other.
#include "adapters/channels/telegram/telegram_poller.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <utility>

#include "adapters/agents/process/launch.h"
#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::channels {
namespace {

constexpr log::Logger kPollLog{"channels"};
constexpr std::uint32_t kUpdatesMax = 100;
constexpr std::uint64_t kIntervalMs = 1'000;  // between polls that bring nothing
constexpr std::uint64_t kRoomMs = 100;        // until it is looked again whether there is room
constexpr std::uint64_t kJournalMs = 30'000;  // until what was reported is given up
constexpr std::uint32_t kBackOffMs = 500;     // after the first fault; doubled
constexpr std::uint64_t kConflictMs = 5'000;  // at least, where another program polls
constexpr std::uint32_t kFaultsUntilDown = 3;

}  // namespace

TelegramPoller::TelegramPoller(event_base* base, TelegramApi& api, TelegramFiles& files,
                               Reports& reports, OnMoved on_moved)
    : api_(api),
      reports_(reports),
      on_moved_(std::move(on_moved)),
      timer_(base, [this] { (this->*due_)(); }),
      hold_(files, [this](const TelegramUpdate& update,
                          TelegramUpdate::Kind kind) { take_one(update, kind); }),
      updates_max_(kUpdatesMax) {}

std::string TelegramPoller::name() const {
  const std::string channel = printable(reports_.channel());
  if (reports_.account().empty()) return channel;
  return fmt::format("{} ({})", channel, printable(reports_.account()));
}

void TelegramPoller::later(Step step, std::uint64_t ms) {
  due_ = step;
  timer_.start(loop::in_ms(ms));
}

void TelegramPoller::start() {
  later(&TelegramPoller::ask_me, 0);
}

void TelegramPoller::ask_me() {
  api_.call(TelegramMethod::get_me, "{}", [this](const TelegramAnswer& answer) { asked(answer); });
}

void TelegramPoller::asked(const TelegramAnswer& answer) {
  bot_ = {.id = answer.result.their_id("id"),
          .username = std::string(answer.result.text("username"))};
  if (answer.outcome != TelegramOutcome::done || bot_.id.empty()) {
    return fail(&TelegramPoller::ask_me, answer);
  }
  faults_ = 0;
  offset_ = journal_offset();
  reports_.exchanged();
  reports_.state(fb::ChannelState::connected, {}, bot_.id);
  kPollLog.info("{}: connected as @{}", name(), printable(bot_.username));
  poll();
}

// Of the same bot; another's say nothing about this one.
std::uint64_t TelegramPoller::journal_offset() const {
  const AccountState& now = reports_.now();
  std::uint64_t offset = 0;
  if (now.position_of != bot_.id) return 0;
  std::from_chars(now.position.data(), now.position.data() + now.position.size(), offset);
  return offset;
}

// After a fault it does not wait, so that the state is soon known.
void TelegramPoller::poll() {
  if (!reports_.has_room()) return later(&TelegramPoller::poll, kRoomMs);
  waits_ = faults_ == 0;
  began_ms_ = pipeline::boottime_now_ms();
  std::string arguments = json_object([&](JsonWriter& json) {
    if (offset_ != 0) json.member("offset", offset_);
    json.member("limit", updates_max_);
    json.member("timeout", waits_ ? kTelegramPollSeconds : 0U);
    json.array("allowed_updates", [&] {
      for (const char* kind : {"message", "channel_post", "callback_query"})
        json.value(kind);
    });
  });
  api_.call(TelegramMethod::get_updates, std::move(arguments),
            [this](const TelegramAnswer& answer) { polled(answer); });
}

void TelegramPoller::polled(const TelegramAnswer& answer) {
  if (answer.outcome != TelegramOutcome::done || !answer.result.is_array()) {
    // One that is too large, for one thing, brings no answer.
    updates_max_ = std::max(updates_max_ / 4, 1U);
    if (answer.refusal == TelegramRefusal::webhook_set && !webhook_removed_) {
      return remove_webhook(answer);
    }
    return fail(&TelegramPoller::poll, answer);
  }
  faults_ = 0;
  updates_max_ = kUpdatesMax;
  reports_.exchanged();
  reports_.state(fb::ChannelState::connected);
  take(answer.result);
}

void TelegramPoller::take(const JsonNode& updates) {
  std::uint64_t last = 0;
  updates.each([&](const JsonNode& update) {
    last = std::max(last, update.number("update_id"));
    hold_.take(update, bot_, pipeline::wall_now_ms());
  });
  if (last == 0) {
    const std::uint64_t took_ms = pipeline::boottime_now_ms() - began_ms_;
    return later(&TelegramPoller::poll,
                 waits_ && took_ms < kIntervalMs ? kIntervalMs - took_ms : 0);
  }
  offset_ = last + 1;
  held_ = !hold_.empty();
  if (!held_) reported();
}

void TelegramPoller::reported() {
  held_ = false;
  awaited_ = std::to_string(offset_);
  const AccountState& now = reports_.now();
  if (now.position == awaited_ && now.position_of == bot_.id)
    return acknowledged(bot_.id, awaited_);
  reports_.read_up_to(bot_.id, awaited_);
  later(&TelegramPoller::not_in_journal, kJournalMs);
}

void TelegramPoller::take_one(const TelegramUpdate& update, TelegramUpdate::Kind kind) {
  switch (kind) {
    case TelegramUpdate::Kind::message:
      reports_.received(update.message());
      break;
    case TelegramUpdate::Kind::migrated:
      on_moved_(update.moved_from(), update.moved_to());
      break;
    case TelegramUpdate::Kind::unknown:
      kPollLog.info("{}: an update is of a kind that this version does not know: skipped", name());
      break;
    case TelegramUpdate::Kind::nothing:
      break;
  }
  if (!update.press().empty() && presses_.size() < limits::kTelegramAnswersMax) {
    presses_.emplace_back(update.press());
  }
  if (held_ && hold_.empty()) reported();
}

void TelegramPoller::acknowledged(std::string_view identity, std::string_view position) {
  if (awaited_.empty() || identity != bot_.id || position != awaited_) return;
  awaited_.clear();
  timer_.stop();
  answer_presses();
  poll();
}

// Until then the button shows that something goes on. Whether it arrives does not matter.
void TelegramPoller::answer_presses() {
  for (const std::string& press : std::exchange(presses_, {})) {
    api_.call(TelegramMethod::answer_callback_query,
              json_object([&](JsonWriter& json) { json.member("callback_query_id", press); }),
              [](const TelegramAnswer&) {});
  }
}

// The journal is full, for one thing. What comes again is dropped as a duplicate if it has it.
void TelegramPoller::not_in_journal() {
  kPollLog.error("{}: the journal did not take what was received within {}; it is asked for again",
                 name(), show_duration_ms(kJournalMs));
  awaited_.clear();
  presses_.clear();
  offset_ = journal_offset();
  reports_.state(fb::ChannelState::degraded,
                 "The journal does not take what is received: see the log.");
  poll();
}

void TelegramPoller::fail(Step step, const TelegramAnswer& answer) {
  faults_ += 1;
  std::uint64_t wait_ms = agents::back_off_ms(kBackOffMs, faults_, pipeline::random128().lo);
  const bool polls = step == &TelegramPoller::poll;
  const std::string reason =
      answer.outcome == TelegramOutcome::done
          ? "The answer is none of the Bot API: check channels.telegram.apiRoot."
          : answer.reason;
  auto state = fb::ChannelState::down;
  switch (answer.outcome) {
    case TelegramOutcome::refused:
      if (answer.refusal == TelegramRefusal::bad_token) {
        kPollLog.error("{}: {}", name(), reason);
        return reports_.state(fb::ChannelState::logged_out, reason);
      }
      if (answer.refusal != TelegramRefusal::conflict &&
          answer.refusal != TelegramRefusal::webhook_set) {
        break;
      }
      wait_ms = std::max(wait_ms, kConflictMs);
      state = fb::ChannelState::degraded;
      break;
    case TelegramOutcome::rate_limited:
      wait_ms = std::max(wait_ms, answer.retry_after_ms);
      if (polls) state = fb::ChannelState::degraded;
      break;
    case TelegramOutcome::not_sent:
      break;
    case TelegramOutcome::done:
    case TelegramOutcome::unknown:
      if (polls && faults_ < kFaultsUntilDown) state = fb::ChannelState::degraded;
      break;
  }
  kPollLog.warn("{}: {} Tried again in {}.", name(), reason, show_duration_ms(wait_ms));
  reports_.state(state, reason);
  later(step, wait_ms);
}

// The configuration asks for polls, which a webhook excludes. What waits is kept.
void TelegramPoller::remove_webhook(const TelegramAnswer& why) {
  webhook_removed_ = true;
  kPollLog.warn("{}: {}: it is removed, because channels.telegram.webhookUrl is not set", name(),
                why.reason);
  api_.call(TelegramMethod::delete_webhook,
            json_object([](JsonWriter& json) { json.member("drop_pending_updates", false); }),
            [this](const TelegramAnswer& answer) {
              if (answer.outcome != TelegramOutcome::done) {
                return fail(&TelegramPoller::poll, answer);
              }
              poll();
            });
}

}  // namespace spine::channels
