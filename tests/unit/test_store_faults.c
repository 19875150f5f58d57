/* The file store when system calls fail, write or read less than asked, or are interrupted: each call in turn. */
#include "failsys.h"
#include "storedir.h"
#include "support/suite.h"
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static char directory[STOREDIR_MAX];
static flr_file_store *store;

static void setup(void)
{
    storedir_new(directory);
    store = storedir_open(directory);
    storedir_save(store, 1);
    storedir_save(store, 2);
}

static void teardown(void)
{
    flr_file_store_unref(store);
    storedir_remove(directory);
}

static void check_detail(int error)
{
    char text[256];
    ck_assert_int_eq(flr_file_store_get_detail(store, text, sizeof text), 0);
    ck_assert_msg(strstr(text, strerror(error)) != NULL, "\"%s\" does not say %s", text,
                  strerror(error));
}

/* Saves number 3 with call `at` failing. Whether a call failed. */
static bool try_save(long at, bool all_after, int error)
{
    flr_state *state = storedir_state(3);
    long open = failsys_get_open_count();
    failsys_begin(FAILSYS_ERROR, at, all_after, error);
    int status = flr_file_store_save(store, state);
    const char *failed = failsys_end();
    flr_state_unref(state);
    ck_assert_int_eq(failsys_get_open_count(), open);
    if (failed == NULL) {
        ck_assert_int_eq(status, 0);
        return false;
    }
    int generation;
    int64_t number = storedir_load(store, &generation);
    if (status == 0) { /* it did not need that call */
        ck_assert_str_eq(failed, "close");
        ck_assert_int_eq(number, 3);
    } else {
        ck_assert_int_eq(status, FLR_E_IO);
        /* Whole in any case; the new one if only the directory was not flushed. */
        ck_assert_msg(number == 2 || (number == 3 && strcmp(failed, "fsync") == 0),
                      "%s (call %ld) failed, and state %lld is there", failed, at,
                      (long long)number);
        ck_assert_int_eq(generation, all_after && strcmp(failed, "renameat") == 0 ? generation : 0);
    }
    return true;
}

static void sweep(int error, bool all_after)
{
    long at = 1;
    for (;; at++) {
        teardown();
        setup();
        flr_state *state = storedir_state(3);
        failsys_begin(FAILSYS_ERROR, at, all_after, error);
        int status = flr_file_store_save(store, state);
        bool failed = failsys_end() != NULL;
        flr_state_unref(state);
        if (status != 0)
            check_detail(error);
        if (!failed)
            break;
        teardown();
        setup();
        ck_assert(try_save(at, all_after, error));
        storedir_save(store, 4); /* nothing stands in the way of the next one */
        ck_assert_int_eq(storedir_load(store, NULL), 4);
    }
    ck_assert_int_gt(at, 6); /* open, write, flush, close, two renames, flush */
}

START_TEST(each_failing_call_of_a_save_leaves_a_whole_state)
{
    static const int errors[] = {ENOSPC, EIO, EROFS, EDQUOT};
    sweep(errors[_i / 2], _i % 2 != 0);
}
END_TEST

START_TEST(a_save_that_is_interrupted_goes_on)
{
    for (long at = 1; at <= 4; at++) {
        flr_state *state = storedir_state(10 + at);
        failsys_begin(FAILSYS_ERROR, at, false, EINTR);
        ck_assert_int_eq(flr_file_store_save(store, state), 0);
        ck_assert_ptr_nonnull(failsys_end());
        ck_assert_int_eq(storedir_load(store, NULL), 10 + at);
        flr_state_unref(state);
    }
}
END_TEST

START_TEST(short_writes_and_reads_lose_nothing)
{
    flr_state *state = storedir_state(7);
    failsys_begin(FAILSYS_SHORT, 1, true, 0);
    ck_assert_int_eq(flr_file_store_save(store, state), 0);
    ck_assert_int_gt(failsys_get_calls(), 100); /* a byte each */
    ck_assert_int_eq(storedir_load(store, NULL), 7);
    failsys_end();
    ck_assert_int_eq(storedir_load(store, NULL), 7);
    flr_state_unref(state);
}
END_TEST

