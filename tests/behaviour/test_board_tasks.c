/* Tasks of a board: what they are made of, scheduling, targets, ending, what is remembered. Rows
 * BD-01 to BD-05, BD-25 to BD-33. */
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

/* ---- BD-01 to BD-05 ---- */

static int try_new(flr_task_options *options)
{
    flr_task *task = NULL;
    int status = flr_task_new(options, &task);

    flr_task_unref(task);
    return status;
}

START_TEST(bd_01_what_a_task_is_made_of)
{
    flr_task_options o;
    flr_value *map, *value;
    flr_shareable *payload = boardhost_payload();
    char longest[258];

    flr_task_options_init(&o, sizeof o);
    ck_assert_int_eq(o.number, -1);
    o.name = "train";
    o.payload = payload;
    ck_assert_int_eq(try_new(&o), 0);
    o.name = "";
    ck_assert_int_eq(try_new(&o), FLR_E_INVAL);
    o.name = NULL;
    ck_assert_int_eq(try_new(&o), FLR_E_INVAL);
    o.name = "__try_again__";
    ck_assert_int_eq(try_new(&o), FLR_E_INVAL);
    o.name = "__end_run__";
    ck_assert_int_eq(try_new(&o), FLR_E_INVAL);
    memset(longest, 'x', 256);
    longest[256] = '\0';
    o.name = longest;
    ck_assert_int_eq(try_new(&o), FLR_E_LIMIT);
    longest[255] = '\0';
    ck_assert_int_eq(try_new(&o), 0);
    o.payload = NULL;
    ck_assert_int_eq(try_new(&o), FLR_E_INVAL);
    o.payload = payload;
    o.timeout = -1.0;
    ck_assert_int_eq(try_new(&o), FLR_E_INVAL);
    o.timeout = 0.0;
    o.number = -2;
    ck_assert_int_eq(try_new(&o), FLR_E_INVAL);
    o.number = -1;
    ck_assert_int_eq(flr_value_new_map(&map), 0);
    ck_assert_int_eq(flr_map_set_int(&map, "epochs", 3), 0);
    o.props = map;
    ck_assert_int_eq(try_new(&o), 0);
    ck_assert_int_eq(flr_map_set_int(&map, "__x", 3), 0);
    o.props = map;
    ck_assert_int_eq(try_new(&o), FLR_E_INVAL);
    ck_assert_int_eq(flr_value_new_int(1, &value), 0);
    o.props = value;
    ck_assert_int_eq(try_new(&o), FLR_E_INVAL);
    o.props = NULL;
    o.operation = value;
    ck_assert_int_eq(try_new(&o), FLR_E_INVAL);
    ck_assert_int_eq(flr_task_new(&o, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_task_new(NULL, NULL), FLR_E_INVAL);
    flr_value_unref(value);
    flr_value_unref(map);
    flr_shareable_unref(payload);
}
END_TEST

START_TEST(bd_01_properties)
{
    flr_task *task = boardhost_task(&h, "train", NULL);
    flr_value *value, *got;

    ck_assert_int_eq(flr_task_get_prop(task, "epochs", &got), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_value_new_int(3, &value), 0);
    ck_assert_int_eq(flr_task_set_prop(task, "__x", value), FLR_E_INVAL);
    ck_assert_int_eq(flr_task_set_prop(task, "", value), FLR_E_INVAL);
    ck_assert_int_eq(flr_task_set_prop(task, "epochs", value), 0);
    ck_assert_int_eq(flr_task_get_prop(task, "epochs", &got), 0);
    ck_assert_int_eq(flr_value_get_int(got, 0), 3);
    flr_value_unref(got);
    ck_assert_ptr_eq(flr_task_get_self(task), &h);
    ck_assert_str_eq(flr_task_get_name(task), "train");
    flr_task_unref(task);
}
END_TEST

static int destroyed;
static void destroy(void *self)
{
    (void)self;
    destroyed++;
}

START_TEST(bd_02_scheduling_freezes_the_payload_and_is_for_once)
{
    flr_task_options o;
    flr_shareable *payload = boardhost_payload();
    flr_task *task;
    flr_value *x;

    destroyed = 0;
    boardhost_task_options(&h, &o);
    o.payload = payload;
    o.destroy = destroy;
    task = boardhost_task(&h, "train", &o);
    ck_assert_int_eq(flr_shareable_is_frozen(payload), 0);
    ck_assert_int_eq(flr_task_get_number(task), -1);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_OPEN, 0, 0, 0),
                     FLR_E_INVAL); /* nothing happens */
    ck_assert_int_eq(flr_shareable_is_frozen(payload), 0);
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    ck_assert_int_eq(boardhost_broadcast(&h, task, 0, 0, 0, 0), 0);
    ck_assert_int_eq(flr_shareable_is_frozen(payload), 1);
    ck_assert_str_eq(
        flr_value_get_text(flr_shareable_get_header(payload, FLR_HEADER_TASK_NAME), ""), "train");
    ck_assert_int_eq(flr_value_new_int(1, &x), 0);
    ck_assert_int_eq(flr_shareable_set(payload, "x", x), FLR_E_STATE);
    flr_value_unref(x);
    ck_assert_int_eq(boardhost_broadcast(&h, task, 0, 0, 0, 0), FLR_E_STATE);
    ck_assert_int_eq(flr_task_get_number(task), 0);
    flr_task_unref(task);
    ck_assert_int_eq(destroyed, 0); /* the board holds it */
    ck_assert_int_eq(flr_board_cancel_all(h.board, 0), 0);
    ck_assert_int_eq(destroyed, 1);
    flr_shareable_unref(payload);
}
END_TEST

