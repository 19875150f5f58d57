/*
 * What the others feel while something takes long: requests while thousands of results are outstanding and clients go silent, die and come
 * back; requests while a huge task is scheduled; heartbeats while results sit in a filter; looking at it all. Single calls are timed: a
 * worst one also shows what else the machine was doing.
 */
#include "bench.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Times of single calls, and what of them is asked for. */
typedef struct timings {
    double *seconds;
    long count;
} timings;

static void time_request(timings *t, federation *f, flr_context *context, long i)
{
    char id[64];
    double begin = bench_now();
    federation_request(f, context, i, id);
    t->seconds[t->count++] = bench_now() - begin;
}

/* Of a run that gives two figures: each is asked for in turn, the run is made for whoever asks first. */
typedef struct twin {
    double median[16], worst[16]; /* microseconds */
    int made, medians_taken, worsts_taken;
} twin;

static void keep(twin *w, timings *t)
{
    bench_sort(t->seconds, t->count);
    w->median[w->made % 16] = t->seconds[t->count / 2] * 1e6;
    w->worst[w->made++ % 16] = t->seconds[t->count - 1] * 1e6;
    free(t->seconds);
}

static double take_median(twin *w, void (*run)(twin *w, long size), long size)
{
    if (w->medians_taken == w->made)
        run(w, size);
    return w->median[w->medians_taken++ % 16];
}

static double take_worst(twin *w, void (*run)(twin *w, long size), long size)
{
    if (w->worsts_taken == w->made)
        run(w, size);
    return w->worst[w->worsts_taken++ % 16];
}

/* ---- 60 s with outstanding results ---- */

#define TICK        0.1 /* seconds of the manual clock */
#define TICKS       600
#define FETCH_TICKS 100
#define HEARTBEAT   15
#define GRACE       12

/* The thread that asks and the one that moves the clock and steps: a tick for each bunch of requests. */
typedef struct minute {
    federation *f;
    flr_clock *clock;
    sem_t tick;
} minute;

static void configure_minute(flr_config *config, void *self)
{
    minute *m = self;
    bench_check(flr_config_set_clock(config, m->clock), "clock");
    bench_check(flr_config_set_heartbeat_timeout(config, HEARTBEAT), "heartbeat timeout");
    bench_check(flr_config_set_dead_client_grace_period(config, GRACE), "grace period");
}

/* Every tenth client falls silent after its first request; another tenth is reported dead, wrongly. */
static bool is_silent(long i, int tick)
{
    return i % 10 == 0 && tick < TICKS * 3 / 4;
}

static void *tick_on(void *self)
{
    minute *m = self;
    for (int tick = 0; tick < TICKS; tick++) {
        while (sem_wait(&m->tick) != 0) {
        }
        bench_check(flr_clock_advance(m->clock, TICK), "advance");
        for (long i = tick * 10 + 5; tick >= FETCH_TICKS && i < tick * 10 + 20; i += 10)
            bench_check(flr_runner_handle_dead_job(m->f->runner, m->f->names[i % m->f->count]),
                        "dead job");
        federation_step(m->f);
    }
    return NULL;
}

/* It was what it claims to be: silent clients were disconnected and came back, and the tasks that only they could do have ended. */
static void check_minute(const minute *m, long silent)
{
    flr_stats stats;
    flr_stats_init(&stats, sizeof stats);
    bench_check(flr_runner_get_stats(m->f->runner, &stats), "stats");
    if (stats.disconnections < (uint64_t)silent || stats.reconnections < (uint64_t)silent ||
        stats.tasks_client_dead < (uint64_t)silent)
        bench_check(-1, "the silent clients were not missed");
}

