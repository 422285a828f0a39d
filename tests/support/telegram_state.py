"""What the platform holds of one bot: its chats and messages, the updates that wait for it, and what it did."""

import copy
import dataclasses
import hashlib
import re
import threading
import time

from telegram_faults import Faults
from telegram_rich import plain_text

UPDATE_TYPES = ("message", "edited_message", "channel_post", "edited_channel_post", "callback_query",
                "message_reaction", "my_chat_member", "chat_member")
NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}
OFFSET_AHEAD_MAX = 10  # an offset further behind the newest update counts as none
GENERAL = 1  # the topic every forum has
DRAFT_SECONDS = 30.0
TYPING_SECONDS = 5.0
TERMINATED = ("Conflict: terminated by other getUpdates request; "
              "make sure that only one bot instance is running")
WEBHOOK_ACTIVE = ("Conflict: can't use getUpdates method while webhook is active; "
                  "use deleteWebhook to delete the webhook first")


class ApiError(Exception):
    """A refusal: {"ok": false, "error_code", "description", "parameters"}."""

    def __init__(self, code, description, **parameters):
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


def bad_request(message):
    """A refusal with 400, worded as the server does: codes stay, sentences begin small."""
    code = len(message) > 1 and (message[1] == "_" or message[1].isupper())
    return ApiError(400, "Bad Request: " + (message if code else message[0].lower() + message[1:]))


@dataclasses.dataclass
class Call:
    """One request as it came. `status` is what was answered, None as long as nothing was."""
    number: int
    at: float
    method: str
    arguments: dict
    uploads: dict
    transport: str
    status: int = None
    fault: str = None
    taken: bool = False
    result: object = None


@dataclasses.dataclass
class Topic:
    name: str
    closed: bool = False


@dataclasses.dataclass
class Chat:
    """One conversation; `messages` are as the API shows them, by their ids."""
    id: int
    type: str
    title: str
    username: str = ""
    forum: bool = False
    topics: dict = dataclasses.field(default_factory=dict)
    messages: dict = dataclasses.field(default_factory=dict)
    next_id: int = 1
    migrated_to: int = None
    closed_to_bot: str = ""  # the description of the 403 the bot gets
    drafts: dict = dataclasses.field(default_factory=dict)   # topic -> {draft_id, text, until}
    actions: list = dataclasses.field(default_factory=list)  # (time, action, topic)
    reactions: dict = dataclasses.field(default_factory=dict)  # of the bot: message -> emoji
    edited_at: float = 0.0
    spoke_at: float = 0.0  # when the bot last sent something

    def shown(self):
        """As a message names its chat."""
        if self.type == "private":
            shown = {"id": self.id, "type": "private", "first_name": self.title}
        else:
            shown = {"id": self.id, "type": self.type, "title": self.title}
        if self.username:
            shown["username"] = self.username
        if self.forum:
            shown["is_forum"] = True
        return shown


@dataclasses.dataclass
class StoredFile:
    id: str
    unique_id: str
    path: str
    name: str
    mime: str
    data: bytes
    size: int

    def shown(self):
        return {"file_id": self.id, "file_unique_id": self.unique_id, "file_size": self.size}


def text_shown(message):
    if "rich_message" in message:
        return plain_text(message["rich_message"]["blocks"])
    return message.get("text") or message.get("caption", "")


@dataclasses.dataclass(eq=False)
class Poll:
    """A getUpdates that waits. `ended` is why it was ended from outside."""
    connection: object
    ended: ApiError = None


