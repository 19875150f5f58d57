/* What follows a pull: the next one, at once or after a pause, or a task. Rows CL-07 to CL-09. */
#include "clienthost.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

/* ---- CL-07 ---- */

START_TEST(cl_07_when_the_next_pull_follows)
{
    clienthost *h = clienthost_timed(
        "fail return again denied again:2.25 again:0.125 task task end", NULL, NULL);
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
    clienthost *h = clienthost_new("fail again again:0 again:-1 end");
    h->without_events = h->with_times = true;
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
    clienthost *h = clienthost_timed("again:100", NULL, NULL);
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
    clienthost *h = clienthost_timed("again:100 again:100 fail again:7 hold", NULL, NULL);
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
    clienthost *h = clienthost_timed("hold again:5 hold", NULL, NULL);
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
    clienthost *h = clienthost_timed("again:5 again:5 end", NULL, NULL);
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
    clienthost *h = clienthost_timed("task again:5 end", NULL, NULL);
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
    clienthost *h = clienthost_timed("task hold end", NULL, NULL);
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
    Suite *suite = suite_create("client next");
    TCase *tests = tcase_create("rows");
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
    return suite_run(suite);
}
