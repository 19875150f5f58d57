/*
 * The lifecycle as a plain state machine: rows LC-04 to LC-30, without runner, engine or clock. A script says what goes wrong where; the trace
 * is the sequence of actions, what belongs to workflow n > 0 with n + 1 behind it.
 */
#include "runner/lifecycle.h"
#include "support/suite.h"
#include <check.h>
#include <flrunner/base.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define ANY    ((size_t)-1)
#define FAILED (-20001)
#define LATER  (-20002)

static const char *const names[] = {
    [FLR__ACT_SETUP] = "setup",
    [FLR__ACT_START_RUN] = "start_run",
    [FLR__ACT_PERSIST_BEGIN] = "persist0",
    [FLR__ACT_LIST_CLIENTS] = "list",
    [FLR__ACT_STARTED] = "started",
    [FLR__ACT_INITIALIZE] = "initialize",
    [FLR__ACT_START] = "start",
    [FLR__ACT_START_WORKFLOW] = "start_workflow",
    [FLR__ACT_LIST_AGAIN] = "list_again",
    [FLR__ACT_CHECK_POLICY] = "policy",
    [FLR__ACT_OPEN] = "open",
    [FLR__ACT_CONTROL] = "control",
    [FLR__ACT_PANIC] = "panic",
    [FLR__ACT_CLOSE] = "close",
    [FLR__ACT_STOP] = "stop",
    [FLR__ACT_FINALIZE] = "finalize",
    [FLR__ACT_END_WORKFLOW] = "end_workflow",
    [FLR__ACT_DONE] = "done",
    [FLR__ACT_ABOUT_TO_END] = "about_to_end",
    [FLR__ACT_SEND_END] = "send_end",
    [FLR__ACT_PERSIST_END] = "persist1",
    [FLR__ACT_CHECK_READY] = "check",
    [FLR__ACT_WAIT_READY] = "wait",
    [FLR__ACT_END_RUN] = "end_run",
    [FLR__ACT_CLEANUP] = "cleanup",
};

#define BEGIN "setup start_run persist0 list started "
#define OPEN  "initialize start start_workflow list_again policy open control "
#define CLOSE "close stop finalize end_workflow "
#define COLD  "done about_to_end check end_run cleanup"
#define END   "done about_to_end send_end persist1 check end_run cleanup"

/* What happens in an action of a workflow. */
typedef struct happening {
    flr__action action;
    size_t index; /* ANY: of whichever workflow */
    int status;
    bool abort, cold, panic;
} happening;

typedef struct play {
    flr__lifecycle life;
    char trace[4096];
    bool aborted, cold, panicked;
    int refusals; /* how often readiness is refused; negative: always */
    int64_t now;
    int checks;
} play;

static bool of_workflow(flr__action a)
{
    return a >= FLR__ACT_INITIALIZE && a <= FLR__ACT_END_WORKFLOW && a != FLR__ACT_PANIC;
}

static void note(play *p)
{
    size_t used = strlen(p->trace), n = of_workflow(p->life.action) ? p->life.index + 1 : 1;
    ck_assert_uint_lt(used + 32, sizeof p->trace);
    snprintf(p->trace + used, sizeof p->trace - used, n > 1 ? "%s%s%zu" : "%s%s",
             used > 0 ? " " : "", names[p->life.action], n);
}

/* One action, and what the script has happen in it. */
static void act(play *p, const happening *script, size_t count)
{
    flr__report report = {0};
    note(p);
    for (size_t i = 0; i < count; i++) {
        const happening *h = &script[i];
        if (h->action != p->life.action || (h->index != ANY && h->index != p->life.index))
            continue;
        report.status = h->status;
        p->panicked = p->panicked || h->panic;
        p->aborted = p->aborted || h->abort || h->cold || h->panic;
        p->cold = p->cold || h->cold;
    }
    if (p->life.action == FLR__ACT_PANIC)
        p->panicked = p->aborted = true;
    if (p->life.action == FLR__ACT_WAIT_READY)
        p->now = p->life.readiness.at;
    if (p->life.action == FLR__ACT_CHECK_READY)
        report.ready = p->checks++ >= p->refusals && p->refusals >= 0;
    report.aborted = p->aborted;
    report.cold = p->cold;
    report.panicked = p->panicked;
    report.now = p->now;
    flr__lifecycle_report(&p->life, &report);
}

