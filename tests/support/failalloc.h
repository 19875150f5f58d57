/*
 * An allocator hook for tests: counts what is alive and lets chosen allocations fail. All functions may be called on any
 * thread; the library's calls and the test's are ordered by one mutex of failalloc.c.
 */
#ifndef FLR_TESTS_FAILALLOC_H
#define FLR_TESTS_FAILALLOC_H

#include <stddef.h>

/* Make this the library's allocator; before any object of the library exists. 0 or what flr_allocator_set() said. */
int failalloc_install(void);
/* Give the library its default allocator back; when no object is left. 0 or what flr_allocator_set() said. */
int failalloc_uninstall(void);

/* Set the counters of calls and failures to zero and let everything succeed. Live counts stay. */
void failalloc_reset(void);
/* Reset; then fail the k-th allocation from now (1 is the next one), once. 0: none. */
void failalloc_fail_at(size_t k);
/* Reset; then fail the k-th allocation from now and all after it. 0: none. */
void failalloc_fail_from(size_t k);

size_t failalloc_get_calls(void);      /* allocations asked for since the last reset */
size_t failalloc_get_failures(void);   /* of these, how many were made to fail */
size_t failalloc_get_live_count(void); /* blocks not yet released */
size_t failalloc_get_live_bytes(void); /* their bytes */
size_t failalloc_get_peak_bytes(void); /* most bytes alive at once since the last reset */

/*
 * Try a piece of work under every failure: with allocation k failing once, and then with all from k on failing, for k = 1, 2 ...
 * until the work needs no k-th allocation. The work builds what it needs, releases all of it, and returns the code of
 * the call under test. Each try must return 0 or FLR_E_NOMEM and leave as many live bytes as before; after each, the
 * work is done again without failures and must return 0.
 *
 * Returns NULL if all is well, else a sentence that says which k went wrong (a static buffer). *points gets the number of
 * allocations that the work makes; points may be NULL.
 */
typedef int (*failalloc_work)(void *self);
const char *failalloc_sweep(failalloc_work work, void *self, size_t *points);

#endif
