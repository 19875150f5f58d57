/* FedAvg writes its models to a file store. Row FA-05. */
#include "failsys.h"
#include "resume.h"
#include "storedir.h"
#include "support/suite.h"
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char directory[STOREDIR_MAX];
static flr_file_store *store;
static resume r;

static void setup(void)
{
    storedir_new(directory);
    store = storedir_open(directory);
    resume_init(&r);
    r.models = store;
}

static void teardown(void)
{
    resume_free(&r);
    flr_file_store_unref(store);
    storedir_remove(directory);
}

/* This file holds this model, and says of what. */
static void check_file(const char *name, const flr_value *model, const char *rounds)
{
    flr_value *read = NULL, *metadata = NULL;
    ck_assert_int_eq(flr_file_store_load_model(store, name, &read, &metadata), 0);
    ck_assert(flr_value_equals(read, model));
    ck_assert_uint_eq(flr_value_get_size(metadata), 3);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(metadata, "job"), ""), RESUME_JOB);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(metadata, "workflow"), ""), "fedavg");
    ck_assert_str_eq(flr_value_get_text(flr_map_get(metadata, "round"), ""), rounds);
    flr_value_unref(read);
    flr_value_unref(metadata);
}

START_TEST(fa_05_the_model_at_the_end)
{
    resume_begin(&r);
    resume_step(&r);
    for (int i = 0; i < RESUME_ROUNDS; i++) {
        ck_assert(!storedir_has(directory, "model.safetensors"));
        resume_play_round(&r);
    }
    flr_value *model = resume_model(&r);
    check_file("model", model, "3");
    flr_value_unref(model);
    ck_assert(!storedir_has(directory, "model-3.safetensors"));
}
END_TEST

START_TEST(fa_05_the_model_every_so_many_rounds)
{
    flr_value *models[RESUME_ROUNDS];
    r.model_every = (uint64_t)_i;
    r.model_name = "penguins";
    resume_begin(&r);
    resume_step(&r);
    for (int i = 0; i < RESUME_ROUNDS; i++) {
        resume_play_round(&r);
        models[i] = resume_model(&r);
    }
    for (int i = 1; i <= RESUME_ROUNDS; i++) {
        char name[32], file[64], rounds[16];
        snprintf(name, sizeof name, "penguins-%d", i);
        snprintf(file, sizeof file, "%s.safetensors", name);
        snprintf(rounds, sizeof rounds, "%d", i);
        ck_assert_int_eq(storedir_has(directory, file), i % _i == 0);
        if (i % _i == 0)
            check_file(name, models[i - 1], rounds);
    }
    check_file("penguins", models[RESUME_ROUNDS - 1], "3");
    for (int i = 0; i < RESUME_ROUNDS; i++)
        flr_value_unref(models[i]);
}
END_TEST

/* It is there before the state that says that its round is over. */
START_TEST(fa_05_models_a_restored_run_writes_what_is_to_come)
{
    size_t size;
    void *state = resume_state(2, &size);
    r.model_every = 1;
    resume_begin(&r);
    ck_assert_int_eq(flr_runner_restore(r.runner, state, size), 0);
    resume_play(&r);
    ck_assert(!storedir_has(directory, "model-1.safetensors"));
    ck_assert(!storedir_has(directory, "model-2.safetensors"));
    flr_value *model = resume_model(&r);
    check_file("model-3", model, "3");
    check_file("model", model, "3");
    flr_value_unref(model);
    free(state);
}
END_TEST

/* To the end, whatever it is. */
static int play_out(void)
{
    while (r.last.state != FLR_STEP_ENDED) {
        ck_assert_int_eq(flr_clock_advance(r.clock, 1), 0);
        resume_step(&r);
    }
    return r.last.result;
}

START_TEST(fa_05_a_model_that_cannot_be_written_ends_the_run)
{
    char detail[300];
    r.model_every = 1;
    resume_begin(&r);
    resume_step(&r);
    failsys_begin(FAILSYS_ERROR, 1, true, ENOSPC);
    resume_play_round(&r);
    ck_assert_ptr_nonnull(failsys_end());
    ck_assert_int_eq(play_out(), FLR_E_IO);
    ck_assert_int_eq(flr_runner_get_detail(r.runner, detail, sizeof detail), 0);
    ck_assert_ptr_nonnull(strstr(detail, "the model model-1 could not be written"));
    ck_assert_ptr_nonnull(strstr(detail, strerror(ENOSPC)));
}
END_TEST

/* The last one fails as well; the run goes on from its last saved state, and writes it then. */
START_TEST(fa_05_the_model_of_a_run_that_is_tried_again)
{
    char detail[300];
    size_t size;
    resume_begin(&r);
    resume_step(&r);
    for (int i = 1; i < RESUME_ROUNDS; i++)
        resume_play_round(&r);
    failsys_begin(FAILSYS_ERROR, 1, true, EDQUOT);
    resume_play_round(&r);
    ck_assert_ptr_nonnull(failsys_end());
    ck_assert_int_eq(play_out(), FLR_E_IO);
    ck_assert_int_eq(flr_runner_get_detail(r.runner, detail, sizeof detail), 0);
    ck_assert_ptr_nonnull(strstr(detail, "the model model could not be written: open state.tmp"));
    ck_assert(!storedir_has(directory, "model.safetensors"));
    flr_value *model = resume_model(&r);
    resume_free(&r);
    r.models = store;
    void *state = resume_state(RESUME_ROUNDS - 1, &size);
    resume_begin(&r);
    ck_assert_int_eq(flr_runner_restore(r.runner, state, size), 0);
    resume_play(&r);
    check_file("model", model, "3");
    flr_value_unref(model);
    free(state);
}
END_TEST

