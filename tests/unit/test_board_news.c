/*
 * Who has something to fetch (BD-16), in the board's core: notices are collected where something
 * becomes available, once each and in order; everybody swallows them all. What the shell itself
 * announces (tasks that all may have at once) is not among them. test_board_random.c looks for
 * notices that are lost.
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
    core->lead = 1000;
    core->announces = true;
}

static void end(void)
{
    coretest_end(&ct);
}

static const char *news(void)
{
    return coretest_news(&ct);
}

static void tell(int i)
{
    flr__core_tell(core, coretest_client(&ct, i));
}

static flr__core_task *sent(const char *list, int64_t step)
{
    return coretest_schedule(
        &ct, "t", &(coretest_options){.policy = &flr__policy_send, .list = list, .step = step}, 0);
}

static flr__core_task *relayed(const flr__policy *policy, const char *list, bool dynamic,
                               int64_t step)
{
    return coretest_schedule(
        &ct, "t",
        &(coretest_options){.policy = policy, .list = list, .dynamic = dynamic, .step = step}, 0);
}

/* A later task that others may hide. */
static flr__core_task *behind(void)
{
    return coretest_schedule(
        &ct, "behind", &(coretest_options){.policy = &flr__policy_broadcast, .list = "01234567"},
        0);
}

static flr_assignment *ask(int i, int64_t now)
{
    return coretest_ask(&ct, i, now);
}

static void answer(const flr_assignment *a, int64_t now)
{
    int i = a->client->text[sizeof "site-" - 1] - '0';

    ck_assert_int_eq(coretest_submit(&ct, i, a->task->name->text, a->id, now),
                     FLR_OUTCOME_ACCEPTED);
}

/* ---- collecting ---- */

START_TEST(bd_16_once_and_in_order)
{
    ck_assert_str_eq(news(), "");
    tell(2);
    ck_assert(atomic_load(&core->has_news));
    tell(0);
    tell(2);
    tell(1);
    tell(0);
    ck_assert_str_eq(news(), "2 0 1");
    ck_assert_str_eq(news(), "");
    tell(0);
    ck_assert_str_eq(news(), "0"); /* told before, and again */
}
END_TEST

START_TEST(bd_16_told_again_while_others_wait_to_be)
{
    flr__board_client *bc;

    tell(0);
    tell(1);
    ck_assert(flr__core_take_news(core, &bc));
    ck_assert_ptr_eq(bc, coretest_client(&ct, 0));
    ck_assert(atomic_load(&core->has_news));
    tell(0);
    tell(1); /* not made yet: it counts for both */
    ck_assert_str_eq(news(), "1 0");
}
END_TEST

START_TEST(bd_16_everybody_swallows_them)
{
    flr__board_client *bc = coretest_client(&ct, 7);

    flr__core_tell_all(core);
    ck_assert(atomic_load(&core->has_news));
    ck_assert_str_eq(news(), "*");

    tell(3);
    tell(4);
    flr__core_tell_all(core);
    ck_assert(atomic_load(&core->has_news));
    tell(5);
    flr__core_tell_all(core);
    ck_assert(flr__core_take_news(core, &bc));
    ck_assert_ptr_null(bc);
    ck_assert(!atomic_load(&core->has_news));
    ck_assert(!flr__core_take_news(core, &bc));
    for (int i = 5; i >= 3; i--) { /* nobody is taken to be told still */
        tell(i);
    }
    ck_assert_str_eq(news(), "5 4 3");
}
END_TEST

START_TEST(bd_16_nothing_if_nobody_wants_it)
{
    flr_assignment *a;

    core->announces = false;
    sent("01", 10);
    behind();
    a = ask(0, 1);
    coretest_lose(&ct, 0, 2);
    coretest_expire(&ct, 100);
    coretest_regain(&ct, 0, 100);
    answer(a, 100);
    tell(0);
    flr__core_tell_all(core);
    ck_assert(!atomic_load(&core->has_news));
    ck_assert_str_eq(news(), "");
}
END_TEST

