/* A client asks for tasks: its pulls, what follows each answer, the pauses between them, what it learns from a task. Rows CL-06 to CL-09. */
#include "clienthost.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A client whose trace has its calls with their times, and nothing else. */
static clienthost *timed(const char *pulls)
{
    clienthost *h = clienthost_new(pulls);
    h->without_events = h->with_times = true;
    return h;
}

static clienthost *timed_usual(const char *pulls)
{
    clienthost *h = timed(pulls);
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "train", "trainer", false), 0);
    return h;
}

/* ---- CL-06 ---- */

static const flr_value *peer_prop(const clienthost *h, const char *key)
{
    return flr_map_get(flr_request_get_peer(h->last[CLIENTHOST_PULL]), key);
}

static void set_text(flr_context *context, const char *key, const char *text, uint32_t flags)
{
    flr_value *value = NULL;
    ck_assert_int_eq(flr_value_new_text(text, &value), 0);
    ck_assert_int_eq(flr_context_set_prop(context, key, value, flags), 0);
}

/* Properties of each kind: the sticky ones at the begin, the others in the first pull. */
static int set_props(clienthost *h, const char *event, flr_context *context)
{
    if (strcmp(event, FLR_EVENT_START_RUN) == 0) {
        set_text(context, "public sticky", "a", FLR_PROP_FLAG_PUBLIC | FLR_PROP_FLAG_STICKY);
        set_text(context, "private sticky", "b", FLR_PROP_FLAG_STICKY);
    }
    if (strcmp(event, FLR_EVENT_BEFORE_PULL_TASK) == 0 && h->user == NULL) {
        h->user = h;
        set_text(context, "public", "c", FLR_PROP_FLAG_PUBLIC);
        set_text(context, "private", "d", 0);
    } else if (strcmp(event, FLR_EVENT_BEFORE_PULL_TASK) == 0) {
        clienthost_note(h, "(%s)", clienthost_prop(context, "public"));
        clienthost_note(h, "(%s)", clienthost_prop(context, "private"));
        clienthost_note(h, "(%s)", clienthost_prop(context, FLR_PROP_TASK_NAME));
        clienthost_note(h, "(%s)", flr_context_get_peer(context) == NULL ? "-" : "a peer");
    }
    if (strcmp(event, FLR_EVENT_AFTER_PULL_TASK) == 0)
        clienthost_note(h, "(%s)", clienthost_prop(context, "private"));
    return 0;
}

START_TEST(cl_06_context)
{
    clienthost *h = clienthost_usual("hold hold");
    h->on_event = set_props;
    clienthost_step(h);
    ck_assert_str_eq(flr_value_get_text(peer_prop(h, FLR_PROP_RUN_NUM), "-"), CLIENTHOST_JOB);
    ck_assert_str_eq(flr_value_get_text(peer_prop(h, FLR_PROP_IDENTITY_NAME), "-"), "site-1");
    ck_assert_str_eq(flr_value_get_text(peer_prop(h, "public sticky"), "-"), "a");
    ck_assert_str_eq(flr_value_get_text(peer_prop(h, "public"), "-"), "c");
    ck_assert_ptr_null(peer_prop(h, "private sticky"));
    ck_assert_ptr_null(peer_prop(h, "private"));
    clienthost_expect(h, T_BEGIN "_before_pull_task pull");
    clienthost_answer(h, CLIENTHOST_PULL, "task");
    clienthost_step(h);
    clienthost_expect(h, "_after_pull_task (d) " T_DATA T_EXECUTE T_RESULT T_SEND(
                             "id-1", "OK") "_before_pull_task (-) (-) (-) (-) pull");
    ck_assert_ptr_null(peer_prop(h, "public"));
    ck_assert_str_eq(flr_value_get_text(peer_prop(h, "public sticky"), "-"), "a");
    clienthost_free(h);
}
END_TEST

