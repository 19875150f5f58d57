/* What the board's core keeps and forgets: ids, records, clients, counts, itself; without locks,
 * threads or a runner. */
#include "coretest.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
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

START_TEST(bd_15_ids_are_derived_and_differ_by_task_and_client)
{
    schedule("a", 2, 0, 0, 0, 0);
    schedule("b", 1, 0, 0, 0, 0);
    flr_assignment *a0 = ask(0, 0), *a1 = ask(1, 0);
    answer(0, "a", a0->id, 0);
    flr_assignment *b0 = ask(0, 0);
    ck_assert_uint_eq(strlen(a0->id), 32);
    ck_assert_uint_eq(strspn(a0->id, "0123456789abcdef"), 32);
    ck_assert_str_ne(a0->id, a1->id);
    ck_assert_str_ne(a0->id, b0->id);
    flr__choice again = {.task = a0->task, .target = a0->target};
    flr_assignment *same;
    ck_assert_int_eq(flr__core_prepare(&again, coretest_client(&ct, 0), &same), 0);
    ck_assert_str_eq(same->id, a0->id); /* the same inputs give the same id */
    flr__core_assignment_drop(same);
}
END_TEST

START_TEST(sb_16_late_once_then_duplicate)
{
    flr__core_task *t = schedule("a", 3, 1, 0, 0, 0);
    flr_assignment *open = ask(0, 0), *done = ask(1, 0), *other = ask(2, 0);
    answer(1, "a", done->id, 1);
    ck_assert_int_eq(status_of(t), FLR_TASK_OK);
    /* before the end is settled, and after */
    ck_assert_int_eq(claim(0, "a", open->id), FLR_OUTCOME_LATE);
    ck_assert_int_eq(claim(0, "a", open->id), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(claim(1, "a", done->id), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(claim(1, "a", other->id), FLR_OUTCOME_UNKNOWN_TASK);
    coretest_settle(&ct, t);
    ck_assert_int_eq(claim(0, "a", open->id), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(claim(1, "a", done->id), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(claim(1, "a", other->id),
                     FLR_OUTCOME_UNKNOWN_TASK); /* remembered for another client */
    ck_assert_int_eq(claim(2, "x", other->id), FLR_OUTCOME_UNKNOWN_TASK); /* or another name */
    ck_assert_int_eq(claim(2, "a", other->id), FLR_OUTCOME_LATE);
    ck_assert_int_eq(claim(2, "a", other->id), FLR_OUTCOME_DUPLICATE);
}
END_TEST

START_TEST(ax_06_checks)
{
    flr__core_task *t = schedule("a", 2, 0, 0, 0, 0);
    flr_assignment *a = ask(0, 0), *b = ask(1, 0);
    ck_assert_int_eq(check_id(0, a->id), FLR_CHECK_OK);
    ck_assert_int_eq(check_id(1, a->id), FLR_CHECK_NOT_YOURS);
    answer(0, "a", a->id, 1);
    ck_assert_int_eq(check_id(0, a->id), FLR_CHECK_ALREADY_RECEIVED);
    flr__core_end(core, t, FLR_TASK_CANCELLED, 2);
    ck_assert_int_eq(check_id(1, b->id), FLR_CHECK_CLOSED);
    coretest_settle(&ct, t);
    ck_assert_int_eq(check_id(1, b->id), FLR_CHECK_CLOSED);
    ck_assert_int_eq(check_id(0, a->id), FLR_CHECK_ALREADY_RECEIVED);
    ck_assert_int_eq(check_id(0, b->id), FLR_CHECK_NOT_YOURS);
}
END_TEST

START_TEST(bd_32_oldest_forgotten_first)
{
    char ids[3][FLR__ID_TEXT];
    atomic_store(&core->memory, 2);
    flr__core_task *t = schedule("a", 3, 0, 0, 0, 0);
    for (int i = 0; i < 3; i++) {
        memcpy(ids[i], ask(i, 0)->id, FLR__ID_TEXT);
    }
    flr__core_end(core, t, FLR_TASK_CANCELLED, 1);
    coretest_settle(&ct, t);
    ck_assert_ptr_null(find(ids[0])); /* handed out first */
    ck_assert_ptr_nonnull(find(ids[1]));
    flr__core_task *u = schedule("b", 1, 0, 0, 0, 2);
    ask(0, 2);
    flr__core_end(core, u, FLR_TASK_CANCELLED, 3);
    coretest_settle(&ct, u);
    ck_assert_ptr_null(find(ids[1]));
    ck_assert_ptr_nonnull(find(ids[2]));
    ck_assert_uint_eq(core->remembered, 2);
}
END_TEST

START_TEST(bd_32_zero_remembers_nothing)
{
    atomic_store(&core->memory, 0);
    flr__core_task *t = schedule("a", 1, 0, 0, 0, 0);
    flr_assignment *a = ask(0, 0);
    flr__core_end(core, t, FLR_TASK_CANCELLED, 1);
    ck_assert_int_eq(claim(0, "a", a->id),
                     FLR_OUTCOME_UNKNOWN_TASK); /* not even before it is settled */
    ck_assert_int_eq(check_id(0, a->id), FLR_CHECK_UNKNOWN);
    coretest_settle(&ct, t);
    ck_assert_ptr_null(find(a->id));
    ck_assert_uint_eq(core->remembered, 0);
    t = schedule("b", 1, 0, 0, 0, 2);
    a = ask(0, 2);
    ck_assert_int_eq(check_id(0, a->id), FLR_CHECK_OK); /* while it stands */
    flr__core_end(core, t, FLR_TASK_CANCELLED, 3);
    coretest_settle(&ct, t);
    ck_assert_ptr_null(find(a->id));
}
END_TEST

START_TEST(bd_33_assignments_in_hand_out_order)
{
    flr__core_task *t = schedule("a", 4, 0, 0, 0, 0);
    static const int order[] = {2, 0, 3};
    for (int i = 0; i < 3; i++) {
        ask(order[i], i);
    }
    flr_assignment *a = flr__core_last(t);
    for (int i = 3; i-- > 0; a = a->previous) {
        ck_assert_uint_eq(a->place, (size_t)i + 1);
        ck_assert_ptr_eq(flr__core_owner(a), coretest_client(&ct, order[i]));
    }
    ck_assert_ptr_null(a);
}
END_TEST

START_TEST(ps_07_begun_runs_count_for_relays_and_forever)
{
    static const flr__policy *const policies[] = {&flr__policy_broadcast, &flr__policy_send,
                                                  &flr__policy_send_any,  &flr__policy_relay,
                                                  &flr__policy_relay_any, &flr__policy_forever};
    for (int i = 0; i < 6; i++) {
        flr__core_task *t =
            coretest_schedule(&ct, "t", &(coretest_options){.policy = policies[i], .list = "0"}, 0);
        flr__choice choice = flr__core_choose(core, coretest_client(&ct, 0), 0);
        flr_assignment *first, *second;
        ck_assert_ptr_eq(choice.task, t);
        ck_assert_int_eq(flr__core_prepare(&choice, coretest_client(&ct, 0), &first), 0);
        t->begun++;
        ck_assert_int_eq(flr__core_prepare(&choice, coretest_client(&ct, 0), &second), 0);
        ck_assert_int_eq(strcmp(first->id, second->id) == 0, i < 3);
        flr__core_assignment_drop(first);
        flr__core_assignment_drop(second);
        flr__core_end(core, t, FLR_TASK_CANCELLED, 0);
    }
}
END_TEST

START_TEST(bd_12_what_recording_sets)
{
    schedule("a", 1, 0, 0, 0, 0);
    coretest_offer offer = coretest_choose(&ct, 0, 3);
    ck_assert_int_eq(atomic_load(&offer.a->first_sent), FLR_TIME_NONE);
    ck_assert_int_eq(atomic_load(&offer.a->last_sent), FLR_TIME_NONE);
    ck_assert_int_eq(atomic_load(&offer.a->received), FLR_TIME_NONE);
    ck_assert_uint_eq(atomic_load(&offer.a->send_count), 0);
    ck_assert_int_eq(atomic_load(&offer.a->state), FLR_ASSIGNMENT_OPEN);
    ck_assert(coretest_record(&ct, &offer, 5));
    ck_assert_int_eq(atomic_load(&offer.a->first_sent), 5);
    ck_assert_uint_eq(atomic_load(&offer.a->send_count), 1);
    ck_assert_uint_eq(offer.a->place, 1);
}
END_TEST

START_TEST(bd_32_the_state_that_settling_leaves)
{
    flr__core_task *t = schedule("a", 3, 0, 0, 0, 0);
    flr_assignment *open = ask(0, 0), *answered = ask(1, 0), *claimed = ask(2, 0);
    answer(1, "a", answered->id, 1);
    ck_assert_int_eq(claim(2, "a", claimed->id), FLR_OUTCOME_ACCEPTED);
    flr__core_end(core, t, FLR_TASK_CANCELLED, 2);
    coretest_settle(&ct, t);
    ck_assert_int_eq(atomic_load(&open->state), FLR_ASSIGNMENT_CLOSED);
    ck_assert_int_eq(atomic_load(&answered->state), FLR_ASSIGNMENT_ANSWERED);
    ck_assert_int_eq(atomic_load(&claimed->state), FLR_ASSIGNMENT_OPEN); /* not decided yet */
    ck_assert(!flr__link_is_in(&open->open));
    ck_assert_int_eq(claim(2, "a", claimed->id), FLR_OUTCOME_DUPLICATE);
    flr__core_drop_claim(claimed);
    ck_assert_int_eq(atomic_load(&claimed->state), FLR_ASSIGNMENT_CLOSED);
    ck_assert(!atomic_load(&claimed->claimed));
}
END_TEST

START_TEST(sb_01_a_claim_that_is_undone)
{
    coretest_options o = {.policy = &flr__policy_relay, .list = "01", .result_timeout = 5};
    flr__core_task *t = coretest_schedule(&ct, "r", &o, 0);
    flr_assignment *a = ask(0, 0);
    coretest_expire(&ct, 5);
    ck_assert_int_eq(claim(0, "r", a->id), FLR_OUTCOME_ACCEPTED);
    ck_assert_uint_eq(a->target->claims, 1);
    ck_assert_ptr_eq(flr__link_first(&flr__core_owner(a)->claimed), &a->open);
    flr__core_undo_claim(a); /* no memory for its header */
    ck_assert_uint_eq(a->target->claims, 0);
    ck_assert_ptr_null(flr__link_first(&flr__core_owner(a)->claimed));
    ck_assert_int_eq(atomic_load(&a->state), FLR_ASSIGNMENT_GIVEN_UP);
    ck_assert_ptr_null(ask(0, 6)); /* not sent again */
    ck_assert_int_eq(claim(0, "r", a->id), FLR_OUTCOME_ACCEPTED);
    ck_assert_uint_eq(t->given_up, 1);
}
END_TEST

START_TEST(bc_12_a_walk_finds_the_latest_of_each)
{
    flr__core_task *t = schedule_forever("01"), *open = schedule_forever(NULL);
    flr_assignment *latest[3];
    flr__walk walk;
    answer(1, "f", ask(1, 0)->id, 0); /* 0 gets nothing of the first one */
    latest[0] = ask(1, 0);
    answer(1, "f", latest[0]->id, 0);
    walk = flr__walk_begin(t);
    ck_assert_ptr_eq(flr__walk_next(&walk), latest[0]);
    ck_assert_ptr_null(flr__walk_next(&walk));
    ck_assert_ptr_null(flr__walk_next(&walk));
    flr__core_end(core, t, FLR_TASK_CANCELLED, 1);
    for (int i = 0; i < 3; i++) { /* youngest first */
        latest[2 - i] = ask(i, 1);
        ck_assert_ptr_eq(latest[2 - i]->task, open);
    }
    walk = flr__walk_begin(open);
    for (int i = 0; i < 3; i++) {
        ck_assert_ptr_eq(flr__walk_next(&walk), latest[i]);
    }
    ck_assert_ptr_null(flr__walk_next(&walk));
}
END_TEST

/* ---- counts ---- */

START_TEST(st_05_what_is_counted_of_a_client)
{
    flr__board_client *bc = coretest_client(&ct, 0);
    flr__core_stripe *stripe = &core->stripes[flr__core_stripe_of(ct.clients[0])];
    schedule("a", 2, 0, 0, 0, 0);
    flr_assignment *a = ask(0, 0);
    ask(0, 1);
    ask(0, 2);
    flr__core_count(core, stripe, bc, answer(0, "a", a->id, 3));
    flr__core_count(core, stripe, bc, claim(0, "a", a->id));
    flr__core_count(core, stripe, bc, FLR_OUTCOME_LATE);
    flr__core_count(core, stripe, bc, FLR_OUTCOME_LATE);
    flr__core_count(core, stripe, bc, FLR_OUTCOME_WRONG_TASK_NAME);
    flr__core_count(core, stripe, NULL, FLR_OUTCOME_UNKNOWN_TASK); /* of a client without records */
    for (int i = 0; i < 2; i++) {
        const flr__tally *t = i == 0 ? &bc->tally : &stripe->tally;
        ck_assert_uint_eq(t->sent, 1);
        ck_assert_uint_eq(t->resends, 2);
        ck_assert_uint_eq(t->results, 1);
        ck_assert_uint_eq(t->duplicates, 1);
        ck_assert_uint_eq(t->late, 2);
        ck_assert_uint_eq(t->rejected, i == 0 ? 1 : 2);
    }
    flr__core_reset_totals(core);
    ck_assert_uint_eq(stripe->tally.sent + stripe->tally.rejected, 0);
}
END_TEST

/* Those that are listed, or got or sent something; who asked in vain is none. */
START_TEST(st_05_which_clients_are_shown)
{
    static const bool shown[] = {true, true, false, true, false};
    flr__board_client *bc[5];
    size_t count = 0;
    for (int i = 0; i < 5; i++) {
        bc[i] = coretest_client(&ct, i);
    }
    ck_assert_ptr_null(ask(2, 0));
    coretest_schedule(&ct, "s", &(coretest_options){.policy = &flr__policy_send_any}, 0);
    ck_assert_ptr_nonnull(ask(0, 0));
    ck_assert_ptr_null(ask(4, 0)); /* somebody has it */
    coretest_schedule(&ct, "r", &(coretest_options){.policy = &flr__policy_relay, .dynamic = true},
                      0);
    coretest_lose(&ct, 1, 0);
    ck_assert_ptr_null(ask(1, 0)); /* joins and gets nothing */
    flr__core_count(core, &core->stripes[flr__core_stripe_of(ct.clients[3])], bc[3],
                    FLR_OUTCOME_UNKNOWN_TASK);
    flr__core_note(core, bc[0]); /* once is enough */
    for (unsigned i = 0; i < FLR__BOARD_STRIPES; i++) {
        count += core->stripes[i].client_count;
    }
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(bc[i]->noted, shown[i]);
        count -= shown[i] ? 1 : 0;
    }
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(st_05_tasks_by_final_status)
{
    static const int statuses[] = {FLR_TASK_OK, FLR_TASK_TIMEOUT, FLR_TASK_TIMEOUT,
                                   FLR_TASK_CANCELLED};
    flr__core_task *t = NULL;
    for (int i = 0; i < 4; i++) {
        t = schedule("a", 1, 0, 0, 0, 0);
        flr__core_end(core, t, statuses[i], 0);
    }
    ck_assert_uint_eq(core->scheduled, 4);
    ck_assert_uint_eq(atomic_load(&core->ended[FLR_TASK_OK]), 1);
    ck_assert_uint_eq(atomic_load(&core->ended[FLR_TASK_TIMEOUT]), 2);
    ck_assert_uint_eq(atomic_load(&core->ended[FLR_TASK_CANCELLED]), 1);
    flr__core_fail(core, t); /* its task_done failed */
    ck_assert_int_eq(status_of(t), FLR_TASK_ERROR);
    ck_assert_uint_eq(atomic_load(&core->ended[FLR_TASK_CANCELLED]), 0);
    ck_assert_uint_eq(atomic_load(&core->ended[FLR_TASK_ERROR]), 1);
    flr__core_reset_totals(core);
    ck_assert_uint_eq(core->scheduled, 0);
    ck_assert_uint_eq(atomic_load(&core->ended[FLR_TASK_TIMEOUT]), 0);
}
END_TEST

/* ---- which locks a request needs ---- */

START_TEST(requests_need_the_rule_lock_only_for_sends_and_relays)
{
    flr__board_client *bc = coretest_client(&ct, 0), *other = coretest_client(&ct, 5);
    flr__core_task *t;
    schedule("a", 1, 0, 0, 0, 0);
    schedule("b", -1, 9, 0, 0, 0);
    ck_assert(!flr__core_needs_rule(core, bc));
    t = coretest_schedule(&ct, "s", &(coretest_options){.policy = &flr__policy_send, .list = "01"},
                          0);
    ck_assert(flr__core_needs_rule(core, bc)); /* a target of it */
    ck_assert(!flr__core_needs_rule(core, other));
    flr__core_end(core, t, FLR_TASK_CANCELLED, 0);
    coretest_settle(&ct, t);
    ck_assert(!flr__core_needs_rule(core, bc));
    t = coretest_schedule(&ct, "r", &(coretest_options){.policy = &flr__policy_send_any}, 0);
    ck_assert(flr__core_needs_rule(core, other)); /* it could join */
    answer(5, "b", ask(5, 0)->id, 0);
    ck_assert_ptr_eq(ask(5, 0)->task, t);
    flr__core_end(core, t, FLR_TASK_CANCELLED, 0);
    coretest_settle(&ct, t);
    ck_assert(!flr__core_needs_rule(core, other)); /* it has met them all */
}
END_TEST

START_TEST(nearer_deadlines_are_noticed)
{
    ck_assert(!atomic_load(&core->is_nearer));
    schedule("a", 1, 0, 0, 9, 0);
    ck_assert(atomic_exchange(&core->is_nearer, false));
    schedule("b", 1, 0, 0, 9, 0);
    schedule("c", 1, 0, 0, 10, 0);
    ck_assert(!atomic_load(&core->is_nearer));
    schedule("d", 1, 0, 0, 8, 0);
    ck_assert(atomic_exchange(&core->is_nearer, false));
    coretest_expire(&ct, 8);
    ck_assert_int_eq(atomic_load(&core->next_due), 9);
    ck_assert(!atomic_load(&core->is_nearer));
}
END_TEST

/* ---- its life ---- */

/* So many that some share a stripe: all of them are released. */
START_TEST(clients_are_made_once_and_released)
{
    flr__client *clients[FLR__BOARD_STRIPES + 1];
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        char name[16];
        snprintf(name, sizeof name, "many-%zu", i);
        clients[i] = flr__clients_get(&ct.table, name);
        ck_assert_ptr_nonnull(flr__core_client(core, clients[i]));
        ck_assert_ptr_eq(flr__core_client(core, clients[i]), clients[i]->board);
    }
    flr__core_free(core);
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        ck_assert_ptr_null(clients[i]->board);
    }
    flr__core_init(core);
}
END_TEST

/* BD-31: the same board again, for the next workflow or run. */
START_TEST(bd_31_all_is_forgotten)
{
    core->heartbeat = 10;
    core->announces = true;
    atomic_store(&ct.clients[0]->last_heard, 0);
    ck_assert_int_eq(flr__core_watch(core, coretest_client(&ct, 0)), 0);
    schedule("a", 1, 0, 0, 9, 0);
    schedule("o", -1, 1, 0, 9, 0);
    coretest_schedule(&ct, "r", &(coretest_options){.policy = &flr__policy_send_any}, 0);
    ask(0, 0);
    flr__core_tell(core, coretest_client(&ct, 1));
    for (size_t i = 0; i < ct.task_count; i++) {
        flr__core_end(core, ct.tasks[i], FLR_TASK_CANCELLED, 1);
        coretest_settle(&ct, ct.tasks[i]);
    }
    flr__core_tell_all(core);
    flr__core_free(core);
    flr__core_init(core);
    ck_assert_ptr_null(ct.clients[0]->board);
    ck_assert(!flr__core_needs_rule(core, coretest_client(&ct, 0)));
    ck_assert_str_eq(coretest_news(&ct), "");
    ck_assert(!atomic_load(&core->is_nearer));
    ck_assert_int_eq(atomic_load(&core->next_due), FLR_TIME_NONE);
    ck_assert_uint_eq(core->remembered + core->linked + core->open_count, 0);
    ck_assert_uint_eq(atomic_load(&core->count), 0);
    ck_assert_ptr_null(flr__core_next_silent(core, 1000));
    flr__core_task *t = schedule("o", -1, 1, 0, 0, 2000);
    flr_assignment *a = ask(0, 2000);
    ck_assert_ptr_eq(a->task, t);
    ck_assert_int_eq(answer(0, "o", a->id, 2001), FLR_OUTCOME_ACCEPTED);
    coretest_settle(&ct, t);
    ck_assert_uint_eq(core->remembered, 1);
    ck_assert_ptr_eq(core->oldest, core->newest);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        bd_15_ids_are_derived_and_differ_by_task_and_client,
        sb_16_late_once_then_duplicate,
        ax_06_checks,
        bd_32_oldest_forgotten_first,
        bd_32_zero_remembers_nothing,
        bd_33_assignments_in_hand_out_order,
        ps_07_begun_runs_count_for_relays_and_forever,
        bd_12_what_recording_sets,
        bd_32_the_state_that_settling_leaves,
        sb_01_a_claim_that_is_undone,
        bc_12_a_walk_finds_the_latest_of_each,
        st_05_what_is_counted_of_a_client,
        st_05_which_clients_are_shown,
        st_05_tasks_by_final_status,
        requests_need_the_rule_lock_only_for_sends_and_relays,
        nearer_deadlines_are_noticed,
        clients_are_made_once_and_released,
        bd_31_all_is_forgotten,
    };
    Suite *suite = suite_create("what a board keeps");
    TCase *tcase = tcase_create("rows");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
