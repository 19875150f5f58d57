/*
 * A host whose own callbacks never allocate but through the library, and pass the code of what
 * fails: for sweeps under failing allocations. A stepped run on a manual clock with one workflow
 * on a board, a component that saves a state, filters in both directions, a privacy scope,
 * clients site-1 to site-3. Used by one thread.
 */
#ifndef FLR_TESTS_OOMHOST_H
#define FLR_TESTS_OOMHOST_H

#include <check.h>
#include <flrunner.h>
#include <stdbool.h>

typedef struct oomhost {
    flr_clock *clock;
    flr_config *config;
    flr_workflow *workflow;
    flr_runner *runner;
    flr_context *context; /* for messages */
    flr_board *board;     /* once the workflow is under way */
    flr_filter *filter;
    flr_filter_chain *chain;
    flr_scope *scope;
    flr_state *state; /* the last one persisted */
    bool end;         /* the controller's next step ends the workflow */
    bool over;        /* the run has ended */
    int destroyed;    /* calls of the component's destroy */
    int heard;        /* events that the component heard */
    int64_t saved;    /* what the component saves and restores */
} oomhost;

extern oomhost host;

/* 0 or a code, nothing is left behind then: each makes what it names, and nothing else. */
int oomhost_component(int (*add)(const char *id, const flr_component_ops *ops, void *self));
int oomhost_controller(flr_controller_ops *ops); /* fills a vtable; self: &host */
int oomhost_configure(void);                     /* host.config with everything */
int oomhost_make(void);                          /* host.runner from host.config */
flr_value *oomhost_props(void);                  /* peer properties of the job */

/* With memory; they assert. */
void oomhost_build_clock(void);
void oomhost_build_config(
    void); /* an empty one, and a filter, a chain and a scope that are not configured yet */
void oomhost_build_runner(void); /* with a context */
void oomhost_build_open(void);   /* stepped until the workflow is open */
void oomhost_step(void);         /* until there is nothing to do now */
void oomhost_reset(void);        /* the context, with peer properties */
void oomhost_finish(void);       /* ends the run if there is one */
void oomhost_drop(void);         /* finishes and releases everything */

#endif
