#!/bin/bash
# The TCP server is killed with SIGKILL (killer.c), started again, and must end with the model of a server that was not killed, byte by byte; each round printed with the same digits, none twice but
# the one in flight, each training done once but for the one in flight, nothing left but the model.
#
#   1. at each system call on its state in turn: before it, after it, and in the middle of each write
#   2. at random calls of all kinds, up to three times in one run, by a seed
#
# Environment: FLR_BUILD; SEEDS (100), SEED (1): how many random runs, from which on; ONLY=seeds leaves out the first part; CRASH_JOBS (8): runs at a time.
set -u
cd "$(dirname "$0")/../.." || exit 1

build=${FLR_BUILD:-build/default}
case $build in /*) ;; *) build=$PWD/$build ;; esac
bin=$build/examples
killer=$build/tests/crash/killer.so
data=examples/data/penguins.csv
islands=(Biscoe Dream Torgersen)
rounds=3
jobs=${CRASH_JOBS:-8}
umask 077
scratch=$(mktemp -d)
passed=0
failed=0
trap 'kill -9 $(jobs -p) 2>/dev/null; wait 2>/dev/null; rm -rf "$scratch"' EXIT

# serve DIRECTORY HOST PORT SCOPE WHEN AT: takes the place of the subshell that calls it
serve() {
    export FLR_KILL_DIRECTORY=$1/state FLR_KILL_SCOPE=$4 FLR_KILL_WHEN=$5 FLR_KILL_AT=$6 FLR_KILL_COUNT=$1/count
    exec timeout 60 env LD_PRELOAD="$killer" "$bin/tcp-server" --tokens "$scratch/tokens" --host "$2" --port "$3" --port-file "$1/port" --data $data --rounds $rounds \
        --state "$1/state" --linger 2 >>"$1/rounds" 2>>"$1/server.err"
}

start_clients() { # start_clients DIRECTORY HOST PORT: sets $clients
    local name
    for name in "${islands[@]}"; do
        timeout 60 "$bin/tcp-client" --host "$2" --port "$3" --name "$name" --token-file "$scratch/tokens" --island "$name" --data $data --patience 30 --retry 0.1 --pause 0.1 2>>"$1/$name.err" &
        clients+=("$!")
    done
}

# A whole run: run DIRECTORY HOST SCOPE WHEN AT...: the first server is killed at the first AT, the next at the next; the last one is not. Sets $kills.
run() {
    local directory=$1 host=$2 scope=$3 when=$4 server port=0 code i process clients=()
    shift 4
    kills=0
    mkdir "$directory"
    while :; do
        (serve "$directory" "$host" "$port" "$scope" "$when" "${1:-0}") &
        server=$!
        for ((i = 0; i < 6000 && ${#clients[@]} == 0; i++)); do
            if [ -s "$directory/port" ]; then
                port=$(<"$directory/port")
                start_clients "$directory" "$host" "$port"
            elif ! kill -0 $server 2>/dev/null; then
                break
            else
                sleep 0.01
            fi
        done
        wait $server
        code=$?
        [ $code = 137 ] || break
        kills=$((kills + 1))
        [ $# = 0 ] || shift
    done 2>/dev/null # the shell says that it was killed
    if [ $code != 0 ]; then
        echo "the server ended with status $code" >"$directory/why"
        kill "${clients[@]}" 2>/dev/null
    fi
    for process in "${clients[@]}"; do
        wait "$process" || echo "a client ended with status $?" >>"$directory/why"
    done
    [ ! -s "$directory/why" ]
}

digits() { # digits FILE: the table of rounds without the times; a round that a restart repeated stands there twice
    sed -n '/^ *[0-9]/s/ *[0-9.]* ms$//p' "$1"
}

# check DIRECTORY: what a run left behind
check() {
    local directory=$1 name
    digits "$directory/rounds" >"$directory/digits"
    uniq "$directory/digits" | cmp -s - "$scratch/expected" || echo "other rounds than without a kill" >>"$directory/why"
    [ "$(wc -l <"$directory/digits")" -le $((rounds + kills)) ] || echo "a round was repeated that was not in flight" >>"$directory/why"
    for name in "${islands[@]}"; do
        sed -n 's/.*: round \([0-9]*\) begins$/\1/p' "$directory/$name.err" | uniq -c |
            awk -v rounds=$rounds -v kills=$kills '$2 != NR || $1 > 1 + kills { bad = 1 } { n += $1 } END { exit bad || NR != rounds || n > rounds + kills }' ||
            echo "$name trained in other rounds, or in one too often" >>"$directory/why"
    done
    cmp -s "$directory/state/penguins.safetensors" "$scratch/model" || echo "another model than without a kill" >>"$directory/why"
    [ "$(ls "$directory/state")" = $'penguins.lock\npenguins.safetensors' ] || echo "left behind:" $(ls "$directory/state") >>"$directory/why"
    [ ! -s "$directory/why" ]
}

# play NUMBER WANTED SCOPE WHEN AT...: a run with its own address; its outcome is in $scratch/NUMBER.out. WANTED kills are needed; -: any number will do
play() {
    local number=$1 wanted=$2 directory=$scratch/$1 host=127.$((2 + $$ / 250 % 250)).$(($$ % 250)).$((1 + $1 % 250)) kills text
    shift 2
    text="killed $2 $1 call $(echo "${@:3}")"
    # shellcheck disable=SC2086
    if run "$directory" "$host" "$@" && check "$directory" && { [ "$wanted" = - ] || [ "$wanted" = "$kills" ]; }; then
        echo "ok crash: $text" >"$scratch/$number.out"
        rm -rf "$directory"
    else
        {
            echo "not ok crash: $text"
            echo "killed $kills times (expected: $wanted)"
            cat "$directory/why" 2>/dev/null
            tail -n 12 "$directory/rounds" "$directory"/*.err
        } >"$scratch/$number.out"
    fi
}

number=0
running=0
# begin WANTED SCOPE WHEN AT...: as play, beside others
begin() {
    number=$((number + 1))
    if [ $running -ge "$jobs" ]; then
        wait -n
        running=$((running - 1))
    fi
    play $number "$@" &
    running=$((running + 1))
}

finish() {
    wait
    running=0
    local i
    for ((i = 1; i <= number; i++)); do
        cat "$scratch/$i.out"
        if grep -q '^ok ' "$scratch/$i.out"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
        rm -rf "${scratch:?}/$i" "$scratch/$i.out"
    done
    number=0
}

for name in "${islands[@]}"; do
    printf '%s %s\n' "$name" "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')"
done >"$scratch/tokens"

# Without a kill: what is expected, and how many calls there are.
# count NAME SCOPE WHEN: sets $count
count() {
    if run "$scratch/$1" "127.$((2 + $$ / 250 % 250)).$(($$ % 250)).251" "$2" "$3" 0 && count=$(<"$scratch/$1/count") && [ "$count" -gt 0 ]; then
        echo "ok crash: $count calls to be killed at ($1)"
        passed=$((passed + 1))
    else
        echo "not ok crash: a run without a kill"
        cat "$scratch/$1/why"
        tail -n 12 "$scratch/$1"/*.err
        exit 1
    fi
}

count state state before
digits "$scratch/state/rounds" >"$scratch/expected"
cp "$scratch/state/state/penguins.safetensors" "$scratch/model" || exit 1
if [ "${ONLY:-}" != seeds ]; then
    for when in before after; do
        for ((at = 1; at <= count; at++)); do
            begin 1 state $when $at
        done
        begin 0 state $when $((count + 1))
    done
    count writes state within
    for ((at = 1; at <= count; at++)); do
        begin 1 state within $at
    done
    finish
fi

count everything all before
for ((seed = ${SEED:-1}; seed < ${SEED:-1} + ${SEEDS:-100}; seed++)); do
    RANDOM=$seed
    moments=()
    for ((i = 0; i <= seed % 3; i++)); do
        moments+=("$(((RANDOM * 32768 + RANDOM) % count + 1))")
    done
    begin - all after "${moments[@]}"
    [ $((seed % 500)) != 0 ] || finish
done
finish
echo "$passed passed, $failed failed"
[ $failed = 0 ]
