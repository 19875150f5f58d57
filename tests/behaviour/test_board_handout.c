/* What a client that asks a board gets. Rows BD-06 to BD-16, RQ-06, RQ-13, RQ-17, RQ-19, RQ-20,
 * BD-24, PS-07. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static boardhost h;

static void begin(void)
{
    boardhost_init(&h, 3);
    boardhost_begin(&h);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

static flr_assignment *seen; /* by the last callback */

static int before_resend(void *self, flr_assignment *a, flr_context *context)
{
    flr_value *again = NULL;
    int status = flr_context_get(context, FLR_PROP_IS_RESEND, &again);

    seen = a;
    boardhost_note(self, "before(%s,%s)", flr_assignment_get_client(a),
                   status == FLR_E_NOTFOUND       ? "new"
                   : flr_value_get_bool(again, 0) ? "again"
                                                  : "?");
    flr_value_unref(again);
    return 0;
}

START_TEST(bd_06_resend)
{
    flr_task_options o;
    flr_task *task;
    char first[40], second[40];

    boardhost_task_options(&h, &o);
    o.before_task_sent = before_resend;
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    boardhost_trace(&h);
    boardhost_take(&h, 1, first);
    ck_assert_int_eq(flr_clock_advance(h.clock, 5.0), 0);
    boardhost_take(&h, 1, second);
    ck_assert_str_eq(first, second);
    ck_assert_str_eq(boardhost_trace(&h),
                     "before(site-1,new) after(site-1) before(site-1,again) after(site-1)");
    ck_assert_uint_eq(flr_assignment_get_send_count(seen), 2);
    ck_assert_int_eq(flr_assignment_get_first_sent(seen), 1000 * SECOND);
    ck_assert_int_eq(flr_assignment_get_last_sent(seen), 1005 * SECOND);
    ck_assert_uint_eq(boardhost_stats(&h).resends, 1);
    ck_assert_uint_eq(boardhost_stats(&h).answer_task, 2);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_06_resend_without_callbacks_says_so_too)
{
    flr_task_options o;
    flr_task *task;
    flr_value *again = NULL;
    char id[40];

    boardhost_task_options(&h, &o);
    o.before_task_sent = o.after_task_sent = NULL;
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    boardhost_take(&h, 1, id);
    ck_assert_int_eq(flr_context_get(h.contexts[1], FLR_PROP_IS_RESEND, &again), FLR_E_NOTFOUND);
    boardhost_take(&h, 1, id);
    ck_assert_int_eq(flr_context_get(h.contexts[1], FLR_PROP_IS_RESEND, &again), 0);
    ck_assert_int_eq(flr_value_get_bool(again, 0), 1);
    flr_value_unref(again);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_07_scheduling_order)
{
    flr_task *a = boardhost_task(&h, "a", NULL), *b = boardhost_task(&h, "b", NULL),
             *c = boardhost_task(&h, "c", NULL);
    const flr_answer *answer;

    boardhost_broadcast(&h, a, FLR_TARGETS_OPEN, 0, 9, 0);
    boardhost_broadcast(&h, b, FLR_TARGETS_LIST, 1, 0, 0);
    boardhost_broadcast(&h, c, FLR_TARGETS_OPEN, 0, 9, 0);
    for (int i = 0; i < 3; i++) {
        answer = boardhost_ask(&h, 1);
        ck_assert_ptr_nonnull(answer);
        ck_assert_str_eq(flr_answer_get_name(answer), i == 0 ? "a" : i == 1 ? "b" : "c");
        ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    }
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    ck_assert_str_eq(flr_answer_get_name(boardhost_ask(&h, 2)),
                     "a"); /* not b, which is not for it */
    ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(flr_answer_get_name(boardhost_ask(&h, 2)), "c");
    flr_task_unref(a);
    flr_task_unref(b);
    flr_task_unref(c);
}
END_TEST

static flr_shareable *kept_data;

