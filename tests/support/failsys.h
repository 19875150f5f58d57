/*
 * System calls of the file store that fail on demand. A program that links this has its own openat, mkdir, flock, fstat, read, writev, fsync,
 * renameat, unlinkat and close, which pass on what is not to fail. For one thread.
 */
#ifndef FLR_TESTS_FAILSYS_H
#define FLR_TESTS_FAILSYS_H

#include <stdbool.h>
#include <stddef.h>

/* How the chosen call goes wrong. */
typedef enum failsys_kind {
    FAILSYS_ERROR, /* it does nothing and says so; close closes all the same */
    FAILSYS_SHORT, /* read and writev take one byte, others are not changed */
    FAILSYS_END    /* read says that the file ends, others are not changed */
} failsys_kind;

/* Count from now on, and let call number `at` (1 is the next; 0 is none) go wrong, or all from it on. */
void failsys_begin(failsys_kind kind, long at, bool all_after, int error);
/* Nothing goes wrong any more. @returns the name of the first call that did; NULL: none */
const char *failsys_end(void);
long failsys_get_calls(void);      /* since failsys_begin() */
long failsys_get_open_count(void); /* descriptors that were opened and not closed */

#endif
