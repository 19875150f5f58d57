/*
 * A site: what the server runner and the client runner have in common. Identity, job, clock, log, limits, components, events, sticky
 * properties, auxiliary topics, scopes, audit. Embedded as the first member of its owner; contexts hold the owner by reference.
 */
#ifndef FLR_LIB_SITE_H
#define FLR_LIB_SITE_H

#include "base/heap.h"
#include "base/id.h"
#include "base/lock.h"
#include "base/str.h"
#include "base/table.h"
#include "base/text.h"
#include "data/shareable.h"
#include "fl/hostcall.h"
#include <flrunner/communicator.h>
#include <flrunner/component.h>
#include <flrunner/controller.h>
#include <flrunner/engine.h>
#include <flrunner/filter.h>
#include <stdatomic.h>

typedef struct flr__site flr__site;

/* ---- components (component.c): ids and order; what hears events, is found, saved, restored, destroyed ---- */
enum flr__component_kind { FLR__COMPONENT = 1, FLR__CONTROLLER = 2, FLR__COMMUNICATOR = 3 };
typedef struct flr__component {
    const flr__str *id;
    const flr__str *name;         /* ops.name, else id: origin of events */
    enum flr__component_kind kind;
    flr_component_ops ops;        /* events and name deep-copied; freed with the entry */
    const flr__str **events;      /* what handle_event wants; NULL: all */
    size_t event_count;
    void *self;
    struct flr__component_callback *callbacks; /* for named events */
    size_t callback_count, callback_capacity;
} flr__component;
typedef struct flr__component_callback { const flr__str *event; flr_event_handler handler; void *self; } flr__component_callback;

typedef struct flr__components {
    flr__component **items; /* in order of addition */
    size_t count, capacity;
} flr__components;

/* Copies ops (deep). 0; FLR_E_INVAL, FLR_E_LIMIT, FLR_E_ABI, FLR_E_NOMEM. ops NULL: all members NULL. */
int flr__component_new(const char *id, enum flr__component_kind kind, const flr_component_ops *ops, void *self, flr__component **out);
void flr__component_free(flr__component *c, bool destroy); /* destroy: call ops.destroy(self) */
int flr__components_add(flr__components *cs, flr__component *c); /* [give on 0]; the id may be in use once per kind of one workflow: the caller checks ids */
flr__component *flr__components_find(const flr__components *cs, const char *id, enum flr__component_kind kind); /* kind 0: any */
void flr__components_free(flr__components *cs); /* with destroy, in order */
/* Registers a callback for a named event; the same handler and self twice count once. 0, FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOMEM. */
int flr__component_add_callback(flr__component *c, const char *event, flr_event_handler handler, void *self);

/* ---- event bus (bus.c) ---- */
typedef struct flr__listener { flr_event_handler handler; void *self; const flr__component *component; } flr__listener;
typedef struct flr__listeners { atomic_size_t refs; size_t count; flr__listener items[]; } flr__listeners;
typedef struct flr__bus {
    flr__mutex lock;
    _Atomic(flr__listeners *) known[FLR__S_COUNT]; /* by well-known event; guarded by lock, emptiness may be read without */
    flr__listeners *any;  /* who hears events that are not well-known and that nobody named */
    flr__table named;     /* events that are not well-known but named by somebody */
    atomic_bool others;   /* whether events that are not well-known can have listeners */
    /* the owner itself, last: for `_fatal_system_error` and get_stats */
    int (*owner_handler)(flr__site *site, const flr__str *event, flr_context *context);
} flr__bus;
/* Rebuild the lists after the components changed (under the caller's exclusion of other changes). 0 or FLR_E_NOMEM: nothing changed. */
int flr__bus_rebuild(flr__site *site);
/* Fire. `event` well-known or not. Rows EV. Returns as flr_context_fire. */
int flr__fire(flr_context *context, const flr__str *event);
/* For hot paths: a load and a branch if nobody hears it. */
#define FLR__FIRE(context, name) (flr__bus_hears((context)->site, FLR__S_##name) ? flr__fire((context), FLR__STR(name)) : 0)

/* ---- sticky properties (manager.c) ---- */
typedef struct flr__prop { flr_value *value; uint32_t flags; } flr__prop;
typedef struct flr__manager {
    flr__mutex lock;                      /* rank MANAGER: guards what follows */
    flr__prop slots[FLR__S_STATS_COLLECTOR + 1];
    struct flr__prop_map *others;
    atomic_uint_fast64_t version;         /* bumped by every change: caches of derived values compare it */
} flr__manager;

