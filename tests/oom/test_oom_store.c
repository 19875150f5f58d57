/* Saved states and file stores without memory: each call gives 0 or FLR_E_NOMEM and can be made again; what is on the disk stays whole. Nothing is left. */
#include "failalloc.h"
#include "oomcase.h"
#include "resume.h"
#include "storedir.h"
#include "support/suite.h"
#include <check.h>
#include <stdbool.h>
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

/* The same, not looked at: the whole one must stay whatever cannot be found out. */
static void build_damaged_unchecked(void)
{
    build_damaged();
    flr_file_store_unref(t.store);
    t.store = storedir_open(t.directory);
}

static void drop_saved_aside(void)
{
    int generation;
    ck_assert_int_eq(storedir_load(t.store, NULL), 2);
    storedir_write(t.directory, "state.flr", "damage", 6);
    ck_assert_int_eq(storedir_load(t.store, &generation), 1);
    ck_assert_int_eq(generation, 1);
    drop();
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

static void build_metadata(void)
{
    build_store();
    ck_assert_int_eq(flr_value_new_map(&t.metadata), 0);
    ck_assert_int_eq(flr_map_set_text(&t.metadata, "made \"by\"", "a\nb"), 0);
    ck_assert_int_eq(flr_map_set_text(&t.metadata, "round", "3"), 0);
}

static int save_with_metadata(void)
{
    return flr_file_store_save_model(t.store, "n", t.model, t.metadata);
}

/* As others may write it: escapes, metadata, a tensor that must be copied to be aligned. */
static void build_foreign(void)
{
    static const char header[] =
        "{\"\\u00e4\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
        "\"__metadata__\":{\"a\":\"b\\n\"},"
        "\"w\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[1,17]}}";
    char file[8 + sizeof header - 1 + 17] = {(char)(sizeof header - 1)};
    build_store();
    memcpy(file + 8, header, sizeof header - 1);
    storedir_write(t.directory, "m.safetensors", file, sizeof file);
}

static void drop_foreign(void)
{
    ck_assert_uint_eq(flr_value_get_size(t.read), 2);
    ck_assert_uint_eq(flr_tensor_get_elements(flr_map_get(t.read, "w")), 2);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(t.metadata, "a"), ""), "b\n");
    drop();
}

static int remove_states(void)
{
    char detail[100];
    int status = flr_file_store_remove(t.store);
    return status != 0 ? status : flr_file_store_get_detail(t.store, detail, sizeof detail);
}

static void drop_removed(void)
{
    ck_assert(!storedir_has(t.directory, "state.flr"));
    drop();
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
    /* no load between the two tries, which would find the damage for the second */
    {"store_save, damaged", build_damaged_unchecked, save, NULL, drop_saved_aside},
    {"store_load", build_store, load, nothing_loaded, drop_loaded},
    {"store_load, damaged", build_damaged, load, nothing_loaded, drop_loaded},
    {"save_model", build_store, save_model, no_model, drop},
    {"save_model, metadata", build_metadata, save_with_metadata, no_model, drop},
    {"load_model", build_store, load_model, nothing_read, drop_read},
    {"load_model, of others", build_foreign, load_model, nothing_read, drop_foreign},
    {"remove", build_store, remove_states, NULL, drop_removed},
    {"runner_save", build_run, take_state, no_state, drop_run},
    {"runner_persist", build_run, ask_persist, NULL, drop_run},
    {"runner_restore", build_restore, restore, NULL, drop_restored},
};

START_TEST(oom_store)
{
    oomcase_sweep(&cases[_i]);
}
END_TEST

/* ---- models that a run writes ---- */

static size_t point;
static bool once;

/* Memory fails from the end of the round to the call of persist. */
static void begin_failing(void)
{
    if (once)
        failalloc_fail_at(point);
    else
        failalloc_fail_from(point);
}

static size_t failures, models_failed;

static void end_failing(void)
{
    failures += failalloc_get_failures();
    failalloc_reset();
}

/* The reason is the lack of memory, not what the store had to say before. */
static void check_failed_run(void)
{
    char detail[300];
    ck_assert_int_eq(t.run.last.result, FLR_E_NOMEM);
    ck_assert_int_eq(flr_runner_get_detail(t.run.runner, detail, sizeof detail), 0);
    if (strstr(detail, "could not be saved") != NULL)
        return; /* the state of the run, behind the model */
    models_failed++;
    ck_assert_msg(strstr(detail, "model") != NULL && strstr(detail, "memory") != NULL,
                  "point %zu: \"%s\"", point, detail);
}

/* A whole run with a model for each round. Whether an allocation failed. */
static bool try_run(void)
{
    resume_init(&t.run);
    t.run.models = t.store;
    t.run.model_every = 1;
    t.run.on_round = begin_failing;
    t.run.on_persist = end_failing;
    failures = 0;
    resume_begin(&t.run);
    resume_step(&t.run);
    for (int i = 0; i < RESUME_ROUNDS && t.run.last.state != FLR_STEP_ENDED; i++) {
        ck_assert_int_eq(load(), 0); /* the detail: the previous generation is used */
        flr_blob_unref(t.bytes);
        t.bytes = NULL;
        resume_play_round(&t.run);
        end_failing();
        for (int j = 0; failures > 0 && t.run.last.state != FLR_STEP_ENDED && j < 100; j++) {
            ck_assert_int_eq(flr_clock_advance(t.run.clock, 1), 0);
            resume_step(&t.run);
        }
    }
    ck_assert_int_eq(t.run.last.state, FLR_STEP_ENDED);
    if (t.run.last.result != 0) {
        ck_assert_uint_gt(failures, 0);
        check_failed_run();
    }
    ck_assert(!storedir_has(t.directory, "state.tmp"));
    resume_free(&t.run);
    return failures > 0;
}

START_TEST(oom_models_of_a_run)
{
    once = _i == 0;
    models_failed = 0;
    build_damaged();
    for (point = 1; try_run(); point++)
        ck_assert_uint_lt(point, 1000);
    ck_assert_uint_gt(models_failed, 5);
    ck_assert(storedir_has(t.directory, "model-3.safetensors"));
    ck_assert_int_eq(flr_file_store_load_model(t.store, "model", &t.read, NULL), 0);
    drop();
    ck_assert_uint_eq(failalloc_get_live_count(), 0);
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
    tcase_add_loop_test(tests, oom_models_of_a_run, 0, 2);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
