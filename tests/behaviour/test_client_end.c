/* What ends a client's run, the sequence of its end, and what run returns. Rows CL-26, CL-27, CL-34. */
#include "clienthost.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_stopped(const clienthost *h)
{
    return flr_signal_is_triggered(flr_client_runner_get_abort_signal(h->client)) != 0;
}

static clienthost *with_starter(const char *pulls)
{
    clienthost *h = clienthost_new(pulls);
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "train", "trainer", true), 0);
    return h;
}

static const char *detail_of(const clienthost *h)
{
    static char text[256];
    ck_assert_int_eq(flr_client_runner_get_detail(h->client, text, sizeof text), 0);
    return text;
}

/* ---- CL-26 ---- */

/* While a pull is under way, between two pulls, while a task is executed, between attempts. */
static const struct {
    const char *pulls, *submissions;
    const char *before, *after;
} moments[] = {
    {"hold", "ok", "_before_pull_task pull", "_after_pull_task "},
    {"again:100", "ok", T_PULL, ""},
    {"task", "ok", T_PULL T_DATA T_EXECUTE, "_before_send_task_result _after_send_task_result "},
    {"task", "fail",
     T_PULL T_DATA T_EXECUTE T_RESULT "_before_send_task_result check(id-1) submit(train,id-1,OK) ",
     "_after_send_task_result "},
};

static clienthost *at_moment(int i)
{
    clienthost *h = with_starter(moments[i].pulls);
    h->script[CLIENTHOST_SUBMIT] = moments[i].submissions;
    clienthost_step(h);
    if (i == 3)
        clienthost_finish_task(h, 0);
    ck_assert(clienthost_advance(h, 1.0));
    char begin[1024];
    snprintf(begin, sizeof begin, T_BEGIN "%s", moments[i].before);
    clienthost_expect(h, begin);
    ck_assert(!is_stopped(h));
    return h;
}

START_TEST(cl_26_end_run)
{
    clienthost *h = at_moment(_i);
    char end[512];
    ck_assert_str_eq(clienthost_aux(h, "__end_run__"), FLR_RC_OK);
    ck_assert(is_stopped(h));
    ck_assert(!clienthost_step(h));
    ck_assert_int_eq(h->result.result, 0);
    snprintf(end, sizeof end, "%s%s" T_END, moments[_i].after, _i == 2 ? "_abort_task " : "");
    clienthost_expect(h, end);
    ck_assert_str_eq(detail_of(h), "");
    clienthost_free(h);
}
END_TEST

START_TEST(cl_26_abort)
{
    clienthost *h = at_moment(_i);
    char end[512];
    ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    ck_assert(is_stopped(h));
    ck_assert(!clienthost_step(h));
    ck_assert_int_eq(h->result.result, FLR_E_ABORTED);
    snprintf(end, sizeof end, "%s_abort_task " T_END, moments[_i].after);
    clienthost_expect(h, end);
    clienthost_free(h);
}
END_TEST

/* A panic from another context of this client. */
START_TEST(cl_26_fatal_system_error)
{
    clienthost *h = at_moment(_i);
    char end[512];
    ck_assert_int_eq(flr_context_panic(h->context, "the disk is gone"), 0);
    ck_assert(is_stopped(h));
    ck_assert(!clienthost_step(h));
    ck_assert_int_eq(h->result.result, FLR_E_ABORTED);
    snprintf(end, sizeof end, "_fatal_system_error %s_abort_task " T_END, moments[_i].after);
    clienthost_expect(h, end);
    ck_assert_str_eq(detail_of(h), "the disk is gone");
    ck_assert_ptr_nonnull(strstr(h->log, "fatal system error: the disk is gone"));
    ck_assert_str_eq(clienthost_prop(h->context, FLR_PROP_FATAL_SYSTEM_ERROR), "true s");
    clienthost_free(h);
}
END_TEST

/* The event alone, fired by a component during the run, is as good as a panic. */
static int fire_fatal(clienthost *h, const char *event, flr_context *context)
{
    (void)h;
    return strcmp(event, FLR_EVENT_AFTER_TASK_EXECUTION) == 0
               ? flr_context_fire(context, FLR_EVENT_FATAL_SYSTEM_ERROR)
               : 0;
}

