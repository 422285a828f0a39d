"""The local Telegram itself: updates, webhooks, messages, files, topics and groups, by a plain client."""

import http.server
import json
import threading
import unittest

from telegram_client import TelegramClient, Waiting
from telegram_server import TelegramServer

PNG = b"\x89PNG and what is behind it"


class WithServer(unittest.TestCase):
    OPTIONS = {}

    def setUp(self):
        self.telegram = TelegramServer(**self.OPTIONS)
        self.addCleanup(self.telegram.close)
        self.client = self.client_of()

    def client_of(self, token=None):
        client = TelegramClient(self.telegram, token)
        self.addCleanup(client.close)
        return client

    def clean(self):
        """The client did nothing wrong so far."""
        self.assertEqual(self.telegram.violations(), [])

    def violated(self, *parts):
        """Each violation so far has its part, in order."""
        found = self.telegram.violations()
        self.assertEqual(len(found), len(parts), found)
        for part, one in zip(parts, found):
            self.assertIn(part, one)

    def poll(self, client=None, **arguments):
        """A getUpdates that waits, once the server knows it."""
        known = self.telegram.bot.poll
        waiting = Waiting(client or self.client_of(), "getUpdates", timeout=50, **arguments)
        self.telegram.wait_for(lambda: self.telegram.bot.poll not in (None, known))
        return waiting


class Updates(WithServer):
    def test_they_come_until_a_higher_offset_confirms_them(self):
        for text in ("one", "two", "three"):
            self.telegram.say(text)
        first = self.client.updates()
        self.assertEqual([u["message"]["text"] for u in first], ["one", "two", "three"])
        self.assertEqual(self.client.updates(limit=2), first[:2])
        self.assertEqual(self.client.updates(offset=first[1]["update_id"]), first[1:])
        self.assertEqual(self.client.updates(offset=first[2]["update_id"] + 1), [])
        self.assertEqual(self.telegram.pending(), 0)
        self.clean()

    def test_a_negative_offset_counts_from_the_end_and_forgets_the_rest(self):
        for number in range(5):
            self.telegram.say(str(number))
        self.assertEqual([u["message"]["text"] for u in self.client.updates(offset=-2)], ["3", "4"])
        self.assertEqual(self.telegram.pending(), 2)

    def test_an_offset_far_ahead_counts_as_none(self):
        self.telegram.say("one")
        self.assertEqual(len(self.client.updates(offset=999_000_000)), 1)

    def test_an_offset_that_goes_back_is_a_violation(self):
        self.telegram.say("one")
        last = self.client.updates()[0]["update_id"]
        self.client.updates(offset=last + 1)
        self.client.updates(offset=last)
        self.violated("went back")

    def test_confirming_what_was_not_given_is_a_violation(self):
        for text in ("one", "two", "three"):
            self.telegram.say(text)
        first = self.client.updates(limit=1)[0]["update_id"]
        self.telegram.fault("drop_after")
        with self.assertRaises(OSError):
            self.client.updates(offset=first + 1)
        self.clean()
        self.client.updates(offset=first + 3)
        self.violated("confirms 2 updates it was not given")

    def test_a_long_poll_waits_for_what_somebody_says(self):
        waiting = self.poll()
        said = self.telegram.say("now")
        self.assertEqual(waiting.result()["result"][0]["message"], said)
        self.clean()

    def test_a_long_poll_ends_with_nothing(self):
        self.assertEqual(self.client.updates(timeout=1), [])

    def test_allowed_updates_hold_for_what_comes_and_stay_set(self):
        self.telegram.say("before")
        self.client.updates(allowed_updates=["edited_message"])
        message = self.telegram.say("hidden")
        self.telegram.edit(message["message_id"], "shown")
        kinds = [list(u)[1] for u in self.client.updates()]
        self.assertEqual(kinds, ["message", "edited_message"])
        self.client.updates(allowed_updates=[])
        self.telegram.react(message["message_id"], "\U0001F44D")
        self.assertEqual(self.telegram.pending(), 2)
        self.client.updates(allowed_updates=["message_reaction"])
        self.telegram.react(message["message_id"], "\U0001F44D")
        self.assertIn("message_reaction", self.client.updates()[2])

    def test_a_second_poller_ends_the_first(self):
        first = self.poll()
        second = self.poll()
        self.assertEqual(first.result()["error_code"], 409)
        self.assertIn("terminated by other getUpdates", first.result()["description"])
        self.telegram.say("x")
        self.assertTrue(second.result()["ok"])
        self.violated("two pollers")

    def test_a_poller_that_has_closed_its_connection_is_no_second_one(self):
        gone = self.client_of()
        self.poll(gone)
        gone.connection.sock.shutdown(2)
        second = self.poll()
        self.telegram.say("x")
        self.assertEqual(len(second.result()["result"]), 1)
        self.clean()

    def test_on_a_dead_path_the_old_poll_stays_silent_and_a_new_one_is_served(self):
        dead = self.client_of()
        waiting = self.poll(dead)
        self.telegram.freeze()
        dead.connection.sock.shutdown(2)
        second = self.poll()
        self.telegram.say("x")
        self.assertEqual(len(second.result()["result"]), 1)
        waiting.result()
        self.assertIsNone(waiting.answer)
        self.clean()

    def test_who_polls_anew_before_the_dead_connection_is_closed_has_two_pollers(self):
        dead = self.client_of()
        waiting = self.poll(dead)
        self.telegram.freeze()
        second = self.poll()
        self.violated("two pollers")
        self.telegram.say("x")
        self.assertEqual(len(second.result()["result"]), 1)
        self.assertIsNone(waiting.answer)
        dead.connection.sock.shutdown(2)
        waiting.result()
        self.assertIsNotNone(waiting.error)


