/* The board's core: choosing, claiming, rules of broadcasts, deadlines, remembering; without locks,
 * threads or a runner. */
#include "coretest.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SECOND CORETEST_SECOND

static coretest ct;
static flr__core *core;

static void begin(void)
{
    coretest_begin(&ct);
    core = ct.core;
}

static void end(void)
{
    coretest_end(&ct);
}

/* A broadcast to the first `targets` clients; -1: OPEN. */
static flr__core_task *schedule(const char *name, int targets, size_t min, int64_t wait,
                                int64_t timeout, int64_t now)
{
    char list[CORETEST_CLIENTS + 1] = "01234567";
    coretest_options o = {.policy = &flr__policy_broadcast,
                          .list = targets < 0 ? NULL : list,
                          .min_responses = min,
                          .wait = wait,
                          .timeout = timeout};

    list[targets < 0 ? 0 : targets] = '\0';
    return coretest_schedule(&ct, name, &o, now);
}

static flr_assignment *ask(int i, int64_t now)
{
    return coretest_ask(&ct, i, now);
}

static flr__record *find(const char *id)
{
    return coretest_find(&ct, id);
}

static int claim(int i, const char *name, const char *id)
{
    return coretest_claim(&ct, i, name, id);
}

static int check_id(int i, const char *id)
{
    return coretest_check(&ct, i, id);
}

static int answer(int i, const char *name, const char *id, int64_t now)
{
    return coretest_submit(&ct, i, name, id, now);
}

static int status_of(const flr__core_task *t)
{
    return coretest_status(t);
}

START_TEST(bd_06_resend_comes_first_and_keeps_the_assignment)
{
    flr__core_task *t = schedule("a", 2, 0, 0, 0, 0);
    schedule("b", 2, 0, 0, 0, 0);
    flr_assignment *a = ask(0, 5);
    ck_assert_ptr_eq(a->task, t);
    ck_assert_ptr_eq(ask(0, 9), a);
    ck_assert_uint_eq(atomic_load(&a->send_count), 2);
    ck_assert_int_eq(atomic_load(&a->first_sent), 5);
    ck_assert_int_eq(atomic_load(&a->last_sent), 9);
    ck_assert_uint_eq(flr__core_last(t)->place, 1);
}
END_TEST

START_TEST(bd_06_the_one_scheduled_first_is_sent_again)
{
    flr__core_task *first = schedule("a", 1, 0, 0, 0, 0), *second = schedule("b", 1, 0, 0, 0, 0);
    flr_assignment *a = ask(0, 1);
    ck_assert_ptr_eq(a->task, first);
    ck_assert_int_eq(claim(0, "a", a->id),
                     FLR_OUTCOME_ACCEPTED); /* being processed: not sent again */
    flr_assignment *b = ask(0, 2);
    ck_assert_ptr_eq(b->task, second);
    ck_assert_ptr_eq(ask(0, 3), b);
    ck_assert_uint_eq(atomic_load(&a->send_count), 1);
}
END_TEST

START_TEST(bd_07_tasks_in_scheduling_order_targets_and_open_merged)
{
    flr__core_task *t[4];
    t[0] = schedule("o1", -1, 9, 0, 0, 0);
    t[1] = schedule("l1", 1, 0, 0, 0, 0);
    t[2] = schedule("o2", -1, 9, 0, 0, 0);
    t[3] = schedule("l2", 1, 0, 0, 0, 0);
    for (int i = 0; i < 4; i++) {
        flr_assignment *a = ask(0, i);
        ck_assert_ptr_nonnull(a);
        ck_assert_ptr_eq(a->task, t[i]);
        ck_assert_int_eq(answer(0, t[i]->name->text, a->id, i), FLR_OUTCOME_ACCEPTED);
    }
    ck_assert_ptr_null(ask(0, 9));
}
END_TEST

