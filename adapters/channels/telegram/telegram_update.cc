// TelegramUpdate: messages, posts and presses.
#include "adapters/channels/telegram/telegram_update.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::channels {
namespace {

using fb::AttachmentKind;
using Kind = TelegramUpdate::Kind;

constexpr std::string_view kGeneralTopic = "1";        // that every forum has
constexpr std::string_view kFilePrefix = "telegram:";  // of the id of a file

// A file of a message, by its member. The first that is there is taken: an animation comes with a
// document of the same file.
struct FileRow {
  std::string_view member{};
  AttachmentKind kind{};
  std::string_view name{};  // where Telegram gives none
};
constexpr std::array kFiles{
    FileRow{"animation", AttachmentKind::video, "animation.mp4"},
    FileRow{"document", AttachmentKind::document, "document"},
    FileRow{"audio", AttachmentKind::audio, "audio.mp3"},
    FileRow{"video", AttachmentKind::video, "video.mp4"},
    FileRow{"video_note", AttachmentKind::video, "video.mp4"},
    FileRow{"voice", AttachmentKind::voice, "voice.ogg"},
    FileRow{"sticker", AttachmentKind::sticker, "sticker.webp"},
};

std::string words_of_contact(const JsonNode& contact) {
  return fmt::format("[contact: {} {}, {}]", contact.text("first_name"), contact.text("last_name"),
                     contact.text("phone_number"));
}
std::string words_of_place(const JsonNode& place) {
  return fmt::format("[location: {}, {}]", place["latitude"].json(), place["longitude"].json());
}
std::string words_of_venue(const JsonNode& venue) {
  const JsonNode place = venue["location"];
  return fmt::format("[location: {}, {}: {}, {}]", venue.text("title"), venue.text("address"),
                     place["latitude"].json(), place["longitude"].json());
}
std::string words_of_poll(const JsonNode& poll) {
  std::string words = fmt::format("[poll: {}", poll.text("question"));
  poll["options"].each(
      [&](const JsonNode& option) { words += fmt::format(" / {}", option.text("text")); });
  return words + "]";
}
std::string words_of_dice(const JsonNode& dice) {
  return fmt::format("[{}: {}]", dice.text("emoji"), dice.number("value"));
}

// What is neither a text nor a file, in words. A venue comes with its location.
struct WordsRow {
  std::string_view member{};
  std::string (*words)(const JsonNode&){};
};
constexpr std::array kWords{
    WordsRow{"contact", words_of_contact}, WordsRow{"venue", words_of_venue},
    WordsRow{"location", words_of_place},  WordsRow{"poll", words_of_poll},
    WordsRow{"dice", words_of_dice},
};

// What a message can be that has neither words nor a file here.
constexpr std::array<std::string_view, 11> kUnreadable{
    "story",        "game",        "invoice",          "paid_media",
    "checklist",    "giveaway",    "giveaway_winners", "passport_data",
    "users_shared", "chat_shared", "web_app_data"};
// What happened to a chat: nobody says anything with it.
constexpr std::array<std::string_view, 40> kHappened{"new_chat_members",
                                                     "left_chat_member",
                                                     "new_chat_title",
                                                     "new_chat_photo",
                                                     "delete_chat_photo",
                                                     "group_chat_created",
                                                     "supergroup_chat_created",
                                                     "channel_chat_created",
                                                     "message_auto_delete_timer_changed",
                                                     "pinned_message",
                                                     "successful_payment",
                                                     "refunded_payment",
                                                     "connected_website",
                                                     "write_access_allowed",
                                                     "proximity_alert_triggered",
                                                     "boost_added",
                                                     "chat_background_set",
                                                     "checklist_tasks_done",
                                                     "checklist_tasks_added",
                                                     "direct_message_price_changed",
                                                     "forum_topic_created",
                                                     "forum_topic_edited",
                                                     "forum_topic_closed",
                                                     "forum_topic_reopened",
                                                     "general_forum_topic_hidden",
                                                     "general_forum_topic_unhidden",
                                                     "giveaway_created",
                                                     "giveaway_completed",
                                                     "paid_message_price_changed",
                                                     "suggested_post_approved",
                                                     "suggested_post_approval_failed",
                                                     "suggested_post_declined",
                                                     "suggested_post_paid",
                                                     "suggested_post_refunded",
                                                     "gift",
                                                     "unique_gift",
                                                     "video_chat_scheduled",
                                                     "video_chat_started",
                                                     "video_chat_ended",
                                                     "video_chat_participants_invited"};

std::optional<fb::ConversationKind> conversation_of(std::string_view type) {
  if (type == "private") return fb::ConversationKind::direct;
  if (type == "group" || type == "supergroup") return fb::ConversationKind::group;
  if (type == "channel") return fb::ConversationKind::channel;
  return std::nullopt;
}

// Offset in bytes of that UTF-16 unit; the end when it is beyond.
std::size_t byte_of_unit(std::string_view text, std::uint64_t units) {
  std::size_t at = 0;
  for (std::uint64_t unit = 0; at < text.size() && unit < units;) {
    const CodePoint point = decode_utf8(text, at);
    at += std::max<std::size_t>(point.bytes, 1);
    unit += point.value > 0xffff ? 2 : 1;
  }
  return std::min(at, text.size());
}

}  // namespace