/* ---- a window ---- */

START_TEST(bd_16_a_new_window)
{
    sent("210", 10);
    ck_assert_str_eq(news(), "2");
    coretest_lose(&ct, 3, 0);
    relayed(&flr__policy_relay, "3101", false, 0);
    ck_assert_str_eq(news(), "1"); /* 3 is passed over */
}
END_TEST

START_TEST(bd_16_a_window_that_grows_with_time)
{
    flr__core_task *send = sent("012", 10);
    flr__core_task *relay = relayed(&flr__policy_relay, "345", false, 15);

    ck_assert_str_eq(news(), "0 3");
    ck_assert_int_eq(atomic_load(&core->next_due), 10);
    coretest_expire(&ct, 9);
    ck_assert_str_eq(news(), "");
    coretest_expire(&ct, 10);
    ck_assert_str_eq(news(), "1");
    ck_assert_int_eq(atomic_load(&core->next_due), 15);
    coretest_expire(&ct, 15);
    ck_assert_str_eq(news(), "4");
    coretest_expire(&ct, 40);
    ck_assert_str_eq(news(), "2 5");
    ck_assert_int_eq(coretest_status(send), FLR_TASK_STANDING);
    ck_assert_int_eq(coretest_status(relay), FLR_TASK_STANDING);
}
END_TEST

START_TEST(bd_16_a_window_that_passes_over_the_dead)
{
    sent("0123", 10);
    coretest_expire(&ct, 10);
    ck_assert_str_eq(news(), "0 1");
    coretest_lose(&ct, 0, 11);
    ck_assert_str_eq(news(), "2");
    coretest_lose(&ct, 3, 12);
    ck_assert_str_eq(news(), "");
    coretest_regain(&ct, 3, 13); /* outside: nobody else hears of it */
    ck_assert_str_eq(news(), "3");
    coretest_regain(&ct, 0, 14);
    ck_assert_str_eq(news(), "0");
    for (int i = 3; i >= 0; i--) {
        coretest_lose(&ct, i, 15); /* nobody is left, which is no news for others */
    }
    ck_assert_str_eq(news(), "");
}
END_TEST

START_TEST(bd_16_who_returns_is_told_what_it_is_a_target_of)
{
    behind();
    ck_assert_str_eq(news(), "");
    coretest_lose(&ct, 4, 1);
    coretest_regain(&ct, 4, 2);
    ck_assert_str_eq(news(), "4");
    coretest_regain(&ct, 5, 3); /* it was never away */
    ck_assert_str_eq(news(), "");
    coretest_lose(&ct, 5, 4);
    answer(ask(5, 4), 4); /* from a request that was under way */
    coretest_regain(&ct, 5, 5);
    ck_assert_str_eq(news(), ""); /* there is nothing more for it */
}
END_TEST

/* ---- the next leg, a re-assignment ---- */

START_TEST(bd_16_the_next_leg)
{
    flr_assignment *a;

    relayed(&flr__policy_relay, "012", false, 10);
    a = ask(0, 1);
    ck_assert_str_eq(news(), "0");
    answer(a, 2);
    ck_assert_str_eq(news(), "1");
    a = ask(1, 3);
    ck_assert_str_eq(news(), "");
    coretest_lose(&ct, 1, 4); /* SR-09 */
    ck_assert_str_eq(news(), "2");
}
END_TEST

START_TEST(bd_16_the_next_leg_after_the_result_timeout)
{
    coretest_schedule(
        &ct, "t",
        &(coretest_options){.policy = &flr__policy_relay, .list = "01", .result_timeout = 5}, 0);
    ck_assert_ptr_nonnull(ask(0, 1));
    ck_assert_str_eq(news(), "0");
    coretest_expire(&ct, 5);
    ck_assert_str_eq(news(), "");
    coretest_expire(&ct, 6);
    ck_assert_str_eq(news(), "1");
}
END_TEST

