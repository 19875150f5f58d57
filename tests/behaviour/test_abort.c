/*
 * Aborts, before, in and after a workflow: rows LC-13, LC-14, LC-18, LC-19, LC-28, LC-29. Where a loop index is used, its lowest bit is 0 to
 * step the run and 1 to run it.
 */
#include "world.h"
#include "support/suite.h"
#include <stdio.h>
#include <string.h>

#define BEGIN "_start_run persist(0)"
#define ONE   " initialize_run start _start_workflow control stop finalize_run _end_workflow"
#define END   " _about_to_end_run aux:__end_run__ persist(1) _check_end_run_readiness _end_run"
#define COLD  " _about_to_end_run _check_end_run_readiness _end_run"
#define FATAL_END                                                                                  \
    " _about_to_end_run fatal=1 aux:__end_run__ persist(1) _check_end_run_readiness _end_run"
#define FATAL_COLD " _about_to_end_run fatal=1 _check_end_run_readiness _end_run"

/* ---------------------------------------------------------------- LC-13, LC-14 */

static int abort_now(world_workflow *wf, flr_context *context)
{
    (void)context;
    flr_runner_abort(wf->world->runner, 0);
    return 0;
}

static int abort_in_event(world *w, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, w->user) == 0)
        flr_runner_abort(w->runner, 0);
    return 0;
}

static int abort_in_second_list(world *w)
{
    if (strstr(w->trace, "_start_workflow") != NULL)
        flr_runner_abort(w->runner, 0);
    return 0;
}

static int see_active(world_workflow *wf, flr_context *context, const char *client,
                      const char *reason)
{
    (void)context;
    (void)reason;
    world_note(wf->world, "active:%s", client);
    return 0;
}

static int see_dead(world_workflow *wf, flr_context *context, const char *client, int64_t when)
{
    (void)context;
    (void)when;
    world_note(wf->world, "dead:%s", client);
    return 0;
}

/* After the workflow has closed its communicator hears nothing more. */
static int report_dead(world_workflow *wf, flr_context *context)
{
    (void)context;
    ck_assert_int_eq(flr_runner_handle_dead_job(wf->world->runner, "a"), 0);
    return 0;
}

START_TEST(lc_13_an_abort_before_the_gate_opens)
{
    static const char *const expected[] = {
        " initialize_run finalize_run", " initialize_run start stop finalize_run",
        " initialize_run start _start_workflow stop finalize_run _end_workflow",
        " initialize_run start _start_workflow stop finalize_run _end_workflow"};
    char trace[512];
    world *w = world_begin(2, _i & 1);
    world_workflow *wf = &w->workflows[0];
    w->user = "_start_workflow";
    switch (_i >> 1) {
    case 0:
        wf->on_initialize = abort_now;
        break;
    case 1:
        wf->on_start = abort_now;
        break;
    case 2:
        w->on_event = abort_in_event;
        break;
    default:
        w->on_list = abort_in_second_list;
        break;
    }
    ck_assert_int_eq(world_complete(w, _i & 1), FLR_E_ABORTED);
    snprintf(trace, sizeof trace, BEGIN "%s" END, expected[_i >> 1]);
    ck_assert_str_eq(world_trace(w), trace);
    world_free(w);
}
END_TEST

static int trigger_signal(world_workflow *wf, flr_context *context)
{
    (void)context;
    flr_signal_trigger(flr_runner_get_abort_signal(wf->world->runner),
                       NULL); /* the status stays `started` */
    return 0;
}

START_TEST(lc_13_a_workflow_that_never_opened_is_closed_too)
{
    world *w = world_begin(1, false);
    world_workflow *wf = &w->workflows[0];
    wf->on_active = see_active;
    wf->on_dead = see_dead;
    wf->on_start = trigger_signal;
    wf->on_stop = report_dead;
    ck_assert_int_eq(world_complete(w, false), FLR_E_ABORTED);
    ck_assert_str_eq(world_trace(w), BEGIN " initialize_run start stop finalize_run" END);
    world_free(w);
}
END_TEST

/* A task on the board of the workflow that is under way. */
static int task_done(void *self, flr_task *task, flr_context *context)
{
    (void)context;
    world_note(self, "task_done:%s:%s", flr_task_get_name(task),
               flr_task_status_get_name(flr_task_get_status(task)));
    return 0;
}

