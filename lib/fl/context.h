/*
 * Contexts from inside. One allocation holds a context and its peer context. Well-known properties live in slots, others in a
 * small map. A slot holds a value, or a message (whose pointer value is made when somebody asks for it).
 */
#ifndef FLR_LIB_CONTEXT_H
#define FLR_LIB_CONTEXT_H

#include "fl/site.h"
#include <flrunner/context.h>

#define FLR__SLOTS (FLR__S_STATS_COLLECTOR + 1)
#define FLR__DETAIL_MAX 512

typedef struct flr__slot {
    union { flr_value *value; flr_shareable *message; } u;
    uint8_t state; /* 0 empty, 1 value, 2 message */
    uint8_t flags; /* FLR_PROP_FLAG_* */
} flr__slot;

/* What the last process_* call left in a context: views for the host. */
struct flr_answer {
    int kind;
    const flr__str *name, *id;
    flr_shareable *data;
    double wait;
};

struct flr_context {
    flr__site *site;            /* NULL in a peer context */
    struct flr_context *peer;   /* the second half of the allocation; NULL in a peer context */
    bool has_peer;              /* the peer context is set */
    bool weak;                  /* does not hold its site: kept by the site's owner itself */
    bool own;                   /* made by the host: may be reset and freed */
    atomic_bool busy;           /* inside a process_* call */
    uint64_t used;              /* bit i: slot i is not empty */
    flr__slot slots[FLR__SLOTS];
    struct flr__prop_map *others;
    int depth;                  /* nesting of events */
    struct flr_answer answer;
    flr_shareable *reply;
    char *detail;               /* FLR__DETAIL_MAX bytes, in the same allocation; peer: NULL */
};

/* A context as CX-01 says; retains the site. NULL: out of memory. */
flr_context *flr__context_new(flr__site *site);
/* The same for one that the owner of the site keeps for its own steps: it must not keep its owner alive. */
flr_context *flr__context_new_weak(flr__site *site);
void flr__context_free(flr_context *context); /* whoever made it; NULL is fine */
void flr__context_drop_views(flr_context *context); /* of the last answer and reply */
void flr__context_clear(flr_context *context); /* as flr_context_reset, unchecked */

/* Own slots, without the checks of CX-03; cannot fail. value and message: [give]. */
void flr__context_put(flr_context *context, unsigned slot, flr_value *value, uint32_t flags);
void flr__context_put_message(flr_context *context, unsigned slot, flr_shareable *message, uint32_t flags);
void flr__context_drop(flr_context *context, unsigned slot);
const flr_value *flr__context_own(const flr_context *context, unsigned slot);    /* borrowed; NULL if empty or a message */
flr_shareable *flr__context_own_message(const flr_context *context, unsigned slot); /* borrowed */
/* Own, else sticky: [out] a reference or NULL. */
flr_value *flr__context_find(const flr_context *context, unsigned slot);

/* Sticky properties of the site, private unless flags say otherwise; overwrites. [give]; cannot fail. */
void flr__sticky_put(flr__site *site, unsigned slot, flr_value *value, uint32_t flags);
void flr__sticky_drop(flr__site *site, unsigned slot);

/* Panic that cannot fail: fires with the reason if memory allows; the owner's handler is called in any case. */
void flr__panic(flr_context *context, const char *reason);
void flr__context_clear_detail(flr_context *context);

#endif