static int schedule_in_start(boardhost *host, flr_context *context)
{
    flr_task *task = boardhost_task(host, "early", NULL);
    int status = flr_board_broadcast(host->board, task, NULL, context);

    flr_task_unref(task);
    return status;
}

static int schedule_in_done(void *self, flr_task *task, flr_context *context)
{
    flr_task *other = boardhost_task(self, "other", NULL);

    (void)task;
    boardhost_note(self, "scheduled:%s",
                   flr_status_get_name(flr_board_broadcast(h.board, other, NULL, context)));
    flr_task_unref(other);
    return 0;
}

START_TEST(bd_03_from_start_until_finalize_run_begins)
{
    flr_task_options o;
    flr_task *task;

    boardhost_init(&h, 2);
    h.start = schedule_in_start;
    boardhost_begin(&h);
    ck_assert_uint_eq(flr_board_get_count(h.board), 1);
    boardhost_task_options(&h, &o);
    o.task_done = schedule_in_done;
    task = boardhost_task(&h, "last", &o);
    ck_assert_int_eq(boardhost_broadcast(&h, task, 0, 0, 0, 0), 0);
    boardhost_trace(&h);
    boardhost_close(&h);
    ck_assert_str_eq(boardhost_trace(&h), "done(early,cancelled) scheduled:FLR_E_STATE");
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_CANCELLED);
    flr_task_unref(task);
    task = boardhost_task(&h, "after", NULL);
    ck_assert_int_eq(boardhost_broadcast(&h, task, 0, 0, 0, 0), FLR_E_STATE);
    flr_task_unref(task);
    boardhost_free(&h);
}
END_TEST

static int try_targets(const char *const *targets, size_t count, int64_t mode, uint32_t flags,
                       uint64_t min)
{
    flr_broadcast_options o;
    flr_task *task = boardhost_task(&h, "t", NULL);
    int status;

    flr_broadcast_options_init(&o, sizeof o);
    o.flags = flags;
    o.targets = targets;
    o.target_count = count;
    o.mode = mode;
    o.min_responses = min;
    status = flr_board_broadcast(h.board, task, &o, boardhost_context(&h, 1));
    flr_task_unref(task);
    return status;
}

