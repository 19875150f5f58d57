#!/bin/bash
# The figures of the server in examples/tcp, in the form of the bench: a thousand clients (tcp_load.c), each with a connection of its own on loopback, average a model of 1 MB.
#
#     tcp_rounds_1000     rounds per second: median, minimum and maximum over the rounds of one run
#     tcp_server_rss_mb   the most memory that the server ever occupied in it
#
# Any error of a client or of the server fails the bench. Environment: FLR_BUILD; BENCH, QUICK, JSON as in bench.c; CLIENTS (1000), ROUNDS (10, QUICK: 3), MODEL_BYTES (1000000).
set -u
cd "$(dirname "$0")/../.." || exit 1

build=${FLR_BUILD:-build/default}
clients=${CLIENTS:-1000}
is_on() { case $1 in '' | 0*) return 1 ;; esac; }
rounds=10
is_on "${QUICK:-}" && rounds=3
rounds=${ROUNDS:-$rounds}
wanted() { case $1 in "${BENCH:-}"*) ;; *) return 1 ;; esac; }
wanted tcp_rounds_1000 || wanted tcp_server_rss_mb || exit 0

umask 077
scratch=$(mktemp -d)
trap 'kill -9 $(jobs -p) 2>/dev/null; wait 2>/dev/null; rm -rf "$scratch"' EXIT

fail() {
    echo "bench: tcp: $1" >&2
    tail -n 5 "$scratch"/*.err >&2
    exit 1
}

# print FIGURE MEDIAN MIN MAX UNIT
print() {
    wanted "$1" || return
    if is_on "${JSON:-}"; then
        printf '{"figure": "%s", "median": %.6g, "min": %.6g, "max": %.6g, "unit": "%s", "reference": null, "ratio": null}\n' "$@"
    else
        printf '%-27s %14.3f %14.3f %14.3f  %-8s\n' "$@"
    fi
}

od -An -v -w16 -N$((16 * clients)) -tx1 /dev/urandom | tr -d ' ' | awk '{ printf "client-%04d %s\n", NR, $1 }' >"$scratch/tokens"
"$build/examples/tcp-server" --tokens "$scratch/tokens" --port-file "$scratch/port" --data examples/data/penguins.csv --rounds "$rounds" \
    --min-clients "$clients" --max-clients "$clients" --model-bytes "${MODEL_BYTES:-1000000}" --quiet --stay >"$scratch/rounds" 2>"$scratch/server.err" &
server=$!
for ((i = 0; i < 500; i++)); do
    [ ! -s "$scratch/port" ] || break
    sleep 0.02
done
[ -s "$scratch/port" ] || fail "the server does not start"
"$build/tests/bench/tcp_load" "$(cat "$scratch/port")" "$scratch/tokens" "$rounds" >"$scratch/load" 2>"$scratch/load.err" || fail "a client has failed"
peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB$/\1/p' "/proc/$server/status")
kill -TERM $server
wait $server || fail "the server has failed"
[ ! -s "$scratch/server.err" ] || fail "the server has complained"

# ROUND CLIENTS LOSS ACCURACY % TIME ms
rates=$(awk -v n="$clients" '$2 == n && $7 == "ms" { print 1000 / $6 }' "$scratch/rounds" | sort -n)
[ "$(echo "$rates" | wc -l)" = "$rounds" ] || fail "not every round had every client"
# shellcheck disable=SC2046  # three numbers
print tcp_rounds_1000 $(echo "$rates" | awk '{ r[NR] = $1 } END { print r[int(NR / 2) + 1], r[1], r[NR] }') rounds/s
megabytes=$(awk -v kib="$peak" 'BEGIN { print kib * 1024 / 1e6 }')
print tcp_server_rss_mb "$megabytes" "$megabytes" "$megabytes" MB
