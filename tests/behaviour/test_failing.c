/*
 * Failures, panics and what a run returns: rows LC-12, LC-20, LC-23, LC-30. Where a loop index is used, its lowest bit is 0 to step the run and
 * 1 to run it.
 */
#include "world.h"
#include "support/suite.h"
#include <stdio.h>
#include <string.h>

#define BEGIN "_start_run persist(0)"
#define ONE   " initialize_run start _start_workflow control stop finalize_run _end_workflow"
#define END   " _about_to_end_run aux:__end_run__ persist(1) _check_end_run_readiness _end_run"
#define FATAL_END                                                                                  \
    " _about_to_end_run fatal=1 aux:__end_run__ persist(1) _check_end_run_readiness _end_run"
#define USUAL_END                                                                                  \
    " _about_to_end_run fatal=- aux:__end_run__ persist(1) _check_end_run_readiness _end_run"
#define MINE  (-20001)
#define LATER (-20002)

static int abort_now(world_workflow *wf, flr_context *context)
{
    (void)context;
    flr_runner_abort(wf->world->runner, 0);
    return 0;
}

/* 1, 0, or -1 if it is not set. */
static int fatal_flag(world *w)
{
    flr_value *value = NULL;
    if (flr_context_get(w->context, "__fatal_system_error__", &value) < 0)
        return -1;
    int flag = flr_value_get_bool(value, 0);
    flr_value_unref(value);
    return flag;
}

/* ---------------------------------------------------------------- LC-12, LC-30: failures */

static const char *run_detail(world *w)
{
    static char text[512];
    ck_assert_int_eq(flr_runner_get_detail(w->runner, text, sizeof text), 0);
    return text;
}

/* One of the three steps of wf1 fails; the trace from the first workflow to the end. */
static void check_failure(bool run, int place, int code, const char *detail, bool secure,
                          const char *said)
{
    static const char *const before[] = {" initialize_run", " initialize_run start",
                                         " initialize_run start _start_workflow control"};
    static const char *const after[] = {" finalize_run", " stop finalize_run",
                                        " stop finalize_run _end_workflow"};
    char expected[1024];
    world *w = world_new(2);
    world_workflow *wf = &w->workflows[0];
    ck_assert_int_eq(flr_config_set_secure(w->config, secure), 0);
    wf->with_flow = w->workflows[1].with_flow = run;
    world_start(w);
    w->trace_reasons = true;
    *(place == 0   ? &wf->initialize_status
      : place == 1 ? &wf->start_status
                   : &wf->control_status) = code;
    wf->detail = detail;
    ck_assert_int_eq(world_complete(w, run), code > 0 ? FLR_E_CALLBACK : code);
    snprintf(expected, sizeof expected,
             BEGIN "%s _fatal_system_error <Exception in workflow wf1: %s>%s" FATAL_END,
             before[place], said, after[place]);
    ck_assert_str_eq(world_trace(w), expected);
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), 0);
    ck_assert_str_eq(run_detail(w), said);
    ck_assert_ptr_nonnull(strstr(w->log, "failed: "));
    world_free(w);
}

START_TEST(lc_12_lc_30_a_failure_with_detail)
{
    check_failure(_i & 1, _i >> 1, MINE, "out of tea", false, "out of tea");
    check_failure(_i & 1, _i >> 1, FLR_E_ABORTED, "out of tea", false,
                  "out of tea"); /* a code like any other */
}
END_TEST

START_TEST(lc_12_lc_30_a_failure_without_detail)
{
    check_failure(_i & 1, _i >> 1, MINE, NULL, false, "FLR_E_HOST");
    check_failure(_i & 1, _i >> 1, FLR_E_NOMEM, NULL, false, "FLR_E_NOMEM");
    check_failure(_i & 1, _i >> 1, -9999, NULL, false,
                  "FLR_E_?"); /* an undefined code passes as it is */
}
END_TEST

START_TEST(lc_12_a_detail_in_secure_mode)
{
    check_failure(_i & 1, _i >> 1, FLR_E_IO, "out of tea", true, "FLR_E_IO");
}
END_TEST

static int return_positive(world_workflow *wf, flr_context *context)
{
    (void)wf;
    (void)context;
    return 3;
}

START_TEST(lc_12_a_positive_value_is_a_failed_callback)
{
    world *w = world_begin(1, _i != 0);
    w->workflows[0].on_control = return_positive;
    ck_assert_int_eq(world_complete(w, _i != 0), FLR_E_CALLBACK);
    ck_assert_str_eq(
        world_trace(w), BEGIN
        " initialize_run start _start_workflow control _fatal_system_error stop finalize_run _end_workflow" END);
    world_free(w);
}
END_TEST

static int fail_later(world_workflow *wf, flr_context *context)
{
    return wf->steps < 3 ? 0 : flr_context_fail(context, MINE, "in step %d", wf->steps);
}

