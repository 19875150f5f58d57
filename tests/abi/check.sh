#!/bin/bash
# The ABI gate. Symbols: headers, map and exports agree. Dump: the library's ABI dump is that of the reviewed baseline.
# Layout: the frozen copy of structs, types and constants holds, and nothing is missing from it. Then the gate tests itself on
# trees with one break each. Environment: MAKE, CC, PYTHON.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/abi/dump.sh

python=${PYTHON:-python3}
status=0
mkdir -p build
scratch=$(mktemp -d -p build abi-check.XXXXXX) || exit 1
trap 'rm -rf "$scratch"' EXIT

report() { # report STATUS NAME [OUTPUT]: one line, and what went wrong
    if [ "$1" -eq 0 ]; then
        echo "ok abi: $2"
    else
        echo "not ok abi: $2"
        [ ! -s "${3-}" ] || head -n 60 "$3"
        status=1
    fi
}

# layout ROOT: compile the frozen copy of ROOT against its headers and run the result.
layout() {
    # shellcheck disable=SC2086  # a compiler may be several words
    ${CC:-cc} -std=gnu11 -w -I"$1/include" "$1/tests/abi/layout.c" -o "$scratch/layout" && "$scratch/layout"
}

# compare ROOT: the dump of its library equals the baseline. Dump against dump and no suppressions, or real breaks would be
# hidden; harmless changes and additions count too.
compare() {
    abi_dump "$1" "$scratch/now.abi" &&
        abidiff --no-default-suppression --harmless tests/abi/baseline.abi "$scratch/now.abi"
}

check_gate() {
    "$python" tests/abi/symbols.py check build/abi/libflrunner.so >"$scratch/out" 2>&1
    report $? "headers, map and exported symbols agree" "$scratch/out"
    "$python" tests/abi/freeze.py check >"$scratch/out" 2>&1
    report $? "the frozen copy names everything in the headers" "$scratch/out"
    layout . >"$scratch/out" 2>&1
    report $? "layouts, types and constants are as frozen" "$scratch/out"
    compare . >"$scratch/out" 2>&1
    report $? "the ABI dump equals the baseline" "$scratch/out"
}

# copy_tree NAME FILE EXPRESSION: a copy of the tree in $broken in which the sed expression has changed FILE.
copy_tree() {
    broken=$scratch/$1
    mkdir -p "$broken/tests"
    cp -r Makefile include lib pkgconfig "$broken/"
    cp -r tests/abi "$broken/tests/"
    sed -i "$3" "$broken/$2"
    ! cmp -s "$2" "$broken/$2"
}

# rejects NAME STATUS...: the self-test NAME passes if every STATUS is a refusal.
rejects() {
    name=$1
    accepted=0
    shift
    for refusal in "$@"; do
        [ "$refusal" -ne 0 ] || accepted=1
    done
    report $accepted "$name is rejected"
}

check_itself() {
    base=include/flrunner/base.h
    for change in "a retyped member|/} flr_allocator_ops;/,\$b;s/uint32_t flags;/int32_t flags;/" \
        "a moved member|s/void \*(\*allocate)(void \*self, size_t size);/@@/;s/void (\*release)(void \*self, void \*old);/void *(*allocate)(void *self, size_t size);/;s/@@/void (*release)(void *self, void *old);/"; do
        name=${change%%|*}
        if ! copy_tree "${name// /-}" $base "${change#*|}"; then
            report 1 "$name: the self-test's own change failed"
            continue
        fi
        layout "$broken" >/dev/null 2>&1
        by_layout=$?
        if ! abi_build "$broken" >"$scratch/out" 2>&1; then
            report 1 "$name: the broken tree does not build" "$scratch/out"
            continue
        fi
        compare "$broken" >/dev/null 2>&1
        rejects "$name" $by_layout $?
    done

    copy_tree constant $base 's/\(#define FLR_E_LIMIT\) .*/\1 (-210)/'
    layout "$broken" >/dev/null 2>&1
    rejects "a renumbered constant" $?

    copy_tree symbol lib/libflrunner.map '/flr_version_get;/d'
    "$python" "$broken/tests/abi/symbols.py" check build/abi/libflrunner.so >/dev/null 2>&1
    rejects "an export that the map does not name" $?

    copy_tree added $base 's/^#define FLR_NAME_MAX .*/&\n#define FLR_NAME_MIN 1/'
    "$python" "$broken/tests/abi/freeze.py" check >/dev/null 2>&1
    rejects "a constant that is not frozen" $?
}

if abi_build . >"$scratch/out" 2>&1; then
    check_gate
    check_itself
else
    report 1 "the library builds" "$scratch/out"
fi
exit $status
