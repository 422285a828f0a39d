"""A Telegram that only says what was made ahead: updates by the hundred, and one answer to every send."""

import json
import socket
import threading

TOKEN = "7100000001:AAE-a_token_for_benches_0123456789ab"
BATCH = 100
POLL_SECONDS = 30


def update(number, conversations):
    person = {"id": 1_000_000 + number % conversations, "first_name": "Ada", "last_name": "Lovelace",
              "username": f"ada{number % conversations}", "language_code": "en"}
    return {"update_id": number, "message": {
        "message_id": 10 + number // conversations, "date": 1_790_000_000 + number,
        "text": f"m{number} " + "word " * 50,
        "from": {**person, "is_bot": False}, "chat": {**person, "type": "private"}}}


class Source:
    """Serves at a free port from start on; polls find nothing before release()."""

    def __init__(self, updates, conversations):
        self.batches = [json.dumps({"ok": True, "result": [update(number, conversations)
                                                           for number in range(first, first + BATCH)]}).encode()
                        for first in range(1, updates + 1, BATCH)]
        self.changed = threading.Condition()
        self.released = self.confirmed = self.sends = 0
        self.refuses = False  # sends: the platform asks to wait an hour
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.root = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def release(self, updates):
        """So many may be had, in all."""
        with self.changed:
            self.released = updates
            self.changed.notify_all()

    def wait_confirmed(self, updates, seconds=300):
        """Until a poll says that it has all before this one."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.confirmed >= updates, seconds):
                raise TimeoutError(f"{self.confirmed} of {updates} updates were confirmed in {seconds} s")

    def wait_sends(self, sends, seconds=300):
        with self.changed:
            if not self.changed.wait_for(lambda: self.sends >= sends, seconds):
                raise TimeoutError(f"{self.sends} of {sends} messages were sent in {seconds} s")

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        data = b""
        with connection:
            while True:
                while b"\r\n\r\n" not in data:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    data += piece
                head, data = data.split(b"\r\n\r\n", 1)
                lower = head.lower()
                at = lower.find(b"content-length:")
                length = int(lower[at + 15:].split(b"\r\n")[0]) if at >= 0 else 0
                while len(data) < length:
                    data += connection.recv(65536)
                body, data = data[:length], data[length:]
                answer = self.answer(head.split(b" ")[1].rsplit(b"/", 1)[1], body)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                                   + str(len(answer)).encode() + b"\r\n\r\n" + answer)

    def answer(self, method, body):
        if method == b"getUpdates":
            return self.updates_from(max(json.loads(body).get("offset", 0), 1))
        if method == b"getMe":
            return b'{"ok":true,"result":{"id":7100000001,"is_bot":true,"first_name":"B","username":"BenchBot"}}'
        if method == b"sendMessage":
            with self.changed:
                self.sends += 1
                self.changed.notify_all()
                if self.refuses:
                    return (b'{"ok":false,"error_code":429,"description":"Too Many Requests",'
                            b'"parameters":{"retry_after":3600}}')
                return b'{"ok":true,"result":{"message_id":%d,"date":1790000000}}' % (100_000 + self.sends)
        return b'{"ok":true,"result":true}'

    def updates_from(self, offset):
        with self.changed:
            self.confirmed = max(self.confirmed, offset - 1)
            self.changed.notify_all()
            if not self.changed.wait_for(lambda: self.released >= offset, POLL_SECONDS):
                return b'{"ok":true,"result":[]}'
        return self.batches[(offset - 1) // BATCH]
