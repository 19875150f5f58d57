/*
 * The shell around the board's core: locks, calls of the host, waiting.
 *
 * Locks, in this order: the board's lock (scheduling), the stripes (one client's, or all), the rule
 * lock, then the queue lock or one task's lock. None is held across a callback. A task's callbacks are kept apart
 * by its turn, which is no lock: see turn.c.
 */
#ifndef FLR_LIB_BOARD_BOARD_H
#define FLR_LIB_BOARD_BOARD_H

#include "base/wait.h"
#include "board/core.h"
#include "runner/runner.h"
#include <string.h>

enum flr__board_phase {
    FLR__BOARD_IDLE,
    FLR__BOARD_RUNNING,
    FLR__BOARD_CLOSING,
    FLR__BOARD_CLOSED
};
enum flr__task_phase { FLR__TASK_NEW, FLR__TASK_SCHEDULING, FLR__TASK_SCHEDULED };

struct flr_task {
    flr__core_task core; /* first */
    atomic_size_t refs;
    /* constant */
    /* callbacks, self, destroy; its pointers to the host's data are not used */
    flr_task_options options;
    int64_t timeout; /* nanoseconds; 0: none */
    flr_value *operation;
    /* constant once scheduled */
    atomic_int phase; /* FLR__TASK_*; release when set: who sees it scheduled sees what follows */
    atomic_int_fast64_t number;
    flr_board *board;       /* held */
    flr_shareable *payload; /* released after task_done, like the two below */
    flr_value *root;        /* its root id, the same for all payloads */
    flr_shareable *message; /* payload and the headers that are the same for all; frozen */
    flr_context *context;   /* for task_done */
    /* all stripes */
    flr_signal *cause;    /* the signal that ended it; held */
    flr_task *next_ended; /* of the thread that ended it together with others */
    /* the board's queue lock */
    flr__link known;        /* in board->tasks */
    flr_task *next_decided; /* in board->decided */
    /* lock */
    flr__mutex lock; /* rank TASK */
    flr_value *props;
    flr_shareable *sending;  /* inside before_task_sent: the client's own copy; that thread's */
    flr_assignment *dropped; /* shown to callbacks, never recorded; linked by `previous` */
    bool busy;               /* somebody has the turn */
    bool done_begun;
    size_t waiting; /* for the turn */
    int error;
    char detail[FLR__DETAIL_MAX];
    /* any thread */
    atomic_bool done; /* task_done has returned */
    flr__waker waker; /* turn, end, done */
};

struct flr_board {
    flr__core core;
    void *base;         /* of the allocation */
    atomic_size_t refs; /* the workflow and each scheduled task */
    flr_workflow *workflow;
    atomic_uint flags; /* FLR_BOARD_FLAG_* */
    /* set by initialize_run before anybody else comes, constant until the next one */
    flr_runner *runner;
    flr__site *site;
    flr_clock *clock; /* held, like the signal: who waits may outlive the run */
    flr_signal *abort;
    /* lock */
    flr__mutex lock;     /* rank BOARD: one thread schedules at a time */
    int64_t next_number; /* PS-08 */
    int64_t floor;       /* above all numbers used since initialize_run */
    uint64_t mark;
    bool scheduled;       /* some task was */
    flr__mutex rule_lock; /* rank RULE: the core's, see core.h */
    /* queue lock */
    flr__mutex queue_lock; /* rank TASK */
    bool abandoned;        /* its run was freed unfinished: no task_done; set by the last thread */
    enum flr__board_phase phase;
    size_t entries;                         /* calls of the host under way */
    flr_task *decided_first, *decided_last; /* ended by a deadline, task_done left to the driver;
                                               oldest instant first; held */
    flr__link tasks;                        /* scheduled and not released */
    /* any thread */
    atomic_size_t unfinished; /* scheduled, task_done has not returned */
    flr__waker waker;         /* who finalises waits for entries and unfinished */
};

/* A copy of `from`, cut to size - 1 bytes. */
static inline void flr__text_copy(char *to, size_t size, const char *from)
{
    size_t length = strnlen(from, size - 1);

    memcpy(to, from, length);
    to[length] = '\0';
}

static inline flr_task *flr__task_of(flr__core_task *core)
{
    return (flr_task *)(void *)core;
}