/* Only one of them: what is left is written and read in one piece. */
START_TEST(one_short_write_or_read_loses_nothing)
{
    for (long at = 1;; at++) {
        flr_state *state = storedir_state(40 + at);
        failsys_begin(FAILSYS_SHORT, at, false, 0);
        ck_assert_int_eq(flr_file_store_save(store, state), 0);
        ck_assert_int_eq(storedir_load(store, NULL), 40 + at);
        bool chosen = failsys_end() != NULL;
        flr_state_unref(state);
        if (!chosen)
            break;
        ck_assert_int_lt(at, 100);
    }
}
END_TEST

START_TEST(each_failing_call_of_a_load_is_an_error_that_changes_nothing)
{
    for (long at = 1;; at++) {
        flr_blob *bytes;
        long open = failsys_get_open_count();
        failsys_begin(FAILSYS_ERROR, at, false, EIO);
        int status = flr_file_store_load(store, &bytes, NULL);
        const char *failed = failsys_end();
        ck_assert_int_eq(failsys_get_open_count(), open);
        if (status == 0) {
            flr_blob_unref(bytes);
            ck_assert(failed == NULL || strcmp(failed, "close") == 0);
        } else {
            ck_assert_int_eq(status, FLR_E_IO);
            check_detail(EIO);
        }
        ck_assert_int_eq(storedir_load(store, NULL), 2);
        if (failed == NULL)
            break;
        ck_assert_int_lt(at, 100);
    }
}
END_TEST

START_TEST(a_file_that_is_cut_off_while_it_is_read)
{
    bool was_cut = false;
    for (long at = 1; !was_cut; at++) {
        flr_blob *bytes = NULL;
        char text[256];
        long open = failsys_get_open_count();
        failsys_begin(FAILSYS_END, at, false, 0);
        int status = flr_file_store_load(store, &bytes, NULL);
        const char *failed = failsys_end();
        ck_assert_ptr_nonnull(failed);
        was_cut = strcmp(failed, "read") == 0;
        ck_assert_int_eq(status, was_cut ? FLR_E_IO : 0);
        flr_blob_unref(bytes);
        ck_assert_int_eq(failsys_get_open_count(), open);
        ck_assert_int_eq(flr_file_store_get_detail(store, text, sizeof text), 0);
        ck_assert_str_eq(text, was_cut ? "state.flr was cut off while it was read" : "");
    }
    ck_assert_int_eq(storedir_load(store, NULL), 2);
}
END_TEST

/* A directory that cannot be flushed is one of a file system that needs no flush; a file is none. */
START_TEST(a_directory_without_flush)
{
    int flushes = 0;
    for (long at = 1;; at++) {
        flr_state *state = storedir_state(20 + at);
        failsys_begin(FAILSYS_ERROR, at, false, EINVAL);
        int status = flr_file_store_save(store, state);
        const char *failed = failsys_end();
        flr_state_unref(state);
        if (failed == NULL)
            break;
        if (strcmp(failed, "fsync") == 0)
            ck_assert_int_eq(status, flushes++ == 0 ? FLR_E_IO : 0);
        else
            ck_assert_int_eq(status, strcmp(failed, "close") == 0 ? 0 : FLR_E_IO);
    }
    ck_assert_int_eq(flushes, 2);
}
END_TEST

