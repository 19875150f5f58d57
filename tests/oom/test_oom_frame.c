/*
 * Frames without memory: encoding and decoding give 0 or FLR_E_NOMEM and can be called again; a reader loses nothing of its stream, whichever way the bytes come; what
 * a server makes of a frame is done once, whatever gets lost on the way. Nothing is left.
 */
#include "failalloc.h"
#include "oomcase.h"
#include "oomhost.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 100 /* payloads: more than the encoder has room for at first */

static struct {
    flr_shareable *message;
    flr_frame *frame, *other; /* other: what the call makes */
    flr_blob *bytes;
    flr_frame_reader *reader;
    size_t at, piece; /* of the bytes: read so far, at once */
    flr_task *task;
    char id[40];
    int outcome;
} t;

/* ---------------------------------------------------------------- with memory */

/* Payloads of this size and some values of every kind. */
static void build_message(size_t payloads, size_t size)
{
    memset(&t, 0, sizeof t);
    ck_assert_int_eq(flr_shareable_new(&t.message), 0);
    for (size_t i = 0; i < payloads; i++) {
        flr_blob *blob;
        flr_value *value;
        char key[32];
        void *bytes;
        ck_assert_int_eq(flr_blob_new(size, &blob, &bytes), 0);
        memset(bytes, (int)i, size);
        ck_assert_int_eq(flr_value_new_bytes(blob, &value), 0);
        flr_blob_unref(blob);
        snprintf(key, sizeof key, "payload %zu", i);
        ck_assert_int_eq(flr_shareable_set(t.message, key, value), 0);
    }
    ck_assert_int_eq(flr_shareable_set_int(t.message, "model", 70000), 0);
    ck_assert_int_eq(flr_shareable_set_text(t.message, "text", "a text of some length"), 0);
    ck_assert_int_eq(flr_shareable_set_header(t.message, FLR_HEADER_PEER_CTX, oomhost_props()), 0);
}

static void build_small(void)
{
    build_message(1, 100);
}

static void build_segments(void)
{
    build_message(3, 5000);
}

static void build_many(void)
{
    build_message(MANY, FLR_FRAME_SEGMENT);
}

/* More than the encoder has room for, in the header. */
static void build_long(void)
{
    build_message(MANY, 100);
}

static flr_envelope envelope(uint32_t kind)
{
    flr_envelope e;
    flr_envelope_init(&e, sizeof e);
    e.kind = kind;
    e.id = 7;
    e.job = "job-1";
    e.message = t.message;
    return e;
}

static int encode(void)
{
    flr_envelope e = envelope(FLR_FRAME_SUBMISSION);
    return flr_frame_encode(&e, &t.other);
}

static void no_frame(void)
{
    ck_assert_ptr_null(t.other);
}

/* It says what it should. */
static void check_frame(const flr_frame *frame)
{
    flr_envelope e = envelope(0);
    ck_assert_ptr_nonnull(frame);
    ck_assert_int_eq(flr_frame_get_envelope(frame, &e), 0);
    ck_assert_int_eq(e.id, 7);
    ck_assert(
        flr_value_equals(flr_shareable_get_body(e.message), flr_shareable_get_body(t.message)));
    ck_assert(flr_value_equals(flr_shareable_get_headers(e.message),
                               flr_shareable_get_headers(t.message)));
}

static void drop(void)
{
    if (t.other != NULL)
        check_frame(t.other);
    flr_frame_reader_free(t.reader);
    flr_frame_unref(t.other);
    flr_frame_unref(t.frame);
    flr_blob_unref(t.bytes);
    flr_shareable_unref(t.message);
}

static void drop_made(void)
{
    ck_assert_ptr_nonnull(t.other);
    drop();
}

/* ---------------------------------------------------------------- decoding */

