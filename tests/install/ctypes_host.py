#!/usr/bin/env python3
"""A host in Python, made of ctypes alone: the ABI needs no macro, no inline function and no C shim. Three clients each add a constant to
the model; FedAvg weighs them. Threads and the simulation must give the same bits. FLR_BUILD names the folder with the library."""

import os
import struct
from ctypes import CDLL, CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint32, c_uint64, c_void_p, sizeof, string_at

lib = CDLL(os.path.join(os.environ.get("FLR_BUILD", "build/default"), "libflrunner.so.1"))
for name in ("flr_shareable_get", "flr_map_get", "flr_value_get_blob", "flr_blob_get_data", "flr_local_get_engine_ops"):
    getattr(lib, name).restype = c_void_p  # all others return an int or nothing


class FedavgOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("flags", c_uint32), ("initial_model", c_void_p), ("task_name", c_char_p),
                ("rounds", c_uint64), ("min_clients", c_uint64), ("wait_time_after_min_received", c_double),
                ("train_timeout", c_double), ("wait_for_clients_timeout", c_double), ("integers", c_int64),
                ("accumulator", c_int64), ("on_round", c_void_p), ("self", c_void_p),
                ("models", c_void_p), ("model_name", c_char_p), ("model_every", c_uint64)]


def make(function, *arguments):
    """Call a function whose last parameter is [out]; an error code becomes an exception."""
    out = c_void_p()
    ok(getattr(lib, function)(*arguments, byref(out)))
    return out


def ok(status):
    if status < 0:
        raise RuntimeError("status %d" % status)


def read_model(model):
    blob = c_void_p(lib.flr_value_get_blob(c_void_p(lib.flr_map_get(model, b"w"))))
    return struct.unpack("<2d", string_at(lib.flr_blob_get_data(blob), 16))


def new_model(numbers):
    blob = make("flr_blob_new_copy", struct.pack("<2d", *numbers), c_size_t(16))
    tensor = make("flr_value_new_tensor", 3, c_size_t(1), (c_int64 * 1)(2), blob)  # FLR_TYPE_F64 is 3
    lib.flr_blob_unref(blob)
    model = make("flr_value_new_map")
    ok(lib.flr_map_set(byref(model), b"w", tensor))
    return model


@CFUNCTYPE(c_int, c_void_p, c_char_p, c_char_p, c_void_p, c_void_p, POINTER(c_void_p))
def train(self, client, task_name, data, abort, result):
    try:
        site = int(client.decode()[-1])
        weights = read_model(c_void_p(lib.flr_shareable_get(c_void_p(data), b"model")))
        reply = make("flr_shareable_new")
        ok(lib.flr_shareable_set(reply, b"model", new_model([w + site for w in weights])))
        ok(lib.flr_shareable_set_int(reply, b"num_samples", c_int64(10 * site)))
        result[0] = reply
        return 0
    except Exception:
        return -10001  # from -10000 down the codes are the host's own


def federation(simulate):
    options, initial = FedavgOptions(), new_model([0.0, 0.1])
    lib.flr_fedavg_options_init(byref(options), c_size_t(sizeof(options)))
    options.initial_model, options.rounds, options.min_clients = initial, 4, 3
    workflow, config, local = make("flr_fedavg_new", byref(options)), make("flr_config_new"), make("flr_local_new", None)
    clock = make("flr_clock_new_manual", c_int64(0), c_int64(0)) if simulate else make("flr_clock_new_system")
    for site in (b"site-1", b"site-2", b"site-3"):
        ok(lib.flr_local_add_client(local, site, train, None))
    ok(lib.flr_config_set_clock(config, clock))
    ok(lib.flr_config_set_task_request_interval(config, c_double(0.01)))
    ok(lib.flr_config_add_workflow(config, b"train", workflow))
    runner = make("flr_runner_new", config, b"job", c_void_p(lib.flr_local_get_engine_ops(local)), local)
    ok(lib.flr_local_simulate(local, runner, clock) if simulate else lib.flr_local_run(local, runner))
    model = make("flr_fedavg_get_model", workflow)
    numbers = read_model(model)
    for function, handle in (("flr_value_unref", model), ("flr_value_unref", initial), ("flr_runner_free", runner),
                             ("flr_local_free", local), ("flr_clock_unref", clock)):
        getattr(lib, function)(handle)
    return numbers


threads, simulated = federation(False), federation(True)
each = (10 * 1 + 20 * 2 + 30 * 3) / 60
good = threads == simulated and all(abs(n - start - 4 * each) < 1e-12 for n, start in zip(threads, (0.0, 0.1)))
print("%s ctypes host: %r with threads, %r simulated" % ("ok" if good else "not ok", threads, simulated))
raise SystemExit(0 if good else 1)
