/* The board's core: choosing, claiming, rules, deadlines, remembering; without locks, threads or a
 * runner. */
#include "board/core.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS 6
#define SECOND  INT64_C(1000000000)

static flr__core *core;
static flr__client clients[CLIENTS];
static flr__core_task *tasks[16];
static size_t task_count;

static flr__board_client *client(int i)
{
    flr__board_client *bc = flr__core_client(core, &clients[i]);

    ck_assert_ptr_nonnull(bc);
    return bc;
}

static void begin(void)
{
    char name[32];

    core = calloc(1, sizeof *core);
    ck_assert_ptr_nonnull(core);
    flr__core_init(core);
    atomic_init(&core->memory, 100);
    memset(clients, 0, sizeof clients);
    for (int i = 0; i < CLIENTS; i++) {
        snprintf(name, sizeof name, "site-%d", i);
        clients[i].name = flr__str_new(name, strlen(name));
        ck_assert_ptr_nonnull(clients[i].name);
    }
    task_count = 0;
}

static void end(void)
{
    for (size_t i = 0; i < task_count; i++) {
        for (flr_assignment *a = flr__core_last(tasks[i]), *previous; a != NULL; a = previous) {
            previous = a->previous;
            a->record = NULL; /* the core's */
            flr__core_assignment_free(a);
        }
        flr__free(tasks[i]->targets);
        flr__str_unref(tasks[i]->name);
        free(tasks[i]);
    }
    flr__core_free(core);
    for (int i = 0; i < CLIENTS; i++) {
        ck_assert_ptr_null(clients[i].board);
        flr__str_unref(clients[i].name);
    }
    free(core);
}

/* A task for the first `targets` clients; -1: OPEN. */
static flr__core_task *schedule(const char *name, int targets, size_t min, int64_t wait,
                                int64_t timeout, int64_t now)
{
    static const uint8_t key[16] = {1, 2, 3};
    flr__core_task *t = calloc(1, sizeof *t);

    ck_assert_ptr_nonnull(t);
    t->name = flr__str_new(name, strlen(name));
    t->policy = &flr__policy_broadcast;
    t->number = (int64_t)task_count;
    t->mode = targets < 0 ? FLR_TARGETS_OPEN : FLR_TARGETS_LIST;
    t->target_count = targets < 0 ? 0 : (size_t)targets;
    t->targets = flr__zalloc_array(t->target_count + 1, sizeof *t->targets);
    for (size_t i = 0; i < t->target_count; i++) {
        t->targets[i].owner = client((int)i);
        t->targets[i].task = t;
    }
    t->min_responses = min;
    t->wait = wait;
    t->timeout_at = timeout > 0 ? now + timeout : FLR_TIME_NONE;
    flr__siphash128_begin(&t->id_prefix, key);
    flr__siphash_u64(&t->id_prefix, (uint64_t)t->number);
    ck_assert_int_eq(flr__core_reserve(core), 0);
    flr__core_schedule(core, t, now);
    tasks[task_count++] = t;
    return t;
}

/* What a request does; NULL: there is nothing. */
static flr_assignment *ask(int i, int64_t now)
{
    flr__choice choice = flr__core_choose(core, client(i));
    flr_assignment *a = choice.again;

    if (choice.task == NULL) {
        return NULL;
    }
    if (a == NULL) {
        ck_assert_int_eq(flr__core_prepare(choice.task, client(i), &a), 0);
        ck_assert_int_eq(flr__core_reserve_id(core, a), 0);
    }
    ck_assert(flr__core_record(core, &choice, a, now));
    return a;
}

static flr__record *find(const char *id_text)
{
    flr__id id;

    ck_assert_int_eq(flr__id_parse(id_text, &id), 0);
    for (unsigned i = 0; i < FLR__BOARD_STRIPES; i++) {
        flr__record *record = flr__core_find(core, i, &id);
        if (record != NULL) {
            return record;
        }
    }
    return NULL;
}

static int claim(int i, const char *name, const char *id)
{
    return flr__core_claim(core, find(id), client(i), name);
}

static int check_id(int i, const char *id)
{
    return flr__core_check(core, find(id), client(i));
}

/* What a submission does. */
static int answer(int i, const char *name, const char *id, int64_t now)
{
    flr__record *record = find(id);
    int outcome = flr__core_claim(core, record, client(i), name);

    if (outcome == FLR_OUTCOME_ACCEPTED) {
        flr_assignment *a = record->assignment;
        if (flr__core_answer(core, a, FLR_ASSIGNMENT_ANSWERED, now)) {
            flr__core_evaluate(core, a->task, now);
        }
    }
    return outcome;
}

static void settle(flr__core_task *t)
{
    flr__record *first = NULL, *last = NULL, *record;
    size_t count = 0;

    for (flr_assignment *a = flr__core_last(t); a != NULL; a = a->previous, count++) {
        record = flr__core_settle(a);
        record->next = first;
        first = record;
        last = last == NULL ? record : last;
    }
    if (count > 0) {
        flr__core_remember(core, first, last, count);
    }
    while ((record = flr__core_forget(core)) != NULL) {
        flr__core_release(core, record);
    }
}