static void build_bytes(void (*build)(void))
{
    void *bytes;
    build();
    ck_assert_int_eq(encode(), 0);
    t.frame = t.other;
    t.other = NULL;
    ck_assert_int_eq(flr_blob_new(flr_frame_get_size(t.frame), &t.bytes, &bytes), 0);
    ck_assert_int_eq(flr_frame_copy(t.frame, bytes, flr_frame_get_size(t.frame)), 0);
}

static void build_small_bytes(void)
{
    build_bytes(build_small);
}

static void build_segment_bytes(void)
{
    build_bytes(build_segments);
}

static void build_many_bytes(void)
{
    build_bytes(build_many);
}

static int decode(void)
{
    flr_frame_fault fault;
    flr_frame_fault_init(&fault, sizeof fault);
    int status = flr_frame_decode(t.bytes, NULL, &t.other, &fault);
    ck_assert_str_eq(fault.reason, ""); /* a lack of memory is no fault of the bytes */
    return status;
}

/* ---------------------------------------------------------------- the reader */

static int new_reader(void)
{
    return flr_frame_reader_new(NULL, &t.reader);
}

static void build_stream(void (*build)(void), size_t piece)
{
    build_bytes(build);
    t.piece = piece;
    ck_assert_int_eq(new_reader(), 0);
}

static void build_stream_small(void)
{
    build_stream(build_small, SIZE_MAX);
}

static void build_stream_segments(void)
{
    build_stream(build_segments, SIZE_MAX);
}

static void build_stream_pieces(void)
{
    build_stream(build_segments, 333);
}

static void build_stream_empty(void)
{
    build_message(1, 0);
    drop();
    build_stream(build_small, 1);
}

/* Give what is left of the bytes; when all are there the reader may still want memory. */
static int put(void)
{
    const char *data = flr_blob_get_data(t.bytes);
    size_t size = flr_blob_get_size(t.bytes);
    int status = 0;
    while (status == 0 && t.other == NULL) {
        size_t some = size - t.at < t.piece ? size - t.at : t.piece, taken = 0;
        status = flr_frame_reader_put(t.reader, data + t.at, some, &taken, &t.other);
        ck_assert_int_ne(status < 0 && t.other != NULL, 1);
        t.at += taken;
    }
    return status;
}

/* The same, read in place. */
static int read_in_place(void)
{
    const char *data = flr_blob_get_data(t.bytes);
    size_t size = flr_blob_get_size(t.bytes);
    int status = 0;
    while (status == 0 && t.other == NULL) {
        void *space = NULL;
        size_t room = 0;
        if (t.at == size) /* all is there: only memory was missing */
            return flr_frame_reader_add(t.reader, 0, &t.other);
        status = flr_frame_reader_get_space(t.reader, &space, &room);
        if (status < 0)
            return status;
        room = room < t.piece ? room : t.piece;
        memcpy(space, data + t.at, room);
        t.at += room;
        status = flr_frame_reader_add(t.reader, room, &t.other);
    }
    return status;
}

/* Nothing of the stream is lost, and it is not broken. */
static void still_whole(void)
{
    flr_frame_fault fault;
    flr_frame_fault_init(&fault, sizeof fault);
    ck_assert_ptr_null(t.other);
    ck_assert_uint_eq(flr_frame_reader_get_pending(t.reader), t.at);
    ck_assert_int_eq(flr_frame_reader_get_fault(t.reader, &fault), 0);
    ck_assert_str_eq(fault.reason, "");
}

static void drop_stream(void)
{
    ck_assert_uint_eq(flr_frame_reader_get_pending(t.reader), 0);
    ck_assert_uint_eq(t.at, flr_blob_get_size(t.bytes));
    drop_made();
}

/* ---------------------------------------------------------------- a server */

static flr_frame *frame_of(const flr_envelope *e)
{
    flr_frame *frame = NULL;
    ck_assert_int_eq(flr_frame_encode(e, &frame), 0);
    return frame;
}

