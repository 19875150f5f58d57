/*
 * Sweeps of single calls under failing allocations: what the call needs is built with memory,
 * then the call is made with allocation k failing once, and with all from k on failing, for k =
 * 1, 2 ... until nothing fails any more. It must return 0 or FLR_E_NOMEM; after FLR_E_NOMEM
 * nothing visible has changed and the same call succeeds with the same objects; in the end
 * nothing is left. For one thread.
 */
#ifndef FLR_TESTS_OOMCASE_H
#define FLR_TESTS_OOMCASE_H

#include <stddef.h>

typedef struct oomcase {
    const char *name;
    void (*build)(void); /* with memory; NULL: nothing to build */
    int (*call)(void);   /* returns the code under test; keeps what it made where drop finds it */
    void (*unchanged)(
        void); /* after FLR_E_NOMEM, with memory again: asserts; NULL: nothing to look at */
    void (*drop)(void); /* with memory: releases everything; NULL: nothing */
} oomcase;

void oomcase_sweep(
    const oomcase *c); /* fails the test of Check that it runs in, with the name and k */

/* The number of cases in an array of them. */
#define OOMCASE_COUNT(cases) ((int)(sizeof(cases) / sizeof(cases)[0]))

#endif
