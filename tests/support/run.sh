#!/bin/sh
# Runs test programs and adds up what they report.
#
#   run.sh [-j JOBS] [-t SECONDS] [-w WRAPPER] [-l LOGDIR] PROGRAM...
#
# A program reports with Check's line "NN%: Checks: a, Failures: b, Errors: c" or with lines "ok NAME" / "not ok NAME". One that
# reports nothing, or ends with a status other than 0 without naming a failure, counts as one failure. The last line is
# "N passed, N failed"; the exit status is 0 only if nothing failed. WRAPPER is a command put before each program.
set -u
# A loaded machine is no failure: the limit is there for hangs.
export CK_DEFAULT_TIMEOUT="${CK_DEFAULT_TIMEOUT:-60}"

# "passed failed" of one log; $2 is the program's exit status.
count() {
    awk -v rc="$2" '
        /^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+$/ {
            gsub(/[^0-9 ]/, ""); bad = $3 + $4; f += bad; p += $2 - bad; seen = 1
        }
        /^ok /     { p++; seen = 1 }
        /^not ok / { f++; seen = 1 }
        END { if ((rc != 0 && f == 0) || !seen) f++; print p + 0, f + 0 }' "$1"
}

run_one() {
    program=$1
    name=$(printf '%s' "$program" | tr '/' '_')
    log=$RUN_LOGS/$name.log
    # shellcheck disable=SC2086  # a wrapper is several words
    case $program in
    *.py) set -- "${PYTHON:-python3}" "$program" ;;
    *) set -- $RUN_WRAPPER "./${program#./}" ;;
    esac
    timeout -k 10 "$RUN_TIMEOUT" "$@" >"$log" 2>&1
    rc=$?
    # shellcheck disable=SC2046  # two numbers
    set -- $(count "$log" "$rc")
    echo "$1 $2" >"$RUN_LOGS/$name.sum"
    if [ "$2" -eq 0 ]; then
        printf 'pass %5d  %s\n' "$1" "$program"
    else
        {
            printf 'FAIL %5d  %s (%d passed, exit status %d)\n' "$2" "$program" "$1" "$rc"
            [ "$rc" -ne 124 ] || echo "no end after $RUN_TIMEOUT s"
            tail -n 80 "$log" | sed 's/^/    | /'
        } >"$RUN_LOGS/$name.report"
        cat "$RUN_LOGS/$name.report"
    fi
}

if [ "${1-}" = --one ]; then
    run_one "$2"
    exit 0
fi

jobs=${TEST_JOBS:-$(nproc 2>/dev/null || echo 1)}
RUN_TIMEOUT=${TEST_TIMEOUT:-300}
RUN_WRAPPER=
RUN_LOGS=
while getopts j:t:w:l: option; do
    case $option in
    j) jobs=$OPTARG ;;
    t) RUN_TIMEOUT=$OPTARG ;;
    w) RUN_WRAPPER=$OPTARG ;;
    l) RUN_LOGS=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))

if [ -n "$RUN_LOGS" ]; then
    rm -rf "$RUN_LOGS"
    mkdir -p "$RUN_LOGS"
else
    RUN_LOGS=$(mktemp -d)
    trap 'rm -rf "$RUN_LOGS"' EXIT
fi
export RUN_TIMEOUT RUN_WRAPPER RUN_LOGS

# Check reads these: one line per suite plus each failure.
CK_VERBOSITY=${CK_VERBOSITY:-normal}
export CK_VERBOSITY

[ $# -eq 0 ] || printf '%s\n' "$@" | xargs -P "$jobs" -I '{}' "$0" --one '{}'

passed=0
failed=0
for program in "$@"; do
    sum=$RUN_LOGS/$(printf '%s' "$program" | tr '/' '_').sum
    if [ -f "$sum" ]; then
        read -r p f <"$sum"
    else
        p=0 f=1
    fi
    passed=$((passed + p))
    failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
