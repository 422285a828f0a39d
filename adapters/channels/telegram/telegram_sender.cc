// TelegramSender: pieces, calls, outcomes.
#include "adapters/channels/telegram/telegram_sender.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "adapters/channels/telegram/telegram_update.h"
#include "adapters/channels/text/render.h"
#include "engine/log/log.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::channels {
namespace {

using config::TelegramFinal;
using config::TelegramReplies;
using config::TelegramRich;

constexpr log::Logger kSendLog{"channels"};
constexpr std::size_t kCaptionUnitsMax = 1'024;  // of a text that goes with a file

// In one rich message; a text that takes several is sent as HTML, whose pieces are the same in
// every attempt.
bool fits_rich(std::string_view text) {
  std::size_t pieces = 0;
  render_pieces(text, kTelegramRich, 0, [&](const Piece&) { ++pieces; });
  return pieces == 1;
}

std::string bubble_arguments(const std::string& chat, const std::string& number) {
  return json_object([&](JsonWriter& json) {
    json.member("chat_id", chat);
    json.member_raw("message_id", number);
  });
}

}  // namespace

TelegramSender::TelegramSender(TelegramApi& api, Reports& reports,
                               const config::TelegramAccount& settings, TelegramPauses& pauses,
                               TelegramPreview& preview, OnLoggedOut on_logged_out,
                               TelegramUploads files)
    : api_(api),
      reports_(reports),
      settings_(settings),
      pauses_(pauses),
      preview_(preview),
      on_logged_out_(std::move(on_logged_out)),
      uploads_(std::move(files)) {}

std::unique_ptr<TelegramSender::Job> TelegramSender::make_job(const Delivery& delivery) const {
  auto job = std::make_unique<Job>();
  job->delivery = delivery.delivery;
  job->effect = delivery.effect;
  job->run = delivery.run;
  job->chat = delivery.conversation_id;
  job->next = delivery.pieces;
  job->direct = delivery.conversation == fb::ConversationKind::direct;
  job->topic = telegram_topic(delivery.thread, delivery.conversation);
  job->bubble =
      telegram_message_in(delivery.preview_id, reports_.now().identity, delivery.conversation_id);
  // Who asks for a text to be sent says himself what it answers.
  const bool asked = delivery.purpose == fb::DeliveryPurpose::sent;
  if (asked || settings_.replies != TelegramReplies::off) {
    job->reply_to =
        telegram_message_in(delivery.reply_to, reports_.now().identity, delivery.conversation_id);
  }
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
  if (const std::uint64_t left_ms = pauses_.left_ms(job.chat); left_ms != 0) {
    return fail(job, fb::DeliveryFailure::rate_limited, "Telegram asked to wait.", left_ms);
  }
  // Pieces and the source together are a few times the text. The first one always has room.
  if (bytes_ != 0 && bytes_ + 4 * delivery.text.size() > limits::kTelegramTextBytesMax) {
    return fail(job, fb::DeliveryFailure::not_ready, "Other texts are being sent.");
  }
  job.bytes = 4 * delivery.text.size();
  bytes_ += job.bytes;
  job.source = delivery.text;
  if (const std::string fault = uploads_.take(delivery, job.next, job.files); !fault.empty())
    return fail(job, fb::DeliveryFailure::permanent, fault);
  if (!job.run) return begin(job.delivery, {});
  preview_.settle(job.run,
                  [this, id = job.delivery](const TelegramBubble& bubble) { begin(id, bubble); });
}

void TelegramSender::begin(DeliveryId delivery, const TelegramBubble& bubble) {
  const auto found = jobs_.find(delivery.value);
  if (found == jobs_.end()) return;
  Job& job = *found->second;
  if (bubble.known) job.bubble = bubble.number;
  const bool takes_place = job.files.empty() && settings_.final_as == TelegramFinal::edit;
  // What has arrived stands in it.
  if (job.next != 0 && takes_place) job.bubble.clear();
  // A part that has arrived was HTML, and so is what goes with files.
  if (job.next == 0 && job.files.empty() && wants_rich(job.source)) job.rich = job.source;
  if (job.rich.empty()) make_pieces(job);
  const bool nothing = job.rich.empty() && parts_of(job) == 0;
  if (nothing && !job.bubble.empty()) return remove(job);
  // Nothing of it can be seen, or all of it had arrived.
  if (job.rich.empty() && job.next >= parts_of(job)) return confirm(job);
  job.edits = !job.bubble.empty() && takes_place;
  send(job);
}

