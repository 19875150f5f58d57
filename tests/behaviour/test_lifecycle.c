/*
 * How workflows open, close and follow each other: rows LC-07 to LC-11, LC-14, LC-27. Where a loop index is used, 0 steps the run and 1 runs it.
 */
#include "world.h"
#include "support/suite.h"
#include <stdio.h>
#include <string.h>

#define BEGIN "_start_run persist(0)"
#define ONE   " initialize_run start _start_workflow control stop finalize_run _end_workflow"
#define TWO   " initialize_run2 start2 _start_workflow control2 stop2 finalize_run2 _end_workflow"
#define END   " _about_to_end_run aux:__end_run__ persist(1) _check_end_run_readiness _end_run"
#define MINE  (-20001)

/* ---------------------------------------------------------------- LC-07 to LC-09 */

/* Records the mark that this context has, and leaves another. */
static void mark(world *w, flr_context *context, const char *text)
{
    flr_value *old = NULL, *value;
    flr_context_get(context, "mark", &old);
    world_note(w, "<%s>", flr_value_get_text(old, "-"));
    flr_value_unref(old);
    ck_assert_int_eq(flr_value_new_text(text, &value), 0);
    ck_assert_int_eq(flr_context_set_prop(context, "mark", value, 0), 0);
}

static bool is_of_workflow(const world_workflow *wf, flr_context *context)
{
    char id[8];
    flr_value *value = NULL;
    uint32_t flags = 0;
    snprintf(id, sizeof id, "wf%d", wf->number);
    flr_context_get_prop(context, "__workflow__", &value, &flags);
    bool is = strcmp(flr_value_get_text(value, ""), id) == 0 && flags == FLR_PROP_FLAG_STICKY;
    flr_value_unref(value);
    return is && pthread_equal(pthread_self(), *(pthread_t *)wf->world->user);
}

#define MARKING(name, text)                                                                        \
    static int name(world_workflow *wf, flr_context *context)                                      \
    {                                                                                              \
        if (!is_of_workflow(wf, context))                                                          \
            world_note(wf->world, "wrong-workflow-or-thread");                                     \
        mark(wf->world, context, text);                                                            \
        return 0;                                                                                  \
    }
MARKING(mark_initialize, "initialize")
MARKING(mark_start, "start")
MARKING(mark_control, "control")
MARKING(mark_stop, "stop")
MARKING(mark_finalize, "finalize")

static int mark_event(world *w, const char *event, flr_context *context)
{
    if (strcmp(event, "_start_workflow") == 0 || strcmp(event, "_end_workflow") == 0)
        mark(w, context, event);
    return 0;
}

static int mark_flow(world_workflow *wf, flr_signal *abort, flr_context *context)
{
    if (abort != flr_runner_get_abort_signal(wf->world->runner))
        world_note(wf->world, "wrong-signal");
    return mark_control(wf, context);
}

static void *run_here(void *self)
{
    world *w = self;
    pthread_t me = pthread_self();
    w->user = &me;
    w->run_status = flr_runner_run(w->runner);
    return NULL;
}

START_TEST(lc_07_lc_09_contexts_threads_and_properties)
{
    world *w = world_begin(2, _i != 0);
    pthread_t me = pthread_self(), runs;
    w->on_event = mark_event;
    for (int i = 0; i < 2; i++) {
        world_workflow *wf = &w->workflows[i];
        wf->on_initialize = mark_initialize;
        wf->on_start = mark_start;
        wf->on_control = mark_control;
        wf->on_flow = mark_flow;
        wf->on_stop = mark_stop;
        wf->on_finalize = mark_finalize;
        wf->ended = true;
    }
    w->user = &me;
    if (_i == 0) {
        ck_assert_int_eq(world_finish(w), 0);
    } else {
        ck_assert_int_eq(pthread_create(&runs, NULL, run_here, w), 0);
        pthread_join(runs, NULL);
        ck_assert_int_eq(w->run_status, 0);
    }
    ck_assert_str_eq(
        world_trace(w), BEGIN
        " initialize_run <-> start <initialize> _start_workflow <start> control <-> stop <-> "
        "finalize_run <stop> _end_workflow <finalize> "
        "initialize_run2 <-> start2 <initialize> _start_workflow <start> control2 <-> stop2 <-> "
        "finalize_run2 <stop> _end_workflow <finalize>" END);
    world_free(w);
}
END_TEST