std::string telegram_message_id(std::string_view bot, std::string_view chat,
                                std::string_view message) {
  return fmt::format("{}:{}:{}", bot, chat, message);
}

std::string_view telegram_message_in(std::string_view id, std::string_view bot,
                                     std::string_view chat) {
  const std::string prefix = telegram_message_id(bot, chat, "");
  const bool bare = id.find(':') == std::string_view::npos;
  if (!bare && !id.starts_with(prefix)) return {};
  const std::string_view number = bare ? id : id.substr(prefix.size());
  const bool good = number.size() < 19 &&
                    std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
  return good ? number : std::string_view{};
}

std::string_view telegram_file_in(std::string_view url) {
  return url.starts_with(kFilePrefix) ? url.substr(kFilePrefix.size()) : std::string_view{};
}

void TelegramUpdate::set_files(const std::vector<TelegramFile>& files) {
  for (std::size_t i = 0; i < std::min(files.size(), message_.attachments.size()); ++i) {
    Attachment& attachment = message_.attachments[i];
    const TelegramFile& file = files[i];
    attachment.sha256 = file.sha256;
    attachment.problem = file.problem;
    attachment.bytes_max = file.bytes_max;
    if (file.bytes != 0) attachment.bytes = file.bytes;
    if (!file.mime_type.empty()) attachment.mime_type = file.mime_type;
  }
}

std::string_view telegram_topic(std::string_view thread, fb::ConversationKind conversation) {
  const bool general = thread == "1" && conversation != fb::ConversationKind::direct;
  return general ? std::string_view{} : thread;
}

Kind TelegramUpdate::read(const JsonNode& update, const TelegramBot& bot,
                          std::int64_t now_wall_ms) {
  bot_ = &bot;
  message_ = Message{};
  for (std::string* text :
       {&chat_, &thread_, &text_, &reply_to_, &group_, &press_, &moved_from_, &moved_to_})
    text->clear();
  urls_.clear();
  const JsonNode message = update["message"];
  if (message.is_object()) return read_message(message, false);
  const JsonNode post = update["channel_post"];
  if (post.is_object()) return read_message(post, true);
  const JsonNode query = update["callback_query"];
  return query.is_object() ? read_press(query, now_wall_ms) : Kind::nothing;
}

bool TelegramUpdate::read_chat(const JsonNode& chat) {
  const auto kind = conversation_of(chat.text("type"));
  chat_ = chat.their_id("id");
  if (!kind || chat_.empty() || chat_.size() > limits::kNameBytesMax) return false;
  message_.conversation = *kind;
  message_.conversation_id = chat_;
  return true;
}

