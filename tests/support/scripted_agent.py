"""An agent that does what the words of a prompt say (scripted_turn.py), well or badly.

python3 scripted_agent.py WIRE, where WIRE is acp, pi or jsonl: what it speaks on stdin and stdout.

SCRIPTED_START (environment): "never" = not ready; "exit CODE"; "slow SECONDS".
SCRIPTED_DEAF: SIGTERM is ignored.
"""

import json
import os
import signal
import sys
import threading
import time
import uuid

from scripted_turn import Ended, Turn


class Wire:
    """What all wires share: one writer at a time, and reading that can be stopped."""

    def __init__(self):
        self.lock, self.reading = threading.Lock(), threading.Event()
        self.reading.set()
        # What is put around a line, whether ids change their type, and lines that are kept to go out
        # as one; what the next answer lacks at its end.
        self.before, self.after, self.bad_byte, self.other_ids = b"", b"", False, False
        self.gathered, self.cut = None, 0
        self.memory = os.environ.get("SCRIPTED_MEMORY", os.getcwd())

    def raw(self, data):
        with self.lock:
            view = memoryview(data)
            while view:
                view = view[os.write(1, view):]

    def send(self, message):
        if self.other_ids and "id" in message and "method" not in message:
            message = {**message, "id": int(message["id"]) if isinstance(message["id"], str)
                       else str(message["id"])}
        data = json.dumps(message).encode()
        if self.bad_byte:
            data = data.replace(b"?", b"\xff")
        if self.cut and message.get("type", "final") in ("final", "agent_settled"):
            data = data[:-self.cut]
        if self.gathered is not None:
            self.gathered += data
        else:
            self.raw(self.before + data + self.after + b"\n")

    def end(self, turn):
        """Tells the end of the turn, unless that was done."""
        if not turn.told_end:
            self.finish(turn)
        if self.gathered is not None:
            gathered, self.gathered = self.gathered, None
            self.raw(gathered + b"\n")
        self.before, self.after, self.bad_byte, self.other_ids, self.cut = b"", b"", False, False, 0

    def lines(self):
        for line in sys.stdin.buffer:
            if not self.reading.is_set():
                time.sleep(3600)
            yield line

    def work(self, turn):
        """Runs the turn in a thread of its own."""
        def body():
            try:
                turn.run()
            except Ended:
                pass
            self.end(turn)
        threading.Thread(target=body, daemon=True).start()


