"""A strict local Telegram: the real Bot API over plain HTTP on 127.0.0.1, for tests and for trying by hand.

As a library:

    with TelegramServer() as telegram:
        ... a bot with the API root telegram.root and the token telegram.token ...
        telegram.say("hello", chat=7)
        telegram.wait_for(lambda: telegram.texts(7) == ["hello yourself"])
        assert telegram.violations() == []

People are TelegramUsers (say, send_file, album, edit, press, migrate, block, topics), what the bot did is asked of
TelegramBot (log, chat, texts, drafts, typing, violations, pending); both are reached through the server, which means
its first bot. Faults: fault, chaos, clear_faults, freeze, down, up, revoke, renew, swap.

By hand: python3 tests/support/telegram_server.py --help
"""

import argparse
import base64
import dataclasses
import http.server
import json
import os
import signal
import sys
import threading

from telegram_faults import KINDS
from telegram_http import Handler
from telegram_state import ApiError, TelegramBot
from telegram_users import TelegramUsers

TOKEN = "7100000001:AAE-a_token_for_tests_0123456789abcd"
# What /control/<name> may ask for.
CONTROL = {"say", "mention", "send_file", "album", "edit", "press", "answers", "react", "channel_post", "service",
           "migrate", "block", "unblock", "forget", "delete", "add_chat", "open_topic", "close_topic", "delete_topic",
           "log", "chat", "texts", "drafts", "typing", "violations", "pending", "fault", "chaos", "clear_faults",
           "freeze", "drop_connections", "revoke"}


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # clients go when they like
            super().handle_error(request, client_address)


class TelegramServer:
    """The platform: its bots by their tokens, and where it listens. Thread: any.

    What is neither here nor in an instance is asked of `users`, then of `bot`, which belong to the first token.
    """

    def __init__(self, token=TOKEN, port=0, **options):
        self.bots = {}
        self.connections = set()
        self.wrong_tokens = 0  # how often a token was refused
        self.closing, self.close_writer = os.pipe()
        self.bot = self.add_bot(token, **options)
        self.users = TelegramUsers(self.bot)
        self.listener = None
        self.port = port
        self.up()

    def __getattr__(self, name):
        for holder in ("users", "bot"):
            if hasattr(self.__dict__.get(holder), name):
                return getattr(self.__dict__[holder], name)
        raise AttributeError(name)

    @property
    def root(self):
        """What a bot is configured with in place of https://api.telegram.org."""
        return f"http://127.0.0.1:{self.port}"

    # Bots.

    def add_bot(self, token, **options):
        """Another bot (options of TelegramBot); people reach it by a TelegramUsers of its own."""
        bot = self.bots[token] = TelegramBot(token, **options)
        return bot

    def revoke(self, token=None):
        """The token is worth nothing any more; who waits for updates is told."""
        bot = self.bots.pop(token or self.bot.token)
        bot.end_poll(ApiError(401, "Unauthorized"))

    def renew(self, token, bot=None):
        """The bot has a new token; the old one is refused."""
        bot = bot or self.bot
        if self.bots.get(bot.token) is bot:
            self.revoke(bot.token)
        bot.token = token
        self.bots[token] = bot

    def swap(self, one, other):
        """Two bots change tokens: behind a token there is another identity."""
        one.token, other.token = other.token, one.token
        for bot in (one, other):
            self.bots[bot.token] = bot
        self.drop_connections()

    # Faults of the first bot's calls, and of the whole platform.

    def fault(self, kind, **options):
        """Calls go wrong from here on: one of telegram_faults.KINDS, for a method, a chat, so many times."""
        with self.bot.changed:
            self.bot.faults.add(kind, **options)

    def chaos(self, seed, rate, **options):
        """Calls go wrong at random, by a seed."""
        with self.bot.changed:
            self.bot.faults.chaos(seed, rate, **options)

    def clear_faults(self):
        with self.bot.changed:
            self.bot.faults.clear()
            self.bot.changed.notify_all()

    def freeze(self):
        """The connections there are say nothing any more and stay open: a dead network path."""
        for connection in list(self.connections):
            connection.frozen = True

    def drop_connections(self):
        """Ends the connections there are."""
        for connection in list(self.connections):
            connection.drop()

    def down(self):
        """Nobody listens, and the connections there were are gone."""
        listener, self.listener = self.listener, None
        if listener is not None:
            listener.shutdown()
            listener.server_close()
            self.drop_connections()

    def up(self):
        """Listens, again at the port of before."""
        listener = Listener(("127.0.0.1", self.port), Handler)
        listener.owner = self
        self.listener, self.port = listener, listener.server_address[1]
        threading.Thread(target=listener.serve_forever, args=(0.02,), name="telegram", daemon=True).start()

    def control(self, name, arguments):
        """What /control/<name> asks for; its result as JSON has it."""
        if name not in CONTROL:
            raise ValueError(f"no {name!r}; there are {', '.join(sorted(CONTROL))}")
        if "data" in arguments:
            arguments["data"] = base64.b64decode(arguments["data"])
        result = getattr(self, name)(**arguments)
        return json.loads(json.dumps(result, default=lambda value: dataclasses.asdict(value)
                                     if dataclasses.is_dataclass(value) else repr(value)))

    def close(self):
        self.down()
        os.close(self.close_writer)
        for bot in set(self.bots.values()) | {self.bot}:
            with bot.changed:
                bot.ended = True
                bot.changed.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


EXAMPLES = """examples (another terminal; PORT is what it prints):
  curl -s localhost:PORT/control/say -d '{"text": "hello", "chat": 7}'     a user writes
  curl -s 'localhost:PORT/control/texts?chat_id=7'                         what the bot said
  curl -s localhost:PORT/control/fault -d '{"kind": "flood", "method": "sendMessage", "seconds": 3}'
  curl -s localhost:PORT/control/chaos -d '{"seed": 1, "rate": 0.2}'       every fifth call goes wrong
  curl -s localhost:PORT/control/violations                                what the bot does wrong
  curl -s 'localhost:PORT/control/log?method=sendMessage'
faults:
""" + "\n".join(f"  {kind:12} {meaning}" for kind, meaning in KINDS.items())


def main():
    parser = argparse.ArgumentParser(
        description="A local Telegram: prints its port, root and token, and serves until Ctrl-C.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--no-rich", action="store_true", help="be older than Bot API 10.1: no rich messages")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with TelegramServer(options.token, options.port, rich=not options.no_rich) as server:
        print(json.dumps({"port": server.port, "root": server.root, "token": options.token}), flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
