#!/usr/bin/env python3
"""Writes the hand-made part of the corpora of fuzz_frame and fuzz_value: one file for each kind of good and of bad input, named after it. Run it in the root of the project."""

import os
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, "examples")
from frame import crc32c  # noqa: E402


def text(s):
    data = s if isinstance(s, bytes) else s.encode()
    return (bytes([0xA0 | len(data)]) if len(data) < 32 else b"\xd9" + bytes([len(data)])) + data


def mapping(*pairs):
    assert len(pairs) < 16
    return bytes([0x80 | len(pairs)]) + b"".join(text(k) + v for k, v in pairs)


def ext(kind, data):
    return b"\xc7" + bytes([len(data), kind]) + data


def real(number):
    return b"\xcb" + struct.pack(">d", number)


def tensor(kind, shape, payload, rank=None):
    return ext(3, bytes([kind, len(shape) if rank is None else rank]) + b"".join(struct.pack(">q", d) for d in shape) + payload)


def segment(number, size):
    return ext(2, struct.pack(">IQ", number, size))


def frame(header, segments=(), magic=b"FLRF", major=1, minor=0, flags=0, reserved=0, total=None, count=None, size=None, table=None,
          gap=b"\0", crc=None, after=b""):
    begin = 32 + 16 * len(segments)
    body, entries = header, []
    for data in segments:
        body += gap * (-(begin + len(body)) % 64)
        entries.append((begin + len(body), len(data)))
        body += data
    entries = table(entries) if table else entries
    rows = b"".join(struct.pack("<QQ", *e) for e in entries)
    prefix = struct.pack("<4sBBHIIQI", magic, major, minor, flags, len(header) if size is None else size,
                         len(segments) if count is None else count, begin + len(body) if total is None else total, reserved)
    check = crc32c(prefix + rows + body[:len(header)]) if crc is None else crc
    return prefix + struct.pack("<I", check) + rows + body + after


KIND = ("kind", b"\x03")
RICH = mapping(KIND, ("code", b"\xff"), ("id", b"\x07"), ("time", real(1.5)), ("job", text("job")), ("client", text("a")), ("topic", text("t")),
               ("task", text("train")), ("task_id", text("0" * 32)), ("peer", mapping(("__run_num__", text("job")))), ("extra", mapping()),
               ("headers", mapping(("__rc__", text("OK")), ("list", b"\x93\xc0\xc2\xc3"))),
               ("body", mapping(("x", tensor(2, [2], b"\0" * 8)), ("b", ext(1, b"abc")))))


def body(value):
    return mapping(KIND, ("body", mapping(("v", value))))


def with_key(key, value):
    return frame(mapping(KIND, (key, value)))


ONE = body(segment(0, 100))
TWO = mapping(KIND, ("body", mapping(("a", segment(0, 100)), ("b", segment(1, 70)))))
DATA = [b"\1" * 100, b"\2" * 70]

