/*
 * What is kept in memory: an idle runner, a known client, a target, an open assignment, counted by the allocator hook; a large model
 * that is broadcast, as the system sees it; and the library's size.
 */
#include "bench.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Every client asks. */
static void ask_all(federation *f, bool wanted)
{
    char id[64];
    for (long i = 0; i < f->count; i++)
        if (federation_request(f, f->context, i, id) != wanted)
            bench_check(-1, "a client got a task, or none");
    flr_context_reset(f->context);
}

/* Known clients and nothing to do for them; those that are heard have asked for a task. */
static double idle_bytes(long clients, bool heard)
{
    count_memory(true);
    federation *f = federation_new(&(federation_options){.count = clients});
    federation_step(f);
    if (heard)
        ask_all(f, false);
    double bytes = (double)live;
    federation_free(f);
    count_memory(false);
    return bytes;
}

static double idle_kib(long clients)
{
    return idle_bytes(clients, false) / 1024;
}

static double bytes_per_client(long clients)
{
    return (idle_bytes(clients, false) - idle_bytes(1, false)) / (double)(clients - 1);
}

static double bytes_per_heard_client(long clients)
{
    return (idle_bytes(clients, true) - idle_bytes(1, true)) / (double)(clients - 1);
}

/* What clients cost that are heard is not counted, nor what scheduling costs for each target. */
static double bytes_per_assignment(long clients)
{
    count_memory(true);
    federation *f = federation_new(&(federation_options){.count = clients});
    federation_step(f);
    ask_all(f, false);
    flr_task *task = federation_schedule(f, FLR_KIND_BROADCAST, f->targets, f->count);
    double before = (double)live;
    ask_all(f, true);
    double bytes = (double)live - before;
    flr_task_unref(task);
    federation_free(f);
    count_memory(false);
    return bytes / (double)clients;
}

/* Of a task on a board that has met its targets before. */
static double bytes_per_target(long clients)
{
    count_memory(true);
    federation *f = federation_new(&(federation_options){.count = clients});
    federation_step(f);
    flr_task *first = federation_schedule(f, FLR_KIND_BROADCAST, f->targets, f->count);
    double before = (double)live;
    flr_task *second = federation_schedule(f, FLR_KIND_BROADCAST, f->targets, f->count);
    double bytes = (double)live - before;
    flr_task_unref(first);
    flr_task_unref(second);
    federation_free(f);
    count_memory(false);
    return bytes / (double)clients;
}

/* ---- a model of 100 MB for a thousand clients ---- */

#define PARTS      10
#define PART_BYTES 10000000

double bench_memory(const char *field)
{
    char line[256];
    double kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL)
        bench_check(FLR_E_IO, "/proc/self/status");
    while (kib <= 0 && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            kib = strtod(line + strlen(field) + 1, NULL);
    fclose(file);
    return kib;
}

static flr_shareable *make_model(void)
{
    static const int64_t shape[] = {PART_BYTES / 4};
    flr_shareable *model;
    bench_check(flr_shareable_new(&model), "model");
    for (int part = 0; part < PARTS; part++) {
        char key[16];
        void *bytes;
        flr_blob *blob;
        flr_value *tensor;
        snprintf(key, sizeof key, "part%d", part);
        bench_check(flr_blob_new(PART_BYTES, &blob, &bytes), "blob");
        memset(bytes, part + 1, PART_BYTES);
        bench_check(flr_value_new_tensor(FLR_TYPE_F32, 1, shape, blob, &tensor), "tensor");
        bench_check(flr_shareable_set(model, key, tensor), "part");
        flr_blob_unref(blob);
    }
    return model;
}

/* A byte of each page is enough for them to be there. */
static long read_model(const flr_shareable *model)
{
    const flr_value *body = flr_shareable_get_body(model);
    long sum = 0;
    for (size_t part = 0; part < flr_value_get_size(body); part++) {
        const unsigned char *bytes = flr_tensor_get_data(flr_map_get_at(body, part));
        for (size_t i = 0; i < PART_BYTES; i += 4096)
            sum += bytes[i];
    }
    return sum;
}

/* MB by which the peak grows. Each client keeps its message until all have read theirs. */
static double broadcast_rss_mb(long clients)
{
    federation *f = federation_new(&(federation_options){.count = clients});
    flr_shareable **kept = calloc((size_t)clients, sizeof(flr_shareable *));
    flr_shareable_unref(f->payload);
    f->payload = make_model();
    long expected = read_model(f->payload), sum = 0;
    federation_step(f);
    double before = bench_memory("VmRSS");
    flr_task_unref(federation_schedule(f, FLR_KIND_BROADCAST, f->targets, f->count));
    for (long i = 0; i < clients; i++) {
        const flr_answer *answer;
        flr_context_reset(f->context);
        flr_context_set_peer_props(f->context, f->peer);
        bench_check(flr_runner_process_task_request(f->runner, f->names[i], f->context, &answer),
                    "request");
        kept[i] = flr_shareable_ref(flr_answer_get_data(answer));
        sum += read_model(kept[i]);
    }
    double growth = (bench_memory("VmHWM") - before) * 1024 / 1e6;
    if (sum != expected * clients)
        bench_check(-1, "somebody read another model");
    for (long i = 0; i < clients; i++)
        flr_shareable_unref(kept[i]);
    free(kept);
    federation_free(f);
    return growth;
}

static double so_kib(long unused)
{
    struct stat s;
    const char *path = getenv("FLR_BENCH_SO");
    (void)unused;
    return path != NULL && stat(path, &s) == 0 ? (double)s.st_size / 1024 : 0;
}

const figure memory_figures[] = {
    FIGURE("bytes_per_client", "bytes", NULL, bytes_per_client, 10000, NULL),
    FIGURE("bytes_per_heard_client", "bytes", NULL, bytes_per_heard_client, 10000, NULL),
    FIGURE("bytes_per_target", "bytes", NULL, bytes_per_target, 10000, NULL),
    FIGURE("bytes_per_assignment", "bytes", NULL, bytes_per_assignment, 10000, NULL),
    FIGURE("runner_idle_kib", "KiB", NULL, idle_kib, 1, NULL),
    FIGURE_ALONE("broadcast_rss_mb", "MB", NULL, broadcast_rss_mb, 1000, NULL),
    FIGURE("so_kib", "KiB", NULL, so_kib, 0, NULL),
    FIGURE_END,
};
