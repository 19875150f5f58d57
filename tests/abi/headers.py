"""Reads the public headers: functions, boundary structs, function types and constants. Shared by symbols.py and freeze.py.

The headers follow STYLE.md's form (no nested braces, no conditional layout), so that a few patterns read all of them; what does
not fit a pattern stops the script instead of being skipped."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


class HeaderError(Exception):
    pass


def strip_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", lambda m: " " + "\n" * m.group(0).count("\n"), text, flags=re.S)


def paths(root=ROOT):
    return sorted((root / "include" / "flrunner").glob("*.h"))


def read_all(root=ROOT):
    """All headers as one text without comments and with continued lines joined."""
    return "\n".join(strip_comments(p.read_text()).replace("\\\n", " ") for p in paths(root))


def without_preprocessor(text):
    return re.sub(r"^[ \t]*#[^\n]*", "", text, flags=re.M)


def functions(text):
    """{name: declaration without FLR_API} of all that is declared with FLR_API."""
    found = {}
    for m in re.finditer(r"\bFLR_API\b([^;{}]*);", without_preprocessor(text)):
        declaration = " ".join(m.group(1).split())
        name = re.search(r"\b(flr_\w+)\s*\(", declaration)
        if not name:
            raise HeaderError("FLR_API on something that is no function: " + declaration)
        found[name.group(1)] = declaration
    return found


def _member_names(declaration):
    """Names that one member declaration declares."""
    pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)\s*\(", declaration)
    if pointer:
        return [pointer.group(1)]
    names = []
    for part in declaration.split(","):
        name = re.search(r"(\w+)\s*(\[[^\]]*\]\s*)*$", part.strip())
        if not name:
            raise HeaderError("cannot read the member: " + declaration)
        names.append(name.group(1))
    return names


def structs(text):
    """{name: (body as text, [member names])} of every struct that a public header lays out."""
    found = {}
    plain = without_preprocessor(text)
    for m in re.finditer(r"\bstruct\s+(flr_\w+)\s*\{([^{}]*)\}", plain):
        members = []
        lines = []
        for declaration in m.group(2).split(";"):
            declaration = " ".join(declaration.split())
            if declaration:
                members += _member_names(declaration)
                lines.append(declaration + ";")
        if not re.search(r"\}\s*%s\s*;" % m.group(1), plain[m.end() - 1 : m.end() + 200]):
            raise HeaderError("struct %s has no typedef of its name" % m.group(1))
        found[m.group(1)] = (lines, members)
    if len(re.findall(r"\bstruct\b[^;(){}]*\{", plain)) != len(found):
        raise HeaderError("a struct or its name is not of the form `typedef struct flr_x { ... } flr_x;`")
    if re.search(r"\b(union|enum)\b", plain):
        raise HeaderError("a union or an enum in a public header")
    return found


def function_types(text):
    """{name: declaration} of `typedef result (*flr_name)(...)`."""
    found = {}
    for m in re.finditer(r"\btypedef\s+([^;{}]*?\(\s*\*\s*(flr_\w+)\s*\)[^;{}]*);", without_preprocessor(text)):
        found[m.group(2)] = " ".join(m.group(1).split())
    return found


def constants(text):
    """Names of the object-like macros that have a value."""
    names = []
    for m in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+(FLR_\w+)([^\n]*)", text, flags=re.M):
        if m.group(2).strip() and not m.group(2).startswith("(") and m.group(1) != "FLR_API":
            if m.group(1) not in names:
                names.append(m.group(1))
    return names
