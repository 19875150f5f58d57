/*
 * Reliable messages from inside: what the owner of a site (server runner, client runner) does with them. Rows RM.
 */
#ifndef FLR_LIB_RELIABLE_H
#define FLR_LIB_RELIABLE_H

#include "fl/site.h"
#include <flrunner/reliable.h>

/* Made with the site's owner and kept in site->reliable; freed before the site. 0, FLR_E_NOMEM. interval: nanoseconds. */
int flr__reliable_new(flr__site *site, size_t workers, int64_t interval);
void flr__reliable_free(flr__site *site); /* after close, or never enabled; NULL is fine */

/* RM-01. stepped: handlers run inside flr__reliable_step. 0, FLR_E_EXISTS, FLR_E_NOMEM; again: 0 and no effect. */
int flr__reliable_enable(flr__site *site, bool stepped);
/* Ends what is under way, joins the workers. Before enabling, and again: no effect. Not under a lock. */
void flr__reliable_close(flr__site *site);

/* For the driver: when there is something to do (FLR_TIME_NONE), and doing what is due. Not under a lock. */
int64_t flr__reliable_due(flr__site *site);
void flr__reliable_advance(flr__site *site, int64_t now);
/* Stepped: handle one request that waits. false: there was none. */
bool flr__reliable_step(flr__site *site);

#endif