static void build_standing(void)
{
    flr_task_options options;
    flr_value *props = oomhost_props();
    flr_envelope e;
    oomhost_build_open();
    build_segments();
    flr_task_options_init(&options, sizeof options);
    options.name = "train";
    options.payload = t.message;
    ck_assert_int_eq(flr_task_new(&options, &t.task), 0);
    ck_assert_int_eq(flr_board_broadcast(host.board, t.task, NULL, host.context), 0);
    e = envelope(FLR_FRAME_TASK_REQUEST);
    e.peer = props;
    e.message = NULL;
    t.frame = frame_of(&e);
    flr_value_unref(props);
}

static int process(void)
{
    return flr_runner_process_frame(host.runner, "site-1", host.context, t.frame, &t.other);
}

static flr_envelope answer(uint32_t kind)
{
    flr_envelope e;
    flr_envelope_init(&e, sizeof e);
    ck_assert_int_eq(flr_frame_get_envelope(t.other, &e), 0);
    ck_assert_uint_eq(e.kind, kind);
    ck_assert_int_eq(e.id, 7);
    return e;
}

static int request(void)
{
    int status = process();
    if (status == 0) {
        flr_envelope e = answer(FLR_FRAME_TASK_ANSWER);
        ck_assert_int_eq(e.code, FLR_ANSWER_TASK);
        ck_assert_int_eq(flr_value_get_int(flr_shareable_get(e.message, "model"), 0), 70000);
        snprintf(t.id, sizeof t.id, "%s", e.task_id);
    }
    return status;
}

static void forget_answer(void)
{
    flr_frame_unref(t.other);
    t.other = NULL;
}

static void drop_host(void)
{
    forget_answer();
    flr_frame_unref(t.frame);
    flr_task_unref(t.task);
    flr_shareable_unref(t.message);
    oomhost_drop();
}

static uint64_t accepted(void)
{
    flr_stats stats;
    flr_stats_init(&stats, sizeof stats);
    ck_assert_int_eq(flr_runner_get_stats(host.runner, &stats), 0);
    return stats.accepted;
}

static void build_taken(void)
{
    flr_shareable *result = NULL;
    flr_value *jar = NULL, *props = oomhost_props();
    flr_envelope e;
    build_standing();
    ck_assert_int_eq(request(), 0);
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    e = answer(FLR_FRAME_TASK_ANSWER);
    jar = flr_value_ref(flr_shareable_get_cookie_jar(e.message));
    ck_assert_int_eq(flr_shareable_set_header(result, FLR_HEADER_COOKIE_JAR, jar), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(result, FLR_HEADER_TASK_NAME, "train"), 0);
    forget_answer();
    flr_frame_unref(t.frame);
    flr_envelope_init(&e, sizeof e);
    e.kind = FLR_FRAME_SUBMISSION;
    e.id = 7;
    e.peer = props;
    e.message = result;
    t.frame = frame_of(&e);
    flr_shareable_unref(result);
    flr_value_unref(props);
}

static int submit(void)
{
    int status = process();
    if (status == 0)
        t.outcome = answer(FLR_FRAME_SUBMISSION_ANSWER).code;
    return status;
}

static void still_expected(void)
{
    ck_assert_uint_eq(accepted(), 0);
    ck_assert_int_eq(flr_task_get_status(t.task), FLR_TASK_STANDING);
}

static void drop_submission(void)
{
    ck_assert_int_eq(t.outcome, FLR_OUTCOME_ACCEPTED);
    ck_assert_uint_eq(accepted(), 1);
    drop_host();
}

static void build_check(void)
{
    flr_envelope e;
    flr_shareable *message = NULL;
    build_standing();
    ck_assert_int_eq(request(), 0);
    forget_answer();
    flr_frame_unref(t.frame);
    ck_assert_int_eq(flr_shareable_new(&message), 0);
    ck_assert_int_eq(flr_shareable_set_header(message, FLR_HEADER_PEER_PROPS, oomhost_props()), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(message, FLR_HEADER_TASK_ID, t.id), 0);
    flr_envelope_init(&e, sizeof e);
    e.kind = FLR_FRAME_AUX_REQUEST;
    e.id = 7;
    e.topic = "__task_check__";
    e.message = message;
    t.frame = frame_of(&e);
    flr_shareable_unref(message);
}

