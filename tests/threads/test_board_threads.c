/*
 * A board under several transport threads: rounds of broadcasts with and without callbacks,
 * cancels, stragglers, an abort in the middle. Each thread records; the test thread asserts. BD-17,
 * BD-25, BD-26, BD-28, BD-30.
 */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define ROUNDS  60

typedef struct round_state {
    atomic_int done;   /* task_done calls */
    atomic_int inside; /* callbacks running: never more than one */
    atomic_int overlaps;
    atomic_int after; /* callbacks after task_done */
    atomic_int received;
} round_state;

static boardhost h;
static round_state rounds[ROUNDS];
static int results[ROUNDS], statuses[ROUNDS];
static atomic_bool over, aborting;
static atomic_int outcomes[16];
static _Atomic(flr_task *) current;
static int run_result;

static void enter(round_state *r)
{
    if (atomic_fetch_add(&r->inside, 1) != 0) {
        atomic_fetch_add(&r->overlaps, 1);
    }
    if (atomic_load(&r->done) != 0) {
        atomic_fetch_add(&r->after, 1);
    }
}

static void leave(round_state *r)
{
    atomic_fetch_sub(&r->inside, 1);
}

static int send_callback(void *self, flr_assignment *a, flr_context *context)
{
    (void)a, (void)context;
    enter(self);
    sched_yield();
    leave(self);
    return 0;
}

static int received(void *self, flr_assignment *a, flr_context *context)
{
    round_state *r = self;

    (void)context;
    enter(r);
    atomic_fetch_add(&r->received, 1);
    if (flr_task_get_number(flr_assignment_get_task(a)) % 7 == 3 &&
        atomic_load(&r->received) == 2) {
        flr_task_cancel(flr_assignment_get_task(a), 0); /* its own task, from inside */
    }
    leave(r);
    return 0;
}

static int done(void *self, flr_task *task, flr_context *context)
{
    round_state *r = self;

    (void)task, (void)context;
    enter(r);
    leave(r);
    atomic_fetch_add(&r->done, 1);
    return 0;
}

static flr_task *make_round(int i)
{
    flr_task_options o;
    flr_shareable *payload = NULL;
    flr_task *task = NULL;

    flr_task_options_init(&o, sizeof o);
    if (flr_shareable_new(&payload) < 0) {
        return NULL;
    }
    o.name = "round";
    o.payload = payload;
    o.self = &rounds[i];
    o.task_done = done;
    o.timeout = i % 5 == 4 ? 0.5 : 0.0;
    if (i % 2 == 0) {
        o.result_received = received;
    }
    if (i % 3 == 0) {
        o.before_task_sent = o.after_task_sent = send_callback;
    }
    flr_task_new(&o, &task);
    flr_shareable_unref(payload);
    return task;
}

static int control(boardhost *host, flr_signal *abort, flr_context *context)
{
    for (int i = 0; i < ROUNDS && !flr_signal_is_triggered(abort); i++) {
        flr_broadcast_options options;
        flr_task *task;

        if (atomic_load(&aborting) && i == ROUNDS / 2) {
            flr_signal_wait(abort, -1.0); /* it came in one of the rounds before, or comes now */
            break;
        }
        task = make_round(i);
        flr_broadcast_options_init(&options, sizeof options);
        options.mode = i % 4 == 1 ? FLR_TARGETS_OPEN : FLR_TARGETS_SNAPSHOT;
        options.min_responses = i % 4 == 0 ? 0 : 3;
        results[i] = flr_board_broadcast(host->board, task, &options, context);
        flr_task_unref(atomic_exchange(&current, flr_task_ref(task)));
        if (results[i] == 0) {
            results[i] = flr_task_wait(task, NULL, -1.0, &statuses[i]);
        }
        flr_task_unref(task);
    }
    return 0;
}

static void *run(void *self)
{
    (void)self;
    run_result = flr_runner_run(h.runner);
    atomic_store(&over, true);
    return NULL;
}

static flr_context *fresh(flr_context *context)
{
    flr_value *props = NULL;

    flr_context_reset(context);
    if (flr_value_new_map(&props) == 0 && flr_map_set_text(&props, FLR_PROP_RUN_NUM, "job") == 0) {
        flr_context_set_peer_props(context, props);
    }
    flr_value_unref(props);
    return context;
}