START_TEST(cl_06_the_call)
{
    clienthost *h = clienthost_usual("hold");
    clienthost_step(h);
    const flr_request *r = h->last[CLIENTHOST_PULL];
    ck_assert_str_eq(flr_request_get_target(r), "server");
    ck_assert_double_eq(flr_request_get_timeout(r), 0.0);
    ck_assert_str_eq(flr_request_get_topic(r), "");
    ck_assert_ptr_null(flr_request_get_message(r));
    clienthost_free(h);
}
END_TEST

/* Without a timeout it waits as long as it takes; an abort ends it. */
START_TEST(cl_06_ended_by_the_run_signal)
{
    clienthost *h = clienthost_usual("hold");
    ck_assert(clienthost_advance(h, 100000.0));
    clienthost_expect(h, T_BEGIN "_before_pull_task pull");
    ck_assert_int_eq(flr_request_is_over(h->last[CLIENTHOST_PULL]), 0);
    ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    ck_assert(!clienthost_step(h));
    ck_assert_int_eq(flr_request_is_over(h->last[CLIENTHOST_PULL]), 1);
    clienthost_expect(h, "_after_pull_task _abort_task " T_END);
    clienthost_answer(h, CLIENTHOST_PULL, "task"); /* nobody cares */
    clienthost_expect(h, "");
    clienthost_free(h);
}
END_TEST

START_TEST(cl_06_no_answer_in_time)
{
    clienthost *h = timed("hold hold end");
    h->options.get_task_timeout = 1.5;
    clienthost_make(h);
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync@0 pull@0 pull@2 pull@4");
    ck_assert_uint_eq(clienthost_stats(h).pulls, 3);
    ck_assert_uint_eq(clienthost_stats(h).pull_failures, 2);
    clienthost_free(h);
}
END_TEST

/* What the server says of the least timeout, pull by pull, and the timeout of the next one. */
static const struct {
    int kind;
    double number;
    const char *text;
    double then;
} least[] = {
    {FLR_VALUE_NIL, 0, NULL, 2.0},    {FLR_VALUE_REAL, 1.0, NULL, 2.0},
    {FLR_VALUE_REAL, 3.5, NULL, 3.5}, {FLR_VALUE_REAL, 3.0, NULL, 3.5},
    {FLR_VALUE_TEXT, 0, "4.5", 4.5},  {FLR_VALUE_TEXT, 0, "6s", 4.5},
    {FLR_VALUE_TEXT, 0, "", 4.5},     {FLR_VALUE_TEXT, 0, "inf", 4.5},
    {FLR_VALUE_INT, 6, NULL, 6.0},    {FLR_VALUE_REAL, NAN, NULL, 6.0},
    {FLR_VALUE_REAL, -9, NULL, 6.0},  {FLR_VALUE_REAL, INFINITY, NULL, 6.0},
    {FLR_VALUE_BOOL, 1.0, NULL, 6.0}, {FLR_VALUE_LIST, 0, NULL, 6.0},
    {FLR_VALUE_TEXT, 0, "1e1", 10.0}, {FLR_VALUE_TEXT, 0, "7", 10.0},
};
enum { LEAST = sizeof least / sizeof least[0] };

static flr_value *make_least(int i)
{
    flr_value *value = NULL;
    int status = least[i].kind == FLR_VALUE_REAL   ? flr_value_new_real(least[i].number, &value)
                 : least[i].kind == FLR_VALUE_INT  ? flr_value_new_int(6, &value)
                 : least[i].kind == FLR_VALUE_TEXT ? flr_value_new_text(least[i].text, &value)
                 : least[i].kind == FLR_VALUE_BOOL ? flr_value_new_bool(1, &value)
                 : least[i].kind == FLR_VALUE_LIST ? flr_value_new_list(&value)
                                                   : flr_value_new_nil(&value);
    ck_assert_int_eq(status, 0);
    return value;
}

