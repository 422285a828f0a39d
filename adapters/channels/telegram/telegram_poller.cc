// TelegramPoller: getMe, then one poll after the other.
#include "adapters/channels/telegram/telegram_poller.h"

#include <algorithm>
#include <utility>

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

}  // namespace

TelegramPoller::TelegramPoller(event_base* base, TelegramApi& api, Reports& reports,
                               TelegramInbox& inbox)
    : api_(api),
      reports_(reports),
      inbox_(inbox),
      timer_(base, [this] { (this->*due_)(); }),
      updates_max_(kUpdatesMax) {}

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
  if (!inbox_.knows_bot(answer)) return fail(&TelegramPoller::ask_me, answer);
  faults_.clear();
  offset_ = inbox_.journal_offset();
  reports_.exchanged();
  reports_.state(fb::ChannelState::connected, {}, bot().id);
  kPollLog.info("{}: connected as @{}", inbox_.name(), printable(bot().username));
  if (inbox_.was_webhook()) return remove_webhook("Messages came by a webhook before");
  poll();
}

// After a fault it does not wait, so that the state is soon known.
void TelegramPoller::poll() {
  if (!reports_.has_room()) return later(&TelegramPoller::poll, kRoomMs);
  waits_ = faults_.none();
  began_ms_ = pipeline::boottime_now_ms();
  std::string arguments = json_object([&](JsonWriter& json) {
    if (offset_ != 0) json.member("offset", offset_);
    json.member("limit", updates_max_);
    json.member("timeout", waits_ ? kTelegramPollSeconds : 0U);
    TelegramInbox::put_kinds(json);
  });
  api_.call(TelegramMethod::get_updates, std::move(arguments),
            [this](const TelegramAnswer& answer) { polled(answer); });
}

void TelegramPoller::polled(const TelegramAnswer& answer) {
  if (answer.outcome != TelegramOutcome::done || !answer.result.is_array()) {
    // One that is too large, for one thing, brings no answer.
    updates_max_ = std::max(updates_max_ / 4, 1U);
    if (answer.refusal == TelegramRefusal::webhook_set && !webhook_removed_) {
      return remove_webhook(answer.reason);
    }
    return fail(&TelegramPoller::poll, answer);
  }
  faults_.clear();
  updates_max_ = kUpdatesMax;
  reports_.exchanged();
  reports_.state(fb::ChannelState::connected);
  take(answer.result);
}

void TelegramPoller::take(const JsonNode& updates) {
  std::uint64_t last = 0;
  updates.each([&](const JsonNode& update) {
    const std::uint64_t id = update.number("update_id");
    if (id == 0 || id >= kTelegramUpdateIdMax) return;
    last = std::max(last, id);
    open_ += 1;
    inbox_.take(update, [this](std::string press) { taken(std::move(press)); });
  });
  if (last == 0) {
    const std::uint64_t took_ms = pipeline::boottime_now_ms() - began_ms_;
    return later(&TelegramPoller::poll,
                 waits_ && took_ms < kIntervalMs ? kIntervalMs - took_ms : 0);
  }
  offset_ = last + 1;
  held_ = open_ != 0;
  if (!held_) reported();
}

void TelegramPoller::reported() {
  held_ = false;
  awaited_ = std::to_string(offset_);
  const AccountState& now = reports_.now();
  if (now.position == awaited_ && now.position_of == bot().id)
    return acknowledged(bot().id, awaited_);
  reports_.read_up_to(bot().id, awaited_);
  later(&TelegramPoller::not_in_journal, kJournalMs);
}

void TelegramPoller::taken(std::string press) {
  if (!press.empty() && presses_.size() < limits::kTelegramAnswersMax)
    presses_.push_back(std::move(press));
  open_ -= 1;
  if (held_ && open_ == 0) reported();
}

void TelegramPoller::acknowledged(std::string_view identity, std::string_view position) {
  if (awaited_.empty() || identity != bot().id || position != awaited_) return;
  awaited_.clear();
  timer_.stop();
  answer_presses();
  poll();
}

void TelegramPoller::answer_presses() {
  for (const std::string& press : std::exchange(presses_, {}))
    inbox_.answer_press(press);
}

// The journal is full, for one thing. What comes again is dropped as a duplicate if it has it.
void TelegramPoller::not_in_journal() {
  kPollLog.error("{}: the journal did not take what was received within {}; it is asked for again",
                 inbox_.name(), show_duration_ms(kJournalMs));
  awaited_.clear();
  presses_.clear();
  offset_ = inbox_.journal_offset();
  reports_.state(fb::ChannelState::degraded,
                 "The journal does not take what is received: see the log.");
  poll();
}

void TelegramPoller::fail(Step step, const TelegramAnswer& answer) {
  const TelegramTrouble trouble = faults_.add(answer, step == &TelegramPoller::poll);
  reports_.state(trouble.state, trouble.reason);
  if (trouble.final) return kPollLog.error("{}: {}", inbox_.name(), trouble.reason);
  kPollLog.warn("{}: {} Tried again in {}.", inbox_.name(), trouble.reason,
                show_duration_ms(trouble.wait_ms));
  later(step, trouble.wait_ms);
}

// The configuration asks for polls, which a webhook excludes. What waits is kept.
void TelegramPoller::remove_webhook(std::string_view why) {
  kPollLog.warn("{}: {}: it is removed, because channels.telegram.webhookUrl is not set",
                inbox_.name(), why);
  api_.call(TelegramMethod::delete_webhook,
            json_object([](JsonWriter& json) { json.member("drop_pending_updates", false); }),
            [this](const TelegramAnswer& answer) {
              if (answer.outcome != TelegramOutcome::done) {
                return fail(&TelegramPoller::poll, answer);
              }
              webhook_removed_ = true;
              // The platform knows which ones the webhook has taken: from the first that waits.
              offset_ = 0;
              poll();
            });
}

}  // namespace spine::channels
