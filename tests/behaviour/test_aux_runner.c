/* Auxiliary messages that a run answers: its own topics, dispatch. Rows AX-01 to AX-07, LC-02. */
#include "messages.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYNC      "__sync_runner__"
#define HEARTBEAT "__job_heartbeat__"
#define CHECK     "__task_check__"

static world *opened(void)
{
    world *w = world_new(1);
    world_start(w);
    world_step(w);
    world_clear(w);
    return w;
}

/* The reply's code; the request as it is. */
static const flr_shareable *send_as_is(world *w, const char *topic, const flr_shareable *request)
{
    const flr_shareable *reply = NULL;
    ck_assert_int_eq(flr_context_reset(w->context), 0);
    ck_assert_int_eq(flr_runner_process_aux(w->runner, "a", topic, w->context, request, &reply), 0);
    ck_assert_ptr_nonnull(reply);
    ck_assert_int_eq(flr_shareable_is_frozen(reply), 1);
    return reply;
}

static void expect_rc(const flr_shareable *reply, const char *rc)
{
    ck_assert_str_eq(flr_shareable_get_rc(reply), rc);
}

static const char *error_of(const flr_shareable *reply)
{
    return flr_value_get_text(flr_shareable_get_header(reply, "__error__"), "-");
}

static flr_shareable *request_with_peer(const char *job)
{
    flr_shareable *request;
    flr_value *props;
    ck_assert_int_eq(flr_shareable_new(&request), 0);
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, "__identity_name__", "liar"), 0);
    if (job != NULL)
        ck_assert_int_eq(flr_map_set_text(&props, "__run_num__", job), 0);
    ck_assert_int_eq(flr_shareable_set_header(request, "__peer_props__", props), 0);
    return request;
}

/* ---- LC-02 ---- */

START_TEST(lc_02_three_topics)
{
    static const char *const others[] = {"__end_run__", "__task_ready__", "RM.RELIABLE_REQUEST"};
    world *w = world_new(0), *second = world_new(0);
    world_start(w); /* before any run */
    world_start(second);
    expect_rc(world_aux(w, "a", SYNC, NULL), "OK");
    expect_rc(world_aux(w, "a", HEARTBEAT, NULL), "OK");
    expect_rc(world_aux(w, "a", CHECK, NULL), "BAD_REQUEST_DATA"); /* without an id */
    for (size_t i = 0; i < 3; i++)
        expect_rc(world_aux(w, "a", others[i], NULL), "TOPIC_UNKNOWN");
    world_free(w);
    expect_rc(world_aux(second, "a", SYNC, NULL), "OK"); /* its own table */
    world_free(second);
}
END_TEST

/* ---- AX-01 to AX-03, AX-07 ---- */

static int calls;

static int answer(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                  flr_shareable **reply)
{
    (void)self, (void)context, (void)topic, (void)request;
    calls++;
    return flr_shareable_new_reply("MINE", NULL, reply);
}

