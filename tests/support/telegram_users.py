"""What people do to a bot on Telegram: write, send files, press buttons, edit, upgrade groups, block it."""

import time

from telegram_methods import media_content
from telegram_state import GENERAL, Topic, bad_request
from telegram_text import found_entities

USER = 5001  # who writes where a test does not say


class TelegramUsers:
    """Everybody but the bot. Chats and users there are none of yet begin with what they do. Thread: any."""

    def __init__(self, bot):
        self.bot = bot

    def arrive(self, chat_id, sender, thread, reply_to, content, kind="message"):
        """A message of somebody in a chat; the update queued, the message returned."""
        bot = self.bot
        with bot.changed:
            chat = bot.chat_of(chat_id)
            if chat.forum and not thread:
                thread = GENERAL
            if thread and thread not in chat.topics and (chat.forum or chat.type == "private"):
                chat.topics[thread] = Topic(f"Topic {thread}")
            answered = chat.messages.get(reply_to) if reply_to else None
            if kind == "message":
                sender = bot.user(sender or (chat_id if chat_id > 0 else USER))
            message = bot.post(chat, sender, thread or 0, reply_to_message=answered, **content)
            bot.emit(kind, message)
            return message

    def say(self, text, chat=USER, sender=None, thread=None, reply_to=None, entities=None, **content):
        """A text. Commands, mentions and links in it become entities; `entities` adds others."""
        content = {"text": text, "entities": found_entities(text) + (entities or []), **content}
        return self.arrive(chat, sender, thread, reply_to, content)

    def mention(self, text, user, chat=USER, sender=None, **options):
        """A text that begins with the name of a user who has no @name."""
        name = self.bot.user(user)["first_name"]
        entity = {"type": "text_mention", "offset": 0, "length": len(name), "user": self.bot.user(user)}
        return self.say(f"{name} {text}", chat, sender, entities=[entity], **options)

    def send_file(self, data=b"\xff\xd8\xff of a photo", kind="photo", name="photo.jpg", mime="image/jpeg",
                  caption="", chat=USER, sender=None, thread=None, reply_to=None, size=None, **content):
        """A photo, document, voice, audio, video or sticker; `size` may claim more than there is."""
        file = self.bot.store(data, name, mime, size)
        content = {"caption": caption, "caption_entities": found_entities(caption),
                   **media_content(kind, file), **content}
        return self.arrive(chat, sender, thread, reply_to, content)

    def album(self, files, caption="", **options):
        """Several files sent as one: an update each, the caption on the first. `files`: dicts for send_file."""
        with self.bot.changed:
            number = f"13{self.bot.next_update_id:015d}"
            return [self.send_file(**file, caption="" if index else caption, media_group_id=number, **options)
                    for index, file in enumerate(files)]

    def edit(self, message_id, text, chat=USER):
        """Somebody changes what they wrote."""
        bot = self.bot
        with bot.changed:
            messages = bot.chat_of(chat).messages
            message = {**messages[message_id], "text": text, "edit_date": int(time.time())}
            message.pop("entities", None)
            if entities := found_entities(text):
                message["entities"] = entities
            messages[message_id] = message
            bot.emit("edited_message", message)
            return message

    def press(self, message_id, data, chat=USER, sender=None):
        """Presses the button with this data below a message of the bot; the id of the query."""
        bot = self.bot
        with bot.changed:
            message = bot.chat_of(chat).messages[message_id]
            rows = message.get("reply_markup", {}).get("inline_keyboard", [])
            if not any(button.get("callback_data") == data for row in rows for button in row):
                raise bad_request(f"message {message_id} has no button with {data!r}")
            number = str(4_000_000_000_000 + len(bot.callbacks))
            query = {"id": number, "from": bot.user(sender or (chat if chat > 0 else USER)),
                     "message": message, "chat_instance": str(chat), "data": data}
            bot.callbacks[number] = {**query, "answers": []}
            bot.emit("callback_query", query)
            return number

    def answers(self, query_id):
        """The texts a press was answered with; none: it spins still."""
        with self.bot.changed:
            return list(self.bot.callbacks[query_id]["answers"])

    def react(self, message_id, emoji, chat=USER, sender=None):
        bot = self.bot
        with bot.changed:
            return bot.emit("message_reaction", {
                "chat": bot.chat_of(chat).shown(), "message_id": message_id, "date": int(time.time()),
                "user": bot.user(sender or (chat if chat > 0 else USER)), "old_reaction": [],
                "new_reaction": [{"type": "emoji", "emoji": emoji}]})

    def channel_post(self, text, chat, **content):
        """A post in a channel: it has no sender but the channel."""
        bot = self.bot
        with bot.changed:
            if chat not in bot.chats:
                bot.add_chat(chat, "channel")
            return self.arrive(chat, None, None, None,
                               {"text": text, "entities": found_entities(text), **content}, "channel_post")

    def service(self, chat, sender=None, thread=None, **content):
        """A message that only tells what happened, such as new_chat_members=[...]."""
        return self.arrive(chat, sender, thread, None, content)

    def migrate(self, chat, new_id, tell=True):
        """A group becomes a supergroup; `tell`: with the two messages that say so."""
        bot = self.bot
        with bot.changed:
            old = bot.chat_of(chat)
            new = bot.add_chat(new_id, "supergroup", old.title)
            if tell:
                self.service(chat, migrate_to_chat_id=new_id)
                self.service(new_id, migrate_from_chat_id=chat)
            old.migrated_to = new.id

    def block(self, chat=USER):
        """A user blocks the bot, or a group throws it out."""
        bot = self.bot
        with bot.changed:
            held = bot.chat_of(chat)
            held.closed_to_bot = ("bot was blocked by the user" if held.type == "private"
                                  else f"bot was kicked from the {held.type} chat")
            bot.emit("my_chat_member", {
                "chat": held.shown(), "from": bot.user(chat if chat > 0 else USER), "date": int(time.time()),
                "old_chat_member": {"user": bot.myself(), "status": "member"},
                "new_chat_member": {"user": bot.myself(), "status": "kicked"}})

    def unblock(self, chat=USER):
        with self.bot.changed:
            self.bot.chat_of(chat).closed_to_bot = ""

    def forget(self, chat):
        """From here on there is no such chat."""
        with self.bot.changed:
            self.bot.chats.pop(chat, None)

    def delete(self, message_id, chat=USER):
        """Somebody deletes a message; bots are not told."""
        with self.bot.changed:
            self.bot.chat_of(chat).messages.pop(message_id, None)

    def open_topic(self, chat, topic, name="Topic"):
        """A topic of a forum, or of a private chat, there is from here on; open again where it was closed."""
        with self.bot.changed:
            self.bot.chat_of(chat).topics[topic] = Topic(name)

    def close_topic(self, chat, topic):
        with self.bot.changed:
            self.bot.chat_of(chat).topics[topic].closed = True

    def delete_topic(self, chat, topic):
        with self.bot.changed:
            del self.bot.chat_of(chat).topics[topic]
