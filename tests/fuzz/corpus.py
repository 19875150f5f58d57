#!/usr/bin/env python3
"""Writes the hand-made part of the corpora of fuzz_frame, fuzz_value, fuzz_state and fuzz_model: one file for each kind of good and of bad input, named after it. Run it in the root of the project."""

import json
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



def state(head, segments=(), magic=b"FLRSTATE", version=1, count=None, size=None, sizes=None, first=None, second=None, after=b""):
    rest = head + b"".join(segments)
    begin = magic + struct.pack("<IIQ", version, len(segments) if count is None else count, len(head) if size is None else size)
    begin += b"".join(struct.pack("<Q", n) for n in (sizes or map(len, segments)))
    return begin + struct.pack("<II", crc32c(begin) if first is None else first, crc32c(rest) if second is None else second) + rest + after


def entry(kind, name, saved):
    return mapping(("kind", bytes([kind])), ("id", text(name)), ("state", saved))


def saved_run(*entries, job="job", index=b"\0", begun=b"\0", secret=ext(1, b"s" * 16)):
    return mapping(("job", text(job)), ("index", index), ("begun", begun), ("secret", secret), ("entries", bytes([0x90 | len(entries)]) + b"".join(entries)))


def fedavg(round_number, model):
    return entry(2, "fedavg", mapping(("round", round_number), ("model", model)))


KEEPER = entry(1, "keeper", b"\xc0")
BOARDS = [entry(3, name, mapping(("next", b"\2"))) for name in ("fedavg", "wf")]
MODEL = mapping(("x", tensor(2, [2], struct.pack("<ff", 1.5, -2))))
SAVED = saved_run(KEEPER, fedavg(b"\1", MODEL), *BOARDS)
IN_SEGMENT = saved_run(KEEPER, fedavg(b"\1", mapping(("x", ext(4, b"\2\1" + struct.pack(">qIQ", 2, 0, 8))))), *BOARDS)
# The first byte says how the rest is read: 0 as it is, 1 with its checksums mended, 2 sizes of segments, head, segments, 3 what a head says; 4 more: components and entries need not match.
STATES = {
    "state-good": b"\0" + state(SAVED),
    "state-good-segment": b"\0" + state(IN_SEGMENT, [b"\0" * 8]),
    "state-magic": b"\0" + state(SAVED, magic=b"FLRSTATX"),
    "state-version-0": b"\0" + state(SAVED, version=0),
    "state-version-2": b"\0" + state(SAVED, version=2),
    "state-checksum": b"\0" + state(SAVED, second=0),
    "state-prefix-checksum": b"\0" + state(SAVED, first=0),
    "state-after": b"\1" + state(SAVED, after=b"x"),
    "state-cut": b"\0" + state(SAVED)[:40],
    "state-mended": b"\1" + state(SAVED, first=0, second=0),
    "state-mended-segment": b"\1" + state(IN_SEGMENT, [b"\0" * 8], first=0, second=0),
    "state-count-immense": b"\0" + state(SAVED, count=2**32 - 1),
    "state-size-immense": b"\1" + state(SAVED, size=2**64 - 1),
    "state-size-wraps": b"\1" + state(SAVED, [b"\0" * 8], size=2**64 - 5, sizes=[len(SAVED) + 8 + 5]),
    "state-segments-wrap": b"\1" + state(SAVED, [b"\0" * 8, b"\0"], sizes=[2**64 - 1, 10]),
    "state-head": b"\2\0" + SAVED,
    "state-head-segment": b"\2\1\x08" + IN_SEGMENT + b"\0" * 8,
    "state-head-mismatch": b"\6\0" + saved_run(),
    "state-no-entries": b"\2\0" + saved_run(),
    "state-other-job": b"\2\0" + saved_run(KEEPER, fedavg(b"\1", MODEL), *BOARDS, job="other"),
    "state-index-2": b"\2\0" + saved_run(KEEPER, fedavg(b"\2", MODEL), *BOARDS, index=b"\2"),
    "state-index-3": b"\2\0" + saved_run(KEEPER, fedavg(b"\2", MODEL), *BOARDS, index=b"\3"),
    "state-begun-most": b"\2\0" + saved_run(KEEPER, fedavg(b"\1", MODEL), *BOARDS, begun=b"\xcf\x7f" + b"\xff" * 7),
    "state-begun-almost": b"\2\0" + saved_run(KEEPER, fedavg(b"\1", MODEL), *BOARDS, begun=b"\xcf\x7f" + b"\xff" * 6 + b"\xfe"),
    "state-next-most": b"\2\0" + saved_run(KEEPER, fedavg(b"\0", MODEL), *[entry(3, n, mapping(("next", b"\xcf\x7f" + b"\xff" * 7))) for n in ("fedavg", "wf")]),
    "state-secret-short": b"\2\0" + saved_run(KEEPER, fedavg(b"\1", MODEL), *BOARDS, secret=ext(1, b"s")),
    "state-round-3": b"\2\0" + saved_run(KEEPER, fedavg(b"\3", MODEL), *BOARDS),
    "state-other-model": b"\2\0" + saved_run(KEEPER, fedavg(b"\1", mapping(("y", tensor(2, [2], b"\0" * 8)))), *BOARDS),
    "state-refused": b"\2\0" + saved_run(entry(1, "keeper", text("refuse")), fedavg(b"\1", MODEL), *BOARDS),
    "state-entry-twice": b"\2\0" + saved_run(KEEPER, KEEPER, fedavg(b"\1", MODEL), *BOARDS),
    "state-said": b"\3\0\0\0\0\0\1\xc0" + b"\1\x65\x66\1" + b"\2\1" + b"\2\2",
    "state-said-more": b"\3\0\1\1\2\0\1\xc0" + b"\1\x65\x66\2" + b"\2\1" + b"\2\6" + b"\1\0\0\1\xc2",
    "state-said-mismatch": b"\7\x08\1\1\2" + b"\2\1\1\x65\x66\2",
}


