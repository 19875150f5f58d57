/*
 * A bare site for unit tests: identity, job, a manual clock and an engine that records what it
 * gets; no runner. The test changes site.engine, site.list_targets and the like as it needs.
 * Records are guarded by a mutex of the test site.
 */
#ifndef FLR_TESTS_SITE_H
#define FLR_TESTS_SITE_H

#include "fl/context.h"
#include "fl/site.h"
#include <flrunner/stats.h>
#include <pthread.h>

#define TEST_SITE_LINES    256
#define TEST_SITE_CALENDAR INT64_C(1795421700123456000) /* 2026-11-23T08:15:00.123456Z */

typedef struct test_site {
    flr__site site;  /* first: a site is its owner */
    atomic_int refs; /* contexts that hold the site */
    flr_clock *clock;
    pthread_mutex_t lock; /* guards what follows */
    struct {
        int level;
        char *text;
    } lines[TEST_SITE_LINES]; /* what engine.log got; beyond that only counted */
    size_t line_count;
    size_t counts[sizeof(flr_stats) /
                  sizeof(uint64_t)]; /* what site.count got, by counter offset / 8 */
    size_t aux_counts;
    /* the owner's part in events */
    size_t owner_calls;
    char owner_data[512]; /* text of `__event_data__` at the last call; "" if there was none */
    int owner_status;     /* what its handler returns */
} test_site;

/*
 * NULL: out of memory, nothing is left. engine NULL: a log sink only. Log level: debug. Ids are
 * seeded with 1.
 */
test_site *test_site_new(const flr_engine_ops *engine, void *engine_self, const char *job,
                         const char *identity);
/*
 * Destroys components too. Returns the number of contexts that still held the site (and leaks
 * then).
 */
int test_site_free(test_site *t);

/* Add a component and rebuild the bus. 0 or a code. */
int test_site_add(test_site *t, const char *id, const flr_component_ops *ops, void *self);
/*
 * A context that a host made (may be reset and freed with flr_context_free). NULL: out of memory.
 */
flr_context *test_site_context(test_site *t);

/* The line that contains `part`, counted from `from`; NULL if there is none. */
const char *test_site_line(test_site *t, size_t from, const char *part);
/* How many lines have this level (0: any) and contain `part`. */
size_t test_site_count_lines(test_site *t, int level, const char *part);
void test_site_clear_lines(test_site *t);
size_t test_site_count(test_site *t, size_t counter_offset);

#endif
