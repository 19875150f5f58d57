/* A workflow: its controller's and communicator's vtables with their selves. Reference counted. */
#ifndef FLR_LIB_WORKFLOW_H
#define FLR_LIB_WORKFLOW_H

#include "fl/site.h"
#include <stdbool.h>
#include <flrunner/runner.h>

/*
 * What the runner asks of the ready-made board beside its vtable: decisions at an instant, made under the runner's decide lock and no other.
 * A board that is not under way does nothing.
 */
typedef struct flr__board_hooks {
    void (*abandon)(void *board); /* its run is freed unfinished: end what stands, without a callback */
    struct flr__client *(*next_silent)(void *board, int64_t now); /* DC-07; NULL: none, or no more */
    void (*client_changed)(void *board, struct flr__client *c, int64_t now); /* disconnected, or heard after a report */
    void (*clients_listed)(void *board, int64_t now); /* the set of known clients has changed */
    bool (*decide)(void *board, int64_t now);         /* true: callbacks are left to the driver */
    void (*after)(void *board); /* outside all locks: make the notices of what was decided */
} flr__board_hooks;

struct flr_workflow {
    atomic_size_t refs;
    atomic_bool added;  /* part of a configuration */
    const flr__str *id; /* set when added */
    flr_value *id_value;
    flr_controller_ops controller;
    void *controller_self;
    flr__component *
        controller_component; /* until a configuration takes them; destroy is called by the workflow */
    flr_communicator_ops communicator;
    void *communicator_self;
    flr__component *communicator_component;
    void (*destroy_controller)(void *self);
    void (*destroy_communicator)(void *self);
    void *board; /* flr_board, if the communicator is one */
    const flr__board_hooks *hooks; /* of that board */
    const atomic_int_fast64_t *due; /* when it has something to decide */
    /* the open workflow's entries, one thread at a time unless concurrent: owner and waiters (lib/runner/turnstile.c) */
    struct flr__turnstile *communicator_turn, *unknown_turn;
};

/* As flr_workflow_new with a communicator; detail gets the name of a missing member (may be NULL). */
int flr__workflow_new(const flr_controller_ops *controller, void *controller_self,
                      const flr_communicator_ops *communicator, void *communicator_self,
                      void *board, const char **missing, flr_workflow **workflow);
/* Gives the workflow and its two components their id. FLR_E_STATE: it is part of a configuration already; FLR_E_NOMEM. */
int flr__workflow_name(flr_workflow *w, const char *id);
/* [give on 0] */
int flr__config_add_workflow(flr_config *config, const char *id, flr_workflow *workflow);
void flr__config_fail(flr_config *config, const char *format, ...) FLR_PRINTF(2, 3);

#endif
