#!/usr/bin/env python3
"""Writes tests/abi/frozen.h, the copy of the public ABI that layout.c asserts the headers against; or compares it with the headers.

usage: freeze.py write [OUTPUT] | freeze.py check

`check` reports what is new or gone since the copy was taken: layout.c sees only what the copy names. CC names the compiler that
evaluates the constants.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import headers

FROZEN = pathlib.Path(__file__).resolve().parent / "frozen.h"

EVALUATE = r"""
#include <inttypes.h>
#include <stdio.h>
%(includes)s
static void show_int(const char *name, intmax_t v) { printf("%%s int %%" PRIdMAX "\n", name, v); }
static void show_unsigned(const char *name, uintmax_t v) { printf("%%s unsigned %%" PRIuMAX "\n", name, v); }
static void show_real(const char *name, double v) { printf("%%s real %%a\n", name, v); }
static void show_text(const char *name, const char *v) { printf("%%s text %%s\n", name, v); }
#define SHOW(name, x) _Generic((x), char *: show_text, const char *: show_text, float: show_real, double: show_real, \
    unsigned: show_unsigned, unsigned long: show_unsigned, unsigned long long: show_unsigned, default: show_int)(name, x)
int main(void)
{
%(shows)s
    return 0;
}
"""


def evaluate(names, root=headers.ROOT):
    """[(name, kind, value)] as the compiler sees them."""
    includes = "\n".join("#include <flrunner/%s>" % p.name for p in headers.paths(root))
    shows = "\n".join('    SHOW("%s", %s);' % (n, n) for n in names)
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "constants.c"
        program = pathlib.Path(folder) / "constants"
        source.write_text(EVALUATE % {"includes": includes, "shows": shows})
        compiler = shlex.split(os.environ.get("CC", "cc"))
        subprocess.run(compiler + ["-std=c11", "-I%s" % (root / "include"), str(source), "-o", str(program)], check=True)
        out = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout
    found = []
    for line in out.splitlines():
        found.append(tuple(line.split(" ", 2)))
    return found


def literal(kind, value):
    if kind == "int":
        number = int(value)
        return "(-INT64_C(%d) - 1)" % (-(number + 1)) if number < -(2**31) else ("INT64_C(%d)" % number if abs(number) >= 2**31 else str(number))
    if kind == "unsigned":
        return "UINT64_C(%s)" % value
    if kind == "text":
        return '"%s"' % value.replace("\\", "\\\\").replace('"', '\\"')
    return value


def generate(root=headers.ROOT):
    text = headers.read_all(root)
    out = [
        "/*",
        " * The public ABI as it was when this copy was taken: structs, function types, functions, constants. Written by freeze.py;",
        " * from 1.0 on it is only ever added to. layout.c gives the FROZEN_ macros their meaning.",
        " */",
        "",
    ]
    for name, (lines, members) in sorted(headers.structs(text).items()):
        out += ["struct frozen_%s {" % name] + ["    " + line for line in lines] + ["};"]
        out += ["FROZEN_MEMBER(%s, %s)" % (name, m) for m in members]
        out += ["FROZEN_NEXT(%s, %s, %s)" % (name, a, b) for a, b in zip(members, members[1:])]
        out += ["FROZEN_STRUCT(%s, %s)" % (name, members[-1]), ""]
    for name, declaration in sorted(headers.function_types(text).items()):
        copy = re.sub(r"\(\s*\*\s*%s\s*\)" % name, "(*frozen_%s)" % name, declaration)
        out += ["typedef %s;" % copy, "FROZEN_TYPE(%s)" % name]
    out.append("")
    for name, declaration in sorted(headers.functions(text).items()):
        declaration = re.sub(r"\bFLR_PRINTF\s*\([^)]*\)", "", declaration).strip()
        copy = re.sub(r"\b%s\s*\(" % name, "frozen_%s(" % name, declaration, count=1)
        out += ["%s;" % copy, "FROZEN_FUNCTION(%s)" % name]
    out.append("")
    later = []
    for name, kind, value in evaluate(headers.constants(text), root):
        if kind in ("real", "text"):
            later.append("    %s(%s, %s)" % (kind.upper(), name, literal(kind, value)))
        else:
            out.append("FROZEN_%s(%s, %s)" % (kind.upper(), name, literal(kind, value)))
    out += ["", "/* What only a running program can compare. */", "#define FROZEN_VALUES(TEXT, REAL) \\"]
    return "\n".join(out) + "\n" + " \\\n".join(later) + "\n"


def names_in(text):
    return set(re.findall(r"^(?:    TEXT|    REAL|FROZEN_(?:STRUCT|TYPE|FUNCTION|INT|UNSIGNED))\((\w+)", text, flags=re.M)) | set(
        "%s.%s" % pair for pair in re.findall(r"^FROZEN_MEMBER\((\w+), (\w+)\)", text, flags=re.M)
    )


def check():
    now = names_in(generate())
    then = names_in(FROZEN.read_text())
    for name in sorted(now - then):
        print("  not in frozen.h: " + name)
    for name in sorted(then - now):
        print("  no longer in the headers: " + name)
    return 0 if now == then else 1


def main(argv):
    if len(argv) in (2, 3) and argv[1] == "write":
        pathlib.Path(argv[2] if len(argv) == 3 else FROZEN).write_text(generate())
        return 0
    if len(argv) == 2 and argv[1] == "check":
        return check()
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv))
