/*
 * What the files of lib/client share: the client runner's own struct. Nobody else includes this.
 */
#ifndef FLR_LIB_CLIENT_INTERNAL_H
#define FLR_LIB_CLIENT_INTERNAL_H

#include "base/wait.h"
#include "client/core.h"
#include "fl/context.h"
#include "fl/watch.h"
#include <flrunner/client_runner.h>

enum { FLR__MODE_NONE = 0, FLR__MODE_RUN = 1, FLR__MODE_STEP = 2 };

/* ---- calls (request.c) ---- */

/* What a call to the server was answered; what the transport reports of it first. */
typedef struct flr__call_answer {
    int kind;            /* FLR_ANSWER_*, or FLR_OUTCOME_* */
    char *name;          /* of the task; NULL */
    flr_shareable *data; /* frozen; NULL */
} flr__call_answer;

/* A call that the loop waits for: at most one at a time. */
typedef struct flr__call {
    flr_request *request; /* of a pull or submission; NULL for an auxiliary message */
    flr_aux_send *send;   /* NULL: there is none */
} flr__call;

/* Begin one; its end notifies the loop. timeout: seconds, 0: none. 0, or why it could not be made. */
int flr__call_pull(flr_client_runner *c, flr_context *context, double timeout, flr__call *call);
int flr__call_submit(flr_client_runner *c, flr_context *context, const char *name, const char *id,
                     const flr_shareable *result, double timeout, flr__call *call);
int flr__call_aux(flr_client_runner *c, flr_context *context, const char *topic,
                  const flr_shareable *request, double timeout, flr__call *call);
bool flr__call_is_over(const flr__call *call);
/* Over: 0, or why it failed. */
int flr__call_status(const flr__call *call);
const flr__call_answer *flr__call_get_answer(const flr__call *call); /* over, without a failure */
const flr_shareable *
flr__call_get_reply(const flr__call *call); /* of an auxiliary message; over, without a failure */
void flr__call_end(flr__call *call);        /* whether it is over or not */
const flr_client_runner *flr__request_client(const flr_request *request);
/* The engine's send_aux of the site: makes a request of each target. */
int flr__client_send_aux(void *self, flr_aux_send *send);

/* ---- executors (executor.c) ---- */

typedef struct flr__executor {
    flr__component *component; /* its name, self and destroy; the id is the task name or pattern */
    flr_executor_ops ops;
} flr__executor;

typedef struct flr__executors {
    flr__executor *items;
    size_t count, capacity;
} flr__executors;

/* [give on 0] CL-02. */
int flr__executors_add(flr__executors *e, const char *task, const flr_executor_ops *ops,
                       void *self);
const flr__executor *flr__executors_find(const flr__executors *e, const char *task);
void flr__executors_free(flr__executors *e);

/* One task from its listing to its result: made with the task, listed until it is at its end. */
struct flr_execution {
    atomic_size_t refs;        /* all */
    atomic_size_t host_refs;   /* of these, the host's: who could still finish it */
    flr_client_runner *client; /* held */
    char *name;
    flr_shareable *data; /* what the executor gets, frozen */
    flr_signal *abort;   /* child of the run's */
    atomic_bool claimed; /* somebody finishes it */
    atomic_bool done;    /* what follows is constant */
    int status;
    flr_shareable *result;
    bool
        abandoned; /* guarded by the client's lock: nobody waits for it, its end takes it off the list */
    struct flr_execution *next; /* guarded by the client's lock: the list of what is running */
};

/* CL-10: listed. 0 or FLR_E_NOMEM. */
int flr__execution_new(flr_client_runner *c, const char *name, flr_execution **out);
/* Call the executor: it is at work or done then. */
void flr__execution_begin(flr_execution *x, const flr__executor *executor, flr_context *context,
                          flr_shareable *data);
bool flr__execution_is_done(const flr_execution *x);
/* The end of the processing: off the list, but for one that is at work. Drops the client's reference. NULL is fine. */
void flr__execution_end(flr_execution *x);

