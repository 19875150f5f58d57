#!/usr/bin/env python3
"""Compares what the public headers declare, the linker's map and what the shared library exports; or writes the map.

usage: symbols.py check LIBRARY | symbols.py write [ROOT]
"""

import pathlib
import re
import subprocess
import sys

import headers

NODE = "FLRUNNER_1.0"


def map_path(root):
    return root / "lib" / "libflrunner.map"


def read_map(root=headers.ROOT):
    """(all global names, problem or None)"""
    text = re.sub(r"/\*.*?\*/|#[^\n]*", "", map_path(root).read_text(), flags=re.S)
    names = []
    for body in re.findall(r"FLRUNNER_[\d.]+\s*\{(.*?)\}", text, flags=re.S):
        public = re.search(r"global:(.*?)(local:|$)", body, flags=re.S)
        names += [n.strip() for n in public.group(1).split(";") if n.strip()] if public else []
    for name in names:
        if not re.fullmatch(r"flr_\w+", name):
            return names, "the map's global part holds `%s`" % name
    if len(set(names)) != len(names):
        return names, "the map names something twice"
    return names, None


def write_map(root):
    names = sorted(headers.functions(headers.read_all(root)))
    lines = ["# What libflrunner.so exports: the functions that a public header declares. One node per release; `make abi-refresh` writes it."]
    lines += [NODE + " {", "global:"] + ["    %s;" % n for n in names] + ["local:", "    *;", "};"]
    map_path(root).write_text("\n".join(lines) + "\n")


def exported(library):
    out = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    names = {line.split()[-1] for line in out.splitlines() if line.strip()}
    return {n.split("@")[0] for n in names if not n.startswith("FLRUNNER_")}


def check(library):
    declared = set(headers.functions(headers.read_all()))
    mapped, problem = read_map()
    mapped = set(mapped)
    real = exported(library)
    problems = [problem] if problem else []
    for text, names in (
        ("declared but not in the map", declared - mapped),
        ("in the map but not declared", mapped - declared),
        ("in the map but not exported", mapped - real),
        ("exported but not in the map", real - mapped),
    ):
        problems += ["%s: %s" % (text, n) for n in sorted(names)]
    for problem in problems:
        print("  " + problem)
    return 1 if problems else 0


def main(argv):
    if len(argv) == 3 and argv[1] == "check":
        return check(argv[2])
    if len(argv) in (2, 3) and argv[1] == "write":
        write_map(pathlib.Path(argv[2]) if len(argv) == 3 else headers.ROOT)
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv))
