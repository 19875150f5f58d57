/*
 * What a board decides, without locks, callbacks, clocks or waiting: tasks, targets, assignments,
 * remembered ids.
 *
 * The state is split by client into stripes. Each function says what its caller must hold: "stripe"
 * is the lock of the client's stripe, "all" the locks of all stripes; what needs "all" to change
 * may be read with any one of them. "queue" is the board's queue lock. Functions that may fail for
 * want of memory only prepare; what they prepared is then recorded without failing.
 */
#ifndef FLR_LIB_BOARD_CORE_H
#define FLR_LIB_BOARD_CORE_H

#include "base/heap.h"
#include "base/id.h"
#include "base/lock.h"
#include "base/str.h"
#include "base/table.h"
#include "board/link.h"
#include "runner/clients.h"
#include <flrunner/board.h>

#define FLR__BOARD_STRIPES 32

typedef struct flr__core_task flr__core_task;

/* What a board keeps of one client; guarded by its stripe. */
typedef struct flr__board_client {
    flr__client *client;
    struct flr__board_client *next; /* of the stripe */
    flr__link pending;              /* targets not handed out yet, in scheduling order */
    flr__link open;  /* open assignments, in scheduling order; claimed ones are not in it */
    uint64_t cursor; /* order of the last OPEN task that it got */
    uint64_t mark;   /* scheduling: named already in this list; guarded by the board's lock */
} flr__board_client;

/* One target of a LIST or SNAPSHOT that has not got the task yet. */
typedef struct flr__target {
    flr__link link; /* in owner->pending; guarded by the owner's stripe */
    flr__board_client *owner;
    flr__core_task *task;
} flr__target;

/*
 * What is known of an id: with an assignment while its task stands, remembered afterwards (BD-32).
 * In the table of its client's stripe, which guards it; in the list of remembered ones, which the
 * queue lock guards.
 */
typedef struct flr__record {
    flr__id id;
    flr__board_client *owner;
    struct flr_assignment *assignment; /* NULL: remembered */
    const flr__str *name;              /* of the task; only of a remembered one */
    struct flr__record *next;          /* younger remembered one */
    bool answered, delivered;          /* only of a remembered one */
} flr__record;

/* One hand-out. Its client's stripe guards what is not constant; atomics may be read without. */
struct flr_assignment {
    flr__link open; /* in owner->open */
    flr__core_task *task;
    flr__board_client *owner;
    flr__record *record;             /* NULL once its task's end was settled */
    struct flr_assignment *previous; /* handed out before, same task; constant once recorded */
    const flr__str *client;
    flr_shareable *result;
    flr_shareable *data; /* only inside before_task_sent; that thread's */
    void *user;
    size_t place; /* 1, 2, ... in hand-out order */
    atomic_int_fast64_t first_sent, last_sent, received;
    atomic_uint send_count;
    atomic_uchar state; /* FLR_ASSIGNMENT_* */
    uint8_t stripe;
    bool claimed;         /* a result is being processed */
    bool delivered;       /* closed, and its first result was handed on as LATE */
    bool receiving, kept; /* inside result_received; the callback put a result there on purpose */
    char id[FLR__ID_TEXT];
};

/* How a kind of task is given out and ends; one constant table for each kind. */
typedef struct flr__policy {
    /* stripe. A response was counted, the answered-th: must the task be evaluated now? */
    bool (*response)(const flr__core_task *task, size_t answered);
    /* all. Its completion rule at `now`: the final status or FLR_TASK_STANDING. May set
     * task->rule_at, beyond now. */
    int (*evaluate)(flr__core_task *task, int64_t now);
} flr__policy;

extern const flr__policy flr__policy_broadcast;

/* What the core knows of a task; the shell's flr_task begins with it. */
struct flr__core_task {
    /* constant while it stands */
    const flr__str *name;
    const flr__policy *policy;
    int64_t number;
    uint64_t order;       /* in scheduling */
    int64_t scheduled;    /* when */
    int64_t timeout_at;   /* FLR_TIME_NONE: never */
    int mode;             /* FLR_TARGETS_* */
    flr__target *targets; /* one block; released when the end is settled */
    size_t target_count;
    size_t min_responses;
    int64_t wait;           /* after the last needed response */
    flr__siphash id_prefix; /* job, workflow, number */
    /* all */
    flr__link standing;
    flr__due due;
    int64_t rule_at;   /* when its completion rule can change by time alone */
    int64_t ended;     /* the instant */
    atomic_int status; /* FLR_TASK_*; release when set: who sees it final sees what ended it */
    /* any thread */
    /* handed out last; release when set, so that its fields are seen with it */
    _Atomic(struct flr_assignment *) last;
    atomic_size_t answered;
};

