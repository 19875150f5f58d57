/*
 * Tests of counts that threads do not meet in, and of what is counted so: maps and messages for
 * many threads. What is released, when, how often.
 */
#include "base/spread.h"
#include "data/shareable.h"
#include "support/failalloc.h"
#include "support/suite.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define TURNS   20000

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

/* ---- the count ---- */

START_TEST(only_the_last_one_after_the_end_is_the_last)
{
    flr__spread s;

    flr__spread_init(&s);
    flr__spread_ref(&s, 3);
    ck_assert(!flr__spread_unref(&s, 1));
    ck_assert(!flr__spread_unref(&s, 2)); /* none is left, but the owner's */
    flr__spread_ref(&s, 2);
    ck_assert(!flr__spread_end(&s));
    flr__spread_ref(&s, 1); /* by who holds one already */
    ck_assert(!flr__spread_unref(&s, 2));
    ck_assert(flr__spread_unref(&s, 1));
}
END_TEST

START_TEST(the_end_of_what_nobody_holds_is_the_last)
{
    flr__spread s;

    flr__spread_init(&s);
    ck_assert(flr__spread_end(&s));
    flr__spread_init(&s);
    flr__spread_ref(&s, 5);
    ck_assert(!flr__spread_unref(&s, 5));
    ck_assert(flr__spread_end(&s));
}
END_TEST

typedef struct crowd {
    flr__spread spread;
    atomic_int lasts;
    atomic_bool go;
    pthread_mutex_t lock; /* guards held */
    int held;             /* references that threads pass on to each other */
} crowd;

static void note_last(crowd *c, bool last)
{
    if (last) {
        atomic_fetch_add(&c->lasts, 1);
    }
}

/* Takes references while it holds one, and drops some that other threads took. */
static void *take_and_drop(void *self)
{
    crowd *c = self;

    while (!atomic_load(&c->go)) {
    }
    for (int i = 0; i < TURNS; i++) {
        bool drop;

        flr__spread_ref(&c->spread, 2);
        pthread_mutex_lock(&c->lock);
        drop = c->held > 0;
        c->held += drop ? -1 : 1;
        pthread_mutex_unlock(&c->lock);
        note_last(c, flr__spread_unref(&c->spread, drop ? 3 : 1));
    }
    note_last(c, flr__spread_unref(&c->spread, 1)); /* the one it was given */
    return NULL;
}

START_TEST(exactly_one_thread_meets_the_last_reference)
{
    for (int round = 0; round < 5; round++) {
        crowd c = {.lasts = 0, .lock = PTHREAD_MUTEX_INITIALIZER};
        pthread_t threads[THREADS];

        flr__spread_init(&c.spread);
        flr__spread_ref(&c.spread, THREADS);
        for (int i = 0; i < THREADS; i++) {
            ck_assert_int_eq(pthread_create(&threads[i], NULL, take_and_drop, &c), 0);
        }
        atomic_store(&c.go, true);
        note_last(&c, flr__spread_end(&c.spread));
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
        }
        if (c.held > 0) {
            ck_assert_int_eq(atomic_load(&c.lasts), 0);
            note_last(&c, flr__spread_unref(&c.spread, (size_t)c.held));
        }
        ck_assert_int_eq(atomic_load(&c.lasts), 1);
        pthread_mutex_destroy(&c.lock);
    }
}
END_TEST

/* ---- maps and messages ---- */

static void note_release(void *self, const void *data, size_t size)
{
    (void)data;
    (void)size;
    ++*(int *)self;
}

/* {"round": 3, "name": "train", "data": bytes}, with *released counting releases of the bytes. */
static flr_value *make_map(int *released)
{
    static const char bytes[8];
    flr_value *map, *data;
    flr_blob *blob;

    *released = 0;
    ck_assert_int_eq(flr_value_new_map(&map), 0);
    ck_assert_int_eq(flr_map_set_int(&map, "round", 3), 0);
    ck_assert_int_eq(flr_map_set_text(&map, "name", "train"), 0);
    ck_assert_int_eq(flr_blob_new_wrap(bytes, sizeof bytes, note_release, released, &blob), 0);
    ck_assert_int_eq(flr_value_new_bytes(blob, &data), 0);
    flr_blob_unref(blob);
    ck_assert_int_eq(flr_map_set(&map, "data", data), 0);
    return map;
}

START_TEST(a_map_for_many_threads_is_like_any_other)
{
    int released;
    flr_value *map = make_map(&released), *spread, *copy;

    ck_assert_int_eq(flr__map_new_spread(map, true, &spread), 0);
    ck_assert_int_eq(flr_value_equals(map, spread), 1);
    ck_assert_ptr_ne(flr_map_get(spread, "name"), flr_map_get(map, "name"));
    ck_assert_ptr_eq(flr_map_get(spread, "data"), flr_map_get(map, "data"));
    flr_value_unref(map);
    copy = flr_value_ref(spread);
    ck_assert_int_eq(flr_map_set_int(&copy, "round", 4), 0); /* a change makes a copy */
    ck_assert_ptr_ne(copy, spread);
    ck_assert_int_eq(flr_value_get_int(flr_map_get(spread, "round"), 0), 3);
    ck_assert_int_eq(flr_value_get_int(flr_map_get(copy, "round"), 0), 4);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(copy, "name"), ""), "train");
    flr_value_unref(copy);
    ck_assert_int_eq(released, 0);
    flr__value_end_spread(spread);
    ck_assert_int_eq(released, 1);
}
END_TEST