static int own_copy(void *self, flr_assignment *a, flr_context *context)
{
    flr_shareable *data = flr_assignment_get_data(a);

    (void)self, (void)context;
    ck_assert_ptr_nonnull(data);
    ck_assert_uint_eq(strlen(flr_assignment_get_id(a)), 32);
    kept_data = data;
    if (strcmp(flr_assignment_get_client(a), "site-1") == 0) {
        ck_assert_int_eq(flr_shareable_set_int(data, "model", 99), 0);
        ck_assert_int_eq(flr_shareable_set_header_text(data, "only", "you"), 0);
    }
    return 0;
}

static int no_data_any_more(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)context;
    ck_assert_ptr_null(flr_assignment_get_data(a)); /* BD-11 */
    return 0;
}

START_TEST(bd_09_the_clients_own_copy)
{
    flr_task_options o;
    flr_task *task;
    const flr_shareable *data;

    boardhost_task_options(&h, &o);
    o.before_task_sent = own_copy;
    o.after_task_sent = no_data_any_more;
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    data = flr_answer_get_data(boardhost_ask(&h, 1));
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(data, "model"), 0), 99);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_header(data, "only"), ""), "you");
    data = flr_answer_get_data(boardhost_ask(&h, 2));
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(data, "model"), 0), 7);
    ck_assert_ptr_null(flr_shareable_get_header(data, "only"));
    flr_task_unref(task);
}
END_TEST

static int fail_site_1(void *self, flr_assignment *a, flr_context *context)
{
    boardhost_note(self, "fails(%s)", flr_assignment_get_client(a));
    return flr_context_fail(context, -20001, "not today");
}

START_TEST(bd_10_before_fails)
{
    flr_task_options o;
    flr_task *task, *other;
    char detail[64];

    boardhost_task_options(&h, &o);
    o.before_task_sent = fail_site_1;
    task = boardhost_task(&h, "t", &o);
    other = boardhost_task(&h, "other", NULL);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    boardhost_broadcast(&h, other, 0, 0, 0, 0);
    boardhost_trace(&h);
    h.trace_ready = true;
    ck_assert_ptr_null(boardhost_ask(&h, 1)); /* no further search */
    ck_assert_str_eq(boardhost_trace(&h),
                     "fails(site-1) after(site-1) done(t,error) ready(site-1)");
    ck_assert_int_eq(flr_task_get_error(task), -20001);
    flr_task_get_detail(task, detail, sizeof detail);
    ck_assert_str_eq(detail, "not today");
    ck_assert_str_eq(flr_answer_get_name(boardhost_ask(&h, 1)),
                     "other"); /* BD-23: the rest works on */
    flr_task_unref(task);
    flr_task_unref(other);
}
END_TEST

START_TEST(bd_10_after_fails)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.after_task_sent = fail_site_1;
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    boardhost_trace(&h);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    ck_assert_str_eq(boardhost_trace(&h), "before(site-1) fails(site-1) done(t,error)");
    flr_task_unref(task);
}
END_TEST

static int cancel_own(void *self, flr_assignment *a, flr_context *context)
{
    (void)context;
    seen = a;
    boardhost_note(self, "cancels:%d", flr_task_cancel(flr_assignment_get_task(a), 0));
    return 0;
}

static int count_one(void *self, flr_assignment *a)
{
    (void)a;
    ++*(int *)self;
    return 0;
}

START_TEST(bd_10_the_task_ends_in_before)
{
    flr_task_options o;
    flr_task *task;
    char id[40];
    int count = 0;

    boardhost_task_options(&h, &o);
    o.before_task_sent = cancel_own;
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    boardhost_trace(&h);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    /* BD-18: its task_done follows when the callbacks have returned */
    ck_assert_str_eq(boardhost_trace(&h), "cancels:0 after(site-1) done(t,cancelled)");
    flr_task_visit_assignments(task, count_one, &count);
    ck_assert_int_eq(count, 0); /* not recorded */
    snprintf(id, sizeof id, "%s",
             flr_assignment_get_id(seen)); /* but it lives as long as its task */
    ck_assert_str_eq(boardhost_check(&h, 1, id), "unknown");
    flr_task_unref(task);
}
END_TEST

