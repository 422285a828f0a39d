"""HTTP as the Bot API speaks it, and as it fails: one handler a connection, calls handed to the state of a bot."""

import http.server
import json
import math
import re
import select
import socket
import time
import traceback
import urllib.parse

from telegram_arguments import Arguments, BadBody, read_arguments
from telegram_methods import UPLOAD_MAX, perform
from telegram_state import ApiError, Call

TOKEN = re.compile(r"[1-9]\d{0,15}:[A-Za-z0-9_-]+")
BODY_MAX = UPLOAD_MAX + (1 << 20)
CHUNK = 64 << 10
HANG_UP_SECONDS = 0.2  # what a client that has closed is given until the kernel says so


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection. `self.server.owner` is the TelegramServer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = CHUNK

    def setup(self):
        super().setup()
        self.frozen = False
        self.owner = self.server.owner
        self.owner.connections.add(self)
        if self.owner.listener is not self.server:  # it went down while this one was let in
            self.drop()

    def finish(self):
        self.owner.connections.discard(self)
        super().finish()

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.serve()

    def do_POST(self):
        self.serve()

    def serve(self):
        parts = urllib.parse.urlsplit(self.path)
        try:
            body = self.read_body()
            if parts.path.startswith("/control/"):
                return self.control(parts, body)
            if parts.path.startswith("/file/bot"):
                return self.download(parts.path)
            bot, method = self.bot_of(parts.path.removeprefix("/bot") if parts.path.startswith("/bot") else "")
            return self.call(bot, method, parts.query, body)
        except ApiError as error:
            return self.refuse(error)
        except OSError:  # the client has gone
            self.close_connection = True
        return None

    # Reading.

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self.read_chunks()
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_MAX:
            self.close_connection = True
            raise ApiError(413, "Request Entity Too Large")
        return self.read_whole(length)

    def read_whole(self, length):
        data = self.rfile.read(length)
        if len(data) < length:
            raise ConnectionError("the client ended in the middle of a request")
        return data

    def read_chunks(self):
        body = b""
        while True:
            line = self.rfile.readline()
            size = int(line.split(b";")[0], 16) if line.endswith(b"\n") else -1
            body += self.read_whole(max(size, 0) + len(b"\r\n"))[:-2]
            if size == 0:
                return body
            if len(body) > BODY_MAX:
                self.close_connection = True
                raise ApiError(413, "Request Entity Too Large")

    def bot_of(self, path):
        """(bot, the rest of the path) behind "<token>/"."""
        token, _, rest = path.partition("/")
        if not TOKEN.fullmatch(urllib.parse.unquote(token)):
            raise ApiError(404, "Not Found")
        bot = self.owner.bots.get(urllib.parse.unquote(token))
        if bot is None:
            self.owner.wrong_tokens += 1
            raise ApiError(401, "Unauthorized")
        return bot, rest

    # One call.

    def call(self, bot, method, query, body):
        try:
            arguments, transport = read_arguments(query, self.headers, body)
        except BadBody as error:
            bot.violation(f"{method}: {error}")
            raise ApiError(400, f"Bad Request: {error}") from None
        arguments.connection = self
        call, fault = self.begin(bot, method, arguments, transport)
        if fault is not None and fault.kind == "late":
            self.wait_for_better(bot)
            fault = None
        if fault is not None and not fault.taken:
            return self.fail(bot, call, fault)
        try:
            call.taken = True
            result = perform(bot, method, arguments)
            status, answer, after = 200, {"ok": True, "result": result}, 0
        except ApiError as error:
            call.taken = False
            status, answer, after = self.answer_of(error)
        except Exception:  # ours: a test must see it
            bot.violation(f"the server failed at {method}: {traceback.format_exc()}")
            status, answer, after = 500, {"ok": False, "error_code": 500, "description": "Internal Server Error"}, 0
        if fault is not None and fault.kind == "slow":
            self.wait(bot, fault.seconds)
        elif fault is not None:
            return self.spoil(bot, call, fault, answer)
        self.settle(bot, call, status, answer)
        return self.answer(status, answer, after)

    def begin(self, bot, method, arguments, transport):
        """(the call on record, what goes wrong with it); raises ApiError while the bot has to be quiet."""
        chat = arguments.text("chat_id")
        with bot.changed:
            call = Call(len(bot.calls) + 1, time.monotonic(), method, dict(arguments.values),
                        dict(arguments.uploads), transport)
            bot.calls.append(call)
            bot.changed.notify_all()
            for (quiet_method, quiet_chat), until in bot.quiet.items():
                if quiet_method in (None, method.lower()) and quiet_chat in (None, chat) and call.at < until:
                    left = until - call.at
                    bot.violation(f"{method}: asked {left:.1f} s before retry_after was over")
                    call.status, call.fault = 429, "flood"
                    raise self.flood(math.ceil(left))
            fault = bot.faults.next(method, chat)
            if fault is not None:
                call.fault = fault.kind
            return call, fault

    @staticmethod
    def wait_for_better(bot):
        """Returns when the faults there are have been cleared."""
        with bot.changed:
            before = bot.faults.cleared
            bot.changed.wait_for(lambda: bot.faults.cleared != before or bot.ended)

    @staticmethod
    def flood(seconds):
        return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)

    def settle(self, bot, call, status, answer):
        with bot.changed:
            call.status, call.result = status, answer.get("result", answer.get("description"))
            if status == 200 and call.method.lower() == "getupdates" and call.result:
                bot.given = max(bot.given, call.result[-1]["update_id"])
            bot.changed.notify_all()

    def fail(self, bot, call, fault):
        """The call was not acted upon."""
        if fault.kind == "hang":
            return self.hang()
        if fault.kind == "drop_before":
            return self.drop()
        if fault.kind == "page":
            self.settle(bot, call, 404, {})
            return self.send(404, b"<html><h1>404 Not Found</h1>", kind="text/html")
        if fault.kind == "flood":
            scope = (fault.method and fault.method.lower(), None if fault.chat is None else str(fault.chat))
            with bot.changed:
                bot.quiet[scope] = call.at + fault.seconds
            error = self.flood(fault.seconds)
        else:
            error = ApiError(fault.code, fault.description)
        status, answer, after = self.answer_of(error)
        self.settle(bot, call, status, answer)
        return self.answer(status, answer, after)

    def wait(self, bot, seconds):
        with bot.changed:
            bot.changed.wait_for(lambda: bot.ended, seconds)

    def spoil(self, bot, call, fault, answer):
        """The call was acted upon; its answer is not what it should be."""
        with bot.changed:
            call.result = answer.get("result", answer.get("description"))
            bot.changed.notify_all()
        if fault.kind == "hang_after":
            return self.hang()
        if fault.kind == "drop_after":
            return self.drop()
        if fault.kind == "wrong":
            return self.answer(200, fault.body)
        if fault.kind == "garbage":
            return self.send(200, b"<html><h1>502 Bad Gateway</h1>", kind="text/html")
        if fault.kind == "huge":
            return self.send_huge(fault.size)
        data = json.dumps(answer).encode()
        self.send(200, data[:len(data) // 2], length=len(data))
        return self.drop()

    # Answers.

    @staticmethod
    def answer_of(error):
        """(status, body, seconds of Retry-After) of a refusal."""
        answer = {"ok": False, "error_code": error.code, "description": error.description}
        if error.parameters:
            answer["parameters"] = error.parameters
        return error.code, answer, error.parameters.get("retry_after", 0)

    def refuse(self, error):
        return self.answer(*self.answer_of(error))

    def answer(self, status, answer, after=0):
        self.send(status, json.dumps(answer).encode(), headers={"Retry-After": str(after)} if after else {})

    def send(self, status, data, kind="application/json", length=None, headers=()):
        if self.frozen:
            return self.hang()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()
        return None

    def send_huge(self, size):
        self.send(200, b'{"ok":true,"result":"', length=size)
        left = size - len(b'{"ok":true,"result":"')
        while left > 0:
            left -= self.wfile.write(b"x" * min(left, CHUNK))
        self.wfile.flush()

    def drop(self):
        """Ends the connection at once."""
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def hang(self):
        """Says nothing until the client, or the server, ends the connection."""
        self.close_connection = True
        waiting = select.poll()
        waiting.register(self.connection, select.POLLRDHUP)
        waiting.register(self.owner.closing, select.POLLIN)
        waiting.poll()
        self.drop()

    def hung_up(self):
        """Whether the client has closed the connection."""
        waiting = select.poll()
        waiting.register(self.connection, select.POLLRDHUP)
        return bool(waiting.poll(HANG_UP_SECONDS * 1000))

    # Files, and the hands of whoever tries it.

    def download(self, path):
        bot, file_path = self.bot_of(path.removeprefix("/file/bot"))
        call, fault = self.begin(bot, "download", Arguments({"file_path": file_path}), "query")
        if fault is not None and not fault.taken:
            return self.fail(bot, call, fault)
        file = next((one for one in bot.files.values() if one.path == urllib.parse.unquote(file_path)), None)
        if file is None:
            raise ApiError(404, "Not Found")
        call.taken = True
        self.settle(bot, call, 200, {"result": len(file.data)})
        if fault is None:
            return self.send(200, file.data, kind="application/octet-stream")
        if fault.kind == "half":
            self.send(200, file.data[:len(file.data) // 2], length=len(file.data))
            return self.drop()
        return self.spoil(bot, call, fault, {"result": None})

    def control(self, parts, body):
        """/control/<name> with arguments as JSON or in the query; TelegramServer.control acts."""
        try:
            given = json.loads(body) if body else {
                name: json.loads(value) if re.fullmatch(r"-?\d+|true|false|\[.*\]|\{.*\}", value) else value
                for name, value in urllib.parse.parse_qsl(parts.query)}
            result = self.owner.control(parts.path.removeprefix("/control/"), given)
        except Exception as error:  # whoever tries it by hand is told
            return self.answer(400, {"ok": False, "error": f"{type(error).__name__}: {error}"})
        return self.answer(200, {"ok": True, "result": result})