/* Records whether a request meets the workflow, and asserts what else holds without an open one. */
static void probe(world *w)
{
    flr_shareable *request;
    size_t before = strlen(w->trace);
    uint64_t unserved = world_stats(w).answer_try_no_workflow;
    bool open = flr_answer_get_kind(world_request(w, "a")) == FLR_ANSWER_TASK;
    if (open) {
        world_note(w, "<open>");
        return;
    }
    ck_assert_uint_eq(world_stats(w).answer_try_no_workflow, unserved + 1);
    ck_assert_int_eq(world_submit(w, "a", "train", "id-a", NULL), FLR_OUTCOME_NOT_RUNNING);
    ck_assert_int_eq(flr_shareable_new(&request), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(request, "__task_id__", "id-a"), 0);
    const flr_shareable *reply = world_aux(w, "a", "__task_check__", request);
    ck_assert_str_eq(flr_shareable_get_rc(reply), "TASK_UNKNOWN");
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_header(reply, "__error__"), ""),
                     "no workflow");
    flr_shareable_unref(request);
    ck_assert_uint_eq(strlen(w->trace), before); /* no events */
    world_note(w, "<shut>");
}

static int probe_in(world_workflow *wf, flr_context *context)
{
    (void)context;
    probe(wf->world);
    return 0;
}

static int probe_list(world *w)
{
    if (flr_runner_get_status(w->runner) == FLR_STATUS_STARTED)
        probe(w);
    return 0;
}

static int probe_event(world *w, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, "_start_workflow") == 0 || strcmp(event, "_end_workflow") == 0)
        probe(w);
    return 0;
}

START_TEST(lc_08_no_open_workflow)
{
    world *w = world_begin(2, false);
    w->on_event = probe_event;
    w->on_list = probe_list;
    for (int i = 0; i < 2; i++) {
        world_workflow *wf = &w->workflows[i];
        wf->on_initialize = wf->on_start = wf->on_control = wf->on_stop = wf->on_finalize =
            probe_in;
        wf->on_request = world_offer_train;
        wf->ended = true;
    }
    ck_assert_int_eq(world_finish(w), 0);
#define ASKED                                                                                      \
    " _before_process_task_request _after_process_task_request _before_task_data_filter _after_task_data_filter <open>"
    ck_assert_str_eq(
        world_trace(w),
        BEGIN " initialize_run <shut> start <shut> _start_workflow <shut> <shut> control" ASKED
              " stop <shut> finalize_run <shut> _end_workflow <shut> "
              "initialize_run2 <shut> start2 <shut> _start_workflow <shut> <shut> control2" ASKED
              " stop2 <shut> finalize_run2 <shut> _end_workflow <shut>" END);
    world_free(w);
}
END_TEST

/* A request that stays inside the communicator until `hold` is triggered. */
typedef struct guest {
    world *world;
    flr_signal *hold;
    flr_context *context;
    pthread_t thread;
    int status;
} guest;

static int stay(world_workflow *wf, flr_context *context, const char *client, flr_offer *offer)
{
    guest *g = wf->user;
    (void)context;
    (void)offer;
    if (strcmp(client, "guest") != 0)
        return 0;
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
    g->status = flr_runner_process_task_request(g->world->runner, "guest", g->context, &answer);
    return NULL;
}

static void enter(guest *g, world *w)
{
    g->world = w;
    w->workflows[0].user = g;
    w->workflows[0].on_request = stay;
    ck_assert_int_eq(flr_signal_new(NULL, NULL, &g->hold), 0);
    ck_assert_int_eq(flr_runner_new_context(w->runner, &g->context), 0);
}

static void leave(guest *g)
{
    pthread_join(g->thread, NULL);
    flr_context_free(g->context);
    flr_signal_unref(g->hold);
    ck_assert_int_eq(g->status, 0);
}