START_TEST(cl_26_the_event_itself)
{
    clienthost *h = clienthost_usual("task end");
    h->on_event = fire_fatal;
    ck_assert_int_eq(clienthost_finish(h), FLR_E_ABORTED);
    clienthost_expect(h, T_BEGIN T_PULL T_DATA T_EXECUTE
                      "_after_task_execution _fatal_system_error _before_task_result_filter "
                      "_after_task_result_filter _before_send_task_result "
                      "_after_send_task_result _abort_task " T_END);
    clienthost_free(h);
}
END_TEST

START_TEST(cl_26_during_sync)
{
    clienthost *h = clienthost_usual("end");
    h->script[CLIENTHOST_SYNC] = "hold";
    clienthost_step(h);
    if (_i == 0)
        ck_assert_str_eq(clienthost_aux(h, "__end_run__"), FLR_RC_OK);
    else
        ck_assert_int_eq(flr_context_panic(h->context, "no"), 0);
    ck_assert(!clienthost_step(h));
    ck_assert_int_eq(h->result.result, _i == 0 ? 0 : FLR_E_ABORTED);
    clienthost_expect(h, _i == 0 ? "sync" : "sync _fatal_system_error");
    clienthost_free(h);
}
END_TEST

/* ---- CL-27 ---- */

static int look_at_abort(clienthost *h, const char *event, flr_context *context)
{
    if (strcmp(event, FLR_EVENT_ABORT_TASK) == 0 || strcmp(event, FLR_EVENT_ABOUT_TO_END_RUN) == 0)
        clienthost_note(h, "(%s)", clienthost_prop(context, FLR_PROP_RUN_ABORT_REQUESTED));
    return 0;
}

/* Whether a task is running, and whether it is an abort. */
START_TEST(cl_27_abort_task)
{
    bool running = _i % 2 == 1, aborted = _i >= 2;
    clienthost *h = with_starter(running ? "task" : "hold");
    char end[256];
    h->on_event = look_at_abort;
    h->without_calls = true;
    clienthost_step(h);
    clienthost_expect(h, running ? "_about_to_start_run _start_run _before_pull_task "
                                   "_after_pull_task " T_DATA T_EXECUTE
                                 : "_about_to_start_run _start_run _before_pull_task ");
    if (aborted)
        ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    else
        ck_assert_str_eq(clienthost_aux(h, "__end_run__"), FLR_RC_OK);
    ck_assert(!clienthost_step(h));
    snprintf(end, sizeof end, "%s%s%s_about_to_end_run (-) _check_end_run_readiness _end_run",
             running ? "_before_send_task_result _after_send_task_result " : "_after_pull_task ",
             running || aborted ? "_abort_task " : "",
             aborted   ? "(true) "
             : running ? "(false) "
                       : "");
    clienthost_expect(h, end);
    clienthost_free(h);
}
END_TEST

/* The task that was running ended before its turn came: nothing is running. */
START_TEST(cl_27_finished_in_time)
{
    clienthost *h = with_starter("task");
    clienthost_step(h);
    ck_assert_str_eq(clienthost_aux(h, "__end_run__"), FLR_RC_OK);
    clienthost_finish_task(h, 0);
    clienthost_expect(h, T_BEGIN T_PULL T_DATA T_EXECUTE);
    ck_assert(!clienthost_step(h));
    ck_assert_int_eq(h->result.result, 0);
    clienthost_expect(h, "_before_send_task_result _after_send_task_result " T_END);
    clienthost_free(h);
}
END_TEST

static int refusals;
static double asked[20];
static int asked_count;

/* By its code, by the property as a truth and as a number. */
static int refuse_end(clienthost *h, const char *event, flr_context *context)
{
    flr_value *value = NULL;
    int way = *(int *)h->user;
    if (strcmp(event, FLR_EVENT_CHECK_END_RUN_READINESS) != 0)
        return 0;
    ck_assert_int_lt(asked_count, 20);
    asked[asked_count++] = clienthost_now(h);
    if (refusals == 0)
        return way == 0 ? FLR_E_IO : 0; /* no vote */
    refusals--;
    if (way == 0)
        return FLR_E_NOT_READY;
    ck_assert_int_eq(way == 1 ? flr_value_new_bool(1, &value) : flr_value_new_real(0.5, &value), 0);
    ck_assert_int_eq(flr_context_set(context, FLR_PROP_NOT_READY_TO_END_RUN, value), 0);
    return 0;
}