START_TEST(lc_12_a_later_step_fails)
{
    world *w = world_begin(1, false);
    w->workflows[0].on_control = fail_later;
    w->trace_reasons = true;
    world_step(w);
    flr_runner_wake(w->runner);
    ck_assert_int_eq(world_step(w).state, FLR_STEP_RUNNING);
    flr_runner_wake(w->runner);
    flr_step_result result = world_step(w);
    ck_assert_int_eq(result.state, FLR_STEP_ENDED);
    ck_assert_int_eq(result.result, MINE);
    ck_assert_ptr_nonnull(strstr(
        world_trace(w), "control _fatal_system_error <Exception in workflow wf1: in step 3> stop"));
    world_free(w);
}
END_TEST

START_TEST(lc_12_the_second_workflow_fails)
{
    world *w = world_begin(2, _i != 0);
    w->workflows[1].start_status = MINE;
    w->trace_reasons = true;
    ck_assert_int_eq(world_complete(w, _i != 0), MINE);
    ck_assert_str_eq(
        world_trace(w), BEGIN ONE
        " initialize_run2 start2 _fatal_system_error <Exception in workflow wf2: FLR_E_HOST> "
        "stop2 finalize_run2" FATAL_END);
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), 1);
    world_free(w);
}
END_TEST

static int abort_and_fail(world_workflow *wf, flr_context *context)
{
    flr_runner_abort(wf->world->runner, 0);
    return flr_context_fail(context, MINE, "because of the abort");
}

START_TEST(lc_12_a_failure_after_an_abort_is_only_logged)
{
    static const char *const expected[] = {" initialize_run finalize_run",
                                           " initialize_run start stop finalize_run", ONE};
    char trace[512];
    world *w = world_begin(2, _i & 1);
    world_workflow *wf = &w->workflows[0];
    *(_i >> 1 == 0   ? &wf->on_initialize
      : _i >> 1 == 1 ? &wf->on_start
                     : &wf->on_control) = abort_and_fail;
    w->trace_reasons = true;
    ck_assert_int_eq(world_complete(w, _i & 1), FLR_E_ABORTED);
    snprintf(trace, sizeof trace, BEGIN "%s" FATAL_END, expected[_i >> 1]);
    ck_assert_str_eq(world_trace(w), trace);
    ck_assert_ptr_nonnull(strstr(w->log, "because of the abort"));
    ck_assert_str_eq(run_detail(w), "");
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-20 */

START_TEST(lc_20_what_a_panic_does)
{
    world *w = world_begin(1, false);
    w->trace_reasons = true;
    w->trace_log_events = true;
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(flr_context_reset(w->context), 0);
    ck_assert_int_eq(flr_context_panic(w->context, "the roof is on fire"), 0);
    ck_assert_str_eq(world_trace(w),
                     "_fatal_system_error <the roof is on fire> _error_log_available");
    ck_assert_ptr_nonnull(strstr(w->log, "the roof is on fire"));
    ck_assert_int_eq(fatal_flag(w), 1);
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_DONE);
    ck_assert_int_eq(flr_signal_is_triggered(flr_runner_get_abort_signal(w->runner)), 1);
    w->trace_log_events = false;
    world_clear(w);
    ck_assert_int_eq(world_finish(w), FLR_E_ABORTED);
    ck_assert_str_eq(world_trace(w), "stop finalize_run _end_workflow" FATAL_END); /* not cold */
    world_free(w);
}
END_TEST

START_TEST(lc_20_the_event_alone_will_do)
{
    flr_value *reason;
    world *w = world_begin(1, false);
    world_step(w);
    ck_assert_int_eq(flr_value_new_text("fired by hand", &reason), 0);
    ck_assert_int_eq(flr_context_set_prop(w->context, "__event_data__", reason, 0), 0);
    ck_assert_int_eq(flr_context_fire(w->context, "_fatal_system_error"), 0);
    ck_assert_ptr_nonnull(strstr(w->log, "fired by hand"));
    ck_assert_int_eq(world_finish(w), FLR_E_ABORTED);
    world_free(w);
}
END_TEST

static int panic_in_event(world *w, const char *event, flr_context *context)
{
    if (strcmp(event, w->user) == 0)
        ck_assert_int_eq(flr_context_panic(context, "why"), 0);
    return 0;
}

START_TEST(lc_20_in_the_end_sequence)
{
    static const char *const events[] = {"_about_to_end_run", "_check_end_run_readiness"};
    world *w = world_begin(1, _i & 1);
    w->on_event = panic_in_event;
    w->user = (void *)(uintptr_t)events[_i >> 1];
    ck_assert_int_eq(world_complete(w, _i & 1), FLR_E_ABORTED);
    ck_assert_str_eq(
        world_trace(w),
        _i >> 1 == 0 ? BEGIN ONE
            " _about_to_end_run _fatal_system_error aux:__end_run__ persist(1) _check_end_run_readiness _end_run"
                     : BEGIN ONE
            " _about_to_end_run aux:__end_run__ persist(1) _check_end_run_readiness _fatal_system_error _end_run");
    ck_assert_int_eq(fatal_flag(w), 1);
    world_free(w);
}
END_TEST