static void begin(play *p, size_t first, size_t workflows)
{
    memset(p, 0, sizeof *p);
    p->now = 7 * SECOND;
    flr__lifecycle_init(&p->life, first, workflows, 5 * SECOND, SECOND / 2);
}

static void go_on(play *p, const happening *script, size_t count)
{
    for (int i = 0; i < 200 && p->life.action != FLR__ACT_ENDED; i++)
        act(p, script, count);
    ck_assert_int_eq(p->life.action, FLR__ACT_ENDED);
    flr__lifecycle_report(&p->life, &(flr__report){0}); /* it stays so */
    ck_assert_int_eq(p->life.action, FLR__ACT_ENDED);
}

/* Plays a script over n workflows and compares everything. */
#define CHECK_PLAY(n, expected_trace, expected_result, expected_index, expected_fatal, ...)        \
    do {                                                                                           \
        const happening script_[] = {{FLR__ACT_ENDED, 0, 0, false, false, false}, __VA_ARGS__};    \
        play p_;                                                                                   \
        begin(&p_, 0, (n));                                                                        \
        go_on(&p_, script_, sizeof script_ / sizeof script_[0]);                                   \
        ck_assert_str_eq(p_.trace, (expected_trace));                                              \
        ck_assert_int_eq(p_.life.result, (expected_result));                                       \
        ck_assert_uint_eq(p_.life.index, (expected_index));                                        \
        ck_assert_int_eq(p_.life.fatal, (expected_fatal));                                         \
    } while (0)

#define NOTHING                                                                                    \
    {                                                                                              \
        FLR__ACT_ENDED, 0, 0, false, false, false                                                  \
    }
#define FAILS(a, i, s)                                                                             \
    {                                                                                              \
        FLR__ACT_##a, (i), (s), false, false, false                                                \
    }
#define ABORTS(a, i)                                                                               \
    {                                                                                              \
        FLR__ACT_##a, (i), 0, true, false, false                                                   \
    }
#define COLDLY(a, i)                                                                               \
    {                                                                                              \
        FLR__ACT_##a, (i), 0, true, true, false                                                    \
    }
#define PANICS(a, i)                                                                               \
    {                                                                                              \
        FLR__ACT_##a, (i), 0, false, false, true                                                   \
    }

START_TEST(lc_27_all_goes_well)
{
    CHECK_PLAY(0, BEGIN END, 0, 0, false, NOTHING);
    CHECK_PLAY(1, BEGIN OPEN CLOSE END, 0, 1, false, NOTHING);
    CHECK_PLAY(2,
               BEGIN OPEN CLOSE "initialize2 start2 start_workflow2 list_again2 policy2 open2 control2 "
                                "close2 stop2 finalize2 end_workflow2 " END,
               0, 2, false, NOTHING);
}
END_TEST

START_TEST(lc_04_begins_at_the_restored_workflow)
{
    play p;
    begin(&p, 1, 2);
    go_on(&p, NULL, 0);
    ck_assert_str_eq(p.trace, BEGIN "initialize2 start2 start_workflow2 list_again2 policy2 open2 control2 "
                                    "close2 stop2 finalize2 end_workflow2 " END);
    begin(&p, 2, 2);
    go_on(&p, NULL, 0);
    ck_assert_str_eq(p.trace, BEGIN END);
    ck_assert_int_eq(p.life.result, 0);
    ck_assert(!p.life.fatal);
}
END_TEST

