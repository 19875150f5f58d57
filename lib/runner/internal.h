/*
 * What the files of lib/runner share: the configuration and the runner's own struct. Nobody else includes this.
 */
#ifndef FLR_LIB_RUNNER_INTERNAL_H
#define FLR_LIB_RUNNER_INTERNAL_H

#include "base/turnstile.h"
#include "fl/watch.h"
#include "runner/counters.h"
#include "runner/gate.h"
#include "runner/lifecycle.h"
#include "runner/runner.h"

/* Names that a configuration was given. */
typedef struct flr__names {
    const flr__str **items;
    size_t count;
} flr__names;

/* What a configuration sets and a runner keeps. */
typedef struct flr__settings {
    double request_interval;                                                    /* seconds */
    int64_t heartbeat_timeout, grace, lead_time, ready_timeout, ready_interval; /* nanoseconds */
    flr__names fatal_codes, required_sites;
    size_t min_sites;
    size_t result_depth, result_count, result_bytes;
    bool allow_state_mismatch;
    size_t reliable_workers;
    int64_t reliable_interval; /* nanoseconds */
} flr__settings;

struct flr_config {
    flr__settings settings;
    flr_clock *clock; /* NULL: the system clock */
    bool seeded;
    uint64_t seed;
    char *identity;
    char *job_scope;
    int log_level;
    bool secure;
    size_t event_depth, name_max;
    flr__components components;
    flr__chains data_chains, result_chains;
    flr__scopes scopes;
    flr_workflow **workflows;
    size_t workflow_count, workflow_capacity;
    char detail[FLR__DETAIL_MAX];
};

enum { FLR__MODE_NONE = 0, FLR__MODE_RUN = 1, FLR__MODE_STEP = 2 };

/* Why the controller is to be stepped; bits of `wanted`. */
enum { FLR__WANT_OPENED = 1, FLR__WANT_TASK = 2, FLR__WANT_WAKE = 4, FLR__WANT_ABORT = 8 };

/* Values that answers share, made anew when sticky properties change. Guarded by answer_lock. */
typedef struct flr__answer_cache {
    uint64_t version;
    bool valid;
    flr_value *wire;          /* public properties of a context that set none itself */
    flr_value *min_timeout;   /* `__min_get_task_timeout__` or NULL */
    flr_shareable *try_again; /* frozen */
} flr__answer_cache;

struct flr_runner {
    flr__site site; /* first: a site is its owner */
    atomic_size_t refs;
    flr__settings settings;
    uint8_t secret[16];
    flr_workflow **workflows;
    size_t workflow_count;
    flr__clients clients;
    flr__counters counters;
    flr__gate gate;

    /* lifecycle: only the thread that runs or steps touches these */
    flr__lifecycle life;
    flr_context *context, *control_context;
    int64_t step_due; /* when the controller's step wants to be called */
    bool in_wait;     /* stepping: the present action waits */
    atomic_int mode;  /* FLR__MODE_* */
    atomic_bool stepping;
    atomic_bool restored, restore_failed;
    atomic_bool resuming; /* restored, and its first workflow is not open yet */
    atomic_uint_fast64_t begun; /* runs, with those before a restore */

    atomic_int status; /* FLR_STATUS_*; only ever grows */
    atomic_bool cold, panicked, ended;
    atomic_bool stopped;             /* abort was called, or the signal triggered */
    atomic_uint wanted;              /* FLR__WANT_* */
    atomic_size_t index;             /* copy of life.index for readers */
    _Atomic(flr_workflow *) current; /* between its initialize_run and finalize_run */
    flr__waker run_waker;            /* who runs waits here */
    flr_signal *abort;
    flr_value *abort_value;             /* pointer to it, for the sticky property */
    flr_value *wait_value, *empty_text; /* shared by answers */
    flr__watch *watch;

    flr__mutex decide_lock; /* rank DECIDE: what is due is decided by one thread at a time */
    atomic_int_fast64_t policy_at; /* when the deployment policy was violated, the panic is to follow; FLR_TIME_NONE */
    atomic_bool policy_panicked; /* once per run */

    /* the driver */
    flr_context *driver_context;
    flr__waker driver_waker;
    pthread_t driver;
    atomic_bool driver_quit;
    atomic_bool kicked; /* callbacks wait to be made */
    atomic_bool
        advance_missed; /* stepping: the communicator was in use; who leaves it kicks. Partner: its turnstile */
    atomic_int_fast64_t communicator_due;
    flr__turnstile
        driving; /* taken while a communicator's advance is called, and to keep the driver out of a closing workflow */
    bool advance_allowed; /* guarded by `driving` */