static const struct {
    int refusals, checks;
    double time;
} readiness[] = {{0, 1, 0.0}, {2, 3, 1.0}, {100, 11, 5.0}};

START_TEST(cl_27_readiness)
{
    int way = _i % 3, row = _i / 3;
    clienthost *h = clienthost_usual("end");
    h->user = &way;
    h->on_event = refuse_end;
    h->without_events = true;
    refusals = readiness[row].refusals;
    asked_count = 0;
    ck_assert_int_eq(clienthost_finish(h), 0);
    ck_assert_int_eq(asked_count, readiness[row].checks);
    ck_assert_double_eq(clienthost_now(h), readiness[row].time);
    for (int i = 0; i < asked_count; i++)
        ck_assert_double_eq(asked[i], 0.5 * i);
    ck_assert_int_eq(strstr(h->log, "still not ready") != NULL, row == 2);
    clienthost_free(h);
}
END_TEST

/* An abort does not shorten it, and decides the result even then. */
START_TEST(cl_27_readiness_and_abort)
{
    int way = 0;
    clienthost *h = clienthost_usual("end");
    h->user = &way;
    h->on_event = refuse_end;
    refusals = 4;
    asked_count = 0;
    ck_assert(clienthost_advance(h, 0.75));
    ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    ck_assert_int_eq(clienthost_finish(h), FLR_E_ABORTED);
    ck_assert_int_eq(asked_count, 5);
    ck_assert_double_eq(clienthost_now(h), 2.0);
    clienthost_expect(h, T_BEGIN T_PULL
                      "_about_to_end_run _check_end_run_readiness _check_end_run_readiness "
                      "_check_end_run_readiness _check_end_run_readiness "
                      "_check_end_run_readiness _end_run");
    clienthost_free(h);
}
END_TEST

START_TEST(cl_27_readiness_options)
{
    int way = 0;
    clienthost *h = clienthost_new("end");
    h->options.readiness_timeout = 3.0;
    h->options.readiness_interval = 2.0;
    h->user = &way;
    h->on_event = refuse_end;
    refusals = 100;
    asked_count = 0;
    clienthost_make(h);
    ck_assert_int_eq(clienthost_finish(h), 0);
    ck_assert_int_eq(asked_count, 3);
    ck_assert_double_eq(asked[1], 2.0);
    ck_assert_double_eq(asked[2], 3.0);
    clienthost_free(h);
}
END_TEST

static int handle_reliable(void *self, flr_context *context, const char *topic,
                           const flr_shareable *request, flr_signal *cancel, flr_shareable **reply)
{
    (void)self, (void)context, (void)topic, (void)request, (void)cancel, (void)reply;
    return 0;
}

static int register_at_end(clienthost *h, const char *event, flr_context *context)
{
    if (strcmp(event, FLR_EVENT_END_RUN) == 0)
        ck_assert_int_eq(flr_context_register_reliable(context, "topic", handle_reliable, h), 0);
    return 0;
}

/* Closed after `_end_run`. What comes then has no effect. */
START_TEST(cl_27_closed)
{
    clienthost *h = clienthost_usual("end");
    h->on_event = register_at_end;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, T_BEGIN T_PULL T_END);
    ck_assert_int_eq(flr_context_reset(h->context), 0);
    ck_assert_int_eq(flr_context_register_reliable(h->context, "other", handle_reliable, h),
                     FLR_E_STATE);
    ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    ck_assert_int_eq(flr_client_runner_task_ready(h->client), 0);
    ck_assert_str_eq(clienthost_aux(h, "__end_run__"), FLR_RC_OK);
    clienthost_expect(h, "");
    ck_assert_int_eq(flr_context_panic(h->context, "too late"), 0);
    clienthost_expect(h, "_fatal_system_error");
    ck_assert_str_eq(detail_of(h), "");
    ck_assert_str_eq(clienthost_prop(h->context, FLR_PROP_FATAL_SYSTEM_ERROR), "-");
    clienthost_free(h);
}
END_TEST