START_TEST(bd_04_target_modes)
{
    static const char *const one[] = {"site-1"};

    ck_assert_int_eq(try_targets(one, 0, FLR_TARGETS_DEFAULT, 0, 0),
                     FLR_E_INVAL); /* an empty LIST */
    ck_assert_int_eq(try_targets(NULL, 0, FLR_TARGETS_LIST, 0, 0), FLR_E_INVAL);
    ck_assert_int_eq(try_targets(one, 1, FLR_TARGETS_SNAPSHOT, 0, 0), FLR_E_INVAL);
    ck_assert_int_eq(try_targets(one, 1, FLR_TARGETS_OPEN, 0, 1), FLR_E_INVAL);
    ck_assert_int_eq(try_targets(NULL, 0, 4, 0, 0), FLR_E_INVAL);
    ck_assert_int_eq(try_targets(NULL, 0, -1, 0, 0), FLR_E_INVAL);
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    ck_assert_int_eq(try_targets(one, 1, FLR_TARGETS_DEFAULT, 0, 0), 0);
    ck_assert_ptr_null(boardhost_ask(&h, 2)); /* it was a LIST */
    ck_assert_ptr_nonnull(boardhost_ask(&h, 1));
    ck_assert_int_eq(try_targets(NULL, 0, FLR_TARGETS_DEFAULT, 0, 0), 0);
    ck_assert_ptr_nonnull(boardhost_ask(&h, 2)); /* without a list: SNAPSHOT */
    ck_assert_ptr_null(boardhost_ask(&h, 4));
}
END_TEST

START_TEST(bd_04_a_snapshot_is_fixed)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    h.clients = 2; /* the engine names fewer now: asked anew at each SNAPSHOT */
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_SNAPSHOT, 0, 0, 0), 0);
    ck_assert_int_eq(flr_runner_add_client(h.runner, "site-4", NULL), 0);
    ck_assert_ptr_null(boardhost_ask(&h, 3));
    ck_assert_ptr_null(boardhost_ask(&h, 4));
    ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_05_lists)
{
    static const char *const twice[] = {"site-2", "site-1", "site-2", "site-1"};
    static const char *const unknown[] = {"site-1", "stranger"};
    static const char *const empty[] = {"site-1", ""};
    char longest[258];
    const char *too_long[] = {longest};

    ck_assert_int_eq(try_targets(unknown, 2, FLR_TARGETS_LIST, 0, 0), FLR_E_NOTFOUND);
    ck_assert_ptr_nonnull(strstr(flr_context_get_detail(h.contexts[1]), "stranger"));
    ck_assert_int_eq(try_targets(empty, 2, FLR_TARGETS_LIST, 0, 0), FLR_E_INVAL);
    memset(longest, 'x', 256);
    longest[256] = '\0';
    ck_assert_int_eq(try_targets(too_long, 1, FLR_TARGETS_LIST, 0, 0), FLR_E_LIMIT);
    ck_assert_int_eq(try_targets(unknown, 2, FLR_TARGETS_LIST, FLR_TARGETS_FLAG_ALLOW_UNKNOWN, 0),
                     0);
    ck_assert_int_eq(flr_board_cancel_all(h.board, 0), 0);
    ck_assert_int_eq(try_targets(twice, 4, FLR_TARGETS_LIST, 0, 3),
                     FLR_E_INVAL); /* BC-05: two distinct ones */
    ck_assert_int_eq(try_targets(twice, 4, FLR_TARGETS_LIST, 0, 2), 0);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_uint_eq(flr_board_get_count(h.board), 1);
    ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    h.clients = 0;
    ck_assert_int_eq(try_targets(NULL, 0, FLR_TARGETS_SNAPSHOT, 0, 0), FLR_E_NOTFOUND);
    ck_assert_int_eq(try_targets(NULL, 0, FLR_TARGETS_OPEN, 0, 1), 0);
}
END_TEST

/* ---- ending: BD-25 to BD-31 ---- */

START_TEST(bd_25_ends_with_its_last_needed_result)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 1, 0, 0);
    boardhost_trace(&h);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h),
                     "before(site-1) after(site-1) received(site-1) done(t,ok)");
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    ck_assert_int_eq(flr_task_cancel(task, FLR_TASK_ERROR), 0);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK); /* nothing later changes it */
    flr_task_unref(task);
}
END_TEST

static int fail_done(void *self, flr_task *task, flr_context *context)
{
    boardhost_done(self, task, context);
    return flr_context_fail(context, -20000, "no room for %s", flr_task_get_name(task));
}

static void release(void *self, const void *data, size_t size)
{
    (void)data, (void)size;
    boardhost_note(self, "released");
}

