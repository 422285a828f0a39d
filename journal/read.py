#!/usr/bin/python3
"""Prints a journal, one event a line as JSON, with nothing of Spine but its schema: see FORMAT.md.

Usage: PYTHONPATH=build/dev/generated/python journal/read.py <state-dir>/journal
Needs Debian's python3-lmdb and python3-flatbuffers, and what flatc makes of schemas/event.fbs.
"""

import hashlib
import json
import struct
import sys

import event_generated as schema
import lmdb

BLOCK = struct.Struct("<4sHHIIQQQIIqqQQ32s")  # 112 bytes
RECORD = struct.Struct("<IHHHHIQQQQqQ")       # 64 bytes
KINDS = {number: name for name, number in vars(schema.EventBody).items() if isinstance(number, int)}


def blocks(directory):
    """The blocks in order; stops the program where the chain of SHA-256 or of seqs is broken."""
    previous, next_seq = bytes(32), 1
    with lmdb.open(directory, readonly=True, map_size=1 << 40) as environment, environment.begin() as transaction:
        for key, block in transaction.cursor():
            (magic, version, _, size, _, _, _, first, count, table, _, _, _, _, chain) = BLOCK.unpack_from(block)
            if magic != b"SBLK" or version > 2 or size != len(block):
                sys.exit(f"the block at seq {first} is none that this program can read")
            if chain != previous or first != next_seq or int.from_bytes(key, sys.byteorder) != first:
                sys.exit(f"the block at seq {first} does not follow the block before it")
            previous, next_seq = hashlib.sha256(block).digest(), first + count
            yield first, struct.unpack_from(f"<{count}I", block, table), block


def plain(value):
    """What json can write: tables become objects, bytes become text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist"):
        return [plain(item) for item in value]
    return {key: plain(item) for key, item in vars(value).items()} if hasattr(value, "__dict__") else value


def body_of(kind, data):
    """The body as a dict; None for a kind that is newer than the schema."""
    name = KINDS.get(kind)
    if name is None:
        return None
    unpacked = getattr(schema, name + "T")
    position = struct.unpack_from("<I", data)[0]  # of the root table
    return plain(unpacked.InitFromBuf(bytearray(data), position))


for first_seq, offsets, content in blocks(sys.argv[1]):
    for index, offset in enumerate(offsets):
        length, number, flags, source, _, key_id, principal, session, cause, correlation, wall, logical = \
            RECORD.unpack_from(content, offset)
        begin = offset + RECORD.size
        print(json.dumps({
            "seq": first_seq + index, "kind": KINDS.get(number, number), "input": bool(flags & 1), "source": source,
            "principal": principal, "session": session, "cause": cause, "correlation": correlation,
            "wallMs": wall, "logicalMs": logical,
            "body": body_of(number, content[begin:begin + length]) if key_id == 0 else "sealed"}))
