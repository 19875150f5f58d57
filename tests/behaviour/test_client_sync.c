/* A client syncs with its server, begins its run and sends heartbeats. Rows CL-03 to CL-05. */
#include "clienthost.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

/* ---- CL-03 ---- */

static clienthost *syncing(const char *script)
{
    clienthost *h = clienthost_new("end");
    h->script[CLIENTHOST_SYNC] = script;
    h->without_events = h->with_times = true;
    return h;
}

START_TEST(cl_03_again_after_each_failure)
{
    clienthost *h = syncing("fail return denied TOPIC_UNKNOWN SERVER_NOT_READY ERROR OK");
    clienthost_make(h);
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync@0 sync@0.5 sync@1 sync@1.5 sync@2 sync@2.5 sync@3 pull@3");
    clienthost_free(h);
}
END_TEST

START_TEST(cl_03_the_message)
{
    clienthost *h = syncing("hold");
    h->options.sync_timeout = 1.25;
    clienthost_make(h);
    clienthost_step(h);
    const flr_request *r = h->last[CLIENTHOST_SYNC];
    ck_assert_str_eq(flr_request_get_target(r), "server");
    ck_assert_double_eq(flr_request_get_timeout(r), 1.25);
    ck_assert_int_eq(flr_request_is_optional(r), 1);
    ck_assert_int_eq(flr_request_is_secure(r), 0);
    ck_assert_str_eq(
        flr_value_get_text(
            flr_shareable_get_peer_prop(flr_request_get_message(r), FLR_PROP_IDENTITY_NAME), "-"),
        "site-1");
    clienthost_free(h);
}
END_TEST

START_TEST(cl_03_no_reply)
{
    clienthost *h = syncing("hold hold OK");
    clienthost_make(h);
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync@0 sync@2.5 sync@5 pull@5");
    clienthost_free(h);
}
END_TEST

/* The last attempt begins before the limit, its reply comes after it. */
START_TEST(cl_03_a_late_reply_counts)
{
    clienthost *h = syncing("hold ...");
    h->options.max_sync_timeout = 3.0;
    clienthost_make(h);
    ck_assert(clienthost_advance(h, 4.0));
    clienthost_answer(h, CLIENTHOST_SYNC, "OK");
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync@0 sync@2.5 pull@4");
    clienthost_free(h);
}
END_TEST

/* An attempt may begin at the limit, none after it; a reply that is not OK does not end it. */
static const struct {
    double max;
    const char *script, *trace;
} limits[] = {
    {1.0, "fail ...", "sync@0 sync@0.5 sync@1"}, {1.4, "fail ...", "sync@0 sync@0.5 sync@1"},
    {0.2, "SERVER_NOT_READY ...", "sync@0"},     {2.4, "hold ...", "sync@0"},
    {2.5, "hold ...", "sync@0 sync@2.5"},
};

START_TEST(cl_03_limit)
{
    clienthost *h = syncing(limits[_i].script);
    char text[128];
    h->options.max_sync_timeout = limits[_i].max;
    h->without_events = false;
    h->with_beats = true;
    clienthost_make(h);
    ck_assert_int_eq(clienthost_finish(h), FLR_E_TIMEDOUT);
    clienthost_expect(h, limits[_i].trace);
    ck_assert_int_eq(flr_client_runner_get_detail(h->client, text, sizeof text), 0);
    ck_assert_str_ne(text, "");
    clienthost_free(h);
}
END_TEST

/* Before the first step, while a reply is missing, and between two attempts. */
static const char *const aborted_when[] = {"OK", "hold", "fail"};

START_TEST(cl_03_abort)
{
    clienthost *h = syncing(aborted_when[_i]);
    h->without_events = false;
    clienthost_make(h);
    if (_i > 0)
        clienthost_advance(h, 0.25);
    ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    ck_assert(!clienthost_step(h));
    ck_assert_int_eq(h->result.result, FLR_E_ABORTED);
    if (_i > 0)
        clienthost_expect(h, "sync@0");
    ck_assert_ptr_null(strstr(h->trace, "_run"));
    ck_assert_ptr_null(strstr(h->trace, "pull"));
    ck_assert(_i != 1 || flr_request_is_over(h->last[CLIENTHOST_SYNC]));
    clienthost_free(h);
}
END_TEST

/* ---- CL-04 ---- */

static int handle_reliable(void *self, flr_context *context, const char *topic,
                           const flr_shareable *request, flr_signal *cancel, flr_shareable **reply)
{
    (void)self, (void)context, (void)topic, (void)request, (void)cancel, (void)reply;
    return 0;
}

/* Whether that is what this context has. */
static bool has_signal(const flr_context *context, const flr_signal *expected)
{
    flr_signal *signal = flr_context_get_abort_signal(context);
    flr_signal_unref(signal);
    return signal == expected;
}

static int look_at_begin(clienthost *h, const char *event, flr_context *context)
{
    flr_signal *mine = flr_client_runner_get_abort_signal(h->client);
    if (strcmp(event, FLR_EVENT_ABOUT_TO_START_RUN) == 0) {
        int status = flr_context_register_reliable(context, "topic", handle_reliable, h);
        clienthost_note(h, "(%s)", flr_status_get_name(status));
        ck_assert(has_signal(context, NULL));
        ck_assert(has_signal(h->context, NULL));
    }
    if (strcmp(event, FLR_EVENT_START_RUN) == 0) {
        clienthost_note(h, "(%s)", clienthost_prop(context, FLR_PROP_RUN_ABORT_SIGNAL));
        ck_assert(has_signal(context, mine));
        ck_assert(has_signal(h->context, mine)); /* older contexts see it */
        ck_assert_int_eq(flr_signal_is_triggered(mine), 0);
    }
    return 0;
}

