/*
 * Wrong arguments for frames and for the calls that take or give them, through the shared library and the public headers only: each gives its documented
 * code, changes nothing and writes no output.
 */
#include "sweep.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define SMALL 4 /* bytes of a buffer that is too small for any frame */

static flr_envelope envelope(uint32_t kind)
{
    flr_envelope e;
    flr_envelope_init(&e, sizeof e);
    e.kind = kind;
    return e;
}

static flr_frame *encode(const flr_envelope *e)
{
    flr_frame *frame = NULL;
    ZERO(flr_frame_encode(e, &frame));
    return frame;
}

static flr_frame *plain(uint32_t kind, int32_t code)
{
    flr_envelope e = envelope(kind);
    e.id = 1;
    e.code = code;
    return encode(&e);
}

static flr_blob *bytes_of(const flr_frame *frame)
{
    flr_blob *blob = NULL;
    void *bytes;
    ZERO(flr_blob_new(flr_frame_get_size(frame), &blob, &bytes));
    ZERO(flr_frame_copy(frame, bytes, flr_frame_get_size(frame)));
    return blob;
}

/* ---------------------------------------------------------------- encoding */

START_TEST(arguments_of_encoding)
{
    flr_frame *frame = NULL;
    flr_envelope e = envelope(FLR_FRAME_SUBMISSION);
    flr_value *list = NULL, *pointer = NULL, *map = NULL;
    flr_shareable *unfit = NULL;
    ZERO(flr_value_new_list(&list));
    ZERO(flr_value_new_map(&map));
    ZERO(flr_value_new_pointer("p", &e, NULL, &pointer));
    ZERO(flr_map_set(&map, "p", flr_value_ref(pointer)));
    ZERO(flr_shareable_new(&unfit));
    ZERO(flr_shareable_set(unfit, "p", pointer));
    flr_envelope_init(NULL, sizeof e);
    INVAL(flr_frame_encode(NULL, &frame));
    INVAL(flr_frame_encode(&e, NULL));
#define WITH(code, change)                                                                         \
    e = envelope(FLR_FRAME_SUBMISSION);                                                            \
    change;                                                                                        \
    IS(flr_frame_encode(&e, &frame), code)
    WITH(FLR_E_INVAL, e.kind = 0);
    WITH(FLR_E_INVAL, e.kind = 65536);
    WITH(FLR_E_INVAL, e.id = -1);
    WITH(FLR_E_INVAL, e.id = INT64_MIN);
    WITH(FLR_E_INVAL, e.time = -1e-9);
    WITH(FLR_E_INVAL, e.time = (double)NAN);
    WITH(FLR_E_INVAL, e.time = (double)INFINITY);
    WITH(FLR_E_INVAL, e.peer = list);
    WITH(FLR_E_INVAL, e.extra = list);
    WITH(FLR_E_INVAL, e.peer = map);
    WITH(FLR_E_INVAL, e.extra = map);
    WITH(FLR_E_INVAL, e.message = unfit);
    const char **texts[] = {&e.job, &e.client, &e.topic, &e.task, &e.task_id};
    for (size_t i = 0; i < 5; i++) {
        WITH(FLR_E_LIMIT, *texts[i] = longer);
        WITH(FLR_E_INVAL, *texts[i] = "\xc3");
        WITH(FLR_E_INVAL, *texts[i] = "\xed\xa0\x80"); /* half of a pair */
        NOTHING(frame);
        WITH(0, *texts[i] = longer + 1); /* as long as it may be */
        flr_frame_unref(frame);
        frame = NULL;
        WITH(0, *texts[i] = "");
        flr_frame_unref(frame);
        frame = NULL;
    }
    WITH(0, e.kind = 65535);
    flr_frame_unref(frame);
    flr_shareable_unref(unfit);
    flr_value_unref(list);
    flr_value_unref(map);
}
END_TEST

