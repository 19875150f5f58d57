/* Clocks from inside: who waits for a manual clock is woken when it moves. */
#ifndef FLR_LIB_CLOCK_H
#define FLR_LIB_CLOCK_H

#include "base/wait.h"

/* A waiter of a manual clock; lives in the waiter's frame. */
typedef struct flr__clock_link {
    flr__waker *waker;
    struct flr__clock_link *next, **back;
} flr__clock_link;

bool flr__clock_is_manual(const flr_clock *clock);
void flr__clock_attach(flr_clock *clock, flr__clock_link *link, flr__waker *waker); /* system clock: nothing */
void flr__clock_detach(flr_clock *clock, flr__clock_link *link);

#endif