class Receiver:
    """A webhook: remembers what it is sent, and answers with the statuses it is given, then with 200."""

    def __init__(self, statuses=()):
        self.statuses, self.taken, self.changed = list(statuses), [], threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.changed:
                    receiver.taken.append((dict(self.headers), json.loads(body)))
                    self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                    receiver.changed.notify_all()
                self.end_headers()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def wait(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.taken) >= count, 20), self.taken
            return self.taken

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Webhooks(WithServer):
    def receiver(self, *statuses):
        receiver = Receiver(statuses)
        self.addCleanup(receiver.close)
        return receiver

    def test_what_waits_and_what_comes_is_delivered_with_the_secret(self):
        receiver = self.receiver()
        self.telegram.say("before")
        self.assertTrue(self.client.result("setWebhook", url=receiver.url, secret_token="s3cret-_"))
        self.telegram.say("after")
        taken = receiver.wait(2)
        self.assertEqual([body["message"]["text"] for _, body in taken], ["before", "after"])
        self.assertEqual({head["X-Telegram-Bot-Api-Secret-Token"] for head, _ in taken}, {"s3cret-_"})
        self.telegram.wait_for(lambda: self.telegram.pending() == 0)
        self.assertEqual(self.client.result("getWebhookInfo")["url"], receiver.url)
        self.clean()

    def test_what_is_not_answered_with_2xx_comes_again(self):
        receiver = self.receiver(500, 403)
        self.client.result("setWebhook", url=receiver.url)
        self.telegram.say("one")
        taken = receiver.wait(3)
        self.assertEqual(len({body["update_id"] for _, body in taken}), 1)
        info = self.client.result("getWebhookInfo")
        self.assertIn("Wrong response from the webhook: 403", info["last_error_message"])

    def test_with_a_webhook_nobody_polls(self):
        waiting = self.poll()
        self.client.result("setWebhook", url=self.receiver().url)
        self.assertEqual(waiting.result()["description"], "Conflict: terminated by setWebhook request")
        self.assertEqual(self.client.refusal("getUpdates")[0], 409)
        self.violated("a webhook is set")

    def test_pending_updates_are_kept_unless_they_are_to_be_dropped(self):
        self.telegram.say("one")
        self.client.result("deleteWebhook", drop_pending_updates=False)
        self.assertEqual(self.telegram.pending(), 1)
        self.client.result("deleteWebhook", drop_pending_updates=True)
        self.assertEqual(self.client.updates(), [])

    def test_bad_addresses_and_secrets_are_refused(self):
        self.assertEqual(self.client.refusal("setWebhook", url="ftp://x"),
                         (400, "Bad Request: invalid webhook URL specified"))
        self.assertIn("unallowed characters",
                      self.client.refusal("setWebhook", url="http://x/", secret_token="a b")[1])
        self.assertEqual(self.client.result("getWebhookInfo")["url"], "")