static void run_minute(twin *w, long clients)
{
    minute m = {.f = NULL};
    pthread_t ticker;
    long bunch = clients / FETCH_TICKS;
    timings t = {calloc((size_t)(bunch * TICKS), sizeof(double)), 0};
    bench_check(flr_clock_new_manual(0, 0, &m.clock), "clock");
    m.f = federation_new(&(federation_options){.count = clients,
                                               .kind = FLR_KIND_BROADCAST,
                                               .notices = true,
                                               .configure = configure_minute,
                                               .self = &m});
    sem_init(&m.tick, 0, 0);
    federation_step(m.f);
    for (long i = 0; i < clients; i += 10)
        flr_task_unref(federation_schedule(m.f, FLR_KIND_SEND, &m.f->targets[i], 1));
    pthread_create(&ticker, NULL, tick_on, &m);
    for (int tick = 0; tick < TICKS; tick++) {
        if (tick == FETCH_TICKS)
            t.count = 0; /* from now on everything is outstanding */
        for (long i = tick % FETCH_TICKS * bunch, end = i + bunch; i < end; i++)
            if (tick < FETCH_TICKS || !is_silent(i, tick))
                time_request(&t, m.f, m.f->context, i);
        sem_post(&m.tick);
    }
    pthread_join(ticker, NULL);
    check_minute(&m, clients / 10);
    federation_free(m.f);
    flr_clock_unref(m.clock);
    sem_destroy(&m.tick);
    keep(w, &t);
}

static twin minutes;

static double request_us(long clients)
{
    return take_median(&minutes, run_minute, clients);
}

static double worst_request_us(long clients)
{
    return take_worst(&minutes, run_minute, clients);
}

/* ---- while a task for a million clients is scheduled, and cancelled ---- */

typedef struct giant {
    federation *f;
    atomic_bool over;
} giant;

static void *schedule_giant(void *self)
{
    giant *g = self;
    flr_task *task = federation_schedule(g->f, FLR_KIND_BROADCAST, g->f->targets, g->f->count);
    bench_check(flr_task_cancel(task, 0), "cancel");
    flr_task_unref(task);
    g->over = true;
    return NULL;
}

static void run_giant(twin *w, long targets)
{
    giant g = {.f = federation_new(&(federation_options){.count = targets})};
    long room = 20000000, asking = 1000;
    timings t = {malloc((size_t)room * sizeof(double)), 0};
    pthread_t thread;
    federation_step(g.f);
    schedule_giant(&g); /* once before: the board meets its clients */
    g.over = false;
    pthread_create(&thread, NULL, schedule_giant, &g);
    for (long n = 0; !g.over && t.count < room; n++)
        time_request(&t, g.f, g.f->context, n % asking);
    pthread_join(thread, NULL);
    federation_free(g.f);
    keep(w, &t);
}

static twin giants;

static double request_us_scheduling(long targets)
{
    return take_median(&giants, run_giant, targets);
}

static double worst_request_us_scheduling(long targets)
{
    return take_worst(&giants, run_giant, targets);
}

/* ---- heartbeats while submissions sit in a filter ---- */

#define STUCK 4

typedef struct stuck {
    federation *f;
    pthread_mutex_t lock; /* guards the two below */
    pthread_cond_t changed;
    bool entered, released;
    atomic_int submitting;
    char ids[STUCK][64];
} stuck;

/* Not declared concurrent: one result is inside, the others wait for it. */
static int hold_back(void *self, flr_context *context, flr_shareable *message,
                     flr_shareable **output)
{
    stuck *s = self;
    (void)context;
    pthread_mutex_lock(&s->lock);
    s->entered = true;
    pthread_cond_broadcast(&s->changed);
    while (!s->released)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
    *output = flr_shareable_ref(message);
    return 0;
}

static void configure_stuck(flr_config *config, void *self)
{
    flr_filter_ops filter;
    flr_filter_ops_init(&filter, sizeof filter);
    filter.process = hold_back;
    bench_check(flr_config_add_result_filter(config, "train", &filter, self), "filter");
}

typedef struct submitter {
    stuck *s;
    long client;
    pthread_t thread;
} submitter;

static void *submit_stuck(void *self)
{
    submitter *one = self;
    stuck *s = one->s;
    flr_context *context;
    bench_check(flr_runner_new_context(s->f->runner, &context), "context");
    s->submitting++;
    federation_submit(s->f, context, one->client, s->ids[one->client]);
    flr_context_free(context);
    return NULL;
}

/* One is inside the filter, and the others have had a moment to come to its door. */
static void await_stuck(stuck *s)
{
    pthread_mutex_lock(&s->lock);
    while (!s->entered)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
    for (double begin = bench_now(); s->submitting < STUCK || bench_now() - begin < 2e-3;) {
    }
}