class Acp(Wire):
    """Agent Client Protocol, version 1."""

    def __init__(self):
        super().__init__()
        self.turns, self.asks, self.next_ask = {}, {}, 1
        self.reads = None  # a flood of them: {"path", "go", "next", "seen", "ordered"}

    def update(self, turn, update):
        self.send({"jsonrpc": "2.0", "method": "session/update",
                   "params": {"sessionId": turn.session, "update": update}})

    def delta(self, turn, piece):
        self.update(turn, {"sessionUpdate": "agent_message_chunk",
                           "content": {"type": "text", "text": piece}})

    def tool(self, turn, name, arguments, result):
        call = "call-" + uuid.uuid4().hex[:8]
        self.update(turn, {"sessionUpdate": "tool_call", "toolCallId": call, "title": name,
                           "kind": "execute", "status": "in_progress", "rawInput": arguments})
        self.update(turn, {"sessionUpdate": "tool_call_update", "toolCallId": call,
                           "status": "completed", "rawOutput": result,
                           "content": [{"type": "content",
                                        "content": {"type": "text", "text": result}}]})

    def strange(self, turn):
        self.update(turn, {"sessionUpdate": "agent_message_chunk", "message": "words"})

    def read_file(self):
        number = self.reads["next"]
        self.reads["next"] += 1
        self.send({"jsonrpc": "2.0", "id": f"read-{number}", "method": "fs/read_text_file",
                   "params": {"sessionId": self.reads["session"], "path": self.reads["path"]}})

    def on_read(self, message):
        """Another one for each that came, so that there is no end to them."""
        reads = self.reads
        reads["ordered"] &= message["id"] == f"read-{reads['seen']}" and "result" in message
        reads["seen"] += 1
        if not os.path.exists(reads["go"]):
            self.read_file()

    def ask(self, turn, tool):
        number, self.next_ask = self.next_ask, self.next_ask + 1
        box = {"event": threading.Event()}
        self.asks[number] = box
        self.send({"jsonrpc": "2.0", "id": number, "method": "session/request_permission",
                   "params": {"sessionId": turn.session,
                              "toolCall": {"toolCallId": "ask", "title": "Use " + tool,
                                           "kind": tool, "rawInput": {"command": "rm -rf " + tool}},
                              "options": [
                                  {"optionId": "y", "name": "Yes", "kind": "allow_once"},
                                  {"optionId": "n", "name": "No", "kind": "reject_once"}]}})
        while not box["event"].is_set():
            turn.pause(0.005)
        return box["answer"].get("outcome", {}).get("optionId") == "y"

    def finish(self, turn):
        if turn.error:
            self.send({"jsonrpc": "2.0", "id": turn.id,
                       "error": {"code": -32000, "message": turn.error}})
        else:
            stop = "cancelled" if turn.cancelled.is_set() else "end_turn"
            self.send({"jsonrpc": "2.0", "id": turn.id, "result": {"stopReason": stop}})

    def serve(self):
        for line in self.lines():
            message = json.loads(line)
            method, params = message.get("method"), message.get("params", {})
            if method == "initialize":
                self.send({"jsonrpc": "2.0", "id": message["id"],
                           "result": {"protocolVersion": 1, "authMethods": [],
                                      "agentCapabilities": {"loadSession": True},
                                      "agentInfo": {"name": "scripted", "version": "1.0"}}})
            elif method == "session/new":
                self.send({"jsonrpc": "2.0", "id": message["id"],
                           "result": {"sessionId": uuid.uuid4().hex}})
            elif method == "session/load":
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": {}})
            elif method == "session/prompt":
                text = "\n".join(part.get("text", "") for part in params["prompt"])
                turn = Turn(self, params["sessionId"], text)
                turn.id = message["id"]
                self.turns[turn.session] = turn
                self.work(turn)
            elif method == "session/cancel":
                turn = self.turns.get(params["sessionId"])
                if turn is not None:
                    turn.cancelled.set()
            elif method is None and str(message.get("id")).startswith("read-"):
                self.on_read(message)
            elif method is None and message.get("id") in self.asks:
                box = self.asks.pop(message["id"])
                box["answer"] = message.get("result", {})
                box["event"].set()