static flr_task *make_task(world *w, const char *name, double timeout)
{
    flr_task_options options;
    flr_task *task;
    flr_shareable *payload;
    ck_assert_int_eq(flr_shareable_new(&payload), 0);
    flr_task_options_init(&options, sizeof options);
    options.name = name;
    options.payload = payload;
    options.timeout = timeout;
    options.task_done = task_done;
    options.self = w;
    ck_assert_int_eq(flr_task_new(&options, &task), 0);
    flr_shareable_unref(payload);
    return task;
}

static int schedule(flr_board *board, world *w, const char *name, double timeout)
{
    flr_task *task = make_task(w, name, timeout);
    int status = flr_board_broadcast(board, task, NULL, NULL);
    flr_task_unref(task);
    return status;
}

/* Schedules two tasks; the last of them has a deadline. */
static int schedule_two(world_workflow *wf, flr_context *context)
{
    flr_board *board;
    if (wf->steps > 1)
        return 0;
    ck_assert_int_eq(flr_context_get_board(context, &board), 0);
    wf->user = board;
    ck_assert_int_eq(schedule(board, wf->world, "x", 0.0), 0);
    ck_assert_int_eq(schedule(board, wf->world, "y", 10.0), 0);
    return 0;
}

static int see_board_event(world *w, const char *event, flr_context *context)
{
    flr_board *board = w->workflows[0].user;
    (void)context;
    if (strcmp(event, "_end_workflow") == 0 || strcmp(event, "_end_run") == 0) {
        world_note(w, "tasks=%zu schedule=%d", flr_board_get_count(board),
                   schedule(board, w, "z", 0.0));
        ck_assert_int_eq(flr_clock_advance(w->clock, 100.0),
                         0); /* the deadline passes without effect */
    }
    return 0;
}

/* finalize_run has begun: it is too late, in task_done too. */
static int refuse_in_done(void *self, flr_task *task, flr_context *context)
{
    world *w = self;
    (void)task;
    (void)context;
    world_note(w, "task_done schedule=%d", schedule(w->workflows[0].user, w, "z", 0.0));
    return 0;
}

static int schedule_in_stop(world_workflow *wf, flr_context *context)
{
    flr_task_options options;
    flr_task *task;
    flr_shareable *payload;
    (void)context;
    ck_assert_int_eq(flr_shareable_new(&payload), 0);
    flr_task_options_init(&options, sizeof options);
    options.name = "last";
    options.payload = payload;
    options.task_done = refuse_in_done;
    options.self = wf->world;
    ck_assert_int_eq(flr_task_new(&options, &task), 0);
    ck_assert_int_eq(flr_board_broadcast(wf->user, task, NULL, NULL), 0); /* still under way */
    flr_task_unref(task);
    flr_shareable_unref(payload);
    return 0;
}

static world *with_board(bool run)
{
    world *w = world_new(1);
    w->workflows[0].with_board = true;
    w->workflows[0].with_flow = run;
    w->workflows[0].on_control = schedule_two;
    world_start(w);
    return w;
}

START_TEST(lc_14_nothing_acts_after_finalize_run)
{
    char expected[1024];
    world *w = with_board(_i & 1);
    w->workflows[0].on_stop = schedule_in_stop;
    w->on_event = see_board_event;
    ck_assert_int_eq(world_complete(w, _i & 1), 0);
    snprintf(
        expected, sizeof expected,
        BEGIN
        " start _start_workflow control stop task_done:x:cancelled task_done:y:cancelled task_done schedule=%d _end_workflow "
        "tasks=0 schedule=%d _about_to_end_run aux:__end_run__ persist(1) _check_end_run_readiness _end_run tasks=0 schedule=%d",
        FLR_E_STATE, FLR_E_STATE, FLR_E_STATE);
    ck_assert_str_eq(world_trace(w), expected);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-18 */

START_TEST(lc_18_what_an_abort_does)
{
    world *w = world_begin(1, false);
    flr_signal *signal = flr_runner_get_abort_signal(w->runner);
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(flr_runner_abort(NULL, 0), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_abort(w->runner, 0), 0);
    ck_assert_str_eq(world_trace(w), ""); /* no event */
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_DONE);
    ck_assert_int_eq(flr_signal_is_triggered(signal), 1);
    flr_value *value = flr_signal_get_value(signal);
    ck_assert_int_eq(flr_value_get_kind(value), FLR_VALUE_BOOL);
    ck_assert_int_eq(flr_value_get_bool(value, 0), 1);
    flr_value_unref(value);
    int64_t when = flr_signal_get_time(signal);
    ck_assert_int_eq(flr_clock_advance(w->clock, 1.0), 0);
    ck_assert_int_eq(flr_runner_abort(w->runner, 0), 0); /* changes nothing */
    ck_assert_int_eq(flr_signal_get_time(signal), when);
    ck_assert_int_eq(world_finish(w), FLR_E_ABORTED);
    ck_assert_str_eq(world_trace(w), "stop finalize_run _end_workflow" END);
    world_free(w);
}
END_TEST

