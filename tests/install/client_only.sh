#!/bin/bash
# A device that has the client side only: links a whole client with the static library and looks, with nm, for anything of the server in it; then runs it. Also says how much code that is.
# Environment: FLR_BUILD, CC.
# shellcheck disable=SC2317  # functions are called through check
set -u
cd "$(dirname "$0")/../.." || exit 1

build=${FLR_BUILD:-build/default}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
status=0

check() { # check NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$scratch/out" 2>&1; then
        echo "ok client only: $name"
    else
        echo "not ok client only: $name"
        tail -n 40 "$scratch/out"
        status=1
    fi
}

# The client: frames to a server that is a table. It is told to do a task once, then that the run is over.
cat >"$scratch/client.c" <<'END'
#include <flrunner/client_runner.h>
#include <stdio.h>
#include <string.h>

static int tasks, results;

/* The frame that answers. */
static int answer(const flr_envelope *asked, flr_frame **frame)
{
    flr_envelope e;
    flr_shareable *message = NULL;
    flr_value *props = NULL;
    int status = flr_shareable_new(&message);
    flr_envelope_init(&e, sizeof e);
    e.id = asked->id;
    e.kind = FLR_FRAME_AUX_REPLY;
    e.message = message;
    if (asked->kind == FLR_FRAME_SUBMISSION) {
        e.kind = FLR_FRAME_SUBMISSION_ANSWER;
        e.code = FLR_OUTCOME_ACCEPTED;
        e.message = NULL;
        results += (int)flr_value_get_int(flr_shareable_get(asked->message, "x"), 0);
    } else if (asked->kind == FLR_FRAME_TASK_REQUEST) {
        e.kind = FLR_FRAME_TASK_ANSWER;
        e.code = results != 0 ? FLR_ANSWER_END_RUN : FLR_ANSWER_TASK;
        e.task = "train";
        e.task_id = "1";
        if (status == 0)
            status = flr_shareable_set_header_text(message, FLR_HEADER_TASK_ID, e.task_id);
        if (status == 0)
            status = flr_value_new_map(&props);
        if (status == 0)
            status = flr_map_set_text(&props, FLR_PROP_RUN_NUM, "job");
        if (status == 0)
            status = flr_shareable_set_header(message, FLR_HEADER_PEER_CTX, props);
    }
    if (status == 0)
        status = flr_frame_encode(&e, frame);
    flr_shareable_unref(message);
    return status;
}

static int request(void *self, flr_request *r)
{
    flr_envelope e;
    flr_frame *frame = NULL, *arrived = NULL, *reply = NULL;
    flr_frame_reader *reader = NULL;
    char bytes[4096];
    size_t taken = 0;
    (void)self;
    flr_envelope_init(&e, sizeof e);
    int status = flr_request_encode(r, 1, &frame);
    if (status == 0)
        status = flr_frame_copy(frame, bytes, sizeof bytes);
    if (status == 0)
        status = flr_frame_reader_new(NULL, &reader);
    if (status == 0)
        status = flr_frame_reader_put(reader, bytes, flr_frame_get_size(frame), &taken, &arrived);
    if (status == 0)
        status = flr_frame_get_envelope(arrived, &e);
    if (status == 0)
        status = answer(&e, &reply);
    if (status == 0)
        status = flr_request_answer_frame(r, reply);
    flr_frame_reader_free(reader);
    flr_frame_unref(frame);
    flr_frame_unref(arrived);
    flr_frame_unref(reply);
    return status;
}

static int train(void *self, flr_context *context, const char *task, const flr_shareable *data, flr_signal *abort, flr_shareable **result)
{
    (void)self, (void)context, (void)task, (void)data, (void)abort;
    tasks++;
    int status = flr_shareable_new(result);
    return status == 0 ? flr_shareable_set_int(*result, "x", 7) : status;
}