static int set_public(void *self, flr_assignment *a, flr_context *context)
{
    flr_value *value;

    (void)self, (void)a;
    ck_assert_int_eq(flr_value_new_int(1, &value), 0);
    ck_assert_int_eq(flr_context_set_prop(context, "left", value, FLR_PROP_FLAG_PUBLIC), 0);
    ck_assert_int_eq(flr_value_new_int(2, &value), 0);
    ck_assert_int_eq(flr_context_set_prop(context, "taken", value, FLR_PROP_FLAG_PUBLIC), 0);
    return 0;
}

static int remove_public(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)a;
    ck_assert_int_eq(flr_context_remove(context, "taken", 0), 0);
    return 0;
}

START_TEST(bd_11_public_properties)
{
    flr_task_options o;
    flr_task *task;
    const flr_value *props;

    boardhost_task_options(&h, &o);
    o.before_task_sent = set_public;
    o.after_task_sent = remove_public;
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    props =
        flr_shareable_get_header(flr_answer_get_data(boardhost_ask(&h, 1)), FLR_HEADER_PEER_CTX);
    ck_assert_int_eq(flr_value_get_int(flr_map_get(props, "left"), 0), 1);
    ck_assert_ptr_null(flr_map_get(props, "taken"));
    flr_task_unref(task);
}
END_TEST

static const char *header_text(const flr_shareable *data, const char *key)
{
    return flr_value_get_text(flr_shareable_get_header(data, key), "");
}

START_TEST(bd_13_headers)
{
    flr_task_options o;
    flr_shareable *payload = boardhost_payload();
    flr_value *operation;
    flr_task *task;
    const flr_shareable *one, *two;

    ck_assert_int_eq(flr_value_new_map(&operation), 0);
    ck_assert_int_eq(flr_map_set_text(&operation, "method", "mean"), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(payload, "mine", "kept"), 0);
    boardhost_task_options(&h, &o);
    o.payload = payload;
    o.operation = operation;
    o.timeout = 12.5;
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    one = flr_answer_get_data(boardhost_ask(&h, 1));
    two = flr_answer_get_data(boardhost_ask(&h, 2));
    ck_assert_str_eq(header_text(one, FLR_HEADER_TASK_NAME), "t");
    ck_assert_str_eq(header_text(one, "mine"), "kept");
    ck_assert(flr_value_equals(flr_shareable_get_header(one, FLR_HEADER_TASK_OPERATOR), operation));
    ck_assert_double_eq(
        flr_value_get_real(flr_shareable_get_header(one, FLR_HEADER_MSG_ROOT_TTL), -1), 12.5);
    ck_assert_uint_eq(strlen(header_text(one, FLR_HEADER_MSG_ROOT_ID)), 32);
    ck_assert_str_eq(header_text(one, FLR_HEADER_MSG_ROOT_ID),
                     header_text(two, FLR_HEADER_MSG_ROOT_ID));
    ck_assert_str_ne(header_text(one, FLR_HEADER_TASK_ID), header_text(two, FLR_HEADER_TASK_ID));
    ck_assert_ptr_null(flr_shareable_get_header(
        payload, FLR_HEADER_TASK_ID)); /* its own headers stay as they are */
    ck_assert_ptr_null(flr_shareable_get_header(payload, FLR_HEADER_MSG_ROOT_ID));
    ck_assert_str_eq(header_text(payload, "mine"), "kept");
    flr_task_unref(task);
    flr_value_unref(operation);
    flr_shareable_unref(payload);
}
END_TEST

