/*
 * Reliable messages from inside: what the owner of a site (server runner, client runner) does with them. Rows RM.
 */
#ifndef FLR_LIB_RELIABLE_H
#define FLR_LIB_RELIABLE_H

#include "fl/site.h"
#include <flrunner/reliable.h>

typedef struct flr__reliable flr__reliable;

/*
 * Made with the site's owner and kept in site->reliable; freed before the site. interval: nanoseconds, > 0. abort: the run's signal; a reference is
 * taken. refs: the owner's own count of references, as for flr__watch_new. 0, FLR_E_NOMEM.
 */
int flr__reliable_new(flr__site *site, size_t workers, int64_t interval, flr_signal *abort, atomic_size_t *refs);
/* After close, or never enabled, or stepped and given up: then what is under way ends with TASK_ABORTED, and no message is sent. NULL is fine. */
void flr__reliable_free(flr__site *site);

/* RM-01. stepped: handlers run inside flr__reliable_step. 0, FLR_E_EXISTS, FLR_E_NOMEM; again: 0 and no effect. */
int flr__reliable_enable(flr__site *site, bool stepped);
/* Ends what is under way, joins the workers; before flr__aux_close. Before enabling, and again: no effect. Not under a lock. */
void flr__reliable_close(flr__site *site);

/* For the driver: when there is something to do (FLR_TIME_NONE), a request that waits for flr__reliable_step included, and doing what is due. Not
 * under a lock. */
int64_t flr__reliable_due(flr__site *site);
void flr__reliable_advance(flr__site *site, int64_t now);
/* Stepped: handle one request that waits. false: there was none. */
bool flr__reliable_step(flr__site *site);

#endif
