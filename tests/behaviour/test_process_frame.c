/*
 * One frame in, one frame out: what a server and a client make of each kind of request, against a twin that gets the plain calls. What arrives was decoded from a copy of the bytes, and what the
 * frame says of its sender and task is never true. Rows RQ-01, RQ-03, RQ-10, SB-01, SB-03, SB-05, SB-13 to SB-18, AX-01 to AX-06, CL-08, CL-26.
 */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <flrunner.h>
#include <stdio.h>
#include <string.h>

#define ID 41 /* of all requests that want an answer */

static boardhost h, twin;
static flr_task *task, *twin_task;
static flr_frame *reply; /* of the last exchange; its envelope lives as long */

/* ---- frames ---- */

/* As it would arrive: [out] */
static flr_frame *passed(const flr_frame *frame)
{
    flr_blob *blob;
    flr_frame *arrived = NULL;
    void *bytes;
    size_t size = flr_frame_get_size(frame);
    ck_assert_int_eq(flr_blob_new(size, &blob, &bytes), 0);
    ck_assert_int_eq(flr_frame_copy(frame, bytes, size), 0);
    ck_assert_int_eq(flr_frame_decode(blob, NULL, &arrived, NULL), 0);
    flr_blob_unref(blob);
    return arrived;
}

static flr_frame *received(const flr_envelope *e)
{
    flr_frame *frame = NULL, *arrived;
    ck_assert_int_eq(flr_frame_encode(e, &frame), 0);
    arrived = passed(frame);
    flr_frame_unref(frame);
    return arrived;
}

/* Without a message; what it claims is wrong. */
static flr_envelope envelope(uint32_t kind)
{
    flr_envelope e;
    flr_envelope_init(&e, sizeof e);
    e.kind = kind;
    e.id = ID;
    e.code = 17;
    e.job = "another job";
    e.client = "site-7";
    e.task = "no task";
    e.task_id = "no id";
    return e;
}

/* The last reply's; kind 0: there was none. */
static flr_envelope take_reply(flr_frame *made)
{
    flr_envelope e;
    flr_frame_unref(reply);
    reply = made == NULL ? NULL : passed(made);
    flr_frame_unref(made);
    flr_envelope_init(&e, sizeof e);
    if (reply != NULL)
        ck_assert_int_eq(flr_frame_get_envelope(reply, &e), 0);
    return e;
}

/* The context has other peer properties before: those of a plain call. */
static flr_envelope exchange(int client, const flr_envelope *e)
{
    flr_frame *frame = received(e), *made = NULL;
    ck_assert_int_eq(flr_runner_process_frame(h.runner, boardhost_name(client),
                                              boardhost_context(&h, client), frame, &made),
                     0);
    flr_frame_unref(frame);
    return take_reply(made);
}

static flr_value *peer_of(const char *job)
{
    flr_value *props;
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_RUN_NUM, job), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_IDENTITY_NAME, "site-7"), 0);
    ck_assert_int_eq(flr_map_set_text(&props, "colour", "green"), 0);
    return props;
}

/* With the peer properties of a client of this job. */
static flr_envelope exchange_as_peer(int client, flr_envelope e)
{
    flr_value *peer = peer_of("job");
    e.peer = peer;
    flr_envelope answer = exchange(client, &e);
    flr_value_unref(peer);
    return answer;
}

/* ---- fixture ---- */

static void setup(void)
{
    boardhost_init(&h, 3);
    boardhost_init(&twin, 3);
}

static void begin(void)
{
    boardhost_begin(&h);
    boardhost_begin(&twin);
}

static void schedule(void)
{
    begin();
    task = boardhost_task(&h, "train", NULL);
    twin_task = boardhost_task(&twin, "train", NULL);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 2, 0, 0), 0);
    ck_assert_int_eq(boardhost_broadcast(&twin, twin_task, FLR_TARGETS_LIST, 2, 0, 0), 0);
}

