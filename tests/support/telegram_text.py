"""Text as Telegram reads it: HTML to entities, explicit entities, lengths in UTF-16 units, what a text mentions.

The rules and the wording of the errors are those of the public Bot API server; offsets in errors are bytes.
"""

import html
import re

TEXT_MAX = 4096
CAPTION_MAX = 1024
SOURCE_BYTES_MAX = 32_768  # of a text with its markup

ENTITY_OF_TAG = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji", "tg-time": "date_time",
}
ENTITY_TYPES = {*ENTITY_OF_TAG.values(), "mention", "hashtag", "cashtag", "bot_command", "url", "email",
                "phone_number", "text_mention", "expandable_blockquote"}
SPACES = " \t\r\n\v\0"
FOUND = re.compile(  # what Telegram finds by itself; the first that matches wins
    r"(?P<url>https?://[^\s<>\"]+)"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[\w.]*\w)"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z][A-Za-z0-9_]{2,31})?)(?![\w/])"
    r"|(?<!\w)(?P<mention>@[A-Za-z][A-Za-z0-9_]{3,31})(?!\w)"
    r"|(?<![\w&])(?P<hashtag>#\w*[^\W\d]\w*)")


class TextError(Exception):
    """Why a text was refused, as the server words it behind "Bad Request: "."""


def utf16_length(text):
    """How Telegram counts: code units of UTF-16."""
    return len(text) + sum(character > "\uffff" for character in text)


def entity_text(text, entity):
    """The part of the text an entity covers."""
    units = text.encode("utf-16-le", "surrogatepass")
    begin = 2 * entity["offset"]
    return units[begin:begin + 2 * entity["length"]].decode("utf-16-le", "replace")


def found_entities(text):
    """Commands, mentions, links, addresses and hashtags of a text, as entities."""
    entities = []
    for match in FOUND.finditer(text):
        entities.append({"type": match.lastgroup, "offset": utf16_length(text[:match.start()]),
                         "length": utf16_length(match.group())})
    return entities