/* ---- CL-34 ---- */

static int make_unsafe(void *self, flr_context *context, flr_shareable *message,
                       flr_shareable **output)
{
    (void)self, (void)context, (void)message, (void)output;
    return FLR_E_UNSAFE_JOB;
}

static int panic_at_pull(clienthost *h, const char *event, flr_context *context)
{
    (void)h;
    return strcmp(event, FLR_EVENT_BEFORE_PULL_TASK) == 0 ? flr_context_panic(context, "no") : 0;
}

static int abort_at_pull(clienthost *h, const char *event, flr_context *context)
{
    (void)context;
    return strcmp(event, FLR_EVENT_BEFORE_PULL_TASK) == 0 ? flr_client_runner_abort(h->client) : 0;
}

static void end_at_pull(clienthost *h, clienthost_call call, flr_request *request)
{
    (void)request;
    if (call == CLIENTHOST_PULL)
        ck_assert_str_eq(clienthost_aux(h, "__end_run__"), FLR_RC_OK);
}

/* Each in both modes: END_RUN as an answer and as a message, an abort, an unsafe data filter, a fatal error. */
START_TEST(cl_34_what_run_returns)
{
    static const int results[] = {0, 0, FLR_E_ABORTED, FLR_E_ABORTED, FLR_E_ABORTED};
    int cause = _i / 2;
    clienthost *h = clienthost_usual(cause == 0 ? "end" : "task again:100");
    h->on_request = cause == 1 ? end_at_pull : NULL;
    h->on_event = cause == 2 ? abort_at_pull : cause == 4 ? panic_at_pull : NULL;
    if (cause == 3)
        clienthost_filter_data(h, make_unsafe);
    ck_assert_int_eq(_i % 2 == 0 ? clienthost_finish(h) : flr_client_runner_run(h->client),
                     results[cause]);
    ck_assert_int_eq(*detail_of(h) == '\0', results[cause] == 0);
    ck_assert_ptr_nonnull(strstr(h->trace, T_END));
    ck_assert_int_eq(strstr(h->trace, "_abort_task " T_END) != NULL, results[cause] != 0);
    clienthost_free(h);
}
END_TEST

static int handle_taken(void *self, flr_context *context, const char *topic,
                        const flr_shareable *request, flr_shareable **reply)
{
    (void)self, (void)context, (void)topic, (void)request, (void)reply;
    return 0;
}

/* A component has taken a topic that reliable messages need. */
START_TEST(cl_34_unexpected_failure)
{
    clienthost *h = clienthost_usual("task");
    ck_assert_int_eq(
        flr_context_register_aux(h->context, FLR_RELIABLE_TOPIC_REQUEST, handle_taken, h), 0);
    ck_assert_int_eq(_i == 0 ? clienthost_finish(h) : flr_client_runner_run(h->client),
                     FLR_E_EXISTS);
    clienthost_expect(h, T_BEGIN T_END);
    ck_assert(is_stopped(h));
    ck_assert_str_ne(detail_of(h), "");
    ck_assert_ptr_nonnull(strstr(h->log, "reliable messages: "));
    clienthost_free(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client end");
    TCase *tests = tcase_create("rows");
    tcase_add_loop_test(tests, cl_26_end_run, 0, 4);
    tcase_add_loop_test(tests, cl_26_abort, 0, 4);
    tcase_add_loop_test(tests, cl_26_fatal_system_error, 0, 4);
    tcase_add_test(tests, cl_26_the_event_itself);
    tcase_add_loop_test(tests, cl_26_during_sync, 0, 2);
    tcase_add_loop_test(tests, cl_27_abort_task, 0, 4);
    tcase_add_test(tests, cl_27_finished_in_time);
    tcase_add_loop_test(tests, cl_27_readiness, 0, 9);
    tcase_add_test(tests, cl_27_readiness_and_abort);
    tcase_add_test(tests, cl_27_readiness_options);
    tcase_add_test(tests, cl_27_closed);
    tcase_add_loop_test(tests, cl_34_what_run_returns, 0, 10);
    tcase_add_loop_test(tests, cl_34_unexpected_failure, 0, 2);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