/* ---- auxiliary topics (aux.c) ---- */
typedef int (*flr__aux_handler)(void *self, flr_context *context, const char *topic, const flr_shareable *request, flr_shareable **reply);
typedef struct flr__aux_table {
    flr__mutex lock;          /* rank BUS: guards topics */
    flr__table topics;
    flr__mutex send_lock;     /* rank BUS: guards what follows and the state of every send; never held with lock */
    flr__heap pending;        /* sends with a deadline that nobody waits for */
    uint64_t order;
    bool closed;
    flr_shareable *failures[4]; /* frozen; what a failure becomes, so that reporting one allocates nothing */
} flr__aux_table;
/* flr__site_init and flr__site_free call these; until init has returned 0, nothing of the table may be used. 0 or FLR_E_NOMEM: undone. */
int flr__aux_init(flr__aux_table *aux);
void flr__aux_free(flr__aux_table *aux);

/* ---- scopes and chains (filter.c) ---- */
typedef struct flr__chain_entry { const flr__str *pattern; int direction; flr_filter_chain *chain; } flr__chain_entry;
typedef struct flr__chains { flr__chain_entry *items; size_t count, capacity; } flr__chains;
typedef struct flr__scopes { flr_scope **items; size_t count, capacity; const flr__str *default_name; } flr__scopes;

struct flr__site {
    /* set before the site is used, constant afterwards */
    flr_engine_ops engine;
    void *engine_self;
    flr_runner *runner;               /* the owner if it is a server runner */
    const flr__str *job, *identity;
    flr_value *job_value, *identity_value; /* text over those; identity_value NULL if empty */
    flr_value *event_texts[4]; /* origins "ServerRunner", "ClientRunner", scopes "local", "federation" */
    flr_value *engine_value, *manager_value, *runner_value; /* pointer values; runner_value may be NULL */
    flr_clock *clock;
    int log_level;                    /* lines below it are not formatted */
    bool secure;
    size_t event_depth, name_max;
    flr__chains data_chains, result_chains; /* the job's */
    flr_scope *scope;                 /* the effective scope; NULL: none */
    flr_value *filter_dirs[2];        /* texts "in", "out"; flr__filters_init */
    void (*release)(flr__site *site); /* drop a reference of the owner */
    void (*retain)(flr__site *site);
    /* the owner's clients, for auxiliary messages to everybody: append each name. 0 or FLR_E_NOMEM; NULL: there is nobody */
    int (*list_targets)(flr__site *site, int (*add)(void *self, const flr__str *name), void *self);
    /* counts a failure of an event handler, the engine, or an aux reply by its return code */
    void (*count)(flr__site *site, size_t counter_offset);
    void (*count_aux)(flr__site *site, const char *rc);
    /* flr__aux_due has become earlier: the driver must look again. Only signals; NULL: there is no driver */
    void (*wake_driver)(flr__site *site);
    /* a sticky property that is made when first read (`__client_hierarchy__`): [out] a reference, NULL: it could not be made. NULL: there are no such */
    flr_value *(*build)(flr__site *site, unsigned slot);

    flr__components components;       /* grows before the first run only (guarded by the owner's rule) */
    flr__bus bus;
    flr__manager manager;
    flr__aux_table aux;
    struct flr__reliable *reliable;   /* its owner's (reliable/reliable.h); NULL: none */
    flr__mutex ids_lock;              /* rank STATS: guards ids */
    flr__rng ids;                     /* event ids, audit ids, message root ids */
};

/* A load: does anybody hear this well-known event (the owner counts). The list itself is read under the lock. */
static inline bool flr__bus_hears(const flr__site *site, unsigned event)
{
    return atomic_load_explicit(&((flr__site *)(uintptr_t)site)->bus.known[event], memory_order_relaxed) != NULL;
}

/* Initialise with defaults (all optional members empty; refcounting and owner callbacks are the caller's to set before). job non-empty.
 * engine is already imported. 0 or FLR_E_NOMEM: everything undone. */
int flr__site_init(flr__site *site, const flr_engine_ops *engine, void *engine_self, const char *job, const char *identity,
                   flr_clock *clock);
/* Releases everything; components are destroyed first, in order. */
void flr__site_free(flr__site *site);
void flr__site_new_id(flr__site *site, char text[FLR__ID_TEXT]);

/* enlist.c: components and callbacks of a site that exists already. As flr_config_add_component and flr_config_subscribe; the caller sees to it that no run was begun, and gives
 * a lock of rank CHANGES for subscriptions, which are allowed at any time. */
int flr__site_add_component(flr__site *site, const char *id, const flr_component_ops *ops, void *self);
int flr__site_subscribe(flr__site *site, flr__mutex *lock, const char *component, const char *event, flr_event_handler handler, void *self);
/* FI-09: the effective scope is seen by every context. 0 or FLR_E_NOMEM. */
int flr__site_show_scope(flr__site *site);
/* The arguments of an inbound message; takes the context for the call, which ends with flr__call_done. 0, FLR_E_INVAL, FLR_E_LIMIT, FLR_E_STATE. */
int flr__call_check(flr__site *site, const char *peer, flr_context *context);
void flr__call_done(flr_context *context);

