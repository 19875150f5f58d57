#!/usr/bin/env python3
"""The decoder of examples/frame.py against frames that the library encodes: the document in wire.h is enough to read them. FLR_BUILD names the folder
with the library."""

import json
import os
import struct
import subprocess
import sys
import tempfile
from ctypes import CDLL, Structure, byref, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t, c_uint32, c_void_p, create_string_buffer, sizeof

sys.dont_write_bytecode = True
sys.path.insert(0, "examples")
import frame as decoder  # noqa: E402

lib = CDLL(os.path.join(os.environ.get("FLR_BUILD", "build/default"), "libflrunner.so.1"))
lib.flr_frame_get_size.restype = c_size_t
failed = 0


class Envelope(Structure):
    _fields_ = [("struct_size", c_uint32), ("flags", c_uint32), ("kind", c_uint32), ("code", c_int32), ("id", c_int64), ("time", c_double),
                ("job", c_char_p), ("client", c_char_p), ("topic", c_char_p), ("task", c_char_p), ("task_id", c_char_p),
                ("peer", c_void_p), ("extra", c_void_p), ("message", c_void_p)]


def check(name, good):
    global failed
    failed += not good
    print("%s frame.py: %s" % ("ok" if good else "not ok", name))


def make(function, *arguments):
    """Call a function whose last parameter is [out]; an error code becomes an exception."""
    out = c_void_p()
    ok(getattr(lib, function)(*arguments, byref(out)))
    return out


def ok(status):
    if status < 0:
        raise RuntimeError("status %d" % status)


def put(message, key, value):
    ok(lib.flr_shareable_set(message, key, value))


def payload(data):
    return make("flr_blob_new_copy", bytes(data), c_size_t(len(data)))


def new_message(big):
    message = make("flr_shareable_new")
    ok(lib.flr_shareable_set_rc(message, b"OK"))
    put(message, b"nil", make("flr_value_new_nil"))
    put(message, b"yes", make("flr_value_new_bool", 1))
    for number in (0, 127, 128, 65535, 65536, 2**32, 2**63 - 1, -1, -32, -33, -129, -32769, -2**31 - 1):
        put(message, b"int %d" % number, make("flr_value_new_int", c_int64(number)))
    put(message, b"real", make("flr_value_new_real", c_double(-0.1)))
    put(message, b"text", make("flr_value_new_text", "Größe 42 ☂".encode() * 30))
    put(message, b"bytes", make("flr_value_new_bytes", payload(b"\0\1\2")))
    put(message, b"tensor", make("flr_value_new_tensor", 2, c_size_t(2), (c_int64 * 2)(1, 2), payload(struct.pack("<2f", 1.5, -2))))
    if big:
        put(message, b"large", make("flr_value_new_tensor", 9, c_size_t(1), (c_int64 * 1)(5000), payload(b"\7" * 5000)))
        put(message, b"larger", make("flr_value_new_bytes", payload(b"\5" * 9001)))
    return message


def encode(**fields):
    envelope = Envelope()
    lib.flr_envelope_init(byref(envelope), c_size_t(sizeof(envelope)))
    for name, value in fields.items():
        setattr(envelope, name, value)
    frame = make("flr_frame_encode", byref(envelope))
    buffer = create_string_buffer(lib.flr_frame_get_size(frame))
    ok(lib.flr_frame_copy(frame, buffer, c_size_t(len(buffer))))
    lib.flr_frame_unref(frame)
    return buffer.raw


def refused(data):
    try:
        decoder.decode(data)
    except (AssertionError, struct.error):
        return True
    return False


empty = encode(kind=1)
full = encode(kind=3, code=-7, id=2**40, time=2.5, job=b"job-1", client=b"site-1", topic=b"t", task=b"train", task_id=b"ab" * 16,
              message=new_message(True))
small = encode(kind=6, id=1, message=new_message(False))

header, size = decoder.decode(empty)
check("a frame with nothing but a kind", header == {"kind": 1} and size == len(empty))
header, size = decoder.decode(full + b"more")
check("its size, with something after it", size == len(full))
check("the envelope", [header.get(k) for k in ("kind", "code", "id", "time", "job", "client", "topic", "task", "task_id")] ==
      [3, -7, 2**40, 2.5, "job-1", "site-1", "t", "train", "ab" * 16])
check("headers", header["headers"] == {"__rc__": "OK"})
body = header["body"]
check("integers", all(int(key[4:]) == value for key, value in body.items() if key.startswith("int ")))
check("nil, bool, real, text", [body["nil"], body["yes"], body["real"], body["text"]] == [None, True, -0.1, "Größe 42 ☂" * 30])
check("bytes", body["bytes"] == {"bytes": "000102"})
check("a tensor", body["tensor"] == {"type": "f32", "shape": [1, 2], "bytes": struct.pack("<2f", 1.5, -2).hex()})
check("a tensor in a segment", body["large"] == {"type": "u8", "shape": [5000], "bytes": "07" * 5000})
check("bytes in a segment", body["larger"] == {"bytes": "05" * 9001})
check("segments are aligned", all(struct.unpack_from("<Q", full, 32 + 16 * i)[0] % 64 == 0 for i in range(2)))
check("the same message without segments", {k: v for k, v in body.items() if not k.startswith("large")} == decoder.decode(small)[0]["body"])
check("a changed byte is noticed", all(refused(small[:i] + bytes([small[i] ^ 1]) + small[i + 1:]) for i in range(len(small))))
check("a frame that is cut is noticed", all(refused(full[:i]) for i in range(0, len(full), 97)))
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "frames")
    with open(path, "wb") as f:
        f.write(empty + full)
    lines = subprocess.run([sys.executable, "examples/frame.py", path], capture_output=True, check=True).stdout.splitlines()
    check("the program prints a line of JSON per frame", [json.loads(line)["kind"] for line in lines] == [1, 3])
sys.exit(failed != 0)