START_TEST(bd_16_a_send_that_is_free_again)
{
    flr__core_task *t = sent("012", 10);

    ck_assert_str_eq(news(), "0");
    coretest_expire(&ct, 10);
    ck_assert_str_eq(news(), "1");
    ck_assert_ptr_nonnull(ask(1, 11));
    coretest_lose(&ct, 1, 12); /* SE-05 */
    ck_assert_str_eq(news(), "0 2");
    ck_assert_str_eq(coretest_verdicts(&ct, t, 3, 12), "SBS");
}
END_TEST

START_TEST(bd_16_any_order_everybody)
{
    flr_assignment *a;

    coretest_schedule(&ct, "t", &(coretest_options){.policy = &flr__policy_send_any, .list = "01"},
                      0);
    ck_assert_str_eq(news(), ""); /* the shell's */
    ask(0, 1);
    ck_assert_str_eq(news(), "");
    coretest_lose(&ct, 0, 2);
    ck_assert_str_eq(news(), "*");
    answer(ask(1, 3), 3);
    news();
    relayed(&flr__policy_relay_any, "233", false, 0);
    a = ask(2, 4);
    ck_assert_str_eq(news(), "");
    answer(a, 5);
    ck_assert_str_eq(news(), "*");
}
END_TEST

/* ---- room for who is not listed ---- */

START_TEST(bd_16_room_for_whoever_asks)
{
    flr_assignment *a;

    relayed(&flr__policy_relay, "", true, 10);
    ck_assert_str_eq(news(), "*");
    a = ask(3, 1);
    answer(a, 2); /* it is over */
    news();
    relayed(&flr__policy_relay, "0", true, 10);
    ck_assert_str_eq(news(), "0");
    coretest_expire(&ct, 9);
    ck_assert_str_eq(news(), "");
    coretest_expire(&ct, 10); /* room for two */
    ck_assert_str_eq(news(), "*");
    coretest_lose(&ct, 0, 11);
    ck_assert_str_eq(news(), "*");
}
END_TEST

/* ---- a BLOCK that ends while a later task stands ---- */

START_TEST(bd_16_a_send_that_is_taken_blocks_nobody)
{
    sent("01", 0);
    news();
    ask(0, 1);
    ck_assert_str_eq(news(), ""); /* no later task */
    coretest_lose(&ct, 0, 2);
    behind();
    ck_assert_str_eq(news(), "1");
    coretest_regain(&ct, 0, 3);
    ck_assert_str_eq(news(), "0");
    ck_assert_ptr_null(ask(1, 3)); /* 0 is the first live one again */
    ck_assert_str_eq(ask(0, 3)->task->name->text, "t");
    ck_assert_str_eq(news(), "*");
    ck_assert_str_eq(ask(1, 4)->task->name->text, "behind");
}
END_TEST

START_TEST(bd_16_a_relay_between_two_legs_blocks_nobody)
{
    flr_assignment *a;

    relayed(&flr__policy_relay, "012", false, 0);
    a = ask(0, 1);
    behind();
    news();
    ck_assert_ptr_null(ask(2, 1));
    answer(a, 2);
    ck_assert_str_eq(news(), "*");
    ck_assert_str_eq(ask(2, 2)->task->name->text, "behind");
}
END_TEST

START_TEST(bd_16_the_end_of_what_blocked)
{
    for (int how = 0; how < 3; how++) {
        flr__core_task *t = coretest_schedule(
            &ct, "t",
            &(coretest_options){
                .policy = &flr__policy_send, .list = "01", .timeout = 5, .non_blocking = how == 2},
            0);
        flr__core_task *later = behind();

        news();
        if (how == 0) {
            ck_assert_ptr_null(ask(1, 1));
            flr__core_end(core, t, FLR_TASK_CANCELLED, 2);
        } else {
            coretest_expire(&ct, 5);
        }
        ck_assert_str_eq(news(), how == 2 ? "" : "*"); /* it hid nothing */
        flr__core_end(core, later, FLR_TASK_CANCELLED, 6);
        ck_assert_str_eq(news(), ""); /* a broadcast blocks nobody */
    }
}
END_TEST