START_TEST(what_is_held_of_it_outlives_its_end)
{
    int released;
    flr_value *map = make_map(&released), *spread, *name, *copy;

    ck_assert_int_eq(flr__map_new_spread(map, true, &spread), 0);
    flr_value_unref(map);
    name = flr_value_ref(flr_map_get(spread, "name"));
    ck_assert_int_eq(flr__map_copy(spread, 2, &copy), 0);
    flr__value_end_spread(spread);
    ck_assert_int_eq(released, 0);
    ck_assert_str_eq(flr_value_get_text(name, ""), "train");
    ck_assert_int_eq(flr_value_get_int(flr_map_get(copy, "round"), 0), 3);
    flr_value_unref(copy);
    ck_assert_int_eq(released, 0); /* the name is one of them: they go together */
    flr_value_unref(name);
    ck_assert_int_eq(released, 1);
}
END_TEST

START_TEST(a_message_for_many_threads_ends_with_its_last_copy)
{
    int in_headers, in_body;
    flr_value *headers = make_map(&in_headers);
    flr_shareable *message, *spread, *copy, *roomy;

    ck_assert_int_eq(flr_shareable_new_reply(FLR_RC_OK, headers, &message), 0);
    flr_value_unref(headers);
    ck_assert_int_eq(flr_shareable_set_body(message, make_map(&in_body)), 0);
    ck_assert_int_eq(flr__shareable_copy_spread(message, &spread), 0);
    ck_assert_int_eq(flr_shareable_is_frozen(spread), 1);
    flr_shareable_unref(message);
    ck_assert_int_eq(flr_shareable_copy(spread, NULL, &copy), 0);
    ck_assert_int_eq(flr__shareable_copy_roomy(spread, 3, &roomy), 0);
    ck_assert_int_eq(flr_shareable_set_rc(copy, FLR_RC_TIMEOUT), 0);
    ck_assert_int_eq(flr_shareable_set_header_int(roomy, "round", 5), 0);
    ck_assert_str_eq(flr_shareable_get_rc(spread), FLR_RC_OK);
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get_header(copy, "round"), 0), 3);
    flr_shareable_unref(spread);
    ck_assert_int_eq(in_body, 0);
    flr_shareable_unref(copy);
    ck_assert_int_eq(in_headers, 0);
    ck_assert_int_eq(in_body, 0);
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get_header(roomy, "round"), 0), 5);
    flr_shareable_unref(roomy);
    ck_assert_int_eq(in_headers, 1);
    ck_assert_int_eq(in_body, 1);
}
END_TEST

/* Its last copy outlives the message. */
static void *copy_often(void *self)
{
    const flr_shareable *message = self;
    flr_shareable *copy = NULL;

    for (int i = 0; i < TURNS / 10; i++) {
        flr_shareable_unref(copy);
        copy = NULL;
        if (flr__shareable_copy_roomy(message, 1, &copy) == 0) {
            flr_shareable_set_header_int(copy, "round", i);
        }
    }
    flr_shareable_unref(self);
    flr_shareable_unref(copy);
    return NULL;
}

START_TEST(threads_may_copy_it_while_it_ends)
{
    int released;
    flr_shareable *message, *spread;
    pthread_t threads[THREADS];

    ck_assert_int_eq(flr_shareable_new(&message), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(message, "name", "train"), 0);
    ck_assert_int_eq(flr_shareable_set_body(message, make_map(&released)), 0);
    ck_assert_int_eq(flr__shareable_copy_spread(message, &spread), 0);
    flr_shareable_unref(message);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, copy_often, flr_shareable_ref(spread)),
                         0);
    }
    flr_shareable_unref(spread);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(released, 1);
}
END_TEST

static int make_spread(void *self)
{
    const flr_shareable *message = self;
    flr_shareable *spread, *roomy = NULL;
    int status = flr__shareable_copy_spread(message, &spread);

    if (status == 0) {
        status = flr__shareable_copy_roomy(spread, 4, &roomy);
        flr_shareable_unref(spread);
    }
    flr_shareable_unref(roomy);
    return status;
}

START_TEST(without_memory_nothing_is_left_behind)
{
    int released;
    flr_shareable *message;
    size_t points;

    ck_assert_int_eq(flr_shareable_new(&message), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(message, "name", "train"), 0);
    ck_assert_int_eq(flr_shareable_set_body(message, make_map(&released)), 0);
    ck_assert_ptr_null(failalloc_sweep(make_spread, message, &points));
    ck_assert_uint_ge(points, 7);
    flr_shareable_unref(message);
    ck_assert_int_eq(released, 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        only_the_last_one_after_the_end_is_the_last,
        the_end_of_what_nobody_holds_is_the_last,
        exactly_one_thread_meets_the_last_reference,
        a_map_for_many_threads_is_like_any_other,
        what_is_held_of_it_outlives_its_end,
        a_message_for_many_threads_ends_with_its_last_copy,
        threads_may_copy_it_while_it_ends,
        without_memory_nothing_is_left_behind,
    };
    Suite *suite = suite_create("spread");
    TCase *tcase = tcase_create("all");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, tests);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
