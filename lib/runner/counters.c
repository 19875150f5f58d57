/* Counters: see counters.h. Each stripe's lock guards its sums. */
#include "runner/counters.h"
#include "base/abi.h"
#include <string.h>

#define FIRST_COUNTER offsetof(flr_stats, answer_task)
#define COUNTERS      ((sizeof(flr_stats) - FIRST_COUNTER) / sizeof(uint64_t))

void flr_stats_init(flr_stats *stats, size_t size)
{
    flr__abi_init(stats, size);
}

int flr__counters_init(flr__counters *c)
{
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < FLR__COUNTER_STRIPES; i++) {
        int status = flr__mutex_init(&c->stripes[i].lock, FLR__RANK_STATS);
        if (status < 0) {
            while (i-- > 0)
                flr__mutex_destroy(&c->stripes[i].lock);
            return status;
        }
    }
    return 0;
}

void flr__counters_free(flr__counters *c)
{
    for (size_t i = 0; i < FLR__COUNTER_STRIPES; i++)
        flr__mutex_destroy(&c->stripes[i].lock);
}

static uint64_t *counter_at(flr_stats *sums, size_t offset)
{
    return (uint64_t *)(void *)((char *)sums + offset);
}

void flr__counters_add(flr__counters *c, uint32_t hash, size_t first, size_t second)
{
    size_t i = hash % FLR__COUNTER_STRIPES;
    flr__mutex_lock(&c->stripes[i].lock);
    ++*counter_at(&c->stripes[i].sums, first);
    if (second != FLR__NO_COUNTER)
        ++*counter_at(&c->stripes[i].sums, second);
    flr__mutex_unlock(&c->stripes[i].lock);
}

void flr__counters_get(flr__counters *c, flr_stats *out) FLR__NO_TSA
{
    flr_stats_init(out, sizeof *out);
    for (size_t i = 0; i < FLR__COUNTER_STRIPES; i++)
        flr__mutex_lock_next(&c->stripes[i].lock);
    for (size_t i = 0; i < FLR__COUNTER_STRIPES; i++)
        for (size_t k = 0; k < COUNTERS; k++) {
            size_t offset = FIRST_COUNTER + k * sizeof(uint64_t);
            *counter_at(out, offset) += *counter_at(&c->stripes[i].sums, offset);
        }
    for (size_t i = FLR__COUNTER_STRIPES; i-- > 0;)
        flr__mutex_unlock(&c->stripes[i].lock);
}