/* ---- the runner ---- */

/* The task that is being processed. Only the loop touches it. */
typedef struct flr__client_task {
    char *name;
    flr_value *id;       /* the header as it came; NULL */
    flr_shareable *data; /* as it came, frozen; NULL */
    bool dressed;        /* the properties of CL-11 were set */
    const char *rc;      /* a reply with this code; NULL: there is a result */
    flr_execution *execution;
    const flr__executor *executor; /* to execute it */
    flr_shareable *filtered;       /* data for the executor */
    flr_shareable *result;         /* then the reply */
} flr__client_task;

struct flr_client_runner {
    flr__site site; /* first: a site is its owner */
    atomic_size_t refs;
    flr_client_engine_ops host;
    const flr__str *parent;
    flr_value *parent_value;
    double sync_timeout, get_task_timeout, check_timeout, submit_timeout; /* seconds */
    int64_t heartbeat_interval;
    bool resubmit;
    flr__client_times times;
    flr__executors executors;

    /* the loop: only the thread that runs or steps touches these */
    flr__client_core core;
    flr_context *context;
    flr__call call;
    flr__client_task task;
    double min_timeout;       /* highest `min_get_task_timeout` heard; 0: none */
    flr_shareable *delivered; /* the last result that was delivered, with its headers; NULL */
    char *delivered_name, *delivered_id; /* of its task */

    atomic_int mode; /* FLR__MODE_* */
    atomic_bool stepping;
    atomic_bool freed;                /* the host has dropped its reference */
    atomic_bool requested;            /* the run is to end as an abort */
    atomic_bool ended;                /* the server ended it */
    atomic_bool closed;               /* `_end_run` was fired: aborts have no effect */
    atomic_bool ready;                /* a task-ready notice since the last pull was sent */
    atomic_int_fast64_t heartbeat_at; /* when the next one is due; FLR_TIME_NONE */
    flr_context *driver_context;      /* the driver's */
    flr_shareable *empty;             /* frozen: what messages without content carry */
    flr_signal *abort;
    flr_value *abort_value;
    flr__watch *watch;
    flr__waker run_waker, driver_waker;
    pthread_t driver;
    atomic_bool driver_quit;
    flr__mutex changes_lock; /* rank CHANGES: one subscription at a time */
    flr__mutex lock;         /* rank STATS: guards what follows */
    flr_execution *running;
    flr_client_stats stats;
    char detail[FLR__DETAIL_MAX];
};

/* client.c */
void flr__client_notify(flr_client_runner *c); /* the loop must look again */
void flr__client_count(flr_client_runner *c, uint64_t *counter);
void flr__client_set_detail(flr_client_runner *c, const char *detail);
/* The run ends: as an abort, or because the server says so. */
void flr__client_stop(flr_client_runner *c, bool requested);

/* messages.c */
int flr__client_register_topics(flr_client_runner *c);
int flr__client_hear(flr__site *site, const flr__str *event, flr_context *context);

/* work.c: the steps of processing one task; the core's outcome */
flr__client_outcome flr__work_take(flr_client_runner *c, const flr__call_answer *answer,
                                   int64_t *wait); /* after a pull */
flr__client_outcome flr__work_prepare(flr_client_runner *c);
void flr__work_execute(flr_client_runner *c);
bool flr__work_is_executed(flr_client_runner *c);
int flr__work_finish(flr_client_runner *c); /* 0: there is a reply to submit */
void flr__work_drop(flr_client_runner *c);

/* drive.c */
void flr__client_finish(flr_client_runner *c); /* what a run needed is released */
/* A stepped run that the host has dropped before its end: what is under way holds it no more. */
void flr__client_give_up(flr_client_runner *c);

/* driver.c */
int flr__client_driver_start(flr_client_runner *c);
void flr__client_driver_stop(flr_client_runner *c);
void flr__client_drive_timers(flr_client_runner *c);
int64_t flr__client_timers_due(flr_client_runner *c);

#endif