START_TEST(bd_26_a_failing_task_done_makes_it_an_error_and_the_payload_goes)
{
    static const char bytes[] = "model";
    flr_task_options o;
    flr_shareable *payload = boardhost_payload();
    flr_blob *blob;
    flr_value *value;
    flr_task *task;
    char detail[64];

    ck_assert_int_eq(flr_blob_new_wrap(bytes, sizeof bytes, release, &h, &blob), 0);
    ck_assert_int_eq(flr_value_new_bytes(blob, &value), 0);
    flr_blob_unref(blob);
    ck_assert_int_eq(flr_shareable_set(payload, "bytes", value), 0);
    boardhost_task_options(&h, &o);
    o.payload = payload;
    o.task_done = fail_done;
    task = boardhost_task(&h, "t", &o);
    flr_shareable_unref(payload);
    boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 1, 0, 0);
    boardhost_trace(&h);
    ck_assert_int_eq(flr_task_cancel(task, 0), 0);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,cancelled) released");
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_ERROR);
    ck_assert_int_eq(flr_task_get_error(task), -20000);
    ck_assert_int_eq(flr_task_get_detail(task, detail, sizeof detail), 0);
    ck_assert_str_eq(detail, "no room for t");
    ck_assert_uint_eq(boardhost_stats(&h).tasks_error, 1);
    ck_assert_uint_eq(boardhost_stats(&h).tasks_cancelled, 0);
    ck_assert_uint_eq(boardhost_stats(&h).task_callback_failures, 1);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_27_cancel)
{
    flr_task *a = boardhost_task(&h, "a", NULL), *b = boardhost_task(&h, "b", NULL),
             *c = boardhost_task(&h, "c", NULL);

    ck_assert_int_eq(flr_task_cancel(a, 0), FLR_E_STATE); /* never scheduled */
    boardhost_broadcast(&h, a, 0, 0, 0, 0);
    boardhost_broadcast(&h, b, 0, 0, 0, 0);
    boardhost_broadcast(&h, c, 0, 0, 0, 0);
    boardhost_trace(&h);
    ck_assert_int_eq(flr_task_cancel(b, 7), FLR_E_INVAL);
    ck_assert_int_eq(flr_task_cancel(b, -3), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_cancel_all(h.board, 7), FLR_E_INVAL);
    ck_assert_int_eq(flr_task_cancel(b, FLR_TASK_OK), 0);
    ck_assert_int_eq(flr_task_cancel(b, 0), 0);
    ck_assert_str_eq(boardhost_trace(&h), "done(b,ok)");
    ck_assert_int_eq(flr_board_cancel_all(h.board, 0), 0);
    ck_assert_str_eq(boardhost_trace(&h), "done(a,cancelled) done(c,cancelled)");
    ck_assert_uint_eq(boardhost_stats(&h).tasks_cancelled, 2);
    ck_assert_uint_eq(boardhost_stats(&h).tasks_ok, 1);
    ck_assert_uint_eq(boardhost_stats(&h).tasks_scheduled, 3);
    flr_task_unref(a);
    flr_task_unref(b);
    flr_task_unref(c);
}
END_TEST

START_TEST(bd_29_timeout_is_decided_at_the_next_entry_and_called_by_the_driver)
{
    flr_task_options o;
    flr_task *task;
    char id[40];

    boardhost_task_options(&h, &o);
    o.timeout = 10.0;
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    boardhost_take(&h, 1, id);
    boardhost_trace(&h);
    ck_assert_int_eq(flr_clock_advance(h.clock, 9.999999999), 0);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "OK");
    ck_assert_int_eq(flr_clock_advance(h.clock, 0.000000001), 0);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "closed");
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_TIMEOUT);
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    ck_assert_str_eq(boardhost_trace(&h), "");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_LATE);
    boardhost_trace(&h);
    boardhost_step(&h);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,timeout)");
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_29_step_comes_at_the_deadline)
{
    flr_task_options o;
    flr_step_result result;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.timeout = 10.0;
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    flr_step_result_init(&result, sizeof result);
    ck_assert_int_eq(flr_runner_step(h.runner, &result), 0);
    ck_assert_int_eq(result.wait_ns, 10 * SECOND);
    boardhost_trace(&h);
    boardhost_advance(&h, 10.0);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,timeout)");
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_29_instants_in_order_tasks_in_scheduling_order)
{
    static const double timeouts[] = {30, 10, 30, 20};
    flr_task_options o;
    char name[16];

    for (int i = 0; i < 4; i++) {
        boardhost_task_options(&h, &o);
        o.timeout = timeouts[i];
        snprintf(name, sizeof name, "t%d", i);
        flr_task *task = boardhost_task(&h, name, &o);
        boardhost_broadcast(&h, task, 0, 0, 0, 0);
        flr_task_unref(task);
    }
    boardhost_trace(&h);
    boardhost_advance(&h, 100);
    ck_assert_str_eq(boardhost_trace(&h),
                     "done(t1,timeout) done(t3,timeout) done(t0,timeout) done(t2,timeout)");
}
END_TEST