    flr__turnstile saving; /* save callbacks and persist: one at a time */
    flr__mutex
        changes_lock; /* rank CHANGES: one subscription at a time; guards the callbacks of components */
    flr__mutex answer_lock; /* rank STATS: guards the cache and the detail text */
    flr__answer_cache cache;
    char detail[FLR__DETAIL_MAX];
};

/* runner.c */
void flr__runner_ref(flr_runner *r);
void flr__runner_unref(flr_runner *r);
void flr__runner_gate_left(void *self);
void flr__runner_notify(flr_runner *r); /* whoever runs or steps must look again */
void flr__runner_set_detail(flr_runner *r, const char *detail);
void flr__runner_count2(flr_runner *r, uint32_t hash, size_t first, size_t second);
int flr__runner_check_call(flr_runner *r, const char *client,
                           flr_context *context); /* arguments of process_*; takes the context */
void flr__runner_end_call(flr_context *context);

/* config.c */
void flr__names_free(flr__names *names);

/* callbacks.c: calls of the host, bracketed; the code, with the detail left in the context */
int flr__call_component(flr_runner *r, int (*fn)(void *, flr_context *), void *self,
                        flr_context *context, enum flr__host_kind kind, const void *object);
bool flr__communicator_try_enter(flr_runner *r, flr_workflow *w);
int flr__communicator_enter(flr_runner *r, flr_workflow *w,
                            flr__host_frame *frame); /* FLR_E_REENTRANT */
void flr__communicator_leave(flr_workflow *w, flr__host_frame *frame);
void flr__log_failure(flr_runner *r, flr_context *context, int level, const char *what, int status);

/* credit.c */
void flr__runner_credit(flr_runner *r, flr_context *context, flr__client *c, const char *reason,
                        int64_t now);
void flr__runner_fire_disconnected(flr_runner *r, flr_context *context, flr__client *c);
/* Another set of known clients: who waits for some of them looks again. */
void flr__runner_clients_changed(flr_runner *r);
int flr__runner_tell_watched(flr_runner *r, flr_workflow *w, flr_context *context);

/* answer.c */
void flr__answer_cache_free(flr_runner *r);
int flr__answer_try_again(flr_runner *r, flr_context *context);
void flr__answer_end_run(flr_context *context);
int flr__answer_finish_task(flr_runner *r, flr_context *context, flr_shareable *data);
/* The record of whom a call names; often the same as in the context's last call. NULL: out of memory. */
flr__client *flr__call_client(flr_runner *r, flr_context *context, const char *name);
int flr__peer_accept(flr_runner *r, flr_context *context, flr__client *c);
/* What the accepted peer says of itself: its public properties. [out] a reference */
int flr__peer_props(flr_runner *r, const flr_context *context, flr_value **props);
/* The text of a workflow's id for a message of this context: [borrow] */
const flr_value *flr__workflow_id_for(flr_context *context, const flr_workflow *w);
bool flr__peer_is_of_job(const flr_runner *r, const flr_context *context);

/* builtin.c, listing.c, driver.c, drive.c, state.c */
int flr__builtin_register(flr_runner *r);
int flr__runner_hear(flr__site *site, const flr__str *event, flr_context *context);
int flr__runner_hierarchy(flr_runner *r, flr_value **out);
int flr__driver_start(flr_runner *r);
void flr__driver_stop(flr_runner *r);
int64_t flr__driver_act(flr_runner *r); /* does what is due; when to come again */
/* DC-09: panics if it is violated now. false: the driver has client events to fire first, and panics itself. */
bool flr__runner_check_policy(flr_runner *r, flr_context *context);
int64_t flr__driver_due(flr_runner *r); /* when there is something to do; FLR_TIME_NONE */
int flr__drive_begin(flr_runner *r);    /* what run and step need: reserve. 0, FLR_E_NOMEM */
void flr__drive_finish(flr_runner *r);
/* Do the present action. true: go on at once; false: it waits until *due, or a notice. In neither case is anything waited for here. */
bool flr__drive(flr_runner *r, int64_t *due);
int flr__runner_persist_completed(flr_runner *r, bool completed);

#endif
