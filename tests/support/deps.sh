#!/bin/sh
# Installs what the tests need beyond a C compiler and make, with apt-get, and only if something is missing.
set -u

missing=
need() { # need PACKAGE TEST...
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
has() { command -v "$1"; }
has_check() { pkg-config --exists check; }
# The sanitizer and fuzzer runtimes of clang are a package of their own.
has_clang_rt() {
    [ -n "$(find "$(clang -print-resource-dir)/lib" -name 'libclang_rt.fuzzer*.a' 2>/dev/null)" ]
}
name_clang_rt() {
    for name in libclang-rt-dev libclang-rt-14-dev; do
        if apt-cache show "$name" >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    echo libclang-rt-14-dev
}

list_missing() {
    missing=
    need pkg-config has pkg-config
    need check has_check
    need valgrind has valgrind
    need abigail-tools has abidw
    need clang has clang
    need clang-tidy has clang-tidy
    need cppcheck has cppcheck
    need g++ has g++
    need python3 has python3
    need "$(name_clang_rt)" has_clang_rt
}

list_missing
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
else
    as_root=none
fi
if [ "$as_root" = none ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "deps: please install (names as in Debian):$missing" >&2
    exit 1
fi
# shellcheck disable=SC2086  # several names; as_root may be empty
$as_root apt-get update -qq
list_missing
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing || exit 1
list_missing
[ -z "$missing" ] || { echo "deps: still missing:$missing" >&2; exit 1; }
