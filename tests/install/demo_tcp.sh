#!/bin/bash
# The example hosts over TCP: the demo, its digits, twice; what a server does about strangers, garbage and slowness while clients train; its
# status; its end. Environment: FLR_BUILD.
set -u
cd "$(dirname "$0")/../.." || exit 1

build=${FLR_BUILD:-build/default}
case $build in /*) ;; *) build=$PWD/$build ;; esac
bin=$build/examples
data=examples/data/penguins.csv
scratch=$(mktemp -d)
umask 077
status=0
trap '' PIPE
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$scratch"' EXIT

check() { # check NAME COMMAND...
    local name=$1
    shift
    if "$@"; then echo "ok demo-tcp: $name"; else echo "not ok demo-tcp: $name"; status=1; fi
}

# wait_for FILE TEXT: until a line of the file holds the text, 20 seconds at most
wait_for() {
    local i
    for ((i = 0; i < 1000; i++)); do
        grep -qs -- "$2" "$1" && return 0
        sleep 0.02
    done
    return 1
}

# ---- the demo ----

for run in one two; do
    check "run $run" eval 'examples/tcp/demo.sh "$build" >"$scratch/$run" 2>&1'
    check "run $run: the same digits as in one process" grep -q '^the same digits as in one process' "$scratch/$run"
    check "run $run: the client was away and came again, and came to the second server" test "$(grep -c 'Dream: connected' "$scratch/$run")" = 3
    # Where the machine is slow in killing it, the first server may have come to the end.
    check "run $run: the second server went on" grep -q 'penguins: \(goes on from its last state\|was done before\)' "$scratch/$run"
done

# ---- a server under attack ----

for name in Biscoe Dream Torgersen status; do
    printf '%s %s\n' $name "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')"
done >"$scratch/tokens"
sed 's/Biscoe .*/Biscoe 0123456789abcdef/' "$scratch/tokens" >"$scratch/wrong"
sed 's/Biscoe /Elsewhere /' "$scratch/tokens" >"$scratch/unknown"

serve() { # serve NAME ARGUMENTS...: sets $server and $port
    local name=$1
    shift
    rm -f "$scratch/port"
    "$bin/tcp-server" --tokens "$scratch/tokens" --port-file "$scratch/port" --data $data --hello-time 0.5 --frame-time 1 \
        --stall-time 0.6 "$@" >"$scratch/$name.out" 2>"$scratch/$name.err" &
    server=$!
    wait_for "$scratch/port" . || return 1
    port=$(cat "$scratch/port")
}

client() { # client NAME TOKENS ARGUMENTS...: takes the place of the subshell that calls it
    local name=$1 tokens=$2
    shift 2
    exec "$bin/tcp-client" --port "$port" --name "$name" --token-file "$tokens" --island Biscoe --data $data --quiet "$@"
}

start_clients() { # start_clients DELAY: one per island; sets $clients
    local name
    clients=()
    for name in Biscoe Dream Torgersen; do
        client $name "$scratch/tokens" --island $name --delay "$1" 2>"$scratch/$name.err" &
        clients+=("$!")
    done
}

hello() { # hello [NAME]: with the token of this client
    local name=${1:-status} secret
    secret=$(sed -n "s/^$name //p" "$scratch/tokens")
    printf 'FLRTCP1\n'
    { printf '%s' "$name"; head -c 64 /dev/zero; } | head -c 64
    { printf '%s' "$secret"; head -c 128 /dev/zero; } | head -c 128
}

# raw SECONDS COMMAND...: what the command says goes to the server; the answer to $scratch/raw. Fails unless the server closes in time.
raw() {
    local seconds=$1
    shift
    (
        answer=$scratch/raw.$BASHPID
        exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
        "$@" >&3 2>/dev/null &
        timeout "$seconds" cat <&3 >"$answer" 2>/dev/null
        code=$?
        kill $! 2>/dev/null
        mv "$answer" "$scratch/raw"
        [ $code != 124 ] # cat ends: with the connection, or because it was reset
    )
}

