/* A client is given a task again whose result was delivered: it delivers that again. Row CL-36. */
#include "clienthost.h"
#include "support/suite.h"

#include <stdlib.h>

static clienthost *again(const char *pulls, uint32_t flags)
{
    clienthost *h = clienthost_new(pulls);
    h->options.flags |= flags;
    h->without_events = true;
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "*", "trainer", false), 0);
    return h;
}

static void check_stats(const clienthost *h, uint64_t executed, uint64_t delivered,
                        uint64_t resubmitted)
{
    flr_client_stats stats = clienthost_stats(h);
    ck_assert_uint_eq(stats.executed, executed);
    ck_assert_uint_eq(stats.delivered, delivered);
    ck_assert_uint_eq(stats.resubmitted, resubmitted);
}

#define DO(id)   "pull trainer(train) check(" id ") submit(train," id ",OK) "
#define GIVE(id) "pull check(" id ") submit(train," id ",OK) "

/* Neither filters nor executor nor audit; the events of a submission, as of any other. */
START_TEST(cl_36_submitted_again)
{
    clienthost *h = again("task:train:a task:train:a task:train:a end", 0);
    h->without_events = false;
    clienthost_filter_data(h, clienthost_pass);
    clienthost_filter_result(h, clienthost_pass);
    h->with_audit = true;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(
        h, T_BEGIN T_PULL
        "audit _before_task_data_filter filter _after_task_data_filter _before_task_execution "
        "audit trainer(train) _after_task_execution _before_task_result_filter filter "
        "_after_task_result_filter audit " T_SEND("a", "OK") T_PULL T_SEND("a", "OK")
            T_PULL T_SEND("a", "OK") T_PULL T_END);
    check_stats(h, 1, 3, 2);
    clienthost_free(h);
}
END_TEST

/* The answer to a submission was lost: that the server has it says the next check. */
START_TEST(cl_21_36_the_server_has_it_already)
{
    clienthost *h = again("task:train:a task:train:a end", 0);
    h->script[CLIENTHOST_SUBMIT] = "fail ok";
    h->script[CLIENTHOST_CHECK] = "OK TASK_UNKNOWN:already-received OK";
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync " DO("a") "check(a) " GIVE("a") "pull");
    check_stats(h, 1, 2, 1);
    ck_assert_uint_eq(clienthost_stats(h).dropped, 0);
    clienthost_free(h);
}
END_TEST

static flr_shareable *first;
static int submissions;

static void compare(clienthost *h, clienthost_call call, flr_request *request)
{
    const flr_shareable *m = flr_request_get_message(request);
    (void)h;
    if (call != CLIENTHOST_SUBMIT)
        return;
    if (submissions++ == 0)
        first = flr_shareable_ref(m);
    ck_assert_str_eq(flr_request_get_task_name(request), "train");
    ck_assert_str_eq(flr_request_get_task_id(request), "a");
    ck_assert(flr_value_equals(flr_shareable_get_body(m), flr_shareable_get_body(first)));
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(m, "y"), -1), 14);
    ck_assert_str_eq(clienthost_header(m, FLR_HEADER_MSG_ROOT_ID),
                     clienthost_header(first, FLR_HEADER_MSG_ROOT_ID));
}

static void change_data(clienthost *h, flr_shareable *data)
{
    ck_assert_int_eq(flr_shareable_set_int(data, "x", 7 * h->tasks), 0);
}

/* The very result, whatever the data is now. */
START_TEST(cl_36_that_very_result)
{
    clienthost *h = again("task:train:a task:train:a end", 0);
    submissions = 0;
    h->on_request = compare;
    h->on_data = change_data;
    ck_assert_int_eq(clienthost_finish(h), 0);
    ck_assert_int_eq(submissions, 2);
    flr_shareable_unref(first);
    clienthost_free(h);
}
END_TEST

START_TEST(cl_36_option)
{
    clienthost *h = again("task:train:a task:train:a end", FLR_CLIENT_FLAG_NO_RESUBMIT);
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync " DO("a") DO("a") "pull");
    check_stats(h, 2, 2, 0);
    clienthost_free(h);
}
END_TEST

