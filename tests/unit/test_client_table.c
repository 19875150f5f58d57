/* The table of a run's clients: which are known and live, who was reported, who is disconnected, and
 * whose event is to be fired. Rows LC-31, DC-01, DC-02, DC-04; the table alone, without a runner. */
#include "support/failalloc.h"
#include "support/suite.h"
#include "base/id.h"
#include "runner/clients.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRACE   INT64_C(60)
#define CLIENTS 6

static flr__clients table;
static const flr__str *names[CLIENTS]; /* site-0, site-1, ... */

static void begin(void)
{
    char name[32];

    ck_assert_int_eq(failalloc_install(), 0);
    ck_assert_int_eq(flr__clients_init(&table, GRACE), 0);
    for (int i = 0; i < CLIENTS; i++) {
        snprintf(name, sizeof name, "site-%d", i);
        names[i] = flr__str_new(name, strlen(name));
        ck_assert_ptr_nonnull(names[i]);
    }
}

static void end(void)
{
    failalloc_reset();
    flr__clients_free(&table);
    for (int i = 0; i < CLIENTS; i++) {
        flr__str_unref(names[i]);
    }
    ck_assert_uint_eq(failalloc_get_live_count(), 0);
    ck_assert_int_eq(failalloc_uninstall(), 0);
}

static flr__client *client(int i)
{
    flr__client *c = flr__clients_get(&table, names[i]->text);

    ck_assert_ptr_nonnull(c);
    return c;
}

static int add(int i)
{
    return flr__clients_add(&table, names[i]->text, NULL);
}

/* Replace the known set by the clients with these digits. */
static int replace(const char *digits)
{
    const flr__str *list[CLIENTS], *parents[CLIENTS] = {NULL};
    size_t count = strlen(digits);

    for (size_t i = 0; i < count; i++) {
        list[i] = names[digits[i] - '0'];
    }
    return flr__clients_replace(&table, list, parents, count);
}

/* true: it was disconnected. *unannounced as flr__clients_credit says. */
static bool credit(int i, int64_t now, bool *unannounced)
{
    return flr__clients_credit(&table, client(i), now, unannounced);
}

static int64_t gone(int i)
{
    return atomic_load(&client(i)->disconnected);
}

/* The known clients as digits, in order. */
static const char *known(void)
{
    static char text[CLIENTS + 1];
    flr__client **list;
    size_t count;

    ck_assert_int_eq(flr__clients_list(&table, &list, &count), 0);
    ck_assert_uint_le(count, CLIENTS);
    for (size_t i = 0; i < count; i++) {
        text[i] = list[i]->name->text[strlen("site-")];
    }
    text[count] = '\0';
    flr__free(list);
    return text;
}

static void are_known(const char *digits, size_t live)
{
    ck_assert_str_eq(known(), digits);
    ck_assert_uint_eq(flr__clients_known(&table), strlen(digits));
    ck_assert_uint_eq(flr__clients_live(&table), live);
}

/* ---- LC-31: known, and of these live ---- */

START_TEST(lc_31_added_removed_replaced)
{
    are_known("", 0);
    ck_assert_int_eq(add(2), 0);
    ck_assert_int_eq(add(0), 0);
    are_known("20", 2);
    ck_assert_int_eq(add(2), FLR_E_EXISTS);
    ck_assert_int_eq(flr__clients_remove(&table, "site-1"), FLR_E_NOTFOUND);
    are_known("20", 2);
    ck_assert_int_eq(flr__clients_remove(&table, "site-2"), 0);
    are_known("0", 1);
    ck_assert_int_eq(flr__clients_remove(&table, "site-2"), FLR_E_NOTFOUND); /* a record, unknown */
    ck_assert_int_eq(replace("3105"), 0);
    are_known("3105", 4);
    ck_assert_int_eq(replace("53"), 0);
    are_known("53", 2);
    ck_assert(!atomic_load(&client(0)->known));
    ck_assert(atomic_load(&client(5)->known));
    ck_assert_int_eq(replace(""), 0);
    are_known("", 0);
    ck_assert_int_eq(add(3), 0);
    are_known("3", 1);
}
END_TEST

