"""A program in a pseudo-terminal: what it shows as plain text, and keys for it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

_ESCAPES = re.compile(r"\x1b\[[0-9;?<>=]*[A-Za-z~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>()][0-9A-Z]?")


class Terminal:
    """Keeps everything the program wrote since it started. Not thread-safe."""

    def __init__(self, command, environment, rows=40, columns=140):
        self.written = b""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execve(command[0], [str(word) for word in command], environment)
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, size)

    def text(self, since=0):
        """Without escapes, from this many written bytes on."""
        return _ESCAPES.sub("", self.written[since:].decode("utf-8", "replace"))

    def mark(self):
        return len(self.written)

    def wait(self, wanted, timeout, since=0):
        """Reads until the text is shown; raises with what is shown when it is not."""
        deadline = time.monotonic() + timeout
        while wanted not in self.text(since):
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{wanted!r} was not shown:\n{self.text()[-3000:]}")
            if not select.select([self.descriptor], [], [], left)[0]:
                continue
            try:
                self.written += os.read(self.descriptor, 1 << 16)
            except OSError as error:
                raise AssertionError(f"it ended before {wanted!r}:\n{self.text()[-3000:]}") from error

    def type(self, keys):
        os.write(self.descriptor, keys.encode())

    def close(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.descriptor)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
