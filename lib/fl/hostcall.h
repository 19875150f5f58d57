/*
 * Calling the host. Every call of a host callback is bracketed by a frame, so that the library knows what this thread is inside of: that is
 * how a call that would wait for its own thread becomes FLR_E_REENTRANT instead of a deadlock. lib/hostcall.c owns the one
 * thread-local pointer. Debug builds assert that no lock is held at flr__host_enter.
 */
#ifndef FLR_LIB_HOSTCALL_H
#define FLR_LIB_HOSTCALL_H

#include <stdbool.h>

enum flr__host_kind {
    FLR__HOST_EVENT = 1,     /* an event handler */
    FLR__HOST_TASK,          /* a callback of a task */
    FLR__HOST_FILTER,        /* a filter's process */
    FLR__HOST_UNKNOWN_TASK,  /* process_result_of_unknown_task */
    FLR__HOST_CONTROL_FLOW,  /* a controller's control_flow: may wait */
    FLR__HOST_CONTROLLER,    /* its other members */
    FLR__HOST_COMMUNICATOR,
    FLR__HOST_ENGINE,
    FLR__HOST_AUX,           /* an auxiliary handler, or a completion */
    FLR__HOST_PERSIST,       /* save, persist */
    FLR__HOST_STEP,          /* not host code: the stepping thread is inside flr_runner_step */
    FLR__HOST_CLIENT,        /* a client function of the local engine */
    FLR__HOST_EXECUTOR       /* an executor; the object is its flr__component */
};

typedef struct flr__host_frame {
    struct flr__host_frame *outer;
    const void *site;    /* the runner (flr__site) on whose behalf */
    const void *object;  /* task, filter, controller, ... */
    enum flr__host_kind kind;
} flr__host_frame;

void flr__host_enter(flr__host_frame *frame, enum flr__host_kind kind, const void *site, const void *object);
void flr__host_leave(flr__host_frame *frame);
flr__host_frame *flr__host_innermost(void); /* NULL: this thread is in no callback */

/* Whether this thread is inside a frame of that kind for that site (NULL: any) and object (NULL: any). */
bool flr__host_inside(enum flr__host_kind kind, const void *site, const void *object);
/* Whether this thread is inside a task callback, a filter or process_result_of_unknown_task of that site. */
bool flr__host_inside_turn(const void *site);
/* Whether waiting is allowed here: in no frame at all, or only control_flow frames (and client functions and executors). */
bool flr__host_may_wait(void);

#endif
