/* What large federations cost: scheduling, the end of a round, clients that go and come back, a round of a million. */
#include "bench.h"

/* ---- making a task and scheduling it, in microseconds: O(targets) ---- */

static double schedule_us(long targets)
{
    federation *f = federation_new(&(federation_options){.count = targets});
    long times = (bench_quick ? 10000 : 100000) / targets;
    double seconds = 0;
    times = times > 2000 ? 2000 : times < 1 ? 1 : times;
    federation_step(f);
    for (long n = -1; n < times; n++) { /* once before: the board meets its clients */
        double begin = bench_now();
        flr_task *task = federation_schedule(f, FLR_KIND_BROADCAST, f->targets, f->count);
        seconds += n < 0 ? 0 : bench_now() - begin;
        bench_check(flr_task_cancel(task, 0), "cancel");
        flr_task_unref(task);
    }
    federation_free(f);
    return seconds / (double)times * 1e6;
}

/* ---- the submission that ends a round, in microseconds ---- */

static double last_result_us(long clients)
{
    federation *f = federation_new(&(federation_options){.count = clients});
    char id[64];
    federation_step(f);
    flr_task *task = federation_schedule(f, FLR_KIND_BROADCAST, f->targets, f->count);
    for (long i = 0; i < clients - 1; i++)
        federation_pair(f, f->context, i);
    federation_request(f, f->context, clients - 1, id);
    double begin = bench_now();
    federation_submit(f, f->context, clients - 1, id);
    double seconds = bench_now() - begin;
    if (flr_task_get_status(task) != FLR_TASK_OK)
        bench_check(-1, "the round has not ended");
    flr_task_unref(task);
    federation_free(f);
    return seconds * 1e6;
}

/* ---- a client is reported dead, disconnected, and heard again, in microseconds ---- */

static void at_once(flr_config *config, void *self)
{
    (void)self;
    bench_check(flr_config_set_dead_client_grace_period(config, 0), "grace period");
}

/* Half of them have an open assignment. */
static double dead_reports(long clients)
{
    federation *f = federation_new(&(federation_options){
        .count = clients, .kind = FLR_KIND_BROADCAST, .notices = true, .configure = at_once});
    long times = bench_quick ? 2000 : 20000;
    flr_stats stats;
    char id[64];
    flr_stats_init(&stats, sizeof stats);
    federation_step(f);
    for (long i = 0; i < clients; i += 2)
        federation_request(f, f->context, i, id);
    double begin = bench_now();
    for (long n = 0; n < times; n++) {
        long i = n * 7919 % clients;
        bench_check(flr_runner_handle_dead_job(f->runner, f->names[i]), "dead job");
        federation_step(f); /* tells everybody */
        federation_heartbeat(f, f->context, i);
    }
    double seconds = bench_now() - begin;
    bench_check(flr_runner_get_stats(f->runner, &stats), "stats");
    if (stats.disconnections != (uint64_t)times || stats.reconnections != (uint64_t)times)
        bench_check(-1, "a client did not go and come back");
    federation_free(f);
    return seconds / (double)times * 1e6;
}

/* ---- the first request after all others were lost at one instant, in microseconds ---- */

static void on_clock(flr_config *config, void *self)
{
    bench_check(flr_config_set_clock(config, self), "clock");
}

static double lost_at_once_us(long clients)
{
    flr_clock *clock;
    char id[64];
    bench_check(flr_clock_new_manual(0, 0, &clock), "clock");
    federation *f = federation_new(&(federation_options){.count = clients,
                                                         .kind = FLR_KIND_BROADCAST,
                                                         .notices = true,
                                                         .configure = on_clock,
                                                         .self = clock});
    federation_step(f);
    for (long i = 0; i < clients; i++)
        federation_request(f, f->context, i, id);
    for (long i = 1; i < clients; i++)
        bench_check(flr_runner_handle_dead_job(f->runner, f->names[i]), "dead job");
    bench_check(flr_clock_advance(clock, 60), "advance"); /* the grace period */
    double begin = bench_now();
    federation_request(f, f->context, 0, id);
    double seconds = bench_now() - begin;
    federation_free(f);
    flr_clock_unref(clock);
    return seconds * 1e6;
}

/* ---- a broadcast round of a million clients in one process ---- */

typedef struct million {
    double seconds, bytes_per_client;
} million;

static million play_million(long clients)
{
    federation *f = federation_new(&(federation_options){.count = clients});
    double before = bench_memory("VmRSS");
    federation_step(f);
    double begin = bench_now();
    flr_task *task = federation_schedule(f, FLR_KIND_BROADCAST, f->targets, f->count);
    for (long i = 0; i < clients; i++)
        if (!federation_pair(f, f->context, i))
            bench_check(-1, "a client got no task");
    if (flr_task_get_status(task) != FLR_TASK_OK)
        bench_check(-1, "the round has not ended");
    million m = {bench_now() - begin, (bench_memory("VmHWM") - before) * 1024 / (double)clients};
    flr_task_unref(task);
    federation_free(f);
    return m;
}

static double million_round_s(long clients)
{
    return play_million(clients).seconds;
}

/* Results included: 1 KiB each, whose bytes the clients share here. */
static double million_rss_bytes(long clients)
{
    return play_million(clients).bytes_per_client;
}

const figure scale_figures[] = {
    FIGURE("schedule_us_10", "us", NULL, schedule_us, 10, "schedule_us"),
    FIGURE("schedule_us_1000", "us", NULL, schedule_us, 1000, "schedule_us"),
    FIGURE("schedule_us_100000", "us", NULL, schedule_us, 100000, "schedule_us"),
    FIGURE("schedule_us_1000000", "us", NULL, schedule_us, 1000000, "schedule_us"),
    FIGURE("last_result_us_1000", "us", NULL, last_result_us, 1000, "last_result_us"),
    FIGURE("last_result_us_10000", "us", NULL, last_result_us, 10000, "last_result_us"),
    FIGURE("last_result_us_100000", "us", NULL, last_result_us, 100000, "last_result_us"),
    FIGURE("lost_at_once_us_1000", "us", NULL, lost_at_once_us, 1000, "lost_at_once_us"),
    FIGURE("lost_at_once_us_10000", "us", NULL, lost_at_once_us, 10000, "lost_at_once_us"),
    FIGURE("dead_reports_1000", "us", NULL, dead_reports, 1000, "dead_reports"),
    FIGURE("dead_reports_100000", "us", NULL, dead_reports, 100000, "dead_reports"),
    FIGURE_ALONE("million_round_s", "s", NULL, million_round_s, 1000000, NULL),
    FIGURE_ALONE("million_rss_bytes", "bytes", NULL, million_rss_bytes, 1000000, NULL),
    FIGURE_END,
};
