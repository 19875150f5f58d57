/*
 * Controllers that are state machines: row LC-32.
 */
#include "world.h"
#include "support/suite.h"
#include <string.h>

#define SECOND INT64_C(1000000000)
#define BEGIN  "_start_run persist(0)"
#define ONE    " initialize_run start _start_workflow control stop finalize_run _end_workflow"
#define END    " _about_to_end_run aux:__end_run__ persist(1) _check_end_run_readiness _end_run"

static flr_task *schedule(flr_context *context, double timeout)
{
    flr_board *board;
    flr_task_options options;
    flr_task *task;
    flr_shareable *payload;
    ck_assert_int_eq(flr_context_get_board(context, &board), 0);
    ck_assert_int_eq(flr_shareable_new(&payload), 0);
    flr_task_options_init(&options, sizeof options);
    options.name = "train";
    options.payload = payload;
    options.timeout = timeout;
    ck_assert_int_eq(flr_task_new(&options, &task), 0);
    flr_shareable_unref(payload);
    ck_assert_int_eq(flr_board_broadcast(board, task, NULL, NULL), 0);
    return task;
}

static int task_result(world *w, const char *client)
{
    const flr_answer *answer = world_request(w, client);
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TASK);
    flr_shareable *data = flr_shareable_ref(flr_answer_get_data(answer)), *result;
    char id[64];
    strncpy(id, flr_answer_get_id(answer), sizeof id - 1);
    id[sizeof id - 1] = '\0';
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    ck_assert_int_eq(flr_shareable_set_header(result, "__cookie_jar__",
                                              flr_value_ref(flr_shareable_get_cookie_jar(data))),
                     0);
    int outcome = world_submit_message(w, client, "train", id, result);
    flr_shareable_unref(data);
    flr_shareable_unref(result);
    return outcome;
}

