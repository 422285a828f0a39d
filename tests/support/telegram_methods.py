"""The methods of the Bot API, one entry a method: what it is called with, and what it does to the state of a bot."""

import dataclasses
import math
import re
import time
from typing import Callable

from telegram_rich import read_rich
from telegram_state import DRAFT_SECONDS, GENERAL, ApiError, bad_request
from telegram_text import CAPTION_MAX, TEXT_MAX, TextError, read_text
from telegram_webhook import Webhook

POLL_SECONDS_MAX = 50
DOWNLOAD_MAX = 20 << 20
UPLOAD_MAX = 50 << 20
PHOTO_MAX = 10 << 20
ALBUM_MAX = 10
BUTTON_DATA_MAX = 64
SECRET_MAX = 256
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")
ACTIONS = {"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
           "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note"}
# The reactions of everybody; their joined forms (with U+200D and U+FE0F) are not taken.
REACTIONS = set(
    "\U0001F44D\U0001F44E\u2764\U0001F525\U0001F970\U0001F44F\U0001F601\U0001F914\U0001F92F"
    "\U0001F631\U0001F92C\U0001F622\U0001F389\U0001F929\U0001F92E\U0001F4A9\U0001F64F\U0001F44C"
    "\U0001F54A\U0001F921\U0001F971\U0001F974\U0001F60D\U0001F433\U0001F31A\U0001F32D\U0001F4AF"
    "\U0001F923\u26a1\U0001F34C\U0001F3C6\U0001F494\U0001F928\U0001F610\U0001F353\U0001F37E"
    "\U0001F48B\U0001F595\U0001F608\U0001F634\U0001F62D\U0001F913\U0001F47B\U0001F440\U0001F383"
    "\U0001F648\U0001F607\U0001F628\U0001F91D\u270d\U0001F917\U0001FAE1\U0001F385\U0001F384"
    "\u2603\U0001F485\U0001F92A\U0001F5FF\U0001F192\U0001F498\U0001F649\U0001F984\U0001F618"
    "\U0001F48A\U0001F64A\U0001F60E\U0001F47E\U0001F937\U0001F621")


# What calls have in common.

def topic_of(bot, chat, arguments):
    """The topic a message goes to, 0 where the chat has none; raises ApiError."""
    topic = arguments.integer("message_thread_id")
    if chat.forum and topic == 0:
        return GENERAL
    if topic == 0 or not (chat.forum or chat.type == "private"):
        return 0
    if chat.forum and topic == GENERAL:
        bot.violation("message_thread_id 1 was sent: the General topic is meant by leaving it out")
        raise bad_request("message thread not found")
    if topic not in chat.topics:
        raise bad_request("message thread not found")
    if chat.topics[topic].closed:
        raise bad_request("TOPIC_CLOSED")
    return topic


def reply_of(chat, arguments):
    """The message that is answered, as it is shown in the answer; None where none is."""
    given = arguments.json("reply_parameters", dict, "reply parameters") or {}
    number = given.get("message_id") or arguments.integer("reply_to_message_id")
    if not number:
        return None
    answered = chat.messages.get(int(number))
    if answered is None:
        if given.get("allow_sending_without_reply") or arguments.flag("allow_sending_without_reply"):
            return None
        raise bad_request("message to be replied not found")
    return {name: value for name, value in answered.items() if name != "reply_to_message"}


def markup_of(arguments):
    """The keyboard below a message; only inline ones are shown in it."""
    markup = arguments.json("reply_markup", dict, "reply keyboard markup")
    if not markup or "inline_keyboard" not in markup:
        return None
    for row in markup["inline_keyboard"]:
        for button in row:
            if not button.get("text"):
                raise ValueError("Can't parse inline keyboard button: Text buttons are unallowed in the "
                                 "inline keyboard")
            data = button.get("callback_data")
            if data is not None and not 1 <= len(data.encode()) <= BUTTON_DATA_MAX:
                raise ValueError("BUTTON_DATA_INVALID")
    return markup


def text_of(arguments, field="text", limit=TEXT_MAX, what="Message"):
    entities = "entities" if field == "text" else "caption_entities"
    return read_text(arguments.text(field), arguments.text("parse_mode"),
                     arguments.json(entities, list, "entities"), limit, what)


def full_text_of(arguments):
    if "text" not in arguments:
        raise TextError("Message text is empty")
    text, entities = text_of(arguments)
    if not text:
        raise TextError("Text must be non-empty")
    return text, entities


def rich_of(arguments):
    return {"rich_message": read_rich(arguments.json("rich_message", dict, "rich message"))}


