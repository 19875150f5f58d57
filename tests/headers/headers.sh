#!/bin/sh
# Each public header, alone and included twice, compiles without a warning as C99, C11 and C++11.
# Environment: CC, CXX, CLANG.
set -u
cd "$(dirname "$0")/../.." || exit 1

status=0
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

try() { # try HEADER STANDARD LANGUAGE COMPILER...
    header=$1 standard=$2 language=$3
    shift 3
    # shellcheck disable=SC2068  # a compiler may be several words
    if printf '#include <%s>\n#include <%s>\ntypedef int flr_nothing;\n' "$header" "$header" |
        $@ -x "$language" "-std=$standard" -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only - \
            2>"$errors"; then
        echo "ok $header as $standard with $*"
    else
        echo "not ok $header as $standard with $*"
        cat "$errors"
        status=1
    fi
}

for path in include/*.h include/flrunner/*.h; do
    header=${path#include/}
    for standard in c99 c11; do
        # shellcheck disable=SC2086
        try "$header" "$standard" c ${CC:-cc}
    done
    # shellcheck disable=SC2086
    try "$header" c++11 c++ ${CXX:-c++}
    if command -v "${CLANG:-clang}" >/dev/null 2>&1; then
        try "$header" c11 c "${CLANG:-clang}"
        try "$header" c++11 c++ "${CLANG:-clang}"
    fi
done
exit $status
