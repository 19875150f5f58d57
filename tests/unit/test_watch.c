/* The watch of an abort signal: who is told, and that a run that is gone is not. Single-threaded. */
#include "base/wait.h"
#include "fl/watch.h"
#include "support/suite.h"
#include <check.h>
#include <flrunner.h>

static flr__site site;
static atomic_size_t refs;
static int notices, releases;

static void notice(flr__site *s)
{
    ck_assert_ptr_eq(s, &site);
    ck_assert_uint_ge(atomic_load(&refs), 1);
    notices++;
}

static void release(flr__site *s)
{
    (void)s;
    atomic_fetch_sub(&refs, 1);
    releases++;
}

static flr_signal *begin(flr__watch **watch)
{
    flr_signal *signal = NULL;
    notices = releases = 0;
    atomic_store(&refs, 1);
    site.release = release;
    ck_assert_int_eq(flr_signal_new(NULL, NULL, &signal), 0);
    *watch = flr__watch_new(signal, &site, &refs, notice);
    ck_assert_ptr_nonnull(*watch);
    return signal;
}

START_TEST(each_trigger_is_told_with_a_reference)
{
    flr__watch *watch;
    flr_signal *signal = begin(&watch);
    flr_signal_trigger(signal, NULL);
    ck_assert_int_eq(notices, 1);
    flr_signal_trigger(signal, NULL);
    ck_assert_int_eq(notices, 2);
    ck_assert_int_eq(releases, 2);
    ck_assert_uint_eq(atomic_load(&refs), 1);
    flr__watch_end(watch);
    flr_signal_unref(signal);
}
END_TEST

START_TEST(a_parent_of_the_signal_counts)
{
    flr_signal *parent = NULL, *child = NULL;
    flr__watch *watch;
    notices = 0;
    atomic_store(&refs, 1);
    site.release = release;
    ck_assert_int_eq(flr_signal_new(NULL, NULL, &parent), 0);
    ck_assert_int_eq(flr_signal_new(parent, NULL, &child), 0);
    watch = flr__watch_new(child, &site, &refs, notice);
    ck_assert_ptr_nonnull(watch);
    flr_signal_trigger(parent, NULL);
    ck_assert_int_eq(notices, 1);
    flr__watch_end(watch);
    flr_signal_unref(child);
    flr_signal_unref(parent);
}
END_TEST

START_TEST(after_its_end_nobody_is_told)
{
    flr__watch *watch;
    flr_signal *signal = begin(&watch);
    flr__watch_end(watch);
    flr__watch_end(NULL);
    flr_signal_trigger(signal, NULL);
    ck_assert_int_eq(notices, 0);
    flr_signal_unref(signal); /* the watch goes with it */
}
END_TEST

START_TEST(a_run_without_references_is_not_found)
{
    flr__watch *watch;
    flr_signal *signal = begin(&watch);
    atomic_store(&refs, 0);
    flr_signal_trigger(signal, NULL);
    ck_assert_int_eq(notices, 0);
    ck_assert_uint_eq(atomic_load(&refs), 0);
    flr__watch_end(watch);
    flr_signal_unref(signal);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("watch");
    TCase *c = tcase_create("watch");
    tcase_add_test(c, each_trigger_is_told_with_a_reference);
    tcase_add_test(c, a_parent_of_the_signal_counts);
    tcase_add_test(c, after_its_end_nobody_is_told);
    tcase_add_test(c, a_run_without_references_is_not_found);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
