/* Splitting and standardising the penguins. */
#include "islands.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLD_OUT 5 /* every fifth row */

static int is_held_out(size_t row)
{
    return (row + 1) % HOLD_OUT == 0;
}

/* Mean and deviation of the rows that are not held out. */
static int describe(const struct penguins *all, double mean[MEASURES], double deviation[MEASURES])
{
    for (int m = 0; m < MEASURES; m++) {
        double sum = 0, squares = 0, count = 0;
        for (size_t i = 0; i < all->count; i++)
            if (!is_held_out(i)) {
                sum += all->items[i].measures[m];
                count++;
            }
        mean[m] = sum / count;
        for (size_t i = 0; i < all->count; i++)
            if (!is_held_out(i)) {
                double distance = all->items[i].measures[m] - mean[m];
                squares += distance * distance;
            }
        deviation[m] = sqrt(squares / count);
        if (!(deviation[m] > 0))
            return -1;
    }
    return 0;
}

static int make_room(struct samples *samples, size_t count)
{
    samples->items = malloc((count ? count : 1) * sizeof *samples->items);
    samples->count = 0;
    return samples->items ? 0 : -1;
}

static void add(struct samples *samples, const struct sample *sample)
{
    samples->items[samples->count++] = *sample;
}

/* 0, or -1 with *why. */
static int split(struct islands *islands, const struct penguins *all, const char **why)
{
    double mean[MEASURES], deviation[MEASURES];
    *why = "too few different penguins";
    if (all->count < HOLD_OUT || describe(all, mean, deviation) < 0)
        return -1;
    *why = "out of memory";
    if (make_room(&islands->pooled, all->count) < 0 ||
        make_room(&islands->held_out, all->count) < 0)
        return -1;
    for (int i = 0; i < ISLANDS; i++)
        if (make_room(&islands->islands[i], all->count) < 0)
            return -1;
    for (size_t i = 0; i < all->count; i++) {
        const struct penguin *p = &all->items[i];
        struct sample s = {{0}, p->species};
        for (int m = 0; m < MEASURES; m++)
            s.x[m] = (p->measures[m] - mean[m]) / deviation[m];
        s.x[MEASURES] = 1;
        if (is_held_out(i)) {
            add(&islands->held_out, &s);
            continue;
        }
        add(&islands->pooled, &s);
        add(&islands->islands[p->island], &s);
    }
    *why = "an island has no penguins to train on";
    for (int i = 0; i < ISLANDS; i++)
        if (islands->islands[i].count == 0)
            return -1;
    return 0;
}

int islands_load(const char *path, struct islands *islands, char *error, size_t error_size)
{
    struct penguins all;
    const char *why;
    memset(islands, 0, sizeof *islands);
    if (penguins_read(path, &all, error, error_size) < 0)
        return -1;
    int status = split(islands, &all, &why);
    penguins_free(&all);
    if (status < 0) {
        islands_free(islands);
        snprintf(error, error_size, "%s: %s", path, why);
    }
    return status;
}

void islands_free(struct islands *islands)
{
    for (int i = 0; i < ISLANDS; i++)
        free(islands->islands[i].items);
    free(islands->pooled.items);
    free(islands->held_out.items);
    memset(islands, 0, sizeof *islands);
}

int islands_find(const char *name)
{
    for (int i = 0; i < ISLANDS; i++)
        if (strcmp(island_names[i], name) == 0)
            return i;
    return -1;
}
