/*
 * The nodes that values are made of; seen by lib/data only.
 *
 * A node is immutable once somebody else holds it, so no lock guards it. Every node caches the
 * depth, count and payload bytes of its tree: limits are checked at insertion without a walk.
 * Immortal nodes are constants: their count is never touched. Nodes of a group count together, in
 * a count that threads do not meet in (base/spread.h): what many hand-outs share.
 */
#ifndef FLR_LIB_DATA_NODE_H
#define FLR_LIB_DATA_NODE_H

#include "base/block.h"
#include "base/spread.h"
#include "data/value.h"

/* How the references to a node are counted. */
enum { FLR__COUNTED = 0, FLR__IMMORTAL = 1, FLR__GROUPED = 2 };

/* Nodes that nobody held before they were grouped: a root and some of the nodes in it, which go
 * together once no reference to any of them is left. Those that the root holds are not counted. */
typedef struct flr__group {
    flr__spread refs;
    size_t count;
    flr_value *members[]; /* the root first */
} flr__group;

struct flr_value {
    union {
        /* partner of the acquire load in flr__node_is_shared: the last dropper's reads come before
         * our writes */
        atomic_size_t refs;
        flr__group *group;
    };
    uint32_t count;
    uint8_t kind, depth;
    uint8_t holding; /* constant while anybody else holds the node */
    uint8_t units;   /* of its block; 0: it is a larger one */
    union {
        size_t bytes;
        flr_value *dead; /* while a tree is being released: the next node to release */
    };
};

typedef struct flr__number {
    flr_value v;
    union {
        int64_t integer;
        double real;
        bool truth;
    };
} flr__number;

typedef struct flr__text_node { /* v.bytes is the size */
    flr_value v;
    const char *text;
    /* held if the text is an interned string; else NULL and the text is `own` */
    const flr__str *str;
    char own[];
} flr__text_node;

typedef struct flr__bytes_node {
    flr_value v;
    flr_blob *blob;
} flr__bytes_node;

typedef struct flr__tensor {
    flr_value v;
    flr_blob *blob;
    size_t elements;
    uint8_t type, rank;
    int64_t shape[];
} flr__tensor;

typedef struct flr__pointer {
    flr_value v;
    void *pointer;
    void (*release)(void *pointer);
    char kind[];
} flr__pointer;

typedef struct flr__list {
    flr_value v;
    flr_value **items; /* `room`, or an array of its own once it has outgrown it */
    size_t size, capacity;
    flr_value *room[];
} flr__list;

typedef struct flr__entry {
    const flr__str *key;
    flr_value *value;
} flr__entry;

typedef struct flr__map_index flr__map_index;

typedef struct flr__map {
    flr_value v;
    flr__entry *entries; /* in order of insertion; `room` or an array of its own */
    size_t size, capacity;
    flr__map_index *index; /* NULL up to FLR__MAP_LINEAR entries */
    flr__entry room[];
} flr__map;

#define FLR__MAP_LINEAR 16 /* up to so many entries a look-up compares them one by one */

/* A node of `size` bytes with one reference, count 1, depth 1 and 0 bytes; NULL if out of
 * memory. */
void *flr__node_new(size_t size, int kind);
void flr__node_free(flr_value *v); /* the memory only */
/* Somebody else holds it too, or may at any time. */
static inline bool flr__node_is_shared(const flr_value *v)
{
    return v->holding != FLR__COUNTED ||
           atomic_load_explicit(&((flr_value *)v)->refs, memory_order_acquire) != 1;
}
/* flr_value_ref of a node. */
static inline flr_value *flr__node_ref(const flr_value *value)
{
    flr_value *v = (flr_value *)value;

    if (v->holding == FLR__COUNTED) {
        atomic_fetch_add_explicit(&v->refs, 1, memory_order_relaxed);
    } else if (v->holding == FLR__GROUPED) {
        flr__spread_ref(&v->group->refs, 1);
    }
    return v;
}
/* A text or number like this one that nobody else holds; NULL if out of memory. */
flr_value *flr__node_copy_scalar(const flr_value *v);
int flr__list_new(size_t room, flr_value **list);

/* container.c: (*map)[outer] becomes, or stays, a map of its own with [key] = value. In place
 * if nobody else holds them. [give on 0] */
int flr__map_set_inner(flr_value **map, const flr__str *outer, const flr__str *key,
                       flr_value *value);

/* map_index.c: the index of one map. A place is a position in entries; SIZE_MAX: none. */
size_t flr__index_find(const flr__map *m, const char *text, size_t size);
/* make or grow it for so many entries; 0 or FLR_E_NOMEM */
int flr__index_reserve(flr__map *m, size_t count);
/* entries[place] was just set; room must be reserved */
void flr__index_add(flr__map *m, size_t place);
/* entries[place] is about to go, those behind it move up */
void flr__index_remove(flr__map *m, size_t place);
flr__map_index *flr__index_copy(const flr__map_index *index);

#endif