// A post, and a message of somebody who writes as a chat (an anonymous admin), is that chat's. What
// other bots say is not answered: two that answer each other never end.
bool TelegramUpdate::read_sender(const JsonNode& message, bool post) {
  const JsonNode from = message["from"];
  const JsonNode as = message["sender_chat"];
  const JsonNode chat = as.is_object() ? as : post ? message["chat"] : JsonNode{};
  if (!chat.is_object() && from.flag("is_bot")) return false;
  sender_ = chat.is_object() ? chat.their_id("id") : from.their_id("id");
  if (chat.is_object()) {
    const std::string_view signature = message.text("author_signature");
    name_ = signature.empty() ? chat.text("title") : signature;
  } else {
    name_ = from.text("first_name");
    const std::string_view last = from.text("last_name");
    if (!last.empty()) name_ += fmt::format(" {}", last);
  }
  name_ = std::string(cut_text(name_, limits::kNameBytesMax));
  message_.sender_id = sender_;
  message_.sender_name = name_;
  return !sender_.empty() && sender_.size() <= limits::kNameBytesMax;
}

// A supergroup that is no forum numbers its chains of replies the same way: those are no topics.
void TelegramUpdate::read_place(const JsonNode& message) {
  const bool forum = message["chat"].flag("is_forum");
  if (forum || message.flag("is_topic_message")) thread_ = message.their_id("message_thread_id");
  if (forum && thread_.empty()) thread_ = kGeneralTopic;
  message_.thread = thread_;
}

// A message of a topic answers, as Telegram has it, the one that opened the topic.
void TelegramUpdate::read_reply(const JsonNode& message) {
  const JsonNode answered = message["reply_to_message"];
  if (!answered.is_object() || answered["forum_topic_created"].there()) return;
  reply_to_ = telegram_message_id(bot_->id, chat_, answered.their_id("message_id"));
  message_.reply_to = reply_to_;
  if (answered["from"].their_id("id") == bot_->id) message_.mention = fb::Mention::mentioned;
}

void TelegramUpdate::read_command(std::string_view command, std::size_t begin) {
  const std::size_t at = command.find('@');
  const bool ours =
      at == std::string_view::npos || same_but_case(command.substr(at + 1), bot_->username);
  if (!ours) return;
  message_.mention = fb::Mention::mentioned;
  // "/new@ThisBot" is "/new": the gateway's commands have no names of bots in them.
  if (at != std::string_view::npos && begin == 0) text_.erase(at, command.size() - at);
}