START_TEST(lc_32_when_step_is_called)
{
    world *w = world_new(1);
    world_workflow *wf = &w->workflows[0];
    wf->with_board = true;
    world_start(w);
    world_step(w);
    ck_assert_int_eq(wf->steps, 1); /* the gate has opened */
    world_step(w);
    world_advance(w, 1000.0);
    world_aux(w, "a", "__job_heartbeat__", NULL);
    world_step(w);
    ck_assert_int_eq(wf->steps, 1); /* no reason */
    flr_runner_wake(w->runner);
    flr_runner_wake(w->runner);
    world_step(w);
    ck_assert_int_eq(wf->steps, 2); /* a wake call; notices merge */
    wf->due = flr_clock_get_now(w->clock) + SECOND;
    flr_runner_wake(w->runner);
    world_step(w);
    wf->due = FLR_TIME_NONE;
    world_advance(w, 0.5);
    ck_assert_int_eq(wf->steps, 3);
    world_advance(w, 0.5);
    ck_assert_int_eq(wf->steps, 4); /* its due time */
    flr_task *task = schedule(w->context, 0.0);
    world_step(w);
    ck_assert_int_eq(task_result(w, "a"), FLR_OUTCOME_ACCEPTED);
    world_step(w);
    ck_assert_int_eq(wf->steps, 4); /* the task still stands */
    int wakeups = w->wakeups;
    ck_assert_int_eq(task_result(w, "b"), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_gt(w->wakeups, wakeups);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    world_step(w);
    ck_assert_int_eq(wf->steps, 5); /* a task of its workflow has ended */
    flr_task_unref(task);
    wakeups = w->wakeups;
    ck_assert_int_eq(flr_runner_abort(w->runner, 0), 0);
    ck_assert_int_gt(w->wakeups, wakeups);
    ck_assert_int_eq(world_step(w).state, FLR_STEP_ENDED);
    ck_assert_int_eq(wf->steps, 6); /* an abort */
    world_free(w);
}
END_TEST

START_TEST(lc_32_a_signal_that_is_triggered_by_hand)
{
    world *w = world_begin(1, false);
    world_step(w);
    int wakeups = w->wakeups;
    flr_signal_trigger(flr_runner_get_abort_signal(w->runner), NULL);
    ck_assert_int_gt(w->wakeups, wakeups);
    world_step(w);
    ck_assert_int_eq(w->workflows[0].steps, 2);
    world_free(w);
}
END_TEST

static int see_arguments(world_workflow *wf, flr_context *context)
{
    flr_value *mark;
    if (flr_context_get(context, "mark", &mark) == 0) { /* each step has a fresh context */
        flr_value_unref(mark);
        world_note(wf->world, "stale");
    }
    ck_assert_int_eq(flr_value_new_int(1, &mark), 0);
    ck_assert_int_eq(flr_context_set_prop(context, "mark", mark, 0), 0);
    return 0;
}

START_TEST(lc_32_each_step_has_a_fresh_context)
{
    world *w = world_begin(1, false);
    w->workflows[0].on_control = see_arguments;
    for (int i = 0; i < 3; i++) {
        world_step(w);
        flr_runner_wake(w->runner);
    }
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_int_eq(w->workflows[0].steps, 4);
    ck_assert_str_eq(world_trace(w), BEGIN ONE END);
    world_free(w);
}
END_TEST

START_TEST(lc_32_which_member_is_used)
{
    /* both: run uses control_flow, step uses step; step alone works in both */
    world *w = world_begin(1, true);
    ck_assert_int_eq(world_complete(w, true), 0);
    ck_assert_int_eq(w->workflows[0].steps, 0);
    ck_assert_str_eq(world_trace(w), BEGIN ONE END);
    world_free(w);
    w = world_begin(1, true);
    ck_assert_int_eq(world_complete(w, false), 0);
    ck_assert_int_gt(w->workflows[0].steps, 0);
    ck_assert_str_eq(world_trace(w), BEGIN ONE END);
    world_free(w);
    w = world_begin(1, false);
    ck_assert_int_eq(world_complete(w, true), 0);
    ck_assert_int_eq(w->workflows[0].steps, 1);
    ck_assert_str_eq(world_trace(w), BEGIN ONE END);
    world_free(w);
}
END_TEST

/* Wakes itself until it has been called three times. */
static int wake_itself(world_workflow *wf, flr_context *context)
{
    (void)context;
    world_note(wf->world, "%d", wf->steps);
    if (wf->steps < 3)
        flr_runner_wake(wf->world->runner);
    wf->ended = wf->steps == 3;
    return 0;
}

START_TEST(lc_32_a_wake_inside_step)
{
    world *w = world_begin(1, false);
    w->workflows[0].on_control = wake_itself;
    if (_i == 0) {
        flr_step_result result = world_step(w);
        ck_assert_int_eq(result.state, FLR_STEP_ENDED);
        ck_assert_int_eq(result.result, 0);
    } else {
        world_run(w);
        ck_assert_int_eq(world_join(w), 0);
    }
    ck_assert_str_eq(
        world_trace(w), BEGIN
        " initialize_run start _start_workflow control 1 2 3 stop finalize_run _end_workflow" END);
    world_free(w);
}
END_TEST

/* Running: steps are called on the run's thread, one at a time, while others wake it. */
static int count_inside(world_workflow *wf, flr_context *context)
{
    int *inside = wf->user;
    (void)context;
    if (++*inside != 1)
        world_note(wf->world, "twice");
    --*inside;
    return 0;
}

static void *wake_often(void *self)
{
    world *w = self;
    for (int i = 0; i < 200; i++)
        flr_runner_wake(w->runner);
    return NULL;
}

static int end_when_woken(world_workflow *wf, flr_context *context)
{
    count_inside(wf, context);
    wf->ended = wf->steps >= 2 && flr_clock_get_now(wf->world->clock) >= 100 * SECOND;
    wf->due = 100 * SECOND;
    return 0;
}

START_TEST(lc_32_never_twice_at_once)
{
    pthread_t wakers[3];
    int inside = 0;
    world *w = world_begin(1, false);
    w->workflows[0].user =
        &inside; /* touched by the run's thread only: a sanitizer sees it if not */
    w->workflows[0].on_control = end_when_woken;
    world_run(w);
    world_await(w, "control", 1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&wakers[i], NULL, wake_often, w), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(wakers[i], NULL);
    flr_clock_advance_to(w->clock, 100 * SECOND); /* its due time; nobody wakes it now */
    ck_assert_int_eq(world_join(w), 0);
    ck_assert_int_ge(w->workflows[0].steps, 2);
    ck_assert_str_eq(world_trace(w), BEGIN ONE END);
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("controller");
    TCase *c = tcase_create("controller");
    tcase_add_test(c, lc_32_when_step_is_called);
    tcase_add_test(c, lc_32_a_signal_that_is_triggered_by_hand);
    tcase_add_test(c, lc_32_each_step_has_a_fresh_context);
    tcase_add_test(c, lc_32_which_member_is_used);
    tcase_add_loop_test(c, lc_32_a_wake_inside_step, 0, 2);
    tcase_add_test(c, lc_32_never_twice_at_once);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
