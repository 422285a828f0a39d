"""Groups on a channel: who is answered where nothing is said, which groups there are, and mentions."""

import unittest

from daemon import Daemon
from spine_client import RpcError


def message(name, text="hello", group="-100", sender="7", **more):
    return {"channel": "telegram", "sender": {"id": sender}, "externalId": name, "timestamp": 1,
            "conversation": {"kind": "group", "id": group}, "content": {"text": text}, **more}


class Groups(unittest.TestCase):
    def gateway(self, telegram, **channels):
        # As people have it: a bot, and nothing about groups.
        daemon = Daemon({"channels": {"defaults": {}, "telegram": {
            "enabled": True, "botToken": "1:x", "apiRoot": "http://127.0.0.1:1", "allowFrom": ["7"], **telegram}, **channels}})
        self.addCleanup(daemon.close)
        return daemon.start()

    def reason(self, client, params):
        with self.assertRaises(RpcError) as caught:
            client.call("channel.message", params)
        return caught.exception.error["message"]

    def test_a_stranger_in_a_group_starts_nothing_where_nothing_is_said(self):
        daemon = self.gateway({})
        with daemon.client() as client:
            self.reason(client, message("m1", sender="666"))
            self.reason(client, {**message("m2", sender="666"), "channel": "unheard-of"})
            self.assertIn("runId", client.call("channel.message", message("m3")))
        kinds = [event["kind"] for event in daemon.events()]
        self.assertEqual(kinds.count("RunQueued"), 1)
        self.assertEqual(kinds.count("MessageRejected"), 2)

    def test_only_groups_that_are_named_are_listened_to(self):
        daemon = self.gateway({"groups": {"-100": {}, "-200": {"enabled": False},
                                          "-300": {"groupPolicy": "open"}}})
        with daemon.client() as client:
            self.assertIn("runId", client.call("channel.message", message("m1")))
            for number, group in enumerate(("-200", "-400")):
                said = self.reason(client, message(f"n{number}", group=group))
                self.assertIn("channels.<name>.groups", said)
            self.reason(client, message("m2", sender="666"))
            self.assertIn("runId", client.call("channel.message",
                                               message("m3", group="-300", sender="666")))

    def test_talk_among_people_is_kept_and_not_answered(self):
        daemon = self.gateway({"groups": {"*": {"requireMention": True}}})
        with daemon.client() as client:
            for name, more in (("m1", {"mentioned": False}), ("m2", {})):
                answer = client.call("channel.message", message(name, "among us", **more))
                self.assertNotIn("runId", answer)
            self.assertIn("runId", client.call("channel.message",
                                               message("m3", "you there?", mentioned=True)))
            self.assertIn("runId", client.call("channel.message", message("m4", "@main and now?")))
            history = client.call("chat.history", {"sessionKey": "agent:main:telegram:group:-100"})
        self.assertIn("among us", str(history["messages"]))

    def test_mentioned_is_true_or_false(self):
        daemon = self.gateway({})
        with daemon.client() as client:
            self.assertIn("mentioned", self.reason(client, message("m1", mentioned="yes")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
