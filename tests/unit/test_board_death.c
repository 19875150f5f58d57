/* Clients that are gone, back, or silent, and broadcasts that end by it, and broadcasts forever: the
 * board's core without locks, threads or a runner. */
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

static flr__core_task *schedule_forever(const char *list)
{
    return coretest_schedule(&ct, "f",
                             &(coretest_options){.policy = &flr__policy_forever, .list = list}, 0);
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

/* ---- deaths ---- */

START_TEST(bc_07_too_few_answers_are_left)
{
    flr__core_task *t = schedule("a", 3, 2, 0, 0, 0);
    core->lead = 30;
    answer(0, "a", ask(0, 0)->id, 0);
    coretest_lose(&ct, 1, 5);
    ck_assert_uint_eq(coretest_expire(&ct, 1000), 0); /* one and one */
    coretest_lose(&ct, 2, 1000);
    ck_assert_uint_eq(coretest_expire(&ct, 1000), 1);
    ck_assert_int_eq(status_of(t), FLR_TASK_CLIENT_DEAD);
    ck_assert_int_eq(t->ended, 1000);
}
END_TEST

START_TEST(bc_07_enough_answers_and_nobody_else_is_live)
{
    flr__core_task *t = schedule("a", 3, 1, 100 * SECOND, 0, 0);
    flr_assignment *open = ask(2, 0);
    answer(0, "a", ask(0, 0)->id, 1);
    coretest_lose(&ct, 1, 2);
    coretest_expire(&ct, 2);
    ck_assert_int_eq(status_of(t), FLR_TASK_STANDING);
    ck_assert_ptr_nonnull(open);
    coretest_lose(&ct, 2, 3); /* though it has got it */
    coretest_expire(&ct, 3);
    ck_assert_int_eq(status_of(t), FLR_TASK_OK);
    ck_assert_int_eq(t->ended, 3);
}
END_TEST

START_TEST(bc_08_nobody_live_is_left_and_dc_08_a_return_prevents_it)
{
    flr__core_task *t = schedule("a", 3, 0, 0, 0, 0);
    core->lead = 30;
    answer(0, "a", ask(0, 0)->id, 1);
    flr_assignment *open = ask(1, 1);
    coretest_lose(&ct, 1, 2);
    coretest_lose(&ct, 2, 2);
    coretest_expire(&ct, 2);
    ck_assert_int_eq(atomic_load(&core->next_due), 30);
    coretest_regain(&ct, 1, 29);
    ck_assert_uint_eq(coretest_expire(&ct, 1000), 0);
    ck_assert_ptr_eq(ask(1, 1000), open); /* BC-09 */
    answer(1, "a", open->id, 1000);
    ck_assert_int_eq(status_of(t), FLR_TASK_CLIENT_DEAD); /* the last one needed is dead */
    ck_assert_int_eq(t->ended, 1000);
}
END_TEST

START_TEST(bc_09_a_dead_clients_answer_counts)
{
    flr__core_task *t = schedule("a", 2, 0, 0, 0, 0);
    flr_assignment *a = ask(0, 0);
    core->lead = 30;
    coretest_lose(&ct, 0, 1);
    ck_assert_uint_eq(atomic_load(&t->lost), 1);
    answer(0, "a", a->id, 2); /* it was claimed before its return was seen */
    ck_assert_uint_eq(atomic_load(&t->lost), 0);
    coretest_regain(&ct, 0, 3);
    ck_assert_uint_eq(atomic_load(&t->lost), 0);
    answer(1, "a", ask(1, 4)->id, 4);
    ck_assert_int_eq(status_of(t), FLR_TASK_OK);
}
END_TEST

START_TEST(dc_08_scheduled_for_the_dead)
{
    coretest_client(&ct, 0);
    core->lead = 30;
    coretest_lose(&ct, 0, 0);
    coretest_lose(&ct, 1, 0); /* the board has never heard of it */
    flr__core_task *t = schedule("a", 2, 0, 0, 0, 10);
    ck_assert_uint_eq(atomic_load(&t->lost), 2);
    ck_assert_uint_eq(coretest_expire(&ct, 39), 0);
    ck_assert_int_eq(atomic_load(&core->next_due), 40);
    ck_assert_uint_eq(coretest_expire(&ct, 40), 1);
    ck_assert_int_eq(status_of(t), FLR_TASK_CLIENT_DEAD);
}
END_TEST

/* Its targets are linked, and it does not stand yet. */
START_TEST(dc_08_deaths_while_it_is_scheduled)
{
    static const flr__policy *const policies[] = {&flr__policy_broadcast, &flr__policy_forever,
                                                  &flr__policy_send, &flr__policy_relay};

    for (int i = 0; i < 4; i++) {
        coretest_options o = {.policy = policies[i], .list = "01"};
        flr__core_task *t = coretest_come(&ct, "a", &o);

        ck_assert_ptr_null(ask(0, 0)); /* nobody gets it yet */
        coretest_lose(&ct, 0, 1);
        coretest_lose(&ct, 1, 1);
        coretest_regain(&ct, 0, 2);
        ck_assert_uint_eq(atomic_load(&t->lost), 1);
        ck_assert_uint_eq(atomic_load(&core->count), 0);
        coretest_stand(&ct, t, 0, 3);
        ck_assert_uint_eq(coretest_expire(&ct, 1000), 0);
        ck_assert_ptr_nonnull(ask(0, 1000));
        flr__core_end(core, t, FLR_TASK_CANCELLED, 1000);
        coretest_regain(&ct, 1, 1000);
    }
}
END_TEST

START_TEST(dc_07_silent_with_an_open_assignment)
{
    flr__board_client *bc = coretest_client(&ct, 0);
    core->heartbeat = 10;
    schedule("a", 2, 0, 0, 0, 0);
    atomic_store(&ct.clients[0]->last_heard, 0);
    ck_assert_int_eq(flr__core_watch(core, bc), 0);
    flr_assignment *a = ask(0, 0);
    ck_assert_int_eq(atomic_load(&core->next_due), 10);
    atomic_store(&ct.clients[0]->last_heard, 4);
    ck_assert_ptr_null(flr__core_next_silent(core, 10)); /* it was heard since */
    ck_assert_int_eq(atomic_load(&core->next_due), 14);
    ck_assert_ptr_eq(flr__core_next_silent(core, 14), ct.clients[0]);
    ck_assert_ptr_null(flr__core_next_silent(core, 1000)); /* until it is heard */
    ck_assert_int_eq(atomic_load(&core->next_due), FLR_TIME_NONE);
    coretest_regain(&ct, 0, 1000);
    ck_assert_int_eq(atomic_load(&core->next_due), 1010);
    answer(0, "a", a->id, 1005);
    ck_assert(bc->watched);
    ck_assert_ptr_null(flr__core_next_silent(core, 1010)); /* nothing is open */
    ck_assert_int_eq(atomic_load(&core->next_due), FLR_TIME_NONE);
    ck_assert(!bc->watched); /* until it asks again */
}
END_TEST

START_TEST(dc_07_each_in_its_turn_among_other_deadlines)
{
    core->heartbeat = 10;
    schedule("a", 3, 0, 0, 15, 0);
    for (int i = 0; i < 3; i++) {
        atomic_store(&ct.clients[i]->last_heard, i < 2 ? i : 9);
        ck_assert_int_eq(flr__core_watch(core, coretest_client(&ct, i)), 0);
        ask(i, 0);
    }
    ck_assert_int_eq(atomic_load(&core->next_due), 10);
    ck_assert_ptr_null(flr__core_next_silent(core, 9));
    ck_assert_ptr_eq(flr__core_next_silent(core, 11), ct.clients[0]);
    ck_assert_ptr_eq(flr__core_next_silent(core, 11), ct.clients[1]);
    ck_assert_ptr_null(flr__core_next_silent(core, 11));
    ck_assert_int_eq(atomic_load(&core->next_due), 15); /* the task's */
    ck_assert_uint_eq(coretest_expire(&ct, 15), 1);
    ck_assert_int_eq(atomic_load(&core->next_due), 19);
    ck_assert_ptr_null(flr__core_next_silent(core, 19)); /* what it held is over */
}
END_TEST

/* ---- forever ---- */

START_TEST(bc_10_one_after_the_other_and_bc_12_the_latest_is_kept)
{
    flr__core_task *t = schedule_forever("01");
    flr_assignment *a = ask(0, 1);
    char first[FLR__ID_TEXT];
    memcpy(first, a->id, sizeof first);
    ck_assert_ptr_eq(ask(0, 2), a); /* until it is answered */
    answer(0, "f", first, 3);
    flr_assignment *b = ask(0, 4);
    ck_assert_str_ne(b->id, first);
    ck_assert_uint_eq(b->place, 2);
    ck_assert_ptr_null(find(first)->assignment); /* remembered */
    ck_assert_int_eq(claim(0, "f", first), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(check_id(0, first), FLR_CHECK_ALREADY_RECEIVED);
    ck_assert_uint_eq(core->remembered, 1);
    ck_assert_uint_eq(ask(1, 5)->place, 3);
    ck_assert_uint_eq(flr__core_sent(t), 3);
    flr__core_end(core, t, FLR_TASK_CANCELLED, 6);
    coretest_settle(&ct, t);
    ck_assert_uint_eq(core->remembered, 3);
    ck_assert_int_eq(claim(0, "f", b->id), FLR_OUTCOME_LATE);
    ck_assert_ptr_null(ask(0, 7));
}
END_TEST

START_TEST(bd_17_forever_nothing_new_while_a_result_is_processed)
{
    schedule_forever("0");
    flr_assignment *a = ask(0, 1);
    ck_assert_int_eq(claim(0, "f", a->id), FLR_OUTCOME_ACCEPTED);
    ck_assert_ptr_null(ask(0, 2));
    ck_assert(coretest_deliver(&ct, a, FLR_ASSIGNMENT_ANSWERED, 3)); /* it asked in vain */
    ck_assert_ptr_nonnull(a = ask(0, 4));
    ck_assert_int_eq(claim(0, "f", a->id), FLR_OUTCOME_ACCEPTED);
    ck_assert(!coretest_deliver(&ct, a, FLR_ASSIGNMENT_ANSWERED, 5));
}
END_TEST

START_TEST(bc_10_nobody_is_live_or_bd_24_barred)
{
    flr__core_task *t = schedule_forever("012"), *open = schedule_forever(NULL);
    coretest_lose(&ct, 0, 1);
    coretest_close(&ct, ask(1, 1), 1);
    ck_assert_ptr_eq(ask(1, 1)->task, open); /* never again the other one */
    ck_assert_uint_eq(coretest_expire(&ct, 1), 0);
    coretest_lose(&ct, 1, 2);
    coretest_regain(&ct, 1, 3); /* it is lost for good */
    ck_assert_uint_eq(atomic_load(&t->lost), 2);
    coretest_lose(&ct, 2, 4);
    ck_assert_uint_eq(coretest_expire(&ct, 4), 1);
    ck_assert_int_eq(status_of(t), FLR_TASK_CLIENT_DEAD);
    ck_assert_int_eq(status_of(open), FLR_TASK_STANDING);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        bc_07_too_few_answers_are_left,
        bc_07_enough_answers_and_nobody_else_is_live,
        bc_08_nobody_live_is_left_and_dc_08_a_return_prevents_it,
        bc_09_a_dead_clients_answer_counts,
        dc_08_scheduled_for_the_dead,
        dc_08_deaths_while_it_is_scheduled,
        dc_07_silent_with_an_open_assignment,
        dc_07_each_in_its_turn_among_other_deadlines,
        bc_10_one_after_the_other_and_bc_12_the_latest_is_kept,
        bd_17_forever_nothing_new_while_a_result_is_processed,
        bc_10_nobody_is_live_or_bd_24_barred,
    };
    Suite *suite = suite_create("deaths");
    TCase *tcase = tcase_create("rows");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
