/* Calls and executions of a client that end later, on other threads, or are waited for. Row CL-35. */
#include "clienthost.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

/* ---- CL-35 ---- */

START_TEST(cl_35_answered_later)
{
    static const clienthost_call calls[] = {CLIENTHOST_SYNC, CLIENTHOST_PULL, CLIENTHOST_CHECK,
                                            CLIENTHOST_SUBMIT, CLIENTHOST_PULL};
    static const char *const words[] = {"OK", "task", "OK", "ok", "end"};
    clienthost *h = clienthost_usual("hold ...");
    h->script[CLIENTHOST_SYNC] = h->script[CLIENTHOST_CHECK] = h->script[CLIENTHOST_SUBMIT] =
        "hold";
    for (int i = 0; i < 5; i++) {
        ck_assert(clienthost_advance(h, 1.0));
        ck_assert_int_eq(flr_request_is_over(h->last[calls[i]]), 0);
        clienthost_answer(h, calls[i], words[i]);
        ck_assert_int_eq(flr_request_is_over(h->last[calls[i]]), 1);
    }
    ck_assert(!clienthost_step(h));
    clienthost_expect(h,
                      T_BEGIN T_PULL T_DATA T_EXECUTE T_RESULT T_SEND("id-1", "OK") T_PULL T_END);
    clienthost_free(h);
}
END_TEST

/* What was not answered when its last reference is dropped has failed. */
START_TEST(cl_35_dropped)
{
    clienthost *h = clienthost_usual("hold end");
    h->without_events = h->with_times = true;
    ck_assert(clienthost_advance(h, 1.0));
    flr_request_unref(h->last[CLIENTHOST_PULL]);
    h->last[CLIENTHOST_PULL] = NULL;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync@0 pull@0 pull@1.5");
    ck_assert_uint_eq(clienthost_stats(h).pull_failures, 1);
    clienthost_free(h);
}
END_TEST

static int finish_inside(void *self, flr_context *context, flr_execution *execution)
{
    (void)context;
    clienthost_note(self, "%s", flr_execution_get_task_name(execution));
    flr_shareable *result = clienthost_result(3);
    ck_assert_int_eq(flr_execution_finish(execution, 0, result), 0);
    ck_assert_int_eq(flr_execution_finish(execution, FLR_E_IO, NULL), 0); /* ignored */
    flr_shareable_unref(result);
    return 0;
}

static int fail_to_start(void *self, flr_context *context, flr_execution *execution)
{
    (void)self, (void)context;
    return strcmp(flr_execution_get_task_name(execution), "unsafe") == 0 ? FLR_E_UNSAFE_JOB
                                                                         : FLR_E_IO;
}

START_TEST(cl_35_executors_that_are_done_at_once)
{
    clienthost *h = clienthost_new("task task:other task:unsafe end");
    flr_executor_ops ops;
    h->without_events = true;
    clienthost_make(h);
    flr_executor_ops_init(&ops, sizeof ops);
    ops.start = finish_inside;
    ck_assert_int_eq(flr_client_runner_add_executor(h->client, "train", &ops, h), 0);
    ops.start = fail_to_start;
    ck_assert_int_eq(flr_client_runner_add_executor(h->client, "*", &ops, h), 0);
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(
        h,
        "sync pull train check(id-1) submit(train,id-1,OK) pull check(id-2) "
        "submit(other,id-2,EXECUTION_EXCEPTION) pull check(id-3) submit(unsafe,id-3,UNSAFE_JOB) pull");
    clienthost_free(h);
}
END_TEST

/* ---- CL-35: other threads ---- */

/* A thread that answers what it is handed: calls and executions. Its lock guards the letter. */
typedef struct postman {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    flr_request *request;
    flr_execution *execution;
    bool over;
    flr_shareable *data, *ok, *result; /* what it answers with */
    int pulls, wrong;                  /* its own until it is joined */
    pthread_t thread;
} postman;