static void release_stuck(stuck *s, submitter *submitters)
{
    pthread_mutex_lock(&s->lock);
    s->released = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < STUCK; i++)
        pthread_join(submitters[i].thread, NULL);
}

/* Of the clients whose results sit there, and of others. */
static void run_stuck(twin *w, long clients)
{
    stuck s = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    submitter submitters[STUCK];
    long beats = bench_quick ? 10000 : 100000;
    timings t = {calloc((size_t)beats, sizeof(double)), 0};
    s.f = federation_new(&(federation_options){
        .count = clients, .kind = FLR_KIND_BROADCAST, .configure = configure_stuck, .self = &s});
    federation_step(s.f);
    for (int i = 0; i < STUCK; i++) {
        submitters[i] = (submitter){.s = &s, .client = i};
        federation_request(s.f, s.f->context, i, s.ids[i]);
        pthread_create(&submitters[i].thread, NULL, submit_stuck, &submitters[i]);
    }
    await_stuck(&s);
    for (; t.count < beats; t.count++) {
        double begin = bench_now();
        federation_heartbeat(s.f, s.f->context, t.count % clients);
        t.seconds[t.count] = bench_now() - begin;
    }
    release_stuck(&s, submitters);
    federation_free(s.f);
    keep(w, &t);
}

static twin stucks;

static double heartbeat_us(long clients)
{
    return take_median(&stucks, run_stuck, clients);
}

static double heartbeat_us_worst(long clients)
{
    return take_worst(&stucks, run_stuck, clients);
}

/* ---- whom is everybody waiting for ---- */

static int add_outstanding(void *self, const flr_task_info *info)
{
    uint64_t *sum = self;
    *sum += info->outstanding;
    return 0;
}

/* Totals and the standing tasks, while every client has an open assignment of a task of this kind. */
static double look_at(long clients, int kind)
{
    federation *f = federation_new(&(federation_options){.count = clients, .kind = kind});
    long times = 0;
    flr_board_totals totals;
    uint64_t outstanding = 0;
    double seconds = 0;
    char id[64];
    federation_step(f);
    for (long i = 0; i < clients; i++)
        federation_request(f, f->context, i, id);
    flr_board_totals_init(&totals, sizeof totals);
    double begin = bench_now();
    for (; seconds < (bench_quick ? 0.02 : 0.2); times++) {
        bench_check(flr_board_get_totals(f->board, &totals), "totals");
        bench_check(flr_board_visit_tasks(f->board, add_outstanding, &outstanding), "tasks");
        seconds = bench_now() - begin;
    }
    if (totals.outstanding != (uint64_t)clients || outstanding != (uint64_t)(clients * times))
        bench_check(-1, "nobody is waited for");
    federation_free(f);
    return seconds / (double)times * 1e6;
}

static double stats_us(long clients)
{
    return look_at(clients, FLR_KIND_BROADCAST);
}

static double stats_sends_us(long clients)
{
    return look_at(clients, FLR_KIND_SEND);
}

const figure outstanding_figures[] = {
    FIGURE("request_us_10000", "us", NULL, request_us, 10000, NULL),
    FIGURE("worst_request_us_10000", "us", "request_us_10000", worst_request_us, 10000, NULL),
    FIGURE("request_us_scheduling", "us", NULL, request_us_scheduling, 1000000, NULL),
    FIGURE("worst_request_us_scheduling", "us", "request_us_scheduling",
           worst_request_us_scheduling, 1000000, NULL),
    FIGURE("heartbeat_us_filtered", "us", NULL, heartbeat_us, 8, NULL),
    FIGURE("heartbeat_us_filtered_worst", "us", "heartbeat_us_filtered", heartbeat_us_worst, 8,
           NULL),
    FIGURE("stats_us_10", "us", NULL, stats_us, 10, "stats_us"),
    FIGURE("stats_us_10000", "us", NULL, stats_us, 10000, "stats_us"),
    FIGURE("stats_sends_us_10", "us", NULL, stats_sends_us, 10, "stats_sends_us"),
    FIGURE("stats_sends_us_10000", "us", NULL, stats_sends_us, 10000, "stats_sends_us"),
    FIGURE_END,
};