START_TEST(bd_29_callbacks_of_instants_in_order_with_client_events)
{
    static const double timeouts[] = {50, 70};
    flr_task_options o;

    for (int i = 0; i < 2; i++) {
        boardhost_task_options(&h, &o);
        o.timeout = timeouts[i];
        flr_task *task = boardhost_task(&h, i == 0 ? "a" : "b", &o);
        boardhost_broadcast(&h, task, 0, 0, 0, 0);
        flr_task_unref(task);
    }
    ck_assert_int_eq(flr_runner_handle_dead_job(h.runner, "site-2"), 0); /* gone after 60 s */
    ck_assert_int_eq(flr_clock_advance(h.clock, 100.0), 0);
    boardhost_check(&h, 1, "x"); /* an entry: all of it is decided now, the callbacks follow */
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    h.trace_events = true;
    boardhost_trace(&h);
    boardhost_step(&h);
    h.trace_events = false;
    ck_assert_str_eq(boardhost_trace(&h), "done(a,timeout) _client_disconnected done(b,timeout)");
}
END_TEST

START_TEST(bd_30_count_is_exact)
{
    flr_task *a = boardhost_task(&h, "a", NULL), *b = boardhost_task(&h, "b", NULL);

    boardhost_broadcast(&h, a, 0, 0, 0, 0);
    boardhost_broadcast(&h, b, FLR_TARGETS_LIST, 1, 0, 0);
    ck_assert_uint_eq(flr_board_get_count(h.board), 2);
    flr_task_cancel(a, 0);
    ck_assert_uint_eq(flr_board_get_count(h.board), 1);
    boardhost_serve(&h, 1);
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    flr_task_unref(a);
    flr_task_unref(b);
}
END_TEST

static int count_results(void *self, flr_assignment *a)
{
    flr_shareable *result = flr_assignment_get_result(a);

    *(int *)self += result != NULL;
    flr_shareable_unref(result);
    return 0;
}

static int count_of_site_1(void *self, flr_assignment *a)
{
    *(int *)self += strcmp(flr_assignment_get_client(a), "site-1") == 0;
    return 0;
}

static void finalize_with(bool abort, const char *expected, int status)
{
    flr_task_options o;
    flr_task *a, *b;
    int results = 0;

    boardhost_init(&h, 3);
    boardhost_begin(&h);
    boardhost_task_options(&h, &o);
    o.result_received = NULL; /* results stay */
    a = boardhost_task(&h, "a", &o);
    b = boardhost_task(&h, "b", NULL);
    boardhost_broadcast(&h, a, 0, 0, 0, 0);
    boardhost_broadcast(&h, b, 0, 0, 0, 0);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    flr_task_visit_assignments(a, count_results, &results);
    ck_assert_int_eq(results, 1);
    boardhost_trace(&h);
    if (abort) {
        flr_runner_abort(h.runner, 0);
    }
    boardhost_close(&h);
    ck_assert_str_eq(boardhost_trace(&h), expected);
    ck_assert_int_eq(flr_task_get_status(b), status);
    results = 0;
    flr_task_visit_assignments(a, count_results, &results);
    ck_assert_int_eq(results, 0);
    boardhost_free(&h);
    ck_assert_int_eq(flr_task_get_status(a), status); /* a task may outlive its run */
    flr_task_visit_assignments(a, count_of_site_1, &results);
    ck_assert_int_eq(results, 1); /* and so do the names in it */
    ck_assert_int_eq(flr_task_cancel(a, 0), 0);
    flr_task_unref(a);
    flr_task_unref(b);
}