static void teardown(void)
{
    flr_frame_unref(reply);
    flr_task_unref(task);
    flr_task_unref(twin_task);
    reply = NULL;
    task = twin_task = NULL;
    boardhost_close(&h);
    boardhost_close(&twin);
    boardhost_free(&h);
    boardhost_free(&twin);
}

/* What was counted and traced is the same on both sides. */
static void expect_twins(void)
{
    char trace[sizeof h.trace];
    flr_stats one = boardhost_stats(&h), other = boardhost_stats(&twin);
    ck_assert_mem_eq(&one, &other, sizeof one);
    snprintf(trace, sizeof trace, "%s", boardhost_trace(&h));
    ck_assert_str_eq(trace, boardhost_trace(&twin));
}

static void expect_same_message(const flr_shareable *one, const flr_shareable *other)
{
    ck_assert_int_eq(one == NULL, other == NULL);
    if (one == NULL)
        return;
    ck_assert(flr_value_equals(flr_shareable_get_body(one), flr_shareable_get_body(other)));
    ck_assert(flr_value_equals(flr_shareable_get_headers(one), flr_shareable_get_headers(other)));
}

static void expect_kind(const flr_envelope *e, uint32_t kind)
{
    ck_assert_uint_eq(e->kind, kind);
    ck_assert_int_eq(e->id, ID);
    ck_assert_str_eq(e->topic, "");
    ck_assert_ptr_null(e->peer);
    ck_assert_ptr_null(e->extra);
}

/* ---- task requests ---- */

/* Ask both sides: the frame's answer is the plain one. [view] */
static flr_envelope ask_both(int client, int kind)
{
    const flr_answer *answer = NULL;
    flr_envelope e = exchange_as_peer(client, envelope(FLR_FRAME_TASK_REQUEST));
    ck_assert_int_eq(flr_runner_process_task_request(twin.runner, boardhost_name(client),
                                                     boardhost_context(&twin, client), &answer),
                     0);
    expect_kind(&e, FLR_FRAME_TASK_ANSWER);
    ck_assert_int_eq(e.code, kind);
    ck_assert_int_eq(e.code, flr_answer_get_kind(answer));
    ck_assert_str_eq(e.task, flr_answer_get_name(answer));
    ck_assert_str_eq(e.task_id, flr_answer_get_id(answer));
    ck_assert(e.time == flr_answer_get_wait_time(answer));
    expect_same_message(e.message, flr_answer_get_data(answer));
    return e;
}

START_TEST(rq_03_before_the_run)
{
    h.run_mode = twin.run_mode = true;
    begin();
    flr_envelope e = ask_both(1, FLR_ANSWER_TRY_AGAIN);
    ck_assert_str_eq(e.task, "__try_again__");
    ck_assert_str_eq(e.task_id, "");
    ck_assert(e.time == 2.0);
    expect_twins();
}
END_TEST

START_TEST(rq_10_a_task)
{
    schedule();
    flr_envelope e = ask_both(1, FLR_ANSWER_TASK);
    ck_assert_str_eq(e.task, "train");
    ck_assert_uint_gt(strlen(e.task_id), 0);
    ck_assert(e.time == 2.0);
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(e.message, "model"), 0), 7);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_cookie(e.message, "__task_id__"), "-"),
                     e.task_id);
    ask_both(1, FLR_ANSWER_TASK); /* the same again */
    ck_assert_uint_eq(boardhost_stats(&h).resends, 1);
    e = ask_both(3, FLR_ANSWER_TRY_AGAIN); /* no target */
    ck_assert_ptr_nonnull(e.message);
    expect_twins();
}
END_TEST

START_TEST(rq_03_after_the_run)
{
    begin();
    boardhost_close(&h);
    boardhost_close(&twin);
    flr_envelope e = ask_both(1, FLR_ANSWER_END_RUN);
    ck_assert_str_eq(e.task, "__end_run__");
    ck_assert(e.time == 0.0);
    ck_assert_ptr_null(e.message);
    expect_twins();
}
END_TEST