static postman post = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static int deliver(flr_request *r)
{
    switch (flr_request_get_kind(r)) {
    case FLR_REQUEST_TASK:
        return post.pulls++ == 0 ? flr_request_answer_task(r, FLR_ANSWER_TASK, "train", post.data)
                                 : flr_request_answer_task(r, FLR_ANSWER_END_RUN, NULL, NULL);
    case FLR_REQUEST_SUBMISSION:
        return flr_request_answer_submission(r, FLR_OUTCOME_ACCEPTED);
    default:
        return flr_request_answer_aux(r, post.ok);
    }
}

static void *carry(void *self)
{
    (void)self;
    pthread_mutex_lock(&post.lock);
    while (!post.over) {
        flr_request *r = post.request;
        flr_execution *x = post.execution;
        post.request = NULL;
        post.execution = NULL;
        if (r == NULL && x == NULL) {
            pthread_cond_wait(&post.changed, &post.lock);
            continue;
        }
        pthread_mutex_unlock(&post.lock);
        if (r != NULL)
            post.wrong += deliver(r) != 0;
        if (x != NULL)
            post.wrong += flr_execution_finish(x, 0, post.result) != 0;
        flr_request_unref(r);
        flr_execution_unref(x);
        pthread_mutex_lock(&post.lock);
    }
    pthread_mutex_unlock(&post.lock);
    return NULL;
}

static void hand_over(flr_request *request, flr_execution *execution)
{
    pthread_mutex_lock(&post.lock);
    if (request != NULL)
        post.request = flr_request_ref(request);
    if (execution != NULL)
        post.execution = flr_execution_ref(execution);
    pthread_cond_signal(&post.changed);
    pthread_mutex_unlock(&post.lock);
}

static int start_elsewhere(void *self, flr_context *context, flr_execution *execution)
{
    (void)context;
    clienthost_note(self, "%s", flr_execution_get_task_name(execution));
    hand_over(NULL, execution);
    return 0;
}

static void call_elsewhere(clienthost *h, clienthost_call call, flr_request *request)
{
    (void)h;
    if (call != CLIENTHOST_BEAT)
        hand_over(request, NULL);
}

static void keep_data(clienthost *h, flr_shareable *data)
{
    (void)h;
    post.data = flr_shareable_ref(data);
}

/* Data of a task as this host makes it, from a client that gets one task. */
static void open_post(void)
{
    clienthost *h = clienthost_usual("task end");
    h->on_data = keep_data;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_free(h);
    post.over = false;
    post.pulls = post.wrong = 0;
    post.result = clienthost_result(1);
    ck_assert_int_eq(flr_shareable_new_reply(FLR_RC_OK, NULL, &post.ok), 0);
    if (pthread_create(&post.thread, NULL, carry, NULL) != 0)
        ck_abort_msg("no thread");
}

static void close_post(void)
{
    pthread_mutex_lock(&post.lock);
    post.over = true;
    pthread_cond_signal(&post.changed);
    pthread_mutex_unlock(&post.lock);
    pthread_join(post.thread, NULL);
    ck_assert_int_eq(post.wrong, 0);
    flr_shareable_unref(post.data);
    flr_shareable_unref(post.ok);
    flr_shareable_unref(post.result);
}

/* Every call is answered, and the execution finished, on another thread. */
START_TEST(cl_35_other_threads)
{
    clienthost *h = clienthost_new("hold ...");
    flr_executor_ops ops;
    open_post();
    h->script[CLIENTHOST_SYNC] = h->script[CLIENTHOST_CHECK] = h->script[CLIENTHOST_SUBMIT] =
        "hold";
    h->on_request = call_elsewhere;
    clienthost_make(h);
    flr_executor_ops_init(&ops, sizeof ops);
    ops.start = start_elsewhere;
    ck_assert_int_eq(flr_client_runner_add_executor(h->client, "train", &ops, h), 0);
    ck_assert_int_eq(flr_client_runner_run(h->client), 0);
    close_post();
    clienthost_expect(h, T_BEGIN T_PULL T_DATA
                      "_before_task_execution train " T_RESULT T_SEND("id-1", "OK") T_PULL T_END);
    clienthost_free(h);
}
END_TEST