START_TEST(bd_31_finalize_cancels_in_scheduling_order)
{
    finalize_with(false, "done(a,cancelled) done(b,cancelled)", FLR_TASK_CANCELLED);
}
END_TEST

START_TEST(bd_31_finalize_after_an_abort)
{
    finalize_with(true, "done(a,aborted) done(b,aborted)", FLR_TASK_ABORTED);
}
END_TEST

/* ---- remembering: BD-32, BD-33 ---- */

START_TEST(bd_32_options_before_the_first_task)
{
    flr_board_options o;
    flr_task *task = boardhost_task(&h, "t", NULL);

    flr_board_options_init(&o, sizeof o);
    ck_assert_uint_eq(o.completed_memory, 10000);
    o.flags = 8;
    ck_assert_int_lt(flr_board_set_options(h.board, &o), 0);
    o.flags = 0;
    ck_assert_int_eq(flr_board_set_options(NULL, &o), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_set_options(h.board, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_set_options(h.board, &o), 0);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    ck_assert_int_eq(flr_board_set_options(h.board, &o), FLR_E_STATE);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_32_the_configured_number_is_remembered)
{
    flr_board_options o;
    flr_task *task = boardhost_task(&h, "t", NULL);
    char ids[3][40];

    flr_board_options_init(&o, sizeof o);
    o.completed_memory = 2;
    ck_assert_int_eq(flr_board_set_options(h.board, &o), 0);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    for (int i = 0; i < 3; i++) {
        boardhost_take(&h, i + 1, ids[i]);
    }
    flr_task_cancel(task, 0);
    ck_assert_str_eq(boardhost_check(&h, 1, ids[0]), "unknown");
    ck_assert_str_eq(boardhost_check(&h, 2, ids[1]), "closed");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", ids[0], 1), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", ids[0], 1), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(boardhost_answer(&h, 3, "t", ids[2], 1), FLR_OUTCOME_LATE);
    flr_task_unref(task);
}
END_TEST

#define CROWD 5000

static void crowd_takes(int client, char id[40])
{
    char name[32];
    const flr_answer *answer = NULL;

    snprintf(name, sizeof name, "crowd-%d", client);
    ck_assert_int_eq(
        flr_runner_process_task_request(h.runner, name, boardhost_context(&h, 1), &answer), 0);
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TASK);
    snprintf(id, 40, "%s", flr_answer_get_id(answer));
}

static int crowd_answers(int client, const char *id)
{
    char name[32];
    flr_shareable *result;
    int outcome = 0;

    snprintf(name, sizeof name, "crowd-%d", client);
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    ck_assert_int_eq(flr_runner_process_submission(h.runner, name, boardhost_context(&h, 1), "t",
                                                   id, result, &outcome),
                     0);
    flr_shareable_unref(result);
    return outcome;
}