/* With nothing before it: nothing is there after a failure, or the whole state. */
START_TEST(each_failing_call_of_the_first_save)
{
    for (long at = 1;; at++) {
        flr_state *state = storedir_state(30);
        flr_blob *bytes = NULL;
        ck_assert_int_eq(flr_file_store_remove(store), 0);
        failsys_begin(FAILSYS_ERROR, at, false, ENOSPC);
        int status = flr_file_store_save(store, state);
        const char *failed = failsys_end();
        flr_state_unref(state);
        bool flushed = failed == NULL || strcmp(failed, "close") == 0;
        ck_assert_int_eq(status, flushed ? 0 : FLR_E_IO);
        int loaded = flr_file_store_load(store, &bytes, NULL);
        ck_assert(loaded == 0 || (status != 0 && loaded == FLR_E_NOTFOUND));
        flr_blob_unref(bytes);
        ck_assert(!storedir_has(directory, "state.tmp"));
        storedir_save(store, 31);
        ck_assert_int_eq(storedir_load(store, NULL), 31);
        if (failed == NULL)
            break;
        ck_assert_int_lt(at, 100);
    }
}
END_TEST

/* More parts than one call of the system takes, empty ones among them. */
START_TEST(a_model_of_many_parts)
{
    enum { TENSORS = 150 };
    static const failsys_kind kinds[] = {FAILSYS_ERROR, FAILSYS_SHORT};
    flr_value *model, *read;
    ck_assert_int_eq(flr_value_new_map(&model), 0);
    for (int i = 0; i < TENSORS; i++) {
        int64_t shape = i % 3;
        int32_t numbers[2] = {i, -i};
        char name[16];
        snprintf(name, sizeof name, "t%03d", i); /* in the order of the file */
        ck_assert_int_eq(flr_map_set_tensor(&model, name, FLR_TYPE_I32, 1, &shape, numbers), 0);
    }
    failsys_begin(kinds[_i], _i, true, 0); /* none, or all of them short */
    int saved = flr_file_store_save_model(store, "m", model, NULL);
    int loaded = flr_file_store_load_model(store, "m", &read, NULL);
    failsys_end();
    ck_assert_int_eq(saved, 0);
    ck_assert_int_eq(loaded, 0);
    ck_assert(flr_value_equals(model, read));
    flr_value_unref(read);
    flr_value_unref(model);
}
END_TEST

START_TEST(opening_that_is_interrupted_goes_on)
{
    static const char *const may[] = {"openat", "flock"};
    int seen = 0;
    flr_file_store_unref(store);
    for (long at = 1; at <= 3; at++) {
        flr_file_store_options options;
        flr_file_store_options_init(&options, sizeof options);
        options.directory = directory;
        ck_assert_int_eq(flr_file_store_new(&options, &store), 0);
        failsys_begin(FAILSYS_ERROR, at, false, EINTR);
        int status = flr_file_store_open(store);
        const char *failed = failsys_end();
        ck_assert_ptr_nonnull(failed);
        for (size_t i = 0; i < 2; i++)
            if (strcmp(failed, may[i]) == 0) {
                ck_assert_int_eq(status, 0);
                seen++;
            }
        flr_file_store_unref(store);
    }
    ck_assert_int_eq(seen, 2); /* the directory is there: the first call, which makes it, fails */
    store = storedir_open(directory);
    ck_assert_int_eq(storedir_load(store, NULL), 2);
}
END_TEST

START_TEST(a_load_that_is_interrupted_goes_on)
{
    static const char *const may[] = {"openat", "read"};
    int seen = 0;
    for (long at = 1; at <= 4; at++) {
        flr_blob *bytes;
        failsys_begin(FAILSYS_ERROR, at, false, EINTR);
        int status = flr_file_store_load(store, &bytes, NULL);
        const char *failed = failsys_end();
        if (status == 0)
            flr_blob_unref(bytes);
        for (size_t i = 0; i < 2; i++)
            if (failed != NULL && strcmp(failed, may[i]) == 0) {
                ck_assert_int_eq(status, 0);
                seen++;
            }
    }
    ck_assert_int_ge(seen, 2);
}
END_TEST