START_TEST(bc_01_each_target_once_others_nothing)
{
    schedule("a", 2, 0, 0, 0, 0);
    flr_assignment *a = ask(0, 0);
    ck_assert_int_eq(answer(0, "a", a->id, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_ptr_null(ask(0, 2));
    ck_assert_ptr_null(ask(2, 2));
    ck_assert_ptr_nonnull(ask(1, 2));
}
END_TEST

START_TEST(bc_02_all_answered_is_ok_whatever_min_and_wait_are)
{
    flr__core_task *t = schedule("a", 2, 2, 100 * SECOND, 0, 0);
    flr_assignment *a = ask(0, 0), *b = ask(1, 0);
    ck_assert_int_eq(atomic_load(&a->received), FLR_TIME_NONE);
    answer(0, "a", a->id, 1);
    ck_assert_int_eq(atomic_load(&a->received), 1);
    ck_assert_int_eq(status_of(t), FLR_TASK_STANDING);
    answer(1, "a", b->id, 2);
    ck_assert_int_eq(status_of(t), FLR_TASK_OK);
    ck_assert_int_eq(t->ended, 2);
}
END_TEST

START_TEST(bc_03_min_0_needs_every_target)
{
    flr__core_task *t = schedule("a", 3, 0, 0, 0, 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(status_of(t), FLR_TASK_STANDING);
        answer(i, "a", ask(i, 0)->id, i);
    }
    ck_assert_int_eq(status_of(t), FLR_TASK_OK);
}
END_TEST

START_TEST(bc_04_wait_counts_from_the_nth_response)
{
    flr__core_task *t = schedule("a", 3, 1, 10 * SECOND, 0, 0);
    flr_assignment *late = ask(1, 0);
    answer(0, "a", ask(0, 0)->id, 5 * SECOND);
    ck_assert_int_eq(status_of(t), FLR_TASK_STANDING);
    ck_assert_int_eq(atomic_load(&core->next_due), 15 * SECOND);
    ck_assert_ptr_nonnull(ask(2, 6 * SECOND)); /* others may still fetch */
    ck_assert_int_eq(answer(1, "a", late->id, 9 * SECOND), FLR_OUTCOME_ACCEPTED); /* and answer */
    ck_assert_int_eq(atomic_load(&core->next_due),
                     15 * SECOND); /* which does not begin the wait anew */
    ck_assert_ptr_null(flr__core_expire(core, 15 * SECOND - 1));
    ck_assert_ptr_eq(flr__core_expire(core, 15 * SECOND), t);
    ck_assert_int_eq(status_of(t), FLR_TASK_OK);
    ck_assert_int_eq(t->ended, 15 * SECOND);
}
END_TEST

START_TEST(bc_04_no_wait_ends_with_the_nth_response)
{
    flr__core_task *t = schedule("a", 3, 2, 0, 0, 0);
    answer(0, "a", ask(0, 0)->id, 1);
    ck_assert_int_eq(status_of(t), FLR_TASK_STANDING);
    answer(1, "a", ask(1, 0)->id, 1);
    ck_assert_int_eq(status_of(t), FLR_TASK_OK);
    ck_assert_ptr_null(ask(2, 2));
}
END_TEST

START_TEST(bc_06_open_whoever_asks_once)
{
    flr__core_task *t = schedule("a", -1, 2, 0, 0, 0);
    flr_assignment *a = ask(4, 0), *b = ask(2, 0), *c = ask(0, 0);
    ck_assert(a != NULL && b != NULL && c != NULL);
    answer(4, "a", a->id, 1);
    ck_assert_ptr_null(ask(4, 1));
    ck_assert_int_eq(status_of(t), FLR_TASK_STANDING);
    answer(0, "a", c->id, 2);
    ck_assert_int_eq(status_of(t), FLR_TASK_OK);
    ck_assert_ptr_null(ask(1, 3));
    ck_assert_ptr_null(ask(2, 3));
    ck_assert_uint_eq(core->open_count, 0);
}
END_TEST

START_TEST(bc_06_open_and_nobody_answers)
{
    flr__core_task *t = schedule("a", -1, 1, 0, 5, 0);
    ask(0, 0);
    coretest_lose(&ct, 0, 1);
    ck_assert_uint_eq(coretest_expire(&ct, 5), 1);
    ck_assert_int_eq(status_of(t), FLR_TASK_TIMEOUT);
}
END_TEST

START_TEST(bd_25_rule_before_timeout_at_one_instant)
{
    flr__core_task *t = schedule("a", 2, 1, 5 * SECOND, 10 * SECOND, 0);
    answer(0, "a", ask(0, 0)->id, 5 * SECOND); /* both are due at 10 s */
    ck_assert_ptr_eq(flr__core_expire(core, 10 * SECOND), t);
    ck_assert_int_eq(status_of(t), FLR_TASK_OK);
}
END_TEST

START_TEST(bd_25_first_final_status_wins)
{
    flr__core_task *t = schedule("a", 1, 0, 0, 0, 0);
    ck_assert(flr__core_end(core, t, FLR_TASK_CANCELLED, 1));
    ck_assert(!flr__core_end(core, t, FLR_TASK_OK, 2));
    ck_assert_int_eq(status_of(t), FLR_TASK_CANCELLED);
    ck_assert_int_eq(t->ended, 1);
    ck_assert_int_eq(flr__core_evaluate(core, t, 3), FLR_TASK_CANCELLED);
}
END_TEST

START_TEST(bd_29_timeouts_oldest_first_ties_in_scheduling_order)
{
    flr__core_task *a = schedule("a", 1, 0, 0, 9 * SECOND, 0);
    flr__core_task *b = schedule("b", 1, 0, 0, 5 * SECOND, 0);
    flr__core_task *c = schedule("c", 1, 0, 0, 9 * SECOND, 0);
    flr__core_task *d = schedule("d", 1, 0, 0, 0, 0);
    ck_assert_int_eq(atomic_load(&core->next_due), 5 * SECOND);
    ck_assert_ptr_null(flr__core_expire(core, 5 * SECOND - 1));
    ck_assert_ptr_eq(flr__core_expire(core, 20 * SECOND), b);
    ck_assert_int_eq(b->ended, 5 * SECOND); /* its instant, not when somebody looked */
    ck_assert_ptr_eq(flr__core_expire(core, 20 * SECOND), a);
    ck_assert_ptr_eq(flr__core_expire(core, 20 * SECOND), c);
    ck_assert_ptr_null(flr__core_expire(core, 20 * SECOND));
    ck_assert_int_eq(status_of(c), FLR_TASK_TIMEOUT);
    ck_assert_int_eq(status_of(d), FLR_TASK_STANDING);
    ck_assert_int_eq(atomic_load(&core->next_due), FLR_TIME_NONE);
}
END_TEST

START_TEST(bd_30_count_is_exact)
{
    flr__core_task *t = schedule("a", 1, 0, 0, 0, 0);
    schedule("b", -1, 1, 0, 0, 0);
    ck_assert_uint_eq(atomic_load(&core->count), 2);
    flr__core_end(core, t, FLR_TASK_OK, 0);
    ck_assert_uint_eq(atomic_load(&core->count), 1);
}
END_TEST

START_TEST(bd_25_an_ended_task_is_not_handed_out_nor_sent_again)
{
    flr__core_task *a = schedule("a", 2, 0, 0, 0, 0), *b = schedule("b", 1, 0, 0, 0, 0);
    ask(0, 0);
    flr__core_end(core, a, FLR_TASK_CANCELLED, 1);
    ck_assert_ptr_eq(ask(0, 2)->task, b);
    ck_assert_ptr_null(ask(1, 2)); /* its target is left behind and skipped */
}
END_TEST

START_TEST(bd_10_a_hand_out_of_a_task_that_ended_is_not_recorded)
{
    flr__core_task *t = schedule("a", 1, 0, 0, 0, 0);
    coretest_offer offer = coretest_choose(&ct, 0, 0);
    char id[FLR__ID_TEXT];
    memcpy(id, offer.a->id, sizeof id);
    flr__core_end(core, t, FLR_TASK_CANCELLED, 1);
    ck_assert(!coretest_record(&ct, &offer, 2));
    ck_assert_ptr_null(flr__core_last(t));
    ck_assert_ptr_null(find(id));
}
END_TEST

START_TEST(sb_17_client_before_name_before_state)
{
    schedule("a", 2, 0, 0, 0, 0);
    flr_assignment *a = ask(0, 0);
    ck_assert_int_eq(claim(1, "x", a->id), FLR_OUTCOME_WRONG_CLIENT);
    ck_assert_int_eq(claim(0, "x", a->id), FLR_OUTCOME_WRONG_TASK_NAME);
    ck_assert_int_eq(claim(0, NULL, a->id), FLR_OUTCOME_WRONG_TASK_NAME);
    ck_assert_int_eq(answer(0, "a", a->id, 0), FLR_OUTCOME_ACCEPTED); /* it stayed open */
    ck_assert_int_eq(claim(1, "a", a->id), FLR_OUTCOME_WRONG_CLIENT);
    ck_assert_int_eq(claim(0, "x", a->id), FLR_OUTCOME_WRONG_TASK_NAME);
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_DUPLICATE);
}
END_TEST

START_TEST(sb_14_being_processed_is_a_duplicate)
{
    schedule("a", 1, 0, 0, 0, 0);
    flr_assignment *a = ask(0, 0);
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(check_id(0, a->id), FLR_CHECK_ALREADY_RECEIVED);
    ck_assert_ptr_null(ask(0, 1));
}
END_TEST

START_TEST(bd_17_a_claim_whose_task_ended_is_late_and_then_duplicate)
{
    flr__core_task *t = schedule("a", 1, 0, 0, 0, 0);
    flr_assignment *a = ask(0, 0);
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_ACCEPTED);
    flr__core_end(core, t, FLR_TASK_CANCELLED, 1);
    coretest_settle(&ct, t);
    flr__core_drop_claim(a);
    ck_assert_int_eq(atomic_load(&a->state), FLR_ASSIGNMENT_CLOSED);
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(check_id(0, a->id), FLR_CHECK_CLOSED);
}
END_TEST