/* Plays two clients; results of the one are sometimes sent twice, those of the other late. */
static void *transport(void *self)
{
    int first = 1 + 2 * *(int *)self;
    flr_context *context = NULL;
    flr_shareable *result = NULL;

    if (flr_runner_new_context(h.runner, &context) < 0) {
        return NULL;
    }
    for (unsigned turn = 0; !atomic_load(&over); turn++) {
        const char *client = boardhost_name(first + (int)(turn % 2));
        const flr_answer *answer = NULL;
        char id[40];
        int outcome = 0;

        if (flr_runner_process_task_request(h.runner, client, fresh(context), &answer) < 0 ||
            flr_answer_get_kind(answer) != FLR_ANSWER_TASK) {
            sched_yield();
            continue;
        }
        snprintf(id, sizeof id, "%s", flr_answer_get_id(answer));
        if (turn % 5 == 0) {
            continue; /* it is sent again later */
        }
        for (unsigned i = 0; i < (turn % 3 == 0 ? 2 : 1) && flr_shareable_new(&result) == 0; i++) {
            if (flr_runner_process_submission(h.runner, client, fresh(context), "round", id, result,
                                              &outcome) == 0) {
                atomic_fetch_add(&outcomes[outcome], 1);
            }
            flr_shareable_unref(result);
        }
    }
    flr_context_free(context);
    return NULL;
}

/* The host's own thread: moves the clock, looks, cancels now and then, aborts if the test wants it.
 */
static void *meddle(void *self)
{
    (void)self;
    for (unsigned turn = 0; !atomic_load(&over); turn++) {
        flr_task *task = atomic_exchange(&current, NULL);

        flr_clock_advance(h.clock, 0.001);
        if (task != NULL && turn % 4 == 0) {
            flr_task_cancel(task, FLR_TASK_CANCELLED);
        }
        flr_task_unref(task);
        if (atomic_load(&aborting) && turn == 50) {
            flr_runner_abort(h.runner, 0);
        }
        sched_yield();
    }
    return NULL;
}

static void play(bool abort)
{
    pthread_t runner, meddler, transports[THREADS];
    int numbers[THREADS], ended = 0;

    memset(rounds, 0, sizeof rounds);
    memset(results, 0, sizeof results);
    memset(outcomes, 0, sizeof outcomes);
    atomic_store(&over, false);
    atomic_store(&aborting, abort);
    boardhost_init(&h, 2 * THREADS);
    h.run_mode = true;
    h.control = control;
    boardhost_begin(&h);
    ck_assert_int_eq(pthread_create(&runner, NULL, run, NULL), 0);
    ck_assert_int_eq(pthread_create(&meddler, NULL, meddle, NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&transports[i], NULL, transport, &numbers[i]), 0);
    }
    pthread_join(runner, NULL);
    pthread_join(meddler, NULL);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(transports[i], NULL);
    }
    flr_task_unref(atomic_exchange(&current, NULL));
    ck_assert_int_eq(run_result, abort ? FLR_E_ABORTED : 0);
    for (int i = 0; i < ROUNDS; i++) {
        ck_assert_int_eq(atomic_load(&rounds[i].overlaps), 0);
        ck_assert_int_eq(atomic_load(&rounds[i].after), 0);
        ck_assert_int_le(atomic_load(&rounds[i].done), 1);
        ck_assert(results[i] == 0 || (abort && results[i] == FLR_E_ABORTED));
        ended += atomic_load(&rounds[i].done);
    }
    flr_stats stats = boardhost_stats(&h);
    ck_assert_uint_eq(stats.tasks_scheduled, (uint64_t)ended); /* each ended exactly once */
    ck_assert_uint_eq(stats.tasks_ok + stats.tasks_cancelled + stats.tasks_aborted +
                          stats.tasks_timeout,
                      (uint64_t)ended);
    ck_assert_int_eq(atomic_load(&outcomes[FLR_OUTCOME_WRONG_CLIENT]), 0);
    ck_assert_int_eq(atomic_load(&outcomes[FLR_OUTCOME_WRONG_TASK_NAME]), 0);
    ck_assert_int_eq(atomic_load(&outcomes[FLR_OUTCOME_FAILED]), 0);
    ck_assert_uint_eq(stats.accepted, (uint64_t)atomic_load(&outcomes[FLR_OUTCOME_ACCEPTED]));
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    if (!abort) {
        ck_assert_int_eq(ended, ROUNDS);
        ck_assert_int_gt(atomic_load(&outcomes[FLR_OUTCOME_ACCEPTED]), 0);
    }
    boardhost_free(&h);
}

START_TEST(bd_17_rounds_under_threads)
{
    play(false);
}
END_TEST

START_TEST(bd_28_abort_under_threads)
{
    for (int i = 0; i < 3; i++) {
        play(true);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("board threads");
    TCase *tcase = tcase_create("threads");

    tcase_set_timeout(tcase, 50);
    tcase_add_test(tcase, bd_17_rounds_under_threads);
    tcase_add_test(tcase, bd_28_abort_under_threads);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
