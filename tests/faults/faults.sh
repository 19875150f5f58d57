#!/bin/bash
# The federation over TCP through a bad network (relay.c): bytes and connections are lost, delayed, doubled, cut, split and reordered by a seed, one client is killed with SIGKILL and started again, and
# the model is that of the demo in one process, digit by digit. Environment: FLR_BUILD; SEEDS (2), SEED (1): how many, from which on; FAULTS: chance of each per chunk in 1/1000 (10).
set -u
cd "$(dirname "$0")/../.." || exit 1

build=${FLR_BUILD:-build/default}
case $build in /*) ;; *) build=$PWD/$build ;; esac
bin=$build/examples
data=examples/data/penguins.csv
scratch=$(mktemp -d)
umask 077
status=0
processes=()
trap '[ ${#processes[@]} = 0 ] || kill -9 "${processes[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$scratch"' EXIT

# wait_for FILE TEXT: until a line of the file holds the text, 30 seconds at most
wait_for() {
    local i
    for ((i = 0; i < 1500; i++)); do
        grep -qs -- "$2" "$1" && return 0
        sleep 0.02
    done
    return 1
}

client() { # client NAME: sets $client
    "$bin/tcp-client" --port "$port" --name "$1" --token-file "$scratch/tokens.$1" --island "$1" --data $data --delay 0.02 --timeout 1.5 --retry 0.2 2>>"$scratch/$1.err" &
    client=$!
    processes+=("$client")
}

# play SEED: a whole run; its table of rounds is in $scratch/rounds
play() {
    local server relay port clients=() name process
    rm -f "$scratch"/port* "$scratch"/*.err "$scratch/rounds"
    processes=()
    "$bin/tcp-server" --tokens "$scratch/tokens" --port-file "$scratch/port" --data $data --rounds 20 --frame-time 2 --stall-time 1 --hold 1 \
        >"$scratch/rounds" 2>"$scratch/server.err" &
    server=$!
    processes+=("$server")
    wait_for "$scratch/port" . || return 1
    "$build/tests/faults/relay" "$(cat "$scratch/port")" "$scratch/port.relay" "$1" "${FAULTS:-10}" &
    relay=$!
    processes+=("$relay")
    wait_for "$scratch/port.relay" . || return 1
    port=$(cat "$scratch/port.relay")
    for name in Biscoe Dream Torgersen; do
        client $name
        clients+=("$client")
    done
    wait_for "$scratch/Dream.err" 'round 3 begins' || return 1
    kill -9 "${clients[1]}"
    wait "${clients[1]}" 2>/dev/null
    client Dream
    clients[1]=$client
    wait "$server" || return 1
    kill "$relay"
    for process in "${clients[@]}"; do
        kill "$process" 2>/dev/null # the last message may be lost on its way: a client would look for its server for long
        wait "$process" 2>/dev/null
    done
    wait "$relay" 2>/dev/null
    processes=()
}

for name in Biscoe Dream Torgersen; do
    printf '%s %s\n' $name "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" >"$scratch/tokens.$name"
done
cat "$scratch"/tokens.* >"$scratch/tokens"
"$bin/demo" $data "$scratch" >"$scratch/demo" || exit 1
sed '/^$/,$d; s/ *[0-9.]* ms$//' "$scratch/demo" >"$scratch/expected"

for ((seed = ${SEED:-1}; seed < ${SEED:-1} + ${SEEDS:-2}; seed++)); do
    if play "$seed" && sed 's/ *[0-9.]* ms$//' "$scratch/rounds" | cmp -s - "$scratch/expected"; then
        echo "ok faults: seed $seed"
    else
        echo "not ok faults: seed $seed"
        tail -n 5 "$scratch/rounds" "$scratch"/*.err
        status=1
        kill -9 "${processes[@]}" 2>/dev/null
        wait 2>/dev/null
    fi
done
exit $status
