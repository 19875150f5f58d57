/*
 * Asking the components whether the run may end, rows LC-21 and LC-22: the server's end sequence and a client's. The struct decides (it reads no
 * clock and calls nobody); flr__readiness_ask does the asking.
 */
#ifndef FLR_LIB_READINESS_H
#define FLR_LIB_READINESS_H

#include "fl/context.h"

typedef struct flr__readiness {
    int64_t timeout, interval; /* nanoseconds */
    int64_t deadline;          /* FLR_TIME_NONE before begin */
    int64_t at;                /* when to ask again */
} flr__readiness;

void flr__readiness_init(flr__readiness *r, int64_t timeout, int64_t interval);
void flr__readiness_begin(flr__readiness *r, int64_t now); /* again: no effect */
/* How the asking went. true: the run ends; false: ask again at `at`. */
bool flr__readiness_is_over(flr__readiness *r, bool ready, int64_t now);

/* Fires the event; whether nobody voted against it. At the deadline a refusal is logged. */
bool flr__readiness_ask(flr_context *context, int64_t deadline);

#endif
