/* Requests and submissions per second, by clients, threads and standing tasks of others; and what the least possible work costs. */
#include "bench.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static long pairs_wanted(long clients)
{
    long pairs = clients < 100000 ? 200000 : clients;
    return bench_quick ? pairs / 10 + clients : pairs;
}

/* ---- the reference: what any dispatcher must at least do for a pair ---- */

typedef struct entry {
    uint64_t key;
    struct entry *next;
} entry;

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

/* SipHash-2-4's rounds over 64 bytes, 128 bits of output. */
static uint64_t keyed_hash(uint64_t seed)
{
    uint64_t v[4] = {seed ^ UINT64_C(0x736f6d6570736575), UINT64_C(0x646f72616e646f6d),
                     seed ^ UINT64_C(0x6c7967656e657261), UINT64_C(0x7465646279746573)};
    for (unsigned i = 0; i < 9 * 2 + 8; i++) {
        v[0] += v[1];
        v[1] = (v[1] << 13 | v[1] >> 51) ^ v[0];
        v[0] = v[0] << 32 | v[0] >> 32;
        v[2] += v[3];
        v[3] = (v[3] << 16 | v[3] >> 48) ^ v[2];
        v[0] += v[3];
        v[3] = (v[3] << 21 | v[3] >> 43) ^ v[0];
        v[2] += v[1];
        v[1] = (v[1] << 17 | v[1] >> 47) ^ v[2];
        v[2] = v[2] << 32 | v[2] >> 32;
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static const entry *look_up(entry **table, size_t mask, uint64_t key)
{
    const entry *e = table[mix(key) & mask];
    while (e->key != key)
        e = e->next;
    return e;
}

static double null_dispatch(long clients)
{
    size_t capacity = 16;
    while (capacity < (size_t)clients * 2)
        capacity *= 2;
    entry *entries = calloc((size_t)clients, sizeof *entries),
          **table = calloc(capacity, sizeof *table);
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    volatile uint64_t sink = 0;
    for (long i = 0; i < clients; i++) {
        entries[i].key = (uint64_t)i;
        entry **place = &table[mix((uint64_t)i) & (capacity - 1)];
        entries[i].next = *place;
        *place = &entries[i];
    }
    long pairs = pairs_wanted(clients);
    double begin = bench_now();
    for (long n = 0; n < pairs; n++) {
        uint64_t key = (uint64_t)(n % clients);
        for (int half = 0; half < 2; half++) {
            pthread_mutex_lock(&lock);
            sink += look_up(table, capacity - 1, key)->key;
            pthread_mutex_unlock(&lock);
        }
        void *assignment = malloc(200);
        memset(assignment, 0, 16);
        sink += keyed_hash(key) + (uintptr_t)assignment;
        free(assignment);
    }
    double seconds = bench_now() - begin;
    free(entries);
    free(table);
    return (double)pairs / seconds;
}

/* ---- pairs ---- */

/* Served before the clock starts: as many as a board remembers by default, and then some. */
static long pairs_before(long clients)
{
    return clients < 100000 ? 20000 : 0;
}

double bench_pairs_1t(const federation_options *options)
{
    federation *f = federation_new(options);
    long wanted = pairs_wanted(f->count), done = -pairs_before(f->count);
    federation_step(f);
    double begin = bench_now();
    while (done < wanted) {
        bool before = done < 0;
        for (long i = 0; i < f->count; i++)
            done += federation_pair(f, f->context, i);
        federation_step(f); /* the next round */
        if (before && done >= 0) {
            done = 0;
            begin = bench_now();
        }
    }
    double seconds = bench_now() - begin;
    federation_free(f);
    return (double)done / seconds;
}

/*
 * Two threads that serve whoever comes next, as transport threads do. Who finds nobody left to serve steps until the next round stands,
 * as the thread of a run does; what the other one still has to put in order of the last round goes on beside it.
 */
#define CHUNK 16

typedef struct shared {
    federation *f;
    long wanted;
    pthread_mutex_t stepping;
    atomic_long next, done; /* client to come, pairs of all; negative before the clock starts */
    double begin;
    long begun; /* pairs done by then */
} shared;

static long serve_chunk(federation *own, flr_context *context, long first)
{
    long served = 0;
    for (long i = first; i < first + CHUNK && i < own->count; i++, served++)
        if (!federation_pair(own, context, i))
            bench_check(-1, "a client got nothing");
    return served;
}

/* No client is left: on to the next round as soon as this one is done. */
static void next_round(shared *all)
{
    pthread_mutex_lock(&all->stepping);
    if (atomic_load(&all->next) >= all->f->count &&
        (all->f->options.kind == FLR_KIND_FOREVER || federation_step(all->f)))
        atomic_store(&all->next, 0);
    pthread_mutex_unlock(&all->stepping);
}

static void *serve(void *self)
{
    shared *all = self;
    flr_context *context;
    federation own;
    federation_share(all->f, &own);
    bench_check(flr_runner_new_context(own.runner, &context), "context");
    while (atomic_load(&all->done) < all->wanted) {
        long first = atomic_fetch_add(&all->next, CHUNK);
        if (first < own.count) {
            long served = serve_chunk(&own, context, first);
            long before = atomic_fetch_add(&all->done, served);
            if (before < 0 && before + served >= 0) {
                all->begun = before + served;
                all->begin = bench_now();
            }
        } else {
            next_round(all);
        }
    }
    flr_context_free(context);
    federation_unshare(&own);
    return NULL;
}

double bench_pairs_2t(const federation_options *options)
{
    shared all = {.f = federation_new(options), .stepping = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[2];
    all.wanted = pairs_wanted(all.f->count);
    all.done = -pairs_before(all.f->count);
    federation_step(all.f);
    all.begin = bench_now();
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, serve, &all);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    double seconds = bench_now() - all.begin;
    federation_free(all.f);
    return (double)(atomic_load(&all.done) - all.begun) / seconds;
}

static double pairs_1t(long clients)
{
    return bench_pairs_1t(&(federation_options){.count = clients, .kind = FLR_KIND_BROADCAST});
}

static double pairs_2t(long clients)
{
    return bench_pairs_2t(&(federation_options){.count = clients, .kind = FLR_KIND_BROADCAST});
}

static double polls_1t(long clients)
{
    federation *f = federation_new(&(federation_options){.count = clients});
    long polls = bench_quick ? 100000 : 1000000;
    federation_step(f);
    double begin = bench_now();
    for (long n = 0; n < polls; n++)
        if (federation_pair(f, f->context, n % clients))
            bench_check(-1, "a task came from nowhere");
    double seconds = bench_now() - begin;
    federation_free(f);
    return (double)polls / seconds;
}

/* ---- what others wait for costs nobody anything ---- */

static double among_foreign(long tasks, int kind)
{
    return bench_pairs_1t(&(federation_options){
        .count = 1000, .kind = FLR_KIND_BROADCAST, .foreign = tasks, .foreign_kind = kind});
}

static double foreign_tasks(long tasks)
{
    return among_foreign(tasks, FLR_KIND_BROADCAST);
}

static double foreign_sends(long tasks)
{
    return among_foreign(tasks, FLR_KIND_SEND);
}

static double foreign_relays(long tasks)
{
    return among_foreign(tasks, FLR_KIND_RELAY);
}

const figure dispatch_figures[] = {
    FIGURE("null_dispatch_10", "pairs/s", NULL, null_dispatch, 10, "null_dispatch"),
    FIGURE("null_dispatch_1000", "pairs/s", NULL, null_dispatch, 1000, "null_dispatch"),
    FIGURE("null_dispatch_10000", "pairs/s", NULL, null_dispatch, 10000, "null_dispatch"),
    FIGURE("null_dispatch_1000000", "pairs/s", NULL, null_dispatch, 1000000, "null_dispatch"),
    FIGURE("pairs_1t_10", "pairs/s", "null_dispatch_10", pairs_1t, 10, "pairs_1t"),
    FIGURE("pairs_1t_1000", "pairs/s", "null_dispatch_1000", pairs_1t, 1000, "pairs_1t"),
    FIGURE("pairs_1t_10000", "pairs/s", "null_dispatch_10000", pairs_1t, 10000, "pairs_1t"),
    FIGURE("pairs_1t_1000000", "pairs/s", "null_dispatch_1000000", pairs_1t, 1000000, "pairs_1t"),
    FIGURE("pairs_2t_1000", "pairs/s", "pairs_1t_1000", pairs_2t, 1000, "pairs_2t"),
    FIGURE("pairs_2t_10000", "pairs/s", "pairs_1t_10000", pairs_2t, 10000, "pairs_2t"),
    FIGURE("polls_1t_1000", "polls/s", NULL, polls_1t, 1000, NULL),
    FIGURE("foreign_tasks_1", "pairs/s", "pairs_1t_1000", foreign_tasks, 1, "foreign_tasks"),
    FIGURE("foreign_tasks_100", "pairs/s", "pairs_1t_1000", foreign_tasks, 100, "foreign_tasks"),
    FIGURE("foreign_tasks_10000", "pairs/s", "pairs_1t_1000", foreign_tasks, 10000,
           "foreign_tasks"),
    FIGURE("foreign_sends_1", "pairs/s", "pairs_1t_1000", foreign_sends, 1, "foreign_sends"),
    FIGURE("foreign_sends_100", "pairs/s", "pairs_1t_1000", foreign_sends, 100, "foreign_sends"),
    FIGURE("foreign_sends_10000", "pairs/s", "pairs_1t_1000", foreign_sends, 10000,
           "foreign_sends"),
    FIGURE("foreign_relays_1", "pairs/s", "pairs_1t_1000", foreign_relays, 1, "foreign_relays"),
    FIGURE("foreign_relays_100", "pairs/s", "pairs_1t_1000", foreign_relays, 100, "foreign_relays"),
    FIGURE("foreign_relays_10000", "pairs/s", "pairs_1t_1000", foreign_relays, 10000,
           "foreign_relays"),
    FIGURE_END,
};