START_TEST(bd_13_no_operator_no_timeout)
{
    flr_task *task = boardhost_task(&h, "t", NULL);
    const flr_shareable *data;

    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    data = flr_answer_get_data(boardhost_ask(&h, 1));
    ck_assert_ptr_null(flr_shareable_get_header(data, FLR_HEADER_TASK_OPERATOR));
    ck_assert_double_eq(
        flr_value_get_real(flr_shareable_get_header(data, FLR_HEADER_MSG_ROOT_TTL), -1), 0.0);
    flr_task_unref(task);
}
END_TEST

static int keep_assignment(void *self, flr_assignment *a)
{
    (void)self;
    seen = a;
    return 0;
}

static int count_assignments(void *self, flr_assignment *a)
{
    seen = a;
    ++*(int *)self;
    return 0;
}

START_TEST(bd_12_recording_a_handout)
{
    flr_task_options o;
    flr_task *task;
    char id[40], again[40];
    int count = 0;

    boardhost_task_options(&h, &o);
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    ck_assert_int_eq(flr_clock_advance(h.clock, 2.0), 0);
    boardhost_take(&h, 1, id);
    ck_assert_int_eq(flr_clock_advance(h.clock, 3.0), 0);
    boardhost_take(&h, 1, again);
    ck_assert_str_eq(again, id);
    flr_task_visit_assignments(task, count_assignments, &count);
    ck_assert_int_eq(count, 1); /* a re-send is no new record */
    ck_assert_uint_eq(flr_assignment_get_send_count(seen), 2);
    ck_assert_int_eq(flr_assignment_get_first_sent(seen), 1002 * SECOND);
    ck_assert_int_eq(flr_assignment_get_last_sent(seen), 1005 * SECOND);
    boardhost_take(&h, 2, again);
    ck_assert_str_ne(again, id);
    count = 0;
    flr_task_visit_assignments(task, count_assignments, &count);
    ck_assert_int_eq(count, 2);
    ck_assert_str_eq(flr_assignment_get_client(seen), "site-2"); /* in hand-out order */
    ck_assert_int_eq(flr_assignment_get_first_sent(seen), 1005 * SECOND);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_14_what_an_assignment_shows)
{
    flr_task_options o;
    flr_task *task;
    flr_shareable *result;
    char id[40];
    int user;

    boardhost_task_options(&h, &o);
    o.result_received = NULL;
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    boardhost_take(&h, 2, id);
    flr_task_visit_assignments(task, keep_assignment, NULL);
    ck_assert_str_eq(flr_assignment_get_client(seen), "site-2");
    ck_assert_ptr_eq(flr_assignment_get_task(seen), task);
    ck_assert_str_eq(flr_assignment_get_id(seen), id);
    ck_assert_uint_eq(flr_assignment_get_send_count(seen), 1);
    ck_assert_int_eq(flr_assignment_get_state(seen), FLR_ASSIGNMENT_OPEN);
    ck_assert_int_eq(flr_assignment_get_received(seen), FLR_TIME_NONE);
    ck_assert_ptr_null(flr_assignment_get_result(seen));
    ck_assert_ptr_null(flr_assignment_get_user(seen));
    flr_assignment_set_user(seen, &user);
    ck_assert_int_eq(flr_clock_advance(h.clock, 3.0), 0);
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", id, 5), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_assignment_get_state(seen), FLR_ASSIGNMENT_ANSWERED);
    ck_assert_int_eq(flr_assignment_get_received(seen), 1003 * SECOND);
    ck_assert_ptr_eq(flr_assignment_get_user(seen), &user);
    result = flr_assignment_get_result(seen);
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(result, "x"), 0), 5);
    flr_shareable_unref(result);
    ck_assert_int_eq(flr_assignment_set_result(seen, NULL),
                     FLR_E_STATE); /* not inside result_received */
    ck_assert_int_eq(flr_assignment_set_result(NULL, NULL), FLR_E_INVAL);
    ck_assert_ptr_null(flr_assignment_get_data(seen));
    boardhost_take(&h, 1, id);
    flr_task_cancel(task, 0);
    flr_task_visit_assignments(task, keep_assignment, NULL);
    ck_assert_int_eq(flr_assignment_get_state(seen), FLR_ASSIGNMENT_CLOSED);
    flr_task_unref(task);
}
END_TEST