START_TEST(ax_01_order)
{
    world *w = opened();
    flr_shareable *request, *with_peer = request_with_peer(WORLD_JOB);
    flr_value *value;
    char too_long[300];
    memset(too_long, 't', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    calls = 0;
    ck_assert_int_eq(flr_context_register_aux(w->context, "mine", answer, NULL), 0);
    expect_rc(send_as_is(w, "nobody's", NULL), "BAD_REQUEST_DATA"); /* request before topic */
    ck_assert_int_eq(flr_shareable_new(&request), 0);
    expect_rc(send_as_is(w, "nobody's", request), "TOPIC_UNKNOWN"); /* topic before peer */
    expect_rc(send_as_is(w, too_long, request), "TOPIC_UNKNOWN");
    expect_rc(send_as_is(w, "mine", request), "MISSING_PEER_CONTEXT");
    ck_assert_int_eq(flr_value_new_map(&value), 0);
    ck_assert_int_eq(flr_shareable_set_header(request, "__peer_props__", value), 0);
    expect_rc(send_as_is(w, "mine", request), "MISSING_PEER_CONTEXT");
    ck_assert_int_eq(flr_shareable_set_header_text(request, "__peer_props__", "map"), 0);
    expect_rc(send_as_is(w, "mine", request), "BAD_PEER_CONTEXT");
    ck_assert_int_eq(flr_value_new_list(&value), 0);
    ck_assert_int_eq(flr_shareable_set_header(request, "__peer_props__", value), 0);
    expect_rc(send_as_is(w, "mine", request), "BAD_PEER_CONTEXT");
    ck_assert_int_eq(calls, 0);
    expect_rc(send_as_is(w, "mine", with_peer), "MINE");
    ck_assert_int_eq(calls, 1);
    flr_stats s = world_stats(w);
    ck_assert_uint_eq(s.aux_bad_request, 1);
    ck_assert_uint_eq(s.aux_topic_unknown, 2);
    ck_assert_uint_eq(s.aux_no_peer, 4);
    ck_assert_uint_eq(s.aux_other, 1);
    flr_shareable_unref(with_peer);
    flr_shareable_unref(request);
    world_free(w);
}
END_TEST

START_TEST(ax_01_arguments)
{
    world *w = opened(), *other = opened();
    flr_shareable *request = request_with_peer(WORLD_JOB);
    const flr_shareable *reply = NULL;
    char too_long[300];
    memset(too_long, 't', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
#define SEND(runner, client, topic, context, reply)                                                \
    flr_runner_process_aux(runner, client, topic, context, request, reply)
    ck_assert_int_eq(SEND(NULL, "a", SYNC, w->context, &reply), FLR_E_INVAL);
    ck_assert_int_eq(SEND(w->runner, NULL, SYNC, w->context, &reply), FLR_E_INVAL);
    ck_assert_int_eq(SEND(w->runner, "", SYNC, w->context, &reply), FLR_E_INVAL);
    ck_assert_int_eq(SEND(w->runner, too_long, SYNC, w->context, &reply), FLR_E_LIMIT);
    ck_assert_int_eq(SEND(w->runner, "a", NULL, w->context, &reply), FLR_E_INVAL);
    ck_assert_int_eq(SEND(w->runner, "a", "", w->context, &reply), FLR_E_INVAL);
    ck_assert_int_eq(SEND(w->runner, "a", SYNC, NULL, &reply), FLR_E_INVAL);
    ck_assert_int_eq(SEND(w->runner, "a", SYNC, other->context, &reply), FLR_E_INVAL);
    ck_assert_int_eq(SEND(w->runner, "a", SYNC, w->context, NULL), FLR_E_INVAL);
    ck_assert_ptr_null(reply);
    ck_assert_int_eq(last_heard(w, "a"), FLR_TIME_NONE);
    flr_shareable_unref(request);
    world_free(other);
    world_free(w);
}
END_TEST

static int look(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                flr_shareable **reply)
{
    flr_context *peer = flr_context_get_peer(context);
    flr_value *value = NULL;
    uint32_t flags = 9;
    (void)request, (void)reply;
    ck_assert_ptr_nonnull(peer);
    ck_assert_str_eq(topic, "look");
    ck_assert_str_eq(flr_context_get_identity(peer), "a"); /* not the liar */
    ck_assert_str_eq(flr_context_get_job_id(peer), WORLD_JOB);
    ck_assert_int_eq(flr_context_get_prop(peer, "__identity_name__", &value, &flags), 0);
    ck_assert_uint_eq(flags, FLR_PROP_FLAG_PUBLIC);
    flr_value_unref(value);
    ck_assert_int_eq(flr_context_get_prop(peer, "__run_num__", &value, &flags), 0);
    ck_assert_uint_eq(flags, FLR_PROP_FLAG_PUBLIC);
    flr_value_unref(value);
    world_note(self, "looked");
    return 0;
}

static int fail_handler(void *self, flr_context *context, const char *topic,
                        const flr_shareable *request, flr_shareable **reply)
{
    (void)self, (void)topic, (void)request, (void)reply;
    return flr_context_fail(context, -10001, "out of order");
}

static int fail_positive(void *self, flr_context *context, const char *topic,
                         const flr_shareable *request, flr_shareable **reply)
{
    (void)self, (void)context, (void)topic, (void)request, (void)reply;
    return 3;
}

START_TEST(ax_02_handler)
{
    world *w = opened();
    ck_assert_int_eq(flr_context_register_aux(w->context, "look", look, w), 0);
    ck_assert_int_eq(flr_context_register_aux(w->context, "fail", fail_handler, w), 0);
    ck_assert_int_eq(flr_context_register_aux(w->context, "positive", fail_positive, w), 0);
    const flr_shareable *reply = world_aux(w, "a", "look", NULL);
    expect_rc(reply, "OK"); /* no reply is one, too */
    ck_assert_uint_eq(flr_value_get_size(flr_shareable_get_body(reply)), 0);
    expect_trace(w, "looked");
    expect_rc(world_aux(w, "a", "fail", NULL), "HANDLER_EXCEPTION");
    ck_assert_ptr_nonnull(strstr(w->log, "out of order"));
    expect_rc(world_aux(w, "a", "positive", NULL), "HANDLER_EXCEPTION");
    ck_assert_uint_eq(world_stats(w).aux_handler_failed, 2);
    world_free(w);
}
END_TEST

START_TEST(ax_03_cookies_and_peer_context)
{
    static const char *const topics[] = {SYNC, "nobody's", "fail", CHECK};
    world *w = world_new(1);
    flr_value *value;
    ck_assert_int_eq(flr_config_set_identity(w->config, "server"), 0);
    world_start(w);
    ck_assert_int_eq(flr_context_register_aux(w->context, "fail", fail_handler, w), 0);
    for (int cookies = 0; cookies < 2; cookies++)
        for (size_t i = 0; i < 4; i++) {
            flr_shareable *request = request_with_peer(WORLD_JOB);
            if (cookies) {
                ck_assert_int_eq(flr_value_new_text("crumb", &value), 0);
                ck_assert_int_eq(flr_shareable_set_cookie(request, "c", value), 0);
            }
            const flr_shareable *reply = send_as_is(w, topics[i], request);
            ck_assert_str_eq(flr_value_get_text(flr_shareable_get_cookie(reply, "c"), "-"),
                             cookies ? "crumb" : "-");
            if (!cookies)
                ck_assert_ptr_null(flr_shareable_get_header(reply, "__cookie_jar__"));
            const flr_value *peer = flr_shareable_get_header(reply, "__peer_ctx__");
            ck_assert_str_eq(flr_value_get_text(flr_map_get(peer, "__run_num__"), "-"), "job-1");
            ck_assert_str_eq(flr_value_get_text(flr_map_get(peer, "__identity_name__"), "-"),
                             "server");
            flr_shareable_unref(request);
        }
    const flr_shareable *reply = send_as_is(w, SYNC, NULL); /* without a request */
    ck_assert_int_eq(flr_value_get_kind(flr_shareable_get_header(reply, "__peer_ctx__")),
                     FLR_VALUE_MAP);
    world_free(w);
}
END_TEST

static int register_inside(void *self, flr_context *context, const char *topic,
                           const flr_shareable *request, flr_shareable **reply)
{
    (void)self, (void)topic, (void)request, (void)reply;
    return flr_context_register_aux(context, "inner", answer, NULL);
}

START_TEST(ax_07_registering)
{
    world *w = opened();
    char too_long[257];
    memset(too_long, 't', 256);
    too_long[256] = '\0';
    ck_assert_int_eq(flr_context_register_aux(NULL, "t", answer, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_register_aux(w->context, NULL, answer, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_register_aux(w->context, "", answer, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_register_aux(w->context, "t", NULL, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_register_aux(w->context, too_long, answer, NULL), FLR_E_LIMIT);
    ck_assert_int_eq(flr_context_register_aux(w->context, SYNC, answer, NULL), FLR_E_EXISTS);
    ck_assert_int_eq(flr_context_register_aux(w->context, "outer", register_inside, NULL), 0);
    ck_assert_int_eq(flr_context_register_aux(w->context, "outer", answer, NULL), FLR_E_EXISTS);
    expect_rc(world_aux(w, "a", "inner", NULL), "TOPIC_UNKNOWN");
    expect_rc(world_aux(w, "a", "outer", NULL), "OK");
    expect_rc(world_aux(w, "a", "inner", NULL), "MINE");
    world_finish(w);
    ck_assert_int_eq(flr_context_register_aux(w->context, "late", answer, NULL), 0);
    expect_rc(world_aux(w, "a", "late", NULL), "MINE");
    world_free(w);
}
END_TEST

/* ---- AX-04 to AX-06 ---- */

START_TEST(ax_04_sync_and_heartbeat)
{
    static const char *const topics[] = {SYNC, HEARTBEAT};
    world *w = world_new(1);
    flr_shareable *other = request_with_peer("other"), *none = request_with_peer(NULL);
    w->workflows[0].on_active = note_active;
    world_start(w);
    ck_assert_int_eq(flr_runner_add_client(w->runner, "a", NULL), 0);
    for (int status = FLR_STATUS_INIT; status <= FLR_STATUS_DONE; status++) {
        ck_assert_int_eq(flr_runner_get_status(w->runner), status);
        for (int i = 0; i < 2; i++) {
            flr_clock_advance(w->clock, 1);
            expect_rc(world_aux(w, "a", topics[i], other), "OK");
            expect_rc(world_aux(w, "a", topics[i], none), "OK");
            ck_assert_int_ne(last_heard(w, "a"), flr_clock_get_now(w->clock)); /* another job */
            expect_rc(world_aux(w, "a", topics[i], NULL), "OK");
            ck_assert_int_eq(last_heard(w, "a") == flr_clock_get_now(w->clock),
                             status != FLR_STATUS_DONE);
        }
        expect_trace(w, status == FLR_STATUS_STARTED ? "active(a,syncRunner) active(a,jobHeartbeat)"
                                                     : "");
        if (status == FLR_STATUS_INIT)
            world_step(w);
        else if (status == FLR_STATUS_STARTED)
            world_finish(w);
        world_clear(w);
    }
    flr_shareable_unref(other);
    flr_shareable_unref(none);
    world_free(w);
}
END_TEST

static flr_shareable *check_of(const char *id)
{
    flr_shareable *request = request_with_peer(WORLD_JOB);
    if (id != NULL)
        ck_assert_int_eq(flr_shareable_set_header_text(request, "__task_id__", id), 0);
    return request;
}

static const flr_shareable *check(world *w, const char *id)
{
    flr_shareable *request = check_of(id);
    const flr_shareable *reply = send_as_is(w, CHECK, request);
    flr_shareable_unref(request);
    return reply;
}

static int found, check_status;

static int check_as_told(world_workflow *f, flr_context *context, const char *client,
                         const char *id, int *out)
{
    (void)context;
    world_note(f->world, "check(%s,%s)", client, id);
    *out = found;
    return check_status;
}

START_TEST(ax_05_task_check_without_a_workflow)
{
    world *w = world_new(1);
    flr_shareable *request;
    found = FLR_CHECK_OK;
    check_status = 0;
    w->workflows[0].on_check = check_as_told;
    w->workflows[0].on_active = note_active;
    world_start(w);
    ck_assert_int_eq(flr_runner_add_client(w->runner, "a", NULL), 0);
    flr_clock_advance(w->clock, 1);
    expect_rc(check(w, NULL), "BAD_REQUEST_DATA");                     /* id before status */
    ck_assert_int_eq(last_heard(w, "a"), flr_clock_get_now(w->clock)); /* credited first */
    expect_rc(check(w, ""), "BAD_REQUEST_DATA");
    expect_rc(check(w, "id"), "TASK_UNKNOWN");
    ck_assert_str_eq(error_of(check(w, "id")), "no workflow");
    world_step(w);
    world_clear(w);
    request = check_of(NULL);
    ck_assert_int_eq(flr_shareable_set_header_int(request, "__task_id__", 7), 0);
    expect_rc(send_as_is(w, CHECK, request), "BAD_REQUEST_DATA"); /* of the wrong kind */
    flr_shareable_unref(request);
    expect_rc(check(w, "id"), "OK");
    expect_trace(w, "active(a,taskCheck) active(a,taskCheck) check(a,id)");
    flr_runner_abort(w->runner, 0); /* its gate is still open */
    ck_assert_str_eq(error_of(check(w, "id")), "no workflow");
    expect_trace(w, "");
    world_finish(w);
    expect_rc(check(w, "id"), "TASK_UNKNOWN");
    ck_assert_str_eq(error_of(check(w, "id")), "no workflow");
    world_free(w);
}
END_TEST

START_TEST(ax_06_task_check)
{
    static const char *const causes[] = {"unknown",   "-",       "already received", "closed",
                                         "not yours", "unknown", "unknown"};
    world *w = world_new(1);
    check_status = 0;
    w->workflows[0].on_check = check_as_told;
    world_start(w);
    world_step(w);
    world_clear(w);
    for (found = 0; found <= 6; found++) {
        expect_rc(check(w, "id"), found == FLR_CHECK_OK ? "OK" : "TASK_UNKNOWN");
        ck_assert_str_eq(error_of(check(w, "id")), causes[found]);
        expect_trace(w, "check(a,id) check(a,id)");
    }
    found = FLR_CHECK_OK;
    check_status = FLR_E_IO; /* a communicator that fails knows nothing */
    expect_rc(check(w, "id"), "TASK_UNKNOWN");
    ck_assert_str_eq(error_of(check(w, "id")), "unknown");
    world_free(w);
    w = world_new(1);
    w->without_check = true;
    world_start(w);
    world_step(w);
    expect_rc(check(w, "id"), "TASK_UNKNOWN");
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("auxiliary messages of a run");
    TCase *answering = tcase_create("answering");
    tcase_add_test(answering, lc_02_three_topics);
    tcase_add_test(answering, ax_01_order);
    tcase_add_test(answering, ax_01_arguments);
    tcase_add_test(answering, ax_02_handler);
    tcase_add_test(answering, ax_03_cookies_and_peer_context);
    tcase_add_test(answering, ax_07_registering);
    tcase_add_test(answering, ax_04_sync_and_heartbeat);
    tcase_add_test(answering, ax_05_task_check_without_a_workflow);
    tcase_add_test(answering, ax_06_task_check);
    suite_add_tcase(suite, answering);
    return suite_run(suite);
}
