#!/usr/bin/env python3
"""Writes lib/base/wellknown_table.h from lib/base/wellknown.h: hashes and a lookup table. Run it after a change of the list."""
import re
import sys

SLOTS = 256


def fnv1a(text):
    h = 2166136261
    for byte in text.encode():
        h = (h ^ byte) * 16777619 & 0xFFFFFFFF
    return h


def main():
    source = open("lib/base/wellknown.h").read()
    groups = dict(re.findall(r"#define FLR__WELLKNOWN_(\w+)\(X\)((?:.*\\\n)*.*)", source))
    names = [m for g in ("PROPS", "HEADERS", "EVENTS", "CODES") for m in re.findall(r'X\((\w+), "([^"]*)"\)', groups[g])]
    slots = [0] * SLOTS
    for i, (_, text) in enumerate(names, 1):
        at = fnv1a(text) % SLOTS
        while slots[at]:
            at = (at + 1) % SLOTS
        slots[at] = i
    out = ["/* Made by tests/support/wellknown.py from wellknown.h: FNV-1a hashes of the well-known strings, and where to find them. */",
           "#ifndef FLR_LIB_WELLKNOWN_TABLE_H", "#define FLR_LIB_WELLKNOWN_TABLE_H", "", f"#define FLR__WELLKNOWN_SLOTS {SLOTS}", ""]
    out += [f"#define FLR__HASH_{name} 0x{fnv1a(text):08x}u" for name, text in names]
    out += ["", "static const unsigned char wellknown_slots[FLR__WELLKNOWN_SLOTS] = {"]
    out += ["    " + ", ".join(str(s) for s in slots[i:i + 16]) + "," for i in range(0, SLOTS, 16)]
    out += ["};", "", "#endif", ""]
    open(sys.argv[1] if len(sys.argv) > 1 else "lib/base/wellknown_table.h", "w").write("\n".join(out))


main()
