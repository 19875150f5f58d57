/* What is kept in memory, counted by the allocator hook: an idle runner, an idle known client, an open assignment; and the library's size. */
#include "bench.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <malloc.h>
#include <sys/stat.h>

static atomic_long live; /* bytes as malloc rounds them */

static void *take(void *self, size_t size)
{
    void *p = malloc(size);
    (void)self;
    live += p == NULL ? 0 : (long)malloc_usable_size(p) + 8;
    return p;
}

static void *resize(void *self, void *old, size_t size)
{
    long before = old == NULL ? 0 : (long)malloc_usable_size(old) + 8;
    void *p = realloc(old, size);
    (void)self;
    live += p == NULL ? 0 : (long)malloc_usable_size(p) + 8 - before;
    return p;
}

static void release(void *self, void *old)
{
    (void)self;
    live -= old == NULL ? 0 : (long)malloc_usable_size(old) + 8;
    free(old);
}

static void count_memory(bool on)
{
    flr_allocator_ops ops;
    flr_allocator_ops_init(&ops, sizeof ops);
    ops.allocate = take;
    ops.reallocate = resize;
    ops.release = release;
    bench_check(flr_allocator_set(on ? &ops : NULL, NULL), "allocator");
    live = 0;
}

static double idle_kib(long clients)
{
    count_memory(true);
    federation *f = federation_new(clients, 0, true);
    federation_step(f);
    double bytes = (double)live;
    federation_free(f);
    count_memory(false);
    return bytes / 1024;
}

static double bytes_per_client(long clients)
{
    return (idle_kib(clients) - idle_kib(1)) * 1024 / (double)(clients - 1);
}

static double bytes_per_assignment(long clients)
{
    count_memory(true);
    federation *f = federation_new(clients, 0, false);
    federation_step(f);
    const flr_answer *answer;
    double before = (double)live;
    for (long i = 0; i < clients; i++) {
        flr_context_reset(f->context);
        flr_context_set_peer_props(f->context, f->peer);
        bench_check(flr_runner_process_task_request(f->runner, f->names[i], f->context, &answer),
                    "request");
    }
    flr_context_reset(f->context);
    double bytes = (double)live - before;
    federation_free(f);
    count_memory(false);
    return bytes / (double)clients;
}

static double so_kib(long unused)
{
    struct stat s;
    const char *path = getenv("FLR_BENCH_SO");
    (void)unused;
    return path != NULL && stat(path, &s) == 0 ? (double)s.st_size / 1024 : 0;
}

const figure memory_figures[] = {
    {"bytes_per_client", "bytes", NULL, bytes_per_client, 10000, NULL},
    {"bytes_per_assignment", "bytes", NULL, bytes_per_assignment, 10000, NULL},
    {"runner_idle_kib", "KiB", NULL, idle_kib, 1, NULL},
    {"so_kib", "KiB", NULL, so_kib, 0, NULL},
    {NULL, NULL, NULL, NULL, 0, NULL},
};
