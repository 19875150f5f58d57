/*
 * What a board decides, without locks, callbacks, clocks or waiting: tasks, targets, assignments,
 * remembered ids, dead clients, who has to be told.
 *
 * The state is split by client into stripes; what the legs of relays and sends, deadlines and
 * notices share is guarded by the board's rule lock. Each function says what its caller must hold:
 * "stripe" is the lock of the client's stripe, "rule" the rule lock, "all" the locks of all stripes
 * and the rule lock; what needs "all" to change may be read with any one of them. "queue" is the
 * board's queue lock. Functions that may fail for want of memory only prepare; what they prepared
 * is then recorded without failing.
 */
#ifndef FLR_LIB_BOARD_CORE_H
#define FLR_LIB_BOARD_CORE_H

#include "base/block.h"
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

/* What came of hand-outs and results, for a client or a stripe. */
typedef struct flr__tally {
    uint64_t sent, resends, results, duplicates, late, rejected;
} flr__tally;

/* Status of a task whose targets are being linked: it does not stand yet. */
#define FLR__TASK_COMING (-1)

/* What a board keeps of one client; guarded by its stripe. */
typedef struct flr__board_client {
    flr__client *client;
    struct flr__board_client *next; /* of the stripe */
    flr__link pending;              /* targets that may get something still, in scheduling order */
    flr__link open;                 /* open assignments, in scheduling order */
    flr__link claimed;              /* those whose result is being processed */
    uint64_t cursor;                /* order of the last OPEN task that it met */
    uint64_t mark;                  /* scheduling: named already in this list, as */
    size_t place;                   /* this target; both guarded by the board's lock */
    flr__tally tally;
    size_t batons;                       /* of pending: targets of sends and relays */
    flr__due silent;                     /* when its silence is looked at; rule */
    struct flr__board_client *news_next; /* of those to be told; rule */
    bool told;                           /* it is one of them; rule */
    bool dead;                           /* disconnected, as the tasks count it; all */
    bool watched;                        /* it is in the heap of silent ones; stripe */
    bool noted; /* it is a target, or got or sent something: it is counted and shown */
} flr__board_client;

/* One client of a LIST or SNAPSHOT. */
typedef struct flr__target {
    flr__link link; /* in owner->pending; guarded by the owner's stripe */
    flr__board_client *owner;
    flr__core_task *task;
    struct flr_assignment *latest; /* handed out last; stripe */
    bool dead;       /* counted in task->lost; changed with all, or answered with its stripe */
    bool barred;     /* the server answered in its place: it never gets the task again */
    bool refused;    /* it asked while a result of it was processed; stripe */
    uint32_t claims; /* of a task that repeats: results of it that are being processed; stripe */
} flr__target;

/* One client of a send, a relay or a broadcast forever. */
typedef struct flr__seat {
    flr__target target;     /* first */
    struct flr__seat *next; /* that joined before it; rule */
    uint64_t sent;          /* assignments so far: part of their ids; stripe */
    size_t left;            /* relay: waiting legs; rule */
    size_t first, last;     /* its first leg that may be waiting, its last one; rule */
} flr__seat;

/* What is known of an id: with an assignment while its task stands, remembered afterwards (BD-32).
 * In the table of its client's stripe, which guards it; in the list of remembered ones, which the
 * queue lock guards. */
typedef struct flr__record {
    flr__id id;
    flr__board_client *owner;
    struct flr_assignment *assignment; /* NULL: its task's end was settled */
    const flr__str *name;              /* of the task; only of a remembered one */
    struct flr__record *next;          /* younger remembered one */
    uint32_t place;                    /* low bits of the assignment's */
    uint8_t stripe;
    bool answered, delivered; /* only of a remembered one */
} flr__record;

/* One hand-out. Its client's stripe guards what is not constant; atomics may be read without. */
struct flr_assignment {
    flr__link open; /* in owner->open, or owner->claimed */
    flr__core_task *task;
    flr__target *target;             /* NULL of an OPEN broadcast */
    flr__record *record;             /* its own until recorded; not read once its end was settled */
    struct flr_assignment *previous; /* handed out before, same task; constant once recorded */
    const flr__str *client;          /* its name: the client's, or held */
    flr_shareable *result;
    void *user;
    size_t place; /* 1, 2, ... in hand-out order */
    atomic_int_fast64_t first_sent, last_sent, received;
    atomic_uint send_count;
    atomic_uint refs;   /* its task's and visitors' */
    atomic_uchar state; /* FLR_ASSIGNMENT_* */
    uint8_t stripe;
    atomic_bool claimed; /* a result is being processed; changed with the stripe */
    bool recorded;       /* its record is in the table */
    bool delivered;      /* closed, and its first result was handed on as LATE */
    bool receiving : 1;  /* inside result_received: that thread's, like the next */
    bool kept : 1;       /* the callback put a result there on purpose */
    bool outlives : 1; /* its client's records may go before it: it holds the name; at the close */
    char id[FLR__ID_TEXT];
};

