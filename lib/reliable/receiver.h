/*
 * The receiving side of reliable messages as a plain state machine: a table of transactions, each of a client and an id, and what is
 * answered and done about them. It takes no lock, reads no clock and calls nobody; the shell (handle.c) does what it says.
 * Rows RM-05 to RM-07, RM-13, RM-14.
 *
 * A transaction is the shell's, which embeds flr__rx_tx. It is queued, running, replying (its result is on the way), finished
 * (the result waits to be fetched), and then over: confirmed, cancelled or expired. One that is over is remembered for twice its
 * timeout, so that its request is never executed again, and forgotten then.
 *
 * What a client can make this hold is bounded: so many transactions that are not over (a request beyond is FLR__RX_FULL), and so many
 * that are remembered (beyond them the client's oldest ones are forgotten). Both count per client, so that it harms itself only.
 */
#ifndef FLR_LIB_RELIABLE_RECEIVER_H
#define FLR_LIB_RELIABLE_RECEIVER_H

#include "base/heap.h"
#include "base/table.h"

#define FLR__RX_OPEN_MAX     1024 /* of one client: queued to finished, or its handler still at work */
#define FLR__RX_REMEMBER_MAX 32768 /* of one client: over */

typedef enum flr__rx_state {
    FLR__RX_QUEUED,
    FLR__RX_RUNNING,
    FLR__RX_REPLYING,
    FLR__RX_FINISHED,
    FLR__RX_CONFIRMED, /* this and what follows: over */
    FLR__RX_CANCELLED,
    FLR__RX_EXPIRED
} flr__rx_state;

/* The statuses of RM-06 and RM-07, the result itself, and no room. */
typedef enum flr__rx_answer {
    FLR__RX_IN_PROCESS,
    FLR__RX_IN_REPLY,
    FLR__RX_NOT_RECEIVED,
    FLR__RX_REPLIED,
    FLR__RX_ABORTED,
    FLR__RX_DUPLICATE,
    FLR__RX_RESULT,
    FLR__RX_FULL
} flr__rx_answer;

typedef struct flr__rx_tx {
    flr__due due; /* first: a due is its transaction. Expires, or is forgotten */
    struct flr__rx_client *client;
    const char *id; /* the shell's */
    uint32_t hash;
    flr__rx_state state;
    bool busy; /* a handler or the sending of the result is at work: it stays until that ends */
    int64_t timeout; /* nanoseconds */
    int64_t arrived;
    struct flr__rx_tx *next, *previous; /* in the queue, or among those that its client remembers */
} flr__rx_tx;

typedef struct flr__rx_list {
    flr__rx_tx *first, *last;
} flr__rx_list;

typedef struct flr__receiver {
    flr__table transactions, clients;
    flr__heap dues;
    flr__rx_list queue;
    size_t waiting; /* in the queue */
    uint64_t order;
    size_t open_max, remember_max;
    bool closed;
} flr__receiver;

/* What an event left behind, for the shell to act on. */
typedef struct flr__rx_left {
    flr__rx_tx *over; /* just became that: request and result are of no use any more. NULL: none */
    bool stop;        /* its handler is to be told */
    flr__rx_tx *forgotten; /* to be freed; may be `over` itself. NULL: none */
} flr__rx_left;

void flr__receiver_init(flr__receiver *r, size_t open_max, size_t remember_max);
void flr__receiver_free(flr__receiver *r); /* closed, and nothing busy */

/*
 * A request arrived. fresh: a new transaction with id and timeout set. *tx: `fresh` if it is new (taken over, queued), else the one
 * that it repeats (NULL if there is none: FLR__RX_FULL). 0, FLR_E_NOMEM: nothing changed.
 */
int flr__receiver_request(flr__receiver *r, const char *client, flr__rx_tx *fresh, int64_t now,
                          flr__rx_tx **tx, flr__rx_answer *answer);
/* A query. *tx: whose result, if the answer is that. */
flr__rx_answer flr__receiver_query(const flr__receiver *r, const char *client, const char *id,
                                   flr__rx_tx **tx);
/* The sender has the result. */
flr__rx_answer flr__receiver_confirm(flr__receiver *r, const char *client, const char *id,
                                     int64_t now, flr__rx_left *left);
/*
 * The sender waits no longer. A cancel may overtake its request: then `fresh`, as above, is remembered as cancelled, and *taken says so.
 */
flr__rx_answer flr__receiver_cancel(flr__receiver *r, const char *client, const char *id,
                                    flr__rx_tx *fresh, int64_t now, bool *taken,
                                    flr__rx_left *left);

/* The oldest that waits, and the same, now running; NULL: none. */
const flr__rx_tx *flr__receiver_first(const flr__receiver *r);
flr__rx_tx *flr__receiver_take(flr__receiver *r);
/* Its handler is done. true: the result is to be sent, then tell how that went; false: nobody wants it. */
bool flr__receiver_finished(flr__receiver *r, flr__rx_tx *tx, int64_t now, flr__rx_left *left);
void flr__receiver_pushed(flr__receiver *r, flr__rx_tx *tx, bool acknowledged, int64_t now,
                          flr__rx_left *left);

/* When something expires or is forgotten; doing that, one at a time: false, there is none. */
int64_t flr__receiver_due(const flr__receiver *r);
bool flr__receiver_expire(flr__receiver *r, int64_t now, flr__rx_left *left);
/* Closes; nothing is taken any more. One transaction at a time: false, there is none but busy ones. */
bool flr__receiver_close(flr__receiver *r, flr__rx_left *left);

#endif
