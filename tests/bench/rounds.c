/* How long a round takes when clients answer at once, and how long an abort takes. Both with flr_runner_run and real threads. */
#include "bench.h"
#include <pthread.h>
#include <stdlib.h>

/* One control_flow that broadcasts and waits, again and again. */
typedef struct rounds {
    flr_runner *runner;
    flr_shareable *payload;
    int rounds;
    double *seconds;           /* of each round */
    double aborted, returned;  /* moments */
    bool silent;               /* nobody answers: until the abort */
    pthread_barrier_t waiting; /* silent: the broadcast is about to be waited for */
} rounds;

static int control_flow(void *self, flr_signal *abort, flr_context *context)
{
    rounds *r = self;
    flr_board *board;
    int status = flr_context_get_board(context, &board), final;
    for (int i = 0; status == 0 && i < r->rounds; i++) {
        flr_task_options options;
        flr_task *task;
        flr_task_options_init(&options, sizeof options);
        options.name = "train";
        options.payload = r->payload;
        bench_check(flr_task_new(&options, &task), "task");
        double begin = bench_now();
        if (r->silent)
            pthread_barrier_wait(&r->waiting);
        status = flr_board_broadcast_and_wait(board, task, NULL, abort, context, &final);
        if (!r->silent)
            r->seconds[i] = bench_now() - begin;
        flr_task_unref(task);
    }
    return status;
}

static int answer_at_once(void *self, const char *client, const char *task,
                          const flr_shareable *data, flr_signal *abort, flr_shareable **result)
{
    (void)self, (void)client, (void)task, (void)data, (void)abort;
    return flr_shareable_new(result);
}

static flr_runner *make(rounds *r, const flr_engine_ops *engine, void *engine_self)
{
    flr_config *config;
    flr_controller_ops controller;
    flr_controller_ops_init(&controller, sizeof controller);
    controller.control_flow = control_flow;
    bench_check(flr_config_new(&config), "config");
    bench_check(flr_config_add_controller(config, "rounds", &controller, r, NULL, NULL),
                "controller");
    bench_check(flr_runner_new(config, "bench", engine, engine_self, &r->runner), "runner");
    return r->runner;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Microseconds; worst: of 1,000 rounds, else the median. */
static double round_us(bool worst)
{
    rounds r = {.rounds = bench_quick ? 200 : 1000};
    flr_local *engine;
    r.seconds = calloc((size_t)r.rounds, sizeof *r.seconds);
    bench_check(flr_shareable_new(&r.payload), "payload");
    bench_check(flr_local_new(NULL, &engine), "engine");
    bench_check(flr_local_add_client(engine, "a", answer_at_once, NULL), "client");
    bench_check(flr_local_add_client(engine, "b", answer_at_once, NULL), "client");
    make(&r, flr_local_get_engine_ops(engine), engine);
    bench_check(flr_local_run(engine, r.runner), "run");
    flr_runner_free(r.runner);
    flr_local_free(engine);
    flr_shareable_unref(r.payload);
    qsort(r.seconds, (size_t)r.rounds, sizeof *r.seconds, compare);
    double result = r.seconds[worst ? r.rounds - 1 : r.rounds / 2] * 1e6;
    free(r.seconds);
    return result;
}

static double round_median(long clients)
{
    (void)clients;
    return round_us(false);
}

static double round_worst(long clients)
{
    (void)clients;
    return round_us(true);
}

static int list_one(void *self, flr_client_list *list)
{
    (void)self;
    return flr_client_list_add(list, "nobody", NULL);
}

static void *run(void *self)
{
    rounds *r = self;
    flr_runner_run(r->runner);
    r->returned = bench_now();
    return NULL;
}

static double abort_once(void)
{
    rounds r = {.rounds = 1, .silent = true};
    flr_engine_ops engine;
    pthread_t thread;
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_one;
    bench_check(flr_shareable_new(&r.payload), "payload");
    pthread_barrier_init(&r.waiting, NULL, 2);
    make(&r, &engine, &r);
    pthread_create(&thread, NULL, run, &r);
    pthread_barrier_wait(&r.waiting);
    for (double begin = bench_now(); bench_now() - begin < 200e-6;) { /* it waits by now */
    }
    r.aborted = bench_now();
    flr_runner_abort(r.runner, 0);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&r.waiting);
    flr_runner_free(r.runner);
    flr_shareable_unref(r.payload);
    return (r.returned - r.aborted) * 1e6;
}

static double abort_median(long worst)
{
    int times = bench_quick ? 100 : 1000;
    double *all = calloc((size_t)times, sizeof *all);
    for (int i = 0; i < times; i++)
        all[i] = abort_once();
    qsort(all, (size_t)times, sizeof *all, compare);
    double result = all[worst ? times - 1 : times / 2];
    free(all);
    return result;
}

const figure round_figures[] = {
    FIGURE("round_us_2", "us", NULL, round_median, 2, NULL),
    FIGURE("round_us_2_worst", "us", NULL, round_worst, 2, NULL),
    FIGURE("abort_us", "us", NULL, abort_median, 0, NULL),
    FIGURE("abort_us_worst", "us", NULL, abort_median, 1, NULL),
    FIGURE_END,
};
