/*
 * All kinds of tasks under real threads and the system clock: see tests/support/federation.h. For
 * the thread sanitizer above all. A failure names its seed; FLR_SEED=n plays all ends with that
 * seed, FLR_SEEDS=m those from n (default 1) to n + m - 1, and goes on after failures. Threads do
 * not run the same way twice, so a seed may have to be played often.
 *
 * Rows: BD-16 to BD-18, BD-20, BD-25, BD-26, BD-28, BD-30, BD-31, SB-13 to SB-20, LC-14, LC-18,
 * LC-26, LC-32, LC-33, DC-01 to DC-09, ST-01, ST-04.
 */
#include "federation.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Of both workflows; an instrumented program takes many times as long. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TASKS 80
#else
#define TASKS 160
#endif

static void play(uint64_t seed, bool steps, bool notices, enum fed_end end)
{
    fed_options options = {seed, steps, notices, end, TASKS};
    const char *wrong = fed_play(&options);

    ck_assert_msg(wrong == NULL, "%s", wrong);
}

START_TEST(bd_17_bd_26_run)
{
    play(100 + (uint64_t)_i, false, false, FED_END_ITSELF);
}
END_TEST

START_TEST(lc_26_step)
{
    play(200 + (uint64_t)_i, true, false, FED_END_ITSELF);
}
END_TEST

START_TEST(bd_16_notices_run)
{
    for (uint64_t i = 0; i < 5; i++) {
        play(300 + 10 * (uint64_t)_i + i, false, true, FED_END_ITSELF);
    }
}
END_TEST

START_TEST(bd_16_notices_step)
{
    for (uint64_t i = 0; i < 5; i++) {
        play(400 + 10 * (uint64_t)_i + i, true, true, FED_END_ITSELF);
    }
}
END_TEST

START_TEST(lc_18_ended_run)
{
    for (uint64_t i = 0; i < 6; i++) {
        play(500 + 10 * (uint64_t)_i + i, false, i % 4 == 3, (enum fed_end)_i);
    }
}
END_TEST

START_TEST(lc_18_ended_step)
{
    for (uint64_t i = 0; i < 6; i++) {
        play(600 + 10 * (uint64_t)_i + i, true, i % 4 == 3, (enum fed_end)_i);
    }
}
END_TEST

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 10);
}

/* One seed in every way. The number of failures. */
static unsigned play_all(uint64_t seed)
{
    unsigned failures = 0;

    for (int end = 0; end < FED_ENDS; end++) {
        for (int mode = end == FED_END_GIVEN_UP ? 2 : 0; mode < 4; mode++) {
            fed_options options = {seed, mode >= 2, mode % 2 == 1, (enum fed_end)end, TASKS};
            const char *wrong = fed_play(&options);

            if (wrong != NULL) {
                fprintf(stderr, "%s\n", wrong);
                failures++;
            }
        }
    }
    return failures;
}

START_TEST(chosen_seeds)
{
    uint64_t first = number_from("FLR_SEED", 1), count = number_from("FLR_SEEDS", 1);
    unsigned failures = 0;

    for (uint64_t seed = first; seed < first + count; seed++) {
        failures += play_all(seed);
    }
    ck_assert_msg(failures == 0, "%u federations failed", failures);
}
END_TEST

int main(void)
{
    bool chosen = getenv("FLR_SEED") != NULL || getenv("FLR_SEEDS") != NULL;
    Suite *suite = suite_create("federation threads");
    TCase *tcase = tcase_create("threads");
    SRunner *runner;
    int failed;

    if (fed_install_allocator() != 0) {
        return EXIT_FAILURE;
    }
    tcase_set_timeout(tcase, 300); /* a federation that hangs says so before */
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    if (chosen) {
        tcase_add_test(tcase, chosen_seeds);
        srunner_set_fork_status(runner, CK_NOFORK); /* as long as it takes */
    } else {
        tcase_add_loop_test(tcase, bd_17_bd_26_run, 0, 6);
        tcase_add_loop_test(tcase, lc_26_step, 0, 6);
        tcase_add_loop_test(tcase, bd_16_notices_run, 0, 6);
        tcase_add_loop_test(tcase, bd_16_notices_step, 0, 6);
        tcase_add_loop_test(tcase, lc_18_ended_run, FED_END_WARM, FED_END_GIVEN_UP);
        tcase_add_loop_test(tcase, lc_18_ended_step, FED_END_WARM, FED_ENDS);
    }
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
