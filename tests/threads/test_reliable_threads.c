/*
 * Reliable messages between two runs on threads, over a network that loses, repeats and reorders: many senders that wait or do not, abort signals
 * at any moment, and a close in the midst of it. Threads record; the test thread asserts. Rows RM-02, RM-06, RM-10 to RM-15, LC-15.
 */
#include "pair.h"
#include "support/suite.h"

#include <check.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define SENDERS  4
#define REQUESTS 60 /* of each sender */

typedef struct record {
    atomic_int handled, done, aborted;
    atomic_int
        end; /* 'D' done, 'A' aborted, 'U' unavailable, 'C' communication error, 'E' execution, '?' */
    int status;
    flr_signal *abort;
} record;

static record records[SENDERS][REQUESTS];
static pair *present;
static atomic_int handlers, most_handlers, wrong;
static double whole_timeout;

static int work(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                flr_signal *cancel, flr_shareable **reply)
{
    int64_t n = flr_value_get_int(flr_shareable_get(request, "n"), -1);
    int now = atomic_fetch_add(&handlers, 1) + 1, most = atomic_load(&most_handlers);
    (void)self, (void)context, (void)topic;
    while (now > most && !atomic_compare_exchange_weak(&most_handlers, &most, now)) {
    }
    if (n < 0 || n >= SENDERS * REQUESTS) {
        atomic_fetch_add(&wrong, 1);
    } else {
        atomic_fetch_add(&records[n / REQUESTS][n % REQUESTS].handled, 1);
        if (n % 16 == 5 && whole_timeout > 100.0)
            flr_signal_wait(cancel, 0.002); /* a slow one, which stops when it is told to */
    }
    atomic_fetch_sub(&handlers, 1);
    int status = flr_shareable_new_reply("DONE", NULL, reply);
    return status < 0 ? status : flr_shareable_set_int(*reply, "n", n);
}

static void keep(record *r, int64_t n, const flr_shareable *reply)
{
    static const struct {
        const char *rc;
        int end;
    } ends[] = {{"DONE", 'D'},
                {"TASK_ABORTED", 'A'},
                {"SERVICE_UNAVAILABLE", 'U'},
                {"COMMUNICATION_ERROR", 'C'},
                {"EXECUTION_EXCEPTION", 'E'}};
    int end = '?';
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (strcmp(flr_shareable_get_rc(reply), ends[i].rc) == 0)
            end = ends[i].end;
    if (end == 'D' && flr_value_get_int(flr_shareable_get(reply, "n"), -1) != n)
        end = '?';
    atomic_store(&r->end, end);
    atomic_fetch_add(&r->done, 1);
}

static void on_done(void *self, flr_shareable *reply)
{
    record *r = self;
    keep(r, r - &records[0][0], reply);
}

static void send_one(int sender, int i, flr_context *context, const char *target)
{
    record *r = &records[sender][i];
    flr_reliable_options options;
    flr_shareable *m = NULL, *reply = NULL;
    flr_reliable_options_init(&options, sizeof options);
    options.per_message_timeout = 0.05;
    options.transaction_timeout = whole_timeout;
    r->status = flr_shareable_new(&m);
    if (r->status == 0)
        r->status = flr_shareable_set_int(m, "n", sender * REQUESTS + i);
    if (r->status == 0 && i % 3 == 0) {
        r->status =
            flr_context_send_reliable(context, target, "work", m, &options, r->abort, on_done, r);
    } else if (r->status == 0) {
        r->status = flr_context_send_reliable_and_wait(context, target, "work", m, &options,
                                                       r->abort, &reply);
        if (r->status == 0)
            keep(r, sender * REQUESTS + i, reply);
    }
    flr_shareable_unref(reply);
    flr_shareable_unref(m);
}

static void *send_main(void *self)
{
    int sender = *(int *)self;
    flr_context *context = NULL;
    if (flr_runner_new_context(present->sites[sender % 2].runner, &context) < 0)
        abort();
    for (int i = 0; i < REQUESTS; i++)
        send_one(sender, i, context, present->sites[1 - sender % 2].name);
    flr_context_free(context);
    return NULL;
}

static atomic_bool stop_aborting;

/* Aborts one request after another, before, while and after it is under way. */
static void *abort_main(void *self)
{
    (void)self;
    for (int i = 0; i < REQUESTS && !atomic_load(&stop_aborting); i++) {
        record *r = &records[i % SENDERS][i];
        if (i % 4 != 1)
            continue;
        for (int n = 0; n < 50 * (i % 7); n++)
            sched_yield();
        atomic_store(&r->aborted, 1);
        flr_signal_trigger(r->abort, NULL);
    }
    return NULL;
}

