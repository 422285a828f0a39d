"""Finds the journal's blocks in the bytes of data.mdb, to damage them on purpose (journal/block.h)."""

import hashlib
import re
import struct

MAGIC = b"SBLK"
_HEADER = struct.Struct("<4sHHIIQQQ")  # magic version flags bytes crc32c epoch_hi epoch_lo first_seq
_CRC_AT = 12
_PREVIOUS_AT = 80


def _table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def block_crc(block):
    return crc32c(block[:_CRC_AT] + b"\0\0\0\0" + block[_CRC_AT + 4:])


def find(path):
    """{first seq: (bytes of the block, [places in the file])}. LMDB may have left older copies behind."""
    data = path.read_bytes()
    found = {}
    for match in re.finditer(re.escape(MAGIC), data):
        place = match.start()
        if len(data) < place + _HEADER.size:
            continue
        _, _, _, size, crc, _, _, first = _HEADER.unpack_from(data, place)
        block = data[place:place + size]
        if size >= 112 and len(block) == size and block_crc(block) == crc:
            found.setdefault(first, (block, []))[1].append(place)
    return found


def to_format_1(path):
    """Makes a journal one of format 1 throughout: no flags, and a chain over the changed blocks."""
    previous = bytes(32)
    for _, (block, places) in sorted(find(path).items()):
        changed = bytearray(block)
        struct.pack_into("<HH", changed, 4, 1, 0)
        changed[_PREVIOUS_AT:_PREVIOUS_AT + 32] = previous
        struct.pack_into("<I", changed, _CRC_AT, block_crc(bytes(changed)))
        previous = hashlib.sha256(changed).digest()
        write(path, places, changed)


def write(path, places, block):
    with open(path, "r+b") as file:
        for place in places:
            file.seek(place)
            file.write(block)


def with_version(block, version):
    """The block as a later format would have written it: its checksum is right."""
    changed = bytearray(block)
    struct.pack_into("<H", changed, 4, version)
    struct.pack_into("<I", changed, _CRC_AT, block_crc(bytes(changed)))
    return bytes(changed)
