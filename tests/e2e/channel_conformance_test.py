"""What every adapter of channels does alike: one list of cases, run on each platform there is an adapter for."""

import pathlib
import tempfile
import unittest

from daemon import Daemon, wait_until
from platforms import Program, Telegram

IN_FLIGHT_MAX = 64  # deliveries of one account
ENDS = ("DeliveryConfirmed", "DeliveryDeadLettered")


class Cases:
    """A case each; `platform()` makes the platform."""

    def platform(self):
        raise NotImplementedError

    def setUp(self):
        self.on = self.platform()
        self.addCleanup(self.on.close)
        self.daemon = Daemon({"channels": {self.on.name: {**self.on.settings(), **self.SETTINGS}}})
        self.addCleanup(self.end)
        self.daemon.start()

    SETTINGS = {}

    def end(self):
        self.daemon.close()
        self.assertEqual(self.on.complaints(), [])

    def bodies(self, kind):
        return [event["body"] for event in self.daemon.events("--kind", kind)]

    def states(self):
        return [body.get("state", "stopped") for body in self.bodies("ChannelStateChanged")]

    def answered(self, person, *texts):
        wanted = [f"echo: {text}" for text in texts]
        wait_until(lambda: len(self.on.answers(person)) >= len(wanted), f"{wanted} came to {person}")
        self.assertEqual(self.on.answers(person), wanted)

    def ended(self, count):
        """Waits until so many deliveries have ended; how, in order."""
        wait_until(lambda: sum(len(self.bodies(kind)) for kind in ENDS) >= count, f"{count} deliveries have ended")
        ends = [event["kind"] for event in self.daemon.events() if event["kind"] in ENDS]
        self.assertEqual(len(ends), count)
        return ends

    def test_a_message_is_recorded_once_and_its_answer_has_a_receipt(self):
        self.on.say(1, "hello")
        self.answered(1, "hello")
        self.assertEqual(self.ended(1), ["DeliveryConfirmed"])
        [received] = self.bodies("MessageReceived")
        self.assertEqual((received["channel"], received["sender_id"], received["text"]),
                         (self.on.name, "1", "hello"))
        self.assertTrue(received["external_id"])
        [confirmed] = self.bodies("DeliveryConfirmed")
        self.assertEqual(len(confirmed["platform_ids"]), 1)
        self.assertEqual(len(self.bodies("DeliveryAttempted")), 1)

    def test_a_message_that_is_handed_in_again_is_a_duplicate(self):
        first = self.on.say(1, "hello")
        self.answered(1, "hello")
        self.on.hand_again(first)
        self.on.say(1, "more")
        self.answered(1, "hello", "more")
        self.assertEqual(len(self.bodies("MessageReceived")), 2)
        wait_until(lambda: self.bodies("MessageRejected"), "it is refused by name")
        self.assertEqual(self.bodies("MessageRejected")[0]["reason"], "duplicate")

    def fails(self, kind):
        """A message whose answer meets this fault; the failure that is recorded."""
        self.on.refuse(kind, 1)
        self.on.say(1, "one")
        return wait_until(lambda: self.bodies("DeliveryFailed"), "it failed")[0]

    def test_a_permanent_refusal_is_a_dead_letter_and_holds_nothing_up(self):
        failed = self.fails("permanent")
        self.assertEqual((failed["kind"], bool(failed["reason"])), ("permanent", True))
        self.assertEqual(self.ended(1), ["DeliveryDeadLettered"])
        self.on.say(1, "two")
        self.answered(1, "two")

    def test_what_did_not_arrive_is_tried_again(self):
        self.assertEqual(self.fails("retryable").get("kind", "retryable"), "retryable")
        self.on.say(1, "two")
        self.answered(1, "one", "two")
        self.assertEqual(self.ended(2), ["DeliveryConfirmed"] * 2)
        self.assertEqual([body["attempt"] for body in self.bodies("DeliveryAttempted")], [1, 2, 1])

    def test_a_wait_that_is_asked_for_is_kept(self):
        failed = self.fails("rate_limited")
        self.assertEqual((failed["kind"], failed["retry_after_ms"]), ("rate_limited", 1000))
        self.answered(1, "one")
        first, second = (event["wallMs"] for event in self.daemon.events("--kind", "DeliveryAttempted"))
        self.assertGreaterEqual(second - first, 1000)

    def test_what_may_have_arrived_is_named_and_not_sent_again(self):
        self.assertEqual(self.fails("unknown")["kind"], "unknown")
        self.assertEqual(self.ended(1), ["DeliveryDeadLettered"])
        self.assertEqual(self.bodies("DeliveryDeadLettered")[0]["reason"], "unknown")
        self.on.say(1, "two")
        self.answered(1, "one", "two")

    def test_an_outage_is_told_and_over_when_the_platform_is_back(self):
        self.on.say(1, "one")
        self.answered(1, "one")
        self.on.down()
        wait_until(lambda: "down" in self.states(), "it is down")
        told = [body for body in self.bodies("ChannelStateChanged") if body.get("state") == "down"]
        self.assertTrue(told[0]["problem"])
        self.on.up()
        self.on.say(1, "two")
        self.answered(1, "one", "two")
        wait_until(lambda: self.states()[-1] == "connected", "it is connected again")
        self.assertEqual([body for body in self.bodies("DeliveryFailed") if body.get("kind") == "unknown"], [])

    def test_its_states_are_events(self):
        wait_until(lambda: self.states()[-1:] == ["connected"], "it is connected")
        self.assertEqual(self.states(), ["starting", "connected"])
        self.assertTrue(self.bodies("ChannelStateChanged")[-1]["identity"])
        self.assertEqual(self.daemon.stop(), 0)
        self.assertEqual(self.states()[-1], "stopped")

    def test_what_is_being_sent_when_the_gateway_stops_is_sent_once_or_named(self):
        self.on.hold()
        self.on.say(1, "one")
        wait_until(lambda: self.on.held() == 1, "it is being sent")
        self.assertEqual(self.daemon.stop(), 0)
        self.on.release()
        self.daemon.start()
        self.on.say(1, "two")
        wait_until(lambda: "echo: two" in self.on.answers(1), "what follows is not held up")
        ends = self.ended(2)
        arrived = self.on.answers(1)
        self.assertIn(arrived, (["echo: two"], ["echo: one", "echo: two"]))
        if ends.count("DeliveryConfirmed") == 2:
            self.assertEqual(len(arrived), 2)
        else:
            self.assertEqual(self.bodies("DeliveryDeadLettered")[0]["reason"], "unknown")

    def test_a_conversation_keeps_its_order_through_faults(self):
        texts = [str(number) for number in range(12)]
        self.on.hold()
        for text in texts:
            self.on.say(1, text)
            self.on.say(2, text)
        wait_until(lambda: self.on.held() == 2, "one of each conversation is being sent")
        wait_until(lambda: len(self.bodies("DeliveryRequested")) == 24, "the others wait")
        self.assertEqual(self.on.held(), 2)
        self.on.release()
        self.on.refuse("rate_limited", 1)
        self.answered(1, *texts)
        self.answered(2, *texts)

    def test_an_account_is_given_so_many_at_a_time(self):
        self.on.hold()
        people = range(1, IN_FLIGHT_MAX + 7)
        for person in people:
            self.on.say(person, "hello")
        wait_until(lambda: len(self.bodies("DeliveryRequested")) == len(people), "all are to be answered")
        self.assertEqual(len(self.bodies("DeliveryAttempted")), IN_FLIGHT_MAX)
        wait_until(lambda: self.on.held() == self.on.at_once, "the platform has so many")
        self.on.release()
        for person in people:
            self.answered(person, "hello")
        self.assertEqual(self.ended(len(people)), ["DeliveryConfirmed"] * len(people))

    def test_what_was_read_is_not_asked_for_again_after_a_kill(self):
        for text in ("one", "two"):
            self.on.say(1, text)
        self.answered(1, "one", "two")
        self.ended(2)
        wait_until(lambda: self.bodies("ChannelRead") or self.on.is_read(), "the position is in the journal")
        self.daemon.kill()
        self.daemon.start()
        wait_until(self.on.is_read, "it goes on behind what it has read")
        self.on.say(1, "three")
        self.answered(1, "one", "two", "three")
        self.assertEqual(len(self.bodies("MessageReceived")), 3)
        self.assertEqual(self.bodies("MessageRejected"), [])


class OnTelegram(Cases, unittest.TestCase):
    def platform(self):
        return Telegram()


class OnAProgram(Cases, unittest.TestCase):
    def platform(self):
        folder = tempfile.TemporaryDirectory(prefix="spine-platform-")
        self.addCleanup(folder.cleanup)
        return Program(pathlib.Path(folder.name))


if __name__ == "__main__":
    unittest.main()