static pthread_t senders[SENDERS], aborter;
static int numbers[SENDERS];

static void begin(uint64_t seed, unsigned loss, double whole)
{
    memset(records, 0, sizeof records);
    atomic_store(&most_handlers, 0);
    atomic_store(&wrong, 0);
    atomic_store(&stop_aborting, false);
    whole_timeout = whole;
    present = pair_begin(true, seed, loss, 0.001, work);
    for (int s = 0; s < SENDERS; s++)
        for (int i = 0; i < REQUESTS; i++)
            ck_assert_int_eq(flr_signal_new(NULL, present->clock, &records[s][i].abort), 0);
    for (int s = 0; s < SENDERS; s++) {
        numbers[s] = s;
        ck_assert_int_eq(pthread_create(&senders[s], NULL, send_main, &numbers[s]), 0);
    }
}

static void end(void)
{
    for (int s = 0; s < SENDERS; s++)
        for (int i = 0; i < REQUESTS; i++)
            flr_signal_unref(records[s][i].abort);
    present = NULL;
}

static void await_done(void)
{
    for (int s = 0; s < SENDERS; s++)
        pthread_join(senders[s], NULL);
    for (int s = 0; s < SENDERS; s++)
        for (int i = 0; i < REQUESTS; i++)
            while (records[s][i].status == 0 && atomic_load(&records[s][i].done) == 0)
                sched_yield();
}

static void expect_sound(const char *allowed)
{
    ck_assert_int_eq(atomic_load(&wrong), 0);
    ck_assert_int_le(atomic_load(&most_handlers), 6); /* RM-02: three on each side */
    for (int s = 0; s < SENDERS; s++) {
        for (int i = 0; i < REQUESTS; i++) {
            record *r = &records[s][i];
            ck_assert(r->status == 0 || r->status == FLR_E_STATE);
            ck_assert_int_eq(atomic_load(&r->done), r->status == 0 ? 1 : 0);
            ck_assert_int_le(atomic_load(&r->handled), 1);
            if (r->status < 0)
                continue;
            ck_assert_msg(strchr(allowed, atomic_load(&r->end)) != NULL, "request %d of %d: %c", i,
                          s, atomic_load(&r->end));
            ck_assert(atomic_load(&r->end) != 'D' || atomic_load(&r->handled) == 1);
        }
    }
}

START_TEST(rm_06_rm_15_threads_and_a_bad_network)
{
    begin((uint64_t)_i + 1, 20, 600.0);
    await_done();
    pair_end(present);
    expect_sound("D");
    end();
}
END_TEST

START_TEST(rm_10_rm_11_rm_13_aborts_at_any_moment)
{
    begin((uint64_t)_i + 100, 10, 600.0);
    ck_assert_int_eq(pthread_create(&aborter, NULL, abort_main, NULL), 0);
    await_done();
    pthread_join(aborter, NULL);
    pair_end(present);
    expect_sound("DA");
    for (int s = 0; s < SENDERS; s++)
        for (int i = 0; i < REQUESTS; i++)
            ck_assert(atomic_load(&records[s][i].end) != 'A' ||
                      atomic_load(&records[s][i].aborted));
    end();
}
END_TEST

START_TEST(rm_14_expiry_at_any_moment)
{
    begin((uint64_t)_i + 200, 40, 0.06); /* the whole is hardly longer than a message */
    await_done();
    pair_end(present);
    expect_sound("DCE");
    end();
}
END_TEST

START_TEST(lc_15_close_at_any_moment)
{
    begin((uint64_t)_i + 300, 10, 600.0);
    for (int n = 0; n < 300 * _i; n++)
        sched_yield();
    pair_abort(present, _i % 2);
    for (int n = 0; n < 100 * _i; n++)
        sched_yield();
    pair_abort(present, 1 - _i % 2);
    await_done();
    pair_end(present);
    expect_sound("DAU");
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reliable messages, threads");
    TCase *t = tcase_create("threads");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, rm_06_rm_15_threads_and_a_bad_network, 0, 3);
    tcase_add_loop_test(t, rm_10_rm_11_rm_13_aborts_at_any_moment, 0, 3);
    tcase_add_loop_test(t, rm_14_expiry_at_any_moment, 0, 2);
    tcase_add_loop_test(t, lc_15_close_at_any_moment, 0, 6);
    suite_add_tcase(suite, t);
    return suite_run(suite);
}