START_TEST(arguments_of_frames)
{
    flr_frame *frame = plain(FLR_FRAME_HOST, 0);
    flr_envelope e = envelope(0);
    const void *data[2];
    size_t sizes[2], size = flr_frame_get_size(frame);
    unsigned char small[SMALL] = {1, 2, 3, 4};
    NOTHING(flr_frame_ref(NULL));
    flr_frame_unref(NULL);
    ZERO(flr_frame_get_size(NULL));
    ZERO(flr_frame_get_parts(NULL, 0, data, sizes, 2));
    ZERO(flr_frame_get_parts(frame, 0, NULL, sizes, 2));
    ZERO(flr_frame_get_parts(frame, 0, data, NULL, 2));
    ZERO(flr_frame_get_parts(frame, 0, data, sizes, 0));
    ZERO(flr_frame_get_parts(frame, size, data, sizes, 2));
    ZERO(flr_frame_get_parts(frame, SIZE_MAX, data, sizes, 2));
    ck_assert_uint_eq(flr_frame_get_parts(frame, size - 1, data, sizes, 2), 1);
    ck_assert_uint_eq(sizes[0], 1);
    INVAL(flr_frame_copy(NULL, small, SMALL));
    INVAL(flr_frame_copy(frame, NULL, size));
    LIMIT(flr_frame_copy(frame, small, SMALL));
    LIMIT(flr_frame_copy(frame, small, 0));
    ck_assert_mem_eq(small, "\1\2\3\4", SMALL);
    INVAL(flr_frame_get_envelope(NULL, &e));
    INVAL(flr_frame_get_envelope(frame, NULL));
    e.struct_size = 8;
    IS(flr_frame_get_envelope(frame, &e), FLR_E_ABI);
    e = envelope(0);
    e.flags = 1;
    INVAL(flr_frame_get_envelope(frame, &e));
    ZERO(e.kind);
    flr_frame_unref(frame);
}
END_TEST

/* ---------------------------------------------------------------- receiving */

START_TEST(arguments_of_decoding)
{
    flr_frame *frame = plain(FLR_FRAME_HOST, 0), *decoded = NULL;
    flr_blob *bytes = bytes_of(frame), *none = NULL;
    flr_frame_limits limits;
    flr_frame_fault fault;
    size_t need = 77;
    ZERO(flr_blob_new_copy("", 0, &none));
    flr_frame_limits_init(NULL, sizeof limits);
    flr_frame_fault_init(NULL, sizeof fault);
    flr_frame_limits_init(&limits, sizeof limits);
    flr_frame_fault_init(&fault, sizeof fault);
    INVAL(flr_frame_decode(NULL, NULL, &decoded, NULL));
    INVAL(flr_frame_decode(bytes, NULL, NULL, NULL));
    IS(flr_frame_decode(none, NULL, &decoded, &fault), FLR_E_CORRUPT);
    ck_assert_str_ne(fault.reason, "");
    flr_frame_fault_init(&fault, sizeof fault);
    limits.struct_size = 8;
    IS(flr_frame_decode(bytes, &limits, &decoded, &fault), FLR_E_ABI);
    IS(flr_frame_measure("FLRF", 4, &limits, &need), FLR_E_ABI);
    flr_frame_limits_init(&limits, sizeof limits);
    limits.flags = 1;
    INVAL(flr_frame_decode(bytes, &limits, &decoded, &fault));
    INVAL(flr_frame_measure("FLRF", 4, &limits, &need));
    TEXT(fault.reason, ""); /* the bytes were not looked at */
    fault.struct_size = 8;
    IS(flr_frame_decode(bytes, NULL, &decoded, &fault), FLR_E_ABI);
    flr_frame_fault_init(&fault, sizeof fault);
    fault.flags = 1;
    INVAL(flr_frame_decode(bytes, NULL, &decoded, &fault));
    INVAL(flr_frame_measure(NULL, 1, NULL, &need));
    INVAL(flr_frame_measure("FLRF", 4, NULL, NULL));
    IS(flr_frame_measure("FLRG", 4, NULL, &need), FLR_E_CORRUPT);
    IS(flr_frame_measure("FLRF\2", 5, NULL, &need), FLR_E_NOTSUP);
    ck_assert_uint_eq(need, 77);
    NOTHING(decoded);
    ZERO(flr_frame_measure(NULL, 0, NULL, &need));
    ck_assert_uint_eq(need, FLR_FRAME_PREFIX);
    /* 0 is the default, and what is above what the library can do is that. */
    memset(&limits, 0, sizeof limits);
    limits.struct_size = sizeof limits;
    ZERO(flr_frame_decode(bytes, &limits, &decoded, NULL));
    flr_frame_unref(decoded);
    limits.bytes = limits.header = limits.segments = limits.depth = limits.count = UINT64_MAX;
    ZERO(flr_frame_decode(bytes, &limits, &decoded, NULL));
    flr_frame_unref(decoded);
    flr_blob_unref(none);
    flr_blob_unref(bytes);
    flr_frame_unref(frame);
}
END_TEST