/* One task with more assignments than are remembered, and then another one. */
START_TEST(bd_32_of_very_many_the_youngest_are_remembered)
{
    static char ids[CROWD][40];
    flr_board_options o;
    flr_task *task = boardhost_task(&h, "t", NULL), *next = boardhost_task(&h, "t", NULL);

    flr_board_options_init(&o, sizeof o);
    o.completed_memory = 2000;
    ck_assert_int_eq(flr_board_set_options(h.board, &o), 0);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_OPEN, 0, CROWD, 0), 0);
    for (int i = 0; i < CROWD; i++) {
        crowd_takes(i, ids[i]);
    }
    flr_task_cancel(task, 0);
    ck_assert_int_eq(crowd_answers(0, ids[0]), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(crowd_answers(CROWD - 2001, ids[CROWD - 2001]), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(crowd_answers(CROWD - 2000, ids[CROWD - 2000]), FLR_OUTCOME_LATE);
    ck_assert_int_eq(crowd_answers(CROWD - 2000, ids[CROWD - 2000]), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(crowd_answers(CROWD - 1, ids[CROWD - 1]), FLR_OUTCOME_LATE);
    ck_assert_int_eq(boardhost_broadcast(&h, next, FLR_TARGETS_OPEN, 0, CROWD, 0), 0);
    for (int i = 0; i < 10; i++) {
        crowd_takes(i, ids[i]);
    }
    flr_task_cancel(next, 0);
    ck_assert_int_eq(crowd_answers(CROWD - 1991, ids[CROWD - 1991]), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(crowd_answers(CROWD - 1990, ids[CROWD - 1990]), FLR_OUTCOME_LATE);
    ck_assert_int_eq(crowd_answers(0, ids[0]), FLR_OUTCOME_LATE);
    flr_task_unref(task);
    flr_task_unref(next);
}
END_TEST

static char first_id[40];

static int check_first(void *self, flr_task *task, flr_context *context)
{
    (void)self;
    (void)task;
    (void)context;
    ck_assert_str_eq(boardhost_check(&h, 1, first_id), "unknown");
    return 0;
}

START_TEST(bd_32_when_task_done_is_called_its_own_are_remembered)
{
    flr_board_options options;
    flr_task_options o;
    flr_task *first = boardhost_task(&h, "t", NULL), *second;
    char id[40];

    flr_board_options_init(&options, sizeof options);
    options.completed_memory = 1;
    ck_assert_int_eq(flr_board_set_options(h.board, &options), 0);
    boardhost_task_options(&h, &o);
    o.task_done = check_first;
    second = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, first, 0, 0, 0, 0);
    boardhost_take(&h, 1, first_id);
    flr_task_cancel(first, 0);
    ck_assert_str_eq(boardhost_check(&h, 1, first_id), "closed");
    boardhost_broadcast(&h, second, 0, 0, 0, 0);
    boardhost_take(&h, 2, id);
    flr_task_cancel(second, 0);
    ck_assert_str_eq(boardhost_check(&h, 2, id), "closed");
    flr_task_unref(first);
    flr_task_unref(second);
}
END_TEST

static int list_names(void *self, flr_assignment *a)
{
    char *text = self;

    strcat(strcat(text, flr_assignment_get_client(a)), " ");
    return 0;
}

static int stop_at_once(void *self, flr_assignment *a)
{
    (void)a;
    ++*(int *)self;
    return 42;
}

START_TEST(bd_33_assignments_in_hand_out_order)
{
    flr_task *task = boardhost_task(&h, "t", NULL);
    char text[128] = "", id[40];
    int visited = 0;
    int64_t when;

    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    ck_assert_int_eq(flr_task_visit_assignments(task, list_names, text), 0);
    ck_assert_str_eq(text, "");
    boardhost_take(&h, 3, id);
    boardhost_take(&h, 1, id);
    boardhost_take(&h, 3, id); /* sent again: no new one */
    ck_assert_int_eq(flr_task_visit_assignments(task, list_names, text), 0);
    ck_assert_str_eq(text, "site-3 site-1 ");
    ck_assert_int_eq(flr_task_visit_assignments(task, stop_at_once, &visited), 42);
    ck_assert_int_eq(visited, 1);
    ck_assert_int_eq(flr_task_visit_assignments(task, NULL, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_get_disconnect_time(h.board, "site-1", &when), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_board_get_disconnect_time(h.board, "stranger", &when), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_board_get_disconnect_time(h.board, "", &when), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_handle_dead_job(h.runner, "site-1"), 0);
    boardhost_advance(&h, 60.0);
    ck_assert_int_eq(flr_board_get_disconnect_time(h.board, "site-1", &when), 0); /* DC-02 */
    ck_assert_int_eq(when, 1060 * SECOND);
    flr_task_unref(task);
}
END_TEST

/* ---- PS-08, ST-02 ---- */

START_TEST(ps_08_numbers)
{
    flr_task_options o;
    flr_task *t[4];

    t[0] = boardhost_task(&h, "a", NULL);
    boardhost_broadcast(&h, t[0], 0, 0, 0, 0);
    ck_assert_int_eq(flr_task_get_number(t[0]), 0);
    boardhost_task_options(&h, &o);
    o.number = 7;
    t[1] = boardhost_task(&h, "b", &o);
    ck_assert_int_eq(flr_task_get_number(t[1]), 7);
    ck_assert_int_eq(boardhost_broadcast(&h, t[1], 0, 0, 0, 0), 0);
    t[2] = boardhost_task(&h, "c", &o);
    ck_assert_int_eq(boardhost_broadcast(&h, t[2], 0, 0, 0, 0), FLR_E_EXISTS);
    t[3] = boardhost_task(&h, "d", NULL);
    ck_assert_int_eq(boardhost_broadcast(&h, t[3], 0, 0, 0, 0), 0);
    ck_assert_int_eq(flr_task_get_number(t[3]), 8);
    for (int i = 0; i < 4; i++) {
        flr_task_unref(t[i]);
    }
}
END_TEST

START_TEST(st_02_groups)
{
    flr_collector *collector;
    flr_context *context;
    flr_value *pointer;
    flr_task *a = boardhost_task(&h, "train", NULL), *b = boardhost_task(&h, "train", NULL),
             *c = boardhost_task(&h, "gone", NULL);
    const flr_value *tasks, *list;
    char id[40];

    boardhost_broadcast(&h, a, 0, 0, 0, 0);
    boardhost_broadcast(&h, b, 0, 0, 0, 0);
    boardhost_broadcast(&h, c, 0, 0, 0, 0);
    flr_task_cancel(c, 0);
    boardhost_take(&h, 2, id);
    boardhost_take(&h, 1, id);
    ck_assert_int_eq(flr_collector_new(&collector), 0);
    ck_assert_int_eq(flr_runner_new_context(h.runner, &context), 0);
    ck_assert_int_eq(flr_value_new_pointer("flr_collector", collector, NULL, &pointer), 0);
    ck_assert_int_eq(flr_context_set_prop(context, FLR_PROP_STATS_COLLECTOR, pointer, 0), 0);
    ck_assert_int_eq(flr_context_fire(context, FLR_EVENT_GET_STATS), 0);
    tasks = flr_map_get(flr_map_get(flr_collector_get(collector), "wf"), "tasks");
    ck_assert_uint_eq(flr_value_get_size(tasks), 2);
    list = flr_map_get(tasks, "train#0");
    ck_assert_uint_eq(flr_value_get_size(list), 2);
    ck_assert_str_eq(flr_value_get_text(flr_list_get(list, 0), ""), "site-2");
    ck_assert_str_eq(flr_value_get_text(flr_list_get(list, 1), ""), "site-1");
    ck_assert_uint_eq(flr_value_get_size(flr_map_get(tasks, "train#1")), 0);
    flr_context_free(context);
    flr_collector_unref(collector);
    flr_task_unref(a);
    flr_task_unref(b);
    flr_task_unref(c);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        bd_01_what_a_task_is_made_of,
        bd_01_properties,
        bd_02_scheduling_freezes_the_payload_and_is_for_once,
        bd_04_target_modes,
        bd_04_a_snapshot_is_fixed,
        bd_05_lists,
        bd_25_ends_with_its_last_needed_result,
        bd_26_a_failing_task_done_makes_it_an_error_and_the_payload_goes,
        bd_27_cancel,
        bd_29_timeout_is_decided_at_the_next_entry_and_called_by_the_driver,
        bd_29_step_comes_at_the_deadline,
        bd_29_instants_in_order_tasks_in_scheduling_order,
        bd_29_callbacks_of_instants_in_order_with_client_events,
        bd_30_count_is_exact,
        bd_32_options_before_the_first_task,
        bd_32_the_configured_number_is_remembered,
        bd_32_of_very_many_the_youngest_are_remembered,
        bd_32_when_task_done_is_called_its_own_are_remembered,
        bd_33_assignments_in_hand_out_order,
        ps_08_numbers,
        st_02_groups,
    };
    const TTest *const own[] = {
        bd_03_from_start_until_finalize_run_begins,
        bd_31_finalize_cancels_in_scheduling_order,
        bd_31_finalize_after_an_abort,
    };
    Suite *suite = suite_create("board tasks");
    TCase *tcase = tcase_create("rows"), *alone = tcase_create("own host");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    SUITE_ADD(alone, own);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, alone);
    return suite_run(suite);
}
