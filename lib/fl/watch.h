/* Hears when a run's abort signal is triggered, by whomever, without keeping the run alive: the signal may outlive it. */
#ifndef FLR_LIB_WATCH_H
#define FLR_LIB_WATCH_H

#include "fl/site.h"

typedef struct flr__watch flr__watch;

/*
 * From now on notice(site) is called, outside locks, after each trigger; refs is the site's own count of references, and one is held meanwhile.
 * The signal keeps the watch. NULL: out of memory.
 */
flr__watch *flr__watch_new(flr_signal *signal, flr__site *site, atomic_size_t *refs,
                           void (*notice)(flr__site *site));
/* The site is being freed: it is not called any more. NULL is fine. */
void flr__watch_end(flr__watch *w);

#endif
