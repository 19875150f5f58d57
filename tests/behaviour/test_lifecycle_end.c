/*
 * How a run ends, and when it is released: rows LC-15 to LC-17, LC-21, LC-22, LC-25, LC-33. Where a loop index is used, 0 steps the run and 1 runs it.
 */
#include "world.h"
#include "support/suite.h"
#include <stdio.h>
#include <string.h>

#define BEGIN "_start_run persist(0)"
#define ONE   " initialize_run start _start_workflow control stop finalize_run _end_workflow"
#define END   " _about_to_end_run aux:__end_run__ persist(1) _check_end_run_readiness _end_run"
#define COLD  " _about_to_end_run _check_end_run_readiness _end_run"

static int count_word(world *w, const char *word)
{
    int n = 0;
    for (const char *p = world_trace(w); (p = strstr(p, word)) != NULL; p += strlen(word))
        n++;
    return n;
}

/* ---------------------------------------------------------------- LC-15 to LC-17 */

static int mark_end(world *w, const char *event, flr_context *context)
{
    flr_value *old = NULL, *value;
    flr_context_get(context, "mark", &old);
    world_note(w, "<%s/%d>", flr_value_get_text(old, "-"), flr_runner_get_status(w->runner));
    flr_value_unref(old);
    ck_assert_int_eq(flr_value_new_text(event, &value), 0);
    ck_assert_int_eq(flr_context_set_prop(context, "mark", value, 0), 0);
    return 0;
}

static int note_status(world *w, int completed)
{
    (void)completed;
    world_note(w, "</%d>", flr_runner_get_status(w->runner));
    return 0;
}

START_TEST(lc_15_the_end_sequence_in_one_context)
{
    world *w = world_begin(0, false);
    w->on_event = mark_end;
    w->on_persist = note_status;
    ck_assert_int_eq(world_complete(w, _i != 0), 0);
    ck_assert_str_eq(
        world_trace(w),
        "_start_run <-/0> persist(0) </0> _about_to_end_run <-/2> aux:__end_run__ persist(1) </2> "
        "_check_end_run_readiness <_about_to_end_run/2> _end_run <_check_end_run_readiness/2>");
    ck_assert(w->completed);
    world_free(w);
}
END_TEST

static int see_send(world *w, flr_aux_send *send)
{
    const flr_shareable *request = flr_aux_send_get_request(send);
    for (size_t i = 0; i < flr_aux_send_get_target_count(send); i++)
        world_note(w, "<%s>", flr_aux_send_get_target(send, i));
    world_note(w, "timeout=%g optional=%d secure=%d empty=%d", flr_aux_send_get_timeout(send),
               flr_aux_send_is_optional(send), flr_aux_send_is_secure(send),
               flr_value_get_size(flr_shareable_get_body(request)) == 0);
    return 0;
}

START_TEST(lc_16_the_end_run_message)
{
    world *w = world_begin(0, false);
    w->on_send = see_send;
    ck_assert_int_eq(world_complete(w, _i != 0), 0);
    ck_assert_str_eq(
        world_trace(w),
        BEGIN " _about_to_end_run aux:__end_run__ <a> <b> timeout=0 optional=1 secure=0 empty=1 "
              "persist(1) _check_end_run_readiness _end_run");
    world_free(w);
}
END_TEST

START_TEST(lc_16_a_failure_to_send_is_logged)
{
    world *w = world_new(1);
    ck_assert_int_eq(flr_config_set_log_level(w->config, FLR_LOG_DEBUG), 0);
    w->workflows[0].with_flow = _i != 0;
    world_start(w);
    w->aux_status = FLR_E_IO;
    ck_assert_int_eq(world_complete(w, _i != 0), 0);
    ck_assert_str_eq(world_trace(w), BEGIN ONE END);
    ck_assert_ptr_nonnull(strstr(w->log, "__end_run__"));
    world_free(w);
}
END_TEST

START_TEST(lc_16_left_out_without_send_aux)
{
    world *w = world_new(0);
    w->with_aux = false;
    world_start(w);
    ck_assert_int_eq(world_complete(w, _i != 0), 0);
    ck_assert_str_eq(world_trace(w),
                     BEGIN " _about_to_end_run persist(1) _check_end_run_readiness _end_run");
    world_free(w);
}
END_TEST