static int check(void)
{
    int status = process();
    if (status == 0) {
        const char *rc = flr_shareable_get_rc(answer(FLR_FRAME_AUX_REPLY).message);
        /* a handler that lacks memory is a failing handler: the client asks again */
        ck_assert(strcmp(rc, FLR_RC_OK) == 0 ||
                  (failalloc_get_failures() > 0 && strcmp(rc, FLR_RC_HANDLER_EXCEPTION) == 0));
    }
    return status;
}

static void build_strange(void)
{
    flr_envelope e;
    oomhost_build_open();
    memset(&t, 0, sizeof t);
    e = envelope(FLR_FRAME_HOST);
    t.frame = frame_of(&e);
}

static int refuse(void)
{
    int status = process();
    if (status == 0)
        ck_assert_int_eq(answer(FLR_FRAME_ERROR).code, FLR_E_INVAL);
    return status;
}

/* ---------------------------------------------------------------- the sweep */

static const oomcase cases[] = {
    {"encode", build_small, encode, no_frame, drop_made},
    {"encode, segments", build_segments, encode, no_frame, drop_made},
    {"encode, many segments", build_many, encode, no_frame, drop_made},
    {"encode, long header", build_long, encode, no_frame, drop_made},
    {"decode", build_small_bytes, decode, no_frame, drop_made},
    {"decode, segments", build_segment_bytes, decode, no_frame, drop_made},
    {"decode, many segments", build_many_bytes, decode, no_frame, drop_made},
    {"reader_new", build_small, new_reader, NULL, drop},
    {"reader_put", build_stream_small, put, still_whole, drop_stream},
    {"reader_put, segments", build_stream_segments, put, still_whole, drop_stream},
    {"reader_put, pieces", build_stream_pieces, put, still_whole, drop_stream},
    {"reader_put, bytes", build_stream_empty, put, still_whole, drop_stream},
    {"reader_add", build_stream_small, read_in_place, still_whole, drop_stream},
    {"reader_add, segments", build_stream_segments, read_in_place, still_whole, drop_stream},
    {"reader_add, pieces", build_stream_pieces, read_in_place, still_whole, drop_stream},
    {"process_frame, request", build_standing, request, no_frame, drop_host},
    {"process_frame, submission", build_taken, submit, still_expected, drop_submission},
    {"process_frame, aux", build_check, check, no_frame, drop_host},
    {"process_frame, no request", build_strange, refuse, no_frame, drop_host},
};

START_TEST(oom_frame)
{
    oomcase_sweep(&cases[_i]);
}
END_TEST

/* A reader that is given up in the middle has nothing left, wherever that is. */
START_TEST(oom_frame_given_up)
{
    size_t blocks = failalloc_get_live_count();
    for (size_t cut = 0;; cut += 97) {
        size_t taken = 0;
        build_stream_segments();
        if (cut >= flr_blob_get_size(t.bytes)) {
            drop();
            break;
        }
        ck_assert_int_eq(
            flr_frame_reader_put(t.reader, flr_blob_get_data(t.bytes), cut, &taken, &t.other), 0);
        ck_assert_uint_eq(taken, cut);
        ck_assert_ptr_null(t.other);
        drop();
        ck_assert_uint_eq(failalloc_get_live_count(), blocks);
    }
}
END_TEST

int main(void)
{
    if (failalloc_install() < 0)
        return EXIT_FAILURE;
    Suite *suite = suite_create("oom frames");
    TCase *tests = tcase_create("cases");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, oom_frame, 0, OOMCASE_COUNT(cases));
    tcase_add_test(tests, oom_frame_given_up);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