/* Only the last one, and only under its name; without an id there is nothing to know it by. */
START_TEST(cl_36_which)
{
    clienthost *h = again("task:train:a task:train:b task:train:b task:train:a task:score:a "
                          "task:train:a end",
                          0);
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(
        h, "sync " DO("a") DO("b") GIVE("b")
               DO("a") "pull trainer(score) check(a) submit(score,a,OK) " DO("a") "pull");
    check_stats(h, 5, 6, 1);
    clienthost_free(h);
}
END_TEST

static void remove_id(clienthost *h, flr_shareable *data)
{
    (void)h;
    ck_assert_int_eq(flr_shareable_remove_header(data, FLR_HEADER_TASK_ID), 0);
}

START_TEST(cl_36_without_an_id)
{
    clienthost *h = again("task task end", 0);
    h->on_data = remove_id;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync " DO("") DO("") "pull");
    check_stats(h, 2, 2, 0);
    clienthost_free(h);
}
END_TEST

/* A result that was not delivered leaves what was delivered before it. */
START_TEST(cl_36_not_delivered)
{
    clienthost *h = again("task:train:a task:train:b task:train:b task:train:b end", 0);
    h->script[CLIENTHOST_CHECK] = "OK TASK_UNKNOWN:closed OK";
    h->script[CLIENTHOST_SUBMIT] = "ok denied ok";
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync " DO("a") "pull trainer(train) check(b) " DO("b") DO("b") "pull");
    check_stats(h, 4, 2, 0);
    clienthost_free(h);
}
END_TEST

START_TEST(cl_36_after_one_that_was_not_delivered)
{
    clienthost *h = again("task:train:a task:train:b task:train:a end", 0);
    h->script[CLIENTHOST_CHECK] = "OK TASK_UNKNOWN OK";
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync " DO("a") "pull trainer(train) check(b) " GIVE("a") "pull");
    check_stats(h, 2, 2, 1);
    clienthost_free(h);
}
END_TEST

/* Rows CL-21 to CL-25 hold; what is not wanted now may be wanted once more. */
START_TEST(cl_36_the_submission)
{
    clienthost *h = again("task:train:a task:train:a task:train:a end", 0);
    h->script[CLIENTHOST_CHECK] = "OK SERVER_NOT_READY OK TASK_UNKNOWN OK";
    h->script[CLIENTHOST_SUBMIT] = "ok fail ok";
    h->with_times = true;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync@0 pull@0 trainer(train) check(a)@0 submit(train,a,OK)@0 pull@0 "
                         "check(a)@0 check(a)@5 submit(train,a,OK)@5 check(a)@10 pull@10 "
                         "check(a)@10 submit(train,a,OK)@10 pull@10");
    check_stats(h, 1, 2, 1);
    ck_assert_uint_eq(clienthost_stats(h).dropped, 1);
    ck_assert_uint_eq(clienthost_stats(h).submit_retries, 2);
    clienthost_free(h);
}
END_TEST

static int fail_task(clienthost *h, flr_context *context, const flr_shareable *data,
                     flr_signal *abort, flr_shareable **result)
{
    (void)h, (void)context, (void)data, (void)abort, (void)result;
    return FLR_E_IO;
}

/* An error reply is a result like any other. */
START_TEST(cl_36_an_error_reply)
{
    clienthost *h = again("task:train:a task:train:a end", 0);
    h->on_execute = fail_task;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync pull trainer(train) check(a) submit(train,a,EXECUTION_EXCEPTION) "
                         "pull check(a) submit(train,a,EXECUTION_EXCEPTION) pull");
    check_stats(h, 1, 2, 1);
    clienthost_free(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client again");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, cl_21_36_the_server_has_it_already);
    tcase_add_test(tests, cl_36_submitted_again);
    tcase_add_test(tests, cl_36_that_very_result);
    tcase_add_test(tests, cl_36_option);
    tcase_add_test(tests, cl_36_which);
    tcase_add_test(tests, cl_36_without_an_id);
    tcase_add_test(tests, cl_36_not_delivered);
    tcase_add_test(tests, cl_36_after_one_that_was_not_delivered);
    tcase_add_test(tests, cl_36_the_submission);
    tcase_add_test(tests, cl_36_an_error_reply);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