START_TEST(lc_18_cold_is_never_unset)
{
    /* loop: cold then plain, plain then cold */
    world *w = world_begin(1, false);
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(flr_runner_abort(w->runner, _i == 0), 0);
    ck_assert_int_eq(flr_runner_abort(w->runner, _i != 0), 0);
    ck_assert_int_eq(world_finish(w), FLR_E_ABORTED);
    ck_assert_str_eq(world_trace(w), "stop finalize_run _end_workflow" COLD);
    world_free(w);
}
END_TEST

static int cold_in_event(world *w, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, w->user) == 0)
        flr_runner_abort(w->runner, 1);
    return 0;
}

static int cold_in_send(world *w, flr_aux_send *send)
{
    (void)send;
    flr_runner_abort(w->runner, 1);
    return 0;
}

START_TEST(lc_18_cold_counts_before_the_end_run_message)
{
    world *w = world_begin(1, _i & 1);
    w->on_event = cold_in_event;
    w->user = "_about_to_end_run";
    ck_assert_int_eq(world_complete(w, _i & 1), 0);
    ck_assert_str_eq(world_trace(w), BEGIN ONE COLD);
    world_free(w);
    w = world_begin(1, _i & 1);
    w->on_send = cold_in_send;
    ck_assert_int_eq(world_complete(w, _i & 1), 0);
    ck_assert_str_eq(world_trace(w), BEGIN ONE END);
    ck_assert(w->completed);
    world_free(w);
}
END_TEST

START_TEST(lc_18_no_effect_after_the_end)
{
    world *w = world_begin(1, _i & 1);
    ck_assert_int_eq(world_complete(w, _i & 1), 0);
    world_clear(w);
    ck_assert_int_eq(flr_runner_abort(w->runner, 1), 0);
    ck_assert_int_eq(flr_signal_is_triggered(flr_runner_get_abort_signal(w->runner)), 0);
    ck_assert_str_eq(world_trace(w), "");
    world_free(w);
}
END_TEST

/* Waits for the abort as any thread may, and looks at the status then. */
static void *wait_for_abort(void *self)
{
    world *w = self;
    flr_signal_wait(flr_runner_get_abort_signal(w->runner), -1.0);
    world_note(w, "waiter/%d", flr_runner_get_status(w->runner));
    return NULL;
}

static int wait_for_task(world_workflow *wf, flr_signal *abort, flr_context *context)
{
    flr_board *board;
    int status = 0;
    (void)abort;
    ck_assert_int_eq(flr_context_get_board(context, &board), 0);
    flr_task *task = make_task(wf->world, "x", 0.0);
    ck_assert_int_eq(flr_board_broadcast(board, task, NULL, NULL), 0);
    int result = flr_task_wait(task, NULL, -1.0, &status);
    world_note(wf->world, "wait=%d/%s", result, flr_task_status_get_name(status));
    flr_task_unref(task);
    return 0;
}

START_TEST(lc_18_everybody_wakes)
{
    pthread_t waiter;
    /* loop: control_flow waits for the signal; the run thread waits for a step; control_flow waits for a task */
    world *w = _i == 2 ? with_board(true) : world_begin(1, _i == 0);
    w->workflows[0].on_flow = _i == 2 ? wait_for_task : NULL;
    world_run(w);
    world_await(w, "control", 1);
    ck_assert_int_eq(pthread_create(&waiter, NULL, wait_for_abort, w), 0);
    ck_assert_int_eq(flr_runner_abort(w->runner, 0), 0);
    ck_assert_int_eq(world_join(w), FLR_E_ABORTED);
    pthread_join(waiter, NULL);
    ck_assert_ptr_nonnull(strstr(world_trace(w), "waiter/2"));
    ck_assert_int_eq(FLR_E_ABORTED, -301);
    ck_assert_int_eq(_i == 2, strstr(world_trace(w), "wait=-301/aborted") != NULL);
    world_free(w);
}
END_TEST