START_TEST(lc_05_a_failed_begin_starts_no_workflow)
{
    CHECK_PLAY(2, BEGIN END, FAILED, 0, true, FAILS(PERSIST_BEGIN, ANY, FAILED));
    CHECK_PLAY(2, BEGIN END, LATER, 0, true, FAILS(LIST_CLIENTS, ANY, LATER));
    CHECK_PLAY(2, BEGIN END, FAILED, 0, true, FAILS(PERSIST_BEGIN, ANY, FAILED),
               FAILS(LIST_CLIENTS, ANY, LATER));
    CHECK_PLAY(0, BEGIN END, FAILED, 0, true, FAILS(LIST_CLIENTS, ANY, FAILED));
    /* the first cause decides, before or after an abort */
    CHECK_PLAY(1, BEGIN END, FAILED, 0, true, FAILS(PERSIST_BEGIN, ANY, FAILED),
               ABORTS(LIST_CLIENTS, ANY));
    CHECK_PLAY(1, BEGIN END, FAILED, 0, true, FAILS(LIST_CLIENTS, ANY, FAILED),
               FAILS(PERSIST_END, ANY, LATER));
}
END_TEST

START_TEST(lc_30_failures_of_a_workflow)
{
    CHECK_PLAY(2, BEGIN "initialize panic close finalize " END, FAILED, 0, true,
               FAILS(INITIALIZE, ANY, FAILED));
    CHECK_PLAY(2, BEGIN "initialize start panic close stop finalize " END, FAILED, 0, true,
               FAILS(START, ANY, FAILED));
    CHECK_PLAY(2, BEGIN "initialize start start_workflow list_again panic " CLOSE END, FAILED, 0,
               true, FAILS(LIST_AGAIN, ANY, FAILED));
    CHECK_PLAY(2, BEGIN OPEN "panic " CLOSE END, FAILED, 0, true, FAILS(CONTROL, ANY, FAILED));
    CHECK_PLAY(2, BEGIN OPEN CLOSE "initialize2 start2 panic close2 stop2 finalize2 " END, FAILED,
               1, true, FAILS(START, 1, FAILED));
    CHECK_PLAY(3, BEGIN OPEN CLOSE "initialize2 panic close2 finalize2 " END, FAILED, 1, true,
               FAILS(INITIALIZE, 1, FAILED));
}
END_TEST

START_TEST(lc_12_a_failure_after_an_abort_is_the_abort)
{
    CHECK_PLAY(2, BEGIN "initialize close finalize " END, FLR_E_ABORTED, 0, true,
               {FLR__ACT_INITIALIZE, ANY, FAILED, true, false, false});
    CHECK_PLAY(2, BEGIN "initialize start close stop finalize " END, FLR_E_ABORTED, 0, true,
               {FLR__ACT_START, ANY, FAILED, true, false, false});
    CHECK_PLAY(2, BEGIN OPEN CLOSE END, FLR_E_ABORTED, 0, true,
               {FLR__ACT_CONTROL, ANY, FAILED, true, false, false});
    CHECK_PLAY(2, BEGIN OPEN CLOSE END, FLR_E_ABORTED, 0, true,
               {FLR__ACT_CONTROL, ANY, FAILED, false, false, true});
}
END_TEST

START_TEST(lc_13_an_abort_leaves_out_what_follows)
{
    CHECK_PLAY(2, BEGIN "initialize close finalize " END, FLR_E_ABORTED, 0, true,
               ABORTS(INITIALIZE, ANY));
    CHECK_PLAY(2, BEGIN "initialize start close stop finalize " END, FLR_E_ABORTED, 0, true,
               ABORTS(START, ANY));
    CHECK_PLAY(2, BEGIN "initialize start start_workflow " CLOSE END, FLR_E_ABORTED, 0, true,
               ABORTS(START_WORKFLOW, ANY));
    CHECK_PLAY(2, BEGIN "initialize start start_workflow list_again " CLOSE END, FLR_E_ABORTED, 0,
               true, ABORTS(LIST_AGAIN, ANY));
}
END_TEST