static void say_least(clienthost *h, flr_shareable *data)
{
    int *next = h->user;
    ck_assert_int_eq(
        flr_shareable_set_header(data, FLR_HEADER_MIN_GET_TASK_TIMEOUT, make_least((*next)++)), 0);
}

/* Both kinds of answers say it. */
static void play_least(const char *pulls, double configured)
{
    clienthost *h = clienthost_new(pulls);
    int next = 0;
    h->options.get_task_timeout = configured;
    h->script[CLIENTHOST_PULL] = "hold ...";
    h->user = &next;
    h->on_data = say_least;
    clienthost_make(h);
    clienthost_step(h);
    ck_assert_double_eq(flr_request_get_timeout(h->last[CLIENTHOST_PULL]), configured);
    for (int i = 0; i < LEAST; i++) {
        clienthost_answer(h, CLIENTHOST_PULL, pulls);
        clienthost_step(h);
        ck_assert_double_eq(flr_request_get_timeout(h->last[CLIENTHOST_PULL]),
                            configured == 0.0 ? 0.0 : least[i].then);
        ck_assert_int_eq(next, i + 1);
    }
    clienthost_free(h);
}

START_TEST(cl_06_least_timeout)
{
    play_least("task", 2.0);
}
END_TEST

/* Where there is none it is not raised: it cannot be longer. */
START_TEST(cl_06_no_timeout)
{
    play_least("task", 0.0);
}
END_TEST

START_TEST(cl_06_least_timeout_of_try_again)
{
    clienthost *h = timed("again:1 again:1 hold");
    int next = 2;
    h->options.get_task_timeout = 0.25;
    h->user = &next;
    h->on_data = say_least;
    clienthost_make(h);
    ck_assert(clienthost_advance(h, 1.0));
    ck_assert_double_eq(flr_request_get_timeout(h->last[CLIENTHOST_PULL]), 3.5);
    ck_assert(clienthost_advance(h, 1.0));
    ck_assert_double_eq(flr_request_get_timeout(h->last[CLIENTHOST_PULL]), 3.5);
    clienthost_free(h);
}
END_TEST

/* ---- CL-07 ---- */

START_TEST(cl_07_when_the_next_pull_follows)
{
    clienthost *h = timed_usual("fail return again denied again:2.25 again:0.125 task task end");
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(
        h, "sync@0 pull@0 pull@0.5 pull@1 pull@1.5 pull@2 pull@4.25 pull@4.375 trainer(train) "
           "check(id-1)@4.375 submit(train,id-1,OK)@4.375 pull@4.375 trainer(train) "
           "check(id-2)@4.375 submit(train,id-2,OK)@4.375 pull@4.375");
    ck_assert_uint_eq(clienthost_stats(h).pulls, 9);
    ck_assert_uint_eq(clienthost_stats(h).pull_failures, 3);
    ck_assert_uint_eq(clienthost_stats(h).tasks, 2);
    clienthost_free(h);
}
END_TEST

START_TEST(cl_07_interval)
{
    clienthost *h = timed("fail again again:0 again:-1 end");
    h->options.fetch_interval = 3.0;
    clienthost_make(h);
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync@0 pull@0 pull@3 pull@6 pull@9 pull@12");
    clienthost_free(h);
}
END_TEST

START_TEST(cl_07_end_run)
{
    clienthost *h = clienthost_usual("end");
    flr_signal *signal = flr_client_runner_get_abort_signal(h->client);
    ck_assert_int_eq(flr_signal_is_triggered(signal), 0);
    ck_assert_int_eq(clienthost_finish(h), 0);
    ck_assert_int_eq(flr_signal_is_triggered(signal), 1);
    clienthost_expect(h, T_BEGIN T_PULL T_END);
    clienthost_free(h);
}
END_TEST

/* ---- CL-08 ---- */