/* An abort from each callback: the run ends; what counts is whether the end sequence had begun. */
static const char *const places[] = {"_start_run",
                                     "persist0",
                                     "list",
                                     "initialize",
                                     "start",
                                     "_start_workflow",
                                     "control",
                                     "stop",
                                     "finalize",
                                     "_end_workflow",
                                     "_about_to_end_run",
                                     "send",
                                     "persist1",
                                     "_check_end_run_readiness",
                                     "_end_run"};
#define PLACES       15
#define END_SEQUENCE 10

static int abort_in(world *w, const char *place)
{
    if (strcmp(place, w->user) == 0)
        flr_runner_abort(w->runner, 0);
    return 0;
}

static int abort_in_named_event(world *w, const char *event, flr_context *context)
{
    (void)context;
    return abort_in(w, event);
}
static int abort_in_persist(world *w, int completed)
{
    return abort_in(w, completed ? "persist1" : "persist0");
}
static int abort_in_list(world *w)
{
    return abort_in(w, "list");
}
static int abort_in_send(world *w, flr_aux_send *send)
{
    (void)send;
    return abort_in(w, "send");
}
#define ABORT_IN(name)                                                                             \
    static int abort_in_##name(world_workflow *wf, flr_context *context)                           \
    {                                                                                              \
        (void)context;                                                                             \
        return abort_in(wf->world, #name);                                                         \
    }
ABORT_IN(initialize)
ABORT_IN(start)
ABORT_IN(control)
ABORT_IN(stop)
ABORT_IN(finalize)

START_TEST(lc_18_from_every_callback)
{
    world *w = world_begin(2, _i & 1);
    world_workflow *wf = &w->workflows[0];
    w->user = (void *)(uintptr_t)places[_i >> 1];
    w->on_event = abort_in_named_event;
    w->on_persist = abort_in_persist;
    w->on_list = abort_in_list;
    w->on_send = abort_in_send;
    wf->on_initialize = abort_in_initialize;
    wf->on_start = abort_in_start;
    wf->on_control = abort_in_control;
    wf->on_stop = abort_in_stop;
    wf->on_finalize = abort_in_finalize;
    bool in_end = _i >> 1 >= END_SEQUENCE;
    ck_assert_int_eq(world_complete(w, _i & 1), in_end ? 0 : FLR_E_ABORTED);
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), in_end ? 2 : 0);
    const char *end = strstr(world_trace(w), " _about_to_end_run");
    ck_assert_ptr_nonnull(end);
    ck_assert_str_eq(end, END);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-19, LC-29 */

static int request_kind(world *w)
{
    return flr_answer_get_kind(world_request(w, "a"));
}

static int see_answers(world *w, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, "_start_run") == 0 || strcmp(event, "_end_run") == 0)
        world_note(w, "answer=%d", request_kind(w));
    return 0;
}

START_TEST(lc_29_aborted_before_run)
{
    bool cold = _i >> 1 & 1;
    world *w = world_begin(2, _i & 1);
    w->on_event = see_answers;
    ck_assert_int_eq(flr_runner_abort(w->runner, cold), 0);
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_DONE);
    ck_assert_int_eq(request_kind(w), FLR_ANSWER_END_RUN);
    ck_assert_int_eq(world_complete(w, _i & 1), FLR_E_ABORTED);
    ck_assert_int_eq(FLR_ANSWER_END_RUN, 3);
    ck_assert_str_eq(world_trace(w), cold ? "_start_run answer=3 persist(0)" COLD " answer=3"
                                          : "_start_run answer=3 persist(0)" END " answer=3");
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_DONE);
    world_free(w);
}
END_TEST

static int stop_at(world *w, const char *event, flr_context *context)
{
    if (strcmp(event, "_start_run") == 0 && w->user == NULL)
        flr_runner_abort(w->runner, 0);
    else if (strcmp(event, "_start_run") == 0)
        ck_assert_int_eq(flr_context_panic(context, w->user), 0);
    return 0;
}