START_TEST(lc_28_an_abort_in_control)
{
    CHECK_PLAY(2, BEGIN OPEN CLOSE END, FLR_E_ABORTED, 0, true, ABORTS(CONTROL, ANY));
    CHECK_PLAY(2, BEGIN OPEN CLOSE COLD, FLR_E_ABORTED, 0, true, COLDLY(CONTROL, ANY));
    CHECK_PLAY(2, BEGIN OPEN CLOSE END, FLR_E_ABORTED, 0, true, PANICS(CONTROL, ANY));
}
END_TEST

START_TEST(lc_11_an_abort_while_a_workflow_ends_keeps_the_index)
{
    CHECK_PLAY(2, BEGIN OPEN CLOSE END, FLR_E_ABORTED, 0, true, ABORTS(CLOSE, ANY));
    CHECK_PLAY(2, BEGIN OPEN CLOSE END, FLR_E_ABORTED, 0, true, ABORTS(STOP, ANY));
    CHECK_PLAY(2, BEGIN OPEN CLOSE END, FLR_E_ABORTED, 0, true, ABORTS(FINALIZE, ANY));
    CHECK_PLAY(1, BEGIN OPEN CLOSE END, FLR_E_ABORTED, 0, true, ABORTS(END_WORKFLOW, ANY));
}
END_TEST

START_TEST(lc_29_aborted_before_the_start)
{
    CHECK_PLAY(2, BEGIN END, FLR_E_ABORTED, 0, true, ABORTS(SETUP, ANY));
    CHECK_PLAY(2, BEGIN END, FLR_E_ABORTED, 0, true, ABORTS(START_RUN, ANY));
    CHECK_PLAY(2, BEGIN END, FLR_E_ABORTED, 0, true, ABORTS(STARTED, ANY));
    CHECK_PLAY(2, BEGIN COLD, FLR_E_ABORTED, 0, true, COLDLY(SETUP, ANY));
    CHECK_PLAY(2, BEGIN END, FLR_E_ABORTED, 0, true, PANICS(START_RUN, ANY));
    CHECK_PLAY(0, BEGIN END, FLR_E_ABORTED, 0, false, ABORTS(SETUP, ANY));
}
END_TEST

START_TEST(lc_18_cold_counts_until_the_end_run_message)
{
    CHECK_PLAY(0, BEGIN COLD, 0, 0, false, COLDLY(ABOUT_TO_END, ANY));
    CHECK_PLAY(0, BEGIN END, 0, 0, false, COLDLY(SEND_END, ANY));
    CHECK_PLAY(0, BEGIN END, 0, 0, false, COLDLY(PERSIST_END, ANY));
}
END_TEST

START_TEST(lc_23_the_first_cause_decides)
{
    CHECK_PLAY(1, BEGIN OPEN CLOSE END, LATER, 1, false, FAILS(PERSIST_END, ANY, LATER));
    CHECK_PLAY(1, BEGIN OPEN CLOSE END, FLR_E_ABORTED, 0, true, ABORTS(CONTROL, ANY),
               FAILS(PERSIST_END, ANY, LATER));
    CHECK_PLAY(1, BEGIN OPEN "panic " CLOSE END, FAILED, 0, true, FAILS(CONTROL, ANY, FAILED),
               FAILS(PERSIST_END, ANY, LATER));
    /* an abort in the end sequence changes nothing, a panic does */
    CHECK_PLAY(1, BEGIN OPEN CLOSE END, 0, 1, false, ABORTS(ABOUT_TO_END, ANY));
    CHECK_PLAY(1, BEGIN OPEN CLOSE END, FLR_E_ABORTED, 1, false, PANICS(ABOUT_TO_END, ANY));
    CHECK_PLAY(1, BEGIN OPEN CLOSE END, FLR_E_ABORTED, 1, false, PANICS(CHECK_READY, ANY));
    CHECK_PLAY(1, BEGIN OPEN CLOSE END, FLR_E_ABORTED, 1, false, PANICS(ABOUT_TO_END, ANY),
               FAILS(PERSIST_END, ANY, LATER));
    CHECK_PLAY(1, BEGIN OPEN CLOSE END, LATER, 1, false, PANICS(CHECK_READY, ANY),
               FAILS(PERSIST_END, ANY, LATER));
    /* too late */
    CHECK_PLAY(1, BEGIN OPEN CLOSE END, 0, 1, false, PANICS(END_RUN, ANY));
    CHECK_PLAY(1, BEGIN OPEN CLOSE END, 0, 1, false, PANICS(CLEANUP, ANY));
}
END_TEST