/* The frame's peer properties are the context's, but for the name, which is the authenticated one; without any there is no peer, whatever stood in the context before. */
START_TEST(rq_04_peer_properties)
{
    flr_value *value = NULL;
    schedule();
    flr_envelope e = envelope(FLR_FRAME_TASK_REQUEST);
    e = exchange(1, &e);
    expect_kind(&e, FLR_FRAME_TASK_ANSWER);
    ck_assert_int_eq(e.code, FLR_ANSWER_TRY_AGAIN);
    ck_assert_uint_eq(boardhost_stats(&h).answer_try_no_peer, 1);
    flr_value *peer = peer_of("not this job");
    e = envelope(FLR_FRAME_TASK_REQUEST);
    e.peer = peer;
    e = exchange(1, &e);
    flr_value_unref(peer);
    ck_assert_int_eq(e.code, FLR_ANSWER_END_RUN);
    e = exchange_as_peer(1, envelope(FLR_FRAME_TASK_REQUEST));
    ck_assert_int_eq(e.code, FLR_ANSWER_TASK);
    const flr_context *seen = flr_context_get_peer(h.contexts[1]);
    ck_assert_ptr_nonnull(seen);
    ck_assert_int_eq(flr_context_get(seen, "colour", &value), 0);
    ck_assert_str_eq(flr_value_get_text(value, "-"), "green");
    flr_value_unref(value);
    ck_assert_int_eq(flr_context_get(seen, FLR_PROP_IDENTITY_NAME, &value), 0);
    ck_assert_str_eq(flr_value_get_text(value, "-"), "site-1");
    flr_value_unref(value);
}
END_TEST

/* ---- submissions ---- */

/* [out] name and ids NULL: it has none. */
static flr_shareable *result_of(const char *name, const char *id, const char *workflow)
{
    flr_shareable *result;
    flr_value *value;
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    ck_assert_int_eq(flr_shareable_set_int(result, "x", 5), 0);
    if (name != NULL)
        ck_assert_int_eq(flr_shareable_set_header_text(result, FLR_HEADER_TASK_NAME, name), 0);
    if (id != NULL) {
        ck_assert_int_eq(flr_value_new_text(id, &value), 0);
        ck_assert_int_eq(flr_shareable_set_cookie(result, "__task_id__", value), 0);
    }
    if (workflow != NULL) {
        ck_assert_int_eq(flr_value_new_text(workflow, &value), 0);
        ck_assert_int_eq(flr_shareable_set_cookie(result, "__workflow__", value), 0);
    }
    return result;
}

/* Submit to both sides; job NULL: without peer properties. The outcome. */
static int submit_both(int client, const char *name, const char *id, const char *workflow,
                       const char *job)
{
    int outcome = 0;
    flr_shareable *result = result_of(name, id, workflow);
    flr_value *peer = job == NULL ? NULL : peer_of(job);
    flr_context *context = boardhost_context(&twin, client);
    flr_envelope e = envelope(FLR_FRAME_SUBMISSION);
    e.peer = peer;
    e.message = result;
    e = exchange(client, &e);
    ck_assert_int_eq(flr_context_reset(context), 0);
    if (peer != NULL)
        ck_assert_int_eq(flr_context_set_peer_props(context, peer), 0);
    ck_assert_int_eq(flr_runner_process_submission(twin.runner, boardhost_name(client), context,
                                                   name, id, result, &outcome),
                     0);
    flr_value_unref(peer);
    flr_shareable_unref(result);
    expect_kind(&e, FLR_FRAME_SUBMISSION_ANSWER);
    ck_assert_ptr_null(e.message);
    ck_assert_str_eq(e.task, "");
    ck_assert_int_eq(e.code, outcome);
    return outcome;
}

/* [view until the next] the id of the task that both clients got. */
static const char *take_both(int client)
{
    static char id[40];
    flr_envelope e = ask_both(client, FLR_ANSWER_TASK);
    snprintf(id, sizeof id, "%s", e.task_id);
    return id;
}

