/*
 * How sends and relays end in the board's core: by their last leg, by silence, because nobody is left
 * who could go on. Without locks, threads or a runner.
 */
#include "coretest.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>

static coretest ct;
static flr__core *core;

static void begin(void)
{
    coretest_begin(&ct);
    core = ct.core;
    core->lead = 30;
}

static void end(void)
{
    coretest_end(&ct);
}

static flr__core_task *relayed(const char *list, bool dynamic, int64_t step, int64_t result_timeout)
{
    return coretest_schedule(&ct, "t",
                             &(coretest_options){.policy = &flr__policy_relay,
                                                 .list = list,
                                                 .dynamic = dynamic,
                                                 .step = step,
                                                 .result_timeout = result_timeout},
                             0);
}

static flr_assignment *ask(int i, int64_t now)
{
    return coretest_ask(&ct, i, now);
}

static int answer(int i, const flr_assignment *a, int64_t now)
{
    return coretest_submit(&ct, i, "t", a->id, now);
}

/* The next leg is this client's. */
static void serves(int i, int64_t now)
{
    flr_assignment *a = ask(i, now);

    ck_assert_ptr_nonnull(a);
    ck_assert_int_eq(answer(i, a, now), FLR_OUTCOME_ACCEPTED);
}

static void lose(int i, int64_t now)
{
    coretest_lose(&ct, i, now);
    coretest_expire(&ct, now);
}

static void regain(int i, int64_t now)
{
    coretest_regain(&ct, i, now);
    coretest_expire(&ct, now);
}

static void stands(const flr__core_task *t, int64_t now)
{
    coretest_stands(&ct, t, now);
}

static void ends(const flr__core_task *t, int64_t at, int status)
{
    coretest_ends(&ct, t, at, status);
}

static void ended(const flr__core_task *t, int64_t at, int status)
{
    coretest_ended(t, at, status);
}

/* ---- SE-06, SR-10 to SR-12, DC-08 ---- */

START_TEST(se_06_nobody_is_live)
{
    for (int any = 0; any < 2; any++) {
        coretest_options o = {.policy = any ? &flr__policy_send_any : &flr__policy_send,
                              .list = "01",
                              .step = any ? 0 : 10};
        flr__core_task *t = coretest_schedule(&ct, "t", &o, 0);

        lose(0, 1);
        lose(1, 1);
        ends(t, 30, FLR_TASK_CLIENT_DEAD);
        regain(0, 2000);
        regain(1, 2000);
    }
}
END_TEST

START_TEST(sr_10_by_what_became_of_the_last_leg)
{
    flr__core_task *t = relayed("01", false, 0, 5);
    flr_assignment *last;

    serves(0, 1);
    ck_assert_ptr_nonnull(ask(1, 2));
    ends(t, 7, FLR_TASK_TIMEOUT);
    t = relayed("01", false, 0, 0);
    serves(0, 1);
    ck_assert_ptr_nonnull(ask(1, 2));
    lose(1, 3);
    regain(1, 4); /* too late for it */
    ends(t, 30, FLR_TASK_CLIENT_DEAD);
    t = relayed("01", false, 0, 0);
    serves(0, 1);
    last = ask(1, 2);
    lose(1, 3);
    stands(t, 29);
    answer(1, last, 29); /* before the lead time: ok */
    ended(t, 29, FLR_TASK_OK);
}
END_TEST

START_TEST(sr_10_a_late_result_of_another_leg_does_not_matter)
{
    flr__core_task *t = relayed("01", false, 0, 5);
    flr_assignment *first = ask(0, 0);

    stands(t, 5);
    ck_assert_ptr_nonnull(ask(1, 6));
    lose(1, 7);
    ck_assert_int_eq(answer(0, first, 8), FLR_OUTCOME_ACCEPTED);
    ends(t, 30, FLR_TASK_CLIENT_DEAD);
    regain(1, 2000);
    t = relayed("01", false, 0, 5);
    first = ask(0, 0);
    stands(t, 5);
    ck_assert_ptr_nonnull(ask(1, 6));
    ck_assert_int_eq(answer(0, first, 8), FLR_OUTCOME_ACCEPTED);
    ends(t, 11, FLR_TASK_TIMEOUT);
}
END_TEST