silent() { exec sleep 10; }
slowly() { # slowly TEXT: a byte each fifth of a second
    local i
    for ((i = 0; i < ${#1}; i++)); do
        printf '%s' "${1:i:1}" || return
        sleep 0.2
    done
    exec sleep 10
}
garbage() { head -c 4096 /dev/urandom; }
bad_frame() { hello; sleep 0.1; printf 'FLRF\2'; head -c 100 /dev/zero; }
noise_frame() { hello; sleep 0.1; head -c 100 /dev/zero; }
huge_frame() { hello; sleep 0.1; printf 'FLRF\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0'; exec sleep 10; }
half_frame() { hello; sleep 0.1; printf 'FLRF'; exec sleep 10; }
slow_frame() { hello; sleep 0.1; slowly 'FLRF11111111111111111111'; }
# A frame of 50032 bytes that stops after its prefix; when the server closed, to the file NAME.
begun() { # begun NAME
    begun_frame() { hello "$1"; sleep 0.1; printf 'FLRF\1\0\0\0\120\303\0\0\0\0\0\0\160\303\0\0\0\0\0\0\0\0\0\0\0\0\0\0'; exec sleep 10; }
    raw 8 begun_frame "$1" && date +%s%N >"$scratch/$1.closed"
}
waits_for_budget() {
    local first difference
    begun status &
    first=$!
    begun Dream &
    wait $first $!
    difference=$(($(cat "$scratch/status.closed") - $(cat "$scratch/Dream.closed"))) || return 1
    [ "${difference#-}" -gt 400000000 ] # else both would be closed at the same time
}
# Requests without end, nothing is ever read: the server stops reading them, and then ends it.
never_reads() (
    frame='FLRF\1\0\0\0\41\0\0\0\0\0\0\0\101\0\0\0\0\0\0\0\0\0\0\0\141\133\355\45'
    frame+='\336\0\2\332\0\4kind\323\0\0\0\0\0\0\0\200\332\0\2id\323\0\0\0\0\0\0\0\3'
    for ((i = 0; i < 1000; i++)); do printf "$frame"; done >"$scratch/frames"
    exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
    hello status >&3
    timeout 20 sh -c 'while cat "$1" >&3; do :; done' sh "$scratch/frames" 2>/dev/null
    [ $? != 124 ] && wait_for "$scratch/full.err" 'status: closed: too slow'
)
refused() { # refused TOKENS NAME
    (client "$2" "$1") >"$scratch/refused" 2>&1
    [ $? = 1 ] && grep -q 'refused for good' "$scratch/refused"
}
json() {
    "$bin/tcp-server" --status 127.0.0.1 "$port" --tokens "$scratch/tokens" >"$scratch/json" || return 1
    [ "$(wc -l <"$scratch/json")" = 2 ] || return 1
    grep -q '"job": "penguins".*"workflow":"fedavg"' "$scratch/json" || return 1
    local line
    ! command -v python3 >/dev/null || while read -r line; do
        printf '%s' "$line" | python3 -m json.tool >/dev/null || return 1
    done <"$scratch/json"
}
all_end() { # all_end CODE PROCESS...
    local code=$1 process
    shift
    for process; do
        wait "$process"
        [ $? = "$code" ] || return 1
    done
}

check "a server starts" serve attacked --job penguins --job others --stay
start_clients 0.25
check "the status is a line of JSON per job" json
check "a wrong token is refused" refused "$scratch/wrong" Biscoe
check "an unknown name is refused" refused "$scratch/unknown" Elsewhere
check "garbage is closed" raw 3 garbage
check "who says nothing is closed" raw 3 silent
check "a hello byte by byte is closed" raw 3 slowly 'FLRTCP1'
check "a frame of another version is closed" raw 3 bad_frame
check "and it is said where and why" wait_for "$scratch/attacked.err" 'status: closed: FLR_E_NOTSUP: byte 4 of the frame'
check "noise after a hello is closed" raw 3 noise_frame
check "and it is said where and why" wait_for "$scratch/attacked.err" 'status: closed: FLR_E_CORRUPT: byte 0 of the frame'
check "who sent it is told, too" grep -qa 'byte 0 of the frame' "$scratch/raw"
check "a frame above the limit is closed" raw 3 huge_frame
check "half a frame is closed" raw 3 half_frame
check "a frame byte by byte is closed" raw 5 slow_frame
check "the clients were served meanwhile" all_end 0 "${clients[@]}"
sed -n 's/^penguins  *//p' "$scratch/attacked.out" | sed 's/ *[0-9.]* ms$//' >"$scratch/digits"
# The round in flight when the server was killed may stand there twice.
sed '1d; /^$/,$d; s/ *[0-9.]* ms$//; s/^ *//' "$scratch/one" | uniq >"$scratch/expected"
check "with the same digits" cmp -s "$scratch/expected" "$scratch/digits"
kill -TERM "$server"
check "SIGTERM ends a server that stays" all_end 0 "$server"

check "another server starts" serve ended --rounds 1000000
start_clients 0.01
wait_for "$scratch/ended.out" '^ *3 '
kill -TERM "$server"
check "SIGTERM ends a server in mid-run" all_end 0 "$server"
check "its clients are told" all_end 0 "${clients[@]}"

check "a third server starts" serve full --max-clients 2 --max-frame 60000 --budget 60000 --stay
check "who sends without reading is closed" never_reads
check "what does not fit the budget waits for what does" waits_for_budget
client Biscoe "$scratch/tokens" --patience 30 &
wait_for "$scratch/full.err" 'Biscoe: connected'
client Torgersen "$scratch/tokens" --patience 30 2>/dev/null &
wait_for "$scratch/full.err" 'Torgersen: connected'
client Torgersen "$scratch/tokens" --patience 30 2>/dev/null &
check "a second connection of a client replaces the first" wait_for "$scratch/full.err" 'Torgersen: replaced by a new connection'
(client Dream "$scratch/tokens" --patience 0.5) >"$scratch/turned" 2>&1
check "one client above the limit is turned away" grep -q 'Dream: turned away' "$scratch/full.err"
kill -TERM "$server"
check "and the server ends" all_end 0 "$server"
chmod 644 "$scratch/tokens"
"$bin/tcp-server" --tokens "$scratch/tokens" --data $data >"$scratch/open" 2>&1
check "tokens that everybody can read are refused" grep -q 'chmod 600' "$scratch/open"
exit $status