// What was shown of an answer that says nothing in the end.
void TelegramSender::remove(Job& job) {
  job.begun = job.removes = true;
  api_.call(TelegramMethod::delete_message, bubble_arguments(job.chat, job.bubble),
            [this, delivery = job.delivery](const TelegramAnswer& got) { removed(delivery, got); });
}

void TelegramSender::removed(DeliveryId delivery, const TelegramAnswer& answer) {
  const auto found = jobs_.find(delivery.value);
  if (found == jobs_.end()) return;
  Job& job = *found->second;
  // It is gone, or cannot be made to go.
  const bool over =
      answer.outcome == TelegramOutcome::done || answer.outcome == TelegramOutcome::refused;
  over ? confirm(job) : failed(job, answer);
}

void TelegramSender::make_pieces(Job& job) {
  job.rich.clear();
  if (job.files.size() == 1) add_pieces(job, kCaptionUnitsMax);
  job.captioned = job.files.size() == 1 && job.pieces.size() <= 1;
  if (!job.captioned) add_pieces(job, settings_.chunk_units);
  job.source.clear();
}

void TelegramSender::add_pieces(Job& job, std::size_t units) {
  job.pieces.clear();
  render_pieces(job.source, kTelegramHtml, units, [&](const Piece& piece) {
    job.pieces.push_back({std::string(piece.text), std::string(piece.plain)});
  });
}

std::size_t TelegramSender::parts_of(const Job& job) {
  return job.files.size() + (job.captioned ? 0 : job.pieces.size());
}

const TelegramSender::TextPiece* TelegramSender::piece_of(const Job& job) {
  if (job.next >= job.files.size()) return &job.pieces[job.next - job.files.size()];
  return job.captioned && !job.pieces.empty() ? &job.pieces.front() : nullptr;
}

bool TelegramSender::answers_question(const Job& job) const {
  return !job.reply_to.empty() && (job.next == 0 || settings_.replies == TelegramReplies::all);
}

std::string TelegramSender::arguments_of(const Job& job) const {
  return json_object([&](JsonWriter& json) {
    json.member("chat_id", job.chat);
    json.member_if("message_thread_id", job.topic);
    if (job.edits) json.member_raw("message_id", job.bubble);
    if (!job.rich.empty()) {
      json.object("rich_message", [&] { json.member("markdown", job.rich); });
    } else {
      const TextPiece& piece = *piece_of(job);
      json.member("text", job.plain ? piece.plain : piece.html);
      if (!job.plain) json.member("parse_mode", "HTML");
      if (!settings_.link_preview) {
        json.object("link_preview_options", [&] { json.member("is_disabled", true); });
      }
    }
    if (job.edits || !answers_question(job)) return;
    json.object("reply_parameters", [&] {
      json.key("message_id");
      json.raw(job.reply_to);
      json.member("allow_sending_without_reply", true);
    });
  });
}

void TelegramSender::send_file(const Job& job) {
  const TelegramUpload& file = job.files[job.next];
  const TelegramShape shape = shape_of(file, job.as_document);
  std::vector<http::HttpPart> parts{{.name = "chat_id", .data = job.chat}};
  if (!job.topic.empty()) parts.push_back({.name = "message_thread_id", .data = job.topic});
  if (const TextPiece* piece = piece_of(job); piece != nullptr) {
    parts.push_back({.name = "caption", .data = job.plain ? piece->plain : piece->html});
    if (!job.plain) parts.push_back({.name = "parse_mode", .data = "HTML"});
  }
  if (answers_question(job)) {
    parts.push_back(
        {.name = "reply_parameters",
         .data = fmt::format(R"({{"message_id":{},"allow_sending_without_reply":true}})",
                             job.reply_to)});
  }
  parts.push_back({.name = std::string(shape.field),
                   .file_name = file.name,
                   .content_type = file.mime_type,
                   .path = file.path});
  api_.upload(shape.method, std::move(parts),
              [this, delivery = job.delivery](const TelegramAnswer& got) { sent(delivery, got); });
}

void TelegramSender::send(Job& job) {
  job.begun = true;
  if (job.next < job.files.size()) return send_file(job);
  const auto method = job.edits          ? TelegramMethod::edit_message_text
                      : job.rich.empty() ? TelegramMethod::send_message
                                         : TelegramMethod::send_rich_message;
  api_.call(method, arguments_of(job),
            [this, delivery = job.delivery](const TelegramAnswer& got) { sent(delivery, got); });
}