/* The ids that clients 1 and 2 get for the first two tasks of a run. */
static void collect_ids(uint64_t seed, const char *job, const char *workflow, char ids[4][40])
{
    boardhost_init(&h, 2);
    h.seed = seed;
    h.job = job;
    h.workflow = workflow;
    boardhost_begin(&h);
    for (int i = 0; i < 2; i++) {
        flr_task *task = boardhost_task(&h, "t", NULL);
        boardhost_broadcast(&h, task, 0, 0, 0, 0);
        boardhost_take(&h, 1, ids[2 * i]);
        boardhost_take(&h, 2, ids[2 * i + 1]);
        flr_task_cancel(task, 0);
        flr_task_unref(task);
    }
    boardhost_close(&h);
    boardhost_free(&h);
}

START_TEST(ps_07_ids_are_derived_from_secret_job_workflow_number_client)
{
    char a[4][40], b[4][40];

    collect_ids(1, "job", "wf", a);
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(strlen(a[i]), 32); /* BD-15 */
        ck_assert_uint_eq(strspn(a[i], "0123456789abcdef"), 32);
        for (int k = 0; k < i; k++) {
            ck_assert_str_ne(a[i], a[k]);
        }
    }
    collect_ids(1, "job", "wf", b);
    for (int i = 0; i < 4; i++) {
        ck_assert_str_eq(a[i], b[i]);
    }
    collect_ids(2, "job", "wf", b);
    ck_assert_str_ne(a[0], b[0]);
    collect_ids(1, "other", "wf", b);
    ck_assert_str_ne(a[0], b[0]);
    collect_ids(1, "job", "other", b);
    ck_assert_str_ne(a[0], b[0]);
}
END_TEST

static int schedule_early(boardhost *host, flr_context *context)
{
    flr_task *task = boardhost_task(host, "early", NULL);
    int status = flr_board_broadcast(host->board, task, NULL, context);

    boardhost_note(host, "scheduled");
    flr_task_unref(task);
    return status;
}

START_TEST(bd_16_task_ready)
{
    flr_task *a, *b, *c;

    boardhost_init(&h, 3);
    h.trace_ready = true;
    h.start = schedule_early;
    boardhost_begin(&h);
    ck_assert_str_eq(boardhost_trace(&h), "scheduled ready(*)"); /* when the gate opened */
    a = boardhost_task(&h, "a", NULL), b = boardhost_task(&h, "b", NULL),
    c = boardhost_task(&h, "c", NULL);
    boardhost_broadcast(&h, a, FLR_TARGETS_SNAPSHOT, 0, 0, 0);
    ck_assert_str_eq(boardhost_trace(&h), "ready(*)");
    boardhost_broadcast(&h, b, FLR_TARGETS_LIST, 2, 0, 0);
    ck_assert_str_eq(boardhost_trace(&h), "ready(site-1) ready(site-2)");
    boardhost_broadcast(&h, c, FLR_TARGETS_OPEN, 0, 1, 0);
    ck_assert_str_eq(boardhost_trace(&h), "ready(*)");
    flr_task_unref(a);
    flr_task_unref(b);
    flr_task_unref(c);
    boardhost_close(&h);
    boardhost_free(&h);
}
END_TEST

/* ---- event lists of requests ---- */

START_TEST(rq_17_events_of_a_hand_out)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    h.trace_events = true;
    boardhost_trace(&h);
    ck_assert_ptr_nonnull(boardhost_ask(&h, 1));
    ck_assert_str_eq(
        boardhost_trace(&h),
        "_before_process_task_request before(site-1) after(site-1) _after_process_task_request "
        "_before_task_data_filter _after_task_data_filter");
    h.trace_events = false;
    flr_task_unref(task);
}
END_TEST

