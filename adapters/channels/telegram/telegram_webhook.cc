// TelegramWebhook: it is set, posts come, it is looked after.
#include "adapters/channels/telegram/telegram_webhook.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/secrets.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::channels {
namespace {

constexpr log::Logger kHookLog{"channels"};
// Soon after it was set, so that a wrong address is soon known, then less and less often.
constexpr std::uint64_t kFirstLookMs = 1'000;
constexpr std::uint64_t kLookMsMax = 60'000;
constexpr std::size_t kFaultBytes = 300;  // of what Telegram says

}  // namespace

TelegramWebhook::TelegramWebhook(event_base* base, TelegramApi& api, Reports& reports,
                                 TelegramInbox& inbox, const config::TelegramAccount& settings)
    : api_(api), reports_(reports), inbox_(inbox), settings_(settings), timer_(base, [this] {
        (this->*due_)();
      }) {}

void TelegramWebhook::later(Step step, std::uint64_t ms) {
  due_ = step;
  timer_.start(loop::in_ms(ms));
}

void TelegramWebhook::start() {
  later(&TelegramWebhook::ask_me, 0);
}

void TelegramWebhook::stop() {
  timer_.stop();
  for (const Post& post : std::exchange(posts_, {}))
    post.answer(503, "The channel is stopped. Send it again.");
  for (const auto& [id, answer] : std::exchange(held_, {}))
    answer(503, "The channel is stopped. Send it again.");
}

void TelegramWebhook::ask_me() {
  api_.call(TelegramMethod::get_me, "{}", [this](const TelegramAnswer& answer) { asked(answer); });
}

void TelegramWebhook::asked(const TelegramAnswer& answer) {
  if (!inbox_.knows_bot(answer)) return fail(&TelegramWebhook::ask_me, answer);
  reports_.exchanged();
  set();
}

// What waits at Telegram comes as posts, whether it was polled for before or not.
void TelegramWebhook::set() {
  std::string arguments = json_object([&](JsonWriter& json) {
    json.member("url", settings_.webhook_url);
    json.member("secret_token", settings_.webhook_secret);
    json.member("drop_pending_updates", false);
    TelegramInbox::put_kinds(json);
  });
  api_.call(TelegramMethod::set_webhook, std::move(arguments),
            [this](const TelegramAnswer& answer) { was_set(answer); });
}

void TelegramWebhook::was_set(const TelegramAnswer& answer) {
  if (answer.outcome != TelegramOutcome::done) return fail(&TelegramWebhook::set, answer);
  faults_.clear();
  reports_.exchanged();
  reports_.state(fb::ChannelState::connected, {}, inbox_.bot().id);
  kHookLog.info("{}: connected as @{}, by webhook", inbox_.name(),
                printable(inbox_.bot().username));
  look_ms_ = kFirstLookMs;
  later(&TelegramWebhook::look, look_ms_);
}

void TelegramWebhook::look() {
  drop_old_posts();
  api_.call(TelegramMethod::get_webhook_info, "{}",
            [this](const TelegramAnswer& answer) { looked(answer); });
}

