"""Reading a long history back, in order and whole: Redis XRANGE, NATS JetStream, PostgreSQL COPY."""

import os
import shutil
import signal
import socket
import subprocess
import time

from .servers import Failed, Nats, NotThere, Redis, Server, program

TEXT = ("please look at the report from yesterday, then tell Maria that we meet at half past nine; " * 3)[:256]
CHUNK = 1 << 20


class Wire:
    """A socket that is read in large pieces until a mark has come."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.kept = b""

    def send(self, data):
        self.socket.sendall(data)

    def read_until(self, mark):
        """Bytes read up to and with the mark."""
        total, tail = 0, self.kept
        while True:
            at = tail.find(mark)
            if at >= 0:
                self.kept = tail[at + len(mark):]
                return total + at + len(mark)
            keep = tail[-(len(mark) - 1):] if len(mark) > 1 else b""
            total += len(tail) - len(keep)
            piece = self.socket.recv(CHUNK)
            if not piece:
                raise Failed("the server closed the connection")
            tail = keep + piece


def redis_seconds(directory, records):
    server = Redis(directory).start()
    try:
        wire = Wire(server.port)
        one = (f"*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$1\r\nd\r\n$256\r\n{TEXT}\r\n").encode()
        left = records
        while left:
            count = min(left, 2_000)
            wire.send(one * count + b"*2\r\n$4\r\nECHO\r\n$6\r\nloaded\r\n")
            wire.read_until(b"loaded\r\n")
            left -= count
        began = time.monotonic()
        wire.send(b"*4\r\n$6\r\nXRANGE\r\n$1\r\ns\r\n$1\r\n-\r\n$1\r\n+\r\n*2\r\n$4\r\nECHO\r\n$6\r\nis-end\r\n")
        size = wire.read_until(b"$6\r\nis-end\r\n")
        seconds = time.monotonic() - began
    finally:
        server.stop()
    return check(size, records, seconds)


def nats_seconds(directory, records):
    server = Nats(directory).start()
    try:
        wire = Wire(server.port)
        wire.send(b'CONNECT {"verbose":false}\r\nPING\r\n')
        wire.read_until(b"PONG\r\n")
        stream = b'{"name":"s","subjects":["s"],"storage":"file"}'
        wire.send(b"SUB r 1\r\nPUB $JS.API.STREAM.CREATE.s r %d\r\n%s\r\n" % (len(stream), stream))
        wire.read_until(b"}\r\n")
        one = b"PUB s 256\r\n" + TEXT.encode() + b"\r\n"
        left = records - 1
        while left:
            count = min(left, 2_000)
            wire.send(one * (count - 1) + b"PUB s r 256\r\n" + TEXT.encode() + b"\r\n")
            wire.read_until(b"}\r\n")  # the acknowledgement of the last one
            left -= count
        last = TEXT.encode()[:246] + b"--the-end-"
        wire.send(b"PUB s r 256\r\n" + last + b"\r\n")
        wire.read_until(b"}\r\n")
        consumer = (b'{"stream_name":"s","config":{"deliver_subject":"d","deliver_policy":"all",'
                    b'"ack_policy":"none","replay_policy":"instant"}}')
        began = time.monotonic()
        wire.send(b"SUB d 2\r\nPUB $JS.API.CONSUMER.CREATE.s r %d\r\n%s\r\n" % (len(consumer), consumer))
        size = wire.read_until(b"--the-end-\r\n")
        seconds = time.monotonic() - began
    finally:
        server.stop()
    return check(size, records, seconds)


class Postgres(Server):
    name = "PostgreSQL"

    def command(self):
        return as_postgres([pg_program("postgres"), "-D", os.path.join(self.directory, "data"), "-p", str(self.port),
                            "-h", "127.0.0.1", "-k", self.directory])


def pg_program(name):
    for version in ("17", "16", "15"):
        path = f"/usr/lib/postgresql/{version}/bin/{name}"
        if os.access(path, os.X_OK):
            return path
    return program(name, "postgresql")


def as_postgres(command):
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] + command


def postgres_seconds(directory, records):
    os.makedirs(directory, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(directory, "postgres")
    data = os.path.join(directory, "data")
    made = subprocess.run(as_postgres([pg_program("initdb"), "-D", data, "-A", "trust", "-U", "bench"]),
                          capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise NotThere(f"PostgreSQL cannot be set up: {made.stderr.strip()[-200:]}")
    server = Postgres(directory).start()

    def psql(text, out=subprocess.PIPE):
        done = subprocess.run([program("psql", "postgresql-client"), "-h", "127.0.0.1", "-p", str(server.port), "-U",
                               "bench", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-qAtc", text],
                              stdout=out, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"PostgreSQL: {done.stderr.strip()}")

    try:
        psql("create table events (seq bigserial primary key, body text)")
        psql(f"insert into events (body) select '{TEXT}' from generate_series(1, {records})")
        psql("vacuum analyze events")
        out = os.path.join(directory, "copied")
        began = time.monotonic()
        psql(f"copy events to '{out}' (format binary)")
        seconds = time.monotonic() - began
        size = os.path.getsize(out)
    finally:
        server.stop(signal.SIGINT)
    return check(size, records, seconds)


def check(size, records, seconds):
    if size < records * len(TEXT):
        raise Failed(f"{size} bytes came for {records} records: that is not all of them")
    return seconds


PEERS = {"Redis XRANGE": redis_seconds, "NATS JetStream consumer": nats_seconds, "PostgreSQL COPY": postgres_seconds}