void TelegramUpdate::read_entities(const JsonNode& entities) {
  // Telegram has none of that length.
  if (text_.size() > limits::kTelegramMarkedBytesMax) return;
  const std::string text = text_;
  std::size_t seen = 0;
  entities.each([&](const JsonNode& entity) {
    if (++seen > limits::kTelegramEntitiesMax) return;
    const std::string_view type = entity.text("type");
    if (type != "mention" && type != "text_mention" && type != "bot_command") return;
    const std::uint64_t offset = entity.number("offset");
    const std::size_t begin = byte_of_unit(text, offset);
    const std::size_t end =
        byte_of_unit(text, offset + std::min<std::uint64_t>(entity.number("length"), 4'096));
    const std::string_view part = std::string_view(text).substr(begin, end - begin);
    if (type == "bot_command") return read_command(part, begin);
    const bool us = type == "mention"
                        ? part.starts_with('@') && same_but_case(part.substr(1), bot_->username)
                        : entity["user"].their_id("id") == bot_->id;
    if (us) message_.mention = fb::Mention::mentioned;
  });
}

void TelegramUpdate::read_text(const JsonNode& message) {
  const bool captioned = message["caption"].is_text();
  text_ = message.text(captioned ? "caption" : "text");
  read_entities(message[captioned ? "caption_entities" : "entities"]);
  for (const WordsRow& row : kWords) {
    const JsonNode part = message[row.member];
    if (!text_.empty() || !part.is_object()) continue;
    text_ = row.words(part);
  }
  message_.text = text_;
}

void TelegramUpdate::add_file(const JsonNode& file, AttachmentKind kind, std::string_view name) {
  const std::string id = file.their_id("file_id");
  if (id.empty() || id.size() > limits::kAttachmentTextBytesMax / 2) return;
  const std::string_view given = cut_text(file.text("file_name"), limits::kAttachmentTextBytesMax);
  urls_.push_back(std::string(kFilePrefix) + id);
  message_.attachments.push_back(
      {.name = given.empty() ? name : given,
       .mime_type = cut_text(file.text("mime_type"), limits::kAttachmentTextBytesMax),
       .bytes = file.number("file_size"),
       .kind = kind});
}

void TelegramUpdate::read_files(const JsonNode& message) {
  // The sizes of a photo, the largest last.
  JsonNode photo;
  message["photo"].each([&](const JsonNode& size) { photo = size; });
  if (photo.is_object()) add_file(photo, AttachmentKind::image, "photo.jpg");
  for (const FileRow& row : kFiles) {
    const JsonNode file = message[row.member];
    if (file.is_object() && message_.attachments.empty()) add_file(file, row.kind, row.name);
  }
  for (std::size_t i = 0; i < urls_.size(); ++i)
    message_.attachments[i].url = urls_[i];
}

Kind TelegramUpdate::read_message(const JsonNode& message, bool post) {
  const std::string number = message.their_id("message_id");
  if (!read_chat(message["chat"]) || number.empty()) return Kind::unknown;
  moved_to_ = message.their_id("migrate_to_chat_id");
  moved_from_ = moved_to_.empty() ? message.their_id("migrate_from_chat_id") : chat_;
  if (!moved_from_.empty()) {
    if (moved_to_.empty()) moved_to_ = chat_;
    return Kind::migrated;
  }
  if (!read_sender(message, post)) return Kind::nothing;
  const bool direct = message_.conversation == fb::ConversationKind::direct;
  message_.mention = direct ? fb::Mention::mentioned : fb::Mention::not_mentioned;
  message_.timestamp_ms = static_cast<std::int64_t>(
      std::min<std::uint64_t>(message.number("date"), limits::kTimestampMsMax / 1'000) * 1'000);
  external_ = telegram_message_id(bot_->id, chat_, number);
  message_.external_id = external_;
  if (external_.size() > limits::kNameBytesMax) return Kind::unknown;
  read_place(message);
  read_text(message);
  read_reply(message);
  read_files(message);
  if (const std::string album = message.their_id("media_group_id"); !album.empty()) {
    group_ = "album:" + std::string(cut_text(album, limits::kNameBytesMax));
    message_.group = group_;
  }
  const bool empty = text_.empty() && message_.attachments.empty();
  return empty ? read_rest(message) : Kind::message;
}

// Of a message with neither words nor a file: what kind it is.
Kind TelegramUpdate::read_rest(const JsonNode& message) {
  const auto has = [&](std::string_view member) { return message[member].there(); };
  if (std::ranges::any_of(kHappened, has)) return Kind::nothing;
  const auto* kind = std::ranges::find_if(kUnreadable, has);
  message_.unsupported = kind == kUnreadable.end() ? std::string_view{"unknown"} : *kind;
  return Kind::message;
}

Kind TelegramUpdate::read_press(const JsonNode& query, std::int64_t now_wall_ms) {
  const JsonNode pressed = query["message"];
  press_ = query.their_id("id");
  external_ = fmt::format("callback:{}", press_);
  if (press_.empty() || external_.size() > limits::kNameBytesMax) return Kind::unknown;
  if (!read_chat(pressed["chat"]) || !read_sender(query, false)) return Kind::unknown;
  text_ = query.text("data");
  if (text_.empty()) return Kind::unknown;
  read_place(pressed);
  reply_to_ = telegram_message_id(bot_->id, chat_, pressed.their_id("message_id"));
  message_.text = text_;
  message_.reply_to = reply_to_;
  message_.external_id = external_;
  message_.timestamp_ms = now_wall_ms;
  message_.mention = fb::Mention::mentioned;
  return Kind::message;
}

}  // namespace spine::channels
