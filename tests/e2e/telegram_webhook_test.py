"""Telegram by webhook: posts are taken once, answered once the journal has them, and nobody else's are."""

import contextlib
import http.client
import json
import queue
import re
import signal
import socket
import threading
import unittest

from daemon import PATIENCE, Daemon, wait_until
from telegram_methods import media_content
from telegram_server import TelegramServer

SECRET = "a_secret-of-the-tests-0123456789"
PATH = "/channels/telegram/webhook"


class TelegramWebhook(unittest.TestCase):
    def setUp(self):
        self.telegram = TelegramServer()
        self.addCleanup(self.telegram.close)
        self.daemon = Daemon({})
        self.addCleanup(self.end)
        self.more = {}

    def end(self):
        self.daemon.close()
        self.assertEqual(self.telegram.violations(), [])
        if self.daemon.output.exists():
            self.assertNotIn(SECRET, self.daemon.text())

    def configure(self, webhook_port=None, **more):
        """This bot, by webhook if there is a port where the gateway has one."""
        if webhook_port:
            more.update(webhookUrl=f"http://127.0.0.1:{webhook_port}{more.pop('path', PATH)}")
        self.daemon.configure({"channels": {"telegram": {
            "botToken": self.telegram.token, "apiRoot": self.telegram.root, "webhookSecret": SECRET, **more}}})

    def by_webhook(self, **more):
        """A gateway that receives by webhook, at its own port."""
        self.daemon.start()
        self.configure(self.daemon.port, **more)
        self.daemon.reload()
        self.is_set()

    def is_set(self, calls=1):
        self.telegram.wait_for(lambda: len(self.telegram.log("setWebhook")) >= calls, what="a webhook is set")

    def answered(self, *texts, chat=7):
        self.telegram.wait_for(lambda: self.telegram.texts(chat) == list(texts), what=f"{texts} in {chat}")

    def post(self, body, path=PATH, port=None, method="POST", **headers):
        """The status and text of one request with the right secret."""
        fields = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": SECRET}
        fields.update({name.replace("_", "-"): value for name, value in headers.items()})
        connection = http.client.HTTPConnection("127.0.0.1", port or self.daemon.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body if isinstance(body, (str, bytes)) else json.dumps(body), fields)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def update(self, number, text):
        person = {"id": 7, "is_bot": False, "first_name": "Ada"}
        return {"update_id": number, "message": {
            "message_id": number, "date": 1_764_500_000, "from": person, "text": text,
            "chat": {"id": 7, "type": "private", "first_name": "Ada"}}}

    def received(self):
        return [event["body"]["text"] for event in self.daemon.events("--kind", "MessageReceived")]

    def test_a_post_that_comes_again_while_its_file_is_fetched_is_taken_once(self):
        self.by_webhook(allowFrom=["7"])
        self.telegram.fault("late", method="getFile")
        update = self.update(5, "")
        file = self.telegram.bot.store(b"\xff\xd8\xff of a photo", "photo.jpg", "image/jpeg")
        update["message"].update(caption="look", **media_content("photo", file))
        del update["message"]["text"]
        statuses = queue.Queue()

        def post():
            with contextlib.suppress(OSError, http.client.HTTPException):  # the first is left alone
                statuses.put(self.post(update)[0])

        threading.Thread(target=post, daemon=True).start()
        self.telegram.wait_for(lambda: self.telegram.log("getFile"), what="the file is asked for")
        threading.Thread(target=post, daemon=True).start()
        self.assertEqual(self.received(), [])
        self.telegram.clear_faults()
        self.assertEqual(statuses.get(timeout=PATIENCE), 200)
        self.assertEqual(self.post(update)[0], 200, "also once the journal has it")
        self.assertEqual(self.received(), ["look"])
        self.assertEqual(len(self.telegram.log("getFile")), 1)

    def test_a_post_is_answered_and_nothing_is_polled_for(self):
        """Case 14: with webhookUrl no code path calls getUpdates."""
        self.by_webhook()
        self.telegram.say("hello", chat=7)
        self.answered("echo: hello")
        self.telegram.wait_for(lambda: self.telegram.pending() == 0, what="the post was answered with 200")
        self.assertEqual(self.telegram.log("getUpdates"), [])
        arguments = self.telegram.log("setWebhook")[0].arguments
        self.assertEqual(arguments["secret_token"], SECRET)
        self.assertFalse(arguments["drop_pending_updates"])
        self.assertEqual([delivery["status"] for delivery in self.telegram.bot.deliveries], [200])

    def test_what_is_no_post_of_telegram_is_refused(self):
        self.by_webhook()
        self.telegram.say("hello", chat=7)
        self.answered("echo: hello")
        good = self.update(5, "forged")
        secret = "X_Telegram_Bot_Api_Secret_Token"
        self.assertEqual(self.post(good, **{secret: "wrong"})[0], 401)
        self.assertEqual(self.post(good, **{secret: ""})[0], 401)
        self.assertEqual(self.post("{", )[0], 400)
        self.assertEqual(self.post({"message": {}})[0], 400)
        self.assertEqual(self.post(good, Content_Type="text/plain")[0], 415)
        self.assertEqual(self.post("", method="GET")[0], 405)
        self.assertEqual(self.post(good, method="DELETE")[0], 405)
        self.assertEqual(self.post(good, Origin="http://127.0.0.1")[0], 403)
        self.assertEqual(self.post(good, path=PATH + "?token=x")[0], 400)
        # Whether there is such a channel or account does not show.
        unknown = {self.post(good, path=path) for path in (
            "/channels/slack/webhook", PATH + "/other", "/channels/nothing/webhook")}
        self.assertEqual([status for status, _ in unknown], [404])
        self.assertIn("had not the right secret", self.daemon.text())
        self.assertEqual(self.received(), ["hello"])
        self.assertEqual(self.post(good)[0], 200)
        self.answered("echo: hello", "echo: forged")

    def test_a_post_that_comes_again_is_one_message(self):
        self.by_webhook()
        self.telegram.say("hello", chat=7)
        self.answered("echo: hello")
        for _ in range(3):
            self.assertEqual(self.post(self.update(5, "once"))[0], 200)
        self.assertEqual(self.post(self.update(4, "an older one"))[0], 200)
        self.answered("echo: hello", "echo: once", "echo: an older one")

    def test_a_kill_before_the_answer_loses_and_doubles_nothing(self):
        self.by_webhook()
        self.telegram.say("one", chat=7)
        self.answered("echo: one")
        self.daemon.signal(signal.SIGSTOP)
        self.telegram.say("two", chat=7)
        self.daemon.kill()
        self.telegram.say("three", chat=7)
        self.daemon.start(port=self.daemon.port)
        self.answered("echo: one", "echo: two", "echo: three")
        self.assertEqual(self.received(), ["one", "two", "three"])
        self.assertEqual(self.telegram.log("getUpdates"), [])

    def test_from_polls_to_a_webhook_and_back_nothing_is_lost(self):
        """Case 14: each switch is one call that drops nothing."""
        self.configure()
        self.daemon.start()
        self.telegram.say("polled", chat=7)
        self.answered("echo: polled")
        self.configure(self.daemon.port)
        self.daemon.reload()
        self.is_set()
        self.telegram.say("posted", chat=7)
        self.answered("echo: polled", "echo: posted")
        self.telegram.wait_for(lambda: self.telegram.pending() == 0, what="the post was answered")
        self.configure()
        self.daemon.reload()
        self.telegram.wait_for(lambda: self.telegram.log("deleteWebhook"), what="the webhook is removed")
        self.telegram.say("polled again", chat=7)
        self.answered("echo: polled", "echo: posted", "echo: polled again")
        self.assertEqual(len(self.telegram.log("deleteWebhook")), 1)
        self.assertEqual(len(self.telegram.log("setWebhook")), 1)
        self.assertFalse(self.telegram.log("deleteWebhook")[0].arguments["drop_pending_updates"])

    def own_listener(self, **more):
        """A gateway whose webhooks have a listener of their own; its port."""
        self.configure(webhookPort=0, **more)
        self.daemon.start()
        return int(re.search(r"served at http://127\.0\.0\.1:(\d+) alone", self.daemon.text()).group(1))

    def test_a_listener_of_its_own_serves_nothing_else(self):
        port = self.own_listener(webhookPath="/telegram-webhook")
        self.configure(port, webhookPort=0, webhookPath="/telegram-webhook", path="/telegram-webhook")
        self.daemon.reload()
        self.is_set()
        self.telegram.say("hello", chat=7)
        self.answered("echo: hello")
        for path in ("/", "/health", "/metrics", "/channels/telegram", "/telegram-webhook/x", "/index.html"):
            self.assertEqual(self.post("", path=path, port=port, method="GET")[0], 404, path)
        self.assertEqual(self.post(self.update(5, "x"), path="/telegram-webhook", port=port)[0], 200)
        self.assertEqual(self.post(self.update(6, "y"), port=port)[0], 200)
        # There is no webhook at the gateway's own port then.
        self.assertEqual(self.post(self.update(7, "z"))[0], 404)
        handshake = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
                     "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        self.assertEqual(self.post("", path="/", port=port, method="GET", **handshake)[0], 404)

    def raw(self, *pieces, port=None):
        """What is answered to these bytes; the connection stays open for more."""
        connection = socket.create_connection(("127.0.0.1", port or self.daemon.port), timeout=PATIENCE)
        self.addCleanup(connection.close)
        for piece in pieces:
            connection.sendall(piece)
        return connection

    def test_slow_huge_and_odd_bodies(self):
        self.by_webhook()
        self.telegram.say("hello", chat=7)
        self.answered("echo: hello")
        head = (f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n").encode()

        def status(*pieces):
            return self.raw(head, *pieces).recv(12)

        self.assertEqual(status(b"Content-Length: 1048577\r\n\r\n"), b"HTTP/1.1 413")
        chunked = b"Transfer-Encoding: chunked\r\n\r\n"
        self.assertEqual(status(chunked, b"100001\r\n"), b"HTTP/1.1 413")
        self.assertEqual(status(chunked, b"zz\r\n"), b"HTTP/1.1 400")
        self.assertEqual(status(chunked, b"5\n{\"a\":"), b"HTTP/1.1 400")
        self.assertEqual(status(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), b"HTTP/1.1 400")
        # More that wait than are taken: who sends slowly gives way to who does not.
        for _ in range(80):
            self.raw(head, b"Content-Length: 1000\r\n\r\n", b"{")
        body = json.dumps(self.update(5, "in time")).encode()
        cut = [b"%x\r\n%s\r\n" % (1, body[i:i + 1]) for i in range(len(body))]
        self.assertEqual(status(chunked, *cut, b"0\r\nTrailer: x\r\n\r\n"), b"HTTP/1.1 200")
        self.assertEqual(status(b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)), b"HTTP/1.1 100")
        self.answered("echo: hello", "echo: in time")

    def test_an_address_that_leads_elsewhere_is_named(self):
        self.daemon.start()
        self.configure(self.daemon.port, path="/elsewhere")
        self.daemon.reload()
        self.telegram.say("hello", chat=7)
        states = wait_until(lambda: [event["body"] for event in self.daemon.events("--kind", "ChannelStateChanged")
                                     if event["body"]["state"] == "degraded"], "it is degraded")
        self.assertIn("404 Not Found", states[0]["problem"])
        self.configure(self.daemon.port)
        self.daemon.reload()
        self.answered("echo: hello")


if __name__ == "__main__":
    unittest.main()