START_TEST(lc_10_failures_while_closing_stop_nothing)
{
    CHECK_PLAY(2,
               BEGIN OPEN CLOSE "initialize2 start2 start_workflow2 list_again2 policy2 open2 control2 "
                                "close2 stop2 finalize2 end_workflow2 " END,
               0, 2, false, FAILS(STOP, ANY, FAILED), FAILS(FINALIZE, ANY, LATER),
               FAILS(CLOSE, ANY, LATER));
}
END_TEST

static int64_t play_readiness(int refusals, int *checks)
{
    play p;
    begin(&p, 0, 0);
    p.refusals = refusals;
    go_on(&p, NULL, 0);
    ck_assert_int_eq(p.life.result, 0);
    *checks = p.checks;
    return p.now - 7 * SECOND;
}

START_TEST(lc_21_readiness)
{
    int checks;
    ck_assert_int_eq(play_readiness(0, &checks), 0);
    ck_assert_int_eq(checks, 1);
    ck_assert_int_eq(play_readiness(2, &checks), SECOND);
    ck_assert_int_eq(checks, 3);
    ck_assert_int_eq(play_readiness(-1, &checks), 5 * SECOND);
    ck_assert_int_eq(checks, 11);
}
END_TEST

START_TEST(lc_21_the_last_wait_ends_with_the_timeout)
{
    play p;
    memset(&p, 0, sizeof p);
    p.refusals = -1;
    flr__lifecycle_init(&p.life, 0, 0, 2 * SECOND, 3 * SECOND / 2);
    go_on(&p, NULL, 0);
    ck_assert_int_eq(p.checks, 3); /* at 0, 1.5 and 2 s */
    ck_assert_int_eq(p.now, 2 * SECOND);
    memset(&p, 0, sizeof p);
    p.now = INT64_MAX - SECOND; /* no overflow near the end of time */
    p.refusals = 1;
    flr__lifecycle_init(&p.life, 0, 0, 2 * SECOND, SECOND / 2);
    go_on(&p, NULL, 0);
    ck_assert_int_eq(p.checks, 2);
}
END_TEST

START_TEST(lc_21_an_abort_does_not_shorten_it)
{
    const happening script[] = {ABORTS(CHECK_READY, ANY)};
    play p;
    begin(&p, 0, 0);
    p.refusals = -1;
    go_on(&p, script, 1);
    ck_assert_int_eq(p.checks, 11);
    ck_assert_int_eq(p.life.result, 0);
}
END_TEST

static int count(const char *trace, const char *word)
{
    int n = 0;
    size_t size = strlen(word);
    for (const char *p = trace; (p = strstr(p, word)) != NULL; p += size)
        n += (p == trace || p[-1] == ' ') && (p[size] == ' ' || p[size] == '\0');
    return n;
}