def one(kind, shape, begin, end):
    return {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}


def model(header, data=b"", length=None):
    header = (header if isinstance(header, str) else json.dumps(header)).encode()
    return b"\0\0" + struct.pack("<Q", len(header) if length is None else length) + header + data


TYPES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
EACH, AT = {}, 0
for name, bytes_each in TYPES.items():
    EACH[name] = one(name, [1], AT, AT + bytes_each)
    AT += bytes_each
MODELS = {
    "model-empty": model({}),
    "model-each-type": model(EACH, bytes(AT)),
    "model-metadata": model({"__metadata__": {"round": "1", "job": "a\"b\\c\u00e9\n"}, "x": one("F32", [2, 3], 0, 24)}, bytes(24)),
    "model-scalar": model({"x": one("F64", [], 0, 8)}, bytes(8)),
    "model-no-elements": model({"x": one("F64", [0, 5], 0, 0)}),
    "model-misaligned": model({"a": one("U8", [1], 0, 1), "b": one("F32", [1], 1, 5)}, bytes(5)),
    "model-escapes": model('{"\\u0041\\ud83d\\ude00\\t\\/\\"": {"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x"),
    "model-blanks": model(' \t\r\n{ "x" : { "dtype" : "U8" , "shape" : [ 1 ] , "data_offsets" : [ 0 , 1 ] } } ', b"x"),
    "model-mended": b"\1\x08" + json.dumps({"x": one("F32", [2], 0, 8)}).encode() + b"12345678",
    "model-short": b"\0\0" + b"\1\2\3",
    "model-length-immense": model({}, length=2**64 - 1),
    "model-no-object": model("[]"),
    "model-after": model("{}x"),
    "model-unknown-type": model({"x": one("F8_E4M3", [1], 0, 1)}, b"x"),
    "model-rank-17": model({"x": one("U8", [1] * 17, 0, 1)}, b"x"),
    "model-shape-overflow": model({"x": one("F64", [2**62, 4], 0, 0)}),
    "model-number-immense": model('{"x":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,1]}}', b"x"),
    "model-number-0": model('{"x":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}', b"x"),
    "model-shape-other": model({"x": one("U8", [2], 0, 1)}, b"x"),
    "model-beyond": model({"x": one("U8", [2], 0, 2)}, b"x"),
    "model-backwards": model({"x": one("U8", [0], 1, 0)}, b"x"),
    "model-overlap": model({"a": one("U8", [2], 0, 2), "b": one("U8", [2], 1, 3)}, b"xyz"),
    "model-gap": model({"a": one("U8", [1], 0, 1), "b": one("U8", [1], 2, 3)}, b"xyz"),
    "model-behind": model({"a": one("U8", [1], 0, 1)}, b"xyz"),
    "model-twice": model('{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    "model-member-twice": model('{"x":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    "model-member-missing": model('{"x":{"dtype":"U8","shape":[0]}}'),
    "model-member-unknown": model('{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"more":1}}'),
    "model-no-name": model({"": one("U8", [0], 0, 0)}),
    "model-metadata-number": model('{"__metadata__":{"a":1}}'),
    "model-metadata-twice": model('{"__metadata__":{"a":"1","a":"2"}}'),
    "model-nul": model('{"a\\u0000":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    "model-surrogate": model('{"\\ud83d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    "model-unended": model('{"x'),
}

for name, files in (("frame", FRAMES), ("value", VALUES), ("state", STATES), ("model", MODELS)):
    folder = os.path.join("tests/fuzz/corpus", name)
    os.makedirs(folder, exist_ok=True)
    for title, data in files.items():
        with open(os.path.join(folder, title), "wb") as f:
            f.write(data)