/* Whoever answers from outside of a step has the client stepped. */
START_TEST(cl_35_wakes)
{
    clienthost *h = clienthost_new("hold hold");
    h->with_wakeup = true;
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "train", "trainer", true), 0);
    clienthost_step(h);
    ck_assert_int_eq(h->wakeups, 0);
    clienthost_answer(h, CLIENTHOST_PULL, "task");
    ck_assert_int_eq(h->wakeups, 1);
    clienthost_step(h);
    ck_assert_int_eq(h->wakeups, 1);
    clienthost_finish_task(h, 0);
    ck_assert_int_eq(h->wakeups, 2);
    clienthost_step(h);
    ck_assert_int_eq(h->wakeups, 2); /* what is done inside a step needs none */
    clienthost_free(h);
}
END_TEST

/* ---- CL-35: blocking forms ---- */

static int send_and_wait(clienthost *h, flr_context *context, const flr_shareable *data,
                         flr_signal *abort, flr_shareable **result)
{
    flr_aux_options options;
    flr_value *replies = NULL;
    flr_aux_options_init(&options, sizeof options);
    options.timeout = 3.0;
    int status =
        flr_context_send_aux_and_wait(context, "question", data, &options, abort, &replies);
    clienthost_note(h, "%s", flr_status_get_name(status));
    const flr_shareable *reply =
        flr_value_get_pointer(flr_map_get(replies, "server"), "flr_shareable");
    clienthost_note(h, "%s", reply == NULL ? "-" : flr_shareable_get_rc(reply));
    flr_value_unref(replies);
    *result = clienthost_result(1);
    return 0;
}

static void answer_question(clienthost *h, clienthost_call call, flr_request *request)
{
    (void)h;
    if (call == CLIENTHOST_AUX)
        hand_over(request, NULL);
}

START_TEST(cl_35_blocking_forms)
{
    clienthost *h = clienthost_usual("task end");
    h->without_events = true;
    h->on_execute = send_and_wait;
    h->script[CLIENTHOST_AUX] = "hold";
    h->on_request = answer_question;
    open_post();
    if (_i == 0) {
        ck_assert_int_eq(clienthost_finish(h), 0);
        clienthost_expect(h, "sync pull trainer(train) FLR_E_NOTSUP - check(id-1) "
                             "submit(train,id-1,OK) pull");
    } else {
        ck_assert_int_eq(flr_client_runner_run(h->client), 0);
        clienthost_expect(h, "sync pull trainer(train) aux(question) FLR_OK OK check(id-1) "
                             "submit(train,id-1,OK) pull");
    }
    close_post();
    clienthost_free(h);
}
END_TEST

/* ---- CL-35: heartbeats of a step client ---- */

static int take_time(clienthost *h, flr_context *context, const flr_shareable *data,
                     flr_signal *abort, flr_shareable **result)
{
    (void)context, (void)data, (void)abort;
    ck_assert_int_eq(flr_clock_advance(h->clock, 25.0), 0);
    *result = clienthost_result(1);
    return 0;
}

START_TEST(cl_35_heartbeats_after_an_executor)
{
    clienthost *h = clienthost_usual("task hold");
    h->with_beats = h->with_times = true;
    h->on_execute = take_time;
    ck_assert(clienthost_advance(h, 40.0));
    clienthost_expect(h, "sync@0 _about_to_start_run _start_run beat@0 _before_pull_task pull@0 "
                         "_after_pull_task " T_DATA T_EXECUTE "beat@25 " T_RESULT
                         "_before_send_task_result check(id-1)@25 submit(train,id-1,OK)@25 "
                         "_after_send_task_result _before_pull_task pull@25 beat@35");
    clienthost_free(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client calls");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, cl_35_answered_later);
    tcase_add_test(tests, cl_35_dropped);
    tcase_add_test(tests, cl_35_executors_that_are_done_at_once);
    tcase_add_test(tests, cl_35_other_threads);
    tcase_add_test(tests, cl_35_wakes);
    tcase_add_loop_test(tests, cl_35_blocking_forms, 0, 2);
    tcase_add_test(tests, cl_35_heartbeats_after_an_executor);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