/* The round's own file fails, and would have been followed by that of the end. */
START_TEST(fa_05_the_first_of_two_models_fails)
{
    char detail[300];
    r.model_every = RESUME_ROUNDS;
    resume_begin(&r);
    resume_step(&r);
    for (int i = 1; i < RESUME_ROUNDS; i++)
        resume_play_round(&r);
    failsys_begin(FAILSYS_ERROR, 1, false, ENOSPC);
    resume_play_round(&r);
    ck_assert_ptr_nonnull(failsys_end());
    ck_assert_int_eq(play_out(), FLR_E_IO);
    ck_assert_int_eq(flr_runner_get_detail(r.runner, detail, sizeof detail), 0);
    ck_assert_ptr_nonnull(strstr(detail, "the model model-3 could not be written"));
    ck_assert(!storedir_has(directory, "model.safetensors"));
}
END_TEST

START_TEST(fa_05_models_a_store_that_is_not_open)
{
    char detail[300];
    flr_file_store_options options;
    flr_file_store *closed;
    flr_file_store_options_init(&options, sizeof options);
    options.directory = directory;
    options.name = "closed";
    ck_assert_int_eq(flr_file_store_new(&options, &closed), 0);
    r.models = closed;
    r.model_every = 1;
    resume_begin(&r);
    flr_file_store_unref(closed); /* the run has its own reference */
    resume_step(&r);
    resume_play_round(&r);
    ck_assert_int_eq(play_out(), FLR_E_STATE);
    ck_assert_int_eq(flr_runner_get_detail(r.runner, detail, sizeof detail), 0);
    ck_assert_ptr_nonnull(strstr(detail, "could not be written: the store is not open"));
}
END_TEST

START_TEST(fa_05_models_longest_name)
{
    static const char name[] = "a.b-c_1234567890123456789012345678901234567"; /* 43 */
    char file[64];
    ck_assert_uint_eq(strlen(name), 43);
    r.model_name = name;
    r.model_every = 2;
    resume_begin(&r);
    resume_play(&r);
    flr_value *model = resume_model(&r);
    check_file(name, model, "3");
    flr_value_unref(model);
    snprintf(file, sizeof file, "%s-2.safetensors", name);
    ck_assert(storedir_has(directory, file));
}
END_TEST

START_TEST(fa_05_models_bad_options)
{
    static const char *const names[] = {"", "../x", ".x", "a b",
                                        "12345678901234567890123456789012345678901234" /* 44 */};
    flr_fedavg_options options;
    flr_workflow *workflow = NULL;
    resume_begin(&r);
    flr_value *model = resume_model(&r);
    flr_fedavg_options_init(&options, sizeof options);
    options.initial_model = model;
    ck_assert_str_eq(options.model_name, "model");
    options.model_every = 1; /* nowhere */
    ck_assert_int_eq(flr_fedavg_new(&options, &workflow), FLR_E_INVAL);
    options.models = store;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        options.model_name = names[i];
        ck_assert_int_eq(flr_fedavg_new(&options, &workflow),
                         strlen(names[i]) > 43 ? FLR_E_LIMIT : FLR_E_INVAL);
    }
    ck_assert_ptr_null(workflow);
    options.model_name = NULL; /* the default */
    ck_assert_int_eq(flr_fedavg_new(&options, &workflow), 0);
    flr_workflow_unref(workflow);
    workflow = NULL;
    ck_assert_int_eq(flr_map_set_tensor(&model, "__metadata__", FLR_TYPE_U8, 0, NULL, "x"), 0);
    options.initial_model = model; /* that no file can hold */
    ck_assert_int_eq(flr_fedavg_new(&options, &workflow), FLR_E_INVAL);
    ck_assert_ptr_null(workflow);
    options.models = NULL;
    options.model_every = 0;
    ck_assert_int_eq(flr_fedavg_new(&options, &workflow), 0);
    flr_workflow_unref(workflow);
    flr_value_unref(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model files");
    TCase *tests = tcase_create("model files");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, fa_05_the_model_at_the_end);
    tcase_add_loop_test(tests, fa_05_the_model_every_so_many_rounds, 1, 4);
    tcase_add_test(tests, fa_05_models_a_restored_run_writes_what_is_to_come);
    tcase_add_test(tests, fa_05_a_model_that_cannot_be_written_ends_the_run);
    tcase_add_test(tests, fa_05_the_model_of_a_run_that_is_tried_again);
    tcase_add_test(tests, fa_05_the_first_of_two_models_fails);
    tcase_add_test(tests, fa_05_models_a_store_that_is_not_open);
    tcase_add_test(tests, fa_05_models_longest_name);
    tcase_add_test(tests, fa_05_models_bad_options);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