START_TEST(lc_19_an_abort_in_start_run)
{
    world *w = world_begin(2, _i & 1);
    w->trace_reasons = true;
    w->on_event = stop_at;
    ck_assert_int_eq(world_complete(w, _i & 1), FLR_E_ABORTED);
    ck_assert_str_eq(world_trace(w), BEGIN FATAL_END);
    world_free(w);
}
END_TEST

START_TEST(lc_19_a_panic_in_start_run)
{
    world *w = world_begin(2, _i & 1);
    w->trace_reasons = true;
    w->on_event = stop_at;
    w->user = "why";
    ck_assert_int_eq(world_complete(w, _i & 1), FLR_E_ABORTED);
    ck_assert_str_eq(world_trace(w), "_start_run _fatal_system_error <why> persist(0)" FATAL_END);
    world_free(w);
}
END_TEST

START_TEST(lc_19_a_panic_before_run)
{
    world *w = world_begin(2, _i & 1);
    w->trace_reasons = true;
    ck_assert_int_eq(flr_context_panic(w->context, "why"), 0);
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_DONE);
    ck_assert_int_eq(world_complete(w, _i & 1), FLR_E_ABORTED);
    ck_assert_str_eq(world_trace(w), "_fatal_system_error <why> _start_run persist(0)" FATAL_END);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-28 */

/* Warm, cold, panic: with two standing tasks on a board. */
static int end_in_control(world_workflow *wf, flr_context *context)
{
    ck_assert_int_eq(schedule_two(wf, context), 0);
    if (wf->world->user == NULL)
        return flr_context_panic(context, "why");
    return flr_runner_abort(wf->world->runner, strcmp(wf->world->user, "cold") == 0);
}

START_TEST(lc_28_an_abort_in_control)
{
    static char *const ways[] = {"warm", "cold", NULL};
    static const char *const expected[] = {
        BEGIN
        " start _start_workflow control stop task_done:x:aborted task_done:y:aborted _end_workflow" FATAL_END,
        BEGIN
        " start _start_workflow control stop task_done:x:aborted task_done:y:aborted _end_workflow" FATAL_COLD,
        BEGIN
        " start _start_workflow control _fatal_system_error <why> stop task_done:x:aborted task_done:y:aborted _end_workflow" FATAL_END};
    world *w = world_new(2);
    w->workflows[0].with_board = true;
    w->workflows[0].with_flow = w->workflows[1].with_flow = _i & 1;
    w->workflows[0].on_control = end_in_control;
    w->user = ways[_i >> 1];
    world_start(w);
    w->trace_reasons = true;
    ck_assert_int_eq(world_complete(w, _i & 1), FLR_E_ABORTED);
    ck_assert_str_eq(world_trace(w), expected[_i >> 1]);
    world_free(w);
}
END_TEST

START_TEST(lc_28_with_a_host_communicator)
{
    world *w = world_begin(2, _i & 1);
    w->workflows[0].on_control = abort_now;
    ck_assert_int_eq(world_complete(w, _i & 1), FLR_E_ABORTED);
    ck_assert_str_eq(world_trace(w), BEGIN ONE END);
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("abort");
    TCase *c = tcase_create("abort");
    tcase_add_loop_test(c, lc_13_an_abort_before_the_gate_opens, 0, 8);
    tcase_add_test(c, lc_13_a_workflow_that_never_opened_is_closed_too);
    tcase_add_loop_test(c, lc_14_nothing_acts_after_finalize_run, 0, 2);
    tcase_add_test(c, lc_18_what_an_abort_does);
    tcase_add_loop_test(c, lc_18_cold_is_never_unset, 0, 2);
    tcase_add_loop_test(c, lc_18_cold_counts_before_the_end_run_message, 0, 2);
    tcase_add_loop_test(c, lc_18_no_effect_after_the_end, 0, 2);
    tcase_add_loop_test(c, lc_18_everybody_wakes, 0, 3);
    tcase_add_loop_test(c, lc_18_from_every_callback, 0, 2 * PLACES);
    tcase_add_loop_test(c, lc_29_aborted_before_run, 0, 4);
    tcase_add_loop_test(c, lc_19_an_abort_in_start_run, 0, 2);
    tcase_add_loop_test(c, lc_19_a_panic_in_start_run, 0, 2);
    tcase_add_loop_test(c, lc_19_a_panic_before_run, 0, 2);
    tcase_add_loop_test(c, lc_28_an_abort_in_control, 0, 6);
    tcase_add_loop_test(c, lc_28_with_a_host_communicator, 0, 2);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
