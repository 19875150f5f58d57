/*
 * Simulated federations. A failing seed names itself; FLR_SEED=n plays it again, with FLR_TRACE=1 it
 * tells on stderr all that happens. FLR_SEEDS=n plays n seeds from FLR_SEED (default 1) on, and
 * goes on after failures.
 */
#include "failalloc.h"
#include "sim.h"

#include <check.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#include <sanitizer/common_interface_defs.h>
#define SCHEDULES 1000 /* an instrumented one takes many times as long */
#else
#define SCHEDULES 10000
#endif
#define PARTS    10
#define PART     (SCHEDULES / PARTS)
#define PATIENCE 60 /* seconds for one schedule */

static char present[64]; /* of the seed; for a crash */

static void tell_seed(void)
{
    if (write(STDERR_FILENO, present, strlen(present)) < 0) {
        return;
    }
}

static void on_crash(int number)
{
    tell_seed();
    raise(number); /* its action is the default one again */
}

/* Whatever ends this process, its seed is told. */
static void catch_crashes(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_crash;
    action.sa_flags = (int)SA_RESETHAND | SA_NODEFER;
    sigaction(SIGALRM, &action, NULL);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    __sanitizer_set_death_callback(tell_seed);
#else
    sigaction(SIGABRT, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
#endif
}

static sim_result play(uint64_t seed, bool hashing)
{
    sim_result result;

    snprintf(present, sizeof present, "\nended at FLR_SEED=%" PRIu64 "\n", seed);
    alarm(PATIENCE);
    result = sim_play(seed, hashing);
    alarm(0);
    return result;
}

/* BD, BC, SE, SR, AR, DC, SB-13 to SB-19, AX-06, LC-14, LC-26, LC-32: see sim_check.c. */
START_TEST(sim_schedules)
{
    catch_crashes();
    for (uint64_t i = 1; i <= PART; i++) {
        sim_result result = play((uint64_t)_i * PART + i, false);
        ck_assert_msg(!result.failed, "%s", result.text);
    }
}
END_TEST

/* DESIGN.md, principle 6: the events of a seed are the same every time. */
START_TEST(sim_same_seed_same_trace)
{
    catch_crashes();
    for (uint64_t seed = 1; seed <= SCHEDULES; seed += 23) {
        sim_result first = play(seed, true), second = play(seed, true);
        ck_assert_msg(!first.failed, "%s", first.text);
        ck_assert_msg(first.hash == second.hash && first.events == second.events,
                      "seed %" PRIu64 ": two executions differ", seed);
    }
}
END_TEST

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 10);
}

START_TEST(sim_chosen_seeds)
{
    uint64_t first = number_from("FLR_SEED", 1), count = number_from("FLR_SEEDS", 1), failures = 0;
    sim_result shortest = {0};

    catch_crashes();
    for (uint64_t seed = first; seed < first + count && failures < 50; seed++) {
        sim_result result = play(seed, seed % 16 == 0);
        if (!result.failed && seed % 16 == 0 && play(seed, true).hash != result.hash) {
            result.failed = true;
            snprintf(result.text, sizeof result.text, "seed %" PRIu64 ": not the same twice", seed);
        }
        if (!result.failed) {
            continue;
        }
        fprintf(stderr, "%s\n", result.text);
        if (failures++ == 0 || result.events < shortest.events) {
            shortest = result;
        }
    }
    ck_assert_msg(failures == 0, "%" PRIu64 " seeds failed, the shortest: %s", failures,
                  shortest.text);
}
END_TEST

int main(void)
{
    bool chosen = getenv("FLR_SEED") != NULL || getenv("FLR_SEEDS") != NULL;
    Suite *suite = suite_create("sim");
    TCase *tc = tcase_create("sim");
    SRunner *runner = srunner_create(suite);
    int failed;

    sim_tracing = number_from("FLR_TRACE", 0) != 0;
    if (failalloc_install() != 0) {
        return EXIT_FAILURE;
    }
    suite_add_tcase(suite, tc);
    if (chosen) {
        tcase_add_test(tc, sim_chosen_seeds);
        srunner_set_fork_status(runner, CK_NOFORK); /* as long as it takes */
    } else {
        tcase_add_loop_test(tc, sim_schedules, 0, PARTS);
        tcase_add_test(tc, sim_same_seed_same_trace);
    }
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