START_TEST(rq_20_events_of_a_failed_send_callback)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.before_task_sent = fail_site_1;
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    h.trace_events = true;
    boardhost_trace(&h);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    ck_assert_str_eq(boardhost_trace(&h),
                     "_before_process_task_request fails(site-1) after(site-1) done(t,error) "
                     "_after_process_task_request");
    h.trace_events = false;
    flr_task_unref(task);
}
END_TEST

static int refuse_site_1(flr_context *context, flr_shareable *message)
{
    const char *name = flr_context_get_identity(flr_context_get_peer(context));

    (void)message;
    return strcmp(name, "site-1") == 0 ? -20002 : 0;
}

static int received_rc(void *self, flr_assignment *a, flr_context *context)
{
    flr_shareable *result = flr_assignment_get_result(a);
    const flr_value *props = flr_shareable_get_peer_props(result);

    (void)context;
    seen = a;
    boardhost_note(
        self, "received(%s,%s,%s,%s,%s)", flr_assignment_get_client(a),
        flr_shareable_get_rc(result), header_text(result, FLR_HEADER_TASK_NAME),
        strcmp(header_text(result, FLR_HEADER_TASK_ID), flr_assignment_get_id(a)) == 0 ? "id" : "?",
        flr_value_get_text(flr_map_get(props, FLR_PROP_IDENTITY_NAME), "-"));
    flr_shareable_unref(result);
    return 0;
}

static void with_filter(void (*set)(void))
{
    boardhost_init(&h, 2);
    h.filter = refuse_site_1;
    boardhost_begin(&h);
    if (set != NULL) {
        set();
    }
}

START_TEST(bd_24_closed_in_the_clients_place)
{
    flr_task_options o;
    flr_task *task;
    char id[40];

    with_filter(NULL);
    boardhost_task_options(&h, &o);
    o.result_received = received_rc;
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    h.trace_events = true;
    boardhost_trace(&h);
    ck_assert_ptr_null(boardhost_ask(&h, 1)); /* RQ-13, RQ-19 */
    ck_assert_str_eq(
        boardhost_trace(&h),
        "_before_process_task_request before(site-1) after(site-1) _after_process_task_request "
        "_before_task_data_filter "
        "received(site-1,TASK_DATA_FILTER_ERROR,t,id,site-1)");
    h.trace_events = false;
    ck_assert_int_eq(flr_assignment_get_state(seen), FLR_ASSIGNMENT_CLOSED);
    snprintf(id, sizeof id, "%s", flr_assignment_get_id(seen));
    ck_assert_ptr_null(boardhost_ask(&h, 1)); /* never again */
    ck_assert_str_eq(boardhost_check(&h, 1, id), "closed");
    boardhost_trace(&h);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_LATE);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_DUPLICATE);
    ck_assert_str_eq(boardhost_trace(&h), "unknown(site-1,t)");
    ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK); /* it counts as the client's answer */
    flr_task_unref(task);
    end();
}
END_TEST

static void set_cancel(void)
{
    flr_board_options o;

    flr_board_options_init(&o, sizeof o);
    o.flags = FLR_BOARD_FLAG_CANCEL_ON_FILTER_ERROR;
    ck_assert_int_eq(flr_board_set_options(h.board, &o), 0);
}

START_TEST(bd_24_an_option_cancels_the_task)
{
    flr_task *task;

    with_filter(set_cancel);
    task = boardhost_task(&h, "t", NULL);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    boardhost_trace(&h);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    ck_assert_str_eq(boardhost_trace(&h), "before(site-1) after(site-1) done(t,cancelled)");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(rq_19_the_last_answer_ends_the_task)
{
    flr_task *task;

    with_filter(NULL);
    task = boardhost_task(&h, "t", NULL);
    boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 1, 0, 0);
    boardhost_trace(&h);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    ck_assert_str_eq(boardhost_trace(&h),
                     "before(site-1) after(site-1) received(site-1) done(t,ok)");
    flr_task_unref(task);
    end();
}
END_TEST

