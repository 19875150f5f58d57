#!/usr/bin/env python3
"""The reader of examples/read_model.py against a model file that the library writes: the document in snapshot.h is enough to read it. FLR_BUILD names the
folder with the library."""

import os
import struct
import subprocess
import sys
import tempfile
from ctypes import CDLL, Structure, byref, c_char_p, c_int64, c_size_t, c_uint32, c_uint64, c_void_p, sizeof

lib = CDLL(os.path.join(os.environ.get("FLR_BUILD", "build/default"), "libflrunner.so.1"))
failed = 0


class StoreOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("flags", c_uint32), ("directory", c_char_p), ("name", c_char_p), ("max_size", c_uint64)]


def check(name, good):
    global failed
    failed += not good
    print("%s model-py: %s" % ("ok" if good else "not ok", name))


def ok(status):
    if status < 0:
        raise RuntimeError("status %d" % status)


def make(function, *arguments):
    out = c_void_p()
    ok(getattr(lib, function)(*arguments, byref(out)))
    return out


def set_tensor(model, name, kind, shape, data):
    ok(lib.flr_map_set_tensor(byref(model), name, kind, c_size_t(len(shape)), (c_int64 * len(shape))(*shape), data))


with tempfile.TemporaryDirectory() as directory:
    options = StoreOptions()
    lib.flr_file_store_options_init(byref(options), c_size_t(sizeof(options)))
    options.directory = directory.encode()
    store, model, metadata = make("flr_file_store_new", byref(options)), make("flr_value_new_map"), make("flr_value_new_map")
    ok(lib.flr_file_store_open(store))
    set_tensor(model, b"counts", 7, [2], struct.pack("<2i", -1, 70000))  # FLR_TYPE_I32
    set_tensor(model, "gewicht \u00e4".encode(), 2, [2, 3], struct.pack("<6f", 0, 0.5, 1, 1.5, 2, -2.25))  # FLR_TYPE_F32
    set_tensor(model, b"bias", 3, [], struct.pack("<d", 0.1))  # FLR_TYPE_F64
    set_tensor(model, b"large", 9, [20], bytes(range(20)))  # FLR_TYPE_U8
    set_tensor(model, b"half", 1, [3], struct.pack("<3e", 0.5, -2, 65504))  # FLR_TYPE_F16
    set_tensor(model, b"brain", 4, [2, 1], bytes(4))  # FLR_TYPE_BF16, which Python's struct has not
    set_tensor(model, b"mask", 10, [2], bytes([1, 0]))  # FLR_TYPE_BOOL
    set_tensor(model, b"none", 3, [0, 4], b"")
    ok(lib.flr_map_set_text(byref(metadata), b"round", b"3"))
    ok(lib.flr_file_store_save_model(store, b"penguins", model, metadata))
    path = os.path.join(directory, "penguins.safetensors")
    run = subprocess.run([sys.executable, "examples/read_model.py", path], capture_output=True, text=True, check=False)
    lines = run.stdout.splitlines()
    check("it is read", run.returncode == 0 and run.stderr == "" and len(lines) == 9)
    check("metadata", lines[:1] == ['{"round": "3"}'])
    check("a scalar of F64", "bias F64 [] [0.1]" in lines)
    check("a matrix of F32, a name that is not ASCII", "gewicht \u00e4 F32 [2, 3] [0.0, 0.5, 1.0, 1.5, 2.0, -2.25]" in lines)
    check("integers", "counts I32 [2] [-1, 70000]" in lines)
    check("more than is printed", "large U8 [20] [0, 1, 2, 3, 4, 5, 6, 7, '...']" in lines)
    check("F16", "half F16 [3] [0.5, -2.0, 65504.0]" in lines)
    check("BF16 is not printed", "brain BF16 [2, 1] ['not printed']" in lines)
    check("BOOL", "mask BOOL [2] [True, False]" in lines)
    check("no elements", "none F64 [0, 4] []" in lines)
    for function, handle in (("flr_file_store_unref", store), ("flr_value_unref", model), ("flr_value_unref", metadata)):
        getattr(lib, function)(handle)
raise SystemExit(failed != 0)