START_TEST(arguments_of_a_reader)
{
    flr_frame *frame = plain(FLR_FRAME_HOST, 0), *out = NULL;
    flr_blob *bytes = bytes_of(frame);
    const unsigned char *data = flr_blob_get_data(bytes);
    flr_frame_reader *reader = NULL;
    flr_frame_limits limits;
    flr_frame_fault fault;
    size_t room = 0, taken = 77, size = flr_blob_get_size(bytes);
    void *space = NULL;
    flr_frame_limits_init(&limits, sizeof limits);
    flr_frame_fault_init(&fault, sizeof fault);
    limits.flags = 1;
    INVAL(flr_frame_reader_new(&limits, &reader));
    limits.flags = 0;
    limits.struct_size = 8;
    IS(flr_frame_reader_new(&limits, &reader), FLR_E_ABI);
    NOTHING(reader);
    INVAL(flr_frame_reader_new(NULL, NULL));
    ZERO(flr_frame_reader_new(NULL, &reader));
    flr_frame_reader_free(NULL);
    INVAL(flr_frame_reader_get_space(NULL, &space, &room));
    INVAL(flr_frame_reader_get_space(reader, NULL, &room));
    INVAL(flr_frame_reader_get_space(reader, &space, NULL));
    IS(flr_frame_reader_add(reader, 0, &out), FLR_E_STATE); /* no place was asked for */
    INVAL(flr_frame_reader_add(NULL, 0, &out));
    ZERO(flr_frame_reader_get_space(reader, &space, &room));
    INVAL(flr_frame_reader_add(reader, 0, NULL));
    INVAL(flr_frame_reader_add(reader, room + 1, &out));
    INVAL(flr_frame_reader_add(reader, SIZE_MAX, &out));
    ZERO(flr_frame_reader_add(reader, 0, &out));
    IS(flr_frame_reader_add(reader, 0, &out), FLR_E_STATE); /* the place was used up */
    INVAL(flr_frame_reader_put(NULL, data, size, &taken, &out));
    INVAL(flr_frame_reader_put(reader, NULL, size, &taken, &out));
    INVAL(flr_frame_reader_put(reader, data, size, NULL, &out));
    INVAL(flr_frame_reader_put(reader, data, size, &taken, NULL));
    ck_assert_uint_eq(taken, 77);
    ZERO(flr_frame_reader_put(reader, NULL, 0, &taken, &out));
    ZERO(taken);
    NOTHING(out);
    ZERO(flr_frame_reader_get_pending(NULL));
    ZERO(flr_frame_reader_get_need(NULL));
    ZERO(flr_frame_reader_get_pending(reader));
    ZERO(flr_frame_reader_get_need(reader));
    INVAL(flr_frame_reader_get_fault(NULL, &fault));
    INVAL(flr_frame_reader_get_fault(reader, NULL));
    fault.flags = 1;
    INVAL(flr_frame_reader_get_fault(reader, &fault));
    flr_frame_fault_init(&fault, sizeof fault);
    fault.struct_size = 8;
    IS(flr_frame_reader_get_fault(reader, &fault), FLR_E_ABI);
    flr_frame_fault_init(&fault, sizeof fault);
    ZERO(flr_frame_reader_get_fault(reader, &fault));
    TEXT(fault.reason, "");
    /* None of these calls disturbed it. */
    ZERO(flr_frame_reader_put(reader, data, size, &taken, &out));
    ck_assert_uint_eq(taken, size);
    ck_assert_ptr_nonnull(out);
    flr_frame_unref(out);
    flr_frame_reader_free(reader);
    flr_blob_unref(bytes);
    flr_frame_unref(frame);
}
END_TEST

/* ---------------------------------------------------------------- the server */

START_TEST(arguments_of_processing)
{
    flr_frame *frame = plain(FLR_FRAME_TASK_REQUEST, 0), *reply = NULL;
    INVAL(flr_runner_process_frame(NULL, "a", h.context, frame, &reply));
    INVAL(flr_runner_process_frame(h.runner, NULL, h.context, frame, &reply));
    INVAL(flr_runner_process_frame(h.runner, "", h.context, frame, &reply));
    INVAL(flr_runner_process_frame(h.runner, "\xff", h.context, frame, &reply));
    LIMIT(flr_runner_process_frame(h.runner, longer, h.context, frame, &reply));
    INVAL(flr_runner_process_frame(h.runner, "a", NULL, frame, &reply));
    INVAL(flr_runner_process_frame(h.runner, "a", h.foreign, frame, &reply));
    INVAL(flr_runner_process_frame(h.runner, "a", h.context, NULL, &reply));
    INVAL(flr_runner_process_frame(h.runner, "a", h.context, frame, NULL));
    NOTHING(reply);
    ZERO(flr_runner_process_frame(h.runner, "a", h.context, frame, &reply));
    ck_assert_ptr_nonnull(reply);
    flr_frame_unref(reply);
    flr_frame_unref(frame);
}
END_TEST

static struct {
    flr_aux_send *kept;
    int calls, done;
    char rc[32];
} sent;

