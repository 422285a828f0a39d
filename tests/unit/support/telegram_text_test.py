"""Text as the local Telegram reads it: markup, lengths, errors worded as the real ones."""

import unittest

from telegram_rich import read_rich
from telegram_text import TextError, entity_text, found_entities, read_text, utf16_length

FAMILY = "\U0001F468\u200d\U0001F469\u200d\U0001F467"


def read(source, mode="HTML", limit=4096):
    return read_text(source, mode, None, limit)


def shown(source):
    """[(type, covered text)] of a text with HTML."""
    text, entities = read(source)
    return text, [(entity["type"], entity_text(text, entity)) for entity in entities]


class Html(unittest.TestCase):
    def test_tags_become_entities(self):
        self.assertEqual(shown("<b>a<i>b</i></b> <u>c</u><s>d</s><tg-spoiler>e</tg-spoiler>"),
                         ("ab cde", [("bold", "ab"), ("italic", "b"), ("underline", "c"),
                                     ("strikethrough", "d"), ("spoiler", "e")]))
        self.assertEqual(shown("<blockquote>q</blockquote><blockquote expandable>r</blockquote>"),
                         ("qr", [("blockquote", "q"), ("expandable_blockquote", "r")]))
        self.assertEqual(shown('<STRONG>x</strong><span class="tg-spoiler">y</span><em></em>'),
                         ("xy", [("bold", "x"), ("spoiler", "y")]))

    def test_code_and_its_language(self):
        text, entities = read('<pre><code class="language-c++">a &lt; b</code></pre> <code>x</code>')
        self.assertEqual(text, "a < b x")
        self.assertEqual(entities, [{"type": "pre", "offset": 0, "length": 5, "language": "c++"},
                                    {"type": "code", "offset": 6, "length": 1}])

    def test_links(self):
        text, entities = read('<a href="https://a.b/?x=1&amp;y=2">t</a><a href="javascript:x()">u</a>'
                              '<a href="tg://user?id=7">v</a>')
        self.assertEqual(text, "tuv")
        self.assertEqual([entity.get("url") for entity in entities], ["https://a.b/?x=1&y=2", None])
        self.assertEqual(entities[1]["user"], {"id": 7})

    def test_references(self):
        self.assertEqual(read("&lt;&gt;&amp;&quot;&#65;&#x1F600; &nbsp; & &unknown; &#0;")[0],
                         "<>&\"A\U0001F600 &nbsp; & &unknown; &#0;")

    def test_offsets_are_utf16(self):
        text, entities = read(f"{FAMILY}<b>x</b>")
        self.assertEqual((entities[0]["offset"], utf16_length(FAMILY)), (8, 8))
        self.assertEqual(entity_text(text, entities[0]), "x")

    def test_errors(self):
        for source, wanted in (
                ("a <table>", 'Unsupported start tag "table" at byte offset 2'),
                ("a < b && c > d", 'Unsupported start tag "" at byte offset 2'),
                ("\u00e9<b", "Unclosed start tag at byte offset 2"),
                ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
                ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
                ("x</b>", "Unexpected end tag at byte offset 1"),
                ("<b>x</b", "Unclosed end tag at byte offset 4"),
                ("<b x", 'Unclosed start tag "b" at byte offset 0'),
                ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
                ("<b =x>y</b>", 'Empty attribute name in the tag "b" at byte offset 0'),
                ("<b a=1'>", "Unexpected end of name token at byte offset 5")):
            with self.subTest(source=source), self.assertRaises(TextError) as caught:
                read(source)
            self.assertEqual(str(caught.exception), "Can't parse entities: " + wanted)


class Lengths(unittest.TestCase):
    def test_the_limit_holds_behind_the_markup_and_counts_utf16(self):
        read("<b>" + "&lt;" * 4096 + "</b>")
        read("\U0001F600" * 2048)
        for source in ("x" * 4097, "\U0001F600" * 2048 + "x"):
            with self.assertRaisesRegex(TextError, "^Message is too long$"):
                read(source)

    def test_the_source_has_a_limit_of_its_own(self):
        with self.assertRaisesRegex(TextError, "^Text is too long$"):
            read("<b></b>" * 5000 + "x")

    def test_half_a_character_is_refused(self):
        with self.assertRaisesRegex(TextError, "^Strings must be encoded in UTF-8$"):
            read("x\ud83d")

    def test_outer_spaces_are_cut_and_entities_move(self):
        text, entities = read("\n  <b>x</b> y \t\n")
        self.assertEqual((text, entities), ("x y", [{"type": "bold", "offset": 0, "length": 1}]))

    def test_other_markup_is_not_taken(self):
        with self.assertRaisesRegex(TextError, "Unsupported parse_mode"):
            read("x", "MarkdownV2")

    def test_given_entities_are_checked(self):
        self.assertEqual(read_text("ab", "", [{"type": "bold", "offset": 1, "length": 1}], 9)[1],
                         [{"type": "bold", "offset": 1, "length": 1}])
        for entity in ({"type": "loud", "offset": 0, "length": 1}, {"type": "bold", "offset": -1, "length": 1}):
            with self.assertRaises(TextError):
                read_text("ab", "", [entity], 9)


class Found(unittest.TestCase):
    def test_what_a_text_mentions(self):
        text = "/start@MyBot a/b @name x@y.org https://a.b/c?d=1, #tag e@f"
        self.assertEqual([(e["type"], entity_text(text, e)) for e in found_entities(text)],
                         [("bot_command", "/start@MyBot"), ("mention", "@name"), ("email", "x@y.org"),
                          ("url", "https://a.b/c?d=1,"), ("hashtag", "#tag")])

    def test_nothing_is_found_in_code(self):
        self.assertEqual(shown("<code>/x @name</code> /y")[1], [("code", "/x @name"), ("bot_command", "/y")])


class Rich(unittest.TestCase):
    def test_blocks(self):
        source = "# h\np\nq\n\n- [x] a\n1. b\n> c\n> d\n\n$$x$$\n---\n~~~math\ny\n~~~\n```\nopen"
        blocks = read_rich({"markdown": source})["blocks"]
        self.assertEqual([block["type"] for block in blocks],
                         ["heading", "paragraph", "list", "blockquote", "mathematical_expression", "divider",
                          "mathematical_expression", "pre"])
        self.assertEqual(blocks[1]["text"], "p\nq")
        self.assertTrue(blocks[2]["items"][0]["is_checked"])
        self.assertEqual(blocks[3]["blocks"], [{"type": "paragraph", "text": "c\nd"}])

    def test_tables(self):
        table = read_rich({"markdown": "|a|b|\n|:-:|--:|\n|1|\n|x\\|y|2|3|"})["blocks"][0]
        self.assertEqual([[cell.get("text") for cell in row] for row in table["cells"]],
                         [["a", "b"], ["1"], ["x\\|y", "2"]])
        self.assertEqual(table["cells"][0][1]["align"], "right")

    def test_limits(self):
        wide = "|" + "a|" * 21 + "\n|" + "-|" * 21
        for markdown, wanted in ((" \n", "non-empty"), ("x" * 32_769, "too long"), (wide, "too many columns"),
                                 ("x\n\n" * 501, "too many blocks"), (">" * 40 + "x", "nested too deeply")):
            with self.assertRaisesRegex(TextError, wanted):
                read_rich({"markdown": markdown})
        with self.assertRaisesRegex(TextError, "Exactly one"):
            read_rich({"markdown": "x", "html": "y"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