/* What a task says to a client that asks. */
enum flr__verdict { FLR__SEND = 1, FLR__BLOCK = 2, FLR__NO_BLOCK = 3 };

/* What follows from a result. */
enum flr__sequel {
    FLR__TOO_LATE, /* it does not count: the task has ended before */
    FLR__NOTHING,
    FLR__EVALUATE, /* the task must be evaluated, with all */
    FLR__OVER      /* it has ended in this moment with FLR_TASK_OK; it must be buried */
};

/* How a kind of task is given out and ends; one constant table for each kind. */
typedef struct flr__policy {
    int kind;         /* FLR_KIND_* */
    bool baton;       /* one open assignment at a time, kept in task->baton, which rule guards */
    bool sequential;  /* through a window over its legs */
    bool repeats;     /* a client may get several assignments: its targets are seats */
    bool counts_runs; /* the number of begun runs is part of its ids (PS-07) */
    /* stripe, and rule of a baton: what it says to this target's client. */
    int (*decide)(flr__core_task *task, flr__target *target, int64_t now);
    /* stripe, and rule of a baton. A response was counted, the answered-th: what follows? */
    enum flr__sequel (*response)(flr__core_task *task, flr_assignment *a, size_t answered,
                                 int64_t now);
    /* all. Its completion rule at `now`: the final status or FLR_TASK_STANDING. */
    int (*evaluate)(flr__core_task *task, int64_t now);
    /* rule of a baton, else all. When its rule can change next by time alone; NULL: never. */
    int64_t (*due)(const flr__core_task *task);
    /* all. Nobody can progress it. */
    bool (*is_stuck)(const flr__core_task *task);
} flr__policy;

extern const flr__policy flr__policy_broadcast, flr__policy_forever, flr__policy_send,
    flr__policy_send_any, flr__policy_relay, flr__policy_relay_any;

/* One position in the list of a sequential send or a relay. */
typedef struct flr__leg {
    flr__seat *seat;
    size_t next; /* of the same seat; SIZE_MAX: none */
} flr__leg;

enum flr__fate {
    FLR__FATE_NONE, /* nothing was handed out */
    FLR__FATE_OPEN,
    FLR__FATE_ANSWERED,
    FLR__FATE_TIMEOUT, /* given up by the result timeout */
    FLR__FATE_LOST     /* given up because its client was disconnected */
};

/* What sends and relays keep: who holds the task, and who may take it next. See baton.c. */
typedef struct flr__baton {
    /* constant while it stands */
    int64_t step;           /* assignment timeout; 0: the window does not grow */
    int64_t result_timeout; /* 0: none */
    bool dynamic;           /* whoever asks and is not listed joins */
    bool relay;
    /* rule */
    flr_assignment *holder; /* the open one; NULL: none */
    flr_assignment *latest; /* handed out last */
    enum flr__fate fate;    /* of the latest; of a send: of any */
    flr__leg *legs;         /* of a sequential one; of any relay only their number counts */
    size_t leg_count, leg_capacity;
    size_t begin, end;            /* the window over legs; begin: behind the leg handed out last */
    size_t live, wanted;          /* legs of live targets in it; as many as there may be */
    int64_t opened;               /* when the window was */
    int64_t silent_since;         /* when it had legs of live targets first, since then */
    size_t waiting, live_waiting; /* relay: legs; those of live targets */
} flr__baton;

/* What the core knows of a task; the shell's flr_task begins with it. */
struct flr__core_task {
    struct flr__core *core;
    /* constant while it stands */
    const flr__str *name;
    const flr__policy *policy;
    int64_t number;
    uint64_t order;     /* in scheduling */
    int64_t scheduled;  /* when */
    int64_t timeout_at; /* FLR_TIME_NONE: never */
    int mode;           /* FLR_TARGETS_* */
    bool non_blocking;
    void *targets; /* one block of targets or seats; released when the end is settled */
    size_t target_count, target_size;
    size_t min_responses;
    size_t
        limit; /* set at scheduling: of responses: with so many it has ended, whatever else is due */
    int64_t wait;           /* after the last needed response */
    uint64_t begun;         /* number of begun runs */
    flr__siphash id_prefix; /* job, workflow, number */
    /* rule */
    flr__baton baton;
    flr__seat *joined; /* seats of clients that joined, youngest first */
    size_t joined_count;
    size_t given_up; /* assignments that are */
    flr__due due;
    /* all */
    flr__link standing; /* until it is buried */
    int64_t wait_until; /* FLR_TIME_NONE: the wait has not begun */
    /* any stripe, one thread */
    int64_t ended;     /* the instant */
    atomic_int status; /* FLR_TASK_*; release when set: who sees it final sees what ended it */
    /* any thread; on a cache line of their own, since every hand-out and result changes them */
    char apart_before[64];
    /* handed out last; release when set, so that its fields are seen with it. NULL of a task that
     * keeps the latest of each target only. */
    _Atomic(struct flr_assignment *) last;
    atomic_size_t sent;
    atomic_size_t answered;
    char apart_after[64];
    atomic_size_t lost; /* targets that have not answered and are not live */
};