START_TEST(sr_11_each_live_waiting_leg_has_its_time_and_one_more)
{
    flr__core_task *t = relayed("0120", false, 10, 0);

    ends(t, 50, FLR_TASK_TIMEOUT);
    t = relayed("0120", false, 10, 0);
    serves(0, 7);
    ends(t, 47, FLR_TASK_OK);
    t = relayed("0120", false, 10, 0);
    lose(0, 1);
    ends(t, 30, FLR_TASK_TIMEOUT);
    regain(0, 2000);
    t = relayed("0120", false, 10, 0);
    stands(t, 35);
    lose(0, 35); /* its time is over already */
    ended(t, 35, FLR_TASK_TIMEOUT);
}
END_TEST

START_TEST(sr_11_while_nobody_could_ask_nobody_is_late)
{
    flr__core_task *t = relayed("01", true, 10, 0);

    lose(0, 1);
    lose(1, 1);
    stands(t, 1000); /* others could join */
    regain(1, 1000);
    ends(t, 1020, FLR_TASK_TIMEOUT);
    t = relayed("", true, 10, 0);
    stands(t, 5000);
}
END_TEST

/* What it was given is not recorded: its send callbacks run, or there is no memory. */
START_TEST(sr_11_who_joined_and_never_came_back)
{
    flr__core_task *t = relayed("", true, 10, 0);
    coretest_offer offer = coretest_choose(&ct, 2, 100);

    ck_assert_ptr_eq(offer.choice.task, t);
    flr__core_assignment_drop(offer.a);
    ends(t, 120, FLR_TASK_TIMEOUT);
    t = relayed("0", true, 10, 0);
    lose(0, 1);
    offer = coretest_choose(&ct, 3, 100); /* the window has room for more long since */
    ck_assert_ptr_eq(offer.choice.task, t);
    flr__core_assignment_drop(offer.a);
    ck_assert_int_eq(atomic_load(&core->next_due), 120);
    ends(t, 120, FLR_TASK_TIMEOUT);
}
END_TEST

START_TEST(sr_12_only_legs_of_the_dead_are_left)
{
    flr__core_task *t = relayed("012", false, 10, 0);

    serves(0, 1);
    lose(1, 2);
    lose(2, 3);
    ends(t, 30, FLR_TASK_CLIENT_DEAD);
    regain(2, 2000);
    t = relayed("012", false, 0, 5);
    ck_assert_ptr_nonnull(ask(0, 40));
    lose(2, 41);
    stands(t, 44);
    ends(t, 45, FLR_TASK_CLIENT_DEAD); /* the moment at which it is given up */
}
END_TEST

START_TEST(sr_12_as_long_as_somebody_could_join)
{
    for (int how = 0; how < 2; how++) {
        flr__core_task *t = relayed("0", true, 0, 0);

        lose(0, 1);
        for (int i = 1; i < CORETEST_CLIENTS - 1; i++) {
            lose(i, 50);
            stands(t, 50);
        }
        if (how == 0) {
            ck_assert_int_eq(flr__clients_remove(&ct.table, "site-7"), 0);
            flr__core_clients_changed(core, 60);
            ck_assert_int_eq(flr__clients_add(&ct.table, "site-7", NULL), 0);
            stands(t, 60); /* it is back, in that very moment */
            ck_assert_int_eq(flr__clients_remove(&ct.table, "site-7"), 0);
            flr__core_clients_changed(core, 60);
        } else {
            coretest_lose(&ct, 7, 60); /* the board has never heard of it */
        }
        ends(t, 60, FLR_TASK_CLIENT_DEAD);
        flr__clients_add(&ct.table, "site-7", NULL);
        for (int i = 0; i < CORETEST_CLIENTS; i++) {
            regain(i, 2000);
        }
    }
}
END_TEST

START_TEST(dc_08_a_return_before_the_lead_time)
{
    flr__core_task *t = relayed("01", false, 0, 0);

    lose(0, 1);
    lose(1, 1);
    ck_assert_int_eq(atomic_load(&core->next_due), 30);
    regain(1, 29);
    stands(t, 1000);
    serves(1, 1000); /* 0 is passed over */
    ended(t, 1000, FLR_TASK_OK);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        se_06_nobody_is_live,
        sr_10_by_what_became_of_the_last_leg,
        sr_10_a_late_result_of_another_leg_does_not_matter,
        sr_11_each_live_waiting_leg_has_its_time_and_one_more,
        sr_11_while_nobody_could_ask_nobody_is_late,
        sr_11_who_joined_and_never_came_back,
        sr_12_only_legs_of_the_dead_are_left,
        sr_12_as_long_as_somebody_could_join,
        dc_08_a_return_before_the_lead_time,
    };
    Suite *suite = suite_create("ends of sends and relays");
    TCase *tcase = tcase_create("rows");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
