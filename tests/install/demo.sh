#!/bin/bash
# The demo: its digits, twice the same; what it says about bad input. Environment: FLR_BUILD.
set -u
cd "$(dirname "$0")/../.." || exit 1

demo=$PWD/${FLR_BUILD:-build/default}/examples/demo
data=examples/data/penguins.csv
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
status=0

check() { # check NAME COMMAND...
    local name=$1
    shift
    if "$@"; then echo "ok demo: $name"; else echo "not ok demo: $name"; status=1; fi
}

# Everything but the times and the place of the picture.
digits() { sed -E 's/ +[0-9.]+ ms$//; /^learning curve/d' "$1"; }

# bad MESSAGE ARGUMENTS...: exit status 1, and one line on standard error that holds MESSAGE
bad() {
    local message=$1 code=0
    shift
    "$demo" "$@" >"$scratch/out" 2>"$scratch/err" || code=$?
    [ "$code" = 1 ] && [ "$(wc -l <"$scratch/err")" = 1 ] && grep -q -- "$message" "$scratch/err"
}

mkdir "$scratch/one" "$scratch/two"
check "it runs" eval '"$demo" "$data" "$scratch/one" >"$scratch/1"'
check "it runs again" eval '"$demo" "$data" "$scratch/two" >"$scratch/2"'
check "the same digits each time" cmp <(digits "$scratch/1") <(digits "$scratch/2")
check "the same picture each time" cmp "$scratch/one/learning-curve.svg" "$scratch/two/learning-curve.svg"
for line in ' 1 +3 .* 92.6 %' ' 5 +3 .* 97.1 %' '20 +3 .* 97.1 %' 'Biscoe alone .* 79.4 %' 'Dream alone .* 72.1 %' \
    'Torgersen alone .* 44.1 %' 'federation .* 97.1 %' 'pooled .* 97.1 %'; do
    check "$line" grep -qE "$line" "$scratch/1"
done
check "no such file" bad no-such-file no-such-file "$scratch/one"
sed '7s/,.*//' "$data" >"$scratch/short.csv"
check "a short row is named" bad 'short.csv, line 7' "$scratch/short.csv" "$scratch/one"
sed '9s/,[0-9.]*,/,many,/' "$data" >"$scratch/words.csv"
check "a word for a number is named" bad 'words.csv, line 9' "$scratch/words.csv" "$scratch/one"
: >"$scratch/empty.csv"
check "an empty file" bad 'empty.csv' "$scratch/empty.csv" "$scratch/one"
check "no place for the picture" bad "$scratch/1" "$data" "$scratch/1"
exit $status
