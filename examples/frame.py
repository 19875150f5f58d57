#!/usr/bin/env python3
"""Print frames (include/flrunner/wire.h) as JSON. Standard library only: frame.py [FILE ...], else standard input."""
import json
import struct
import sys

TYPES = [None, "f16", "f32", "f64", "bf16", "i8", "i16", "i32", "i64", "u8", "bool"]


def crc32c(data, crc=0xFFFFFFFF):
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Reader:
    """MessagePack, as far as frames use it."""

    def __init__(self, data, segments):
        self.data, self.at, self.segments = data, 0, segments

    def take(self, form):
        values = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(">" + form)
        return values[0] if len(values) == 1 else values

    def ext(self, size):
        kind, end = self.take("B"), self.at + size
        about = {}
        if kind >= 3:
            about["type"], rank = TYPES[self.take("B")], self.take("B")
            about["shape"] = [self.take("q") for _ in range(rank)]
        if kind % 2 == 0:
            number, length = self.take("IQ")
            payload = self.segments[number]
            assert len(payload) == length, "a segment of another size"
        else:
            payload = self.data[self.at:end]
        self.at = end
        return dict(about, bytes=bytes(payload).hex())

    def value(self):
        c = self.take("B")
        if c < 0x80 or c >= 0xE0:
            return c if c < 0x80 else c - 256
        if c < 0x90 or c in (0xDE, 0xDF):
            size = c & 15 if c < 0x90 else self.take("H" if c == 0xDE else "I")
            return {self.value(): self.value() for _ in range(size)}
        if c < 0xA0 or c in (0xDC, 0xDD):
            return [self.value() for _ in range(c & 15 if c < 0xA0 else self.take("H" if c == 0xDC else "I"))]
        if c < 0xC0 or 0xD9 <= c <= 0xDB:
            size = c & 31 if c < 0xC0 else self.take("BHI"[c - 0xD9])
            self.at += size
            return bytes(self.data[self.at - size:self.at]).decode()
        if c in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[c]
        if 0xC7 <= c <= 0xC9 or 0xD4 <= c <= 0xD8:
            return self.ext(1 << c - 0xD4 if c >= 0xD4 else self.take("BHI"[c - 0xC7]))
        return self.take({0xCB: "d", 0xCC: "B", 0xCD: "H", 0xCE: "I", 0xCF: "Q",
                          0xD0: "b", 0xD1: "h", 0xD2: "i", 0xD3: "q"}[c])


def decode(frame):
    """The header of a frame that begins here, and its size."""
    magic, major, _, _, header, count, total, _, crc = struct.unpack_from("<4sBBHIIQII", frame)
    start = 32 + 16 * count
    assert magic == b"FLRF" and major == 1 and total <= len(frame), "no frame of version 1"
    assert crc32c(frame[:28] + frame[32:start + header]) == crc, "a wrong checksum"
    places = [struct.unpack_from("<QQ", frame, 32 + 16 * i) for i in range(count)]
    return Reader(frame[start:start + header], [frame[a:a + n] for a, n in places]).value(), total


if __name__ == "__main__":
    for data in [open(name, "rb").read() for name in sys.argv[1:]] or [sys.stdin.buffer.read()]:
        while data:
            message, size = decode(data)
            print(json.dumps(message))
            data = data[size:]
