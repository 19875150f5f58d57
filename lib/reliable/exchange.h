/* What the files of the sending side share: send.c (messages, replies, the end of an exchange) and start.c (its begin, waiting for it). */
#ifndef FLR_LIB_RELIABLE_EXCHANGE_H
#define FLR_LIB_RELIABLE_EXCHANGE_H

#include "reliable/internal.h"

typedef struct flr__exchange {
    flr__due due; /* first: a due is its exchange */
    atomic_size_t refs;
    flr__reliable *reliable;
    /* constant */
    const flr__str *target, *topic;
    char id[FLR__ID_TEXT];
    uint32_t hash;
    uint32_t flags; /* FLR_AUX_FLAG_* */
    double message_timeout, timeout;
    flr_shareable *request;    /* frozen */
    flr_shareable *late_reply; /* what a timeout becomes; frozen */
    flr_signal *abort;         /* child of the given one; NULL: none was given */
    flr__watch *watch;
    flr_context *context; /* of who acts; NULL once it is over */
    bool plain, waited;
    flr_reliable_done done; /* unless waited */
    void *self;
    flr__waker waker; /* if waited */

    /* guarded by the lock */
    flr__sender core;
    bool acting;
    bool unsent;        /* core.message is a new one */
    bool quiet;         /* no message any more */
    bool finished;      /* waited: `reply` is there */
    flr_aux_send *send; /* of the message under way */
    flr_shareable *reply;
} flr__exchange;

flr__exchange *flr__exchange_hold(flr__exchange *x);
void flr__exchange_drop(flr__exchange *x); /* NULL is fine */
/* After each event of its core, under the lock: what is to be sent, when to come again, whether it is over. */
void flr__exchange_note_locked(flr__exchange *x, bool send);
bool flr__exchange_is_aborted(const flr__exchange *x);
/* Carry out what the core decided, unless another thread does. The caller holds a reference, and no lock. */
void flr__exchange_work(flr__exchange *x);
void flr__exchange_advance(flr__exchange *x, int64_t now);

#endif
