/*
 * Spread counts: see spread.h. No lock. The owner marks each lane as ended by exchanging its count for a number far above any count; who
 * meets the mark counts in `rest` instead, and what that does to the marked lane means nothing. `rest` starts with a surplus, so that
 * it cannot reach 0 before all lanes have been added to it.
 */
#include "base/spread.h"

#include "base/alloc.h"

#define ENDED   (INT64_C(1) << 62)
#define SURPLUS (INT64_C(1) << 62)

static atomic_int_fast64_t *own_lane(flr__spread *s)
{
    return &s->lanes[flr__lane() % FLR__SPREAD_LANES].count;
}

/* Far from both counts, which may be negative in one lane, and marks. */
static bool has_ended(int64_t count)
{
    return count > ENDED / 2;
}

void flr__spread_init(flr__spread *s)
{
    for (unsigned i = 0; i < FLR__SPREAD_LANES; i++)
        atomic_init(&s->lanes[i].count, 0);
    atomic_init(&s->rest, SURPLUS);
}

void flr__spread_ref(flr__spread *s, size_t count)
{
    int64_t n = (int64_t)count;
    if (has_ended(atomic_fetch_add_explicit(own_lane(s), n, memory_order_relaxed)))
        atomic_fetch_add_explicit(&s->rest, n, memory_order_relaxed);
}

bool flr__spread_unref(flr__spread *s, size_t count)
{
    int64_t n = (int64_t)count;
    /* release; partner: the exchange in flr__spread_end */
    return has_ended(atomic_fetch_sub_explicit(own_lane(s), n, memory_order_release)) &&
           atomic_fetch_sub_explicit(&s->rest, n, memory_order_acq_rel) == n;
}

bool flr__spread_end(flr__spread *s)
{
    int64_t counted = 0;
    for (unsigned i = 0; i < FLR__SPREAD_LANES; i++)
        counted += atomic_exchange_explicit(&s->lanes[i].count, ENDED, memory_order_acq_rel);
    return atomic_fetch_add_explicit(&s->rest, counted - SURPLUS, memory_order_acq_rel) ==
           SURPLUS - counted;
}