def say(bot, arguments, **content):
    """Puts a message of the bot where the call says."""
    chat = bot.open_chat(arguments.text("chat_id"))
    topic = topic_of(bot, chat, arguments)
    answered = reply_of(chat, arguments)
    return bot.post(chat, bot.myself(), topic, reply_to_message=answered,
                    reply_markup=markup_of(arguments), **content)


def message_of(bot, arguments, what):
    """(chat, message) of a call about one message; `what` as the error names it."""
    chat = bot.open_chat(arguments.text("chat_id"))
    message = chat.messages.get(arguments.integer("message_id"))
    if message is None:
        raise bad_request(f"{what} not found")
    return chat, message


# Identity, updates, webhook.

def get_me(bot, _):
    return {**bot.myself(), "can_join_groups": True, "can_read_all_group_messages": True,
            "supports_inline_queries": False, "can_connect_to_business": False, "has_main_web_app": False,
            "has_topics_enabled": any(c.type == "private" and c.topics for c in bot.chats.values())}


def get_updates(bot, arguments):
    limit = arguments.integer("limit", 100)
    timeout = min(max(arguments.integer("timeout"), 0), POLL_SECONDS_MAX)
    allowed = arguments.json("allowed_updates", list, "allowed updates")
    return bot.get_updates(arguments.integer("offset"), min(max(limit, 1), 100), timeout, allowed,
                           arguments.connection)