static int status_of(const flr__core_task *t)
{
    return atomic_load(&((flr__core_task *)t)->status);
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
    answer(0, "a", a->id, 1);
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
    flr__choice choice = flr__core_choose(core, client(0));
    flr_assignment *a;
    ck_assert_int_eq(flr__core_prepare(choice.task, client(0), &a), 0);
    ck_assert_int_eq(flr__core_reserve_id(core, a), 0);
    flr__core_end(core, t, FLR_TASK_CANCELLED, 1);
    ck_assert(!flr__core_record(core, &choice, a, 2));
    ck_assert_ptr_null(flr__core_last(t));
    ck_assert_ptr_null(find(a->id));
    flr__core_assignment_free(a);
}
END_TEST

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
    flr__choice again = {a0->task, NULL, NULL};
    flr_assignment *same;
    ck_assert_int_eq(flr__core_prepare(again.task, client(0), &same), 0);
    ck_assert_str_eq(same->id, a0->id); /* the same inputs give the same id */
    flr__core_assignment_free(same);
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
    settle(t);
    ck_assert_int_eq(claim(0, "a", open->id), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(claim(1, "a", done->id), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(claim(1, "a", other->id),
                     FLR_OUTCOME_UNKNOWN_TASK); /* remembered for another client */
    ck_assert_int_eq(claim(2, "x", other->id), FLR_OUTCOME_UNKNOWN_TASK); /* or another name */
    ck_assert_int_eq(claim(2, "a", other->id), FLR_OUTCOME_LATE);
    ck_assert_int_eq(claim(2, "a", other->id), FLR_OUTCOME_DUPLICATE);
}
END_TEST

START_TEST(bd_17_a_claim_whose_task_ended_is_late_and_then_duplicate)
{
    flr__core_task *t = schedule("a", 1, 0, 0, 0, 0);
    flr_assignment *a = ask(0, 0);
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_ACCEPTED);
    flr__core_end(core, t, FLR_TASK_CANCELLED, 1);
    settle(t);
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
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_ACCEPTED);
    flr__core_end(core, t, FLR_TASK_CANCELLED, 1);
    settle(t);
    ck_assert(!flr__core_answer(core, a, FLR_ASSIGNMENT_ANSWERED, 2));
    ck_assert_uint_eq(atomic_load(&t->answered), 0);
    ck_assert_int_eq(check_id(0, a->id), FLR_CHECK_ALREADY_RECEIVED);
}
END_TEST

START_TEST(bd_24_closed_in_the_clients_place)
{
    flr__core_task *t = schedule("a", 2, 0, 0, 0, 0);
    flr_assignment *a = ask(0, 0);
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_ACCEPTED);
    ck_assert(!flr__core_answer(core, a, FLR_ASSIGNMENT_CLOSED, 1));
    ck_assert_uint_eq(atomic_load(&t->answered), 1);
    ck_assert_ptr_null(ask(0, 2)); /* never again */
    ck_assert_int_eq(check_id(0, a->id), FLR_CHECK_CLOSED);
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_LATE);
    ck_assert_int_eq(claim(0, "a", a->id), FLR_OUTCOME_DUPLICATE);
    answer(1, "a", ask(1, 2)->id, 3);
    ck_assert_int_eq(status_of(t), FLR_TASK_OK);
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
    settle(t);
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
    settle(t);
    ck_assert_ptr_null(find(ids[0])); /* handed out first */
    ck_assert_ptr_nonnull(find(ids[1]));
    flr__core_task *u = schedule("b", 1, 0, 0, 0, 2);
    ask(0, 2);
    flr__core_end(core, u, FLR_TASK_CANCELLED, 3);
    settle(u);
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
    settle(t);
    ck_assert_ptr_null(find(a->id));
    ck_assert_uint_eq(core->remembered, 0);
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
        ck_assert_ptr_eq(a->owner, client(order[i]));
    }
    ck_assert_ptr_null(a);
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
        bd_25_rule_before_timeout_at_one_instant,
        bd_25_first_final_status_wins,
        bd_29_timeouts_oldest_first_ties_in_scheduling_order,
        bd_30_count_is_exact,
        bd_25_an_ended_task_is_not_handed_out_nor_sent_again,
        bd_10_a_hand_out_of_a_task_that_ended_is_not_recorded,
        bd_15_ids_are_derived_and_differ_by_task_and_client,
        sb_17_client_before_name_before_state,
        sb_14_being_processed_is_a_duplicate,
        sb_16_late_once_then_duplicate,
        bd_17_a_claim_whose_task_ended_is_late_and_then_duplicate,
        bd_18_a_result_in_processing_is_answered_though_its_task_ended,
        bd_24_closed_in_the_clients_place,
        ax_06_checks,
        bd_32_oldest_forgotten_first,
        bd_32_zero_remembers_nothing,
        bd_33_assignments_in_hand_out_order,
    };
    Suite *suite = suite_create("board core");
    TCase *tcase = tcase_create("rows");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, begin, end);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tcase_add_test(tcase, rows[i]);
    }
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
