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
    bool borrowed; /* from the site's owner, who outlives the context: not counted */
} flr__slot;

/* What the last process_* call left in a context: views for the host. */
struct flr_answer {
    int kind;
    flr_value *name, *id; /* texts, or NULL */
    flr_shareable *data;
    double wait;
};

/*
 * Values that the calls of one context need again and again, its own copies of what all share: threads do not meet in their
 * reference counts then. Kept when the context is reset.
 */
typedef struct flr__own_values {
    flr_value *task_name, *task_id; /* texts that its last call used; NULL */
    struct flr__client *client;     /* whom its last call served: records live as long as their runner; NULL */
    /* lib/runner/answer.c: what goes into its answers */
    uint64_t version;        /* of the sticky properties they were made from */
    bool used;               /* it has given an answer before: own copies are worth while */
    flr_value *wire;         /* NULL: none of these is made */
    flr_value *wait;
    flr_value *min_timeout;  /* NULL: not set */
    flr_shareable *try_again;
    const void *workflow;    /* whose id `workflow_id` is; workflows live as long as their runner */
    flr_value *workflow_id;
} flr__own_values;

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
    struct flr__client *client; /* of the runner: whom the present call serves; NULL */
    int64_t now;                /* when the present call was made; FLR_TIME_NONE: host code took time since */
    struct flr__own_values *own_values; /* in the same allocation; peer: NULL */
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
/* The same with a value that the site's owner keeps as long as it lives. */
void flr__context_lend(flr_context *context, unsigned slot, const flr_value *value, uint32_t flags);
void flr__context_drop(flr_context *context, unsigned slot);
/* Whether its public properties are just these two, by their pointers. */
bool flr__context_is_bare(const flr_context *context, const flr_value *job, const flr_value *identity);
const flr_value *flr__context_own(const flr_context *context, unsigned slot);    /* borrowed; NULL if empty or a message */
flr_shareable *flr__context_own_message(const flr_context *context, unsigned slot); /* borrowed */
/* Own, else sticky: [out] a reference or NULL. */
flr_value *flr__context_find(const flr_context *context, unsigned slot);

/* Sticky properties of the site, private unless flags say otherwise; overwrites. [give]; cannot fail. */
void flr__sticky_put(flr__site *site, unsigned slot, flr_value *value, uint32_t flags);
void flr__sticky_drop(flr__site *site, unsigned slot);

/*
 * A text as a value, [out] a reference: *kept if it is the same text, else a new one that becomes *kept. Texts that are none
 * (not UTF-8) or too long become nil. 0 or FLR_E_NOMEM.
 */
int flr__context_keep_text(flr_value **kept, const char *text, flr_value **value);
/* A task id that the next call is likely to name. */
void flr__context_keep_id(flr_context *context, const flr_value *id);
void flr__own_values_drop_answers(flr__own_values *own);

/* Panic that cannot fail: fires with the reason if memory allows; the owner's handler is called in any case. */
void flr__panic(flr_context *context, const char *reason);
void flr__context_clear_detail(flr_context *context);

#endif
