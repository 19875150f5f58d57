/* Binary heap of deadlines. The owner's lock guards it. */
#include "base/heap.h"

void flr__heap_init(flr__heap *h)
{
    *h = (flr__heap){NULL, 0, 0};
}

void flr__heap_free(flr__heap *h)
{
    flr__free(h->items);
    flr__heap_init(h);
}

int flr__heap_reserve(flr__heap *h, size_t count)
{
    if (count <= h->capacity)
        return 0;
    size_t wanted = count < h->capacity * 2 ? h->capacity * 2 : count;
    flr__due **items = flr__realloc_array(h->items, wanted, sizeof *items);
    if (items == NULL)
        return FLR_E_NOMEM;
    h->items = items;
    h->capacity = wanted;
    return 0;
}

static bool before(const flr__due *a, const flr__due *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void put(flr__heap *h, size_t i, flr__due *d)
{
    h->items[i] = d;
    d->place = i + 1;
}

static void rise(flr__heap *h, size_t i)
{
    flr__due *d = h->items[i];
    for (; i > 0 && before(d, h->items[(i - 1) / 2]); i = (i - 1) / 2)
        put(h, i, h->items[(i - 1) / 2]);
    put(h, i, d);
}

static void sink(flr__heap *h, size_t i)
{
    flr__due *d = h->items[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= h->count)
            break;
        if (child + 1 < h->count && before(h->items[child + 1], h->items[child]))
            child++;
        if (!before(h->items[child], d))
            break;
        put(h, i, h->items[child]);
        i = child;
    }
    put(h, i, d);
}

void flr__heap_remove(flr__heap *h, flr__due *d)
{
    if (d->place == 0)
        return;
    size_t i = d->place - 1;
    flr__due *last = h->items[--h->count];
    d->place = 0;
    if (last == d)
        return;
    put(h, i, last);
    rise(h, i);
    sink(h, last->place - 1);
}

void flr__heap_set(flr__heap *h, flr__due *d, int64_t at)
{
    flr__heap_remove(h, d);
    d->at = at;
    if (at == FLR_TIME_NONE)
        return;
    put(h, h->count++, d);
    rise(h, h->count - 1);
}

flr__due *flr__heap_first(const flr__heap *h)
{
    return h->count > 0 ? h->items[0] : NULL;
}