START_TEST(lc_31_records_stay)
{
    flr__client *c;

    ck_assert_ptr_null(flr__clients_find(&table, "site-4"));
    ck_assert_int_eq(add(4), 0);
    c = flr__clients_find(&table, "site-4");
    ck_assert_ptr_nonnull(c);
    ck_assert_int_eq(atomic_load(&c->last_heard), FLR_TIME_NONE);
    ck_assert_int_eq(flr__clients_remove(&table, "site-4"), 0);
    ck_assert_ptr_eq(flr__clients_find(&table, "site-4"), c);
    ck_assert_int_eq(replace("4"), 0);
    ck_assert_ptr_eq(flr__clients_get(&table, "site-4"), c);
}
END_TEST

START_TEST(lc_31_parents)
{
    const flr__str *list[] = {names[0], names[1]}, *parents[] = {names[4], NULL};

    ck_assert_int_eq(flr__clients_add(&table, "site-0", "site-2"), 0);
    ck_assert_ptr_null(client(1)->parent);
    ck_assert_str_eq(client(0)->parent->text, "site-2");
    ck_assert_int_eq(flr__clients_add(&table, "site-0", "site-3"), FLR_E_EXISTS);
    ck_assert_str_eq(client(0)->parent->text, "site-2");
    ck_assert_int_eq(flr__clients_remove(&table, "site-0"), 0);
    ck_assert_int_eq(flr__clients_add(&table, "site-0", "site-3"), 0);
    ck_assert_str_eq(client(0)->parent->text, "site-3");
    ck_assert_int_eq(flr__clients_add(&table, "site-1", ""), 0); /* none */
    ck_assert_ptr_null(client(1)->parent);
    ck_assert_int_eq(flr__clients_replace(&table, list, parents, 2), 0);
    ck_assert_str_eq(client(0)->parent->text, "site-4");
    ck_assert_ptr_null(client(1)->parent);
}
END_TEST

START_TEST(lc_31_without_memory_nothing_has_changed)
{
    ck_assert_int_eq(replace("01"), 0);
    for (size_t k = 1; k <= 2; k++) { /* the list; a new record */
        failalloc_fail_at(k);
        ck_assert_int_eq(replace("1245"), FLR_E_NOMEM);
        ck_assert_uint_eq(failalloc_get_failures(), 1);
        are_known("01", 2);
    }
    failalloc_reset();
    ck_assert_int_eq(replace("1245"), 0);
    are_known("1245", 4);
}
END_TEST

/* ---- the live ones ---- */

START_TEST(dc_02_disconnected_ones_are_known_and_not_live)
{
    bool unannounced;

    ck_assert_int_eq(replace("012"), 0);
    flr__clients_start(&table, 0);
    ck_assert(flr__clients_report(&table, client(1), 10));
    are_known("012", 3); /* only reported */
    ck_assert(flr__client_counts(client(1)));
    ck_assert_ptr_eq(flr__clients_expire(&table, 10 + GRACE), client(1));
    are_known("012", 2);
    ck_assert(!flr__client_counts(client(1)));
    ck_assert(credit(1, 100, &unannounced));
    are_known("012", 3);
    ck_assert(flr__client_counts(client(1)));
    ck_assert(!credit(1, 101, &unannounced));
    are_known("012", 3);
}
END_TEST

