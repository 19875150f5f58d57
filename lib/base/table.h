/* Hash table from keys to pointers, open addressing. The table owns neither keys nor items; the key is reached through the item. */
#ifndef FLR_LIB_TABLE_H
#define FLR_LIB_TABLE_H

#include "base/alloc.h"

/* Tells whether item has this key. */
typedef bool (*flr__table_match)(const void *item, const void *key, size_t size);

typedef struct flr__table {
    struct flr__table_slot { void *item; uint32_t hash; } *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    flr__table_match match;
} flr__table;

void flr__table_init(flr__table *t, flr__table_match match);
void flr__table_free(flr__table *t);
int flr__table_reserve(flr__table *t, size_t count); /* room for count items in all: adding up to it cannot fail */
void *flr__table_get(const flr__table *t, const void *key, size_t size, uint32_t hash);
int flr__table_add(flr__table *t, void *item, uint32_t hash); /* the key must be absent; 0 or FLR_E_NOMEM */
void *flr__table_remove(flr__table *t, const void *key, size_t size, uint32_t hash); /* the item, or NULL; never fails */
void *flr__table_next(const flr__table *t, size_t *position); /* start with 0; NULL at the end; no particular order */

#endif