START_TEST(bd_18_a_result_in_processing_is_answered_though_its_task_ended)
{
    flr__core_task *t = schedule("a", 1, 0, 0, 0, 0);
    flr_assignment *a = ask(0, 0);
    bool tell;
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_ACCEPTED);
    flr__core_end(core, t, FLR_TASK_CANCELLED, 1);
    coretest_settle(&ct, t);
    ck_assert_int_eq(flr__core_answer(core, a, FLR_ASSIGNMENT_ANSWERED, true, 2, &tell),
                     FLR__NOTHING); /* result_received has seen it */
    ck_assert_uint_eq(atomic_load(&t->answered), 0);
    ck_assert_int_eq(atomic_load(&a->state), FLR_ASSIGNMENT_ANSWERED);
    ck_assert_int_eq(check_id(0, a->id), FLR_CHECK_ALREADY_RECEIVED);
}
END_TEST

START_TEST(bd_24_closed_in_the_clients_place)
{
    flr__core_task *t = schedule("a", 2, 0, 0, 0, 0);
    flr_assignment *a = ask(0, 0);
    coretest_close(&ct, a, 1);
    ck_assert_uint_eq(atomic_load(&t->answered), 1);
    ck_assert_ptr_null(ask(0, 2)); /* never again */
    ck_assert_int_eq(check_id(0, a->id), FLR_CHECK_CLOSED);
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_LATE);
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_DUPLICATE);
    answer(1, "a", ask(1, 2)->id, 3);
    ck_assert_int_eq(status_of(t), FLR_TASK_OK);
}
END_TEST