class Messages(WithServer):
    def setUp(self):
        super().setUp()
        self.telegram.say("hello", chat=7)

    def send(self, text, **arguments):
        return self.client.result("sendMessage", chat_id=7, text=text, **arguments)

    def test_the_four_ways_of_arguments(self):
        for way in ("json", "form", "query"):
            self.send("as " + way, way=way)
        self.send("as multipart", files={"unused": ("x", "text/plain", b"x")})
        ways = ["json", "form", "query", "multipart"]
        self.assertEqual(self.telegram.texts(7), ["as " + way for way in ways])
        self.assertEqual([call.transport for call in self.telegram.log("sendMessage")], ways)
        self.violated("no argument unused")

    def test_a_body_that_is_broken_or_cut_off(self):
        for way, body in (("application/json", b'{"chat_id":'), ("application/json", b"[]"),
                          ("application/x-www-form-urlencoded", b"chat_id"),
                          ("multipart/form-data; boundary=b", b"--b\r\n\r\n\r\n--b--"),
                          ("multipart/form-data; boundary=b", b"--c"), ("text/plain", b"x")):
            with self.subTest(way=way, body=body):
                self.assertEqual(self.raw(way, body), 400)
        self.assertEqual(len(self.telegram.violations()), 6)
        self.raw("application/json", b'{"chat_id":', length=99)
        self.assertEqual(self.raw("application/json", b'{"chat_id":7,"text":"x"}'), 200)
        self.assertEqual(len(self.telegram.violations()), 6)  # who is killed in a request did nothing wrong

    def raw(self, way, body, length=None):
        """The status of a sendMessage with these bytes; None where the client goes before an answer."""
        connection = self.client_of().connection
        connection.putrequest("POST", f"/bot{self.telegram.token}/sendMessage")
        connection.putheader("Content-Type", way)
        connection.putheader("Content-Length", str(length or len(body)))
        connection.endheaders(body)
        if length:
            connection.close()
            return None
        return connection.getresponse().status

    def test_a_body_in_chunks(self):
        connection = self.client_of().connection
        connection.request("POST", f"/bot{self.telegram.token}/sendMessage", iter([b'{"chat_id":7,', b'"text":"x"}']),
                           {"Content-Type": "application/json"}, encode_chunked=True)
        self.assertEqual(connection.getresponse().status, 200)
        self.assertEqual(self.telegram.texts(7), ["x"])

    def test_edits_and_deletes_are_what_people_see(self):
        number = self.send("one")["message_id"]
        self.send("two")
        self.client.result("editMessageText", chat_id=7, message_id=number, text="<b>1</b>", parse_mode="HTML")
        self.assertEqual(self.telegram.texts(7), ["1", "two"])
        self.assertEqual(self.telegram.chat(7)[1]["entities"], [{"type": "bold", "offset": 0, "length": 1}])
        self.assertEqual(self.client.refusal("editMessageText", chat_id=7, message_id=number, text="<b>1</b>",
                                             parse_mode="HTML")[1][:37], "Bad Request: message is not modified:")
        self.client.result("deleteMessage", chat_id=7, message_id=number)
        self.assertEqual(self.telegram.texts(7), ["two"])
        self.assertEqual(self.client.refusal("editMessageText", chat_id=7, message_id=number, text="x"),
                         (400, "Bad Request: message to edit not found"))
        self.assertEqual(self.client.refusal("deleteMessage", chat_id=7, message_id=number)[1],
                         "Bad Request: message to delete not found")
        self.assertEqual(self.client.refusal("editMessageText", chat_id=7, message_id=1, text="x")[1],
                         "Bad Request: message can't be edited")
        self.assertEqual(self.telegram.counts["edits under a second apart"], 1)
        self.clean()

    def test_what_is_answered_has_to_be_there(self):
        answer = self.send("a", reply_parameters={"message_id": 1})
        self.assertEqual(answer["reply_to_message"]["text"], "hello")
        self.assertEqual(self.client.refusal("sendMessage", chat_id=7, text="b", reply_parameters={"message_id": 99}),
                         (400, "Bad Request: message to be replied not found"))
        free = self.send("c", reply_parameters={"message_id": 99, "allow_sending_without_reply": True})
        self.assertNotIn("reply_to_message", free)

    def test_chats_that_are_not_there_or_closed(self):
        for chat, wanted in ((99, "Bad Request: chat not found"), ("@nobody", "Bad Request: chat not found"),
                             ("", "Bad Request: chat_id is empty")):
            self.assertEqual(self.client.refusal("sendMessage", chat_id=chat, text="x"), (400, wanted))
            self.assertFalse(self.telegram.log("sendMessage")[-1].taken)
        self.telegram.block(7)
        self.assertEqual(self.client.refusal("sendMessage", chat_id=7, text="x"),
                         (403, "Forbidden: bot was blocked by the user"))
        self.telegram.unblock(7)
        self.send("back")
        self.telegram.say("x", chat=-50)
        self.telegram.block(-50)
        self.assertIn("kicked from the group", self.client.refusal("sendMessage", chat_id=-50, text="x")[1])

    def test_a_group_that_was_upgraded_names_its_new_id(self):
        self.telegram.say("x", chat=-50)
        self.telegram.migrate(-50, -1_000_000_000_050)
        answer = self.client.call("sendMessage", chat_id=-50, text="x")
        self.assertEqual(answer, {"ok": False, "error_code": 400,
                                  "description": "Bad Request: group chat was upgraded to a supergroup chat",
                                  "parameters": {"migrate_to_chat_id": -1_000_000_000_050}})
        self.client.result("sendMessage", chat_id=-1_000_000_000_050, text="x")
        told = [u["message"] for u in self.client.updates()][-2:]
        self.assertEqual(told[0]["migrate_to_chat_id"], -1_000_000_000_050)
        self.assertEqual((told[1]["chat"]["id"], told[1]["migrate_from_chat_id"]), (-1_000_000_000_050, -50))

    def test_topics(self):
        forum = -1_000_000_000_001
        self.telegram.add_chat(forum, forum=True)
        general = self.telegram.say("g", chat=forum)
        self.assertEqual((general["message_thread_id"], general.get("is_topic_message")), (1, None))
        said = self.telegram.say("t", chat=forum, thread=9)
        self.assertEqual((said["message_thread_id"], said["is_topic_message"]), (9, True))

        def send(**topic):
            return self.client.call("sendMessage", chat_id=forum, text="x", **topic)
        self.assertEqual(send(message_thread_id=9)["result"]["message_thread_id"], 9)
        self.assertEqual(send()["result"]["message_thread_id"], 1)
        self.assertEqual(send(message_thread_id=1)["description"], "Bad Request: message thread not found")
        self.client.result("sendChatAction", chat_id=forum, action="typing", message_thread_id=1)
        self.telegram.close_topic(forum, 9)
        self.assertEqual(send(message_thread_id=9)["description"], "Bad Request: TOPIC_CLOSED")
        self.telegram.delete_topic(forum, 9)
        self.assertEqual(send(message_thread_id=9)["description"], "Bad Request: message thread not found")
        self.violated("message_thread_id 1 was sent")

    def test_buttons(self):
        markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
        number = self.send("sure?", reply_markup=markup)["message_id"]
        query = self.telegram.press(number, "y", chat=7)
        update = self.client.updates(offset=-1)[0]["callback_query"]
        self.assertEqual((update["id"], update["data"], update["message"]["message_id"]), (query, "y", number))
        self.assertEqual(self.telegram.answers(query), [])
        self.client.result("answerCallbackQuery", callback_query_id=query, text="ok")
        self.assertEqual(self.telegram.answers(query), ["ok"])
        self.assertIn("query is too old", self.client.refusal("answerCallbackQuery", callback_query_id="1")[1])
        self.client.result("editMessageReplyMarkup", chat_id=7, message_id=number)
        self.assertNotIn("reply_markup", self.telegram.chat(7)[-1])
        self.clean()
        long = {"inline_keyboard": [[{"text": "x", "callback_data": "x" * 65}]]}
        self.assertIn("BUTTON_DATA_INVALID",
                      self.client.refusal("sendMessage", chat_id=7, text="x", reply_markup=long)[1])

    def test_typing_drafts_reactions_and_commands(self):
        self.client.result("sendChatAction", chat_id=7, action="typing")
        self.assertTrue(self.telegram.typing(7))
        self.client.result("sendMessageDraft", chat_id=7, draft_id=3, text="so f")
        self.client.result("sendMessageDraft", chat_id=7, draft_id=3, text="so far")
        self.assertEqual([d["text"] for d in self.telegram.drafts(7)], ["so far"])
        self.send("so far so good")
        self.assertEqual((self.telegram.drafts(7), self.telegram.typing(7)), ([], False))
        self.telegram.say("x", chat=-50)
        self.assertEqual(self.client.refusal("sendMessageDraft", chat_id=-50, draft_id=3, text="x")[1],
                         "Bad Request: TEXTDRAFT_PEER_INVALID")
        reaction = [{"type": "emoji", "emoji": "\U0001F44D"}]
        self.client.result("setMessageReaction", chat_id=7, message_id=1, reaction=reaction)
        self.assertEqual(self.telegram.chats[7].reactions, {1: ["\U0001F44D"]})
        self.assertEqual(self.client.refusal("setMessageReaction", chat_id=7, message_id=1,
                                             reaction=[{"type": "emoji", "emoji": "x"}])[1],
                         "Bad Request: REACTION_INVALID")
        self.client.result("setMyCommands", commands=[{"command": "help", "description": "Helps"}])
        self.clean()
        self.client.refusal("sendChatAction", chat_id=7, action="dance")
        self.violated("Wrong parameter action")

    def test_rich_messages(self):
        source = "# Title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = 1\n```"
        message = self.client.result("sendRichMessage", chat_id=7, rich_message={"markdown": source})
        kinds = [block["type"] for block in message["rich_message"]["blocks"]]
        self.assertEqual(kinds, ["heading", "table", "pre"])
        self.assertEqual(self.telegram.texts(7), ["Title\na\tb\n1\t2\nx = 1"])
        self.client.result("sendRichMessageDraft", chat_id=7, draft_id=1, rich_message={"markdown": "x"})
        self.client.result("editMessageText", chat_id=7, message_id=message["message_id"],
                           rich_message={"markdown": "other"})
        self.assertEqual(self.telegram.texts(7), ["other"])
        self.client.result("sendRichMessage", chat_id=7, rich_message={"markdown": "x" * 32_768})
        self.clean()
        self.assertIn("too long", self.client.refusal("sendRichMessage", chat_id=7,
                                                      rich_message={"markdown": "x" * 32_769})[1])

    def test_the_offices_of_a_method_and_a_token(self):
        self.assertEqual(self.client.refusal("sendNothing"), (404, "Not Found: method not found"))
        self.assertEqual(self.client.result("GETME")["username"], "SpineTestBot")
        self.assertEqual(self.client_of("71:nobody").refusal("getMe"), (401, "Unauthorized"))
        self.assertEqual(self.client_of("nonsense").refusal("getMe"), (404, "Not Found"))
        self.clean()


