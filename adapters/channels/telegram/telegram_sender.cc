// TelegramSender: pieces, calls, outcomes.
#include "adapters/channels/telegram/telegram_sender.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "adapters/channels/telegram/telegram_update.h"
#include "adapters/channels/text/render.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"

namespace spine::channels {
namespace {

using config::TelegramReplies;
using config::TelegramRich;

constexpr std::string_view kUnnamedTopic = "1";  // in a group it is meant by leaving it out

// In one rich message; a text that takes several is sent as HTML, whose pieces are the same in
// every attempt.
bool fits_rich(std::string_view text) {
  std::size_t pieces = 0;
  render_pieces(text, kTelegramRich, 0, [&](const Piece&) { ++pieces; });
  return pieces == 1;
}

}  // namespace

TelegramSender::TelegramSender(TelegramApi& api, Reports& reports,
                               const config::TelegramAccount& settings, OnLoggedOut on_logged_out)
    : api_(api), reports_(reports), settings_(settings), on_logged_out_(std::move(on_logged_out)) {}

std::unique_ptr<TelegramSender::Job> TelegramSender::make_job(const Delivery& delivery) const {
  auto job = std::make_unique<Job>();
  job->delivery = delivery.delivery;
  job->effect = delivery.effect;
  job->chat = delivery.conversation_id;
  job->next = delivery.pieces;
  const bool general =
      delivery.thread == kUnnamedTopic && delivery.conversation != fb::ConversationKind::direct;
  if (!general) job->topic = delivery.thread;
  // Who asks for a text to be sent says himself what it answers.
  const bool asked = delivery.purpose == fb::DeliveryPurpose::sent;
  if (asked || settings_.replies != TelegramReplies::off) {
    job->reply_to =
        telegram_message_in(delivery.reply_to, reports_.now().identity, delivery.conversation_id);
  }
  const auto moved = moved_.find(job->chat);
  if (moved != moved_.end()) job->chat = moved->second;
  return job;
}

bool TelegramSender::wants_rich(std::string_view text) const {
  if (no_rich_ || settings_.rich == TelegramRich::off) return false;
  return (settings_.rich == TelegramRich::on || needs_rich(text)) && fits_rich(text);
}

void TelegramSender::deliver(const Delivery& delivery) {
  std::unique_ptr<Job> made = make_job(delivery);
  Job& job = *made;
  jobs_[delivery.delivery.value] = std::move(made);
  if (const std::uint64_t left_ms = pause_left_ms(job.chat); left_ms != 0) {
    return fail(job, fb::DeliveryFailure::rate_limited, "Telegram asked to wait.", left_ms);
  }
  // Pieces and the source together are a few times the text. The first one always has room.
  if (bytes_ != 0 && bytes_ + 4 * delivery.text.size() > limits::kTelegramTextBytesMax) {
    return fail(job, fb::DeliveryFailure::not_ready, "Other texts are being sent.");
  }
  job.bytes = 4 * delivery.text.size();
  bytes_ += job.bytes;
  job.source = delivery.text;
  // A part that has arrived was HTML.
  if (job.next == 0 && wants_rich(job.source)) job.rich = job.source;
  if (job.rich.empty()) make_pieces(job);
  if (job.rich.empty() && job.next >= job.pieces.size()) {
    // Nothing of it can be seen, or all of it had arrived.
    reports_.confirmed(job.delivery, job.effect, job.ids);
    return end(job);
  }
  send(job);
}

void TelegramSender::make_pieces(Job& job) {
  job.rich.clear();
  render_pieces(job.source, kTelegramHtml, settings_.chunk_units, [&](const Piece& piece) {
    job.pieces.push_back({std::string(piece.text), std::string(piece.plain)});
  });
  job.source.clear();
}

std::string TelegramSender::arguments_of(const Job& job) const {
  return json_object([&](JsonWriter& json) {
    json.member("chat_id", job.chat);
    if (!job.topic.empty()) json.member("message_thread_id", job.topic);
    if (!job.rich.empty()) {
      json.object("rich_message", [&] { json.member("markdown", job.rich); });
    } else {
      const TextPiece& piece = job.pieces[job.next];
      json.member("text", job.plain ? piece.plain : piece.html);
      if (!job.plain) json.member("parse_mode", "HTML");
      if (!settings_.link_preview) {
        json.object("link_preview_options", [&] { json.member("is_disabled", true); });
      }
    }
    if (job.reply_to.empty()) return;
    if (job.next != 0 && settings_.replies != TelegramReplies::all) return;
    json.object("reply_parameters", [&] {
      json.key("message_id");
      json.raw(job.reply_to);
      json.member("allow_sending_without_reply", true);
    });
  });
}

void TelegramSender::send(Job& job) {
  const auto method =
      job.rich.empty() ? TelegramMethod::send_message : TelegramMethod::send_rich_message;
  api_.call(method, arguments_of(job),
            [this, delivery = job.delivery](const TelegramAnswer& got) { sent(delivery, got); });
}

void TelegramSender::sent(DeliveryId delivery, const TelegramAnswer& answer) {
  const auto found = jobs_.find(delivery.value);
  if (found == jobs_.end()) return;
  Job& job = *found->second;
  switch (answer.outcome) {
    case TelegramOutcome::done:
      return arrived(job, answer);
    case TelegramOutcome::not_sent:
      return fail(job, fb::DeliveryFailure::retryable, answer.reason);
    case TelegramOutcome::unknown:
      return fail(job, fb::DeliveryFailure::unknown, answer.reason);
    case TelegramOutcome::rate_limited:
      pause(job.chat, answer.retry_after_ms);
      return fail(job, fb::DeliveryFailure::rate_limited, answer.reason, answer.retry_after_ms);
    case TelegramOutcome::refused:
      return refused(job, answer);
  }
}

void TelegramSender::arrived(Job& job, const TelegramAnswer& answer) {
  reports_.exchanged();
  const std::string number = answer.result.their_id("message_id");
  if (!number.empty())
    job.ids.push_back(telegram_message_id(reports_.now().identity, job.chat, number));
  job.next += 1;
  job.plain = false;
  if (job.rich.empty() && job.next < job.pieces.size()) return send(job);
  reports_.confirmed(job.delivery, job.effect, job.ids);
  end(job);
}

// A root that does not know the method, or does not take this text as a rich message: it goes out
// as HTML.
bool TelegramSender::rich_refused(Job& job, const TelegramAnswer& answer) {
  if (job.rich.empty()) return false;
  switch (answer.refusal) {
    case TelegramRefusal::method_unknown:
      no_rich_ = true;
      break;
    case TelegramRefusal::cannot_parse:
    case TelegramRefusal::too_long:
    case TelegramRefusal::other:
      break;
    default:
      return false;
  }
  make_pieces(job);
  if (job.pieces.empty()) return false;
  send(job);
  return true;
}

void TelegramSender::refused(Job& job, const TelegramAnswer& answer) {
  if (rich_refused(job, answer)) return;
  switch (answer.refusal) {
    case TelegramRefusal::cannot_parse:
      if (job.plain || job.pieces.empty()) break;
      job.plain = true;
      return send(job);
    case TelegramRefusal::migrated:
      if (job.was_moved) break;
      job.was_moved = true;
      moved(job.chat, answer.migrated_to);
      job.chat = answer.migrated_to;
      job.reply_to.clear();  // the messages of before have other numbers there
      return send(job);
    case TelegramRefusal::bad_token:
      on_logged_out_(answer.reason);
      return fail(job, fb::DeliveryFailure::not_ready, answer.reason);
    default:
      break;
  }
  fail(job, fb::DeliveryFailure::permanent, answer.reason);
}

void TelegramSender::fail(Job& job, fb::DeliveryFailure kind, std::string_view reason,
                          std::uint64_t retry_after_ms) {
  reports_.failed(job.delivery, job.effect,
                  {.kind = kind,
                   .reason = reason,
                   .retry_after_ms = retry_after_ms,
                   .pieces = job.next,
                   .platform_ids = job.ids});
  end(job);
}

void TelegramSender::end(const Job& job) {
  bytes_ -= job.bytes;
  jobs_.erase(job.delivery.value);
}

// A call that is under way may have been acted upon.
void TelegramSender::stop() {
  while (!jobs_.empty()) {
    fail(*jobs_.begin()->second, fb::DeliveryFailure::unknown,
         "The channel was stopped before Telegram answered.");
  }
}

void TelegramSender::moved(std::string_view from, std::string_view to) {
  if (from == to || moved_.size() >= limits::kTelegramMovedChatsMax) return;
  moved_[std::string(from)] = to;
  moved_.erase(std::string(to));  // a chain has no ring
}

// Telegram does not say whether it means the chat or the bot. When two chats have to wait at once
// it is the bot.
void TelegramSender::pause(const std::string& chat, std::uint64_t ms) {
  const std::uint64_t now_ms = pipeline::boottime_now_ms();
  std::erase_if(pauses_, [&](const auto& entry) { return entry.second <= now_ms; });
  const bool others = !pauses_.empty() && !pauses_.contains(chat);
  pauses_[chat] = now_ms + ms;
  if (others) pause_all_ms_ = std::max(pause_all_ms_, now_ms + ms);
}

std::uint64_t TelegramSender::pause_left_ms(const std::string& chat) {
  const std::uint64_t now_ms = pipeline::boottime_now_ms();
  const auto found = pauses_.find(chat);
  const std::uint64_t until_ms =
      std::max(pause_all_ms_, found == pauses_.end() ? 0 : found->second);
  return until_ms > now_ms ? until_ms - now_ms : 0;
}

}  // namespace spine::channels
