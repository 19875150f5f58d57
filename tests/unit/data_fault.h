/*
 * For the tests of lib/data: an allocator that counts what is alive and can fail the k-th
 * allocation. Its counters are atomic, so tests with threads may use it too.
 */
#ifndef FLR_TESTS_DATA_FAULT_H
#define FLR_TESTS_DATA_FAULT_H

#include <check.h>
#include <flrunner/base.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

static atomic_long fault_live;  /* blocks */
static atomic_long fault_made;  /* allocations so far */
static atomic_long fault_bytes; /* their sizes, since fault_reset */
static atomic_long fault_at;    /* fail when this reaches 0 */
static bool fault_all;          /* and all that come later */

static bool fault_now(void)
{
    long left = atomic_fetch_sub(&fault_at, 1);

    return left == 1 || (left < 1 && fault_all);
}

static void *fault_reallocate(void *self, void *old, size_t size)
{
    void *p;

    (void)self;
    if (fault_now()) {
        return NULL;
    }
    p = realloc(old, size);
    if (p != NULL) {
        atomic_fetch_add(&fault_made, 1);
        atomic_fetch_add(&fault_bytes, (long)size);
        if (old == NULL) {
            atomic_fetch_add(&fault_live, 1);
        }
    }
    return p;
}

static void *fault_allocate(void *self, size_t size)
{
    return fault_reallocate(self, NULL, size);
}

static void fault_release(void *self, void *old)
{
    (void)self;
    if (old != NULL) {
        atomic_fetch_sub(&fault_live, 1);
    }
    free(old);
}

static void fault_reset(void)
{
    atomic_store(&fault_at, LONG_MAX);
    atomic_store(&fault_bytes, 0);
    fault_all = false;
}

/* Call first in main: 0 or an exit status. */
static int fault_install(void)
{
    flr_allocator_ops ops;

    fault_reset();
    flr_allocator_ops_init(&ops, sizeof ops);
    ops.allocate = fault_allocate;
    ops.reallocate = fault_reallocate;
    ops.release = fault_release;
    return flr_allocator_set(&ops, NULL) == 0 ? 0 : 1;
}

/* A scenario cleans up after itself and returns 0 or the first error. Fail each of its
 * allocations: alone, then with all later ones. */
static inline void fault_loop(int (*scenario)(void))
{
    long live = atomic_load(&fault_live);

    for (int all = 0; all < 2; all++) {
        for (long k = 1;; k++) {
            bool hit;
            int status;

            fault_reset();
            fault_all = all != 0;
            atomic_store(&fault_at, k);
            status = scenario();
            hit = atomic_load(&fault_at) < 1;
            fault_reset();
            ck_assert_int_eq(atomic_load(&fault_live), live);
            ck_assert_int_eq(status, hit ? FLR_E_NOMEM : 0);
            if (!hit) {
                break;
            }
        }
    }
}

#endif