/* Between its last result and the burial, others may come. */
START_TEST(bd_25_a_sealed_task_is_not_handed_out_and_nobody_joins)
{
    flr__core_task *broadcast = schedule("a", -1, 9, 0, 0, 0);
    flr__core_task *relay = coretest_schedule(
        &ct, "r", &(coretest_options){.policy = &flr__policy_relay, .list = "", .dynamic = true},
        0);
    flr__core_task *send =
        coretest_schedule(&ct, "s", &(coretest_options){.policy = &flr__policy_send_any}, 0);
    flr__core_task *next = schedule("b", -1, 9, 0, 0, 0);
    flr__core_seal(core, broadcast, FLR_TASK_OK, 1);
    flr__core_seal(core, relay, FLR_TASK_OK, 1);
    flr__core_seal(core, send, FLR_TASK_OK, 1);
    ck_assert_uint_eq(atomic_load(&core->count), 1);
    flr_assignment *a = ask(0, 2);
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_eq(a->task, next);
    ck_assert_uint_eq(relay->joined_count + send->joined_count, 0);
    ck_assert_uint_eq(relay->baton.leg_count, 0);
    flr__core_bury(core, broadcast);
    flr__core_bury(core, send);
    flr__core_bury(core, send); /* once is enough */
    flr__core_end(core, relay, FLR_TASK_CANCELLED, 3);
    ck_assert_int_eq(status_of(relay), FLR_TASK_OK);
    flr__core_bury(core, relay);
    ck_assert_uint_eq(core->open_count, 1);
    ck_assert_uint_eq(core->linked, 1);
    answer(0, "b", a->id, 3);
    ck_assert_ptr_null(ask(0, 4));
}
END_TEST

