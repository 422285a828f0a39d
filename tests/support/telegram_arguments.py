"""The arguments of one call of the Bot API, from wherever a client put them: query, form, JSON, multipart."""

import json
import re
import urllib.parse


class BadBody(Exception):
    """A body that is not what its headers say; the text names what is wrong."""


class Upload:
    """One file of a multipart body."""

    def __init__(self, name, content_type, data):
        self.name = name
        self.content_type = content_type
        self.data = data

    def __repr__(self):
        return f"<{self.name}: {len(self.data)} bytes>"


class Arguments:
    """What a method is called with. Every value may be text: so it comes in a query or a form."""

    def __init__(self, values, uploads=None):
        self.values = values
        self.uploads = uploads or {}

    def __contains__(self, name):
        return self.values.get(name) not in (None, "")

    def names(self):
        return [*self.values, *self.uploads]

    def text(self, name):
        value = self.values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name, default=0):
        """The number; the default where it is missing or none, as the real server reads it."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            return default
        try:
            return int(value)
        except ValueError:
            return default

    def flag(self, name):
        return self.text(name).strip().lower() in ("true", "yes", "1")

    def json(self, name, kind, what):
        """The object or list; None where it is missing. ValueError with the server's words where it is none."""
        value = self.values.get(name)
        if value in (None, ""):
            return None
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                raise ValueError(f"Can't parse {what} JSON object") from None
        if not isinstance(value, kind):
            raise ValueError(f"{'Object' if kind is dict else 'Array'} expected as {what}")
        return value


def read_arguments(query, headers, body):
    """(Arguments, how they came: "query", "form", "json" or "multipart"); raises BadBody."""
    values = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    content_type = headers.get("Content-Type", "")
    kind = content_type.split(";")[0].strip().lower()
    if not body:
        return Arguments(values), "query"
    if kind == "application/json":
        try:
            given = json.loads(body)
        except ValueError:
            raise BadBody("can't parse JSON in the body") from None
        if not isinstance(given, dict):
            raise BadBody("the JSON in the body is not an object")
        return Arguments({**values, **given}), "json"
    if kind == "application/x-www-form-urlencoded":
        try:
            given = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
        except ValueError:
            raise BadBody("the form in the body can't be parsed") from None
        return Arguments({**values, **dict(given)}), "form"
    if kind == "multipart/form-data":
        given, uploads = read_multipart(content_type, body)
        return Arguments({**values, **given}, uploads), "multipart"
    raise BadBody(f"content type {kind or 'missing'} is not one the server takes")


def read_multipart(content_type, body):
    """({name: text}, {name: Upload})."""
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)
    if not boundary:
        raise BadBody("multipart body without a boundary")
    mark = b"--" + boundary[1].encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise BadBody("multipart body without its last boundary")
    values, uploads = {}, {}
    for piece in pieces[1:-1]:
        head, separator, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'[;\s]name="?([^";\r\n]+)"?', head)
        if not separator or not name:
            raise BadBody("part of a multipart body without a name")
        file = re.search(rb'filename=(?:"([^"]*)"|([^;\s]+))', head)
        if file:
            kind = re.search(rb"(?im)^content-type:\s*([^\s;]+)", head)
            uploads[name[1].decode()] = Upload((file[1] or file[2] or b"").decode("utf-8", "replace"),
                                               kind[1].decode() if kind else "", data)
        else:
            values[name[1].decode()] = data.decode("utf-8", "replace")
    return values, uploads
