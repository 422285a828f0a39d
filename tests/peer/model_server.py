"""An OpenAI-compatible model server of ours: /v1/chat/completions, scripted by the prompt's words.

Run as a program it prints one line of JSON, {"port": N}, and serves until its stdin ends.

The last message of the user decides what comes back:
  "use the tool"   a call of the tool bash (the words behind it in `backquotes` are the command),
                   and once its result is there "the tool said: RESULT"
  "slowly"         one chunk after the other until the client hangs up or /control/release is asked
  "error 500"      HTTP 500 with an error object; "error 429" likewise
  "what time"      "The time is 2026-01-02T03:04:05Z."
  "remember"       how many messages of the user the conversation has
  anything else    "you said: WORDS"
GET /control/requests tells what was asked, a list of {prompt, tools, model, system, closed_early}.
POST /control/release ends every slow answer with " done".
"""

import http.server
import json
import re
import sys
import threading

TIME = "The time is 2026-01-02T03:04:05Z."
REQUESTS_KEPT = 10_000


def text_of(message):
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content if part.get("type") == "text")


class Model:
    """What the requests share. Thread: any."""

    def __init__(self, chunk_seconds=0.05):
        self.chunk_seconds = chunk_seconds
        self.released = threading.Event()
        self.lock = threading.Lock()
        self.requests = []

    def note(self, entry):
        with self.lock:
            if len(self.requests) < REQUESTS_KEPT:
                self.requests.append(entry)

    def noted(self):
        with self.lock:
            return json.loads(json.dumps(self.requests))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model = None  # set by serve()

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/control/requests":
            return self.send_json(200, self.model.noted())
        if self.path == "/v1/models":
            return self.send_json(200, {"object": "list",
                                        "data": [{"id": "scripted", "object": "model"}]})
        return self.send_json(404, {"error": {"message": f"no such path: {self.path}"}})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/control/release":
            self.model.released.set()
            return self.send_json(200, {"ok": True})
        if self.path.endswith("/chat/completions"):
            return self.complete(json.loads(body))
        return self.send_json(404, {"error": {"message": f"no such path: {self.path}"}})

    def send_json(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def complete(self, request):
        messages = request.get("messages", [])
        prompt = next((text_of(m) for m in reversed(messages) if m.get("role") == "user"), "")
        entry = {"prompt": prompt, "model": request.get("model"), "closed_early": False,
                 "tools": [t["function"]["name"] for t in request.get("tools") or []],
                 "system": "".join(text_of(m) for m in request.get("messages") or []
                                   if m.get("role") in ("system", "developer"))}
        self.model.note(entry)
        failure = re.search(r"error (500|429)", prompt)
        if failure:
            words = {"500": "the model broke", "429": "rate limit reached"}[failure[1]]
            return self.send_json(int(failure[1]), {"error": {"message": words, "type": "server"}})
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            finish = self.stream(prompt, messages)
            self.chunk({}, finish)
            self.send_event({**self.head(), "choices": [], "usage": {
                "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}})
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:  # the client hung up
            entry["closed_early"] = True
        return None

    def stream(self, prompt, messages):
        """Writes the answer; how it finished."""
        if "use the tool" in prompt:
            if messages[-1].get("role") != "tool":
                return self.call_tool(prompt)
            self.say("the tool said: " + text_of(messages[-1]).strip())
        elif "slowly" in prompt:
            self.say("slow:")
            number = 0
            while not self.model.released.wait(self.model.chunk_seconds):
                number += 1
                self.chunk({"content": f" {number}"})
            self.chunk({"content": " done"})
        elif "what time" in prompt:
            self.say(TIME)
        elif "remember" in prompt:
            self.say(f"{sum(m.get('role') == 'user' for m in messages)} messages so far")
        else:
            self.say("you said: " + prompt)
        return "stop"

    def call_tool(self, prompt):
        command = re.search(r"`([^`]+)`", prompt)
        arguments = json.dumps({"command": command[1] if command else "echo from the tool"})
        self.chunk({"role": "assistant", "tool_calls": [
            {"index": 0, "id": "call_1", "type": "function",
             "function": {"name": "bash", "arguments": arguments}}]})
        return "tool_calls"

    def say(self, text):
        for piece in re.findall(r"\S+\s*|\s+", text):
            self.chunk({"role": "assistant", "content": piece})

    def chunk(self, delta, finish=None):
        self.send_event({**self.head(),
                         "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    def head(self):
        return {"id": "c1", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}

    def send_event(self, value):
        self.wfile.write(f"data: {json.dumps(value)}\n\n".encode())
        self.wfile.flush()


class ModelServer:
    """A running server; close() ends it. `port` is where, `model` what it was asked."""

    def __init__(self, chunk_seconds=0.05):
        self.model = Model(chunk_seconds)
        handler = type("BoundHandler", (Handler,), {"model": self.model})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def pi_models(self):
        """The models.json by which Pi finds this server, as provider "ours", model "scripted"."""
        return {"providers": {"ours": {
            "baseUrl": f"http://127.0.0.1:{self.port}/v1", "api": "openai-completions",
            "apiKey": "none",
            "models": [{"id": "scripted", "name": "scripted", "reasoning": False,
                        "input": ["text"], "contextWindow": 100_000, "maxTokens": 4_096,
                        "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0}}]}}}

    def close(self):
        self.model.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def main():
    server = ModelServer()
    print(json.dumps({"port": server.port}), flush=True)
    sys.stdin.read()
    server.close()


if __name__ == "__main__":
    main()