class HtmlReader:
    """One text with parse_mode HTML; read() gives (text, entities) or raises TextError."""

    def __init__(self, source):
        self.source = source
        self.position = 0
        self.pieces = []
        self.units = 0  # of what is in pieces, in UTF-16
        self.open = []  # (tag, argument, offset in UTF-16, index in pieces)
        self.entities = []

    def read(self):
        while self.position < len(self.source):
            character = self.source[self.position]
            if character == "&":
                self.emit(self.character_reference())
            elif character != "<":
                self.emit(character)
                self.position += 1
            elif self.source.startswith("</", self.position):
                self.end_tag()
            else:
                self.start_tag()
        if self.open:
            raise TextError(f'Can\'t find end tag corresponding to start tag "{self.open[-1][0]}"')
        for entity in self.entities:
            if entity["type"] == "code":
                entity.pop("language", None)
        self.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return "".join(self.pieces), self.entities

    def emit(self, text):
        self.pieces.append(text)
        self.units += utf16_length(text)

    def byte(self, position):
        return len(self.source[:position].encode())

    def peek(self):
        return self.source[self.position] if self.position < len(self.source) else "\0"

    def skip_while(self, condition):
        """What was skipped; a text that ends counts as a space."""
        begin = self.position
        while self.position < len(self.source) and condition(self.source[self.position]):
            self.position += 1
        return self.source[begin:self.position]

    def character_reference(self):
        """Takes "&...;" at the position; "&" itself where that is none Telegram knows."""
        match = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(lt|gt|amp|quot)(?![A-Za-z]));?").match(
            self.source, self.position)
        code = 0
        if match:
            number = int(match[1], 16) if match[1] else int(match[2]) if match[2] else 0
            code = number if number < 0x10FFFF and match.end() - match.start() <= 10 else 0
        if not match or (not code and not match[3]):
            self.position += 1
            return "&"
        self.position = match.end()
        if match[3]:
            return html.unescape(f"&{match[3]};")
        if 0xD800 <= code <= 0xDFFF:
            raise TextError("Text contains invalid Unicode characters after decoding HTML entities, "
                            "check for unmatched surrogate code units")
        return chr(code)

    def start_tag(self):
        begin = self.position
        self.position += 1
        tag = self.skip_while(lambda c: c not in SPACES and c != ">").lower()
        at = self.byte(begin)
        if self.position >= len(self.source):
            raise TextError(f"Unclosed start tag at byte offset {at}")
        if tag not in ENTITY_OF_TAG:
            raise TextError(f'Unsupported start tag "{tag}" at byte offset {at}')
        attributes = self.attributes(tag, at)
        self.position += 1
        argument = {"a": "href", "tg-emoji": "emoji-id", "tg-time": "unix"}.get(tag, "class")
        value = attributes.get(argument, "")
        if tag == "span" and value != "tg-spoiler":
            raise TextError(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
        if tag == "blockquote":
            value = "expandable" if "expandable" in attributes else ""
        self.open.append((tag, value, self.units, len(self.pieces)))

    def attributes(self, tag, at):
        """{name: value} up to the ">" of a start tag."""
        found = {}
        while True:
            self.skip_while(lambda c: c in SPACES)
            if self.peek() == ">" and self.position < len(self.source):
                return found
            name = self.skip_while(lambda c: c not in SPACES and c not in "=>/\"'")
            if not name:
                if self.position >= len(self.source):
                    raise TextError(f"Unclosed start tag at byte offset {at}")
                raise TextError(f'Empty attribute name in the tag "{tag}" at byte offset {at}')
            self.skip_while(lambda c: c in SPACES)
            value = ""
            if self.peek() == "=":
                self.position += 1
                self.skip_while(lambda c: c in SPACES)
                value = self.attribute_value()
            if self.position >= len(self.source):
                raise TextError(f'Unclosed start tag "{tag}" at byte offset {at}')
            found[name] = value

    def attribute_value(self):
        quote = self.peek()
        if quote in "'\"":
            self.position += 1
            value = self.skip_while(lambda c: c != quote)
            self.position += 1
            return html.unescape(value)
        at = self.byte(self.position)
        value = self.skip_while(lambda c: c.isascii() and (c.isalnum() or c in ".-"))
        if self.peek() not in SPACES and self.peek() != ">":
            raise TextError(f"Unexpected end of name token at byte offset {at}")
        return value.lower()

    def end_tag(self):
        begin = self.position
        at = self.byte(begin)
        if not self.open:
            raise TextError(f"Unexpected end tag at byte offset {at}")
        self.position += 2
        name = self.skip_while(lambda c: c not in SPACES and c != ">").lower()
        self.skip_while(lambda c: c in SPACES)
        if self.position >= len(self.source) or self.peek() != ">":
            raise TextError(f"Unclosed end tag at byte offset {at}")
        self.position += 1
        tag, argument, offset, piece = self.open.pop()
        if name and name != tag:
            raise TextError(f'Unmatched end tag at byte offset {at}, expected "</{tag}>", found "</{name}>"')
        if self.units > offset:
            self.close(tag, argument, offset, "".join(self.pieces[piece:]))

    def close(self, tag, argument, offset, covered):
        entity = {"type": ENTITY_OF_TAG[tag], "offset": offset, "length": self.units - offset}
        last = self.entities[-1] if self.entities else {}
        same = (last.get("offset"), last.get("length")) == (offset, entity["length"])
        language = argument[len("language-"):] if argument.startswith("language-") else ""
        if tag == "a":
            if not add_link(entity, argument or covered):
                return
        elif tag == "pre" and same and last["type"] == "code" and last.get("language"):
            last["type"] = "pre"
            return
        elif tag == "code" and same and last["type"] == "pre" and language:
            last["language"] = language
            return
        elif tag == "code" and language:
            entity["language"] = language
        elif tag == "blockquote" and argument:
            entity["type"] = "expandable_blockquote"
        elif tag == "tg-emoji":
            if not argument.isdecimal() or int(argument) == 0:
                raise TextError("Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = argument
        elif tag == "tg-time":
            entity["unix_time"] = int(argument) if argument.isdecimal() else 0
        self.entities.append(entity)


def add_link(entity, address):
    """Makes the entity a link or a mention of a user; False where the address is none."""
    user = re.fullmatch(r"tg://user\?id=(\d+)", address)
    if user:
        entity.update(type="text_mention", user={"id": int(user[1])})
        return True
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", address)
    if scheme and scheme[1].lower() not in ("http", "https", "tg", "ton", "tonsite", "ftp", "mailto", "tel"):
        return False
    if not scheme and not re.match(r"[\w-]+(\.[\w-]+)+", address):
        return False
    entity["url"] = address if scheme else f"http://{address}/"
    return True


def given_entities(text, entities):
    """Entities a client gave itself; raises TextError where one cannot be."""
    for entity in entities:
        if not isinstance(entity, dict) or entity.get("type") not in ENTITY_TYPES:
            raise TextError("Can't parse MessageEntity: Field \"type\" must be of a known type")
        for field in ("offset", "length"):
            if not isinstance(entity.get(field), int) or not 0 <= entity[field] <= 1_000_000:
                raise TextError(f"Receive an entity with incorrect {field} {entity.get(field)}")
    length = utf16_length(text)
    return [entity for entity in entities if entity["length"] and entity["offset"] + entity["length"] <= length]


def trimmed(text, entities):
    """The text without control characters and outer spaces, and its entities moved along."""
    text = "".join(" " if character < " " and character != "\n" else character
                   for character in text.replace("\r", ""))
    text = text.rstrip()
    first = min((entity["offset"] for entity in entities), default=utf16_length(text))
    leading = min(len(text) - len(text.lstrip(" \n")), first)
    text, moved = text[leading:], []
    for entity in entities:
        begin = max(entity["offset"] - leading, 0)
        length = min(entity["length"], utf16_length(text) - begin)
        if length > 0:
            moved.append({**entity, "offset": begin, "length": length})
    return text, moved


def read_text(source, parse_mode, entities, limit, what="Message"):
    """(text, entities) as shown to people; raises TextError.

    The open part of the real server counts code points before it hands the text on, what is behind it is not
    public: clients are held to the stricter count, UTF-16 units after the markup was read.
    """
    try:
        size = len(source.encode())
    except UnicodeEncodeError:  # JSON can hold half a character
        raise TextError("Strings must be encoded in UTF-8") from None
    if size > SOURCE_BYTES_MAX:
        raise TextError("Text is too long")
    mode = (parse_mode or "").lower()
    if mode not in ("", "none", "html"):  # Markdown has flavours of its own, which nobody here sends
        raise TextError("Unsupported parse_mode")
    if mode == "html" and source:
        try:
            text, parsed = HtmlReader(source).read()
        except TextError as error:
            raise TextError(f"Can't parse entities: {error}") from None
    else:
        text, parsed = source, given_entities(source, entities or [])
    text, parsed = trimmed(text, parsed)
    if utf16_length(text) > limit:
        raise TextError(f"{what} is too long")
    covered = [(entity["offset"], entity["offset"] + entity["length"]) for entity in parsed
               if entity["type"] in ("code", "pre", "text_link", "text_mention")]
    for entity in found_entities(text):
        if not any(begin <= entity["offset"] < end for begin, end in covered):
            parsed.append(entity)
    return text, sorted(parsed, key=lambda entity: (entity["offset"], -entity["length"]))