START_TEST(bd_25_a_deadline_buries_what_was_sealed)
{
    flr__core_task *t = schedule("a", 1, 0, 0, 5, 0);
    flr__core_seal(core, t, FLR_TASK_OK, 1);
    ck_assert_uint_eq(coretest_expire(&ct, 5), 0); /* it has not ended by it */
    ck_assert_int_eq(status_of(t), FLR_TASK_OK);
    ck_assert_int_eq(t->ended, 1);
    ck_assert(!flr__link_is_in(&t->standing));
    ck_assert_int_eq(atomic_load(&core->next_due), FLR_TIME_NONE);
}
END_TEST

/* Claimed before, counted too late: of two last responses one is late (BC-04). */
START_TEST(bc_04_no_response_beyond_the_last_needed_one)
{
    flr__core_task *t = schedule("a", 3, 1, 0, 0, 0);
    flr_assignment *a = ask(0, 0), *b = ask(1, 0), *c = ask(2, 0);
    bool tell = true;
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(claim(1, "a", b->id), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(claim(2, "a", c->id), FLR_OUTCOME_ACCEPTED);
    atomic_store(&t->answered, 1); /* another thread has counted and not sealed it yet */
    ck_assert_int_eq(flr__core_answer(core, c, FLR_ASSIGNMENT_ANSWERED, false, 1, &tell),
                     FLR__TOO_LATE);
    ck_assert(!tell);
    ck_assert_uint_eq(atomic_load(&t->answered), 1);
    atomic_store(&t->answered, 0);
    ck_assert_int_eq(flr__core_answer(core, b, FLR_ASSIGNMENT_ANSWERED, false, 1, &tell),
                     FLR__OVER);
    ck_assert_int_eq(status_of(t), FLR_TASK_OK);
    ck_assert_int_eq(flr__core_answer(core, a, FLR_ASSIGNMENT_ANSWERED, false, 1, &tell),
                     FLR__TOO_LATE);
    flr__core_bury(core, t);
    ck_assert_uint_eq(atomic_load(&t->answered), 1);
    ck_assert_int_eq(atomic_load(&a->state), FLR_ASSIGNMENT_CLOSED);
    ck_assert(!atomic_load(&a->claimed));
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_DUPLICATE); /* it was late once */
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        bd_06_resend_comes_first_and_keeps_the_assignment,
        bd_06_the_one_scheduled_first_is_sent_again,
        bd_07_tasks_in_scheduling_order_targets_and_open_merged,
        bc_01_each_target_once_others_nothing,
        bc_02_all_answered_is_ok_whatever_min_and_wait_are,
        bc_03_min_0_needs_every_target,
        bc_04_wait_counts_from_the_nth_response,
        bc_04_no_wait_ends_with_the_nth_response,
        bc_06_open_whoever_asks_once,
        bc_06_open_and_nobody_answers,
        bd_25_rule_before_timeout_at_one_instant,
        bd_25_first_final_status_wins,
        bd_29_timeouts_oldest_first_ties_in_scheduling_order,
        bd_30_count_is_exact,
        bd_25_an_ended_task_is_not_handed_out_nor_sent_again,
        bd_10_a_hand_out_of_a_task_that_ended_is_not_recorded,
        sb_17_client_before_name_before_state,
        sb_14_being_processed_is_a_duplicate,
        bd_17_a_claim_whose_task_ended_is_late_and_then_duplicate,
        bd_18_a_result_in_processing_is_answered_though_its_task_ended,
        bd_24_closed_in_the_clients_place,
        bd_25_a_sealed_task_is_not_handed_out_and_nobody_joins,
        bd_25_a_deadline_buries_what_was_sealed,
        bc_04_no_response_beyond_the_last_needed_one,
    };
    Suite *suite = suite_create("board core");
    TCase *tcase = tcase_create("rows");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