START_TEST(cl_08_the_run_signal)
{
    clienthost *h = timed_usual("again:100");
    ck_assert(clienthost_advance(h, 1.0));
    ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    ck_assert(!clienthost_step(h));
    ck_assert_int_eq(h->result.result, FLR_E_ABORTED);
    clienthost_expect(h, "sync@0 pull@0");
    clienthost_free(h);
}
END_TEST

static void give_notice(clienthost *h, bool by_message)
{
    if (by_message)
        ck_assert_str_eq(clienthost_aux(h, "__task_ready__"), FLR_RC_OK);
    else
        ck_assert_int_eq(flr_client_runner_task_ready(h->client), 0);
}

/* It is good for one pull. After a failure the pause ends by it, too. */
START_TEST(cl_08_notice)
{
    clienthost *h = timed_usual("again:100 again:100 fail again:7 hold");
    ck_assert(clienthost_advance(h, 1.25));
    give_notice(h, _i);
    ck_assert(clienthost_advance(h, 1.0));
    clienthost_expect(h, "sync@0 pull@0 pull@1.25");
    give_notice(h, _i);
    give_notice(h, _i);
    ck_assert(clienthost_advance(h, 0.25));
    give_notice(h, _i);
    ck_assert(clienthost_advance(h, 10.0));
    clienthost_expect(h, "pull@2.25 pull@2.5 pull@9.5");
    clienthost_free(h);
}
END_TEST

START_TEST(cl_08_notice_wakes)
{
    clienthost *h = clienthost_new("again:100 hold");
    h->with_wakeup = true;
    clienthost_make(h);
    clienthost_step(h);
    ck_assert_int_eq(h->wakeups, 0);
    give_notice(h, _i);
    ck_assert_int_eq(h->wakeups, 1);
    clienthost_free(h);
}
END_TEST

START_TEST(cl_08_notice_while_a_pull_is_under_way)
{
    clienthost *h = timed_usual("hold again:5 hold");
    ck_assert(clienthost_advance(h, 1.0));
    give_notice(h, _i);
    ck_assert(clienthost_advance(h, 1.0));
    clienthost_answer(h, CLIENTHOST_PULL, "again:100");
    ck_assert(clienthost_advance(h, 6.0));
    clienthost_expect(h, "sync@0 pull@0 pull@2 pull@7");
    clienthost_free(h);
}
END_TEST

/* Nothing was sent yet: the pull itself is the answer to it. */
static int notice_before(clienthost *h, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, FLR_EVENT_BEFORE_PULL_TASK) == 0)
        give_notice(h, false);
    return 0;
}

START_TEST(cl_08_notice_before_a_pull_is_sent)
{
    clienthost *h = timed_usual("again:5 again:5 end");
    h->on_event = notice_before;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync@0 pull@0 pull@5 pull@10");
    clienthost_free(h);
}
END_TEST

/* A notice that came before the begin, or during the task before, has nothing to wake. */
static int notice_inside(clienthost *h, flr_context *context, const flr_shareable *data,
                         flr_signal *abort, flr_shareable **result)
{
    (void)context, (void)data, (void)abort;
    give_notice(h, true);
    *result = clienthost_result(1);
    return 0;
}

START_TEST(cl_08_notice_while_a_task_is_executed)
{
    clienthost *h = timed_usual("task again:5 end");
    h->on_execute = notice_inside;
    ck_assert_int_eq(flr_client_runner_task_ready(h->client), 0);
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync@0 pull@0 trainer(train) check(id-1)@0 submit(train,id-1,OK)@0 "
                         "pull@0 pull@5");
    clienthost_free(h);
}
END_TEST

/* ---- CL-09 ---- */