class TelegramBot:
    """The state of one bot. Thread: any; every method takes the lock, waits are on `changed`."""

    def __init__(self, token, username="SpineTestBot", rich=True):
        self.token = token
        self.id = int(token.partition(":")[0])
        self.username = username
        self.rich = rich
        self.changed = threading.Condition(threading.RLock())
        self.faults = Faults()
        self.chats, self.users, self.files, self.callbacks = {}, {}, {}, {}
        self.commands = []
        self.updates = []
        self.next_update_id = 871_000_001
        self.offset = 0  # everything below was confirmed
        self.given = 0   # the highest update that was answered to a getUpdates
        self.allowed = set(UPDATE_TYPES) - NOT_BY_DEFAULT
        self.webhook = None
        self.poll = None
        self.ended = False
        self.calls, self.found, self.deliveries = [], [], []
        self.counts = {"edits under a second apart": 0}
        self.quiet = {}  # (method, chat), each may be None -> until when nothing may be asked

    # Who there is.

    def myself(self):
        return {"id": self.id, "is_bot": True, "first_name": self.username, "username": self.username}

    def user(self, who):
        """A user by id or as the API shows one; remembered."""
        shown = dict(who) if isinstance(who, dict) else {"id": who}
        known = self.users.setdefault(shown["id"], {"id": shown["id"], "is_bot": False,
                                                    "first_name": f"User {shown['id']}"})
        known.update(shown)
        return known

    def add_chat(self, chat_id, kind=None, title=None, forum=False, username=""):
        """A chat there is from here on; its kind follows from the id where it is not given."""
        with self.changed:
            if kind is None:
                kind = "private" if chat_id > 0 else "supergroup" if chat_id < -10**12 or forum else "group"
            if title is None:
                title = self.user(chat_id)["first_name"] if kind == "private" else f"Group {chat_id}"
            chat = Chat(chat_id, kind, title, username, forum)
            if forum:
                chat.topics[GENERAL] = Topic("General")
            self.chats[chat_id] = chat
            return chat

    def chat_of(self, chat_id):
        """The chat people write in; there is one from the first message on."""
        return self.chats.get(chat_id) or self.add_chat(chat_id)

    def open_chat(self, named):
        """The chat a call names, if the bot may write there; raises ApiError."""
        if named == "":
            raise bad_request("chat_id is empty")
        if named.startswith("@"):
            chat = next((c for c in self.chats.values() if c.username and c.username == named[1:]), None)
        else:
            chat = self.chats.get(int(named)) if re.fullmatch(r"-?\d+", named) else None
        if chat is None:
            raise bad_request("chat not found")
        if chat.migrated_to:
            raise ApiError(400, "Bad Request: group chat was upgraded to a supergroup chat",
                           migrate_to_chat_id=chat.migrated_to)
        if chat.closed_to_bot:
            raise ApiError(403, f"Forbidden: {chat.closed_to_bot}")
        return chat

    # Messages and files.

    def post(self, chat, sender, topic=0, **content):
        """Puts a message into the chat; it as the API shows it."""
        with self.changed:
            number = chat.next_id
            chat.next_id += 1
            message = {"message_id": number}
            if sender is not None:
                message["from"] = dict(sender)
            else:
                message["sender_chat"] = chat.shown()
            message.update(chat=chat.shown(), date=int(time.time()))
            if topic:
                message["message_thread_id"] = topic
                if topic != GENERAL or chat.type == "private":
                    message["is_topic_message"] = True
            message.update({name: value for name, value in content.items() if value not in (None, [], "")})
            chat.messages[number] = message
            if sender is not None and sender["id"] == self.id:
                chat.spoke_at = time.monotonic()
                chat.drafts.pop(topic, None)
            self.changed.notify_all()
            return message

    def store(self, data, name="file", mime="application/octet-stream", size=None):
        """A file of the platform; `size` may claim more than there is."""
        with self.changed:
            number = len(self.files) + 1
            digest = hashlib.sha256(data + str(number).encode()).hexdigest()
            path = f"files/{number}_{digest[:8]}." + (name.rpartition(".")[2] or "bin")
            file = StoredFile(f"AgAC{digest[:40]}", digest[40:56], path, name, mime, data,
                              len(data) if size is None else size)
            self.files[file.id] = file
            return file

    # Updates.

    def emit(self, kind, payload):
        """Queues an update, unless the bot asked for others; its id, 0 where it was not queued."""
        with self.changed:
            if kind not in self.allowed:
                return 0
            number = self.next_update_id
            self.next_update_id += 1
            self.updates.append({"update_id": number, kind: copy.deepcopy(payload)})
            self.changed.notify_all()
            return number

    def allow(self, types):
        """allowed_updates of a call; None leaves what was set."""
        if types is not None:
            known = {kind for kind in types if kind in UPDATE_TYPES}
            self.allowed = known if types else set(UPDATE_TYPES) - NOT_BY_DEFAULT

    def get_updates(self, offset, limit, timeout, allowed, connection):
        """As the method does: confirms what is below the offset, then waits for what is not."""
        other = self.poll
        overlaps = other is not None and not other.connection.hung_up()
        with self.changed:
            if self.webhook is not None:
                self.violation("getUpdates: a webhook is set")
                raise ApiError(409, WEBHOOK_ACTIVE)
            if overlaps and self.poll is other:
                self.violation("getUpdates: two pollers at once")
            self.allow(allowed)
            self.confirm(offset)
            if not self.updates and timeout > 0:
                self.wait_for_updates(timeout, connection)
            return copy.deepcopy(self.updates[:limit])

    def confirm(self, offset):
        if offset < 0:
            self.forget_below(self.updates[offset]["update_id"] if len(self.updates) >= -offset else 0)
        elif 0 < offset <= self.next_update_id + OFFSET_AHEAD_MAX:
            if offset < self.offset:
                self.violation(f"getUpdates: the offset went back from {self.offset} to {offset}")
            lost = [u["update_id"] for u in self.updates if self.given < u["update_id"] < offset]
            if lost:
                self.violation(f"getUpdates: the offset {offset} confirms {len(lost)} updates it was not given")
            self.forget_below(offset)

    def forget_below(self, number):
        self.offset = max(self.offset, number)
        self.updates = [update for update in self.updates if update["update_id"] >= number]
        self.changed.notify_all()

    def wait_for_updates(self, timeout, connection):
        self.end_poll(ApiError(409, TERMINATED))
        poll = self.poll = Poll(connection)
        self.changed.notify_all()
        self.changed.wait_for(lambda: poll.ended or self.updates or self.ended, timeout)
        if self.poll is poll:
            self.poll = None
        if poll.ended:
            raise poll.ended

    def end_poll(self, why):
        """Ends the getUpdates that waits, if one does."""
        with self.changed:
            if self.poll is not None:
                self.poll.ended = why
                self.poll = None
                self.changed.notify_all()

    # What the bot did, for tests.

    def violation(self, what):
        with self.changed:
            self.found.append(what)
            self.changed.notify_all()

    def violations(self):
        """What a client of good manners does not do, in order, as sentences."""
        with self.changed:
            return list(self.found)

    def log(self, method=None):
        """The calls in the order they came; `method` leaves those of one."""
        with self.changed:
            return [copy.copy(call) for call in self.calls
                    if method is None or call.method.lower() == method.lower()]

    def chat(self, chat_id):
        """The messages of a chat as people see them now, deleted ones gone."""
        with self.changed:
            chat = self.chats.get(chat_id)
            return [] if chat is None else copy.deepcopy([chat.messages[n] for n in sorted(chat.messages)])

    def texts(self, chat_id, everybody=False):
        """What the bot says in a chat, in order: texts, captions, of rich messages what a reader sees."""
        with self.changed:
            chat = self.chats.get(chat_id)
            return [] if chat is None else [
                text_shown(message) for _, message in sorted(chat.messages.items())
                if everybody or message.get("from", {}).get("id") == self.id]

    def drafts(self, chat_id):
        """The drafts a chat shows, one a topic."""
        with self.changed:
            chat = self.chats.get(chat_id)
            now = time.monotonic()
            return [] if chat is None else [dict(d) for d in chat.drafts.values() if d["until"] > now]

    def typing(self, chat_id):
        """Whether the chat shows that the bot writes."""
        with self.changed:
            chat = self.chats.get(chat_id)
            if chat is None or not chat.actions:
                return False
            at = chat.actions[-1][0]
            return at > chat.spoke_at and time.monotonic() - at < TYPING_SECONDS

    def pending(self):
        """How many updates the bot has not confirmed."""
        with self.changed:
            return len(self.updates)

    def wait_for(self, condition, seconds=20.0, what=None):
        """The value of the condition once it holds, asked again after each change; AssertionError if never."""
        with self.changed:
            value = self.changed.wait_for(condition, seconds)
            if not value:
                raise AssertionError(f"not within {seconds} s: {what or 'what was waited for'}; "
                                     f"{len(self.calls)} calls, violations {self.found}")
            return value