int main(void)
{
    flr_client_runner *client = NULL;
    flr_client_engine_ops engine;
    flr_executor_ops executor;
    flr_client_engine_ops_init(&engine, sizeof engine);
    engine.request = request;
    flr_executor_ops_init(&executor, sizeof executor);
    executor.execute = train;
    int status = flr_client_runner_new(NULL, "job", &engine, NULL, &client);
    if (status == 0)
        status = flr_client_runner_add_executor(client, "train", &executor, NULL);
    if (status == 0)
        status = flr_client_runner_run(client);
    flr_client_runner_free(client);
    printf("%s: %d task, result %d\n", flr_status_get_name(status), tasks, results);
    return status != 0 || tasks != 1 || results != 7;
}
END

# link SOURCE PROGRAM FLAGS...
link() {
    local source=$1 program=$2
    shift 2
    "${CC:-cc}" -O2 -Iinclude -pthread "$@" -o "$program" "$source" "$build/libflrunner.a" -lm
}

# symbols FOLDER...: what the sources in these folders of the library define for others
symbols() {
    local folder source
    for folder in "$@"; do
        for source in lib/"$folder"/*.c; do
            [ ! -e "$source" ] || nm --defined-only --extern-only "$build/obj/${source%.c}.o"
        done
    done | awk 'NF == 3 {print $3}' | sort -u
}

# What a client is made of; every other folder is the server's.
client_folders=(base client data fl reliable wire)
server_folders=()
for folder in lib/*/; do
    folder=$(basename "$folder")
    [[ " ${client_folders[*]} " == *" $folder "* ]] || server_folders+=("$folder")
done
symbols "${server_folders[@]}" >"$scratch/server"
symbols "${client_folders[@]}" >"$scratch/client.symbols"

# of PROGRAM LIST: which of these symbols it has
of() { nm --defined-only "$1" | awk 'NF == 3 {print $3}' | sort -u | comm -12 - "$2"; }

nothing_of_the_server() {
    of "$1" "$scratch/server" >"$scratch/pulled"
    head -n 20 "$scratch/pulled"
    [ ! -s "$scratch/pulled" ] && of "$1" "$scratch/client.symbols" | grep -q '^flr_client_runner_run$'
}

has_a_server() { of "$1" "$scratch/server" | grep -qx flr_runner_run; }

code_of() { size -A "$1" | awk '$1 == ".text" {print $2}'; } # bytes

check "the server has symbols of its own" grep -qx flr_runner_run "$scratch/server"
check "the client's folders have none of them" bash -c "! comm -12 '$scratch/server' '$scratch/client.symbols' | grep ."
check "a client links" link "$scratch/client.c" "$scratch/whole"
check "nothing of the server is in it" nothing_of_the_server "$scratch/whole"
check "a client links without unused sections" link "$scratch/client.c" "$scratch/small" -Wl,--gc-sections
check "nothing of the server is in that" nothing_of_the_server "$scratch/small"
check "it does a task" bash -c "timeout 60 '$scratch/small' | grep -qx 'FLR_OK: 1 task, result 7'"
check "a client links with everything static" link "$scratch/client.c" "$scratch/static" -static -Wl,--gc-sections
check "nothing of the server is in that either" nothing_of_the_server "$scratch/static"
check "it does a task, too" bash -c "timeout 60 '$scratch/static' | grep -qx 'FLR_OK: 1 task, result 7'"
# So that this test is known to see a server where there is one.
check "a server links" link examples/minimal.c "$scratch/both" -Wl,--gc-sections
check "it is seen there" has_a_server "$scratch/both"
check "a client has less than three quarters of its code" [ $((4 * $(code_of "$scratch/small"))) -lt $((3 * $(code_of "$scratch/both"))) ]
echo "# code: $(($(code_of "$scratch/small") / 1024)) KiB, with all sections $(($(code_of "$scratch/whole") / 1024)) KiB; a server $(($(code_of "$scratch/both") / 1024)) KiB"
exit $status