static int abort_cold(world_workflow *wf, flr_context *context)
{
    (void)context;
    flr_runner_abort(wf->world->runner, 1);
    return 0;
}

START_TEST(lc_17_a_cold_run)
{
    world *w = world_begin(2, _i != 0);
    w->workflows[0].on_control = abort_cold;
    ck_assert_int_eq(world_complete(w, _i != 0), FLR_E_ABORTED);
    ck_assert_str_eq(world_trace(w), BEGIN ONE COLD);
    ck_assert(!w->completed);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-21, LC-22 */

/* What the component does at each readiness check. */
typedef struct voter {
    world *world;
    int refusals; /* so often; negative: always */
    int code;
    flr_value *property; /* NULL: none */
    uint32_t flags;
    int checks;
    bool abort;
} voter;

static int vote_in(voter *v, flr_context *context)
{
    if (v->abort)
        flr_runner_abort(v->world->runner, 1);
    if (v->checks++ >= v->refusals && v->refusals >= 0)
        return 0;
    if (v->property != NULL)
        ck_assert_int_eq(flr_context_set_prop(context, "not_ready_to_end_run__",
                                              flr_value_ref(v->property), v->flags),
                         0);
    return v->code;
}

static int vote(world *w, const char *event, flr_context *context)
{
    return strcmp(event, "_check_end_run_readiness") == 0 ? vote_in(w->user, context) : 0;
}

static int vote_second(void *self, const char *event, flr_context *context)
{
    return strcmp(event, "_check_end_run_readiness") == 0 ? vote_in(self, context) : 0;
}

static world *with_voters(voter *first, voter *second)
{
    flr_component_ops ops;
    world *w = world_begin(0, false);
    first->world = w;
    w->user = first;
    w->on_event = vote;
    if (second != NULL) {
        second->world = w;
        flr_component_ops_init(&ops, sizeof ops);
        ops.handle_event = vote_second;
        ck_assert_int_eq(flr_runner_add_component(w->runner, "second", &ops, second), 0);
    }
    return w;
}

/* Steps to the end; the seconds that it took. */
static double end_of(world *w, int expected)
{
    int64_t before = flr_clock_get_now(w->clock);
    ck_assert_int_eq(world_finish(w), expected);
    return (double)(flr_clock_get_now(w->clock) - before) / 1e9;
}

START_TEST(lc_21_two_refusals)
{
    voter v = {.refusals = 2, .code = FLR_E_NOT_READY};
    world *w = with_voters(&v, NULL);
    ck_assert_double_eq(end_of(w, 0), 1.0);
    ck_assert_int_eq(v.checks, 3);
    ck_assert_str_eq(world_trace(w),
                     BEGIN " _about_to_end_run aux:__end_run__ persist(1) _check_end_run_readiness "
                           "_check_end_run_readiness _check_end_run_readiness _end_run");
    ck_assert_ptr_null(strstr(w->log, "not ready"));
    world_free(w);
}
END_TEST

START_TEST(lc_21_endless_refusal)
{
    voter v = {.refusals = -1, .code = FLR_E_NOT_READY};
    world *w = with_voters(&v, NULL);
    w->trace_log_events = true;
    ck_assert_double_eq(end_of(w, 0), 5.0);
    ck_assert_int_eq(v.checks, 11);
    ck_assert_int_eq(count_word(w, "_warning_log_available"), 1);
    ck_assert_ptr_nonnull(strstr(world_trace(w), "_warning_log_available _end_run"));
    world_free(w);
}
END_TEST

START_TEST(lc_21_times_are_configurable)
{
    world *w = world_new(0);
    voter v = {.world = w, .refusals = -1, .code = FLR_E_NOT_READY};
    ck_assert_int_eq(flr_config_set_end_run_readiness(w->config, 2.0, 1.5), 0);
    world_start(w);
    w->user = &v;
    w->on_event = vote;
    ck_assert_double_eq(end_of(w, 0), 2.0);
    ck_assert_int_eq(v.checks, 3); /* at 0, 1.5 and 2.0 s */
    world_free(w);
}
END_TEST

START_TEST(lc_21_an_abort_does_not_shorten_it)
{
    voter v = {.refusals = -1, .code = FLR_E_NOT_READY, .abort = true};
    world *w = with_voters(&v, NULL);
    ck_assert_double_eq(end_of(w, 0), 5.0);
    ck_assert_int_eq(v.checks, 11);
    world_free(w);
}
END_TEST

START_TEST(lc_21_running)
{
    voter v = {.refusals = -1, .code = FLR_E_NOT_READY};
    world *w = with_voters(&v, NULL);
    world_run(w);
    world_await(w, "_check_end_run_readiness", 1);
    ck_assert_int_eq(flr_runner_abort(w->runner, 0), 0); /* wakes, and changes nothing */
    ck_assert_int_eq(flr_clock_advance(w->clock, 5.0), 0);
    ck_assert_int_eq(world_join(w), 0);
    ck_assert_int_ge(v.checks, 1); /* whether the time passed before or in the wait */
    ck_assert_int_le(v.checks, 2);
    world_free(w);
}
END_TEST

static int leave_sticky(world *w, const char *event, flr_context *context)
{
    flr_value *value;
    if (strcmp(event, w->user) == 0) {
        ck_assert_int_eq(flr_value_new_bool(1, &value), 0);
        ck_assert_int_eq(flr_context_set(context, "not_ready_to_end_run__", value), 0);
    }
    return 0;
}

START_TEST(lc_21_old_votes_are_removed)
{
    static const char *const events[] = {"_start_run", "_about_to_end_run"};
    world *w = world_begin(0, false);
    flr_value *value;
    w->on_event = leave_sticky;
    w->user = (void *)(uintptr_t)events[_i];
    ck_assert_double_eq(end_of(w, 0), 0.0);
    ck_assert_int_eq(flr_context_get(w->context, "not_ready_to_end_run__", &value), FLR_E_NOTFOUND);
    world_free(w);
}
END_TEST

/* Checks made if this is the property at the first of them. */
static int checks_with(int (*make)(flr_value **value), uint32_t flags)
{
    voter v = {.refusals = 1, .flags = flags};
    ck_assert_int_eq(make(&v.property), 0);
    world *w = with_voters(&v, NULL);
    ck_assert_int_eq(world_finish(w), 0);
    flr_value_unref(v.property);
    world_free(w);
    return v.checks;
}

static int make_true(flr_value **value)
{
    return flr_value_new_bool(1, value);
}
static int make_false(flr_value **value)
{
    return flr_value_new_bool(0, value);
}
static int make_one(flr_value **value)
{
    return flr_value_new_int(1, value);
}
static int make_minus(flr_value **value)
{
    return flr_value_new_int(-1, value);
}
static int make_zero(flr_value **value)
{
    return flr_value_new_int(0, value);
}
static int make_half(flr_value **value)
{
    return flr_value_new_real(0.5, value);
}
static int make_real_zero(flr_value **value)
{
    return flr_value_new_real(0.0, value);
}
static int make_text(flr_value **value)
{
    return flr_value_new_text("1", value);
}

START_TEST(lc_22_the_property_as_a_vote)
{
    const uint32_t flags = _i != 0 ? FLR_PROP_FLAG_STICKY : 0;
    ck_assert_int_eq(checks_with(make_true, flags), 2);
    ck_assert_int_eq(checks_with(make_one, flags), 2);
    ck_assert_int_eq(checks_with(make_minus, flags), 2);
    ck_assert_int_eq(checks_with(make_half, flags), 2);
    ck_assert_int_eq(checks_with(make_false, flags), 1);
    ck_assert_int_eq(checks_with(make_zero, flags), 1);
    ck_assert_int_eq(checks_with(make_real_zero, flags), 1);
    ck_assert_int_eq(checks_with(make_text, flags), 1);
}
END_TEST

START_TEST(lc_22_other_failures_are_no_votes)
{
    voter v = {.refusals = -1, .code = FLR_E_IO};
    world *w = with_voters(&v, NULL);
    ck_assert_double_eq(end_of(w, 0), 0.0);
    ck_assert_int_eq(v.checks, 1);
    world_free(w);
}
END_TEST

START_TEST(lc_22_no_other_failure_hides_a_vote)
{
    voter first = {.refusals = 2, .code = _i != 0 ? FLR_E_NOT_READY : FLR_E_IO};
    voter second = {.refusals = 2, .code = _i != 0 ? FLR_E_IO : FLR_E_NOT_READY};
    world *w = with_voters(&first, &second);
    ck_assert_double_eq(end_of(w, 0), 1.0);
    ck_assert_int_eq(first.checks, 3);
    ck_assert_int_eq(second.checks, 3);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-25 */

/* What clients are told, on a thread of its own. */
static void *ask_all(void *self)
{
    world *w = self;
    const flr_answer *answer = world_request(w, "a");
    world_note(w, "<%d%s", flr_answer_get_kind(answer),
               flr_answer_get_data(answer) == NULL ? "" : "!");
    world_note(w, "%d", world_submit(w, "a", "train", "id-a", NULL));
    world_note(w, "%s", flr_shareable_get_rc(world_aux(w, "a", "__job_heartbeat__", NULL)));
    world_note(w, "%s>", flr_shareable_get_rc(world_aux(w, "a", "__sync_runner__", NULL)));
    return NULL;
}

static int ask_meanwhile(world *w, const char *event, flr_context *context)
{
    pthread_t thread;
    (void)context;
    if (strcmp(event, "_start_run") == 0)
        return 0;
    ck_assert_int_eq(pthread_create(&thread, NULL, ask_all, w), 0);
    pthread_join(thread, NULL); /* a message that waited for this handler would never come back */
    return 0;
}

static int ask_in_persist(world *w, int completed)
{
    return completed ? ask_meanwhile(w, "persist", NULL) : 0;
}

static int ask_in_send(world *w, flr_aux_send *send)
{
    (void)send;
    return ask_meanwhile(w, "send", NULL);
}

START_TEST(lc_25_messages_during_the_end_sequence)
{
    world *w = world_begin(0, false);
    w->on_event = ask_meanwhile;
    w->on_persist = ask_in_persist;
    w->on_send = ask_in_send;
    ck_assert_int_eq(FLR_ANSWER_END_RUN, 3);
    ck_assert_int_eq(FLR_OUTCOME_NOT_RUNNING, 10);
    ck_assert_int_eq(world_complete(w, _i != 0), 0);
    ck_assert_str_eq(
        world_trace(w), BEGIN
        " _about_to_end_run <3 10 OK OK> aux:__end_run__ <3 10 OK OK> persist(1) <3 10 OK OK> "
        "_check_end_run_readiness <3 10 OK OK> _end_run <3 10 OK OK>");
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-33 */

/* Leaves the runner to whoever holds it still. */
static void let_go(world *w)
{
    flr_runner_free(w->runner);
    w->runner = NULL;
}

START_TEST(lc_33_contexts_hold_the_runner)
{
    const flr_answer *answer;
    world *w = world_begin(1, false);
    world_step(w);
    flr_runner *runner = w->runner;
    let_go(w);
    ck_assert_int_eq(w->workflows[0].destroyed, 0);
    ck_assert_int_eq(flr_signal_is_triggered(flr_runner_get_abort_signal(runner)),
                     0); /* it does not abort */
    ck_assert_int_eq(flr_runner_get_status(runner), FLR_STATUS_STARTED);
    world_peer(w, w->context, WORLD_JOB);
    ck_assert_int_eq(flr_runner_process_task_request(runner, "a", w->context, &answer), 0);
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TRY_AGAIN);
    world_clear(w);
    flr_context_free(w->context);
    w->context = NULL;
    ck_assert_int_eq(w->workflows[0].destroyed, 2);
    ck_assert_str_eq(world_trace(w), ""); /* given up unfinished: nothing is called but destroy */
    world_free(w);
}
END_TEST

START_TEST(lc_33_a_run_holds_itself)
{
    world *w = world_begin(1, true);
    world_run(w);
    world_await(w, "control", 1);
    flr_signal *abort = flr_signal_ref(flr_runner_get_abort_signal(w->runner));
    flr_context_free(w->context);
    w->context = NULL;
    let_go(w);
    ck_assert_int_eq(flr_signal_is_triggered(abort), 0);
    ck_assert_int_eq(w->workflows[0].destroyed, 0);
    flr_signal_trigger(abort, NULL);
    world_join(w);
    ck_assert_int_eq(w->workflows[0].destroyed, 2);
    flr_signal_unref(abort);
    world_free(w);
}
END_TEST

static int let_go_inside(world_workflow *wf, flr_context *context)
{
    (void)context;
    let_go(wf->world);
    return 0;
}

static int persist_after(world_workflow *wf, flr_context *context)
{
    flr_runner *runner = flr_context_get_runner(context);
    let_go(wf->world);
    return flr_runner_persist(runner);
}

START_TEST(lc_33_a_step_holds_the_runner)
{
    flr_step_result result;
    world *w = world_begin(1, false);
    flr_runner *runner = w->runner;
    flr_context_free(w->context);
    w->context = NULL;
    w->workflows[0].on_start = _i != 0 ? persist_after : let_go_inside;
    flr_step_result_init(&result, sizeof result);
    ck_assert_int_eq(flr_runner_step(runner, &result), 0);
    ck_assert_int_eq(result.state, FLR_STEP_RUNNING);
    ck_assert_int_eq(w->workflows[0].destroyed, 2);
    ck_assert_ptr_nonnull(strstr(world_trace(w), "control")); /* it went on */
    world_free(w);
}
END_TEST

static int let_go_visiting(void *self, const char *client, const char *parent, int64_t last_heard,
                           int64_t disconnected)
{
    world *w = self;
    (void)parent;
    (void)last_heard;
    (void)disconnected;
    world_note(w, "<%s>", client);
    if (w->runner != NULL)
        let_go(w);
    return 0;
}

START_TEST(lc_33_a_visit_holds_the_runner)
{
    world *w = world_begin(0, false);
    ck_assert_int_eq(flr_runner_add_client(w->runner, "a", NULL), 0);
    ck_assert_int_eq(flr_runner_add_client(w->runner, "b", NULL), 0);
    flr_context_free(w->context);
    w->context = NULL;
    ck_assert_int_eq(flr_runner_visit_clients(w->runner, let_go_visiting, w), 0);
    ck_assert_str_eq(world_trace(w), "<a> <b>");
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lifecycle, end");
    TCase *c = tcase_create("lifecycle, end");
    tcase_add_loop_test(c, lc_15_the_end_sequence_in_one_context, 0, 2);
    tcase_add_loop_test(c, lc_16_the_end_run_message, 0, 2);
    tcase_add_loop_test(c, lc_16_a_failure_to_send_is_logged, 0, 2);
    tcase_add_loop_test(c, lc_16_left_out_without_send_aux, 0, 2);
    tcase_add_loop_test(c, lc_17_a_cold_run, 0, 2);
    tcase_add_test(c, lc_21_two_refusals);
    tcase_add_test(c, lc_21_endless_refusal);
    tcase_add_test(c, lc_21_times_are_configurable);
    tcase_add_test(c, lc_21_an_abort_does_not_shorten_it);
    tcase_add_test(c, lc_21_running);
    tcase_add_loop_test(c, lc_21_old_votes_are_removed, 0, 2);
    tcase_add_loop_test(c, lc_22_the_property_as_a_vote, 0, 2);
    tcase_add_test(c, lc_22_other_failures_are_no_votes);
    tcase_add_loop_test(c, lc_22_no_other_failure_hides_a_vote, 0, 2);
    tcase_add_loop_test(c, lc_25_messages_during_the_end_sequence, 0, 2);
    tcase_add_test(c, lc_33_contexts_hold_the_runner);
    tcase_add_test(c, lc_33_a_run_holds_itself);
    tcase_add_loop_test(c, lc_33_a_step_holds_the_runner, 0, 2);
    tcase_add_test(c, lc_33_a_visit_holds_the_runner);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