FRAMES = {
    "good-least": frame(mapping(KIND)),
    "good-rich": frame(RICH),
    "good-segment": frame(ONE, DATA[:1]),
    "good-segments": frame(TWO, DATA),
    "good-empty-segment": frame(body(segment(0, 0)), [b""]),
    "good-later-minor": frame(mapping(KIND, ("later", mapping(("deep", b"\x91\xc0")))), minor=9),
    "good-unknown-key": with_key("unknown", b"\x93\x01\x02" + ext(1, b"x")),
    "magic": frame(mapping(KIND), magic=b"FLRX"),
    "major": frame(mapping(KIND), major=2),
    "flags": frame(mapping(KIND), flags=1),
    "reserved": frame(mapping(KIND), reserved=1),
    "checksum": frame(RICH, crc=0),
    "total-too-small": frame(RICH, total=40),
    "total-too-large": frame(RICH, total=10**6),
    "total-immense": frame(RICH, total=2**64 - 1),
    "header-size-immense": frame(RICH, size=2**32 - 1),
    "segment-count-immense": frame(RICH, count=2**32 - 1),
    "segment-misaligned": frame(TWO, DATA, table=lambda e: [(e[0][0] + 1, e[0][1]), e[1]]),
    "segment-overlaps": frame(TWO, DATA, table=lambda e: [e[0], (e[0][0] + 64, e[1][1])]),
    "segment-beyond-the-end": frame(TWO, DATA, table=lambda e: [e[0], (e[1][0], 1000)]),
    "segment-size-immense": frame(TWO, DATA, table=lambda e: [e[0], (e[1][0], 2**64 - 1)]),
    "segments-swapped": frame(TWO, DATA, table=lambda e: e[::-1]),
    "segment-twice": frame(mapping(KIND, ("body", mapping(("a", segment(0, 100)), ("b", segment(0, 100))))), DATA[:1]),
    "segment-unused": frame(mapping(KIND), DATA[:1]),
    "segment-unknown": frame(body(segment(1, 100)), DATA[:1]),
    "segment-of-another-size": frame(body(segment(0, 99)), DATA[:1]),
    "gap-not-zero": frame(TWO, DATA, gap=b"\1"),
    "bytes-after": frame(RICH, after=b"x"),
    "cut-prefix": frame(RICH)[:20],
    "cut-header": frame(RICH)[:60],
    "cut-segment": frame(TWO, DATA)[:-1],
    "header-no-map": frame(b"\x93\x01\x02\x03"),
    "header-trailing": frame(mapping(KIND) + b"\xc0"),
    "header-empty": frame(b""),
    "duplicate-key": frame(mapping(KIND, KIND)),
    "duplicate-key-in-body": frame(mapping(KIND, ("body", mapping(("a", b"\x01"), ("a", b"\x02"))))),
    "key-no-text": frame(b"\x81\x01\x02"),
    "kind-missing": frame(mapping()),
    "kind-zero": frame(mapping(("kind", b"\x00"))),
    "kind-too-large": frame(mapping(("kind", b"\xce\x00\x01\x00\x00"))),
    "kind-text": frame(mapping(("kind", text("3")))),
    "code-too-large": with_key("code", b"\xcf\x00\x00\x00\x01\x00\x00\x00\x00"),
    "id-negative": with_key("id", b"\xff"),
    "time-nan": with_key("time", real(float("nan"))),
    "time-infinite": with_key("time", real(float("inf"))),
    "time-negative": with_key("time", real(-1)),
    "job-too-long": with_key("job", b"\xda\x01\x00" + b"j" * 256),
    "job-not-utf8": with_key("job", text(b"\xff\xfe")),
    "job-with-nul": with_key("job", text(b"a\0b")),
    "peer-no-map": with_key("peer", b"\x91\xc0"),
    "body-no-map": with_key("body", b"\xc0"),
    "body-with-headers-key": with_key("body", mapping(("__headers__", b"\xc0"))),
    "nested-40": frame(body(b"\x91" * 40 + b"\xc0")),
    "list-immense": frame(body(b"\xdd\xff\xff\xff\xff")),
    "map-immense": frame(body(b"\xdf\xff\xff\xff\xff")),
    "text-immense": frame(body(b"\xdb\xff\xff\xff\xff")),
    "ext-immense": frame(body(b"\xc9\xff\xff\xff\xff\x01")),
    "ext-unknown": frame(body(ext(9, b"abc"))),
    "float32": frame(body(b"\xca\x00\x00\x00\x00")),
    "bin": frame(body(b"\xc4\x01x")),
    "uint64-too-large": frame(body(b"\xcf" + b"\xff" * 8)),
    "tensor-type-0": frame(body(tensor(0, [1], b"\0"))),
    "tensor-type-11": frame(body(tensor(11, [1], b"\0"))),
    "tensor-rank-17": frame(body(tensor(9, [1] * 17, b"\0"))),
    "tensor-rank-beyond": frame(body(tensor(9, [1], b"\0", rank=16))),
    "tensor-negative": frame(body(tensor(9, [-1], b"\0"))),
    "tensor-overflow": frame(body(tensor(3, [2**40, 2**40], b"\0" * 8))),
    "tensor-other-size": frame(body(tensor(2, [3], b"\0" * 8))),
}

VALUES = {"value-" + name: b"\0" + data for name, data in {
    "nil": b"\xc0", "rich": RICH, "nested-40": b"\x91" * 40 + b"\xc0", "nested-32": b"\x91" * 31 + b"\xc0", "list-immense": b"\xdd\xff\xff\xff\xff",
    "map-immense": b"\xdf\xff\xff\xff\xff", "text-immense": b"\xdb\xff\xff\xff\xff", "text-long-form": b"\xdb\x00\x00\x00\x01x", "not-utf8": text(b"\xc0\x80"),
    "surrogate": text(b"\xed\xa0\x80"), "nul": text(b"\0"), "duplicate-key": mapping(("a", b"\1"), ("a", b"\2")), "key-no-text": b"\x81\x01\x02",
    "empty-key": mapping(("", b"\1")), "trailing": b"\xc0\xc0", "cut": b"\x92\xc0", "int-long-form": b"\xd3" + b"\0" * 8, "int-least": b"\xd3\x80" + b"\0" * 7,
    "uint64": b"\xcf" + b"\xff" * 8, "nan": real(float("nan")), "tensor": tensor(2, [1, 2], b"\0" * 8), "tensor-empty": tensor(2, [0, 2**40], b""),
    "tensor-overflow": tensor(3, [2**62, 4], b""), "tensor-scalar": tensor(3, [], b"\0" * 8), "unused": b"\xc1"}.items()}
VALUES["value-segment"] = b"\1" + segment(0, 64)
VALUES["value-segments"] = b"\2\x92" + segment(0, 64) + segment(1, 32)
VALUES["value-segments-swapped"] = b"\2\x92" + segment(1, 32) + segment(0, 64)

for name, files in (("frame", FRAMES), ("value", VALUES)):
    folder = os.path.join("tests/fuzz/corpus", name)
    os.makedirs(folder, exist_ok=True)
    for title, data in files.items():
        with open(os.path.join(folder, title), "wb") as f:
            f.write(data)
