#!/bin/sh
# One server and three clients on loopback train the penguins; one client and then the server are killed in the middle of a round and
# started again; the model must be that of the demo in one process, digit by digit. Argument: the build directory.
#
# Tokens, logs and the port are in a directory that others cannot read. Nothing is left running, however this ends.
set -u
umask 077

build=${1:?usage: demo.sh BUILD-DIRECTORY}
bin=$build/examples
data=examples/data/penguins.csv
mkdir -p "$build/demo-tcp" && work=$(mktemp -d "$build/demo-tcp/run.XXXXXX") || exit 1
processes=

end() {
    [ -z "$processes" ] || kill -9 $processes 2>/dev/null
    wait
    rm -rf "$work"
}
trap end EXIT
trap 'exit 1' INT TERM HUP

fail() {
    echo "demo-tcp: $1" >&2
    for log in "$work"/*.log; do
        [ ! -s "$log" ] || sed "s|^|$(basename "$log" .log): |" "$log" >&2
    done
    exit 1
}

# wait_for FILE TEXT: until a line of the file holds the text
wait_for() {
    tries=0
    until grep -qs -- "$2" "$1"; do
        tries=$((tries + 1))
        [ $tries -lt 1000 ] || fail "no \"$2\" in $1"
        sleep 0.02
    done
}

# client ISLAND SECONDS-OF-EACH-TRAINING: its process is $client
client() {
    "$bin/tcp-client" --port "$port" --name "$1" --token-file "$work/$1.token" --island "$1" --data $data --delay "$2" 2>>"$work/$1.log" &
    client=$!
    processes="$processes $client"
}

for name in Biscoe Dream Torgersen; do
    printf '%s %s\n' $name "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" >"$work/$name.token"
done
cat "$work"/*.token >"$work/tokens"

# server PORT ROUNDS: its process is $server
server() {
    "$bin/tcp-server" --tokens "$work/tokens" --port "$1" --port-file "$work/port" --state "$work/state" --data $data >"$work/$2" 2>>"$work/server.log" &
    server=$!
    processes="$processes $server"
}

server 0 rounds
wait_for "$work/port" .
port=$(cat "$work/port")

client Biscoe 0.02
biscoe=$client
client Torgersen 0.02
torgersen=$client
client Dream 0.5
wait_for "$work/Dream.log" 'round 3 begins'
kill -9 $client
wait $client 2>/dev/null
processes="$server $biscoe $torgersen"
wait_for "$work/server.log" 'Dream: disconnected'
client Dream 0.02
wait_for "$work/Biscoe.log" 'round 10 begins'
kill -9 $server
wait $server 2>/dev/null
processes="$biscoe $torgersen $client"
server "$port" resumed

for process in $server $biscoe $torgersen $client; do
    wait $process || fail "a process failed"
done
processes=
sed 1d "$work/resumed" >>"$work/rounds"
cat "$work/rounds"
printf '\nDream was killed in round 3, the server in round 10, and both were started again:\n'
sed 's/^/    /' "$work/server.log"

# Everything but the times; the round in flight when the server was killed may stand there twice.
"$bin/demo" $data "$work" >"$work/demo" || fail "the demo in one process failed"
sed 's/ *[0-9.]* ms$//' "$work/rounds" | uniq >"$work/here"
sed '/^$/,$d; s/ *[0-9.]* ms$//' "$work/demo" >"$work/there"
if cmp -s "$work/here" "$work/there"; then
    printf '\nthe same digits as in one process (make demo)\n'
else
    diff "$work/there" "$work/here"
    fail "other digits than in one process (make demo)"
fi