class Pi(Wire):
    """Pi's RPC mode, as of 0.87."""

    def __init__(self):
        super().__init__()
        self.turn, self.asks = None, {}
        at = sys.argv.index("--session-dir") if "--session-dir" in sys.argv else 0
        self.directory = sys.argv[at + 1] if at else os.getcwd()
        self.memory = self.directory
        os.makedirs(self.directory, exist_ok=True)
        self.session = uuid.uuid4().hex

    def path(self):
        return os.path.join(self.directory, self.session + ".jsonl")

    def delta(self, turn, piece):
        del turn
        self.send({"type": "message_update",
                   "assistantMessageEvent": {"type": "text_delta", "delta": piece}})

    def tool(self, turn, name, arguments, result):
        del turn
        call = "call-" + uuid.uuid4().hex[:8]
        self.send({"type": "tool_execution_start", "toolCallId": call, "toolName": name,
                   "args": arguments})
        self.send({"type": "tool_execution_end", "toolCallId": call, "toolName": name,
                   "result": {"content": [{"type": "text", "text": result}]}, "isError": False})

    def ask(self, turn, tool):
        number = uuid.uuid4().hex
        box = {"event": threading.Event()}
        self.asks[number] = box
        self.send({"type": "extension_ui_request", "id": number, "method": "confirm",
                   "title": tool, "message": "rm -rf " + tool})
        while not box["event"].is_set():
            turn.pause(0.005)
        return box["answer"].get("confirmed") is True

    def finish(self, turn):
        reason = "error" if turn.error else "aborted" if turn.cancelled.is_set() else "stop"
        kind = "prose" if turn.strange else "text"
        message = {"role": "assistant", "content": [{"type": kind, "text": turn.said}],
                   "stopReason": reason, "provider": "scripted", "model": "script",
                   "usage": {"input": 3, "output": 5}}
        if turn.error:
            message["errorMessage"] = turn.error
        self.send({"type": "message_end", "message": message})
        self.send({"type": "agent_end", "messages": [message], "willRetry": False})
        if self.turn is turn:
            self.turn = None
        self.send({"type": "agent_settled"})

    def strange(self, turn):
        turn.strange = True

    def answer(self, command, **more):
        reply = {"type": "response", "command": command.get("type"), "success": True, **more}
        if "id" in command:
            reply["id"] = command["id"]
        self.send(reply)

    def serve(self):
        for line in self.lines():
            command = json.loads(line)
            kind = command.get("type")
            if kind == "get_state":
                if not os.path.exists(self.path()):
                    open(self.path(), "w", encoding="utf-8").close()
                self.answer(command, data={"isStreaming": self.turn is not None,
                                           "sessionId": self.session, "sessionFile": self.path()})
            elif kind == "new_session":
                self.session = uuid.uuid4().hex
                self.answer(command, data={"cancelled": False})
            elif kind == "switch_session":
                if os.path.exists(command["sessionPath"]):
                    self.session = os.path.basename(command["sessionPath"])[:-len(".jsonl")]
                    self.answer(command, data={"cancelled": False})
                else:
                    self.answer(command, success=False, error="no such session")
            elif kind == "prompt":
                if self.turn is not None:
                    self.answer(command, success=False, error="busy: Specify streamingBehavior")
                    continue
                self.answer(command)
                self.send({"type": "agent_start"})
                self.turn = Turn(self, self.session, command["message"])
                self.work(self.turn)
            elif kind == "steer":
                self.answer(command)
                turn = self.turn
                if turn is not None:
                    turn.steer_text = command["message"]
                    turn.steered.set()
            elif kind == "abort":
                if self.turn is not None:
                    self.turn.cancelled.set()
                self.answer(command)
            elif kind == "extension_ui_response":
                box = self.asks.pop(command.get("id"), None)
                if box is not None:
                    box["answer"] = command
                    box["event"].set()
            else:
                self.answer(command, data={})


class Jsonl(Wire):
    """One prompt, one process."""

    def delta(self, turn, piece):
        self.send({"type": "delta", "text": piece})

    def tool(self, turn, name, arguments, result):
        self.send({"type": "tool_call", "id": "t1", "name": name, "arguments": arguments})
        self.send({"type": "tool_result", "id": "t1", "name": name, "result": result})

    def ask(self, turn, tool):
        return False

    def strange(self, turn):
        turn.strange = True
        self.send({"type": "message", "content": "words"})

    def finish(self, turn):
        if turn.error:
            self.send({"type": "error", "message": turn.error})
        else:
            self.send({"type": "final"} if turn.strange else {"type": "final", "text": turn.said})

    def serve(self):
        for line in self.lines():
            command = json.loads(line)
            session = command.get("session") or uuid.uuid4().hex
            self.send({"type": "session", "id": session})
            turn = Turn(self, session, command["text"])
            try:
                turn.run()
            except Ended:
                pass
            self.end(turn)
            return


def main():
    signal.signal(signal.SIGTERM, signal.SIG_IGN if "SCRIPTED_DEAF" in os.environ else signal.SIG_DFL)
    start = os.environ.get("SCRIPTED_START", "")
    if start == "never":
        time.sleep(3600)
    if start.startswith("exit"):
        print("it cannot start: no model is configured for "
              + os.environ.get("MODEL_API_KEY", "anybody"), file=sys.stderr, flush=True)
        sys.exit(int(start.split()[1]))
    if start.startswith("slow"):
        time.sleep(float(start.split()[1]))
    {"acp": Acp, "pi": Pi, "jsonl": Jsonl}[sys.argv[1]]().serve()


if __name__ == "__main__":
    main()