START_TEST(lc_09_closing_waits_for_those_inside_stepping)
{
    guest g;
    world *w = world_begin(1, false);
    enter(&g, w);
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(pthread_create(&g.thread, NULL, visit, &g), 0);
    world_await(w, "<in>", 1);
    w->workflows[0].ended = true;
    flr_runner_wake(w->runner);
    flr_step_result result = world_step(w);
    ck_assert_int_eq(result.state, FLR_STEP_RUNNING);
    ck_assert_int_eq(result.wait_ns, -1);
    ck_assert_str_eq(world_trace(w), "_before_process_task_request <in>");
    /* newcomers are refused meanwhile */
    ck_assert_int_eq(flr_answer_get_kind(world_request(w, "a")), FLR_ANSWER_TRY_AGAIN);
    ck_assert_uint_eq(world_stats(w).answer_try_no_workflow, 1);
    int wakeups = w->wakeups;
    flr_signal_trigger(g.hold, NULL);
    world_await_wakeups(w, wakeups + 1);
    leave(&g);
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_str_eq(
        world_trace(w),
        "_before_process_task_request <in> <out> _after_process_task_request stop finalize_run _end_workflow" END);
    world_free(w);
}
END_TEST

/* Returns with somebody inside, who is released by the test only after that. */
static int return_with_guest(world_workflow *wf, flr_signal *abort, flr_context *context)
{
    (void)abort;
    (void)context;
    world_await(wf->world, "<in>", 1);
    world_note(wf->world, "<returns>");
    return 0;
}

START_TEST(lc_09_closing_waits_for_those_inside_running)
{
    guest g;
    world *w = world_begin(1, true);
    enter(&g, w);
    w->workflows[0].on_flow = return_with_guest;
    world_run(w);
    world_await(w, "control", 1);
    ck_assert_int_eq(pthread_create(&g.thread, NULL, visit, &g), 0);
    world_await(w, "<returns>", 1);
    flr_signal_trigger(g.hold, NULL);
    ck_assert_int_eq(world_join(w), 0);
    leave(&g);
    ck_assert_str_eq(
        world_trace(w), BEGIN
        " initialize_run start _start_workflow control _before_process_task_request <in> <returns> <out> "
        "_after_process_task_request stop finalize_run _end_workflow" END);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-10, LC-11, LC-27 */

START_TEST(lc_10_balance)
{
    /* bits of the loop: initialize_run, start, stop, finalize_run fail; run instead of step */
    world *w = world_begin(2, (_i & 16) != 0);
    world_workflow *wf = &w->workflows[0];
    wf->initialize_status = _i & 1 ? MINE : 0;
    wf->start_status = _i & 2 ? MINE - 1 : 0;
    wf->stop_status = _i & 4 ? MINE - 2 : 0;
    wf->finalize_status = _i & 8 ? MINE - 3 : 0;
    int result = world_complete(w, (_i & 16) != 0);
    if (_i & 1) {
        ck_assert_int_eq(result, MINE);
        ck_assert_str_eq(world_trace(w),
                         BEGIN " initialize_run _fatal_system_error finalize_run" END);
    } else if (_i & 2) {
        ck_assert_int_eq(result, MINE - 1);
        ck_assert_str_eq(world_trace(w),
                         BEGIN " initialize_run start _fatal_system_error stop finalize_run" END);
    } else {
        ck_assert_int_eq(result, 0);
        ck_assert_str_eq(world_trace(w), BEGIN ONE TWO END);
    }
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), _i & 3 ? 0 : 2);
    world_free(w);
}
END_TEST

START_TEST(lc_10_failures_while_closing_are_logged_as_errors)
{
    world *w = world_begin(1, false);
    w->workflows[0].stop_status = MINE;
    w->workflows[0].finalize_status = FLR_E_IO;
    w->workflows[0].detail = "the disk is full";
    w->trace_log_events = true;
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_str_eq(
        world_trace(w),
        "stop _error_log_available finalize_run _error_log_available _end_workflow" END);
    ck_assert_ptr_nonnull(strstr(w->log, "stop failed: FLR_E_HOST: the disk is full"));
    ck_assert_ptr_nonnull(strstr(w->log, "finalize_run failed: FLR_E_IO: the disk is full"));
    world_free(w);
}
END_TEST

static int abort_at(world *w, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, w->user) == 0)
        flr_runner_abort(w->runner, 0);
    return 0;
}

