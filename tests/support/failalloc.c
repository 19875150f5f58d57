/*
 * Owns the failing allocator: its counters and its rule of what fails. `guard` guards all of them. Each block carries its size
 * and a mark in front, so that a foreign or twice released pointer stops the test at once.
 */
#include "failalloc.h"

#include <flrunner/base.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK_LIVE UINT64_C(0x666c722d6c697665)
#define MARK_DEAD UINT64_C(0x666c722d64656164)

typedef union header {
    struct {
        uint64_t mark;
        size_t size;
    } is;
    max_align_t align;
} header;

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static struct {
    size_t calls;
    size_t failures;
    size_t fail_at;
    int fail_on; /* also all after fail_at */
    size_t live_count;
    size_t live_bytes;
    size_t peak_bytes;
} state;

/* Count one allocation; 1 if it shall fail. */
static int count_call(void)
{
    int fails;

    pthread_mutex_lock(&guard);
    state.calls++;
    fails = state.fail_at != 0 && (state.calls == state.fail_at ||
                                   (state.fail_on && state.calls > state.fail_at));
    state.failures += (size_t)fails;
    pthread_mutex_unlock(&guard);
    return fails;
}

static header *header_of(void *block)
{
    header *h = (header *)block - 1;

    if (h->is.mark != MARK_LIVE) {
        fprintf(stderr, "failalloc: %p is not a live block\n", block);
        abort();
    }
    return h;
}

static void *new_block(size_t size)
{
    header *h;

    if (size > SIZE_MAX - sizeof *h)
        return NULL;
    h = malloc(sizeof *h + size);
    if (!h)
        return NULL;
    h->is.mark = MARK_LIVE;
    h->is.size = size;
    pthread_mutex_lock(&guard);
    state.live_count++;
    state.live_bytes += size;
    if (state.live_bytes > state.peak_bytes)
        state.peak_bytes = state.live_bytes;
    pthread_mutex_unlock(&guard);
    return h + 1;
}

static void on_release(void *self, void *old)
{
    header *h;

    (void)self;
    if (!old)
        return;
    h = header_of(old);
    h->is.mark = MARK_DEAD;
    pthread_mutex_lock(&guard);
    state.live_count--;
    state.live_bytes -= h->is.size;
    pthread_mutex_unlock(&guard);
    free(h);
}

static void *on_allocate(void *self, size_t size)
{
    (void)self;
    return count_call() ? NULL : new_block(size);
}

/* Always moves the block, so that a pointer kept across a growth is found by the sanitizers. */
static void *on_reallocate(void *self, void *old, size_t size)
{
    void *block;
    size_t before;

    if (count_call())
        return NULL;
    block = new_block(size);
    if (block && old) {
        before = header_of(old)->is.size;
        memcpy(block, old, before < size ? before : size);
        on_release(self, old);
    }
    return block;
}

int failalloc_install(void)
{
    flr_allocator_ops ops;

    flr_allocator_ops_init(&ops, sizeof ops);
    ops.allocate = on_allocate;
    ops.reallocate = on_reallocate;
    ops.release = on_release;
    failalloc_reset();
    return flr_allocator_set(&ops, NULL);
}

int failalloc_uninstall(void)
{
    return flr_allocator_set(NULL, NULL);
}

static void set_rule(size_t k, int and_after)
{
    pthread_mutex_lock(&guard);
    state.calls = 0;
    state.failures = 0;
    state.fail_at = k;
    state.fail_on = and_after;
    state.peak_bytes = state.live_bytes;
    pthread_mutex_unlock(&guard);
}

void failalloc_reset(void)
{
    set_rule(0, 0);
}

void failalloc_fail_at(size_t k)
{
    set_rule(k, 0);
}

void failalloc_fail_from(size_t k)
{
    set_rule(k, 1);
}

static size_t read_counter(const size_t *counter)
{
    size_t n;

    pthread_mutex_lock(&guard);
    n = *counter;
    pthread_mutex_unlock(&guard);
    return n;
}

size_t failalloc_get_calls(void)
{
    return read_counter(&state.calls);
}

size_t failalloc_get_failures(void)
{
    return read_counter(&state.failures);
}

size_t failalloc_get_live_count(void)
{
    return read_counter(&state.live_count);
}

size_t failalloc_get_live_bytes(void)
{
    return read_counter(&state.live_bytes);
}

size_t failalloc_get_peak_bytes(void)
{
    return read_counter(&state.peak_bytes);
}

/* One try and its repetition. *failed says whether any allocation was made to fail. */
static const char *try_work(failalloc_work work, void *self, size_t k, int and_after, int *failed)
{
    static char text[200];
    const char *how = and_after ? "all from it on" : "only it";
    size_t bytes = failalloc_get_live_bytes();
    size_t count = failalloc_get_live_count();
    int status;

    set_rule(k, and_after);
    status = work(self);
    *failed = failalloc_get_failures() > 0;
    failalloc_reset();
    if (status != FLR_OK && (status != FLR_E_NOMEM || !*failed)) {
        snprintf(text, sizeof text, "allocation %zu (%s): the code was %s", k, how,
                 flr_status_get_name(status));
        return text;
    }
    if (failalloc_get_live_bytes() != bytes || failalloc_get_live_count() != count) {
        snprintf(text, sizeof text, "allocation %zu (%s): %zu bytes in %zu blocks alive, %zu in %zu before",
                 k, how, failalloc_get_live_bytes(), failalloc_get_live_count(), bytes, count);
        return text;
    }
    status = *failed ? work(self) : FLR_OK;
    if (status != FLR_OK) {
        snprintf(text, sizeof text, "allocation %zu (%s): the retry gave %s", k, how,
                 flr_status_get_name(status));
        return text;
    }
    return NULL;
}

const char *failalloc_sweep(failalloc_work work, void *self, size_t *points)
{
    const char *problem;
    int once;
    int from;
    size_t k;

    for (k = 1;; k++) {
        problem = try_work(work, self, k, 0, &once);
        if (!problem)
            problem = try_work(work, self, k, 1, &from);
        if (problem || (!once && !from))
            break;
    }
    if (points)
        *points = k - 1;
    return problem;
}
