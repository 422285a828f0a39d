"""A long piece of work: acknowledged at once, the client leaves and comes back, the result is pushed."""

import unittest

from agents import AgentDaemon, ask, send, text_of
from daemon import wait_until


class MailScene(unittest.TestCase):
    def test_the_scene(self):
        daemon = AgentDaemon({"main": "acp"})
        self.addCleanup(daemon.close)
        go = daemon.workspace() / "go"
        daemon.set_agents({"main": {"wire": "acp", "env": {"SCENE_GO": str(go)}}})
        daemon.start()

        with daemon.listener() as client:
            run = send(client, "handle today's mail")  # returns: it is acknowledged
            client.wait_event("chat", lambda p: p.get("runId") == run and p["state"] == "delta")
            # Meanwhile somebody else is answered.
            self.assertEqual(ask(client, "hello", "agent:main:other")[1], "you said: hello")
        # The client is gone; the work goes on, and what is known of it is on record.
        kinds = [event["kind"] for event in daemon.events()]
        self.assertIn("ToolCalled", kinds)
        wait_until(lambda: daemon.agents()["main"]["running"] == 1, "it works")

        with daemon.listener() as client:
            go.write_text("now")
            pushed = client.wait_event("chat", lambda p: p.get("runId") == run
                                       and p["state"] == "final")
            self.assertIn("three of them want an answer", text_of(pushed))
            # The same conversation knows what it was about; another one does not.
            self.assertEqual(ask(client, "which three?")[1],
                             "These three: the bank, Ann and the dentist.")
            self.assertEqual(ask(client, "which three?", "agent:main:other")[1], "Which three what?")

    def test_who_was_away_finds_it_in_the_history(self):
        daemon = AgentDaemon({"main": "acp"})
        self.addCleanup(daemon.close)
        go = daemon.workspace() / "go"
        daemon.set_agents({"main": {"wire": "acp", "env": {"SCENE_GO": str(go)}}})
        daemon.start()
        with daemon.client() as client:
            send(client, "handle today's mail")
            wait_until(lambda: daemon.agents()["main"]["running"] == 1, "it works")
        go.write_text("now")
        wait_until(lambda: daemon.agents()["main"]["runsFinished"] == 1, "it is done")
        with daemon.client() as client:
            history = client.call("chat.history", {"sessionKey": "agent:main:main"})
            self.assertIn("three of them want an answer", str(history["messages"][-1]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
