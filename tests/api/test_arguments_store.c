/*
 * Wrong arguments for saved states and file stores, through the shared library and the public headers only: each gives its documented code, changes nothing and writes no output.
 */
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char directory[] = "/tmp/flr-api-XXXXXX";
static flr_file_store *store;

static void setup_store(void)
{
    flr_file_store_options options;
    setup();
    memcpy(directory + sizeof directory - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    flr_file_store_options_init(&options, sizeof options);
    options.directory = directory;
    ZERO(flr_file_store_new(&options, &store));
}

static void teardown_store(void)
{
    static const char *const files[] = {"state.lock", "state.flr", "state.previous.flr",
                                        "m.safetensors"};
    flr_file_store_unref(store);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    ZERO(rmdir(directory));
    teardown();
}

START_TEST(arguments_of_states)
{
    static const char bytes[100];
    flr_state *state = NULL;
    char copy[8];
    size_t size = 9;
    INVAL(flr_runner_save(NULL, &state));
    INVAL(flr_runner_save(h.runner, NULL));
    NOTHING(state);
    ZERO(flr_runner_save(h.runner, &state));
    IS(flr_state_get_segment_count(state), 2);
    NOTHING(flr_state_get_segment(state, 2, &size));
    ck_assert_uint_eq(size, 0);
    INVAL(flr_state_copy(NULL, copy, sizeof copy));
    INVAL(flr_state_copy(state, NULL, flr_state_get_size(state)));
    LIMIT(flr_state_copy(state, copy, sizeof copy));
    IS(flr_state_check(NULL, 1), FLR_E_NOTFOUND);
    IS(flr_state_check(bytes, 0), FLR_E_NOTFOUND);
    IS(flr_state_check(bytes, sizeof bytes), FLR_E_CORRUPT);
    NOTHING(flr_state_ref(NULL));
    flr_state_unref(NULL);
    flr_state_unref(state);
    INVAL(flr_runner_restore(NULL, bytes, sizeof bytes));
    IS(flr_runner_restore(h.runner, bytes, sizeof bytes), FLR_E_STATE); /* it runs */
    IS(flr_runner_restore(h.other, NULL, sizeof bytes), FLR_E_NOTFOUND);
    IS(flr_runner_restore(h.other, bytes, 0), FLR_E_NOTFOUND);
    INVAL(flr_runner_persist(NULL));
}
END_TEST

START_TEST(arguments_of_a_store)
{
    flr_file_store_options options;
    flr_file_store *other = NULL;
    flr_file_store_options_init(NULL, sizeof options);
    flr_file_store_options_init(&options, sizeof options);
    TEXT(options.name, "state");
    ck_assert_uint_eq(options.max_size, UINT64_C(4) << 30);
    INVAL(flr_file_store_new(&options, &other)); /* no directory */
    options.directory = "";
    INVAL(flr_file_store_new(&options, &other));
    options.directory = directory;
    INVAL(flr_file_store_new(NULL, &other));
    INVAL(flr_file_store_new(&options, NULL));
    options.name = NULL;
    INVAL(flr_file_store_new(&options, &other));
    options.name = longer;
    LIMIT(flr_file_store_new(&options, &other));
    options.name = "a/b";
    INVAL(flr_file_store_new(&options, &other));
    options.name = "b";
    options.max_size = 0;
    INVAL(flr_file_store_new(&options, &other));
    NOTHING(other);
    NOTHING(flr_file_store_ref(NULL));
    flr_file_store_unref(NULL);
    INVAL(flr_file_store_open(NULL));
    ck_assert_ptr_eq(flr_file_store_ref(store), store);
    flr_file_store_unref(store);
}
END_TEST

START_TEST(arguments_of_keeping)
{
    flr_state *state = NULL;
    flr_blob *bytes = NULL;
    flr_value *model = NULL, *text = NULL;
    char detail[100] = "?";
    int generation = -7;
    ZERO(flr_runner_save(h.runner, &state));
    ZERO(flr_value_new_text("x", &text));
    ZERO(flr_file_store_open(store));
    INVAL(flr_file_store_save(NULL, state));
    INVAL(flr_file_store_save(store, NULL));
    INVAL(flr_file_store_load(NULL, &bytes, &generation));
    INVAL(flr_file_store_load(store, NULL, &generation));
    IS(flr_file_store_load(store, &bytes, &generation), FLR_E_NOTFOUND);
    NOTHING(bytes);
    ck_assert_int_eq(generation, -7);
    INVAL(flr_file_store_remove(NULL));
    INVAL(flr_file_store_save_model(NULL, "m", h.map, NULL));
    INVAL(flr_file_store_save_model(store, NULL, h.map, NULL));
    INVAL(flr_file_store_save_model(store, "", h.map, NULL));
    INVAL(flr_file_store_save_model(store, "../m", h.map, NULL));
    LIMIT(flr_file_store_save_model(store, longer, h.map, NULL));
    INVAL(flr_file_store_save_model(store, "m", NULL, NULL));
    INVAL(flr_file_store_save_model(store, "m", text, NULL));
    INVAL(flr_file_store_save_model(store, "m", h.map, text));
    INVAL(flr_file_store_load_model(NULL, "m", &model, NULL));
    INVAL(flr_file_store_load_model(store, NULL, &model, NULL));
    INVAL(flr_file_store_load_model(store, "m/", &model, NULL));
    LIMIT(flr_file_store_load_model(store, longer, &model, NULL));
    INVAL(flr_file_store_load_model(store, "m", NULL, NULL));
    IS(flr_file_store_load_model(store, "m", &model, NULL), FLR_E_NOTFOUND);
    NOTHING(model);
    INVAL(flr_file_store_get_detail(NULL, detail, sizeof detail));
    INVAL(flr_file_store_get_detail(store, NULL, sizeof detail));
    INVAL(flr_file_store_get_detail(store, detail, 0));
    TEXT(detail, "?");
    ZERO(flr_file_store_get_detail(store, detail, 5)); /* cut */
    ck_assert_uint_eq(strlen(detail), 4);
    /* And right ones. */
    ZERO(flr_file_store_save(store, state));
    ZERO(flr_file_store_load(store, &bytes, NULL));
    ck_assert_uint_eq(flr_blob_get_size(bytes), flr_state_get_size(state));
    ZERO(flr_runner_restore(h.other, flr_blob_get_data(bytes), flr_blob_get_size(bytes)));
    ZERO(flr_file_store_save_model(store, "m", h.map, NULL));
    ZERO(flr_file_store_load_model(store, "m", &model, NULL));
    ck_assert(flr_value_equals(model, h.map));
    flr_value_unref(model);
    flr_value_unref(text);
    flr_blob_unref(bytes);
    flr_state_unref(state);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arguments of stores");
    TCase *tests = tcase_create("api");
    tcase_add_checked_fixture(tests, setup_store, teardown_store);
    tcase_add_test(tests, arguments_of_states);
    tcase_add_test(tests, arguments_of_a_store);
    tcase_add_test(tests, arguments_of_keeping);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
