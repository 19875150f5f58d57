/*
 * Whole runs of a client without memory: two tasks with filters, events, audit, heartbeats and reliable messages, stepped and on a thread, over objects and
 * over frames; made and run anew for each allocation that fails, once or from then on until memory comes back. A run that says
 * that it is done has delivered a result of each task; nothing is left.
 */
#include "failalloc.h"
#include "oomcase.h"
#include "oomclient.h"
#include "support/suite.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Lets the time pass, as fast as the others let it. */
static void *pass_time(void *self)
{
    oomclient *s = self;
    for (int turn = 0; !atomic_load(&s->over); turn++) {
        oomclient_act(s, turn);
        flr_clock_advance(s->clock, 0.25);
        for (int i = 0; i < 20; i++)
            sched_yield();
    }
    return NULL;
}

static int run(oomclient *s)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, pass_time, s) != 0)
        ck_abort_msg("no thread");
    int status = flr_client_runner_run(s->client);
    atomic_store(&s->over, true);
    pthread_join(thread, NULL);
    return status;
}

static void check_whole(oomclient *s)
{
    flr_client_stats stats;
    flr_client_stats_init(&stats, sizeof stats);
    ck_assert_int_eq(flr_client_runner_get_stats(s->client, &stats), 0);
    ck_assert_uint_eq(stats.tasks, OOMCLIENT_TASKS);
    ck_assert_uint_eq(stats.executed, OOMCLIENT_TASKS);
    ck_assert_uint_eq(stats.delivered, OOMCLIENT_TASKS);
    ck_assert_uint_eq(stats.dropped, 0);
    ck_assert_uint_eq(stats.pull_failures, 0);
    for (int i = 0; i < OOMCLIENT_TASKS; i++) {
        ck_assert_str_eq(s->tasks[i].rc, FLR_RC_OK);
        ck_assert_int_eq(s->tasks[i].x, 70000);
        ck_assert_int_eq(s->tasks[i].submissions, 1);
    }
    ck_assert_int_eq(atomic_load(&s->sent), s->reliable);
    if (s->threads)
        return; /* when heartbeats and the server's message come is another thread's choice */
    ck_assert_int_gt(atomic_load(&s->heartbeats), 0);
    ck_assert(s->acked == s->reliable);
    ck_assert_int_eq(atomic_load(&s->handled), s->reliable);
    ck_assert_int_eq(atomic_load(&s->pushed), s->reliable);
}

/* One client with its run; false: nothing was made to fail. */
static bool try_at(oomclient how, size_t k, bool once)
{
    oomclient *s = &how;
    size_t bytes = failalloc_get_live_bytes(), blocks = failalloc_get_live_count();
    oomclient_begin(s);
    if (once)
        failalloc_fail_at(k);
    else
        failalloc_fail_from(k);
    int status = oomclient_make(s);
    if (status == 0)
        status = s->threads ? run(s) : oomclient_play(s);
    oomclient_restore_memory(s);
    ck_assert_msg(status == 0 || (status == FLR_E_NOMEM && s->failures > 0),
                  "allocation %zu (%s): the code was %s", k, once ? "only it" : "all from it on",
                  flr_status_get_name(status));
    ck_assert_int_le(atomic_load(&s->handled), 1);
    if (status == 0)
        oomclient_check_tasks(s);
    if (s->failures == 0)
        check_whole(s);
    oomclient_drop(s);
    ck_assert_msg(failalloc_get_live_bytes() == bytes && failalloc_get_live_count() == blocks,
                  "allocation %zu (%s, %s): %zu bytes in %zu blocks are left", k,
                  once ? "only it" : "all from it on", flr_status_get_name(status),
                  failalloc_get_live_bytes() - bytes, failalloc_get_live_count() - blocks);
    return s->failures > 0;
}

static const oomclient ways[] = {
    {.threads = false}, {.reliable = true},
    {.frames = true},   {.frames = true, .reliable = true},
    {.threads = true},  {.threads = true, .reliable = true},
};

START_TEST(oom_client_run)
{
    oomclient how = ways[_i];
    size_t by =
        how.threads ? 5 : 1; /* threads do not take their memory in the same order each time */
    for (size_t k = 1;; k += by) {
        bool once = try_at(how, k, true);
        bool from = try_at(how, k, false);
        if (!once && !from)
            break;
    }
    try_at(how, 0, true); /* a new one, with memory again */
}
END_TEST

int main(void)
{
    if (failalloc_install() < 0)
        return EXIT_FAILURE;
    Suite *suite = suite_create("oom client, runs");
    TCase *tests = tcase_create("runs");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, oom_client_run, 0, OOMCASE_COUNT(ways));
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