typedef struct flr__core_stripe {
    flr__mutex lock; /* the shell's; here so that a stripe shares no cache line with another */
    flr__table ids;  /* of records */
    flr__board_client *clients;
    char apart[128 - (sizeof(flr__mutex) + sizeof(flr__table) + sizeof(void *)) % 128];
} flr__core_stripe;

typedef struct flr__core {
    flr__core_stripe stripes[FLR__BOARD_STRIPES];
    /* all */
    flr__link standing;          /* in scheduling order */
    flr__core_task **open_tasks; /* standing OPEN ones, in scheduling order */
    size_t open_count, open_capacity;
    flr__heap dues;
    uint64_t order;
    /* any thread */
    atomic_size_t count; /* of standing tasks */
    atomic_int_fast64_t next_due;
    atomic_size_t memory; /* how many are remembered at most */
    /* queue */
    flr__record *oldest, *newest;
    size_t remembered;
} flr__core;

static inline flr_assignment *flr__core_last(const flr__core_task *t)
{
    return atomic_load_explicit(&((flr__core_task *)t)->last, memory_order_acquire);
}

static inline bool flr__core_stands(const flr__core_task *t)
{
    return atomic_load_explicit(&((flr__core_task *)t)->status, memory_order_acquire) ==
           FLR_TASK_STANDING;
}

/* The stripe of a client, by the hash of its name. */
static inline unsigned flr__core_stripe_of(const flr__client *c)
{
    return c->name->hash % FLR__BOARD_STRIPES;
}

/* Everything but the locks of the stripes. Nobody else uses it yet, or any more. */
void flr__core_init(flr__core *core);
void flr__core_free(flr__core *core); /* records, clients and tables; flr__client.board is reset */

/* ---- clients ---- */
/* stripe. Made if need be; NULL: out of memory. */
flr__board_client *flr__core_client(flr__core *core, flr__client *c);

/* ---- scheduling ---- */
int flr__core_reserve(flr__core *core); /* all; room for one more task: 0 or FLR_E_NOMEM */
/* all. Room must be reserved. */
void flr__core_schedule(flr__core *core, flr__core_task *task, int64_t now);

/* ---- handing out ---- */
typedef struct flr__choice {
    flr__core_task *task;  /* NULL: nothing for this client */
    flr_assignment *again; /* a re-send */
    flr__target *target;   /* NULL for an OPEN task */
} flr__choice;

flr__choice flr__core_choose(flr__core *core, flr__board_client *bc); /* stripe */
/* A new assignment with its id, not recorded yet. 0 or FLR_E_NOMEM. No lock. */
int flr__core_prepare(flr__core_task *task, flr__board_client *bc, flr_assignment **assignment);
/* stripe. Room in its table: 0 or FLR_E_NOMEM. */
int flr__core_reserve_id(flr__core *core, const flr_assignment *a);
/* stripe. Record a hand-out of what was chosen; room must be reserved. false: it cannot be handed
 * out any more. */
bool flr__core_record(flr__core *core, const flr__choice *choice, flr_assignment *a, int64_t now);
/* With the record of one that was never recorded. */
void flr__core_assignment_free(flr_assignment *a);

/* ---- results ---- */
flr__record *flr__core_find(flr__core *core, unsigned stripe, const flr__id *id); /* that stripe */
/* stripe of the record. Claim it for a result of this client and task name: an FLR_OUTCOME_*;
 * ACCEPTED: it is claimed now. bc NULL: a client that never got anything. */
int flr__core_claim(flr__core *core, flr__record *record, const flr__board_client *bc,
                    const char *task_name);
/* stripe of the record. An FLR_CHECK_*. */
int flr__core_check(flr__core *core, const flr__record *record, const flr__board_client *bc);
/* stripe. A claimed assignment is answered, or closed in the client's place. true: the task must be
 * evaluated now. */
bool flr__core_answer(flr__core *core, flr_assignment *a, int state, int64_t now);
/* stripe. Its task has ended before: the result came late. */
void flr__core_drop_claim(flr_assignment *a);

/* ---- rules, deadlines, ending: all ---- */
/* End it if its rule says so; its status then. */
int flr__core_evaluate(flr__core *core, flr__core_task *task, int64_t now);
/* false: it has ended before. */
bool flr__core_end(flr__core *core, flr__core_task *task, int status, int64_t at);
/* End the next one that is due; NULL: none. */
flr__core_task *flr__core_expire(flr__core *core, int64_t now);

/* ---- after the end ---- */
flr__record *flr__core_settle(flr_assignment *a); /* stripe; its record, to be remembered */
void flr__core_remember(flr__core *core, flr__record *first, flr__record *last,
                        size_t count);          /* queue; oldest first */
flr__record *flr__core_forget(flr__core *core); /* queue; the oldest one above the limit, or NULL */
/* its stripe. Take it out of its table and free it. */
void flr__core_release(flr__core *core, flr__record *record);

#endif