class Older(WithServer):
    OPTIONS = {"rich": False}

    def test_a_server_before_10_1_has_no_rich_messages(self):
        self.telegram.say("x", chat=7)
        for method in ("sendRichMessage", "sendRichMessageDraft"):
            self.assertEqual(self.client.refusal(method, chat_id=7, rich_message={"markdown": "x"}),
                             (404, "Not Found: method not found"))


class Files(WithServer):
    def test_what_people_send_is_fetched(self):
        message = self.telegram.send_file(b"\xff\xd8\xff" * 1000, caption="look /now")
        self.assertEqual(message["caption_entities"][0]["type"], "bot_command")
        file = self.client.result("getFile", file_id=message["photo"][-1]["file_id"])
        self.assertEqual(self.client.download(file["file_path"]), (200, b"\xff\xd8\xff" * 1000))
        self.assertEqual(self.client.download("files/none")[0], 404)
        self.assertEqual(self.client.refusal("getFile", file_id="none"), (400, "Bad Request: invalid file_id"))
        huge = self.telegram.send_file(kind="video", size=(20 << 20) + 1)
        self.assertEqual(self.client.refusal("getFile", file_id=huge["video"]["file_id"]),
                         (400, "Bad Request: file is too big"))

    def test_albums_come_in_parts(self):
        self.telegram.album([{}, {}, {"kind": "video"}], caption="three")
        parts = [u["message"] for u in self.client.updates()]
        self.assertEqual(len({part["media_group_id"] for part in parts}), 1)
        self.assertEqual([part.get("caption") for part in parts], ["three", None, None])

    def test_what_the_bot_sends(self):
        self.telegram.say("x", chat=7)
        photo = {"photo": ("a.png", "image/png", PNG)}
        message = self.client.result("sendPhoto", files=photo, chat_id=7, caption="<i>c</i>", parse_mode="HTML")
        self.assertEqual(message["caption_entities"], [{"type": "italic", "offset": 0, "length": 1}])
        again = self.client.result("sendPhoto", chat_id=7, photo=message["photo"][-1]["file_id"])
        self.assertEqual(again["photo"], message["photo"])
        document = {"one": ("a.bin", "text/plain", bytes(range(256)))}
        sent = self.client.result("sendDocument", files=document, chat_id=7, document="attach://one")
        self.assertEqual(self.telegram.files[sent["document"]["file_id"]].data, bytes(range(256)))
        self.client.result("sendVoice", files={"voice": ("v.ogg", "audio/ogg", b"OggS")}, chat_id=7)
        media = [{"type": "photo", "media": "attach://a", "caption": "both"},
                 {"type": "photo", "media": message["photo"][0]["file_id"]}]
        album = self.client.result("sendMediaGroup", files={"a": photo["photo"]}, chat_id=7, media=media)
        self.assertEqual(len({part["media_group_id"] for part in album}), 1)
        self.assertEqual(self.telegram.texts(7), ["c", "", "", "", "both", ""])
        self.clean()

    def test_what_it_may_not_send(self):
        self.telegram.say("x", chat=7)

        def refused(data, method="sendPhoto", **arguments):
            files = {"photo": ("a.png", "image/png", data)}
            return self.client.refusal(method, files=files, chat_id=7, **arguments)
        self.assertEqual(refused(b"text"), (400, "Bad Request: IMAGE_PROCESS_FAILED"))
        self.assertEqual(refused(PNG.ljust((10 << 20) + 1)),
                         (400, "Bad Request: file of size 10485761 bytes is too big for a photo; "
                               "the maximum size is 10485760 bytes"))
        self.assertEqual(refused(PNG, caption="x" * 1025), (400, "Bad Request: message caption is too long"))
        self.assertEqual(self.client.refusal("sendPhoto", chat_id=7)[1],
                         "Bad Request: there is no photo in the request")
        mixed = [{"type": "photo", "media": "x"}, {"type": "document", "media": "y"}]
        self.assertIn("can't use the media", self.client.refusal("sendMediaGroup", chat_id=7, media=mixed)[1])


