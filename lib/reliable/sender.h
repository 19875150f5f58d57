/*
 * One exchange of the sending side of reliable messages as a plain state machine: which message is to be sent, and when it is over.
 * It takes no lock, reads no clock and calls nobody; the shell (send.c) does what it says. Rows RM-03, RM-10 to RM-13.
 *
 * One message is under way at a time. A pause of `interval` follows each, from its answer or failure on; one that was not answered
 * within its own timeout failed.
 */
#ifndef FLR_LIB_RELIABLE_SENDER_H
#define FLR_LIB_RELIABLE_SENDER_H

#include <stdbool.h>
#include <stdint.h>

typedef enum flr__tx_message {
    FLR__TX_NOTHING,
    FLR__TX_PLAIN, /* RM-03: the request itself, nothing is repeated */
    FLR__TX_REQUEST,
    FLR__TX_QUERY,
    FLR__TX_CONFIRM,
    FLR__TX_CANCEL
} flr__tx_message;

/* What came of a message. */
typedef enum flr__tx_heard {
    FLR__TX_LOST,  /* a failure, or an answer that says nothing */
    FLR__TX_ACKED, /* the receiver has the request */
    FLR__TX_SAYS_NOT_RECEIVED,
    FLR__TX_SAYS_ABORTED,
    FLR__TX_SAYS_UNKNOWN,     /* TOPIC_UNKNOWN */
    FLR__TX_SAYS_UNAVAILABLE, /* SERVICE_UNAVAILABLE */
    FLR__TX_SAYS_RESULT       /* the result; of a plain message any reply, failures too */
} flr__tx_heard;

/* How it ended. */
typedef enum flr__tx_end {
    FLR__TX_UNDER_WAY,
    FLR__TX_RESULT,
    FLR__TX_NOT_RECEIVED, /* the receiver does not know it, though it did */
    FLR__TX_GIVEN_UP,     /* the receiver expired or cancelled it */
    FLR__TX_NO_TOPIC,
    FLR__TX_UNAVAILABLE,
    FLR__TX_TIMED_OUT,
    FLR__TX_UNSENT, /* a plain message that could not be sent */
    FLR__TX_ABORTED
} flr__tx_end;

typedef struct flr__tx_times {
    int64_t interval, message, whole; /* nanoseconds; whole not above message: a plain message */
} flr__tx_times;

typedef struct flr__sender {
    flr__tx_times times;
    bool plain;
    bool acked;              /* second phase: the reply is waited for */
    flr__tx_message message; /* under way; NOTHING: a pause */
    uint64_t number;         /* of the last message; 0: none yet */
    int64_t deadline;        /* of the whole exchange */
    int64_t due;             /* when flr__sender_time is to be called; FLR_TIME_NONE: over */
    flr__tx_end end;
    flr__tx_message farewell; /* over: to be sent and not waited for; CONFIRM, CANCEL or NOTHING */
} flr__sender;

/* Each returns whether `message` is a new one, to be sent now; or look at `end`. */
bool flr__sender_begin(flr__sender *s, const flr__tx_times *times, int64_t now);
bool flr__sender_time(flr__sender *s, int64_t now);
/* Of message `number`; of one that is not under way any more only a result is of interest. */
bool flr__sender_heard(flr__sender *s, uint64_t number, flr__tx_heard heard, int64_t now);

/* The reply was pushed. false: nobody waits for it. */
bool flr__sender_pushed(flr__sender *s);
void flr__sender_abort(flr__sender *s);

#endif
