/*
 * Tests of blocks that are kept: what is got can be used and is counted, whoever releases it; what is kept has its limit and is given
 * back; a host's allocator sees every block.
 */
#include "base/block.h"
#include "support/suite.h"

#include <check.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MANY    40000
#define THREADS 4

static void *blocks[MANY];

/* An assertion for each byte would take too long. */
static bool is_filled(const void *block, size_t from, size_t size, unsigned char with)
{
    const unsigned char *bytes = block;

    while (from < size && bytes[from] == with) {
        from++;
    }
    return from >= size;
}

/* No object of the library is left. */
static void nothing_lives(void)
{
    ck_assert_int_eq(flr_allocator_set(NULL, NULL), 0);
}

START_TEST(blocks_of_all_sizes_are_whole_and_counted)
{
    for (int round = 0; round < 2; round++) { /* new ones, then kept ones */
        for (size_t size = 0; size < 600; size++) {
            blocks[size] = flr__block_alloc(size);
            ck_assert_ptr_nonnull(blocks[size]);
            ck_assert_uint_eq((uintptr_t)blocks[size] % _Alignof(max_align_t), 0);
            memset(blocks[size], (int)size, size);
        }
        ck_assert_int_eq(flr_allocator_set(NULL, NULL), FLR_E_STATE);
        for (size_t size = 0; size < 600; size++) {
            ck_assert(is_filled(blocks[size], 0, size, (unsigned char)size));
            flr__block_free(blocks[size], size);
        }
        flr__block_free(NULL, 16);
    }
    nothing_lives();
}
END_TEST

static void *count_allocate(void *self, size_t size)
{
    ++*(size_t *)self;
    return malloc(size);
}

static void *count_reallocate(void *self, void *old, size_t size)
{
    (void)self;
    return realloc(old, size);
}

static void count_release(void *self, void *old)
{
    --*(size_t *)self;
    free(old);
}

START_TEST(a_hosts_allocator_gets_and_takes_back_every_block)
{
    flr_allocator_ops ops;
    size_t live = 0;

    flr__block_free(flr__block_alloc(64), 64); /* is kept: no block for the host */
    flr_allocator_ops_init(&ops, sizeof ops);
    ops.allocate = count_allocate;
    ops.reallocate = count_reallocate;
    ops.release = count_release;
    ck_assert_int_eq(flr_allocator_set(&ops, &live), 0);
    void *block = flr__block_alloc(64);
    ck_assert_uint_eq(live, 1);
    flr__block_free(block, 64);
    ck_assert_uint_eq(live, 0);
    flr_allocator_trim();
    ck_assert_uint_eq(live, 0);
    nothing_lives();
}
END_TEST

#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 33) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define HAS_BYTES_IN_USE 1
#endif
#endif

#ifdef HAS_BYTES_IN_USE
static void get_and_release(size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        blocks[i] = flr__block_alloc(size);
        ck_assert_ptr_nonnull(blocks[i]);
    }
    for (size_t i = 0; i < count; i++) {
        flr__block_free(blocks[i], size);
    }
}

START_TEST(what_is_kept_has_a_limit_and_is_given_back)
{
    size_t before, kept;

    flr_allocator_trim();
    before = mallinfo2().uordblks;
    get_and_release(MANY, 256); /* 10 MB */
    kept = mallinfo2().uordblks - before;
    ck_assert_uint_le(kept, (size_t)5 << 20);
#ifndef FLR_DEBUG_LOCKS
    ck_assert_uint_ge(kept, (size_t)3 << 20);
#endif
    flr_allocator_trim();
    ck_assert_uint_le(mallinfo2().uordblks, before + (64 << 10));
    flr_allocator_trim(); /* nothing is left to be given back */
    nothing_lives();
}
END_TEST
#endif

/* ---- threads ---- */

/* Some make blocks, others release them. */
static struct {
    pthread_mutex_t lock;
    unsigned char *waiting[MANY];
    size_t count, left;
} market;

static void *make(void *self)
{
    for (size_t i = 0; i < MANY / THREADS; i++) {
        size_t size = 16 + i % 500;
        unsigned char *block = flr__block_alloc(size);

        ck_assert_ptr_nonnull(block);
        memset(block, (int)(size % 251), size);
        memcpy(block, &size, sizeof size);
        pthread_mutex_lock(&market.lock);
        market.waiting[market.count++] = block;
        pthread_mutex_unlock(&market.lock);
    }
    return self;
}

static void *release(void *self)
{
    bool more = true;

    while (more) {
        unsigned char *block = NULL;
        size_t size;

        pthread_mutex_lock(&market.lock);
        if (market.count > 0) {
            block = market.waiting[--market.count];
            market.left--;
        }
        more = market.left > 0;
        pthread_mutex_unlock(&market.lock);
        if (block != NULL) {
            memcpy(&size, block, sizeof size);
            ck_assert(is_filled(block, sizeof size, size, (unsigned char)(size % 251)));
            flr__block_free(block, size);
        }
    }
    return self;
}

static void *trim(void *self)
{
    for (int i = 0; i < 50; i++) {
        flr_allocator_trim();
    }
    return self;
}

START_TEST(blocks_pass_between_threads)
{
    pthread_t threads[2 * THREADS + 1];

    pthread_mutex_init(&market.lock, NULL);
    market.left = MANY / THREADS * THREADS;
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[2 * i], NULL, make, NULL);
        pthread_create(&threads[2 * i + 1], NULL, release, NULL);
    }
    pthread_create(&threads[2 * THREADS], NULL, trim, NULL);
    for (int i = 0; i < 2 * THREADS + 1; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_mutex_destroy(&market.lock);
    ck_assert_uint_eq(market.count, 0);
    nothing_lives();
}
END_TEST

/* More threads than lanes: they share them, or do without. */
static void *come_and_go(void *self)
{
    for (size_t i = 0; i < 200; i++) {
        void *one = flr__block_alloc(100), *two = flr__block_alloc(300);

        ck_assert(one != NULL && two != NULL && one != two);
        memset(one, 1, 100);
        memset(two, 2, 300);
        flr__block_free(one, 100);
        flr__block_free(two, 300);
    }
    return self;
}

START_TEST(threads_that_have_gone_leave_nothing_behind)
{
    pthread_t threads[2 * FLR__LANES];

    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go, NULL), 0);
    }
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        pthread_join(threads[i], NULL);
    }
    nothing_lives();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        blocks_of_all_sizes_are_whole_and_counted,
        a_hosts_allocator_gets_and_takes_back_every_block,
#ifdef HAS_BYTES_IN_USE
        what_is_kept_has_a_limit_and_is_given_back,
#endif
        blocks_pass_between_threads,
        threads_that_have_gone_leave_nothing_behind,
    };
    Suite *suite = suite_create("block");
    TCase *tcase = tcase_create("all");

    SUITE_ADD(tcase, tests);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
