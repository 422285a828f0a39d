"""A plain client of the Bot API for tests of the server: one call at a time, arguments in each of the four ways."""

import http.client
import json
import threading
import urllib.parse

SECONDS = 20.0
BOUNDARY = "a-boundary-of-ours"


class TelegramClient:
    """Calls a TelegramServer as the bot with this token; each client has one connection."""

    def __init__(self, server, token=None):
        self.server = server
        self.token = token or server.token
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)

    def close(self):
        self.connection.close()

    def request(self, method, way="json", files=None, **arguments):
        """(status, body as bytes) of one call; OSError and HTTPException as they come."""
        path, body, headers = f"/bot{self.token}/{method}", None, {}
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in arguments.items()}
        if files:
            body, headers = multipart(texts, files), {
                "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        elif way == "json":
            body, headers = json.dumps(arguments), {"Content-Type": "application/json"}
        elif way == "form":
            body = urllib.parse.urlencode(texts)
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
        else:
            path += "?" + urllib.parse.urlencode(texts)
        self.connection.request("POST" if body is not None else "GET", path, body, headers)
        response = self.connection.getresponse()
        return response.status, response.read()

    def call(self, method, **arguments):
        """The answer of one call as an object."""
        return json.loads(self.request(method, **arguments)[1])

    def result(self, method, **arguments):
        """What a call that has to succeed returns."""
        answer = self.call(method, **arguments)
        if not answer["ok"]:
            raise AssertionError(f"{method}: {answer}")
        return answer["result"]

    def refusal(self, method, **arguments):
        """(code, description) of a call that has to be refused."""
        answer = self.call(method, **arguments)
        if answer["ok"]:
            raise AssertionError(f"{method} was not refused: {answer}")
        return answer["error_code"], answer["description"]

    def updates(self, **arguments):
        return self.result("getUpdates", **arguments)

    def download(self, path):
        self.connection.request("GET", f"/file/bot{self.token}/{path}")
        response = self.connection.getresponse()
        return response.status, response.read()


class Waiting:
    """A call of a client in a thread of its own; result() waits for it."""

    def __init__(self, client, method, **arguments):
        self.answer = self.error = None
        self.thread = threading.Thread(target=self.run, args=(client, method, arguments), daemon=True)
        self.thread.start()

    def run(self, client, method, arguments):
        try:
            self.answer = client.call(method, **arguments)
        except (OSError, http.client.HTTPException) as error:
            self.error = error

    def result(self):
        self.thread.join(SECONDS)
        return self.answer


def multipart(texts, files):
    """`files`: {field: (name, type, data)}."""
    body = b""
    for name, value in texts.items():
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    for field, (name, kind, data) in files.items():
        body += (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
                 f"Content-Type: {kind}\r\n\r\n").encode() + data + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()