START_TEST(dc_02_an_unknown_one_is_not_counted_before_it_is_known_and_live)
{
    bool unannounced;

    ck_assert_int_eq(replace("0"), 0);
    flr__clients_start(&table, 0);
    ck_assert(flr__clients_report(&table, client(3), 0));
    ck_assert_ptr_eq(flr__clients_expire(&table, GRACE), client(3));
    ck_assert_int_eq(gone(3), GRACE);
    are_known("0", 1);
    ck_assert_int_eq(add(3), 0); /* while it is disconnected */
    are_known("03", 1);
    ck_assert(credit(3, 70, &unannounced));
    are_known("03", 2);
    ck_assert(flr__clients_report(&table, client(0), 80));
    ck_assert_ptr_eq(flr__clients_expire(&table, 80 + GRACE), client(0));
    are_known("03", 1);
    ck_assert_int_eq(flr__clients_remove(&table, "site-0"), 0); /* so is its leaving */
    are_known("3", 1);
    ck_assert(credit(0, 200, &unannounced)); /* and its return while it is not known */
    are_known("3", 1);
    ck_assert(!flr__client_counts(client(0)));
    ck_assert_int_eq(add(0), 0);
    are_known("30", 2);
}
END_TEST

START_TEST(dc_02_the_known_set_is_replaced_while_some_are_disconnected)
{
    bool unannounced;

    ck_assert_int_eq(replace("012"), 0);
    flr__clients_start(&table, 0);
    for (int i = 0; i < 3; i++) {
        ck_assert(flr__clients_report(&table, client(i), 0));
    }
    ck_assert_ptr_eq(flr__clients_expire(&table, GRACE), client(0));
    ck_assert_ptr_eq(flr__clients_expire(&table, GRACE), client(1));
    are_known("012", 1);
    ck_assert_int_eq(replace("134"), 0); /* 0 and 2 leave, one of each kind; 1 stays */
    are_known("134", 2);
    ck_assert_ptr_eq(flr__clients_expire(&table, GRACE), client(2));
    are_known("134", 2);
    ck_assert_int_eq(replace("0123"), 0);
    are_known("0123", 1);
    for (int i = 0; i < 3; i++) {
        ck_assert(credit(i, 100, &unannounced));
    }
    are_known("0123", 4);
}
END_TEST

/* ---- the watch list ---- */

START_TEST(dc_01_a_report_counts_once)
{
    bool unannounced;

    flr__clients_start(&table, 0);
    ck_assert(flr__clients_report(&table, client(0), 5));
    ck_assert(!flr__clients_report(&table, client(0), 9)); /* its time stays */
    ck_assert_int_eq(atomic_load(&table.due), 5 + GRACE);
    ck_assert(!credit(0, 20, &unannounced)); /* off the list */
    ck_assert_int_eq(atomic_load(&table.due), FLR_TIME_NONE);
    ck_assert(flr__clients_report(&table, client(0), 30));
    ck_assert_ptr_null(flr__clients_expire(&table, 30 + GRACE - 1));
    ck_assert_ptr_eq(flr__clients_expire(&table, 30 + GRACE), client(0));
    ck_assert(!flr__clients_report(&table, client(0), 95)); /* it is gone already */
    ck_assert_int_eq(gone(0), 30 + GRACE);
}
END_TEST

START_TEST(dc_02_one_at_a_time_in_the_order_of_the_reports)
{
    flr__clients_start(&table, 0);
    ck_assert(flr__clients_report(&table, client(2), 1));
    ck_assert(flr__clients_report(&table, client(0), 1));
    ck_assert(flr__clients_report(&table, client(1), 2));
    ck_assert_int_eq(atomic_load(&table.due), 1 + GRACE);
    ck_assert_ptr_null(flr__clients_expire(&table, GRACE));
    ck_assert_ptr_eq(flr__clients_expire(&table, 1 + GRACE), client(2));
    ck_assert_int_eq(gone(2), 1 + GRACE);
    ck_assert_int_eq(gone(0), FLR_TIME_NONE); /* the next call's */
    ck_assert_int_eq(atomic_load(&table.due), 1 + GRACE);
    ck_assert_ptr_eq(flr__clients_expire(&table, 1 + GRACE), client(0));
    ck_assert_ptr_null(flr__clients_expire(&table, 1 + GRACE));
    ck_assert_int_eq(atomic_load(&table.due), 2 + GRACE);
    ck_assert_ptr_eq(flr__clients_expire(&table, 1000), client(1));
    ck_assert_int_eq(gone(1), 2 + GRACE); /* its instant, not when somebody looked */
    ck_assert_ptr_null(flr__clients_expire(&table, 1000));
    ck_assert_int_eq(atomic_load(&table.due), FLR_TIME_NONE);
}
END_TEST

