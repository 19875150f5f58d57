/* Intrusive binary heap of deadlines: earliest first, equal ones by their order number. Adding needs room reserved before. */
#ifndef FLR_LIB_HEAP_H
#define FLR_LIB_HEAP_H

#include "base/alloc.h"

typedef struct flr__due {
    int64_t at;     /* nanoseconds */
    uint64_t order; /* breaks ties: lower first */
    size_t place;   /* index in the heap + 1; 0: not in it */
} flr__due;

typedef struct flr__heap {
    flr__due **items;
    size_t count, capacity;
} flr__heap;

void flr__heap_init(flr__heap *h);
void flr__heap_free(flr__heap *h);
int flr__heap_reserve(flr__heap *h, size_t count);       /* 0 or FLR_E_NOMEM */
void flr__heap_set(flr__heap *h, flr__due *d, int64_t at); /* add or move; FLR_TIME_NONE removes; room must be reserved */
void flr__heap_remove(flr__heap *h, flr__due *d);        /* not in it: nothing */
flr__due *flr__heap_first(const flr__heap *h);           /* NULL if empty */

#endif
