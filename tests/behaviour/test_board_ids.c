/* Ids of assignments of all kinds of tasks. Rows BD-15, PS-07. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static boardhost h;

static void begin(uint64_t seed)
{
    boardhost_init(&h, 4);
    h.grace = 0;
    h.seed = seed;
    boardhost_begin(&h);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

static flr_task *scheduled(int kind)
{
    flr_task *task = boardhost_task(&h, "t", NULL);
    int status;

    switch (kind) {
    case FLR_KIND_BROADCAST:
        status = boardhost_broadcast(&h, task, FLR_TARGETS_SNAPSHOT, 0, 0, 0);
        break;
    case FLR_KIND_FOREVER:
        status = boardhost_forever(&h, task, FLR_TARGETS_SNAPSHOT, 0);
        break;
    case FLR_KIND_SEND:
        status = boardhost_send(&h, task, "12", FLR_ORDER_SEQUENTIAL, 0);
        break;
    case FLR_KIND_SEND_ANY:
        status = boardhost_send(&h, task, "12", FLR_ORDER_ANY, 0);
        break;
    default:
        status =
            boardhost_relay(&h, task, "1121", FLR_RELAY_FLAG_STATIC, kind - FLR_KIND_RELAY, 0, 0);
    }
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(flr_task_get_kind(task), kind);
    return task;
}

enum { TAKEN = 4, IDS = TAKEN + 1 };

/* The ids of a send or relay that clients 1, 1, 2, 1 take, and are disconnected; then of a second
 * task of that kind. */
static void collect(int kind, uint64_t seed, char found[IDS][40])
{
    static const int takers[TAKEN] = {1, 1, 2, 1};
    flr_task *task;

    begin(seed);
    task = scheduled(kind);
    for (int i = 0; i < TAKEN; i++) {
        boardhost_take(&h, takers[i], found[i]);
        boardhost_dead(&h, takers[i]);
    }
    ck_assert_int_eq(flr_task_cancel(task, 0), 0);
    flr_task_unref(task);
    task = scheduled(kind);
    boardhost_take(&h, 1, found[TAKEN]);
    flr_task_unref(task);
    end();
}

START_TEST(ps_07_every_assignment_has_an_id_of_its_own_and_a_second_run_the_same)
{
    char a[IDS][40], b[IDS][40], other[IDS][40];

    for (int kind = FLR_KIND_SEND; kind <= FLR_KIND_RELAY_ANY; kind++) {
        collect(kind, 5, a);
        collect(kind, 5, b);
        collect(kind, 6, other);
        for (int i = 0; i < IDS; i++) {
            ck_assert_uint_eq(strlen(a[i]), 32); /* BD-15 */
            ck_assert_uint_eq(strspn(a[i], "0123456789abcdef"), 32);
            ck_assert_str_eq(a[i], b[i]);
            ck_assert_str_ne(a[i], other[i]);
            for (int k = 0; k < i; k++) {
                ck_assert_str_ne(a[i], a[k]);
            }
        }
    }
}
END_TEST

/* Task, client and count are the same for all kinds; the number of begun runs is hashed for some. */
START_TEST(ps_07_the_number_of_begun_runs_counts_for_relays_and_forever_only)
{
    char first[FLR_KIND_RELAY_ANY + 1][40];

    for (int kind = FLR_KIND_BROADCAST; kind <= FLR_KIND_RELAY_ANY; kind++) {
        flr_task *task;

        begin(5);
        task = scheduled(kind);
        boardhost_take(&h, 1, first[kind]);
        flr_task_unref(task);
        end();
    }
    ck_assert_str_eq(first[FLR_KIND_SEND], first[FLR_KIND_BROADCAST]);
    ck_assert_str_eq(first[FLR_KIND_SEND_ANY], first[FLR_KIND_BROADCAST]);
    ck_assert_str_ne(first[FLR_KIND_RELAY], first[FLR_KIND_BROADCAST]);
    ck_assert_str_eq(first[FLR_KIND_RELAY_ANY], first[FLR_KIND_RELAY]);
    ck_assert_str_eq(first[FLR_KIND_FOREVER], first[FLR_KIND_RELAY]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("board, ids");
    TCase *tcase = tcase_create("rows");

    tcase_add_test(tcase, ps_07_every_assignment_has_an_id_of_its_own_and_a_second_run_the_same);
    tcase_add_test(tcase, ps_07_the_number_of_begun_runs_counts_for_relays_and_forever_only);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