START_TEST(cl_04_begin)
{
    clienthost *h = clienthost_usual("again again again end");
    ck_assert_int_eq(flr_context_register_reliable(h->context, "topic", handle_reliable, h),
                     FLR_E_STATE);
    h->on_event = look_at_begin;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(
        h, "sync _about_to_start_run (FLR_OK) _start_run (* s) " T_PULL T_PULL T_PULL T_PULL T_END);
    clienthost_free(h);
}
END_TEST

/* The host may trigger it as well as abort. */
START_TEST(cl_04_until_the_run_signal)
{
    clienthost *h = clienthost_usual("again ...");
    ck_assert(clienthost_advance(h, 1.2));
    clienthost_expect(h, T_BEGIN T_PULL T_PULL T_PULL);
    ck_assert_int_eq(flr_signal_trigger(flr_client_runner_get_abort_signal(h->client), NULL), 0);
    ck_assert(!clienthost_step(h));
    clienthost_expect(h, "_abort_task " T_END);
    ck_assert_double_eq(clienthost_now(h), 1.2);
    clienthost_free(h);
}
END_TEST

/* What a pull brings when the run is over is left. */
START_TEST(cl_04_an_answer_that_comes_too_late)
{
    static const char *const answers[] = {"task", "end", "again", "fail"};
    clienthost *h = clienthost_usual("hold");
    clienthost_step(h);
    ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    clienthost_answer(h, CLIENTHOST_PULL, answers[_i]);
    ck_assert(!clienthost_step(h));
    ck_assert_int_eq(h->result.result, FLR_E_ABORTED);
    clienthost_expect(h, T_BEGIN T_PULL "_abort_task " T_END);
    clienthost_free(h);
}
END_TEST

/* ---- CL-05 ---- */

static clienthost *beating(const char *pulls, double interval)
{
    clienthost *h = clienthost_new(pulls);
    h->options.heartbeat_interval = interval;
    h->with_beats = h->with_times = h->without_events = true;
    return h;
}

START_TEST(cl_05_at_once_and_then)
{
    clienthost *h = beating("hold", 4.0);
    h->script[CLIENTHOST_SYNC] = "fail fail OK";
    h->script[CLIENTHOST_BEAT] = "hold fail return OK denied";
    clienthost_make(h);
    clienthost_advance(h, 18.0);
    clienthost_expect(h, "sync@0 sync@0.5 sync@1 beat@1 pull@1 beat@5 beat@9 beat@13 beat@17");
    ck_assert_uint_eq(clienthost_stats(h).heartbeats, 5);
    ck_assert_ptr_null(strstr(h->log, "ERROR"));
    clienthost_free(h);
}
END_TEST

START_TEST(cl_05_the_message)
{
    clienthost *h = beating("hold", 0.0);
    clienthost_make(h);
    ck_assert(clienthost_step(h));
    ck_assert_int_eq(h->result.wait_ns, INT64_C(10000000000)); /* by default */
    const flr_request *r = h->last[CLIENTHOST_BEAT];
    ck_assert_str_eq(flr_request_get_target(r), "server");
    ck_assert_double_eq(flr_request_get_timeout(r), 0.0); /* nobody waits */
    ck_assert_int_eq(flr_request_is_optional(r), 1);
    clienthost_free(h);
}
END_TEST

START_TEST(cl_05_while_an_executor_works)
{
    clienthost *h = beating("task hold", 1.0);
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "train", "trainer", true), 0);
    ck_assert(clienthost_advance(h, 2.5));
    clienthost_finish_task(h, 0);
    ck_assert(clienthost_advance(h, 1.0));
    clienthost_expect(h, "sync@0 beat@0 pull@0 trainer(train) beat@1 beat@2 check(id-1)@2.5 "
                         "submit(train,id-1,OK)@2.5 pull@2.5 beat@3");
    clienthost_free(h);
}
END_TEST

static int never_ready(clienthost *h, const char *event, flr_context *context)
{
    (void)h, (void)context;
    return strcmp(event, FLR_EVENT_CHECK_END_RUN_READINESS) == 0 ? FLR_E_NOT_READY : 0;
}

START_TEST(cl_05_until_the_run_signal)
{
    clienthost *h = beating("hold", 1.0);
    h->on_event = never_ready;
    clienthost_make(h);
    ck_assert(clienthost_advance(h, 1.5));
    ck_assert_str_eq(clienthost_aux(h, "__end_run__"), FLR_RC_OK);
    ck_assert_int_eq(clienthost_finish(h), 0);
    ck_assert_double_eq(clienthost_now(h), 6.5); /* the end took its time, without a heartbeat */
    clienthost_expect(h, "sync@0 beat@0 pull@0 beat@1");
    clienthost_free(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client sync");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, cl_03_again_after_each_failure);
    tcase_add_test(tests, cl_03_the_message);
    tcase_add_test(tests, cl_03_no_reply);
    tcase_add_test(tests, cl_03_a_late_reply_counts);
    tcase_add_loop_test(tests, cl_03_limit, 0, 5);
    tcase_add_loop_test(tests, cl_03_abort, 0, 3);
    tcase_add_test(tests, cl_04_begin);
    tcase_add_test(tests, cl_04_until_the_run_signal);
    tcase_add_loop_test(tests, cl_04_an_answer_that_comes_too_late, 0, 4);
    tcase_add_test(tests, cl_05_at_once_and_then);
    tcase_add_test(tests, cl_05_the_message);
    tcase_add_test(tests, cl_05_while_an_executor_works);
    tcase_add_test(tests, cl_05_until_the_run_signal);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