void TelegramWebhook::looked(const TelegramAnswer& answer) {
  if (answer.outcome != TelegramOutcome::done) return fail(&TelegramWebhook::look, answer);
  faults_.clear();
  reports_.exchanged();
  if (answer.result.text("url") != settings_.webhook_url) {
    kHookLog.warn("{}: another program changed the bot's webhook; it is set again", inbox_.name());
    return set();
  }
  std::string problem;
  const std::string_view fault = answer.result.text("last_error_message");
  const bool waits = answer.result.number("pending_update_count") != 0;
  const auto fault_ms =
      static_cast<std::int64_t>(std::min<std::uint64_t>(answer.result.number("last_error_date"),
                                                        limits::kTimestampMsMax / 1'000) *
                                1'000);
  // An error of before the last post that went well is over.
  if (!fault.empty() && waits && fault_ms + 999 >= taken_wall_ms_) {
    problem = fmt::format(
        "Telegram cannot post messages to channels.telegram.webhookUrl: \"{}\". Check that it "
        "leads "
        "to this gateway.",
        printable(cut_text(fault, kFaultBytes)));
    kHookLog.warn("{}: {}", inbox_.name(), problem);
  }
  const auto state = problem.empty() ? fb::ChannelState::connected : fb::ChannelState::degraded;
  if (const std::uint32_t wrong = std::exchange(wrong_secrets_, 0); wrong != 0) {
    kHookLog.warn("{}: {} posts to the webhook had not the right secret", inbox_.name(), wrong);
    if (problem.empty()) problem = "Posts with a wrong secret come to the webhook: see the log.";
  }
  reports_.state(state, problem);
  look_ms_ = std::min(2 * look_ms_, kLookMsMax);
  later(&TelegramWebhook::look, look_ms_);
}

void TelegramWebhook::fail(Step step, const TelegramAnswer& answer) {
  const TelegramTrouble trouble = faults_.add(answer, step == &TelegramWebhook::look);
  reports_.state(trouble.state, trouble.reason);
  if (trouble.final) return kHookLog.error("{}: {}", inbox_.name(), trouble.reason);
  kHookLog.warn("{}: {} Tried again in {}.", inbox_.name(), trouble.reason,
                show_duration_ms(trouble.wait_ms));
  later(step, trouble.wait_ms);
}

// One line at once, then one a look: whoever does it does not fill the log.
void TelegramWebhook::wrong_secret(std::string_view address) {
  wrong_secrets_ += 1;
  if (wrong_secrets_ != 1) return;
  kHookLog.warn("{}: a post of {} to the webhook had not the right secret: refused", inbox_.name(),
                printable(address));
}

void TelegramWebhook::take(const Webhook& request, AnswerWebhook answer) {
  if (!secret_equal(request.telegram_secret, settings_.webhook_secret)) {
    wrong_secret(request.address);
    return answer(401, "The secret is missing or wrong.");
  }
  if (request.method != "POST") return answer(405, "Telegram posts to a webhook.");
  if (request.content_type != "application/json") {
    return answer(415, "A post of Telegram is application/json.");
  }
  drop_old_posts();
  if (inbox_.bot().id.empty() || !reports_.has_room() ||
      posts_.size() + held_.size() >= limits::kHooksOpenMax) {
    return answer(503, "Not yet. Send it again.");
  }
  text_.assign(request.body);
  simdjson::dom::element root;
  const bool parsed = parser_.parse(text_, root) == JsonParser::Fault::none;
  const JsonNode update = parsed ? JsonNode{root} : JsonNode{};
  const std::uint64_t id = update.number("update_id");
  if (id == 0 || id >= kTelegramUpdateIdMax) {
    kHookLog.warn("{}: a post to the webhook is no update of Telegram: refused", inbox_.name());
    return answer(400, "It is no update of Telegram.");
  }
  reports_.exchanged();
  // Sent again because it took too long, for its files: they are not fetched twice.
  if (std::ranges::find(recent_, id) != recent_.end()) return answer(200, {});
  if (const auto held = held_.find(id); held != held_.end()) {
    held->second = std::move(answer);
    return;
  }
  held_.emplace(id, std::move(answer));
  inbox_.take(update, [this, id](std::string press) { taken(id, std::move(press)); });
}

void TelegramWebhook::taken(std::uint64_t update_id, std::string press) {
  const auto held = held_.find(update_id);
  if (held == held_.end()) return;  // it is stopped
  AnswerWebhook answer = std::move(held->second);
  held_.erase(held);
  std::string position = inbox_.webhook_position(update_id);
  reports_.read_up_to(inbox_.bot().id, position);
  posts_.push_back({.update_id = update_id,
                    .position = std::move(position),
                    .press = std::move(press),
                    .began_ms = pipeline::boottime_now_ms(),
                    .answer = std::move(answer)});
}

void TelegramWebhook::acknowledged(std::string_view identity, std::string_view position) {
  const auto found = std::ranges::find(posts_, position, &Post::position);
  if (identity != inbox_.bot().id || found == posts_.end()) return;
  taken_wall_ms_ = pipeline::wall_now_ms();
  for (auto left = found - posts_.begin() + 1; left > 0; --left) {
    const Post post = std::move(posts_.front());
    posts_.pop_front();
    recent_.push_back(post.update_id);
    if (recent_.size() > limits::kHooksOpenMax) recent_.pop_front();
    post.answer(200, {});
    if (!post.press.empty()) inbox_.answer_press(post.press);
  }
}

// The journal did not take them: it is full, for one thing. Who sent them has been told.
void TelegramWebhook::drop_old_posts() {
  const std::uint64_t now_ms = pipeline::boottime_now_ms();
  while (!posts_.empty() && now_ms - posts_.front().began_ms > limits::kHookAnswerMs)
    posts_.pop_front();
}

}  // namespace spine::channels
