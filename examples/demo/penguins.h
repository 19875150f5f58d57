/* The penguins of three islands, from examples/data/penguins.csv. */
#ifndef DEMO_PENGUINS_H
#define DEMO_PENGUINS_H

#include <stddef.h>

#define MEASURES 4 /* bill length and depth, flipper length (mm), body mass (g) */
#define SPECIES  3
#define ISLANDS  3

extern const char *const species_names[SPECIES];
extern const char *const island_names[ISLANDS];

struct penguin {
    double measures[MEASURES];
    int species, island;
};

struct penguins {
    struct penguin *items;
    size_t count;
};

/*
 * Read the rows that have all four measurements. 0; -1 with one line of text that says what is
 * wrong and where, and nothing to be freed.
 */
int penguins_read(const char *path, struct penguins *penguins, char *error, size_t error_size);
void penguins_free(struct penguins *penguins);

#endif