static int look_at_task(clienthost *h, const char *event, flr_context *context)
{
    flr_context *peer = flr_context_get_peer(context);
    if (strcmp(event, FLR_EVENT_AFTER_PULL_TASK) == 0)
        ck_assert_ptr_null(peer);
    if (strcmp(event, FLR_EVENT_BEFORE_TASK_EXECUTION) != 0)
        return 0;
    ck_assert_ptr_nonnull(peer);
    clienthost_note(h, "(%s", flr_context_get_identity(peer));
    clienthost_note(h, "%s", flr_context_get_job_id(peer));
    clienthost_note(h, "%s", clienthost_prop(peer, "color"));
    clienthost_note(h, "%s)", flr_context_get_task_id(context));
    return 0;
}

static void add_color(clienthost *h, flr_shareable *data)
{
    flr_value *props = flr_value_ref(flr_shareable_get_header(data, FLR_HEADER_PEER_CTX));
    (void)h;
    ck_assert_int_eq(flr_map_set_text(&props, "color", "blue"), 0);
    ck_assert_int_eq(flr_shareable_set_header(data, FLR_HEADER_PEER_CTX, props), 0);
}

START_TEST(cl_09_task_id_and_peer_context)
{
    clienthost *h = clienthost_usual("task:train:the-id end");
    h->on_data = add_color;
    h->on_event = look_at_task;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(
        h, T_BEGIN T_PULL T_DATA
        "_before_task_execution (server job-1 blue p the-id) trainer(train) " T_RESULT T_SEND(
            "the-id", "OK") T_PULL T_END);
    clienthost_free(h);
}
END_TEST

static void spoil_id(clienthost *h, flr_shareable *data)
{
    if (h->tasks == 1)
        ck_assert_int_eq(flr_shareable_remove_header(data, FLR_HEADER_TASK_ID), 0);
    else
        ck_assert_int_eq(flr_shareable_set_header_int(data, FLR_HEADER_TASK_ID, 17), 0);
}

/* Where there is no text the id is empty; a header that is there goes back as it came. */
START_TEST(cl_09_no_task_id)
{
    clienthost *h = timed_usual("task hold end");
    h->without_calls = true;
    h->on_data = spoil_id;
    clienthost_step(h);
    ck_assert_str_eq(flr_request_get_task_id(h->last[CLIENTHOST_SUBMIT]), "");
    ck_assert_str_eq(clienthost_header(clienthost_submitted(h), FLR_HEADER_TASK_ID), "");
    clienthost_answer(h, CLIENTHOST_PULL, "task");
    clienthost_step(h);
    ck_assert_str_eq(flr_request_get_task_id(h->last[CLIENTHOST_SUBMIT]), "");
    ck_assert_int_eq(flr_value_get_int(
                         flr_shareable_get_header(clienthost_submitted(h), FLR_HEADER_TASK_ID), -1),
                     17);
    clienthost_expect(h, "trainer(train) trainer(train)");
    clienthost_free(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client fetch");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, cl_06_context);
    tcase_add_test(tests, cl_06_the_call);
    tcase_add_test(tests, cl_06_ended_by_the_run_signal);
    tcase_add_test(tests, cl_06_no_answer_in_time);
    tcase_add_test(tests, cl_06_least_timeout);
    tcase_add_test(tests, cl_06_no_timeout);
    tcase_add_test(tests, cl_06_least_timeout_of_try_again);
    tcase_add_test(tests, cl_07_when_the_next_pull_follows);
    tcase_add_test(tests, cl_07_interval);
    tcase_add_test(tests, cl_07_end_run);
    tcase_add_test(tests, cl_08_the_run_signal);
    tcase_add_loop_test(tests, cl_08_notice, 0, 2);
    tcase_add_loop_test(tests, cl_08_notice_wakes, 0, 2);
    tcase_add_loop_test(tests, cl_08_notice_while_a_pull_is_under_way, 0, 2);
    tcase_add_test(tests, cl_08_notice_before_a_pull_is_sent);
    tcase_add_test(tests, cl_08_notice_while_a_task_is_executed);
    tcase_add_test(tests, cl_09_task_id_and_peer_context);
    tcase_add_test(tests, cl_09_no_task_id);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
