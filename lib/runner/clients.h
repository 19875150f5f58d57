/*
 * The table of clients of a run: known ones in the engine's order, when each was last heard, the watch list of reported ones, who is
 * disconnected. Rows LC-31, DC-01 to DC-05. A record lives as long as the runner, so pointers to it stay good.
 *
 * Striped by client: each stripe's lock guards its hash table only; the lock guards everything else. What is read on the hot path is
 * atomic.
 */
#ifndef FLR_LIB_CLIENTS_H
#define FLR_LIB_CLIENTS_H

#include "base/lock.h"
#include "base/str.h"
#include "base/table.h"
#include <flrunner/value.h>
#include <stdatomic.h>

#define FLR__CLIENT_STRIPES 64

typedef struct flr__client {
    const flr__str *name;             /* its hash chooses the stripe: flr__client_stripe */
    _Atomic(flr_value *) says; /* what it says of itself if it says no more than its job: made when first needed */
    const flr__str *parent;           /* NULL: none; guarded by the lock */
    atomic_int_fast64_t last_heard;   /* FLR_TIME_NONE: never */
    atomic_int_fast64_t disconnected; /* when; FLR_TIME_NONE: it is live */
    atomic_bool
        serving; /* a request of it is being served: set before the assignment, cleared on every path */
    atomic_bool watched; /* on the watch list */
    atomic_bool known;   /* changed under the lock */
    bool
        announced; /* its `_client_disconnected` was fired or taken to be; guarded by the lock */
    bool listed;      /* while the known set is replaced; guarded by the lock */
    int64_t reported; /* when it was reported dead; guarded by the lock */
    struct flr__client *watch_next,
        *watch_prev; /* watch list, or list of events to be fired; guarded by the lock */
    _Atomic(void *) board; /* what the open workflow's board keeps for it; the board's own rules */
} flr__client;

typedef struct flr__client_stripe_table {
    flr__mutex lock;
    flr__table table;
    char apart[128 - (sizeof(flr__mutex) + sizeof(flr__table)) % 128]; /* no cache line is shared */
} flr__client_stripe_table;
typedef struct flr__client_queue {
    flr__client *first, *last;
} flr__client_queue;

typedef struct flr__clients {
    flr__client_stripe_table stripes[FLR__CLIENT_STRIPES];
    flr__mutex lock;     /* guards what follows; taken before no other */
    flr__client **known; /* in order */
    size_t count, capacity;
    atomic_size_t live; /* known ones that are not disconnected */
    flr__client_queue watch;  /* reported, oldest first */
    flr__client_queue events; /* disconnected, event not fired yet */
    int64_t grace;            /* nanoseconds */
    int64_t
        started; /* when the status became `started`; FLR_TIME_NONE before: nobody becomes disconnected */
    atomic_int_fast64_t
        due; /* when the first of the watch list becomes disconnected; FLR_TIME_NONE */
} flr__clients;

static inline unsigned flr__client_stripe(const flr__client *c)
{
    return c->name->hash % FLR__CLIENT_STRIPES;
}

int flr__clients_init(flr__clients *cs, int64_t grace);
void flr__clients_free(flr__clients *cs);
/* The record; NULL if there is none. */
flr__client *flr__clients_find(flr__clients *cs, const char *name);
/* The record, made if need be. NULL: out of memory. */
flr__client *flr__clients_get(flr__clients *cs, const char *name);
/* Known clients. add: FLR_E_EXISTS if known already; remove: FLR_E_NOTFOUND. */
int flr__clients_add(flr__clients *cs, const char *name, const char *parent);
int flr__clients_remove(flr__clients *cs, const char *name);
/* Replace the known set by these names, in this order; all or nothing. */
int flr__clients_replace(flr__clients *cs, const flr__str *const *names,
                         const flr__str *const *parents, size_t count);
/* A copy of the known clients in order; the caller frees it with flr__free. count 0: *list may be NULL. 0 or FLR_E_NOMEM. */
int flr__clients_list(flr__clients *cs, flr__client ***list, size_t *count);

/* DC-01. true: newly listed. */
bool flr__clients_report(flr__clients *cs, flr__client *c, int64_t now);
/* DC-02: the next one whose grace has passed by `now` becomes disconnected, at `disconnected`; its event is to be fired. NULL: none. */
flr__client *flr__clients_expire(flr__clients *cs, int64_t now);
/* A known client that is not disconnected; how many there are of them, and of all known ones. */
static inline bool flr__client_counts(const flr__client *c)
{
    flr__client *client = (flr__client *)c;

    return atomic_load(&client->known) && atomic_load(&client->disconnected) == FLR_TIME_NONE;
}
static inline size_t flr__clients_live(const flr__clients *cs)
{
    return atomic_load(&((flr__clients *)cs)->live);
}
size_t flr__clients_known(flr__clients *cs);
/* The next one whose `_client_disconnected` is to be fired, at or before `until`; NULL: none. */
flr__client *flr__clients_take_event(flr__clients *cs, int64_t until);
int64_t flr__clients_first_event(flr__clients *cs); /* its time; FLR_TIME_NONE */
/* DC-04: heard now. true: it was disconnected and is not any more; *unannounced: its `_client_disconnected` was not yet fired (and now the caller must). */
bool flr__clients_credit(flr__clients *cs, flr__client *c, int64_t now, bool *unannounced);
void flr__clients_start(flr__clients *cs, int64_t now); /* the status is `started` */
/* Visit the watch list, oldest first, from a copy. */
int flr__clients_watched(flr__clients *cs, flr__client ***list, size_t *count);

#endif