START_TEST(each_failing_call_of_opening_can_be_tried_again)
{
    for (long at = 1;; at++) {
        char fresh[STOREDIR_MAX + 8];
        flr_file_store_options options;
        flr_file_store *other;
        snprintf(fresh, sizeof fresh, "%.100s/%d", directory, (int)at);
        flr_file_store_options_init(&options, sizeof options);
        options.directory = fresh;
        ck_assert_int_eq(flr_file_store_new(&options, &other), 0);
        long open = failsys_get_open_count();
        failsys_begin(FAILSYS_ERROR, at, false, EACCES);
        int status = flr_file_store_open(other);
        const char *failed = failsys_end();
        if (status != 0) {
            ck_assert_int_eq(status, FLR_E_IO);
            ck_assert_int_eq(failsys_get_open_count(), open);
            ck_assert_int_eq(flr_file_store_open(other), 0);
        }
        storedir_save(other, 5);
        ck_assert_int_eq(storedir_load(other, NULL), 5);
        flr_file_store_unref(other);
        ck_assert_int_eq(failsys_get_open_count(), open);
        if (failed == NULL)
            break;
        ck_assert_int_lt(at, 100);
    }
}
END_TEST

START_TEST(each_failing_call_of_removing_can_be_tried_again)
{
    for (long at = 1;; at++) {
        storedir_save(store, 8);
        storedir_save(store, 9);
        failsys_begin(FAILSYS_ERROR, at, false, EIO);
        int status = flr_file_store_remove(store);
        const char *failed = failsys_end();
        flr_blob *bytes;
        if (failed != NULL) {
            ck_assert_int_eq(status, FLR_E_IO);
            int loaded = flr_file_store_load(store, &bytes, NULL);
            ck_assert(loaded == 0 || loaded == FLR_E_NOTFOUND);
            if (loaded == 0)
                flr_blob_unref(bytes);
            ck_assert_int_eq(flr_file_store_remove(store), 0);
        }
        ck_assert_int_eq(flr_file_store_load(store, &bytes, NULL), FLR_E_NOTFOUND);
        if (failed == NULL)
            break;
    }
}
END_TEST

START_TEST(each_failing_call_of_a_model_keeps_the_one_before)
{
    flr_value *one = storedir_model(1.0F), *two = storedir_model(2.0F);
    ck_assert_int_eq(flr_file_store_save_model(store, "m", one, NULL), 0);
    for (long at = 1;; at++) {
        flr_value *there;
        failsys_begin(FAILSYS_ERROR, at, false, ENOSPC);
        int status = flr_file_store_save_model(store, "m", two, NULL);
        const char *failed = failsys_end();
        ck_assert_int_eq(flr_file_store_load_model(store, "m", &there, NULL), 0);
        ck_assert(flr_value_equals(there, one) || flr_value_equals(there, two));
        if (status == 0)
            ck_assert(flr_value_equals(there, two));
        else
            ck_assert_int_eq(status, FLR_E_IO);
        flr_value_unref(there);
        if (failed == NULL)
            break;
        ck_assert_int_eq(flr_file_store_save_model(store, "m", one, NULL), 0);
    }
    flr_value_unref(one);
    flr_value_unref(two);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file store, failing system calls");
    TCase *c = tcase_create("faults");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, each_failing_call_of_a_save_leaves_a_whole_state, 0, 8);
    tcase_add_test(c, a_save_that_is_interrupted_goes_on);
    tcase_add_test(c, short_writes_and_reads_lose_nothing);
    tcase_add_test(c, one_short_write_or_read_loses_nothing);
    tcase_add_test(c, each_failing_call_of_a_load_is_an_error_that_changes_nothing);
    tcase_add_test(c, a_file_that_is_cut_off_while_it_is_read);
    tcase_add_test(c, a_directory_without_flush);
    tcase_add_test(c, each_failing_call_of_the_first_save);
    tcase_add_loop_test(c, a_model_of_many_parts, 0, 2);
    tcase_add_test(c, opening_that_is_interrupted_goes_on);
    tcase_add_test(c, a_load_that_is_interrupted_goes_on);
    tcase_add_test(c, each_failing_call_of_opening_can_be_tried_again);
    tcase_add_test(c, each_failing_call_of_removing_can_be_tried_again);
    tcase_add_test(c, each_failing_call_of_a_model_keeps_the_one_before);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
