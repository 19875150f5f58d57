#!/bin/sh
# clang with all warnings as errors and its analysis of which lock is held where, over every source of the library.
# Environment: MAKE, CLANG.
set -u
cd "$(dirname "$0")/../.." || exit 1

if "${MAKE:-make}" VARIANT=tsa CC="${CLANG:-clang}" WERROR=1 -k build/tsa/libflrunner.a; then
    echo "ok tsa: no warning"
else
    echo "not ok tsa: see above"
    exit 1
fi
