#!/usr/bin/env python3
"""Print the tensors of a model file (safetensors layout, include/flrunner/snapshot.h). Standard library only: read_model.py FILE."""
import json, struct, sys

FORMATS = {"F64": "d", "F32": "f", "F16": "e", "I64": "q", "I32": "i", "I16": "h", "I8": "b", "U8": "B", "BOOL": "?"}
data = open(sys.argv[1], "rb").read()
length = struct.unpack_from("<Q", data)[0]
header = json.loads(data[8 : 8 + length])
print(json.dumps(header.pop("__metadata__", {})))
for name, t in header.items():
    begin, end = (8 + length + offset for offset in t["data_offsets"])
    numbers = [x[0] for x in struct.iter_unpack("<" + FORMATS[t["dtype"]], data[begin:end])] if t["dtype"] in FORMATS else ["not printed"]
    print(name, t["dtype"], t["shape"], numbers if len(numbers) < 9 else numbers[:8] + ["..."])