/* Looks at wrong arguments, keeps the send, reports nothing. */
static int keep_send(void *self, flr_aux_send *send)
{
    flr_frame *frame = NULL, *reply = plain(FLR_FRAME_AUX_REPLY, 0);
    size_t count = flr_aux_send_get_target_count(send);
    (void)self;
    sent.calls++;
    INVAL(flr_aux_send_encode(NULL, 0, 1, &frame));
    INVAL(flr_aux_send_encode(send, count, 1, &frame));
    INVAL(flr_aux_send_encode(send, SIZE_MAX, 1, &frame));
    INVAL(flr_aux_send_encode(send, 0, -1, &frame));
    INVAL(flr_aux_send_encode(send, 0, 1, NULL));
    NOTHING(frame);
    INVAL(flr_aux_send_reply_frame(NULL, 0, reply));
    INVAL(flr_aux_send_reply_frame(send, count, reply));
    INVAL(flr_aux_send_reply_frame(send, SIZE_MAX, reply));
    INVAL(flr_aux_send_reply_frame(send, 0, NULL));
    flr_frame_unref(reply);
    ZERO(flr_aux_send_encode(send, 0, 0, &frame)); /* nobody waits */
    flr_frame_unref(frame);
    ZERO(flr_aux_send_encode(send, 0, INT64_MAX, &frame));
    flr_frame_unref(frame);
    sent.kept = flr_aux_send_ref(send);
    return 0;
}

static void on_done(void *self, flr_aux_send *send)
{
    (void)self;
    sent.done++;
    strcpy(sent.rc, flr_shareable_get_rc(flr_aux_send_get_reply(send, 0)));
}

START_TEST(arguments_of_sending)
{
    static const struct {
        uint32_t kind;
        int32_t code;
        const char *rc;
    } replies[] = {
        {FLR_FRAME_AUX_REPLY, 0, FLR_RC_OK}, /* without a message */
        {FLR_FRAME_AUX_REQUEST, 0, FLR_RC_COMMUNICATION_ERROR},
        {FLR_FRAME_TASK_ANSWER, FLR_ANSWER_TASK, FLR_RC_COMMUNICATION_ERROR},
        {FLR_FRAME_HOST, 0, FLR_RC_COMMUNICATION_ERROR},
        {FLR_FRAME_ERROR, 0, FLR_RC_COMMUNICATION_ERROR}, /* an error that is none */
        {FLR_FRAME_ERROR, 5, FLR_RC_COMMUNICATION_ERROR},
        {FLR_FRAME_ERROR, FLR_E_TIMEDOUT, FLR_RC_TIMEOUT},
        {FLR_FRAME_ERROR, FLR_E_CALLBACK, FLR_RC_EXECUTION_EXCEPTION},
        {FLR_FRAME_ERROR, FLR_E_HOST - 1, FLR_RC_ERROR},
    };
    flr_engine_ops engine;
    flr_config *config = NULL;
    flr_runner *runner = NULL;
    flr_context *context = NULL;
    flr_aux_options options;
    memset(&sent, 0, sizeof sent);
    ZERO(flr_config_new(&config));
    ZERO(flr_config_set_clock(config, h.clock));
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.send_aux = keep_send;
    ZERO(flr_runner_new(config, "job-1", &engine, NULL, &runner));
    ZERO(flr_runner_new_context(runner, &context));
    flr_aux_options_init(&options, sizeof options);
    options.targets = (const char *const[]){"a"};
    options.target_count = 1;
    options.timeout = 1.0;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        flr_frame *reply = plain(replies[i].kind, replies[i].code), *again = NULL;
        ZERO(flr_context_send_aux(context, "t", h.message, &options, on_done, NULL));
        ck_assert_int_eq(sent.done, (int)i);
        ZERO(flr_aux_send_reply_frame(sent.kept, 0, reply));
        ck_assert_int_eq(sent.done, (int)i + 1);
        ck_assert_str_eq(sent.rc, replies[i].rc);
        ZERO(flr_aux_send_reply_frame(sent.kept, 0, reply)); /* later reports are ignored */
        ZERO(flr_aux_send_encode(sent.kept, 0, 1, &again));
        ck_assert_int_eq(sent.done, (int)i + 1);
        flr_frame_unref(again);
        flr_frame_unref(reply);
        flr_aux_send_unref(sent.kept);
    }
    ck_assert_int_eq(sent.calls, (int)(sizeof replies / sizeof replies[0]));
    flr_context_free(context);
    flr_runner_free(runner);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arguments of frames");
    TCase *tests = tcase_create("api");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, arguments_of_encoding);
    tcase_add_test(tests, arguments_of_frames);
    tcase_add_test(tests, arguments_of_decoding);
    tcase_add_test(tests, arguments_of_a_reader);
    tcase_add_test(tests, arguments_of_processing);
    tcase_add_test(tests, arguments_of_sending);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
