/*
 * The one way to wait: a waker counts notices. Who waits: take a ticket, look at the state (under whatever lock guards it),
 * and if there is nothing to do, wait for the ticket to grow old. Who changes the state: change it, then notify. So no
 * notice is lost, no matter which locks guard the state, and one waiter can wait for a change, a signal and a deadline at once.
 */
#ifndef FLR_LIB_WAIT_H
#define FLR_LIB_WAIT_H

#include "base/lock.h"
#include <flrunner/clock.h>
#include <flrunner/signal.h>
#include <stdatomic.h>

typedef struct flr__waker {
    flr__mutex lock;
    pthread_cond_t cond;
    atomic_uint_fast64_t count;  /* of notices */
    atomic_uint_fast32_t waiters;
} flr__waker;

int flr__waker_init(flr__waker *w); /* 0 or FLR_E_NOMEM */
void flr__waker_destroy(flr__waker *w);
uint64_t flr__waker_ticket(flr__waker *w);
void flr__waker_notify(flr__waker *w); /* wakes all; may be called under any lock of lower rank */

/* Wait until notified since the ticket (0) or until `deadline` of `clock` (FLR_E_TIMEDOUT). The clock wakes it when it is moved. */
int flr__waker_wait(flr__waker *w, uint64_t ticket, flr_clock *clock, int64_t deadline);

/* While attached, a trigger of the signal or of an ancestor notifies the waker. The link lives in the caller's frame; no allocation. */
typedef struct flr__signal_link {
    flr__waker *waker;
    flr_signal *signal;
    struct flr__signal_link *next, **back;
} flr__signal_link;
void flr__signal_attach(flr_signal *s, flr__signal_link *link, flr__waker *w);
void flr__signal_detach(flr__signal_link *link);

/* Called outside all locks, on the triggering thread, after each trigger of the signal or of an ancestor. Set once, before the signal is
 * shared; self lives as long as the signal does: release(self) is called with its last reference. */
void flr__signal_set_observer(flr_signal *s, void (*notice)(void *self), void (*release)(void *self), void *self);
void flr__signal_release(void *signal); /* drops a reference: for values of kind pointer */

#endif
