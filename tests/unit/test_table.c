/* Tests of the hash table and of the heap of deadlines, each against a plain array. */
#include "support/failalloc.h"
#include "support/suite.h"
#include "base/heap.h"
#include "base/id.h"
#include "base/table.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* ---- table ---- */

typedef struct entry {
    unsigned key;
    bool in, visited;
} entry;

static bool entry_match(const void *item, const void *key, size_t size)
{
    return size == sizeof(unsigned) && ((const entry *)item)->key == *(const unsigned *)key;
}

#define ENTRIES 300

/* A random walk against a plain array, with hashes that collide as `mask` says. */
static void table_walk(uint32_t mask, uint64_t seed)
{
    static entry entries[ENTRIES];
    flr__table t;
    flr__rng rng;
    size_t count = 0, position = 0, visited = 0;

    memset(entries, 0, sizeof entries);
    flr__rng_seed(&rng, seed, "table");
    flr__table_init(&t, entry_match);
    for (int step = 0; step < 6000; step++) {
        unsigned key = (unsigned)flr__rng_below(&rng, ENTRIES);
        uint32_t hash = (key * 2654435761u) & mask;
        entry *e = &entries[key];

        e->key = key;
        ck_assert_ptr_eq(flr__table_get(&t, &key, sizeof key, hash), e->in ? e : NULL);
        if (e->in) {
            ck_assert_ptr_eq(flr__table_remove(&t, &key, sizeof key, hash), e);
            count--;
        } else {
            ck_assert_ptr_null(flr__table_remove(&t, &key, sizeof key, hash));
            ck_assert_int_eq(flr__table_add(&t, e, hash), 0);
            count++;
        }
        e->in = !e->in;
        ck_assert_uint_eq(t.count, count);
    }
    for (entry *e; (e = flr__table_next(&t, &position)) != NULL; visited++) {
        ck_assert(e->in && !e->visited);
        e->visited = true;
    }
    ck_assert_uint_eq(visited, count);
    flr__table_free(&t);
    ck_assert_uint_eq(t.count, 0);
}

START_TEST(table_holds_what_was_added)
{
    table_walk(UINT32_MAX, 1);
    table_walk(0x1f, 2);
    table_walk(0, 3);
}
END_TEST

START_TEST(table_reserve_makes_adding_safe)
{
    entry entries[100];
    flr__table t;
    size_t position = 0;

    flr__table_init(&t, entry_match);
    ck_assert_ptr_null(flr__table_get(&t, &(unsigned){0}, sizeof(unsigned), 0));
    ck_assert_ptr_null(flr__table_remove(&t, &(unsigned){0}, sizeof(unsigned), 0));
    ck_assert_ptr_null(flr__table_next(&t, &position));
    failalloc_fail_from(1);
    ck_assert_int_eq(flr__table_add(&t, &entries[0], 0), FLR_E_NOMEM);
    ck_assert_int_eq(flr__table_reserve(&t, 100), FLR_E_NOMEM);
    ck_assert_int_eq(flr__table_reserve(&t, SIZE_MAX), FLR_E_NOMEM);
    ck_assert_uint_eq(t.count, 0);
    failalloc_reset();
    ck_assert_int_eq(flr__table_reserve(&t, 100), 0);
    failalloc_fail_from(1);
    for (unsigned i = 0; i < 100; i++) {
        entries[i].key = i;
        ck_assert_int_eq(flr__table_add(&t, &entries[i], i), 0);
    }
    for (unsigned i = 0; i < 100; i++)
        ck_assert_ptr_eq(flr__table_get(&t, &i, sizeof i, i), &entries[i]);
    ck_assert_int_eq(flr__table_reserve(&t, 10), 0);
    failalloc_reset();
    flr__table_free(&t);
}
END_TEST

/* ---- heap ---- */

#define DUES 64

START_TEST(heap_gives_the_earliest)
{
    flr__due dues[DUES] = {{0, 0, 0}};
    flr__heap h;
    flr__rng rng;

    flr__rng_seed(&rng, 5, "heap");
    flr__heap_init(&h);
    ck_assert_ptr_null(flr__heap_first(&h));
    flr__heap_remove(&h, &dues[0]);
    ck_assert_int_eq(flr__heap_reserve(&h, DUES), 0);
    for (size_t i = 0; i < DUES; i++)
        dues[i].order = i;
    for (int step = 0; step < 5000; step++) {
        flr__due *d = &dues[flr__rng_below(&rng, DUES)], *first = NULL;
        size_t in = 0;

        if (flr__rng_below(&rng, 4) == 0)
            flr__heap_remove(&h, d);
        else
            flr__heap_set(&h, d,
                          flr__rng_below(&rng, 9) == 0 ? FLR_TIME_NONE
                                                       : (int64_t)flr__rng_below(&rng, 20));
        for (size_t i = 0; i < DUES; i++) { /* the lowest order wins among equals */
            in += dues[i].place != 0;
            if (dues[i].place != 0 && (first == NULL || dues[i].at < first->at))
                first = &dues[i];
        }
        ck_assert_ptr_eq(flr__heap_first(&h), first);
        ck_assert_uint_eq(h.count, in);
    }
    flr__heap_free(&h);
}
END_TEST

START_TEST(heap_reserve_makes_setting_safe)
{
    flr__due a = {0, 1, 0}, b = {0, 2, 0};
    flr__heap h;

    flr__heap_init(&h);
    failalloc_fail_from(1);
    ck_assert_int_eq(flr__heap_reserve(&h, 1), FLR_E_NOMEM);
    failalloc_reset();
    ck_assert_int_eq(flr__heap_reserve(&h, 2), 0);
    failalloc_fail_from(1);
    ck_assert_int_eq(flr__heap_reserve(&h, 2), 0);
    flr__heap_set(&h, &b, 10);
    flr__heap_set(&h, &a, 10);
    ck_assert_ptr_eq(flr__heap_first(&h), &a);
    flr__heap_set(&h, &a, FLR_TIME_NONE);
    ck_assert_uint_eq(a.place, 0);
    ck_assert_ptr_eq(flr__heap_first(&h), &b);
    ck_assert_int_eq(flr__heap_reserve(&h, 3), FLR_E_NOMEM);
    ck_assert_ptr_eq(flr__heap_first(&h), &b);
    failalloc_reset();
    flr__heap_free(&h);
}
END_TEST

/* ---- the program ---- */

static void begin(void)
{
    ck_assert_int_eq(failalloc_install(), 0);
}

static void end(void)
{
    failalloc_reset();
    ck_assert_uint_eq(failalloc_get_live_count(), 0);
    ck_assert_int_eq(failalloc_uninstall(), 0);
}

int main(void)
{
    const TTest *const tests[] = {
        table_holds_what_was_added,
        table_reserve_makes_adding_safe,
        heap_gives_the_earliest,
        heap_reserve_makes_setting_safe,
    };
    Suite *suite = suite_create("table and heap");
    TCase *tcase = tcase_create("all");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, tests);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
