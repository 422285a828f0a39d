"""The local Telegram when things go wrong on purpose: each fault, floods, tokens, a platform that is down."""

import http.client
import json
import unittest
import urllib.error
import urllib.request

from telegram_client import TelegramClient, Waiting
from telegram_server import TelegramServer

LOST = (OSError, http.client.HTTPException)


class WithServer(unittest.TestCase):
    def setUp(self):
        self.telegram = TelegramServer()
        self.addCleanup(self.telegram.close)
        self.telegram.say("hello", chat=7)
        self.telegram.say("hello", chat=8)
        self.client = self.client_of()

    def client_of(self, token=None):
        client = TelegramClient(self.telegram, token)
        self.addCleanup(client.close)
        return client

    def send(self, text="x", chat=7):
        return self.client_of().request("sendMessage", chat_id=chat, text=text)


class Kinds(WithServer):
    def texts_after(self, kind, expected_taken):
        """Sends with one fault, then without; that the first was taken or not, and is on record."""
        self.assertEqual(self.telegram.texts(7), ["first"] if expected_taken else [])
        first = self.telegram.log("sendMessage")[0]
        self.assertEqual((first.fault, first.taken), (kind, expected_taken))
        self.send("second")
        self.assertEqual(self.telegram.texts(7)[-1], "second")

    def test_a_connection_that_ends(self):
        for kind, taken in (("drop_before", False), ("drop_after", True)):
            with self.subTest(kind), TelegramServer() as self.telegram:
                self.telegram.say("hello", chat=7)
                self.telegram.fault(kind)
                with self.assertRaises(LOST):
                    self.send("first")
                self.texts_after(kind, taken)

    def test_half_an_answer(self):
        self.telegram.fault("half")
        with self.assertRaises(http.client.IncompleteRead):
            self.send("first")
        self.texts_after("half", True)

    def test_answers_that_are_none(self):
        for kind, options in (("garbage", {}), ("wrong", {}), ("wrong", {"body": []})):
            with self.subTest(kind, **options), TelegramServer() as self.telegram:
                self.telegram.say("hello", chat=7)
                self.telegram.fault(kind, **options)
                status, body = self.send("first")
                self.assertEqual(status, 200)
                if kind == "garbage":
                    self.assertRaises(ValueError, json.loads, body)
                else:
                    self.assertEqual(json.loads(body), options.get("body", {"ok": True}))
                self.texts_after(kind, True)

    def test_a_huge_answer(self):
        self.telegram.fault("huge", size=3 << 20)
        self.assertEqual(len(self.send("first")[1]), 3 << 20)
        self.texts_after("huge", True)

    def test_an_error_of_the_server(self):
        self.telegram.fault("status", code=502, description="Bad Gateway")
        self.assertEqual(self.send("first")[0], 502)
        self.texts_after("status", False)

    def test_a_page_of_a_server_between(self):
        self.telegram.fault("page")
        status, body = self.send("first")
        self.assertEqual((status, body[:6]), (404, b"<html>"))
        self.texts_after("page", False)

    def test_an_answer_that_is_late(self):
        self.telegram.fault("late")
        waiting = Waiting(self.client_of(), "sendMessage", chat_id=7, text="first")
        self.telegram.wait_for(lambda: self.telegram.log("sendMessage"))
        self.assertEqual(self.telegram.texts(7), [])
        self.telegram.clear_faults()
        self.assertTrue(waiting.result()["ok"])
        self.texts_after("late", True)

    def test_no_answer_at_all(self):
        for kind, taken in (("hang", False), ("hang_after", True)):
            with self.subTest(kind), TelegramServer() as self.telegram:
                self.telegram.say("hello", chat=7)
                self.telegram.fault(kind)
                client = self.client_of()
                waiting = Waiting(client, "sendMessage", chat_id=7, text="first")
                self.telegram.wait_for(lambda: [c for c in self.telegram.log("sendMessage") if c.taken == taken]
                                       and len(self.telegram.texts(7)) == taken)
                self.assertIsNone(waiting.answer)
                client.connection.sock.shutdown(2)
                waiting.result()
                self.assertIsNotNone(waiting.error)
                self.texts_after(kind, taken)

    def test_downloads_fail_too(self):
        file = self.telegram.send_file(b"\xff\xd8\xff" * 100)["photo"][-1]
        path = self.client.result("getFile", file_id=file["file_id"])["file_path"]
        self.telegram.fault("half", method="download")
        with self.assertRaises(http.client.IncompleteRead):
            self.client_of().download(path)
        self.assertEqual(len(self.client_of().download(path)[1]), 300)

    def test_an_unknown_kind_is_refused(self):
        with self.assertRaisesRegex(ValueError, "no fault 'flod'; there are flood"):
            self.telegram.fault("flod")