START_TEST(lc_11_an_abort_while_it_ends_keeps_the_index)
{
    world *w = world_begin(2, _i != 0);
    w->on_event = abort_at;
    w->user = "_end_workflow";
    ck_assert_int_eq(world_complete(w, _i != 0), FLR_E_ABORTED);
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), 0);
    ck_assert_str_eq(world_trace(w), BEGIN ONE END);
    world_free(w);
}
END_TEST

static int note_index(world_workflow *wf, flr_context *context)
{
    (void)context;
    world_note(wf->world, "<%zu>", flr_runner_get_workflow_index(wf->world->runner));
    return 0;
}

START_TEST(lc_11_the_index)
{
    world *w = world_begin(2, _i != 0);
    w->workflows[0].on_initialize = w->workflows[1].on_initialize = note_index;
    w->workflows[0].on_finalize = w->workflows[1].on_finalize = note_index;
    ck_assert_int_eq(world_complete(w, _i != 0), 0);
    ck_assert_str_eq(
        world_trace(w), BEGIN
        " initialize_run <0> start _start_workflow control stop finalize_run <0> _end_workflow"
        " initialize_run2 <1> start2 _start_workflow control2 stop2 finalize_run2 <1> _end_workflow" END);
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), 2);
    world_free(w);
}
END_TEST

/* Two silent clients in turn, so that the driver has gone through all that it does between them. */
static int lose_two(world_workflow *wf, flr_context *context)
{
    static const char *const names[] = {"a", "b"};
    world *w = wf->world;
    (void)context;
    for (int i = 0; i < 2; i++) {
        int before = *(int *)wf->user;
        ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, names[i]), 0);
        ck_assert_int_eq(flr_clock_advance(w->clock, 60.0), 0);
        world_await(w, "_client_disconnected", before + 1);
        *(int *)wf->user = before + 1;
        world_aux(w, names[i], "__job_heartbeat__", NULL); /* it is back */
    }
    return 0;
}

static int note_advance(world_workflow *wf, flr_context *context, int64_t now, int64_t *due)
{
    (void)context;
    (void)now;
    (void)due;
    world_note(wf->world, "advance");
    return 0;
}

START_TEST(lc_14_the_driver_leaves_a_communicator_that_is_finalized)
{
    int lost = 0;
    world *w = world_begin(1, true);
    world_workflow *wf = &w->workflows[0];
    wf->user = &lost;
    wf->on_advance = note_advance;
    wf->on_control = lose_two;
    wf->on_finalize = lose_two;
    ck_assert_int_eq(world_complete(w, true), 0);
    ck_assert_int_eq(lost, 4);
    const char *closing = strstr(world_trace(w), "stop");
    ck_assert_ptr_nonnull(strstr(world_trace(w), "advance")); /* while the workflow was open */
    ck_assert_str_eq(closing, "stop finalize_run _client_disconnected _client_reconnected "
                              "_client_disconnected _client_reconnected _end_workflow" END);
    world_free(w);
}
END_TEST

START_TEST(lc_27_in_full)
{
    world *w = world_begin(_i / 2, _i % 2 != 0);
    ck_assert_int_eq(world_complete(w, _i % 2 != 0), 0);
    ck_assert_str_eq(world_trace(w), _i / 2 == 0   ? BEGIN END
                                     : _i / 2 == 1 ? BEGIN ONE END
                                                   : BEGIN ONE TWO END);
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_DONE);
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lifecycle");
    TCase *c = tcase_create("lifecycle");
    tcase_add_loop_test(c, lc_07_lc_09_contexts_threads_and_properties, 0, 2);
    tcase_add_test(c, lc_08_no_open_workflow);
    tcase_add_test(c, lc_09_closing_waits_for_those_inside_stepping);
    tcase_add_test(c, lc_09_closing_waits_for_those_inside_running);
    tcase_add_loop_test(c, lc_10_balance, 0, 32);
    tcase_add_test(c, lc_10_failures_while_closing_are_logged_as_errors);
    tcase_add_loop_test(c, lc_11_an_abort_while_it_ends_keeps_the_index, 0, 2);
    tcase_add_loop_test(c, lc_11_the_index, 0, 2);
    tcase_add_test(c, lc_14_the_driver_leaves_a_communicator_that_is_finalized);
    tcase_add_loop_test(c, lc_27_in_full, 0, 6);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
