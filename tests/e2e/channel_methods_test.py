"""What people ask of channels: accounts stopped and started, texts sent, answers of agents delivered there."""

import unittest

from daemon import Daemon, wait_until
from spine_client import RpcError
from telegram_server import TelegramServer


class ChannelMethods(unittest.TestCase):
    def setUp(self):
        self.telegram = TelegramServer()
        self.addCleanup(self.telegram.close)
        self.daemon = Daemon({"channels": {"telegram": {
            "botToken": self.telegram.token, "apiRoot": self.telegram.root}}})
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.client = self.daemon.client()
        self.addCleanup(lambda: self.client.close())
        self.telegram.say("first", chat=7)
        self.answered("echo: first")

    def answered(self, *texts, chat=7):
        self.telegram.wait_for(lambda: self.telegram.texts(chat) == list(texts), what=f"{texts} in {chat}")

    def account(self):
        return self.client.call("channels.status")["channelAccounts"]["telegram"][0]

    def state(self, wanted):
        wait_until(lambda: self.account()["state"] == wanted, f"telegram is {wanted}")

    def restart(self, end):
        self.client.close()
        end()
        self.daemon.start()
        self.client = self.daemon.client()

    def send(self, key, text, to="7", **more):
        return self.client.call("message.action", {
            "channel": "telegram", "action": "send", "idempotencyKey": key, "senderIsOwner": True,
            "agentId": "main", "params": {"to": to, "message": text, **more}})

    def refused(self, method, params):
        with self.assertRaises(RpcError) as refused:
            self.client.call(method, params)
        return refused.exception.error

    def why_not(self, method, params):
        """The code of the refusal."""
        return self.refused(method, params)["details"]["code"]

    def test_what_is_sent_to_a_stopped_account_waits_until_it_is_started(self):
        self.assertEqual(self.client.call("channels.stop", {"channel": "Telegram"}),
                         {"channel": "telegram", "accountId": "default", "stopped": True, "changed": True})
        self.state("stopped")
        answer = self.send("k", "while it is stopped")
        self.assertEqual((answer["status"], answer["queued"]), ("queued", True))
        self.restart(self.daemon.kill)
        self.assertEqual(self.account()["switched"], "off")
        self.assertIn("spine channels start telegram", self.account()["lastError"])
        self.telegram.say("second", chat=7)
        text = self.daemon.run_cli("channels", "status")
        self.assertIn("To start it: spine channels start telegram", text.stdout)
        self.answered("echo: first")
        started = self.daemon.run_cli("channels", "start", "telegram")
        self.assertIn("telegram is started", started.stdout, started.stderr)
        self.answered("echo: first", "while it is stopped", "echo: second")
        again = self.client.call("channels.start", {"channel": "telegram"})
        self.assertEqual((again["started"], again["changed"]), (True, False))
        done = self.send("k", "while it is stopped")
        self.assertEqual((done["status"], done["deliveryId"]), ("sent", answer["deliveryId"]))

    def test_a_logout_says_what_to_remove_and_loses_nothing(self):
        answer = self.client.call("channels.logout", {"channel": "telegram"})
        self.assertEqual((answer["loggedOut"], answer["cleared"]), (True, False))
        self.assertIn("channels.telegram", answer["remedy"])
        self.state("logged_out")
        self.restart(self.daemon.stop)
        self.state("logged_out")
        self.client.call("channels.start", {"channel": "telegram"})
        self.state("connected")
        self.assertEqual(self.why_not("channels.stop", {"channel": "irc"}), "CHANNEL_NOT_FOUND")
        self.assertEqual(self.why_not("channels.stop", {"channel": "telegram", "accountId": "work"}),
                         "ACCOUNT_NOT_FOUND")

    def test_a_text_is_sent_once_by_its_key(self):
        first = self.send("k1", "hello **there**")
        self.assertEqual((first["status"], first["channel"], first["to"]), ("sent", "telegram", "7"))
        self.answered("echo: first", "hello there")
        number = str(self.telegram.chat(7)[-1]["message_id"])
        self.assertEqual(first["messageId"].split(":"), [str(self.telegram.bot.id), "7", number])
        self.assertEqual(self.send("k1", "hello **there**"), first)
        self.restart(self.daemon.kill)
        self.assertEqual(self.send("k1", "hello **there**"), first)
        older = self.client.call("send", {"channel": "telegram", "to": "telegram:7", "message": "by the older name",
                                          "idempotencyKey": "k1b"})
        self.assertEqual(older["status"], "sent")
        cli = self.daemon.run_cli("message", "send", "--target", "telegram:7", "--message", "by hand", "--reply-to",
                                  first["messageId"])
        self.assertIn("Sent to telegram 7", cli.stdout, cli.stderr)
        self.send("k2", "by number", replyTo=int(number))
        self.answered("echo: first", "hello there", "by the older name", "by hand", "by number")
        self.assertEqual([message["reply_to_message"]["message_id"] for message in self.telegram.chat(7)[-2:]],
                         [int(number)] * 2)

    def test_what_cannot_be_sent_is_refused_by_name(self):
        self.telegram.fault("status", method="sendMessage", code=403, description="Forbidden: bot was blocked")
        error = self.refused("send", {"to": "telegram:7", "message": "hi", "idempotencyKey": "a"})
        self.assertEqual(error["details"]["code"], "DELIVERY_FAILED")
        self.assertIn("spine dlq show", error["message"])
        self.assertEqual(self.daemon.run_cli("dlq", "show", str(error["details"]["deliveryId"])).returncode, 0)
        poll = self.refused("message.action", {"action": "poll", "channel": "telegram", "idempotencyKey": "b",
                                               "params": {"to": "7"}})
        self.assertEqual(poll["details"]["code"], "ACTION_NOT_SERVED")
        for params in ({"message": "hi"}, {"to": "7"}, {"to": "7", "message": "hi", "media": "x.png"}):
            self.refused("send", {**params, "idempotencyKey": "c"})
        self.assertEqual(self.why_not("send", {"to": "irc:7", "message": "hi", "idempotencyKey": "d"}),
                         "CHANNEL_NOT_FOUND")

    def test_what_was_said_in_a_conversation_is_read(self):
        read = self.client.call("message.action", {"action": "read", "idempotencyKey": "r",
                                                   "params": {"target": "telegram:7"}})
        said = [row["text"] for row in read["messages"]]
        self.assertEqual(said, ["first", "echo: first"])
        self.assertEqual(read["sessionKey"], "agent:main:telegram:direct:7")
        cli = self.daemon.run_cli("message", "read", "--target", "telegram:7")
        self.assertIn("echo: first", cli.stdout, cli.stderr)
        nothing = self.daemon.run_cli("message", "read", "--target", "telegram:8")
        self.assertIn("Nothing was said there yet.", nothing.stdout, nothing.stderr)

    def test_an_answer_is_delivered_where_it_is_asked_for(self):
        answer = self.daemon.run_cli("send", "--deliver", "--channel", "telegram", "--to", "7", "sum up")
        self.assertEqual(answer.stdout, "echo: sum up\n", answer.stderr)
        self.answered("echo: first", "echo: sum up")
        # Into the session of that conversation, as no other was named.
        params = {"message": "and now", "idempotencyKey": "d1", "deliver": True, "to": "telegram:7"}
        accepted = self.client.call("agent", params)
        self.assertEqual(accepted["sessionKey"], "agent:main:telegram:direct:7")
        self.answered("echo: first", "echo: sum up", "echo: and now")
        # To where a session was last written from.
        self.client.call("chat.send", {"sessionKey": "agent:main:telegram:direct:7", "message": "last",
                                       "idempotencyKey": "d2", "deliver": True})
        self.answered("echo: first", "echo: sum up", "echo: and now", "echo: last")
        error = self.refused("chat.send", {"sessionKey": "agent:main:other", "message": "nowhere",
                                           "idempotencyKey": "d3", "deliver": True})
        self.assertEqual(error["details"]["code"], "NO_ROUTE")


if __name__ == "__main__":
    unittest.main()
