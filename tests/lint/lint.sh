#!/bin/sh
# clang-tidy and cppcheck over every source of the library; any finding fails. Environment: CLANG_TIDY, CPPCHECK.
set -u
cd "$(dirname "$0")/../.." || exit 1

status=0
jobs=$(nproc 2>/dev/null || echo 1)
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT

# Off: what C cannot do otherwise (memcpy "insecure", swappable parameters), what the compilers' own warnings cover, and what is
# wrong about arrays of pointers, numbers compared by their bits, and va_start in version 14.
checks='-*,bugprone-*,clang-analyzer-*,misc-redundant-expression,misc-misplaced-const,performance-*'
checks="$checks,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,-bugprone-narrowing-conversions"
checks="$checks,-bugprone-implicit-widening-of-multiplication-result,-bugprone-assignment-in-if-condition"
checks="$checks,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,-performance-no-int-to-ptr"
checks="$checks,-bugprone-sizeof-expression,-bugprone-suspicious-memory-comparison,-clang-analyzer-valist.Uninitialized"

report() { # report STATUS NAME
    if [ "$1" -eq 0 ]; then
        echo "ok $2"
    else
        echo "not ok $2"
        cat "$findings"
        status=1
    fi
}

# shellcheck disable=SC2016  # the inner shell expands them
find lib -name '*.c' | sort | xargs -P "$jobs" -n 1 sh -c '
    tidy=$1 checks=$2 file=$3
    exec "$tidy" --quiet --warnings-as-errors="*" --checks="$checks" "$file" -- \
        -std=c11 -D_POSIX_C_SOURCE=200809L -pthread -Iinclude -Ilib 2>&1' \
    sh "${CLANG_TIDY:-clang-tidy}" "$checks" >"$findings"
report $? clang-tidy

"${CPPCHECK:-cppcheck}" --quiet -j "$jobs" --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
    --suppress=missingInclude --suppress=missingIncludeSystem -D__GNUC__ -D_POSIX_C_SOURCE=200809L -Iinclude -Ilib lib >"$findings" 2>&1
report $? cppcheck
exit $status