START_TEST(dc_02_not_before_the_start)
{
    ck_assert(flr__clients_report(&table, client(0), 5));
    ck_assert(flr__clients_report(&table, client(1), 200));
    ck_assert_int_eq(atomic_load(&table.due), FLR_TIME_NONE);
    ck_assert_ptr_null(flr__clients_expire(&table, 1000));
    flr__clients_start(&table, 230);
    ck_assert_int_eq(atomic_load(&table.due), 230);
    ck_assert_ptr_null(flr__clients_expire(&table, 229));
    ck_assert_ptr_eq(flr__clients_expire(&table, 230), client(0));
    ck_assert_int_eq(gone(0), 230);
    ck_assert_ptr_null(flr__clients_expire(&table, 200 + GRACE - 1));
    ck_assert_ptr_eq(flr__clients_expire(&table, 200 + GRACE), client(1));
    ck_assert_int_eq(gone(1), 200 + GRACE);
}
END_TEST

START_TEST(dc_01_the_watch_list_oldest_first)
{
    flr__client **list;
    size_t count;
    bool unannounced;

    ck_assert_int_eq(flr__clients_watched(&table, &list, &count), 0);
    ck_assert_ptr_null(list);
    ck_assert_uint_eq(count, 0);
    for (int i = 0; i < 3; i++) {
        ck_assert(flr__clients_report(&table, client(2 - i), i));
    }
    credit(1, 5, &unannounced);
    failalloc_fail_at(1);
    ck_assert_int_eq(flr__clients_watched(&table, &list, &count), FLR_E_NOMEM);
    failalloc_reset();
    ck_assert_int_eq(flr__clients_watched(&table, &list, &count), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_ptr_eq(list[0], client(2));
    ck_assert_ptr_eq(list[1], client(0));
    flr__free(list);
}
END_TEST

/* ---- events ---- */

START_TEST(dc_02_events_in_order_and_not_early)
{
    flr__clients_start(&table, 0);
    for (int i = 0; i < 3; i++) {
        ck_assert(flr__clients_report(&table, client(i), i));
        ck_assert_ptr_eq(flr__clients_expire(&table, i + GRACE), client(i));
    }
    ck_assert_int_eq(flr__clients_first_event(&table), GRACE);
    ck_assert_ptr_null(flr__clients_take_event(&table, GRACE - 1));
    ck_assert_ptr_eq(flr__clients_take_event(&table, GRACE + 1), client(0));
    ck_assert_ptr_eq(flr__clients_take_event(&table, GRACE + 1), client(1));
    ck_assert_ptr_null(flr__clients_take_event(&table, GRACE + 1));
    ck_assert_int_eq(flr__clients_first_event(&table), 2 + GRACE);
    ck_assert_ptr_eq(flr__clients_take_event(&table, 2 + GRACE), client(2));
    ck_assert_int_eq(flr__clients_first_event(&table), FLR_TIME_NONE);
}
END_TEST

START_TEST(dc_04_who_is_back_before_its_event)
{
    bool unannounced;

    flr__clients_start(&table, 0);
    for (int i = 0; i < 2; i++) {
        ck_assert(flr__clients_report(&table, client(i), 0));
        ck_assert_ptr_eq(flr__clients_expire(&table, GRACE), client(i));
    }
    ck_assert_ptr_eq(flr__clients_take_event(&table, GRACE), client(0));
    ck_assert(credit(0, 70, &unannounced));
    ck_assert(!unannounced);
    ck_assert(credit(1, 71, &unannounced));
    ck_assert(unannounced); /* the caller fires it; nobody else does */
    ck_assert_ptr_null(flr__clients_take_event(&table, 1000));
    ck_assert_int_eq(gone(1), FLR_TIME_NONE);
    ck_assert_int_eq(atomic_load(&client(1)->last_heard), 71);
    ck_assert(flr__clients_report(&table, client(1), 80)); /* and all over again */
    ck_assert_ptr_eq(flr__clients_expire(&table, 80 + GRACE), client(1));
    ck_assert_ptr_eq(flr__clients_take_event(&table, 80 + GRACE), client(1));
}
END_TEST

/* ---- all of it against a recount ---- */

static void random_step(flr__rng *rng, int64_t *now)
{
    int i = (int)flr__rng_below(rng, CLIENTS);
    char digits[CLIENTS + 1];
    size_t count = 0;
    bool unannounced;
    int expected;

    switch (flr__rng_below(rng, 6)) {
    case 0:
        expected = strchr(known(), '0' + i) != NULL ? FLR_E_EXISTS : 0;
        ck_assert_int_eq(add(i), expected);
        break;
    case 1:
        flr__clients_remove(&table, names[i]->text);
        break;
    case 2:
        for (int k = 0; k < CLIENTS; k++) {
            if (flr__rng_below(rng, 2) == 0) {
                digits[count++] = (char)('0' + k);
            }
        }
        digits[count] = '\0';
        ck_assert_int_eq(replace(digits), 0);
        ck_assert_str_eq(known(), digits);
        break;
    case 3:
        credit(i, *now, &unannounced);
        break;
    default:
        flr__clients_report(&table, client(i), *now);
        *now += (int64_t)flr__rng_below(rng, 20);
        while (flr__clients_expire(&table, *now) != NULL) {
        }
    }
}

START_TEST(lc_31_dc_02_live_is_what_a_recount_says)
{
    flr__rng rng;
    int64_t now = 0;
    size_t most = 0, least = CLIENTS;

    flr__clients_start(&table, 0);
    flr__rng_seed(&rng, (uint64_t)_i, "clients");
    for (int step = 0; step < 3000; step++) {
        size_t live = 0;

        random_step(&rng, &now);
        for (int i = 0; i < CLIENTS; i++) {
            bool counts = atomic_load(&client(i)->known) && gone(i) == FLR_TIME_NONE;

            ck_assert(flr__client_counts(client(i)) == counts);
            live += counts ? 1 : 0;
        }
        ck_assert_uint_eq(flr__clients_live(&table), live);
        most = live > most ? live : most;
        least = live < least ? live : least;
    }
    ck_assert_uint_ge(most, CLIENTS - 1);
    ck_assert_uint_eq(least, 0);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        lc_31_added_removed_replaced,
        lc_31_records_stay,
        lc_31_parents,
        lc_31_without_memory_nothing_has_changed,
        dc_02_disconnected_ones_are_known_and_not_live,
        dc_02_an_unknown_one_is_not_counted_before_it_is_known_and_live,
        dc_02_the_known_set_is_replaced_while_some_are_disconnected,
        dc_01_a_report_counts_once,
        dc_02_one_at_a_time_in_the_order_of_the_reports,
        dc_02_not_before_the_start,
        dc_01_the_watch_list_oldest_first,
        dc_02_events_in_order_and_not_early,
        dc_04_who_is_back_before_its_event,
    };
    Suite *suite = suite_create("table of clients");
    TCase *tcase = tcase_create("rows");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    tcase_add_loop_test(tcase, lc_31_dc_02_live_is_what_a_recount_says, 0, 5);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