START_TEST(sb_14_twice_is_counted_once)
{
    schedule();
    const char *id = take_both(1);
    ck_assert_int_eq(submit_both(1, "train", id, "wf", "job"), FLR_OUTCOME_ACCEPTED);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(submit_both(1, "train", id, "wf", "job"), FLR_OUTCOME_DUPLICATE);
    ck_assert_uint_eq(boardhost_stats(&h).accepted, 1);
    ck_assert_uint_eq(boardhost_stats(&h).duplicate, 3);
    ck_assert_str_eq(boardhost_states(task), "site-1:answered");
    ck_assert_int_eq(submit_both(2, "train", take_both(2), "wf", "job"), FLR_OUTCOME_ACCEPTED);
    expect_twins();
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
}
END_TEST

START_TEST(sb_02_each_outcome)
{
    schedule();
    char id[40];
    snprintf(id, sizeof id, "%s", take_both(1));
    ck_assert_int_eq(submit_both(1, "train", id, "wf", NULL), FLR_OUTCOME_NO_PEER);
    ck_assert_int_eq(submit_both(1, "train", id, "wf", "job 2"), FLR_OUTCOME_WRONG_JOB);
    ck_assert_int_eq(submit_both(1, "train", id, "wf 2", "job"), FLR_OUTCOME_WRONG_WORKFLOW);
    ck_assert_int_eq(submit_both(1, "train", "never", "wf", "job"), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(submit_both(1, "train", NULL, "wf", "job"), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(submit_both(2, "train", id, "wf", "job"), FLR_OUTCOME_WRONG_CLIENT);
    ck_assert_int_eq(submit_both(1, "test", id, "wf", "job"), FLR_OUTCOME_WRONG_TASK_NAME);
    ck_assert_int_eq(submit_both(1, NULL, id, "wf", "job"), FLR_OUTCOME_WRONG_TASK_NAME);
    ck_assert_str_eq(boardhost_states(task), "site-1:open");
    ck_assert_int_eq(submit_both(1, "train", id, NULL, "job"), FLR_OUTCOME_ACCEPTED);
    flr_task_cancel(task, 0);
    flr_task_cancel(twin_task, 0);
    boardhost_close(&h);
    boardhost_close(&twin);
    ck_assert_int_eq(submit_both(1, "train", id, "wf", "job"), FLR_OUTCOME_NOT_RUNNING);
    expect_twins();
}
END_TEST

/* What only the envelope says is not looked at. */
START_TEST(sb_01_the_envelope_is_no_result)
{
    schedule();
    const char *id = take_both(1);
    flr_shareable *result = result_of(NULL, NULL, NULL);
    flr_envelope e = envelope(FLR_FRAME_SUBMISSION);
    e.client = "site-1";
    e.job = "job";
    e.task = "train";
    e.task_id = id;
    e.message = result;
    e = exchange_as_peer(1, e);
    flr_shareable_unref(result);
    ck_assert_int_eq(e.code, FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_str_eq(boardhost_states(task), "site-1:open");
}
END_TEST

/* ---- auxiliary messages ---- */

/* [out] a message of a client of this job; with its task's id, if it has one. */
static flr_shareable *message_of(const char *id)
{
    flr_shareable *message;
    ck_assert_int_eq(flr_shareable_new(&message), 0);
    ck_assert_int_eq(flr_shareable_set_header(message, FLR_HEADER_PEER_PROPS, peer_of("job")), 0);
    if (id != NULL)
        ck_assert_int_eq(flr_shareable_set_header_text(message, FLR_HEADER_TASK_ID, id), 0);
    return message;
}

/* Send to both sides; drops the message. */
static void send_both(const char *topic, flr_shareable *message, const char *rc)
{
    const flr_shareable *plain = NULL;
    flr_context *context = boardhost_context(&twin, 1);
    flr_envelope e = envelope(FLR_FRAME_AUX_REQUEST);
    e.topic = topic;
    e.message = message;
    e = exchange_as_peer(1, e); /* peer properties of the envelope are none of a message's */
    ck_assert_int_eq(flr_context_reset(context), 0);
    ck_assert_int_eq(flr_runner_process_aux(twin.runner, "site-1", topic, context, message, &plain),
                     0);
    expect_kind(&e, FLR_FRAME_AUX_REPLY);
    ck_assert_int_eq(e.code, 0);
    ck_assert_ptr_nonnull(e.message);
    ck_assert_str_eq(flr_shareable_get_rc(e.message), rc);
    expect_same_message(e.message, plain);
    flr_shareable_unref(message);
}

static int greet(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                 flr_shareable **answer)
{
    flr_value *name = NULL;
    (void)self, (void)request;
    ck_assert_int_eq(flr_context_get(flr_context_get_peer(context), FLR_PROP_IDENTITY_NAME, &name),
                     0);
    int status = flr_shareable_new(answer);
    if (status == 0)
        status = flr_shareable_set_text(*answer, topic, flr_value_get_text(name, "-"));
    flr_value_unref(name);
    return status;
}

START_TEST(ax_01_each_reply)
{
    flr_shareable *bare;
    schedule();
    const char *id = take_both(1);
    ck_assert_int_eq(flr_context_register_aux(boardhost_context(&h, 1), "greet", greet, NULL), 0);
    ck_assert_int_eq(flr_context_register_aux(boardhost_context(&twin, 1), "greet", greet, NULL),
                     0);
    send_both("greet", message_of(NULL), FLR_RC_OK);
    flr_envelope e;
    flr_envelope_init(&e, sizeof e);
    ck_assert_int_eq(flr_frame_get_envelope(reply, &e), 0);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get(e.message, "greet"), "-"), "site-1");
    send_both("__sync_runner__", message_of(NULL), FLR_RC_OK);
    send_both("__job_heartbeat__", message_of(NULL), FLR_RC_OK);
    send_both("__task_check__", message_of(id), FLR_RC_OK);
    send_both("__task_check__", message_of("never"), FLR_RC_TASK_UNKNOWN);
    send_both("__task_check__", message_of(NULL), FLR_RC_BAD_REQUEST_DATA);
    send_both("nobody's", message_of(NULL), FLR_RC_TOPIC_UNKNOWN);
    send_both("greet", NULL, FLR_RC_BAD_REQUEST_DATA);
    ck_assert_int_eq(flr_shareable_new(&bare), 0);
    send_both("greet", bare, FLR_RC_MISSING_PEER_CONTEXT);
    expect_twins();
}
END_TEST

/* A context is of one call at a time. */
static int again(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                 flr_shareable **answer)
{
    flr_envelope e = envelope(FLR_FRAME_TASK_REQUEST);
    flr_frame *frame = received(&e), *made = NULL;
    (void)topic, (void)request;
    *(int *)self =
        flr_runner_process_frame(flr_context_get_runner(context), "site-1", context, frame, &made);
    ck_assert_ptr_null(made);
    flr_frame_unref(frame);
    return flr_shareable_new(answer);
}

START_TEST(rq_01_a_context_in_use)
{
    int inner = 0;
    flr_shareable *message = message_of(NULL);
    begin();
    ck_assert_int_eq(flr_context_register_aux(boardhost_context(&h, 1), "again", again, &inner), 0);
    flr_envelope e = envelope(FLR_FRAME_AUX_REQUEST);
    e.topic = "again";
    e.message = message;
    e = exchange(1, &e);
    flr_shareable_unref(message);
    expect_kind(&e, FLR_FRAME_AUX_REPLY);
    ck_assert_int_eq(inner, FLR_E_STATE);
}
END_TEST

/* ---- nobody waits ---- */

START_TEST(ax_09_id_0_is_done_without_a_reply)
{
    schedule();
    flr_envelope e = envelope(FLR_FRAME_TASK_REQUEST);
    e.id = 0;
    e = exchange_as_peer(1, e);
    ck_assert_uint_eq(e.kind, 0);
    ck_assert_str_eq(boardhost_states(task), "site-1:open");
    ck_assert_uint_eq(boardhost_stats(&h).answer_task, 1);

    const char *id = boardhost_take(&h, 1, (char[40]){0});
    flr_shareable *result = result_of("train", id, "wf");
    for (int i = 0; i < 2; i++) {
        e = envelope(FLR_FRAME_SUBMISSION);
        e.id = 0;
        e.message = result;
        e = exchange_as_peer(1, e);
        ck_assert_uint_eq(e.kind, 0);
    }
    flr_shareable_unref(result);
    ck_assert_str_eq(boardhost_states(task), "site-1:answered");
    ck_assert_uint_eq(boardhost_stats(&h).accepted, 1);
    ck_assert_uint_eq(boardhost_stats(&h).duplicate, 1);

    flr_shareable *message = message_of(NULL);
    e = envelope(FLR_FRAME_AUX_REQUEST);
    e.id = 0;
    e.topic = "__job_heartbeat__";
    e.message = message;
    e = exchange(1, &e);
    flr_shareable_unref(message);
    ck_assert_uint_eq(e.kind, 0);
    ck_assert_uint_eq(boardhost_stats(&h).aux_ok, 1);
}
END_TEST

/* ---- refused ---- */

static void expect_refused(flr_envelope e)
{
    e.id = ID;
    flr_envelope answer = exchange_as_peer(1, e);
    expect_kind(&answer, FLR_FRAME_ERROR);
    ck_assert_int_eq(answer.code, FLR_E_INVAL);
    ck_assert_ptr_null(answer.message);
    e.id = 0;
    answer = exchange_as_peer(1, e);
    ck_assert_uint_eq(answer.kind, 0);
}

START_TEST(rq_01_other_kinds_and_missing_parts)
{
    static const uint32_t kinds[] = {FLR_FRAME_TASK_ANSWER,
                                     FLR_FRAME_SUBMISSION_ANSWER,
                                     FLR_FRAME_AUX_REPLY,
                                     FLR_FRAME_ERROR,
                                     FLR_FRAME_ERROR + 1,
                                     FLR_FRAME_HOST,
                                     65535};
    schedule();
    flr_stats before = boardhost_stats(&h), after;
    flr_shareable *message = message_of(NULL);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        flr_envelope e = envelope(kinds[i]);
        e.topic = "__job_heartbeat__";
        e.message = message;
        expect_refused(e);
    }
    flr_shareable_unref(message);
    expect_refused(envelope(FLR_FRAME_SUBMISSION));
    expect_refused(envelope(FLR_FRAME_AUX_REQUEST));
    after = boardhost_stats(&h);
    ck_assert_mem_eq(&before, &after, sizeof before);
}
END_TEST

