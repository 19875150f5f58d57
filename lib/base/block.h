/*
 * Small blocks that come and go with every message: messages, the nodes of values, assignments. What is released is kept for the next
 * one, since many of these are made by one thread and released by another, which is what malloc does worst.
 *
 * A host's allocator gets and takes back every single block; nothing is kept then, nor in builds in which tools watch each block.
 */
#ifndef FLR_LIB_BLOCK_H
#define FLR_LIB_BLOCK_H

#include "base/alloc.h"

#define FLR__BLOCK_UNIT 16
#define FLR__BLOCK_MAX  512 /* larger ones are allocated as anything else */

void *flr__block_alloc(size_t size); /* NULL if out of memory */
/* With the size that it was allocated with, or another one of as many units. */
void flr__block_free(void *block, size_t size);
/* Give back what is kept, but for what another thread is using this moment. */
void flr__blocks_drop(void);
/* As alloc.c counts in its lanes: only the sum with those means something. */
size_t flr__blocks_live(void);

static inline size_t flr__block_units(size_t size)
{
    return (size + FLR__BLOCK_UNIT - 1) / FLR__BLOCK_UNIT;
}

/* What is there will be needed soon: have it brought from memory, or from another processor's cache. NULL: nothing. */
static inline void flr__fetch(const void *from, size_t bytes)
{
    for (size_t at = 0; from != NULL && at < bytes; at += 64)
        __builtin_prefetch((const char *)from + at, 1);
}

#endif
