/* Times of a client that are given as 0 are the defaults. Rows CL-03, CL-05, CL-07, CL-21, CL-22, CL-27. */
#include "clienthost.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static clienthost *without_times(const char *pulls)
{
    clienthost *h = clienthost_new(pulls);
    flr_client_options *o = &h->options;
    o->sync_timeout = o->max_sync_timeout = o->get_task_timeout = o->fetch_interval = 0.0;
    o->task_check_timeout = o->task_check_interval = o->submit_timeout = o->submit_time = 0.0;
    o->heartbeat_interval = o->readiness_timeout = o->readiness_interval = 0.0;
    h->without_events = h->with_times = true;
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "train", "trainer", false), 0);
    return h;
}

START_TEST(cl_03_default_timeout)
{
    clienthost *h = without_times("end");
    h->script[CLIENTHOST_SYNC] = "hold OK";
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync@0 sync@2.5 pull@2.5");
    clienthost_free(h);
}
END_TEST

static void count_call(clienthost *h, clienthost_call call, flr_request *request)
{
    (void)request;
    ck_assert_int_eq(call, CLIENTHOST_SYNC);
    h->status++;
}

START_TEST(cl_03_default_limit)
{
    clienthost *h = without_times("end");
    h->script[CLIENTHOST_SYNC] = "fail ...";
    h->on_request = count_call;
    ck_assert_int_eq(clienthost_finish(h), FLR_E_TIMEDOUT);
    ck_assert_int_eq(h->status, 121); /* the last one at 60 s */
    clienthost_free(h);
}
END_TEST

START_TEST(cl_05_default_interval)
{
    clienthost *h = without_times("hold");
    h->with_beats = true;
    ck_assert(clienthost_advance(h, 25.0));
    clienthost_expect(h, "sync@0 beat@0 pull@0 beat@10 beat@20");
    clienthost_free(h);
}
END_TEST

START_TEST(cl_07_default_interval)
{
    clienthost *h = without_times("fail again hold");
    ck_assert(clienthost_advance(h, 1000.0));
    clienthost_expect(h, "sync@0 pull@0 pull@0.5 pull@1");
    ck_assert_double_eq(flr_request_get_timeout(h->last[CLIENTHOST_PULL]), 0.0); /* none */
    clienthost_free(h);
}
END_TEST

START_TEST(cl_21_default_timeout_and_interval)
{
    clienthost *h = without_times("task end");
    h->script[CLIENTHOST_CHECK] = "hold SERVER_NOT_READY OK";
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync@0 pull@0 trainer(train) check(id-1)@0 check(id-1)@10 "
                         "check(id-1)@15 submit(train,id-1,OK)@15 pull@15");
    clienthost_free(h);
}
END_TEST

START_TEST(cl_22_no_timeout_by_default)
{
    clienthost *h = without_times("task end");
    h->script[CLIENTHOST_SUBMIT] = "hold";
    ck_assert(clienthost_advance(h, 1000.0));
    ck_assert_int_eq(flr_request_is_over(h->last[CLIENTHOST_SUBMIT]), 0);
    clienthost_answer(h, CLIENTHOST_SUBMIT, "ok");
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect_counts(h, 1, 0, 0);
    clienthost_free(h);
}
END_TEST

static int never_ready(clienthost *h, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, FLR_EVENT_CHECK_END_RUN_READINESS) != 0)
        return 0;
    clienthost_note(h, "ask@%g", clienthost_now(h));
    return FLR_E_NOT_READY;
}

START_TEST(cl_27_default_readiness)
{
    clienthost *h = without_times("end");
    h->on_event = never_ready;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync@0 pull@0 ask@0 ask@0.5 ask@1 ask@1.5 ask@2 ask@2.5 ask@3 ask@3.5 "
                         "ask@4 ask@4.5 ask@5");
    clienthost_free(h);
}
END_TEST

/* What a host sees that does not set them. */
START_TEST(cl_03_defaults_in_the_options)
{
    flr_client_options o;
    flr_client_options_init(&o, sizeof o);
    ck_assert_double_eq(o.sync_timeout, 2.0);
    ck_assert_double_eq(o.max_sync_timeout, 60.0);
    ck_assert_double_eq(o.get_task_timeout, 0.0);
    ck_assert_double_eq(o.fetch_interval, 0.5);
    ck_assert_double_eq(o.task_check_timeout, 5.0);
    ck_assert_double_eq(o.task_check_interval, 5.0);
    ck_assert_double_eq(o.submit_timeout, 0.0);
    ck_assert_double_eq(o.submit_time, 0.0);
    ck_assert_double_eq(o.heartbeat_interval, 10.0);
    ck_assert_double_eq(o.readiness_timeout, 5.0);
    ck_assert_double_eq(o.readiness_interval, 0.5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client times");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, cl_03_default_timeout);
    tcase_add_test(tests, cl_03_default_limit);
    tcase_add_test(tests, cl_03_defaults_in_the_options);
    tcase_add_test(tests, cl_05_default_interval);
    tcase_add_test(tests, cl_07_default_interval);
    tcase_add_test(tests, cl_21_default_timeout_and_interval);
    tcase_add_test(tests, cl_22_no_timeout_by_default);
    tcase_add_test(tests, cl_27_default_readiness);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
