/* A client asks for a task. Row CL-06. */
#include "clienthost.h"
#include "support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A client whose trace has its calls with their times, and nothing else. */
static clienthost *timed(const char *pulls)
{
    clienthost *h = clienthost_new(pulls);
    h->without_events = h->with_times = true;
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
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
