/*
 * The penguins as samples to train on: by island, all together, and those held out.
 *
 * Every fifth of the measured penguins is held out. The measurements are standardised by mean and
 * deviation of all training rows (two numbers per column, which federated statistics deliver).
 */
#ifndef DEMO_ISLANDS_H
#define DEMO_ISLANDS_H

#include "penguins.h"
#include "softmax.h"

struct islands {
    struct samples islands[ISLANDS], pooled, held_out;
};

/* 0; -1 with one line of text that says what is wrong, and nothing to be freed. */
int islands_load(const char *path, struct islands *islands, char *error, size_t error_size);
/* Freeing what was never loaded, but zeroed, is fine. */
void islands_free(struct islands *islands);
/* Index of an island by its name; -1: there is none. */
int islands_find(const char *name);

#endif