/* ---- board.c ---- */
int flr__board_new(flr_board **board);
flr_board *flr__board_ref(flr_board *board);
void flr__board_unref(flr_board *board);
/* Its vtables, for self = the board. */
void flr__board_ops(flr_communicator_ops *ops, flr_component_ops *component);
extern const flr__board_hooks flr__board_hooks_table;
/* A call of the host that uses the runner; false once the workflow is over. Balance with leave. */
bool flr__board_enter(flr_board *b);
void flr__board_leave(flr_board *b);
bool flr__board_is_scheduling(flr_board *b); /* scheduling is allowed now */
void flr__board_lock_all(flr_board *b);      /* all stripes and the rule lock */
void flr__board_unlock_all(flr_board *b);
/* Notices and nearer deadlines of what was decided; after every change, not under a lock. */
void flr__board_after(flr_board *b);
static inline int64_t flr__board_now(const flr_board *b)
{
    return flr_clock_get_now(b->clock);
}

/* ---- end.c: ending tasks; none of it under a lock ---- */
/* What ends a task: a final status, and what goes with it. */
typedef struct flr__end {
    int status;
    flr_signal *cause;
    int error;
    const char *detail;
} flr__end;
/* End it if it stands. true: this call did; flr__task_finish must follow, or the release of the
 * turn if the caller has it. */
bool flr__board_end(flr_board *b, flr_task *t, const flr__end *end);
/* End and finish all standing tasks, in scheduling order. */
void flr__board_end_all(flr_board *b, const flr__end *end);
/* Do what follows from a result; otherwise as flr__board_end. */
bool flr__board_follow(flr_board *b, flr_task *t, enum flr__sequel sequel, int64_t now);
/* End what is due at this instant; task_done is left to the driver. true: something has ended. */
bool flr__board_decide(flr_board *b, int64_t now);
/* The next one that was ended by a deadline up to `now`; the caller drops it. NULL: none. */
flr_task *flr__board_take_decided(flr_board *b, int64_t now);
int flr__board_advance(void *self, flr_context *context, int64_t now, int64_t *due);
void flr__board_let_go(flr_board *b); /* of all tasks that the host still holds, at the end */

/* ---- schedule.c ---- */
/* A task on its way to be scheduled; filled by kinds.c. */
typedef struct flr__plan {
    const flr__policy *policy;
    const char *const *names; /* [borrow] */
    size_t name_count;
    int64_t mode; /* FLR_TARGETS_* */
    bool unknown_allowed, dynamic;
    uint64_t min_responses;
    int64_t wait, step, result_timeout; /* nanoseconds */
    flr_context *context;               /* of the caller, for details; may be NULL */
    /* targets.c */
    flr__client **clients; /* as listed */
    size_t count;
    void *targets; /* one for each distinct client, in order of first occurrence */
    size_t target_count, target_size;
    flr__leg *legs;
    size_t leg_count;
} flr__plan;
/* With a context, say why. */
#define FLR__FAIL(context, code, ...)                                                              \
    ((context) == NULL ? (code) : flr_context_fail((context), (code), __VA_ARGS__))
int flr__board_schedule(flr_board *b, flr_task *t, flr__plan *p);

/* ---- targets.c ---- */
int flr__plan_list(flr_board *b, flr__plan *p);         /* the clients; not under a lock */
int flr__plan_make_targets(flr_board *b, flr__plan *p); /* needs the board's lock */

/* ---- turn.c ---- */
bool flr__turn_take(flr_task *t);    /* waits; false: the task has ended */
void flr__turn_release(flr_task *t); /* makes task_done if the task has ended */
/* It has ended: make task_done, or leave it to who has the turn. */
void flr__task_finish(flr_task *t);
typedef int (*flr__assignment_callback)(void *self, flr_assignment *assignment,
                                        flr_context *context);
typedef struct flr__failure {
    int code;
    char detail[FLR__DETAIL_MAX];
} flr__failure;
/* Call one of its callbacks (NULL: 0). A failure is counted, logged and described in *failure; its
 * code is returned. */
int flr__task_call(flr_task *t, flr__assignment_callback fn, const char *name, flr_assignment *a,
                   flr_context *context, flr__failure *failure);
void flr__task_set_error(flr_task *t, int error, const char *detail); /* also under the stripes */
/* Settled records become remembered ones, oldest first; the oldest above the limit are forgotten. */
void flr__board_remember(flr_board *b, flr__record *first, flr__record *last, size_t count);

/* ---- request.c, submit.c, stats.c ---- */
int flr__board_request(void *self, flr_context *context, const char *client, flr_offer *offer);
int flr__board_submit(void *self, flr_context *context, const char *client, const char *task_name,
                      const char *task_id, flr_shareable *result, int *outcome);
int flr__board_check(void *self, flr_context *context, const char *client, const char *task_id,
                     int *found);
int flr__board_handle_exception(void *self, flr_context *context, const char *task_id);
int flr__board_handle_event(void *self, const char *event, flr_context *context);

#endif