/* What holds however the run went. */
static void check_invariants(const play *p, const char *what)
{
    static const char *const once[] = {"setup", "start_run",    "persist0", "list",   "started",
                                       "done",  "about_to_end", "end_run",  "cleanup"};
    char open[32], close[32];
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
        ck_assert_msg(count(p->trace, once[i]) == 1, "%s: %s", what, p->trace);
    for (int n = 1; n <= 2; n++) {
        static const char *const pairs[][2] = {{"initialize", "finalize"},
                                               {"start", "stop"},
                                               {"start_workflow", "end_workflow"},
                                               {"initialize", "close"}};
        for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
            snprintf(open, sizeof open, n > 1 ? "%s%d" : "%s", pairs[i][0], n);
            snprintf(close, sizeof close, n > 1 ? "%s%d" : "%s", pairs[i][1], n);
            ck_assert_msg(count(p->trace, open) == count(p->trace, close), "%s: %s", what,
                          p->trace);
            ck_assert_msg(count(p->trace, open) <= 1, "%s: %s", what, p->trace);
        }
    }
    ck_assert_msg(count(p->trace, "panic") <= 1, "%s: %s", what, p->trace);
    ck_assert_msg(p->life.fatal == (p->life.index < 2 || p->life.start_failed), "%s: %s", what,
                  p->trace);
    ck_assert_msg(p->life.index == 2 || p->life.result != 0, "%s: %s", what, p->trace);
    ck_assert_msg((count(p->trace, "send_end") == 0) <= p->cold, "%s: %s", what, p->trace);
    ck_assert_msg(count(p->trace, "send_end") == count(p->trace, "persist1"), "%s: %s", what,
                  p->trace);
}

/* Two mishaps at any two places, of any kind. */
START_TEST(lc_10_balance_whatever_happens)
{
    static const happening kinds[] = {{0, 0, FAILED, false, false, false},
                                      {0, 0, 0, true, false, false},
                                      {0, 0, 0, true, true, false},
                                      {0, 0, 0, false, false, true},
                                      {0, 0, FAILED, true, false, false}};
    const size_t places = 2 * FLR__ACT_ENDED, kind_count = sizeof kinds / sizeof kinds[0];
    for (size_t first = 0; first < places * kind_count; first++)
        for (size_t second = 0; second < places * kind_count; second++) {
            const size_t chosen[2] = {first, second};
            happening script[2];
            char what[64];
            play p;
            for (int i = 0; i < 2; i++) {
                script[i] = kinds[chosen[i] % kind_count];
                script[i].action = (flr__action)(chosen[i] / kind_count / 2);
                script[i].index = chosen[i] / kind_count % 2;
            }
            begin(&p, 0, 2);
            go_on(&p, script, 2);
            snprintf(what, sizeof what, "mishaps %zu and %zu", first, second);
            check_invariants(&p, what);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lifecycle core");
    TCase *c = tcase_create("lifecycle core");
    tcase_add_test(c, lc_27_all_goes_well);
    tcase_add_test(c, lc_04_begins_at_the_restored_workflow);
    tcase_add_test(c, lc_05_a_failed_begin_starts_no_workflow);
    tcase_add_test(c, lc_30_failures_of_a_workflow);
    tcase_add_test(c, lc_12_a_failure_after_an_abort_is_the_abort);
    tcase_add_test(c, lc_13_an_abort_leaves_out_what_follows);
    tcase_add_test(c, lc_28_an_abort_in_control);
    tcase_add_test(c, lc_11_an_abort_while_a_workflow_ends_keeps_the_index);
    tcase_add_test(c, lc_29_aborted_before_the_start);
    tcase_add_test(c, lc_18_cold_counts_until_the_end_run_message);
    tcase_add_test(c, lc_23_the_first_cause_decides);
    tcase_add_test(c, lc_10_failures_while_closing_stop_nothing);
    tcase_add_test(c, lc_21_readiness);
    tcase_add_test(c, lc_21_the_last_wait_ends_with_the_timeout);
    tcase_add_test(c, lc_21_an_abort_does_not_shorten_it);
    tcase_add_test(c, lc_10_balance_whatever_happens);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
