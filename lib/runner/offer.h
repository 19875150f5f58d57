/* What the library's own board may use in the place of public calls: it has made what it offers, and knows its clients. */
#ifndef FLR_LIB_RUNNER_OFFER_H
#define FLR_LIB_RUNNER_OFFER_H

#include "runner/clients.h"
#include <flrunner/clock.h>
#include <flrunner/communicator.h>

/*
 * Offer a task: texts that are valid names, and a message that is not frozen. [give always] all three. Headers `__task_name__` and
 * `__task_id__` that hold these very values need not be set again.
 */
void flr__offer_give(flr_offer *offer, flr_value *name, flr_value *id, flr_shareable *data);

/* The record of the client that this context's present call serves, if `name` is the name that the runner handed on with it; else
 * NULL: it has to be looked up. */
flr__client *flr__served_client(const flr_context *context, const char *name);

/* What time it is for the present call of this context: when it was made, or now if host code has run in it since. */
int64_t flr__call_now(const flr_context *context, const flr_clock *clock);

#endif
