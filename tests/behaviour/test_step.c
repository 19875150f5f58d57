/*
 * Driving a run, above all by step: rows LC-24, LC-26. The stepping thread is the test's own; others record only.
 */
#include "world.h"
#include "support/suite.h"
#include <string.h>

#define SECOND INT64_C(1000000000)
#define BEGIN  "_start_run persist(0)"
#define ONE    " initialize_run start _start_workflow control stop finalize_run _end_workflow"
#define TWO    " initialize_run2 start2 _start_workflow control2 stop2 finalize_run2 _end_workflow"
#define END    " _about_to_end_run aux:__end_run__ persist(1) _check_end_run_readiness _end_run"

static int step_once(world *w, flr_step_result *result)
{
    flr_step_result_init(result, sizeof *result);
    result->state = 77;
    return flr_runner_step(w->runner, result);
}

/* ---------------------------------------------------------------- LC-24 */

static int run_again(world_workflow *wf, flr_context *context)
{
    flr_step_result result;
    (void)context;
    world_note(wf->world, "run=%d", flr_runner_run(wf->world->runner));
    world_note(wf->world, "step=%d", step_once(wf->world, &result));
    return 0;
}

START_TEST(lc_24_run_is_for_once)
{
    flr_step_result result;
    world *w = world_begin(1, true);
    w->workflows[0].on_control = run_again;
    ck_assert_int_eq(FLR_E_STATE, -101);
    ck_assert_int_eq(FLR_E_REENTRANT, -102);
    w->workflows[0].ended = true;
    world_run(w);
    ck_assert_int_eq(world_join(w), 0);
    ck_assert_str_eq(
        world_trace(w), BEGIN
        " initialize_run start _start_workflow control run=-101 step=-102 stop finalize_run _end_workflow" END);
    world_clear(w);
    ck_assert_int_eq(flr_runner_run(w->runner), FLR_E_STATE);
    ck_assert_int_eq(step_once(w, &result), FLR_E_STATE);
    ck_assert_str_eq(world_trace(w), "");
    ck_assert_int_eq(flr_runner_run(NULL), FLR_E_INVAL);
    world_free(w);
}
END_TEST