START_TEST(bd_16_nothing_stood_behind_it)
{
    flr__core_task *earlier = behind(), *t = sent("01", 0);

    news();
    flr__core_end(core, t, FLR_TASK_CANCELLED, 1);
    ck_assert_str_eq(news(), "");
    flr__core_end(core, earlier, FLR_TASK_CANCELLED, 1);
    ck_assert_str_eq(news(), "");
}
END_TEST

/* It is sealed by its last result; who waited behind it is told when it is buried. */
START_TEST(bd_16_when_the_last_result_has_come)
{
    flr__core_task *t = relayed(&flr__policy_relay, "01", false, 0);
    flr_assignment *a;
    bool told;

    answer(ask(0, 1), 1);
    a = ask(1, 2);
    behind();
    news();
    ck_assert_ptr_null(ask(0, 3));
    ck_assert_int_eq(coretest_claim(&ct, 1, "t", a->id), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr__core_answer(core, a, FLR_ASSIGNMENT_ANSWERED, false, 4, &told),
                     FLR__OVER);
    news();
    flr__core_bury(core, t);
    ck_assert_str_eq(news(), "*");
    ck_assert_ptr_nonnull(ask(0, 4));
}
END_TEST

/* ---- who asked while a result of it was processed (BD-17) ---- */

START_TEST(bd_16_who_asked_meanwhile)
{
    coretest_options o = {.policy = &flr__policy_relay, .list = "000", .result_timeout = 5};
    flr_assignment *a;

    coretest_schedule(&ct, "t", &o, 0);
    a = ask(0, 0);
    coretest_expire(&ct, 5); /* given up */
    ck_assert_str_eq(news(), "0");
    ck_assert_int_eq(coretest_claim(&ct, 0, "t", a->id), FLR_OUTCOME_ACCEPTED);
    ck_assert_ptr_null(ask(0, 6));                                   /* its next leg waits for it */
    ck_assert(coretest_deliver(&ct, a, FLR_ASSIGNMENT_ANSWERED, 7)); /* the shell tells it */
    a = ask(0, 8);
    ck_assert_ptr_nonnull(a);
    news();
    ck_assert_int_eq(coretest_claim(&ct, 0, "t", a->id), FLR_OUTCOME_ACCEPTED);
    ck_assert_ptr_null(ask(0, 9));
    coretest_deliver(&ct, a, FLR_ASSIGNMENT_ANSWERED, 10);
    ck_assert_str_eq(news(), "0"); /* as for any next leg */
    a = ask(0, 11);
    ck_assert_int_eq(coretest_claim(&ct, 0, "t", a->id), FLR_OUTCOME_ACCEPTED);
    ck_assert(!coretest_deliver(&ct, a, FLR_ASSIGNMENT_ANSWERED, 12)); /* it did not ask */
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        bd_16_once_and_in_order,
        bd_16_told_again_while_others_wait_to_be,
        bd_16_everybody_swallows_them,
        bd_16_nothing_if_nobody_wants_it,
        bd_16_a_new_window,
        bd_16_a_window_that_grows_with_time,
        bd_16_a_window_that_passes_over_the_dead,
        bd_16_who_returns_is_told_what_it_is_a_target_of,
        bd_16_the_next_leg,
        bd_16_the_next_leg_after_the_result_timeout,
        bd_16_a_send_that_is_free_again,
        bd_16_any_order_everybody,
        bd_16_room_for_whoever_asks,
        bd_16_a_send_that_is_taken_blocks_nobody,
        bd_16_a_relay_between_two_legs_blocks_nobody,
        bd_16_the_end_of_what_blocked,
        bd_16_nothing_stood_behind_it,
        bd_16_when_the_last_result_has_come,
        bd_16_who_asked_meanwhile,
    };
    Suite *suite = suite_create("notices");
    TCase *tcase = tcase_create("rows");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
