// TelegramPreview: when what is shown, by which call, and what comes of it.
#include "adapters/channels/telegram/telegram_preview.h"

#include <algorithm>
#include <utility>

#include "adapters/channels/telegram/telegram_update.h"
#include "adapters/channels/text/render.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"

namespace spine::channels {
namespace {

using config::TelegramReplies;
using config::TelegramStreaming;

// An answer that is written in less time than that comes as a whole, and so do short ones.
constexpr std::uint64_t kFirstMs = 1'000;
constexpr std::size_t kFirstBytes = 24;
// Between two calls about one chat: what Telegram takes for long.
constexpr std::uint64_t kDirectMs = 1'000;
constexpr std::uint64_t kGroupMs = 3'000;
// An edit that is not answered by then holds up the answer no longer.
constexpr std::uint32_t kCallMs = 15'000;

// The first message that the text makes, with its marks or without; empty = nothing is to be seen.
std::string first_piece(std::string_view text, std::size_t units_max, bool plain) {
  std::string first;
  bool taken = false;
  render_pieces(text, kTelegramHtml, units_max, [&](const Piece& piece) {
    if (!std::exchange(taken, true)) first = plain ? piece.plain : piece.text;
  });
  return first;
}

// Any number but 0, the same for the run.
std::uint64_t draft_of(RunId run) {
  return (run.value & 0x3fff'ffff) + 1;
}

}  // namespace

TelegramPreview::TelegramPreview(event_base* base, TelegramApi& api, Reports& reports,
                                 const config::TelegramAccount& settings, TelegramPauses& pauses)
    : api_(api), reports_(reports), settings_(settings), pauses_(pauses), timer_(base, [this] {
        turn();
      }) {}

// Another attempt goes on in the message of the one before.
void TelegramPreview::begin(const Work& work) {
  if (settings_.streaming == TelegramStreaming::off) return;
  std::unique_ptr<Job>& job = jobs_[work.run.value];
  if (job == nullptr) {
    job = std::make_unique<Job>();
    job->run = work.run;
    job->chat = work.conversation_id;
    job->group = work.conversation != fb::ConversationKind::direct;
    job->topic = telegram_topic(work.thread, work.conversation);
    job->draft = settings_.streaming == TelegramStreaming::draft && !job->group;
    if (settings_.replies != TelegramReplies::off) {
      job->reply_to = telegram_message_in(work.reply_to, reports_.now().identity, job->chat);
    }
    job->number = telegram_message_in(work.preview_id, reports_.now().identity, job->chat);
    job->asked = !job->number.empty();
    job->over = work.previewed && job->number.empty();
  }
  job->text.clear();
  job->news = false;
}

void TelegramPreview::show(RunId run, std::string_view text, bool behind) {
  const auto found = jobs_.find(run.value);
  if (found == jobs_.end()) return;
  Job& job = *found->second;
  if (job.over || text.size() < kFirstBytes) return;
  if (job.text.empty()) job.due_ms = pipeline::boottime_now_ms() + kFirstMs;
  job.text = text;
  job.behind = behind;
  job.news = true;
  arm();
}

bool TelegramPreview::ready(const Job& job) const {
  const bool overtakes = job.behind && job.number.empty() && !job.draft;
  return job.news && !job.over && !job.calling && !overtakes;
}

void TelegramPreview::arm() {
  if (calls_ >= limits::kTelegramPreviewCallsMax) return;  // armed again when one is answered
  const std::uint64_t now_ms = pipeline::boottime_now_ms();
  std::uint64_t first_ms = 0;
  for (const auto& [run, job] : jobs_) {
    if (!ready(*job)) continue;
    const auto next = next_ms_.find(job->chat);
    const std::uint64_t due_ms = std::max({job->due_ms, next == next_ms_.end() ? 0 : next->second,
                                           now_ms + pauses_.left_ms(job->chat)});
    if (first_ms == 0 || due_ms < first_ms) first_ms = due_ms;
  }
  if (first_ms == 0) return timer_.stop();
  timer_.start(loop::in_ms(first_ms > now_ms ? first_ms - now_ms : 1));
}

void TelegramPreview::turn() {
  const std::uint64_t now_ms = pipeline::boottime_now_ms();
  std::erase_if(next_ms_, [&](const auto& entry) { return entry.second <= now_ms; });
  for (const auto& [run, job] : jobs_) {
    if (calls_ >= limits::kTelegramPreviewCallsMax) break;
    if (!ready(*job) || job->due_ms > now_ms || next_ms_.contains(job->chat)) continue;
    if (pauses_.left_ms(job->chat) != 0) continue;
    job->news = false;
    const std::string piece = first_piece(job->text, settings_.chunk_units, job->plain);
    if (piece.empty() || piece == job->shown) continue;
    next_ms_[job->chat] = now_ms + (job->group ? kGroupMs : kDirectMs);
    call(*job, piece);
  }
  arm();
}

std::string TelegramPreview::arguments_of(const Job& job, const std::string& piece) const {
  return json_object([&](JsonWriter& json) {
    json.member("chat_id", job.chat);
    json.member_if("message_thread_id", job.topic);
    if (job.draft) {
      json.member("draft_id", draft_of(job.run));
    } else if (!job.number.empty()) {
      json.member_raw("message_id", job.number);
    }
    json.member("text", piece);
    if (!job.plain) json.member("parse_mode", "HTML");
    if (job.draft) return;
    if (!settings_.link_preview) {
      json.object("link_preview_options", [&] { json.member("is_disabled", true); });
    }
    if (!job.number.empty() || job.reply_to.empty()) return;
    json.object("reply_parameters", [&] {
      json.member_raw("message_id", job.reply_to);
      json.member("allow_sending_without_reply", true);
    });
  });
}

void TelegramPreview::call(Job& job, const std::string& piece) {
  const bool send = !job.draft && job.number.empty();
  const auto method = job.draft ? TelegramMethod::send_message_draft
                      : send    ? TelegramMethod::send_message
                                : TelegramMethod::edit_message_text;
  job.shown = piece;
  job.calling = true;
  job.asked = job.asked || send;
  calls_ += 1;
  api_.call(
      method, arguments_of(job, piece),
      [this, run = job.run, send](const TelegramAnswer& answer) { called(run, send, answer); },
      kCallMs);
}

void TelegramPreview::called(RunId run, bool sent, const TelegramAnswer& answer) {
  calls_ -= 1;
  const auto found = jobs_.find(run.value);
  if (found != jobs_.end()) {
    Job& job = *found->second;
    job.calling = false;
    done(job, sent, answer);
    if (const auto then = std::exchange(job.then, nullptr)) {
      then({.known = job.asked, .number = job.number});
    }
  }
  arm();
}

void TelegramPreview::done(Job& job, bool sent, const TelegramAnswer& answer) {
  switch (answer.outcome) {
    case TelegramOutcome::done:
      reports_.exchanged();
      if (!sent) return;
      job.number = answer.result.their_id("message_id");
      if (job.number.empty()) return lose(job);
      return reports_.previewed(job.run,
                                telegram_message_id(reports_.now().identity, job.chat, job.number));
    case TelegramOutcome::unknown:
      // Another message would be a second one.
      if (sent) return lose(job);
      break;
    case TelegramOutcome::rate_limited:
      pauses_.pause(job.chat, answer.retry_after_ms);
      break;
    case TelegramOutcome::not_sent:
      break;
    case TelegramOutcome::refused:
      return refused(job, answer);
  }
  // Once more, with what is the newest then.
  if (sent) job.asked = false;
  job.shown.clear();
  job.news = true;
}

void TelegramPreview::refused(Job& job, const TelegramAnswer& answer) {
  switch (answer.refusal) {
    case TelegramRefusal::not_modified:
      return;
    case TelegramRefusal::cannot_parse:
      job.over = std::exchange(job.plain, true) || job.over;
      job.news = true;
      return;
    case TelegramRefusal::method_unknown:
      // A root without drafts: a message then.
      job.over = !std::exchange(job.draft, false) || job.over;
      job.shown.clear();
      job.news = true;
      return;
    case TelegramRefusal::message_gone:
    case TelegramRefusal::migrated:
      job.number.clear();
      [[fallthrough]];
    default:
      job.over = true;
  }
}

// It may be there, and cannot be changed.
void TelegramPreview::lose(Job& job) {
  job.over = true;
  reports_.previewed(job.run, "");
}

void TelegramPreview::end(RunId run) {
  const auto found = jobs_.find(run.value);
  if (found == jobs_.end()) return;
  Job& job = *found->second;
  job.over = true;
  if (!job.asked && !job.calling) {
    jobs_.erase(found);
    return;
  }
  job.text.clear();
  job.shown.clear();
  std::erase(ended_, run.value);
  ended_.push_back(run.value);
  if (ended_.size() <= limits::kTelegramPreviewsEndedMax) return;
  // What is under way is told to somebody, or recorded, when its answer comes.
  const auto oldest = jobs_.find(ended_.front());
  if (oldest != jobs_.end() && oldest->second->calling) return;
  jobs_.erase(ended_.front());
  ended_.pop_front();
}

void TelegramPreview::settle(RunId run, std::function<void(const TelegramBubble&)> then) {
  const auto found = jobs_.find(run.value);
  if (found == jobs_.end()) return then({});
  Job& job = *found->second;
  job.over = true;
  if (job.calling) {
    job.then = std::move(then);
  } else {
    then({.known = job.asked, .number = job.number});
  }
}

void TelegramPreview::forget(RunId run) {
  jobs_.erase(run.value);
  std::erase(ended_, run.value);
}

void TelegramPreview::stop() {
  timer_.stop();
  // Nobody knows whether a first message that is under way arrives.
  for (const auto& [run, job] : jobs_)
    if (job->calling && job->asked && job->number.empty()) reports_.previewed(job->run, "");
  jobs_.clear();
  ended_.clear();
}

void TelegramPreview::moved(std::string_view from, std::string_view to) {
  for (auto& [run, job] : jobs_) {
    if (job->chat != from) continue;
    job->chat = to;
    job->reply_to.clear();
    // What stands in the old chat is not reached any more.
    job->over = job->over || job->asked;
    job->number.clear();
  }
}

}  // namespace spine::channels