START_TEST(lc_20_too_late)
{
    world *w = world_begin(1, _i & 1);
    w->on_event = panic_in_event;
    w->user = "_end_run";
    ck_assert_int_eq(world_complete(w, _i & 1), 0);
    world_free(w);
    w = world_begin(1, _i & 1);
    ck_assert_int_eq(world_complete(w, _i & 1), 0);
    ck_assert_int_eq(flr_context_panic(w->context, "why"), 0);
    ck_assert_int_eq(fatal_flag(w), -1);
    ck_assert_int_eq(flr_signal_is_triggered(flr_runner_get_abort_signal(w->runner)), 0);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-23 */

static int fail_last_persist(world *w, int completed)
{
    (void)w;
    return completed ? LATER : 0;
}

START_TEST(lc_23_the_last_persist_fails)
{
    world *w = world_begin(1, _i & 1);
    w->on_persist = fail_last_persist;
    w->trace_reasons = true;
    ck_assert_int_eq(world_complete(w, _i & 1), LATER);
    ck_assert_str_eq(world_trace(w), BEGIN ONE USUAL_END); /* it stops nothing */
    ck_assert_ptr_nonnull(strstr(w->log, "persist failed"));
    world_free(w);
}
END_TEST

START_TEST(lc_23_all_completed)
{
    world *w = world_begin(2, _i & 1);
    w->trace_reasons = true;
    ck_assert_int_eq(world_complete(w, _i & 1), 0);
    ck_assert_ptr_nonnull(strstr(world_trace(w), USUAL_END));
    ck_assert_str_eq(run_detail(w), "");
    world_free(w);
}
END_TEST

START_TEST(lc_23_the_first_cause_decides)
{
    /* a failed workflow, an abort, a panic, and a late panic come before the last persist */
    for (int cause = 0; cause < 4; cause++) {
        world *w = world_begin(1, _i & 1);
        w->on_persist = fail_last_persist;
        w->user = cause == 2 ? "_start_workflow" : "_about_to_end_run";
        w->on_event = cause >= 2 ? panic_in_event : NULL;
        w->workflows[0].control_status = cause == 0 ? MINE : 0;
        w->workflows[0].on_control = cause == 1 ? abort_now : NULL;
        ck_assert_int_eq(world_complete(w, _i & 1), cause == 0 ? MINE : FLR_E_ABORTED);
        world_free(w);
    }
    /* a panic after it does not */
    world *w = world_begin(1, _i & 1);
    w->on_persist = fail_last_persist;
    w->on_event = panic_in_event;
    w->user = "_check_end_run_readiness";
    ck_assert_int_eq(world_complete(w, _i & 1), LATER);
    world_free(w);
}
END_TEST

START_TEST(lc_23_the_fatal_flag_after_an_abort)
{
    world *w = world_begin(2, _i & 1);
    w->trace_reasons = true;
    w->workflows[1].on_control = abort_now;
    ck_assert_int_eq(world_complete(w, _i & 1), FLR_E_ABORTED);
    ck_assert_ptr_nonnull(strstr(world_trace(w), FATAL_END));
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), 1);
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("failing");
    TCase *c = tcase_create("failing");
    tcase_add_loop_test(c, lc_12_lc_30_a_failure_with_detail, 0, 6);
    tcase_add_loop_test(c, lc_12_lc_30_a_failure_without_detail, 0, 6);
    tcase_add_loop_test(c, lc_12_a_detail_in_secure_mode, 0, 6);
    tcase_add_loop_test(c, lc_12_a_positive_value_is_a_failed_callback, 0, 2);
    tcase_add_test(c, lc_12_a_later_step_fails);
    tcase_add_loop_test(c, lc_12_the_second_workflow_fails, 0, 2);
    tcase_add_loop_test(c, lc_12_a_failure_after_an_abort_is_only_logged, 0, 6);
    tcase_add_test(c, lc_20_what_a_panic_does);
    tcase_add_test(c, lc_20_the_event_alone_will_do);
    tcase_add_loop_test(c, lc_20_in_the_end_sequence, 0, 4);
    tcase_add_loop_test(c, lc_20_too_late, 0, 2);
    tcase_add_loop_test(c, lc_23_the_last_persist_fails, 0, 2);
    tcase_add_loop_test(c, lc_23_all_completed, 0, 2);
    tcase_add_loop_test(c, lc_23_the_first_cause_decides, 0, 2);
    tcase_add_loop_test(c, lc_23_the_fatal_flag_after_an_abort, 0, 2);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