/* Write a log line without a context, without a log event ("[identity=..]: " prefix is left out). */
void flr__site_log(flr__site *site, int level, const char *format, ...) FLR_PRINTF(3, 4);
bool flr__site_log_is_on(const flr__site *site, int level);
/* "NAME: detail" or, in secure mode or without a detail, "NAME", of a code. */
void flr__status_describe(const flr__site *site, int status, const char *detail, char *text, size_t size);

/* Find handlers. Registering is allowed at any time. 0, FLR_E_INVAL, FLR_E_LIMIT, FLR_E_EXISTS, FLR_E_NOMEM. */
int flr__aux_register(flr__site *site, const char *topic, flr__aux_handler handler, void *self);
int flr__aux_unregister(flr__site *site, const char *topic);
/* Rows AX-01 to AX-03: dispatch; the reply is kept in the context (view) and returned. 0, or FLR_E_NOMEM / FLR_E_INVAL. */
int flr__aux_process(flr__site *site, const char *client, const char *topic, flr_context *context, const flr_shareable *request,
                     const flr_shareable **reply);

/* Rows AX-08, AX-09. targets: names; NULL: all clients. timeout in seconds; 0: do not wait, replies NULL. If start returns 0, done is called
 * exactly once when every target has reported or the deadline has passed, outside locks, on any thread, perhaps before start returns. With
 * timeout 0 it is called by start and may be NULL. *send (send may be NULL): a reference of the library, dropped with flr__aux_drop. */
typedef void (*flr__aux_done)(void *self, flr_aux_send *send);
typedef struct flr__aux_options { const char *const *targets; size_t target_count; double timeout; bool optional, secure; } flr__aux_options;
int flr__aux_start(flr_context *context, const char *topic, const flr_shareable *request, const flr__aux_options *options,
                   flr__aux_done done, void *self, flr_aux_send **send);
void flr__aux_drop(flr_aux_send *send); /* not flr_aux_send_unref: that is the host's; NULL is fine */
const flr_shareable *flr__aux_reply_of(const flr_aux_send *send, size_t target); /* after done: never NULL but for timeout 0 */
int flr__aux_code_of(const flr_aux_send *send, size_t target); /* after done: why there was no reply; 0: there was one */
int64_t flr__aux_deadline(const flr_aux_send *send);
void flr__aux_expire(flr_aux_send *send, int64_t now); /* at or after its deadline: missing replies become TIMEOUT, done is called */
/* For the driver: the earliest deadline (FLR_TIME_NONE), and acting on all that are due, oldest first. Not under a lock. */
int64_t flr__aux_due(flr__site *site);
void flr__aux_advance(flr__site *site, int64_t now);
/* The driver is gone for good: what is pending fails with FLR_E_ABORTED, later sends that need a driver are FLR_E_STATE. Not under a lock. */
void flr__aux_close(flr__site *site);
/* start + wait; ended early by `abort` (may be NULL): FLR_E_ABORTED. replies: a map of target to pointer values "flr_shareable". */
int flr__aux_send_and_wait(flr_context *context, const char *topic, const flr_shareable *request, const flr__aux_options *options,
                           flr_signal *abort, flr_value **replies);

/* ---- filters ---- */
int flr__filters_init(flr__site *site);  /* filter_dirs; called by flr__site_init. 0 or FLR_E_NOMEM */
void flr__filters_free(flr__site *site); /* by flr__site_free */
/* Whoever gave self keeps it: destroy will not be called. For registrations that fail after flr_filter_new. */
void flr__filter_disown(flr_filter *filter);
/* Run scope's then job's chains for this task name; *message is replaced by the output (the caller's reference passes through). On failure the code,
 * and *message is released and NULL. Sets `__filter_dir__` first. direction FLR_FILTER_IN or FLR_FILTER_OUT. */
int flr__filters_apply(flr_context *context, const flr__chains *job, bool results, int direction, const char *task_name,
                       flr_shareable **message);
/* Whether any filter would be applied: submissions and requests inside callbacks need to know. */
bool flr__filters_any(const flr__site *site, const flr__chains *job, bool results, int direction, const char *task_name);
int flr__chains_add(flr__chains *chains, const char *pattern, int direction, flr_filter_chain *chain); /* FI-03, FI-04; chain borrowed */
/* The same for one filter made of ops; self: [give on 0]. */
int flr__chains_add_filter(flr__chains *chains, const char *pattern, int direction, const flr_filter_ops *ops, void *self);
void flr__chains_free(flr__chains *chains);
int flr__scopes_add(flr__scopes *scopes, flr_scope *scope); /* FLR_E_EXISTS; scope borrowed */
int flr__scopes_set_default(flr__scopes *scopes, const char *name); /* FLR_E_NOTFOUND is found out by choose */
/* FI-08: the scope for a job's scope name. 0 and the scope (borrowed; NULL: no policy), which cannot be changed from now on, or FLR_E_NOTFOUND. */
int flr__scopes_choose(const flr__scopes *scopes, const char *name, flr_scope **scope);
void flr__scopes_free(flr__scopes *scopes);

#endif
