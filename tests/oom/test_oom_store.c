/* Saved states and file stores without memory: each call gives 0 or FLR_E_NOMEM and can be made again; what is on the disk stays whole. Nothing is left. */
#include "failalloc.h"
#include "oomcase.h"
#include "resume.h"
#include "storedir.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct {
    char directory[STOREDIR_MAX];
    flr_file_store *store;
    flr_state *state;
    flr_blob *bytes;
    flr_value *model, *read, *metadata;
    resume run;
    void *kept;
    size_t kept_size;
} t;

static void build_directory(void)
{
    memset(&t, 0, sizeof t);
    storedir_new(t.directory);
}

static void build_store(void)
{
    build_directory();
    t.store = storedir_open(t.directory);
    t.state = storedir_state(2);
    t.model = storedir_model(1);
    storedir_save(t.store, 1);
    ck_assert_int_eq(flr_file_store_save_model(t.store, "m", t.model, NULL), 0);
}

static void drop(void)
{
    flr_blob_unref(t.bytes);
    flr_value_unref(t.read);
    flr_value_unref(t.metadata);
    flr_value_unref(t.model);
    flr_state_unref(t.state);
    flr_file_store_unref(t.store);
    storedir_remove(t.directory);
}

static int make_store(void)
{
    flr_file_store_options options;
    flr_file_store_options_init(&options, sizeof options);
    options.directory = t.directory;
    return flr_file_store_new(&options, &t.store);
}

static void no_store(void)
{
    ck_assert_ptr_null(t.store);
}

static void build_unopened(void)
{
    build_directory();
    ck_assert_int_eq(make_store(), 0);
}

static int open_store(void)
{
    return flr_file_store_open(t.store);
}

static int save(void)
{
    return flr_file_store_save(t.store, t.state);
}

static void old_state(void)
{
    ck_assert_int_eq(storedir_load(t.store, NULL), 1);
}

static void drop_saved(void)
{
    ck_assert_int_eq(storedir_load(t.store, NULL), 2);
    drop();
}

/* A store that has not looked at the newest generation yet. */
static void build_unchecked(void)
{
    build_store();
    flr_file_store_unref(t.store);
    t.store = storedir_open(t.directory);
}

static void build_damaged(void)
{
    build_store();
    storedir_save(t.store, 1);
    storedir_write(t.directory, "state.flr", "damage", 6);
}

static int load(void)
{
    return flr_file_store_load(t.store, &t.bytes, NULL);
}

static void nothing_loaded(void)
{
    ck_assert_ptr_null(t.bytes);
}

static void drop_loaded(void)
{
    ck_assert_int_eq(flr_state_check(flr_blob_get_data(t.bytes), flr_blob_get_size(t.bytes)), 0);
    drop();
}

static int save_model(void)
{
    return flr_file_store_save_model(t.store, "n", t.model, NULL);
}

static void no_model(void)
{
    ck_assert(!storedir_has(t.directory, "n.safetensors"));
    ck_assert(!storedir_has(t.directory, "state.tmp"));
}

static int load_model(void)
{
    return flr_file_store_load_model(t.store, "m", &t.read, &t.metadata);
}

static void nothing_read(void)
{
    ck_assert_ptr_null(t.read);
    ck_assert_ptr_null(t.metadata);
}

static void drop_read(void)
{
    ck_assert(flr_value_equals(t.read, t.model));
    drop();
}

/* ---- the runner's part ---- */

static void build_run(void)
{
    memset(&t, 0, sizeof t);
    resume_init(&t.run);
    resume_begin(&t.run);
    resume_step(&t.run);
}

static int take_state(void)
{
    return flr_runner_save(t.run.runner, &t.state);
}

static void no_state(void)
{
    ck_assert_ptr_null(t.state);
}

static void drop_run(void)
{
    flr_state_unref(t.state);
    resume_free(&t.run);
}

static int ask_persist(void)
{
    return flr_runner_persist(t.run.runner);
}

static void build_restore(void)
{
    memset(&t, 0, sizeof t);
    t.kept = resume_state(1, &t.kept_size);
    resume_init(&t.run);
    resume_begin(&t.run);
}

static int restore(void)
{
    return flr_runner_restore(t.run.runner, t.kept, t.kept_size);
}

static void drop_restored(void)
{
    resume_play(&t.run);
    resume_free(&t.run);
    free(t.kept);
}

static const oomcase cases[] = {
    {"store_new", build_directory, make_store, no_store, drop},
    {"store_open", build_unopened, open_store, NULL, drop},
    {"store_save", build_store, save, old_state, drop_saved},
    {"store_save, not looked at", build_unchecked, save, old_state, drop_saved},
    {"store_save, damaged", build_damaged, save, old_state, drop_saved},
    {"store_load", build_store, load, nothing_loaded, drop_loaded},
    {"store_load, damaged", build_damaged, load, nothing_loaded, drop_loaded},
    {"save_model", build_store, save_model, no_model, drop},
    {"load_model", build_store, load_model, nothing_read, drop_read},
    {"runner_save", build_run, take_state, no_state, drop_run},
    {"runner_persist", build_run, ask_persist, NULL, drop_run},
    {"runner_restore", build_restore, restore, NULL, drop_restored},
};

START_TEST(oom_store)
{
    oomcase_sweep(&cases[_i]);
}
END_TEST

int main(void)
{
    if (failalloc_install() < 0)
        return EXIT_FAILURE;
    Suite *suite = suite_create("oom stores");
    TCase *tests = tcase_create("cases");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, oom_store, 0, OOMCASE_COUNT(cases));
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