START_TEST(rq_01_arguments)
{
    flr_frame *made = NULL;
    flr_envelope e = envelope(FLR_FRAME_TASK_REQUEST);
    begin();
    flr_frame *frame = received(&e);
    flr_context *context = boardhost_context(&h, 1);
    char too_long[FLR_NAME_MAX + 2];
    memset(too_long, 'n', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    ck_assert_int_eq(flr_runner_process_frame(NULL, "a", context, frame, &made), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_process_frame(h.runner, NULL, context, frame, &made), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_process_frame(h.runner, "", context, frame, &made), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_process_frame(h.runner, too_long, context, frame, &made),
                     FLR_E_LIMIT);
    ck_assert_int_eq(flr_runner_process_frame(h.runner, "a", NULL, frame, &made), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_process_frame(h.runner, "a", context, NULL, &made), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_process_frame(h.runner, "a", context, frame, NULL), FLR_E_INVAL);
    ck_assert_int_eq(
        flr_runner_process_frame(h.runner, "a", boardhost_context(&twin, 1), frame, &made),
        FLR_E_INVAL);
    ck_assert_ptr_null(made);
    ck_assert_int_eq(flr_runner_process_frame(h.runner, "a", context, frame, &made), 0);
    ck_assert_ptr_nonnull(made);
    flr_frame_unref(made);
    flr_frame_unref(frame);
}
END_TEST

/* ---- a client ---- */

static flr_clock *client_clock;
static flr_client_runner *client, *client_twin;
static flr_context *client_context, *client_twin_context;

static int no_request(void *self, flr_request *request)
{
    (void)self, (void)request;
    return FLR_E_IO;
}

static void make_client(flr_client_runner **c, flr_context **context)
{
    flr_client_options options;
    flr_client_engine_ops engine;
    flr_client_options_init(&options, sizeof options);
    options.identity = "site-1";
    options.clock = client_clock;
    options.flags = FLR_CLIENT_FLAG_SEEDED;
    options.seed = 1;
    flr_client_engine_ops_init(&engine, sizeof engine);
    engine.request = no_request;
    ck_assert_int_eq(flr_client_runner_new(&options, "job", &engine, NULL, c), 0);
    ck_assert_int_eq(flr_client_runner_new_context(*c, context), 0);
    ck_assert_int_eq(flr_context_register_aux(*context, "greet", greet, NULL), 0);
}

static void setup_client(void)
{
    ck_assert_int_eq(flr_clock_new_manual(0, 0, &client_clock), 0);
    make_client(&client, &client_context);
    make_client(&client_twin, &client_twin_context);
}

static void teardown_client(void)
{
    flr_frame_unref(reply);
    reply = NULL;
    flr_context_free(client_context);
    flr_context_free(client_twin_context);
    flr_client_runner_free(client);
    flr_client_runner_free(client_twin);
    flr_clock_unref(client_clock);
}

static flr_envelope exchange_with_client(const flr_envelope *e)
{
    flr_frame *frame = received(e), *made = NULL;
    ck_assert_int_eq(
        flr_client_runner_process_frame(client, "server", client_context, frame, &made), 0);
    flr_frame_unref(frame);
    return take_reply(made);
}

/* Send to both clients; drops the message. */
static void send_both_clients(const char *topic, flr_shareable *message, const char *rc)
{
    const flr_shareable *plain = NULL;
    flr_envelope e = envelope(FLR_FRAME_AUX_REQUEST);
    e.topic = topic;
    e.message = message;
    e = exchange_with_client(&e);
    ck_assert_int_eq(flr_context_reset(client_twin_context), 0);
    ck_assert_int_eq(flr_client_runner_process_aux(client_twin, "server", topic,
                                                   client_twin_context, message, &plain),
                     0);
    expect_kind(&e, FLR_FRAME_AUX_REPLY);
    ck_assert_int_eq(e.code, 0);
    ck_assert_str_eq(flr_shareable_get_rc(e.message), rc);
    expect_same_message(e.message, plain);
    flr_shareable_unref(message);
}

static int is_stopped(flr_client_runner *c)
{
    return flr_signal_is_triggered(flr_client_runner_get_abort_signal(c));
}

START_TEST(cl_26_frames_that_a_client_answers)
{
    flr_shareable *bare;
    flr_envelope e;
    send_both_clients("greet", message_of(NULL), FLR_RC_OK);
    flr_envelope_init(&e, sizeof e);
    ck_assert_int_eq(flr_frame_get_envelope(reply, &e), 0);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get(e.message, "greet"), "-"), "server");
    send_both_clients("nobody's", message_of(NULL), FLR_RC_TOPIC_UNKNOWN);
    send_both_clients("greet", NULL, FLR_RC_BAD_REQUEST_DATA);
    ck_assert_int_eq(flr_shareable_new(&bare), 0);
    send_both_clients("greet", bare, FLR_RC_MISSING_PEER_CONTEXT);
    send_both_clients("__task_ready__", message_of(NULL), FLR_RC_OK);
    ck_assert_int_eq(is_stopped(client), 0);
    send_both_clients("__end_run__", message_of(NULL), FLR_RC_OK);
    ck_assert_int_eq(is_stopped(client), 1);
    ck_assert_int_eq(is_stopped(client_twin), 1);
}
END_TEST