class People(WithServer):
    def test_the_shapes_of_what_they_do(self):
        telegram = self.telegram
        first = telegram.say("\U0001F600 /go@SpineTestBot", chat=-7, sender=3)
        self.assertEqual(first["entities"], [{"type": "bot_command", "offset": 3, "length": 16}])
        telegram.say("re", chat=-7, sender=4, reply_to=first["message_id"])
        telegram.mention("look", 3, chat=-7, sender=4)
        telegram.channel_post("news", chat=-1_000_000_000_077)
        telegram.service(-7, new_chat_members=[telegram.bot.myself()])
        telegram.edit(first["message_id"], "changed", chat=-7)
        updates = self.client.updates()
        self.assertEqual([list(update)[1] for update in updates],
                         ["message", "message", "message", "channel_post", "message", "edited_message"])
        self.assertEqual(updates[1]["message"]["reply_to_message"]["message_id"], first["message_id"])
        self.assertEqual(updates[2]["message"]["entities"][0]["user"]["id"], 3)
        self.assertNotIn("from", updates[3]["channel_post"])
        self.assertTrue(updates[4]["message"]["new_chat_members"][0]["is_bot"])
        self.assertEqual(updates[5]["edited_message"]["text"], "changed")
        self.assertIn("edit_date", updates[5]["edited_message"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