class Floods(WithServer):
    def test_a_flood_names_when_to_come_back(self):
        self.telegram.fault("flood", seconds=33, method="sendMessage", chat=7)
        request = urllib.request.Request(f"{self.telegram.root}/bot{self.telegram.token}/sendMessage",
                                         json.dumps({"chat_id": 7, "text": "x"}).encode(),
                                         {"Content-Type": "application/json"})
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request)
        self.assertEqual((caught.exception.code, caught.exception.headers["Retry-After"]), (429, "33"))
        self.assertEqual(json.load(caught.exception),
                         {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 33",
                          "parameters": {"retry_after": 33}})
        caught.exception.close()
        self.assertEqual(self.telegram.violations(), [])

    def test_who_comes_back_sooner_is_refused_again_and_noted(self):
        self.telegram.fault("flood", seconds=30, method="sendMessage", chat=7)
        self.assertEqual([self.send(chat=chat)[0] for chat in (7, 8, 7)], [429, 200, 429])
        self.client.result("sendChatAction", chat_id=7, action="typing")
        self.assertEqual(len(self.telegram.violations()), 1)
        self.assertIn("before retry_after was over", self.telegram.violations()[0])
        self.assertEqual((self.telegram.texts(7), len(self.telegram.texts(8))), ([], 1))

    def test_times(self):
        self.telegram.fault("status", times=2)
        self.assertEqual([self.send()[0] for _ in range(3)], [500, 500, 200])
        self.telegram.fault("status", times=None)
        self.assertEqual([self.send()[0] for _ in range(3)], [500, 500, 500])
        self.telegram.clear_faults()
        self.assertEqual(self.send()[0], 200)


class Chaos(WithServer):
    def run_of(self, seed):
        with TelegramServer() as self.telegram:
            self.telegram.say("hello", chat=7)
            self.telegram.chaos(seed, 0.5, kinds=("status", "drop_before", "drop_after", "garbage"),
                                methods=["sendMessage"])
            for number in range(40):
                try:
                    self.send(str(number))
                except LOST:
                    pass
            calls = self.telegram.log("sendMessage")
            self.assertEqual(self.telegram.texts(7),
                             [str(number) for number, call in enumerate(calls) if call.taken])
            return [call.fault for call in calls]

    def test_a_seed_gives_the_same_faults(self):
        first = self.run_of(1)
        self.assertEqual(first, self.run_of(1))
        self.assertNotEqual(first, self.run_of(2))
        self.assertGreater(len(set(first)), 3)


class Tokens(WithServer):
    def test_a_revoked_token_is_refused_and_its_poll_ended(self):
        waiting = Waiting(self.client_of(), "getUpdates", offset=871_000_003, timeout=50)
        self.telegram.wait_for(lambda: self.telegram.bot.poll)
        self.telegram.revoke()
        self.assertEqual(waiting.result(), {"ok": False, "error_code": 401, "description": "Unauthorized"})
        self.assertEqual(self.client.refusal("getMe"), (401, "Unauthorized"))
        self.telegram.renew("7100000001:new")
        self.assertEqual(self.client_of("7100000001:new").result("getMe")["id"], 7100000001)

    def test_two_bots_change_their_tokens(self):
        other = self.telegram.add_bot("7100000002:other", username="OtherBot")
        mine, theirs = self.telegram.token, other.token
        waiting = Waiting(self.client_of(), "getUpdates", offset=871_000_003, timeout=50)
        self.telegram.wait_for(lambda: self.telegram.bot.poll)
        self.telegram.swap(self.telegram.bot, other)
        waiting.result()
        self.assertIsNotNone(waiting.error)
        self.assertEqual(self.client_of(mine).result("getMe")["username"], "OtherBot")
        self.assertEqual(self.client_of(theirs).result("getMe")["username"], "SpineTestBot")
        self.assertEqual(self.client_of(mine).updates(), [])


class Down(WithServer):
    def test_a_platform_that_is_down_refuses_and_comes_back_at_its_port(self):
        port = self.telegram.port
        waiting = Waiting(self.client, "getUpdates", offset=871_000_003, timeout=50)
        self.telegram.wait_for(lambda: self.telegram.bot.poll)
        self.telegram.down()
        waiting.result()
        self.assertIsNotNone(waiting.error)
        with self.assertRaises(ConnectionRefusedError):
            self.send()
        self.telegram.say("meanwhile", chat=7)
        self.telegram.up()
        self.assertEqual((self.telegram.port, self.send()[0]), (port, 200))
        self.assertEqual(self.client_of().updates()[0]["message"]["text"], "meanwhile")


class ByHand(WithServer):
    def control(self, name, **arguments):
        request = urllib.request.Request(f"{self.telegram.root}/control/{name}", json.dumps(arguments).encode())
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["result"]

    def test_people_and_faults_over_http(self):
        self.assertEqual(self.control("say", text="hi", chat=9)["text"], "hi")
        self.assertIn("photo", self.control("send_file", data="/9j/", chat=9))
        self.control("fault", kind="status", method="getMe")
        self.assertEqual(self.client.refusal("getMe")[0], 500)
        self.assertEqual(self.control("log", method="getMe")[0]["fault"], "status")
        self.send("answer", chat=9)
        with urllib.request.urlopen(f"{self.telegram.root}/control/texts?chat_id=9") as answer:
            self.assertEqual(json.load(answer)["result"], ["answer"])

    def test_what_is_not_understood_is_named(self):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.control("shout")
        self.assertIn("there are add_chat", json.load(caught.exception)["error"])
        caught.exception.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