START_TEST(lc_24_run_on_two_threads)
{
    flr_step_result result;
    world *w = world_begin(1, true);
    world_run(w);
    world_await(w, "control", 1);
    ck_assert_int_eq(flr_runner_run(w->runner), FLR_E_STATE);
    ck_assert_int_eq(step_once(w, &result), FLR_E_STATE);
    ck_assert_int_eq(flr_runner_abort(w->runner, 0), 0);
    ck_assert_int_eq(world_join(w), FLR_E_ABORTED);
    ck_assert_str_eq(world_trace(w), BEGIN ONE END);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-26: usage */

START_TEST(lc_26_arguments)
{
    flr_step_result result;
    world *w = world_begin(0, false);
    flr_step_result_init(&result, sizeof result);
    ck_assert_int_eq(flr_runner_step(NULL, &result), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_step(w->runner, NULL), FLR_E_INVAL);
    result.struct_size = 8;
    ck_assert_int_eq(flr_runner_step(w->runner, &result), FLR_E_ABI);
    flr_step_result_init(&result, sizeof result);
    result.flags = 1;
    ck_assert_int_lt(flr_runner_step(w->runner, &result), 0);
    ck_assert_str_eq(world_trace(w), "");
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

START_TEST(lc_26_what_it_returns)
{
    flr_step_result result;
    world *w = world_begin(1, false);
    ck_assert_int_eq(step_once(w, &result), 0);
    ck_assert_int_eq(result.state, FLR_STEP_RUNNING);
    ck_assert_int_eq(result.wait_ns, -1); /* nothing to wait for but a wakeup */
    ck_assert_int_eq(result.result, 0);
    ck_assert_str_eq(world_trace(w), BEGIN " initialize_run start _start_workflow control");
    ck_assert_int_eq(step_once(w, &result), 0); /* nothing new */
    ck_assert_int_eq(result.wait_ns, -1);
    ck_assert_int_eq(w->workflows[0].steps, 1);
    w->workflows[0].control_status = FLR_E_IO;
    flr_runner_wake(w->runner);
    ck_assert_int_eq(step_once(w, &result), 0); /* the run's result is no code of step */
    ck_assert_int_eq(result.state, FLR_STEP_ENDED);
    ck_assert_int_eq(result.result, FLR_E_IO);
    ck_assert_int_eq(step_once(w, &result), FLR_E_STATE);
    ck_assert_int_eq(result.state, 77); /* untouched */
    ck_assert_int_eq(flr_runner_run(w->runner), FLR_E_STATE);
    world_free(w);
}
END_TEST

START_TEST(lc_26_run_after_step)
{
    world *w = world_begin(1, true);
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(flr_runner_run(w->runner), FLR_E_STATE);
    ck_assert_str_eq(world_trace(w), "");
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

START_TEST(lc_26_control_flow_only)
{
    flr_step_result result;
    world *w = world_new(2);
    w->workflows[1].with_flow = w->workflows[1].without_step = true;
    w->workflows[1].ended = true;
    world_start(w);
    ck_assert_int_eq(step_once(w, &result), FLR_E_NOTSUP);
    ck_assert_str_eq(world_trace(w), ""); /* nothing was fired */
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_INIT);
    /* so it may still be run; wf1 has step only */
    ck_assert_int_eq(world_complete(w, true), 0);
    ck_assert_str_eq(world_trace(w), BEGIN ONE TWO END);
    world_free(w);
}
END_TEST

static int note_step(world *w)
{
    flr_step_result result;
    world_note(w, "%d", step_once(w, &result));
    return 0;
}

static int step_in_event(world *w, const char *event, flr_context *context)
{
    (void)event;
    (void)context;
    return note_step(w);
}

static int step_in_persist(world *w, int completed)
{
    (void)completed;
    return note_step(w);
}

static int step_in_send(world *w, flr_aux_send *send)
{
    (void)send;
    return note_step(w);
}

static int step_in_member(world_workflow *wf, flr_context *context)
{
    (void)context;
    return note_step(wf->world);
}

START_TEST(lc_26_no_step_inside_a_callback)
{
    world *w = world_begin(1, false);
    world_workflow *wf = &w->workflows[0];
    w->on_event = step_in_event;
    w->on_persist = step_in_persist;
    w->on_send = step_in_send;
    wf->on_initialize = wf->on_start = wf->on_control = wf->on_stop = wf->on_finalize =
        step_in_member;
    wf->ended = true;
    ck_assert_int_eq(FLR_E_REENTRANT, -102);
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_str_eq(
        world_trace(w),
        "_start_run -102 persist(0) -102 initialize_run -102 start -102 _start_workflow -102 control -102 stop -102 "
        "finalize_run -102 _end_workflow -102 _about_to_end_run -102 aux:__end_run__ -102 persist(1) -102 "
        "_check_end_run_readiness -102 _end_run -102");
    world_free(w);
}
END_TEST

static int step_in_request(world_workflow *wf, flr_context *context, const char *client,
                           flr_offer *offer)
{
    (void)context;
    (void)client;
    (void)offer;
    return note_step(wf->world);
}

START_TEST(lc_26_no_step_inside_a_message)
{
    world *w = world_begin(1, false);
    w->workflows[0].on_request = step_in_request;
    world_step(w);
    world_clear(w);
    world_request(w, "a");
    ck_assert_str_eq(world_trace(w),
                     "_before_process_task_request -102 _after_process_task_request");
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

static void *step_on_other_thread(void *self)
{
    note_step(self);
    return NULL;
}

/* While the test's thread is inside step. */
static int step_elsewhere(world_workflow *wf, flr_context *context)
{
    pthread_t other;
    (void)context;
    ck_assert_int_eq(pthread_create(&other, NULL, step_on_other_thread, wf->world), 0);
    pthread_join(other, NULL);
    return 0;
}

START_TEST(lc_26_two_steps_at_once)
{
    world *w = world_begin(1, false);
    w->workflows[0].on_start = step_elsewhere;
    world_step(w);
    ck_assert_str_eq(world_trace(w), BEGIN " initialize_run start -101 _start_workflow control");
    /* one after the other any thread may */
    pthread_t other;
    w->workflows[0].ended = true;
    flr_runner_wake(w->runner);
    ck_assert_int_eq(pthread_create(&other, NULL, step_on_other_thread, w), 0);
    pthread_join(other, NULL);
    ck_assert_str_eq(
        world_trace(w), BEGIN
        " initialize_run start -101 _start_workflow control stop finalize_run _end_workflow" END
        " 0");
    world_free(w);
}
END_TEST

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

static int wait_in_step(world_workflow *wf, flr_context *context)
{
    int status;
    if (wf->steps > 1)
        return 0;
    flr_task *task = schedule(context, 0.0);
    world_note(wf->world, "wait=%d", flr_task_wait(task, NULL, -1.0, &status));
    flr_task_unref(task);
    return 0;
}

START_TEST(lc_26_no_waiting_on_the_stepping_thread)
{
    world *w = world_new(1);
    w->workflows[0].with_board = true;
    w->workflows[0].on_control = wait_in_step;
    world_start(w);
    ck_assert_int_eq(FLR_E_NOTSUP, -104);
    world_step(w);
    ck_assert_str_eq(world_trace(w), BEGIN " start _start_workflow control wait=-104");
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-26: how long to wait */

START_TEST(lc_26_the_controllers_due_time)
{
    world *w = world_begin(1, false);
    w->workflows[0].due = 4 * SECOND; /* it is 1 s now */
    ck_assert_int_eq(world_step(w).wait_ns, 3 * SECOND);
    ck_assert_int_eq(world_advance(w, 2.0).wait_ns, SECOND);
    ck_assert_int_eq(w->workflows[0].steps, 1);
    w->workflows[0].due = FLR_TIME_NONE;
    ck_assert_int_eq(world_advance(w, 1.0).wait_ns, -1);
    ck_assert_int_eq(w->workflows[0].steps, 2);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

static int schedule_with_deadline(world_workflow *wf, flr_context *context)
{
    if (wf->steps == 1)
        wf->user = schedule(context, 10.0);
    return 0;
}

START_TEST(lc_26_a_deadline_that_came_up_in_the_step)
{
    world *w = world_new(1);
    world_workflow *wf = &w->workflows[0];
    wf->with_board = true;
    wf->on_control = schedule_with_deadline;
    world_start(w);
    ck_assert_int_eq(world_step(w).wait_ns, 10 * SECOND);
    wf->due = 3 * SECOND; /* the nearest counts */
    flr_runner_wake(w->runner);
    ck_assert_int_eq(world_step(w).wait_ns, 2 * SECOND);
    wf->due = FLR_TIME_NONE;
    ck_assert_int_eq(world_advance(w, 2.0).wait_ns, 8 * SECOND);
    ck_assert_int_eq(flr_task_get_status(wf->user), FLR_TASK_STANDING);
    int steps = wf->steps;
    ck_assert_int_eq(world_advance(w, 8.0).wait_ns, -1);
    ck_assert_int_eq(flr_task_get_status(wf->user), FLR_TASK_TIMEOUT);
    ck_assert_int_eq(wf->steps, steps + 1); /* one of its tasks has ended */
    flr_task_unref(wf->user);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

START_TEST(lc_26_a_deadline_from_outside_wakes_up)
{
    world *w = world_new(1);
    w->workflows[0].with_board = true;
    world_start(w);
    ck_assert_int_eq(world_step(w).wait_ns, -1);
    int wakeups = w->wakeups;
    flr_task_unref(schedule(w->context, 100.0));
    ck_assert_int_gt(w->wakeups, wakeups);
    ck_assert_int_eq(world_step(w).wait_ns, 100 * SECOND);
    wakeups = w->wakeups;
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "a"),
                     0); /* a grace period of 60 s begins: nearer */
    ck_assert_int_gt(w->wakeups, wakeups);
    ck_assert_int_eq(world_advance(w, 10.0).wait_ns, 50 * SECOND);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

static int not_ready(world *w, const char *event, flr_context *context)
{
    (void)w;
    (void)context;
    return strcmp(event, "_check_end_run_readiness") == 0 ? FLR_E_NOT_READY : 0;
}

START_TEST(lc_26_readiness_does_not_block)
{
    world *w = world_begin(0, false);
    w->on_event = not_ready;
    flr_step_result result = world_step(w);
    ck_assert_int_eq(result.state, FLR_STEP_RUNNING);
    ck_assert_int_eq(result.wait_ns, SECOND / 2);
    ck_assert_int_eq(world_advance(w, 0.2).wait_ns, 3 * SECOND / 10);
    w->on_event = NULL;
    result = world_advance(w, 0.3);
    ck_assert_int_eq(result.state, FLR_STEP_ENDED);
    ck_assert_int_eq(result.result, 0);
    ck_assert_int_eq(result.wait_ns, 0);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-26: what must wait for another thread */

typedef struct guest {
    world *world;
    flr_signal *hold;
    flr_context *context;
    pthread_t thread;
    int status, advanced;
} guest;

static int stay(world_workflow *wf, flr_context *context, const char *client, flr_offer *offer)
{
    guest *g = wf->user;
    (void)context;
    (void)client;
    (void)offer;
    world_note(wf->world, "<in>");
    flr_signal_wait(g->hold, -1.0);
    world_note(wf->world, "<out>");
    return 0;
}

static void *visit(void *self)
{
    guest *g = self;
    const flr_answer *answer;
    world_peer(g->world, g->context, WORLD_JOB);
    g->status = flr_runner_process_task_request(g->world->runner, "a", g->context, &answer);
    return NULL;
}

static int count_advance(world_workflow *wf, flr_context *context, int64_t now, int64_t *due)
{
    guest *g = wf->user;
    (void)context;
    (void)now;
    (void)due;
    g->advanced++;
    return 0;
}

START_TEST(lc_26_a_communicator_in_use_is_left)
{
    guest g = {.advanced = 0};
    world *w = world_new(1);
    world_workflow *wf = &w->workflows[0];
    w->serial = true;
    wf->user = &g;
    wf->on_request = stay;
    wf->on_advance = count_advance;
    world_start(w);
    g.world = w;
    ck_assert_int_eq(flr_signal_new(NULL, NULL, &g.hold), 0);
    ck_assert_int_eq(flr_runner_new_context(w->runner, &g.context), 0);
    world_step(w);
    /* a deadline, at which the driver calls advance */
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "b"), 0);
    int advanced = g.advanced;
    ck_assert_int_eq(pthread_create(&g.thread, NULL, visit, &g), 0);
    world_await(w, "<in>", 1);
    ck_assert_int_eq(flr_clock_advance(w->clock, 60.0), 0);
    flr_step_result result = world_step(w); /* does not wait for the guest */
    ck_assert_int_eq(result.state, FLR_STEP_RUNNING);
    ck_assert_int_eq(result.wait_ns, -1);
    ck_assert_int_eq(g.advanced, advanced);
    int wakeups = w->wakeups;
    flr_signal_trigger(g.hold, NULL);
    world_await_wakeups(w, wakeups + 1); /* the last to leave */
    pthread_join(g.thread, NULL);
    ck_assert_int_eq(g.status, 0);
    world_step(w);
    ck_assert_int_eq(g.advanced, advanced + 1);
    flr_context_free(g.context);
    flr_signal_unref(g.hold);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

START_TEST(lc_26_without_wakeup)
{
    world *w = world_new(1);
    w->with_wakeup = false;
    world_start(w);
    world_step(w);
    flr_runner_wake(w->runner);
    world_step(w);
    ck_assert_int_eq(w->workflows[0].steps, 2);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

static void *ask_many(void *self)
{
    guest *g = self;
    const flr_answer *answer;
    for (int i = 0; i < 200 && g->status == 0; i++) {
        world_peer(g->world, g->context, WORLD_JOB);
        g->status = flr_runner_process_task_request(g->world->runner, "a", g->context, &answer);
    }
    return NULL;
}

START_TEST(lc_26_messages_from_any_thread)
{
    guest g[3];
    world *w = world_new(1);
    memset(g, 0, sizeof g);
    world_start(w);
    w->workflows[0].on_request = world_offer_train;
    for (int i = 0; i < 3; i++) {
        g[i].world = w;
        ck_assert_int_eq(flr_runner_new_context(w->runner, &g[i].context), 0);
        ck_assert_int_eq(pthread_create(&g[i].thread, NULL, ask_many, &g[i]), 0);
    }
    for (int i = 0; i < 50; i++) {
        flr_runner_wake(w->runner);
        world_step(w);
        world_clear(w);
    }
    w->workflows[0].ended = true;
    flr_runner_wake(w->runner);
    for (;;) { /* closing waits for those inside; the last to leave wakes it up */
        int wakeups = world_wakeups(w);
        if (world_step(w).state == FLR_STEP_ENDED)
            break;
        world_await_wakeups(w, wakeups + 1);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(g[i].thread, NULL);
        ck_assert_int_eq(g[i].status, 0);
        flr_context_free(g[i].context);
    }
    flr_stats stats = world_stats(w);
    ck_assert_uint_eq(stats.answer_task + stats.answer_try_not_started + stats.answer_try_busy +
                          stats.answer_try_no_workflow + stats.answer_end_done,
                      600);
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("step");
    TCase *c = tcase_create("step");
    tcase_add_test(c, lc_24_run_is_for_once);
    tcase_add_test(c, lc_24_run_on_two_threads);
    tcase_add_test(c, lc_26_arguments);
    tcase_add_test(c, lc_26_what_it_returns);
    tcase_add_test(c, lc_26_run_after_step);
    tcase_add_test(c, lc_26_control_flow_only);
    tcase_add_test(c, lc_26_no_step_inside_a_callback);
    tcase_add_test(c, lc_26_no_step_inside_a_message);
    tcase_add_test(c, lc_26_two_steps_at_once);
    tcase_add_test(c, lc_26_no_waiting_on_the_stepping_thread);
    tcase_add_test(c, lc_26_the_controllers_due_time);
    tcase_add_test(c, lc_26_a_deadline_that_came_up_in_the_step);
    tcase_add_test(c, lc_26_a_deadline_from_outside_wakes_up);
    tcase_add_test(c, lc_26_readiness_does_not_block);
    tcase_add_test(c, lc_26_a_communicator_in_use_is_left);
    tcase_add_test(c, lc_26_without_wakeup);
    tcase_add_test(c, lc_26_messages_from_any_thread);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
