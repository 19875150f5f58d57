/* What the files of the receiving side share: handle.c (inbound messages, transactions) and workers.c (running handlers). */
#ifndef FLR_LIB_RELIABLE_HANDLE_H
#define FLR_LIB_RELIABLE_HANDLE_H

#include "reliable/internal.h"

/* The handler of a topic; lives as long as the site's owner. */
typedef struct flr__rx_handler {
    flr_reliable_handler function;
    void *self;
    flr__reliable *reliable;
    const flr__str *topic;
} flr__rx_handler;

/* A transaction. What it holds is taken out under the lock when it is over. */
typedef struct flr__rx_job {
    flr__rx_tx tx; /* first: a transaction is its job */
    flr__reliable *reliable;
    const flr__rx_handler *handler; /* NULL: a cancel that came before its request */
    const flr__str *client;
    double message_timeout;
    flr_shareable *request; /* frozen */
    flr_shareable *result;  /* frozen; NULL: none yet */
    flr_signal *cancel;     /* child of `stop` */
    flr_value *cancel_value;
    char id[];
} flr__rx_job;

/* What events left, taken out under the lock. */
typedef struct flr__rx_waste {
    flr_shareable *request, *result;
    flr_signal *cancel;
    flr_value *cancel_value;
    bool stop;
    flr__rx_job *forgotten;
} flr__rx_waste;

flr__rx_waste flr__handle_collect(const flr__rx_left *left); /* under the lock */
void flr__handle_dispose(const flr__rx_waste *w);            /* without it */
/* [out] A copy of the result with the headers that say whose it is. 0, FLR_E_NOMEM, FLR_E_LIMIT. */
int flr__handle_dress(const char *id, const char *topic, const flr_shareable *result,
                      flr_shareable **dressed);

/* workers.c */
int flr__handle_call(const flr__rx_handler *h, flr_context *context, const flr_shareable *request,
                     flr_signal *cancel, flr_shareable **made);
/* There must be a worker before a request is taken in: nobody else would handle it. 0, FLR_E_NOMEM, FLR_E_THREAD. */
int flr__workers_ensure(flr__reliable *r);
/* Whether one more is needed so that `waiting` requests are taken at once: then flr__workers_start must follow, without the lock. */
bool flr__workers_want_locked(flr__reliable *r, size_t waiting);
int flr__workers_start(flr__reliable *r);

#endif
