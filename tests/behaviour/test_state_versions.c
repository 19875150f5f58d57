/*
 * States that earlier libraries wrote: tests/state/VERSION holds some of each version of the format, and every later library goes on from them. With FLR_STATE_WRITE=DIRECTORY the states of the
 * present version are written there, once, when a version is new.
 */
#include "resume.h"
#include "storedir.h"
#include "support/suite.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSIONS 1 /* of the format, so far */

static const struct {
    const char *name;
    int rounds; /* completed */
} states[] = {{"begun.flr", 0}, {"round-1.flr", 1}, {"round-2.flr", 2}, {"completed.flr", 3}};
#define STATES (sizeof states / sizeof states[0])

/* Goes on to the end with the model of a run that was never stopped. */
static void check_end(resume *r)
{
    resume whole;
    resume_init(&whole);
    resume_begin(&whole);
    resume_play(&whole);
    resume_play(r);
    flr_value *model = resume_model(r), *expected = resume_model(&whole);
    ck_assert(flr_value_equals(model, expected));
    flr_value_unref(model);
    flr_value_unref(expected);
    resume_free(&whole);
}

START_TEST(ps_03_states_of_every_version)
{
    char directory[32];
    size_t size, which = (size_t)_i % STATES;
    resume r;
    snprintf(directory, sizeof directory, "tests/state/%zu", (size_t)_i / STATES + 1);
    unsigned char *state = storedir_read(directory, states[which].name, &size);
    ck_assert_int_eq(flr_state_check(state, size), 0);
    resume_init(&r);
    resume_begin(&r);
    ck_assert_int_eq(flr_runner_restore(r.runner, state, size), 0);
    ck_assert_int_gt(r.restored, 0);
    ck_assert_uint_eq(flr_runner_get_workflow_index(r.runner),
                      states[which].rounds == RESUME_ROUNDS);
    check_end(&r);
    resume_free(&r);
    free(state);
}
END_TEST

/* As long as the format is the present one, its bytes are what is written today: else it needs a new number. */
START_TEST(ps_06_the_present_version_is_written_so)
{
    char directory[32];
    size_t size, written_size;
    snprintf(directory, sizeof directory, "tests/state/%d", VERSIONS);
    unsigned char *kept = storedir_read(directory, states[_i].name, &size);
    void *written = resume_state(states[_i].rounds, &written_size);
    ck_assert_uint_eq(size, written_size);
    ck_assert_mem_eq(kept, written, size);
    free(kept);
    free(written);
}
END_TEST

START_TEST(write_the_present_version)
{
    size_t size;
    void *state = resume_state(states[_i].rounds, &size);
    storedir_write(getenv("FLR_STATE_WRITE"), states[_i].name, state, size);
    free(state);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("state, versions");
    TCase *tests = tcase_create("versions");
    if (getenv("FLR_STATE_WRITE") != NULL) {
        tcase_add_loop_test(tests, write_the_present_version, 0, (int)STATES);
    } else {
        tcase_add_loop_test(tests, ps_03_states_of_every_version, 0, VERSIONS * (int)STATES);
        tcase_add_loop_test(tests, ps_06_the_present_version_is_written_so, 0, (int)STATES);
    }
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
