/*
 * Owns flr_round. A round belongs to its workflow: first to the turn of the round's task, then to
 * the step that ends it.
 */
#include "workflows/round.h"
#include <stdio.h>
#include <string.h>

void flr__round_begin(flr_round *round, uint64_t number)
{
    for (size_t i = 0; i < round->count; i++)
        flr_shareable_unref(round->items[i].result);
    round->count = 0;
    round->number = number;
    round->seconds = 0;
    memset(round->refused, 0, sizeof round->refused);
}

void flr__round_free(flr_round *round)
{
    flr__round_begin(round, 0);
    flr__free(round->items);
    round->items = NULL;
    round->capacity = 0;
}

int flr__round_reserve(flr_round *round)
{
    void *items = round->items;
    int status = flr__grow(&items, &round->capacity, round->count, sizeof *round->items);
    round->items = items;
    return status;
}

void flr__round_add(flr_round *round, const char *client, double weight, flr_shareable *result)
{
    round->items[round->count++] = (flr__contribution){client, weight, result};
}

static void sift_down(flr__contribution *items, size_t i, size_t count)
{
    flr__contribution moving = items[i];
    for (size_t child; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count && strcmp(items[child].client, items[child + 1].client) < 0)
            child++;
        if (strcmp(moving.client, items[child].client) >= 0)
            break;
        items[i] = items[child];
    }
    items[i] = moving;
}

/* Heap sort: qsort() of some C libraries allocates. */
void flr__round_sort(flr_round *round)
{
    flr__contribution *items = round->items;
    for (size_t i = round->count / 2; i > 0; i--)
        sift_down(items, i - 1, round->count);
    for (size_t n = round->count; n > 1; n--) {
        flr__contribution last = items[n - 1];
        items[n - 1] = items[0];
        items[0] = last;
        sift_down(items, 0, n - 1);
    }
}

void flr__round_describe(const flr_round *round, uint64_t needed, char *text, size_t size)
{
    static const char *const causes[FLR_REFUSED_COUNT] = {
        "return code not OK",  "no model",
        "other tensor names",  "another shape or type",
        "a number not finite", "num_samples not valid"};
    const char *before = "; left out: ";
    int used = snprintf(text, size, "round %llu: %zu good contribution%s, %llu needed",
                        (unsigned long long)round->number, round->count,
                        round->count == 1 ? "" : "s", (unsigned long long)needed);
    for (size_t i = 0; i < FLR_REFUSED_COUNT && used >= 0 && (size_t)used < size; i++) {
        if (round->refused[i] == 0)
            continue;
        int more = snprintf(text + used, size - (size_t)used, "%s%llu %s", before,
                            (unsigned long long)round->refused[i], causes[i]);
        if (more < 0)
            break;
        used += more;
        before = ", ";
    }
}

uint64_t flr_round_get_number(const flr_round *round)
{
    return round ? round->number : 0;
}

uint64_t flr_round_get_total(const flr_round *round)
{
    return round ? round->total : 0;
}

size_t flr_round_get_contributor_count(const flr_round *round)
{
    return round ? round->count : 0;
}

const char *flr_round_get_contributor(const flr_round *round, size_t i)
{
    return round && i < round->count ? round->items[i].client : NULL;
}

double flr_round_get_weight(const flr_round *round, size_t i)
{
    return round && i < round->count ? round->items[i].weight : 0;
}

const flr_shareable *flr_round_get_result(const flr_round *round, size_t i)
{
    return round && i < round->count ? round->items[i].result : NULL;
}

double flr_round_get_seconds(const flr_round *round)
{
    return round ? round->seconds : 0;
}

uint64_t flr_round_get_refused(const flr_round *round, int cause)
{
    return round && cause >= 0 && cause < FLR_REFUSED_COUNT ? round->refused[cause] : 0;
}
