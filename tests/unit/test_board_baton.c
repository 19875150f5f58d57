/*
 * Sends and relays in the board's core: who may take the task next, through a window over the list
 * that opens with time; what becomes of who holds it; how they end. Without locks, threads or a
 * runner. test_board_random.c compares the same with a naive model.
 */
#include "coretest.h"
#include "failalloc.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

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

static flr__core_task *sent(const char *list, int64_t step)
{
    return coretest_schedule(
        &ct, "t", &(coretest_options){.policy = &flr__policy_send, .list = list, .step = step}, 0);
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

static int state_of(const flr_assignment *a)
{
    return atomic_load(&((flr_assignment *)a)->state);
}

static const char *verdicts(flr__core_task *t, int count, int64_t now)
{
    return coretest_verdicts(&ct, t, count, now);
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

/* ---- SE ---- */

START_TEST(se_04_as_many_live_targets_as_time_has_passed)
{
    flr__core_task *t = sent("20213", 10);

    ck_assert_uint_eq(t->baton.leg_count, 4); /* 2 0 1 3 */
    ck_assert_str_eq(verdicts(t, 5, 9), "BBSB-");
    ck_assert_str_eq(verdicts(t, 5, 10), "SBSB-");
    ck_assert_str_eq(verdicts(t, 5, 29), "SSSB-");
    ck_assert_str_eq(verdicts(t, 5, 30), "SSSS-");
    ck_assert_str_eq(verdicts(t, 5, INT64_MAX / 2), "SSSS-");
}
END_TEST

START_TEST(se_04_dead_targets_are_passed_over)
{
    flr__core_task *t = sent("0123", 10);

    lose(0, 1);
    ck_assert_str_eq(verdicts(t, 4, 1), "BSBB");
    lose(2, 2);
    ck_assert_str_eq(verdicts(t, 4, 10), "BSBS");
    regain(0, 11);
    ck_assert_str_eq(verdicts(t, 4, 11), "SSBB");
    lose(1, 12);
    ck_assert_str_eq(verdicts(t, 4, 12), "SBBS");
    regain(2, 13);
    ck_assert_str_eq(verdicts(t, 4, 13), "SBSB");
}
END_TEST

START_TEST(se_04_without_a_timeout_the_first_live_one)
{
    flr__core_task *t = sent("012", 0);

    ck_assert_str_eq(verdicts(t, 3, INT64_MAX / 2), "SBB");
    lose(0, 5);
    ck_assert_str_eq(verdicts(t, 3, 5), "BSB");
    regain(0, 6);
    ck_assert_str_eq(verdicts(t, 3, 6), "SBB");
    ck_assert_int_eq(atomic_load(&core->next_due), FLR_TIME_NONE);
}
END_TEST

START_TEST(se_02_nobody_is_held_back_while_it_is_taken)
{
    flr__core_task *t = sent("01", 10);
    flr_assignment *a = ask(0, 1);

    ck_assert_str_eq(verdicts(t, 3, 100), "---");
    ck_assert_ptr_eq(t->baton.holder, a);
    ck_assert_int_eq(answer(0, a, 100), FLR_OUTCOME_ACCEPTED);
    ended(t, 100, FLR_TASK_OK);
}
END_TEST

START_TEST(se_05_the_next_one_takes_it_and_any_result_ends_it)
{
    flr__core_task *t = sent("01", 0);
    flr_assignment *first = ask(0, 1), *second;

    lose(0, 2);
    ck_assert_int_eq(state_of(first), FLR_ASSIGNMENT_GIVEN_UP);
    ck_assert_uint_eq(t->given_up, 1);
    second = ask(1, 3);
    ck_assert_ptr_nonnull(second);
    regain(0, 4);
    ck_assert_ptr_null(ask(0, 4)); /* not sent again */
    ck_assert_int_eq(answer(0, first, 5), FLR_OUTCOME_ACCEPTED);
    ended(t, 5, FLR_TASK_OK);
    ck_assert_int_eq(coretest_claim(&ct, 1, "t", second->id), FLR_OUTCOME_LATE);
}
END_TEST

START_TEST(se_05_the_former_owner_is_eligible_again_with_a_new_id)
{
    flr__core_task *t = sent("01", 0);
    flr_assignment *first = ask(0, 1), *again;

    lose(0, 2);
    ck_assert_str_eq(verdicts(t, 2, 2), "BS");
    regain(0, 3);
    ck_assert_str_eq(verdicts(t, 2, 3), "SB");
    again = ask(0, 4);
    ck_assert_ptr_ne(again, first);
    ck_assert_str_ne(again->id, first->id);
    ck_assert_uint_eq(again->place, 2);
}
END_TEST

START_TEST(se_05_not_while_its_result_is_processed)
{
    flr__core_task *t = sent("01", 0);
    flr_assignment *a = ask(0, 1);

    ck_assert_int_eq(coretest_claim(&ct, 0, "t", a->id), FLR_OUTCOME_ACCEPTED);
    lose(0, 2);
    lose(1, 2);
    ck_assert_ptr_eq(t->baton.holder, a);
    stands(t, 1000); /* SE-06 waits for it, too */
    coretest_deliver(&ct, a, FLR_ASSIGNMENT_ANSWERED, 1000);
    ended(t, 1000, FLR_TASK_OK);
}
END_TEST

START_TEST(se_03_whoever_asks_first_open_never_dies)
{
    flr__core_task *t =
        coretest_schedule(&ct, "t", &(coretest_options){.policy = &flr__policy_send_any}, 0);
    flr_assignment *a = ask(5, 1);

    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_null(ask(2, 1));
    ck_assert_uint_eq(t->joined_count, 2);
    ck_assert_uint_eq(t->baton.leg_count, 0);
    lose(5, 2);
    lose(2, 2);
    stands(t, 1000);
    ck_assert_ptr_nonnull(ask(3, 1000));
}
END_TEST

/* ---- SR: the window ---- */

START_TEST(sr_04_legs_not_clients)
{
    flr__core_task *t = relayed("0010120", false, 10, 0);

    ck_assert_str_eq(verdicts(t, 3, 19), "S--"); /* 0 0 */
    ck_assert_str_eq(verdicts(t, 3, 20), "SS-");
    ck_assert_str_eq(verdicts(t, 3, 49), "SS-"); /* 0 0 1 0 1 */
    ck_assert_str_eq(verdicts(t, 3, 50), "SSS");
}
END_TEST

START_TEST(sr_06_skipped_for_good)
{
    flr__core_task *t = relayed("00102", false, 10, 0);
    flr_assignment *a;

    ck_assert_str_eq(verdicts(t, 3, 20), "SS-");
    a = ask(1, 20);
    ck_assert_uint_eq(t->baton.begin, 3);
    ck_assert_uint_eq(t->baton.waiting, 2);
    ck_assert_str_eq(verdicts(t, 4, 20), "B-B-"); /* 1 gets it again */
    answer(1, a, 25);
    ck_assert_str_eq(verdicts(t, 4, 34), "S---"); /* counts from the result */
    ck_assert_str_eq(verdicts(t, 4, 35), "S-S-");
    serves(2, 35);
    ended(t, 35, FLR_TASK_OK);
}
END_TEST

START_TEST(sr_04_the_dead_and_the_barred_are_passed_over)
{
    flr__core_task *t = relayed("30123120", false, 10, 0);

    coretest_close(&ct, ask(3, 1), 2); /* never again: its second leg is skipped */
    ck_assert_uint_eq(t->baton.waiting, 6);
    ck_assert_str_eq(verdicts(t, 4, 2), "S---");
    lose(0, 3);
    ck_assert_uint_eq(t->baton.waiting, 6);
    ck_assert_uint_eq(t->baton.live_waiting, 4);
    ck_assert_str_eq(verdicts(t, 4, 3), "-S--");
    serves(1, 4);
    lose(3, 5); /* what is barred is not counted twice */
    regain(3, 5);
    ck_assert_uint_eq(atomic_load(&t->lost), 2);
    serves(2, 6);
    ck_assert_str_eq(verdicts(t, 4, 6), "-S--"); /* past 3 */
    regain(0, 7);
    ck_assert_uint_eq(t->baton.live_waiting, 3);
    ck_assert_str_eq(verdicts(t, 4, 7), "-S--");
}
END_TEST

START_TEST(sr_04_a_return_shrinks_it)
{
    flr__core_task *t = relayed("01234", false, 10, 0);

    lose(0, 1);
    lose(1, 1);
    ck_assert_str_eq(verdicts(t, 5, 10), "--SS-");
    regain(1, 11);
    ck_assert_str_eq(verdicts(t, 5, 11), "-SS--");
    regain(0, 12);
    ck_assert_str_eq(verdicts(t, 5, 12), "SS---");
    lose(3, 13); /* outside: nothing changes */
    ck_assert_str_eq(verdicts(t, 5, 13), "SS---");
    ck_assert_str_eq(verdicts(t, 5, 30), "SSS-S");
}
END_TEST

START_TEST(sr_05_result_timeout_counts_from_the_first_hand_out)
{
    flr__core_task *t = relayed("012", false, 10, 5);
    flr_assignment *a = ask(0, 3);

    ck_assert_ptr_eq(ask(0, 7), a); /* SR-07: a re-send postpones nothing */
    ck_assert_int_eq(atomic_load(&core->next_due), 8);
    stands(t, 100 - 83); /* given up at 8; looked at only now */
    ck_assert_int_eq(state_of(a), FLR_ASSIGNMENT_GIVEN_UP);
    ck_assert_int_eq(t->baton.opened, 8);
    ck_assert_str_eq(verdicts(t, 3, 17), "-S-");
    ck_assert_str_eq(verdicts(t, 3, 18), "-SS");
}
END_TEST

START_TEST(sr_07_not_while_its_result_is_processed)
{
    flr__core_task *t = relayed("01", false, 10, 5);
    flr_assignment *a = ask(0, 3);

    ck_assert_int_eq(coretest_claim(&ct, 0, "t", a->id), FLR_OUTCOME_ACCEPTED);
    lose(0, 4);
    stands(t, 100);
    ck_assert_int_eq(state_of(a), FLR_ASSIGNMENT_OPEN);
    coretest_deliver(&ct, a, FLR_ASSIGNMENT_ANSWERED, 100);
    ck_assert_str_eq(verdicts(t, 2, 100), "-S");
}
END_TEST

START_TEST(sr_08_a_late_result_changes_neither_window_nor_open_leg)
{
    flr__core_task *t = relayed("0123", false, 10, 5);
    flr_assignment *late = ask(0, 0), *open;

    stands(t, 5);
    open = ask(1, 6);
    ck_assert_int_eq(answer(0, late, 7), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(state_of(late), FLR_ASSIGNMENT_ANSWERED);
    ck_assert_uint_eq(t->given_up, 0);
    ck_assert_ptr_eq(t->baton.holder, open);
    ck_assert_int_eq(t->baton.opened, 5);
    ck_assert_int_eq(atomic_load(&core->next_due), 11);
}
END_TEST

/* ---- SR-03: joining ---- */

START_TEST(sr_03_whoever_asks_joins_at_the_end)
{
    flr__core_task *t = relayed("0", true, 10, 0);
    flr_assignment *a;

    ck_assert_ptr_null(ask(3, 1));
    ck_assert_ptr_null(ask(3, 2)); /* once */
    ck_assert_ptr_null(ask(1, 3));
    ck_assert_uint_eq(t->baton.leg_count, 3); /* 0 3 1 */
    ck_assert_str_eq(verdicts(t, 4, 9), "S---");
    a = ask(0, 9);
    ck_assert_ptr_null(ask(4, 9)); /* also while a leg is open */
    ck_assert_str_eq(verdicts(t, 5, 9), "-B-BB");
    answer(0, a, 9);
    serves(3, 10);
    serves(1, 10);
    serves(4, 10);
    ended(t, 10, FLR_TASK_OK);
    ck_assert_ptr_null(ask(5, 11));
    ck_assert_uint_eq(t->joined_count, 3);
}
END_TEST

/* Its request was under way. */
START_TEST(sr_03_who_joins_may_be_dead)
{
    flr__core_task *t = relayed("0", true, 0, 0);

    coretest_client(&ct, 3);
    lose(0, 1);
    lose(3, 1);
    ck_assert_ptr_null(ask(3, 2));
    ck_assert_uint_eq(t->baton.waiting, 2);
    ck_assert_uint_eq(t->baton.live_waiting, 0);
    ck_assert_str_eq(verdicts(t, 4, 2), "----");
    regain(3, 3);
    ck_assert_uint_eq(t->baton.live_waiting, 1);
    ck_assert_str_eq(verdicts(t, 4, 3), "---S");
}
END_TEST

START_TEST(sr_03_without_memory_nobody_joins)
{
    static const flr__policy *const policies[] = {&flr__policy_relay, &flr__policy_relay_any,
                                                  &flr__policy_send_any};

    for (int i = 0; i < 3; i++) {
        flr__core_task *t = coretest_schedule(
            &ct, "t", &(coretest_options){.policy = policies[i], .dynamic = i < 2}, 0);
        flr__board_client *bc = coretest_client(&ct, i);

        for (size_t k = 1; k <= (i == 0 ? 2 : 1); k++) { /* the seat; the legs */
            flr__choice choice;

            failalloc_fail_at(k);
            choice = flr__core_choose(core, bc, 1);
            ck_assert_uint_eq(failalloc_get_failures(), 1);
            ck_assert_int_eq(choice.status, FLR_E_NOMEM);
            ck_assert_ptr_null(choice.task);
            ck_assert_ptr_null(t->joined);
            ck_assert_uint_eq(t->baton.leg_count, 0);
            ck_assert_uint_eq(t->baton.waiting, 0);
        }
        failalloc_reset();
        ck_assert_ptr_eq(ask(i, 2)->task, t);
        flr__core_end(core, t, FLR_TASK_CANCELLED, 2);
    }
}
END_TEST

/* Who is disconnected after it was chosen and before that was recorded. */
START_TEST(dc_06_lost_before_it_was_recorded)
{
    flr__core_task *t = relayed("01", false, 10, 0);
    coretest_offer offer = coretest_choose(&ct, 0, 1);

    lose(0, 2);
    ck_assert(coretest_record(&ct, &offer, 3));
    ck_assert_int_eq(state_of(offer.a), FLR_ASSIGNMENT_GIVEN_UP);
    ck_assert_ptr_null(t->baton.holder);
    ck_assert_uint_eq(t->baton.waiting, 1);
    stands(t, 3);
    ck_assert_str_eq(verdicts(t, 2, 3), "-S");
}
END_TEST

/* ---- AR ---- */

START_TEST(ar_01_as_often_as_it_occurs)
{
    flr__core_task *t = coretest_schedule(
        &ct, "t", &(coretest_options){.policy = &flr__policy_relay_any, .list = "010"}, 0);
    flr_assignment *a;

    ck_assert_str_eq(verdicts(t, 3, 1), "SS-");
    a = ask(1, 1);
    ck_assert_str_eq(verdicts(t, 3, 1), "B--"); /* AR-02 */
    answer(1, a, 1);
    ck_assert_str_eq(verdicts(t, 3, 1), "S--");
    a = ask(0, 2);
    ck_assert_str_eq(verdicts(t, 3, 2), "---"); /* 0 gets it again */
    answer(0, a, 3);
    lose(0, 4);
    ck_assert_uint_eq(t->baton.waiting, 1);
    ck_assert_uint_eq(t->baton.live_waiting, 0);
    regain(0, 5);
    serves(0, 5);
    ended(t, 5, FLR_TASK_OK);
}
END_TEST

START_TEST(ar_03_a_given_up_leg_uses_up_its_occurrence)
{
    flr__core_task *t = coretest_schedule(
        &ct, "t",
        &(coretest_options){.policy = &flr__policy_relay_any, .list = "001", .result_timeout = 5},
        0);

    ck_assert_ptr_nonnull(ask(0, 0));
    stands(t, 5);
    ck_assert_uint_eq(t->baton.waiting, 2);
    serves(0, 6);
    ck_assert_str_eq(verdicts(t, 2, 6), "-S");
    ck_assert_ptr_nonnull(ask(1, 7));
    ends(t, 12, FLR_TASK_TIMEOUT); /* AR-04 */
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        se_04_as_many_live_targets_as_time_has_passed,
        se_04_dead_targets_are_passed_over,
        se_04_without_a_timeout_the_first_live_one,
        se_02_nobody_is_held_back_while_it_is_taken,
        se_05_the_next_one_takes_it_and_any_result_ends_it,
        se_05_the_former_owner_is_eligible_again_with_a_new_id,
        se_05_not_while_its_result_is_processed,
        se_03_whoever_asks_first_open_never_dies,
        sr_04_legs_not_clients,
        sr_06_skipped_for_good,
        sr_04_the_dead_and_the_barred_are_passed_over,
        sr_04_a_return_shrinks_it,
        sr_05_result_timeout_counts_from_the_first_hand_out,
        sr_07_not_while_its_result_is_processed,
        sr_08_a_late_result_changes_neither_window_nor_open_leg,
        sr_03_whoever_asks_joins_at_the_end,
        sr_03_who_joins_may_be_dead,
        sr_03_without_memory_nobody_joins,
        dc_06_lost_before_it_was_recorded,
        ar_01_as_often_as_it_occurs,
        ar_03_a_given_up_leg_uses_up_its_occurrence,
    };
    Suite *suite = suite_create("sends and relays");
    TCase *tcase = tcase_create("rows");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
