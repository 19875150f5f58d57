/*
 * Reliable messages between two stepped runs over a network that loses, repeats and reorders: whatever happens to single messages, a
 * request is handled at most once, its reply arrives or the right failure is reported, and nothing is left. Rows RM-05, RM-06, RM-10 to RM-14.
 */
#include "pair.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUESTS 24

static struct {
    int handled, done;
    char rc[32];
    int64_t answer;
    flr_signal *abort;
} requests[REQUESTS];
static bool fail_some;

static int work(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                flr_signal *cancel, flr_shareable **reply)
{
    int64_t n = flr_value_get_int(flr_shareable_get(request, "n"), -1);
    (void)self, (void)topic, (void)cancel;
    ck_assert(n >= 0 && n < REQUESTS);
    requests[n].handled++;
    if (fail_some && n % 5 == 4)
        return flr_context_fail(context, FLR_E_IO, "no luck");
    ck_assert_int_eq(flr_shareable_new_reply("DONE", NULL, reply), 0);
    return flr_shareable_set_int(*reply, "answer", n * n);
}

static void on_done(void *self, flr_shareable *reply)
{
    int n = *(int *)self;
    requests[n].done++;
    snprintf(requests[n].rc, sizeof requests[n].rc, "%s", flr_shareable_get_rc(reply));
    requests[n].answer = flr_value_get_int(flr_shareable_get(reply, "answer"), -1);
}

static int numbers[REQUESTS];

static void send_one(pair *p, int n, double whole)
{
    flr_reliable_options options;
    flr_shareable *m;
    pair_site *from = &p->sites[n % 2];
    numbers[n] = n;
    flr_reliable_options_init(&options, sizeof options);
    options.transaction_timeout = whole;
    ck_assert_int_eq(flr_signal_new(NULL, p->clock, &requests[n].abort), 0);
    ck_assert_int_eq(flr_shareable_new(&m), 0);
    ck_assert_int_eq(flr_shareable_set_int(m, "n", n), 0);
    ck_assert_int_eq(flr_context_send_reliable(from->context, p->sites[1 - n % 2].name, "work", m,
                                               &options, requests[n].abort, on_done, &numbers[n]),
                     0);
    flr_shareable_unref(m);
}

static bool all_done(void)
{
    for (int i = 0; i < REQUESTS; i++)
        if (requests[i].done == 0)
            return false;
    return true;
}

static void begin_all(pair *p, double whole)
{
    memset(requests, 0, sizeof requests);
    for (int n = 0; n < REQUESTS; n++)
        send_one(p, n, whole);
}

static void end_all(pair *p)
{
    pair_end(p);
    for (int n = 0; n < REQUESTS; n++) {
        ck_assert_int_eq(requests[n].done, 1);
        flr_signal_unref(requests[n].abort);
    }
}

START_TEST(rm_05_a_good_network)
{
    pair *p = pair_begin(false, 1, 0, 2.0, work);
    fail_some = true;
    begin_all(p, 60.0);
    int64_t before = flr_clock_get_now(p->clock);
    while (!all_done())
        pair_turn(p);
    ck_assert_int_eq(flr_clock_get_now(p->clock), before); /* no query, no pause */
    for (int n = 0; n < REQUESTS; n++) {
        ck_assert_int_eq(requests[n].handled, 1);
        ck_assert_str_eq(requests[n].rc, n % 5 == 4 ? "EXECUTION_EXCEPTION" : "DONE");
        ck_assert_int_eq(requests[n].answer, n % 5 == 4 ? -1 : n * n);
    }
    fail_some = false;
    end_all(p);
}
END_TEST

START_TEST(rm_06_rm_10_rm_11_rm_13_a_bad_network)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        pair *p = pair_begin(false, seed, (unsigned)(seed % 5) * 10 + 5, 2.0, work);
        begin_all(p, 600.0); /* so many tries that all get through */
        for (int turns = 0; !all_done(); turns++) {
            ck_assert_int_lt(turns, 100000);
            pair_turn(p);
        }
        for (int n = 0; n < REQUESTS; n++) {
            ck_assert_msg(requests[n].handled == 1, "seed %d: request %d was handled %d times",
                          (int)seed, n, requests[n].handled);
            ck_assert_str_eq(requests[n].rc, "DONE");
            ck_assert_int_eq(requests[n].answer, n * n);
        }
        end_all(p);
    }
}
END_TEST

START_TEST(rm_10_rm_14_a_network_too_bad)
{
    int failures = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        pair *p = pair_begin(false, seed, 80, 2.0, work);
        begin_all(p, 12.0);
        for (int turns = 0; !all_done(); turns++) {
            ck_assert_int_lt(turns, 100000);
            if (turns % 16 == 3)
                flr_signal_trigger(requests[seed % REQUESTS].abort, NULL);
            pair_turn(p);
        }
        for (int n = 0; n < REQUESTS; n++) {
            ck_assert_int_le(requests[n].handled, 1);
            ck_assert(strcmp(requests[n].rc, "DONE") == 0 ||
                      strcmp(requests[n].rc, "COMMUNICATION_ERROR") == 0 ||
                      strcmp(requests[n].rc, "EXECUTION_EXCEPTION") == 0 ||
                      (n == (int)(seed % REQUESTS) && strcmp(requests[n].rc, "TASK_ABORTED") == 0));
            failures += strcmp(requests[n].rc, "DONE") != 0;
        }
        end_all(p);
    }
    ck_assert_int_gt(failures, 0);
}
END_TEST

START_TEST(lc_15_one_side_ends)
{
    pair *p = pair_begin(false, 7, 20, 2.0, work);
    begin_all(p, 600.0);
    pair_turn(p);
    pair_abort(p, 1);
    while (!all_done())
        pair_turn(p);
    for (int n = 0; n < REQUESTS; n++) {
        ck_assert_int_le(requests[n].handled, 1);
        if (n % 2 == 1) /* its own */
            ck_assert(strcmp(requests[n].rc, "TASK_ABORTED") == 0 ||
                      strcmp(requests[n].rc, "DONE") == 0);
        else
            ck_assert(strcmp(requests[n].rc, "SERVICE_UNAVAILABLE") == 0 ||
                      strcmp(requests[n].rc, "DONE") == 0);
    }
    end_all(p);
}
END_TEST

START_TEST(rm_14_nothing_is_left)
{
    pair *p = pair_begin(false, 3, 30, 2.0, work);
    begin_all(p, 30.0);
    while (!all_done())
        pair_turn(p);
    while (p->count > 0)
        pair_turn(p);
    int64_t over = flr_clock_get_now(p->clock);
    for (int turns = 0; p->count > 0 || p->sites[0].wait >= 0 || p->sites[1].wait >= 0; turns++) {
        ck_assert_int_lt(turns, 1000);
        pair_turn(p);
    }
    /* what is remembered is forgotten after twice the timeout */
    ck_assert_int_gt(flr_clock_get_now(p->clock), over);
    ck_assert_int_le(flr_clock_get_now(p->clock), over + INT64_C(90000000000));
    end_all(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reliable messages, two sites");
    TCase *t = tcase_create("stepped");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, rm_05_a_good_network);
    tcase_add_test(t, rm_06_rm_10_rm_11_rm_13_a_bad_network);
    tcase_add_test(t, rm_10_rm_14_a_network_too_bad);
    tcase_add_test(t, lc_15_one_side_ends);
    tcase_add_test(t, rm_14_nothing_is_left);
    suite_add_tcase(suite, t);
    return suite_run(suite);
}