void TelegramSender::sent(DeliveryId delivery, const TelegramAnswer& answer) {
  const auto found = jobs_.find(delivery.value);
  if (found == jobs_.end()) return;
  Job& job = *found->second;
  if (answer.outcome == TelegramOutcome::refused) return refused(job, answer);
  if (answer.outcome != TelegramOutcome::done) return failed(job, answer);
  arrived(job, answer.result.their_id("message_id"));
}

// What may have been acted upon may be done again when it changes or removes a message.
void TelegramSender::failed(Job& job, const TelegramAnswer& answer) {
  const bool again = job.edits || job.removes;
  switch (answer.outcome) {
    case TelegramOutcome::rate_limited:
      pauses_.pause(job.chat, answer.retry_after_ms);
      return fail(job, fb::DeliveryFailure::rate_limited, answer.reason, answer.retry_after_ms);
    case TelegramOutcome::unknown:
      return fail(job, again ? fb::DeliveryFailure::retryable : fb::DeliveryFailure::unknown,
                  answer.reason);
    default:
      return fail(job, fb::DeliveryFailure::retryable, answer.reason);
  }
}

void TelegramSender::arrived(Job& job, const std::string& number) {
  reports_.exchanged();
  if (!number.empty())
    job.ids.push_back(telegram_message_id(reports_.now().identity, job.chat, number));
  job.next += 1;
  job.plain = false;
  job.as_document = false;
  if (std::exchange(job.edits, false)) job.bubble.clear();
  if (job.rich.empty() && job.next < parts_of(job)) return send(job);
  confirm(job);
}

// A bubble that is left is that of an answer whose messages are all new.
void TelegramSender::confirm(Job& job) {
  reports_.confirmed(job.delivery, job.effect, job.ids);
  if (job.run) preview_.forget(job.run);
  if (!job.bubble.empty() && !job.removes) {
    api_.call(TelegramMethod::delete_message, bubble_arguments(job.chat, job.bubble),
              [](const TelegramAnswer&) {});
  }
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

// Only where the owner wants it: what is said in a topic may not be for everybody.
bool TelegramSender::topic_refused(Job& job, const TelegramAnswer& answer) {
  const bool gone = answer.refusal == TelegramRefusal::topic_gone && !job.topic.empty();
  if (!gone || job.direct || !settings_.topic_fallback) return false;
  kSendLog.warn("{}: the topic {} of {} is closed or deleted: delivery {} goes to General",
                printable(reports_.channel()), printable(job.topic), printable(job.chat),
                job.delivery.value);
  job.topic.clear();
  job.reply_to.clear();  // that message is in the topic
  send(job);
  return true;
}

void TelegramSender::refused(Job& job, const TelegramAnswer& answer) {
  const bool gone = answer.refusal == TelegramRefusal::message_gone;
  if (!(job.edits && gone) && rich_refused(job, answer)) return;
  if (topic_refused(job, answer)) return;
  switch (answer.refusal) {
    case TelegramRefusal::not_modified:
      if (!job.edits) break;
      return arrived(job, std::string(job.bubble));
    case TelegramRefusal::cannot_parse:
      if (job.plain || job.pieces.empty()) break;
      job.plain = true;
      return send(job);
    case TelegramRefusal::not_that_kind:
      if (job.as_document || job.next >= job.files.size()) break;
      job.as_document = true;
      return send(job);
    case TelegramRefusal::migrated:
      if (job.was_moved) break;
      job.was_moved = true;
      reports_.migrated(job.chat, answer.migrated_to);
      job.chat = answer.migrated_to;
      // The messages of before have other numbers there.
      job.reply_to.clear();
      job.bubble.clear();
      job.edits = false;
      return send(job);
    case TelegramRefusal::bad_token:
      on_logged_out_(answer.reason);
      return fail(job, fb::DeliveryFailure::not_ready, answer.reason);
    default:
      if (!job.edits) break;
      // The answer arrives whole, whatever became of what was shown.
      job.edits = false;
      job.bubble.clear();
      return send(job);
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
    Job& job = *jobs_.begin()->second;
    const auto kind = !job.begun                 ? fb::DeliveryFailure::not_ready
                      : job.edits || job.removes ? fb::DeliveryFailure::retryable
                                                 : fb::DeliveryFailure::unknown;
    fail(job, kind, "The channel was stopped before Telegram answered.");
  }
}

}  // namespace spine::channels