/* ---- BD-18, inside callbacks ---- */

static int ask_inside(void *self, flr_assignment *a, flr_context *context)
{
    const flr_answer *answer = NULL;
    int status;

    (void)a, (void)context;
    status = flr_runner_process_task_request(h.runner, "site-2", boardhost_context(&h, 2), &answer);
    boardhost_note(self, "asked:%s",
                   status == 0 ? flr_answer_get_name(answer) : flr_status_get_name(status));
    return 0;
}

START_TEST(bd_18_a_request_with_send_callbacks_inside_a_callback_is_reentrant)
{
    flr_task_options o;
    flr_task *outer, *inner;
    int count = 0;

    boardhost_task_options(&h, &o);
    o.before_task_sent = ask_inside;
    o.after_task_sent = NULL;
    outer = boardhost_task(&h, "outer", &o);
    boardhost_broadcast(&h, outer, FLR_TARGETS_LIST, 1, 0, 0);
    inner = boardhost_task(&h, "inner", NULL);
    boardhost_broadcast(&h, inner, 0, 0, 0, 0);
    boardhost_trace(&h);
    ck_assert_ptr_nonnull(boardhost_ask(&h, 1));
    ck_assert_str_eq(boardhost_trace(&h), "asked:FLR_E_REENTRANT");
    flr_task_visit_assignments(inner, count_one, &count);
    ck_assert_int_eq(count, 0);
    ck_assert_ptr_nonnull(boardhost_ask(&h, 2));
    flr_task_unref(outer);
    flr_task_unref(inner);
}
END_TEST

START_TEST(bd_18_a_request_without_them_is_served)
{
    flr_task_options o;
    flr_task *outer, *inner;

    boardhost_task_options(&h, &o);
    o.before_task_sent = ask_inside;
    outer = boardhost_task(&h, "outer", &o);
    boardhost_broadcast(&h, outer, FLR_TARGETS_LIST, 1, 0, 0);
    o.before_task_sent = o.after_task_sent = NULL;
    inner = boardhost_task(&h, "inner", &o);
    boardhost_broadcast(&h, inner, 0, 0, 0, 0);
    boardhost_trace(&h);
    ck_assert_ptr_nonnull(boardhost_ask(&h, 1));
    ck_assert_str_eq(boardhost_trace(&h), "asked:inner after(site-1)");
    flr_task_unref(outer);
    flr_task_unref(inner);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        bd_06_resend,
        bd_06_resend_without_callbacks_says_so_too,
        bd_07_scheduling_order,
        bd_09_the_clients_own_copy,
        bd_10_before_fails,
        bd_10_after_fails,
        bd_10_the_task_ends_in_before,
        bd_11_public_properties,
        bd_13_headers,
        bd_13_no_operator_no_timeout,
        bd_12_recording_a_handout,
        bd_14_what_an_assignment_shows,
        rq_17_events_of_a_hand_out,
        rq_20_events_of_a_failed_send_callback,
        bd_18_a_request_with_send_callbacks_inside_a_callback_is_reentrant,
        bd_18_a_request_without_them_is_served,
    };
    const TTest *const own[] = {
        ps_07_ids_are_derived_from_secret_job_workflow_number_client,
        bd_16_task_ready,
        bd_24_closed_in_the_clients_place,
        bd_24_an_option_cancels_the_task,
        rq_19_the_last_answer_ends_the_task,
    };
    Suite *suite = suite_create("board hand-out");
    TCase *tcase = tcase_create("rows"), *alone = tcase_create("own host");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    SUITE_ADD(alone, own);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, alone);
    return suite_run(suite);
}