START_TEST(cl_26_id_0_is_done_without_a_reply)
{
    flr_shareable *message = message_of(NULL);
    flr_envelope e = envelope(FLR_FRAME_AUX_REQUEST);
    e.id = 0;
    e.topic = "__end_run__";
    e.message = message;
    e = exchange_with_client(&e);
    flr_shareable_unref(message);
    ck_assert_uint_eq(e.kind, 0);
    ck_assert_int_eq(is_stopped(client), 1);
}
END_TEST

static void expect_client_refuses(flr_envelope e)
{
    e.id = ID;
    flr_envelope answer = exchange_with_client(&e);
    expect_kind(&answer, FLR_FRAME_ERROR);
    ck_assert_int_eq(answer.code, FLR_E_INVAL);
    ck_assert_ptr_null(answer.message);
    e.id = 0;
    answer = exchange_with_client(&e);
    ck_assert_uint_eq(answer.kind, 0);
}

START_TEST(cl_26_frames_that_a_client_refuses)
{
    static const uint32_t kinds[] = {FLR_FRAME_TASK_REQUEST, FLR_FRAME_TASK_ANSWER,
                                     FLR_FRAME_SUBMISSION,   FLR_FRAME_SUBMISSION_ANSWER,
                                     FLR_FRAME_AUX_REPLY,    FLR_FRAME_ERROR,
                                     FLR_FRAME_HOST,         65535};
    flr_shareable *message = message_of(NULL);
    flr_frame *made = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        flr_envelope e = envelope(kinds[i]);
        e.topic = "__end_run__";
        e.message = message;
        expect_client_refuses(e);
    }
    flr_envelope e = envelope(FLR_FRAME_AUX_REQUEST);
    e.message = message;
    expect_client_refuses(e); /* no topic */
    ck_assert_int_eq(is_stopped(client), 0);

    e.topic = "greet";
    flr_frame *frame = received(&e);
    flr_shareable_unref(message);
    flr_client_runner *c = client;
    flr_context *x = client_context;
    ck_assert_int_eq(flr_client_runner_process_frame(NULL, "s", x, frame, &made), FLR_E_INVAL);
    ck_assert_int_eq(flr_client_runner_process_frame(c, NULL, x, frame, &made), FLR_E_INVAL);
    ck_assert_int_eq(flr_client_runner_process_frame(c, "s", NULL, frame, &made), FLR_E_INVAL);
    ck_assert_int_eq(flr_client_runner_process_frame(c, "s", x, NULL, &made), FLR_E_INVAL);
    ck_assert_int_eq(flr_client_runner_process_frame(c, "s", x, frame, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_client_runner_process_frame(c, "s", client_twin_context, frame, &made),
                     FLR_E_INVAL);
    ck_assert_ptr_null(made);
    flr_frame_unref(frame);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("processing frames");
    TCase *server = tcase_create("server"), *site = tcase_create("client");
    tcase_add_checked_fixture(server, setup, teardown);
    tcase_add_test(server, rq_03_before_the_run);
    tcase_add_test(server, rq_10_a_task);
    tcase_add_test(server, rq_03_after_the_run);
    tcase_add_test(server, rq_04_peer_properties);
    tcase_add_test(server, sb_14_twice_is_counted_once);
    tcase_add_test(server, sb_02_each_outcome);
    tcase_add_test(server, sb_01_the_envelope_is_no_result);
    tcase_add_test(server, ax_01_each_reply);
    tcase_add_test(server, rq_01_a_context_in_use);
    tcase_add_test(server, ax_09_id_0_is_done_without_a_reply);
    tcase_add_test(server, rq_01_other_kinds_and_missing_parts);
    tcase_add_test(server, rq_01_arguments);
    suite_add_tcase(suite, server);
    tcase_add_checked_fixture(site, setup_client, teardown_client);
    tcase_add_test(site, cl_26_frames_that_a_client_answers);
    tcase_add_test(site, cl_26_id_0_is_done_without_a_reply);
    tcase_add_test(site, cl_26_frames_that_a_client_refuses);
    suite_add_tcase(suite, site);
    return suite_run(suite);
}