def set_webhook(bot, arguments):
    url = arguments.text("url")
    secret = arguments.text("secret_token")
    if url and not re.match(r"https?://[^/\s]+", url):
        raise ValueError("invalid webhook URL specified")
    if len(secret) > SECRET_MAX:
        raise ValueError("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise ValueError("secret token contains unallowed characters")
    bot.allow(arguments.json("allowed_updates", list, "allowed updates"))
    certificate = arguments.uploads.get("certificate")
    replace_webhook(bot, arguments, Webhook(
        bot, url, secret, arguments.integer("max_connections", 40),
        certificate.data.decode() if certificate else None) if url else None)
    return True


def delete_webhook(bot, arguments):
    replace_webhook(bot, arguments, None)
    return True


def replace_webhook(bot, arguments, webhook):
    if arguments.flag("drop_pending_updates"):
        bot.forget_below(bot.next_update_id)
    if bot.webhook is not None:
        bot.webhook.close()
    bot.webhook = webhook
    if webhook is not None:
        bot.end_poll(ApiError(409, "Conflict: terminated by setWebhook request"))
        webhook.start()


def get_webhook_info(bot, _):
    if bot.webhook is None:
        return {"url": "", "has_custom_certificate": False, "pending_update_count": len(bot.updates)}
    return bot.webhook.info()


# Messages.

def send_message(bot, arguments):
    text, entities = full_text_of(arguments)
    return say(bot, arguments, text=text, entities=entities)


def send_rich_message(bot, arguments):
    return say(bot, arguments, **rich_of(arguments))


def edit_message_text(bot, arguments):
    if "rich_message" in arguments and bot.rich:
        content = rich_of(arguments)
    else:
        text, entities = full_text_of(arguments)
        content = {"text": text, **({"entities": entities} if entities else {})}
    return edit(bot, arguments, ("text", "entities", "rich_message"), content)


def edit_message_reply_markup(bot, arguments):
    return edit(bot, arguments, (), {})


def edit(bot, arguments, fields, content):
    """Puts `content` in the place of `fields`, and the keyboard of the call in the place of the old one."""
    chat, message = message_of(bot, arguments, "message to edit")
    if message.get("from", {}).get("id") != bot.id or (fields and not message.keys() & {"text", "rich_message"}):
        raise bad_request("message can't be edited")
    markup = markup_of(arguments)
    changed = {name: value for name, value in message.items() if name not in (*fields, "reply_markup")}
    changed.update(content, **({"reply_markup": markup} if markup else {}))
    now = time.monotonic()
    if now - chat.edited_at < 1:
        bot.counts["edits under a second apart"] += 1
    chat.edited_at = now
    if changed == message:
        raise bad_request("message is not modified: specified new message content and reply markup are exactly "
                          "the same as a current content and reply markup of the message")
    changed["edit_date"] = int(time.time())
    chat.messages[message["message_id"]] = changed
    return changed


def delete_message(bot, arguments):
    chat, message = message_of(bot, arguments, "message to delete")
    if message.get("from", {}).get("id") != bot.id and chat.type != "private":
        raise bad_request("message can't be deleted")
    del chat.messages[message["message_id"]]
    return True


def send_message_draft(bot, arguments):
    text, entities = text_of(arguments)
    return draft(bot, arguments, {"text": text, "entities": entities})


def send_rich_message_draft(bot, arguments):
    return draft(bot, arguments, rich_of(arguments))


def draft(bot, arguments, content):
    chat = bot.open_chat(arguments.text("chat_id"))
    number = arguments.integer("draft_id")
    if chat.type != "private":
        raise bad_request("TEXTDRAFT_PEER_INVALID")
    if number == 0:
        raise ValueError("RANDOM_ID_INVALID")
    topic = topic_of(bot, chat, arguments)
    chat.drafts[topic] = {"draft_id": number, "until": time.monotonic() + DRAFT_SECONDS, **content}
    return True


def send_chat_action(bot, arguments):
    action = arguments.text("action").lower()
    if action not in ACTIONS:
        raise ValueError("Wrong parameter action in request")
    chat = bot.open_chat(arguments.text("chat_id"))
    topic = arguments.integer("message_thread_id")
    if topic and (chat.forum or chat.type == "private") and topic not in chat.topics:
        raise bad_request("message thread not found")
    chat.actions.append((time.monotonic(), action, topic))
    return True


def set_message_reaction(bot, arguments):
    chat, message = message_of(bot, arguments, "message to react")
    wanted = arguments.json("reaction", list, "reaction types") or []
    if any(one.get("type") != "emoji" or one.get("emoji") not in REACTIONS for one in wanted):
        raise bad_request("REACTION_INVALID")
    if len(wanted) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    chat.reactions[message["message_id"]] = [one["emoji"] for one in wanted]
    return True


def answer_callback_query(bot, arguments):
    query = bot.callbacks.get(arguments.text("callback_query_id"))
    if query is None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    query["answers"].append(arguments.text("text"))
    return True


def set_my_commands(bot, arguments):
    commands = arguments.json("commands", list, "commands") or []
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", command.get("command", "")):
            raise ValueError("BOT_COMMAND_INVALID")
        if not 1 <= len(command.get("description", "")) <= 256:
            raise ValueError("BOT_COMMAND_DESCRIPTION_INVALID")
    bot.commands = commands
    return True


# Files.

def get_file(bot, arguments):
    if "file_id" not in arguments:
        raise ValueError("file_id not specified")
    file = bot.files.get(arguments.text("file_id"))
    if file is None:
        raise bad_request("invalid file_id")
    if file.size > DOWNLOAD_MAX:
        raise bad_request("file is too big")
    return {**file.shown(), "file_path": file.path}


def file_of(bot, arguments, given, kind):
    """The file a call sends: uploaded with it, or one the platform has, by its id."""
    upload = arguments.uploads.get(given.removeprefix("attach://"))
    if upload is None:
        if given in bot.files:
            return bot.files[given]
        raise bad_request(f"there is no {kind} in the request" if not given
                          else "wrong file identifier/HTTP URL specified")
    size = len(upload.data)
    if size == 0:
        raise bad_request("file must be non-empty")
    if size > UPLOAD_MAX:
        raise ApiError(413, "Request Entity Too Large")
    if kind == "photo" and size > PHOTO_MAX:
        raise bad_request(f"file of size {size} bytes is too big for a photo; "
                          f"the maximum size is {PHOTO_MAX} bytes")
    if kind == "photo" and not upload.data.startswith(PICTURES):
        raise bad_request("IMAGE_PROCESS_FAILED")
    return bot.store(upload.data, upload.name, upload.content_type or "application/octet-stream")


def media_content(kind, file):
    """The fields by which a message shows a file."""
    shown = file.shown()
    if kind == "photo":
        small = {**shown, "width": 90, "height": 60, "file_size": min(file.size, 1500)}
        return {"photo": [small, {**shown, "width": 1280, "height": 853}]}
    if kind in ("document", "audio", "video"):
        shown.update(file_name=file.name)
    shown.update({"voice": {"duration": 3}, "audio": {"duration": 3}, "sticker": {"width": 512, "height": 512},
                  "video": {"duration": 3, "width": 640, "height": 360}}.get(kind, {}))
    return {kind: {**shown, "mime_type": file.mime}}


def sender_of(kind):
    """The method that sends one file of this kind."""
    def send(bot, arguments):
        caption, entities = text_of(arguments, "caption", CAPTION_MAX, "Message caption")
        bot.open_chat(arguments.text("chat_id"))
        given = arguments.text(kind) or (kind if kind in arguments.uploads else "")
        file = file_of(bot, arguments, given, kind)
        return say(bot, arguments, caption=caption, caption_entities=entities, **media_content(kind, file))
    return send


def send_media_group(bot, arguments):
    media = arguments.json("media", list, "media") or []
    if not media:
        raise ValueError("There are no messages to send")
    if len(media) > ALBUM_MAX:
        raise ValueError("Too many messages to send as an album")
    kinds = {one.get("type") for one in media}
    if not (kinds <= {"photo", "video"} or kinds in ({"document"}, {"audio"})):
        raise ValueError("Can't use the media of the specified type in the album")
    prepared = []
    for one in media:
        caption, entities = read_text(one.get("caption", ""), one.get("parse_mode"),
                                      one.get("caption_entities"), CAPTION_MAX, "Message caption")
        file = file_of(bot, arguments, one.get("media", ""), one["type"])
        prepared.append({"caption": caption, "caption_entities": entities, **media_content(one["type"], file)})
    album = str(math.floor(time.time() * 1000)) + str(len(bot.calls))
    return [say(bot, arguments, media_group_id=album, **content) for content in prepared]


# The table.

@dataclasses.dataclass(frozen=True)
class Method:
    name: str
    perform: Callable
    arguments: frozenset
    rich: bool = False  # Bot API 10.1


def method(name, perform, arguments="", rich=False):
    return Method(name, perform, frozenset(arguments.split()), rich)


SENDING = ("business_connection_id chat_id message_thread_id direct_messages_topic_id disable_notification "
           "protect_content allow_paid_broadcast suggested_post_parameters message_effect_id reply_parameters "
           "reply_markup reply_to_message_id allow_sending_without_reply ")
CAPTION = "caption parse_mode caption_entities show_caption_above_media has_spoiler "
TEXT = "text parse_mode entities link_preview_options disable_web_page_preview "
EDITING = "business_connection_id chat_id message_id message_thread_id inline_message_id reply_markup "

METHODS = {entry.name.lower(): entry for entry in (
    method("getMe", get_me),
    method("getUpdates", get_updates, "offset limit timeout allowed_updates"),
    method("setWebhook", set_webhook, "url certificate ip_address max_connections allowed_updates "
                                      "drop_pending_updates secret_token"),
    method("deleteWebhook", delete_webhook, "drop_pending_updates"),
    method("getWebhookInfo", get_webhook_info),
    method("sendMessage", send_message, SENDING + TEXT),
    method("editMessageText", edit_message_text, EDITING + TEXT + "rich_message"),
    method("editMessageReplyMarkup", edit_message_reply_markup, EDITING),
    method("deleteMessage", delete_message, "chat_id message_id"),
    method("sendChatAction", send_chat_action, "business_connection_id chat_id message_thread_id action"),
    method("sendMessageDraft", send_message_draft, "chat_id message_thread_id draft_id can_stop keep_on_stop " + TEXT),
    method("sendRichMessage", send_rich_message, SENDING + "rich_message", rich=True),
    method("sendRichMessageDraft", send_rich_message_draft,
           "chat_id message_thread_id draft_id rich_message can_stop keep_on_stop", rich=True),
    method("setMessageReaction", set_message_reaction, "chat_id message_id reaction is_big"),
    method("answerCallbackQuery", answer_callback_query, "callback_query_id text show_alert url cache_time"),
    method("setMyCommands", set_my_commands, "commands scope language_code"),
    method("getFile", get_file, "file_id"),
    method("sendPhoto", sender_of("photo"), SENDING + CAPTION + "photo"),
    method("sendDocument", sender_of("document"),
           SENDING + CAPTION + "document thumbnail disable_content_type_detection"),
    method("sendVideo", sender_of("video"), SENDING + CAPTION + "video duration width height"),
    method("sendAudio", sender_of("audio"), SENDING + CAPTION + "audio duration performer title"),
    method("sendVoice", sender_of("voice"), SENDING + CAPTION + "voice duration"),
    method("sendMediaGroup", send_media_group, SENDING + "media"),
)}


def perform(bot, name, arguments):
    """The result of one call; raises ApiError. What only a careless client does is a violation, too."""
    entry = METHODS.get(name.lower())
    if entry is None or (entry.rich and not bot.rich):
        raise ApiError(404, "Not Found: method not found")
    with bot.changed:
        attached = re.findall(r"attach://([\w-]+)", " ".join(map(arguments.text, arguments.values)))
        for unknown in sorted(set(arguments.names()) - entry.arguments - set(attached)):
            bot.violation(f"{entry.name}: there is no argument {unknown}")
        try:
            return entry.perform(bot, arguments)
        except (TextError, ValueError) as error:
            bot.violation(f"{entry.name}: {error}")
            raise bad_request(str(error)) from None