typedef struct flr__core_stripe {
    flr__mutex lock; /* the shell's; here so that a stripe shares no cache line with another */
    flr__table ids;  /* of records */
    flr__board_client *clients;
    size_t client_count;
    flr__tally tally;
    char apart[128 - (sizeof(flr__mutex) + sizeof(flr__table) + sizeof(void *) + sizeof(size_t) +
                      sizeof(flr__tally)) %
                         128];
} flr__core_stripe;

typedef struct flr__core {
    flr__core_stripe stripes[FLR__BOARD_STRIPES];
    flr__clients *clients; /* constant, like the two below */
    int64_t lead;          /* how old a task must be for client_dead */
    int64_t heartbeat;     /* silence that counts as death; 0: off */
    bool announces;        /* somebody wants to be told */
    /* all */
    flr__link standing;          /* in scheduling order */
    flr__core_task **open_tasks; /* standing OPEN ones, in scheduling order */
    size_t open_count, open_capacity;
    uint64_t order;
    size_t linked;    /* tasks that are not buried yet */
    uint64_t joining; /* order of the youngest OPEN task that clients join */
    uint64_t scheduled;
    /* rule */
    flr__heap dues, silent;
    flr__board_client *news, **news_end; /* clients to be told, oldest first */
    bool news_for_all;
    /* any thread */
    atomic_bool has_news, is_nearer; /* to be told; the next deadline became nearer */
    atomic_size_t count;             /* of standing tasks */
    atomic_int_fast64_t next_due;
    atomic_size_t memory;                                 /* how many are remembered at most */
    atomic_uint_fast64_t ended[FLR_TASK_CLIENT_DEAD + 1]; /* tasks by final status */
    /* queue */
    flr__record *oldest,
        *newest; /* the oldest is not read while forgetting, unless none is newest */
    size_t remembered;
    bool forgetting;
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

/* Assignments so far, without re-sends. */
static inline size_t flr__core_sent(const flr__core_task *t)
{
    return atomic_load(&((flr__core_task *)t)->sent);
}

/* Ids are keyed hashes already. */
static inline uint32_t flr__id_hash(const flr__id *id)
{
    return (uint32_t)id->bytes[0] | (uint32_t)id->bytes[1] << 8 | (uint32_t)id->bytes[2] << 16 |
           (uint32_t)id->bytes[3] << 24;
}

/* Stripe. Its result is awaited, and none is being processed. */
static inline bool flr__core_is_open(const flr_assignment *a)
{
    return flr__link_is_in(&a->open) && !atomic_load(&((flr_assignment *)a)->claimed);
}

/* Whom it was handed out to; only until its end is settled. */
static inline flr__board_client *flr__core_owner(const flr_assignment *a)
{
    return a->record->owner;
}

/* The stripe of a client, by the hash of its name. */
static inline unsigned flr__core_stripe_of(const flr__client *c)
{
    return c->name->hash % FLR__BOARD_STRIPES;
}

static inline flr__target *flr__core_target(const flr__core_task *t, size_t i)
{
    return (flr__target *)(void *)((char *)t->targets + i * t->target_size);
}

/* Of a task that repeats. */
static inline flr__seat *flr__core_seat(flr__target *target)
{
    return (flr__seat *)(void *)target;
}

/* ---- core.c ---- */
/* Everything but the locks of the stripes. Nobody else uses it yet, or any more. */
void flr__core_init(flr__core *core);
void flr__core_free(flr__core *core); /* records, clients and tables; flr__client.board is reset */
void flr__core_reset_totals(flr__core *core); /* nobody else uses it */
/* stripe. Made if need be; NULL: out of memory. */
flr__board_client *flr__core_client(flr__core *core, flr__client *c);
void flr__core_note(flr__core *core, flr__board_client *bc); /* stripe. It is to be shown. */
bool flr__core_has_room(const flr__core *core);              /* any stripe; for one more task */
int flr__core_reserve(flr__core *core); /* all; room for one more task: 0 or FLR_E_NOMEM */
/* Scheduling takes two steps, so that no client waits for the others' targets: each is linked with
 * its stripe, while the task is still coming; then the task stands, with all. One at a time comes. */
void flr__core_begin(flr__core *core, flr__core_task *task);    /* nobody else sees it yet */
void flr__core_link(flr__core_task *task, flr__target *target); /* stripe */
void flr__core_unlink(flr__target *target); /* stripe. It is in no list of its client any more. */
/* all. Room must be reserved; what the policy's kind needs is set. */
void flr__core_schedule(flr__core *core, flr__core_task *task, int64_t now);
size_t flr__core_open_after(const flr__core *core,
                            uint64_t order); /* place in open_tasks; stripe */
/* rule. Look at a task again when its rule can change, or its timeout comes. */
void flr__core_rearm(flr__core *core, flr__core_task *task);
/* rule. Look at a task at this time, if nothing is due earlier. */
void flr__core_look_at(flr__core *core, flr__core_task *task, int64_t at);
void flr__core_update_due(flr__core *core); /* rule; a heap of deadlines has changed */
/* all. End it if its rule says so; its status then. */
int flr__core_evaluate(flr__core *core, flr__core_task *task, int64_t now);
/* A task ends in two steps. It is sealed, with any stripe: from then on it does not stand. And it is
 * buried, with all: it leaves the board's lists; who sealed it sees to that, others may. */
void flr__core_seal(flr__core *core, flr__core_task *task, int status, int64_t at);
void flr__core_bury(flr__core *core, flr__core_task *task);
/* all. Its task_done has failed: it counts as ended with an error. */
void flr__core_fail(flr__core *core, flr__core_task *task);
/* all. Both. false: it has ended before. */
bool flr__core_end(flr__core *core, flr__core_task *task, int status, int64_t at);
/* all. End the next one that is due; NULL: none. */
flr__core_task *flr__core_expire(flr__core *core, int64_t now);

/* ---- news.c: who has something to fetch (BD-16); rule ---- */
void flr__core_tell(flr__core *core, flr__board_client *bc);
void flr__core_tell_all(flr__core *core);
/* A task no longer holds anybody back: who waited behind it may get what stands after it. */
void flr__core_unblock(flr__core *core, const flr__core_task *task);
/* The next notice, at most once each. false: there is none. *bc NULL: everybody. */
bool flr__core_take_news(flr__core *core, flr__board_client **bc);

/* ---- choose.c: handing out ---- */
typedef struct flr__choice {
    flr__core_task *task;  /* NULL: nothing for this client */
    flr_assignment *again; /* a re-send */
    flr__target *target;   /* NULL for an OPEN broadcast */
    int status;            /* 0, or FLR_E_NOMEM: it could not join */
} flr__choice;

/* stripe. Choosing for this client, or recording, needs rule as well. */
bool flr__core_needs_rule(const flr__core *core, const flr__board_client *bc);
flr_assignment *flr__core_first_open(flr__board_client *bc);                       /* stripe */
flr__choice flr__core_choose(flr__core *core, flr__board_client *bc, int64_t now); /* see above */
/* stripe. A new assignment with its id, not recorded yet. 0 or FLR_E_NOMEM. */
int flr__core_prepare(const flr__choice *choice, flr__board_client *bc,
                      flr_assignment **assignment);
/* stripe. Room in its table: 0 or FLR_E_NOMEM. */
int flr__core_reserve_id(flr__core *core, const flr_assignment *a);
/* As choosing. Record a hand-out of what was chosen; room must be reserved. false: it cannot be
 * handed out any more. *replaced: the assignment that it takes the place of (BC-12), settled; its
 * record is to be remembered, itself to be dropped; NULL: none. */
bool flr__core_record(flr__core *core, const flr__choice *choice, flr_assignment *a, int64_t now,
                      flr_assignment **replaced, flr__record **record);
void flr__core_assignment_drop(flr_assignment *a);
void flr__core_outlive(flr_assignment *a);
/* the host may hold it when the clients have gone */ /* a reference; NULL: nothing */
/* PS-09; stripe and rule. What this client would get under this id now, of this name (NULL: of any);
 * task NULL: nothing. */
flr__choice flr__core_seek(const flr__core *core, const flr__board_client *bc, const char *name,
                           const flr__id *id, int64_t now);
/* PS-09; stripe and rule. What was found counts as handed out, and with it all that everybody meets
 * before: the client was given that before, too. 0 or FLR_E_NOMEM. */
int flr__core_readmit(flr__core *core, flr__board_client *bc, const flr__choice *choice,
                      int64_t now);

/* ---- results.c ---- */
flr__record *flr__core_find(flr__core *core, unsigned stripe, const flr__id *id); /* that stripe */
/* stripe of the record. Claim it for a result of this client and task name: an FLR_OUTCOME_*;
 * ACCEPTED: it is claimed now. bc NULL: a client that never got anything. */
int flr__core_claim(flr__core *core, flr__record *record, const flr__board_client *bc,
                    const char *task_name);
/* stripe of the record. An FLR_CHECK_*. */
int flr__core_check(flr__core *core, const flr__record *record, const flr__board_client *bc);
/* stripe, and rule of a baton. A claimed assignment is answered, or closed in the client's place.
 * shown: result_received has seen the result, so that it is no late one whatever happened. *tell: its
 * client may be served now, and asked before. */
enum flr__sequel flr__core_answer(flr__core *core, flr_assignment *a, int state, bool shown,
                                  int64_t now, bool *tell);
/* stripe. Its task has ended before: the result came late. */
void flr__core_drop_claim(flr_assignment *a);
void flr__core_undo_claim(flr_assignment *a); /* stripe. Of a given-up one: as if not claimed. */
/* stripe of the client. Count an outcome for it; bc NULL: it has no records. */
void flr__core_count(flr__core *core, flr__core_stripe *stripe, flr__board_client *bc, int outcome);

/* Walk over the assignments of a task that has ended, or that keeps all of them; latest first. */
typedef struct flr__walk {
    flr__core_task *task;
    flr_assignment *next;
    size_t place;
    flr__seat *joined;
} flr__walk;
flr__walk flr__walk_begin(flr__core_task *task);
flr_assignment *flr__walk_next(flr__walk *walk); /* NULL: that was all */

/* stripe. Its record, to be remembered; a reference to the task's name is the caller's to add. */
flr__record *flr__core_settle(flr_assignment *a);
/* queue. Oldest first, linked by `next`; the last one to nothing. */
void flr__core_remember(flr__core *core, flr__record *first, flr__record *last, size_t count);
/* queue. How many there are above the limit, `most` at most, and the first of them: they are the
 * caller's, who walks along them and says then where he came to. 0: none, or another thread is
 * between these two. */
size_t flr__core_forget_begin(flr__core *core, size_t most, flr__record **first);
void flr__core_forget_end(flr__core *core, flr__record *next);
void flr__core_forget(flr__core *core, flr__record *record); /* its stripe: out of its table */

/* ---- death.c; all ---- */
/* The client is disconnected, or heard after a report: every task that it is a target of counts it so. */
void flr__core_lose(flr__core *core, flr__board_client *bc, int64_t now);
void flr__core_regain(flr__core *core, flr__board_client *bc, int64_t now);
/* The set of known clients has changed: who could join has, too. */
void flr__core_clients_changed(flr__core *core, int64_t now);
/* stripe and rule. Look at its silence when it can have lasted long enough: 0 or FLR_E_NOMEM. Not
 * needed while it is watched. */
int flr__core_watch(flr__core *core, flr__board_client *bc);
/* Its time in the heap of silent ones while it is known to be: until it is heard, with its room kept. */
#define FLR__SILENCE_PARKED (FLR_TIME_NONE - 1)
/* The next client that has been silent for too long by `now`; NULL: none. */
flr__client *flr__core_next_silent(flr__core *core, int64_t now);

/* ---- baton.c; stripe of the client and rule, or all ---- */
void flr__baton_begin(flr__core_task *task, int64_t now); /* its seats and legs are set */
bool flr__baton_may_take(flr__core_task *task, const flr__seat *seat, int64_t now);
void flr__baton_hand_out(flr__core_task *task, flr__seat *seat, flr_assignment *a);
/* A result of any of its assignments; the server's, if state is CLOSED. */
void flr__baton_answer(flr__core_task *task, flr_assignment *a, int64_t now);
void flr__baton_give_up(flr__core_task *task, enum flr__fate fate, int64_t at);
void flr__baton_lose(flr__core_task *task, flr__seat *seat, int64_t now);
void flr__baton_regain(flr__core_task *task, flr__seat *seat, int64_t now);
void flr__baton_grow(flr__core_task *task, int64_t now); /* the window, with time */
/* A new last leg for a client that is not listed: 0 or FLR_E_NOMEM. */
int flr__baton_add_leg(flr__core_task *task, flr__seat *seat, int64_t now);

#endif
