/* What the files of lib/reliable share. Nobody else includes this. */
#ifndef FLR_LIB_RELIABLE_INTERNAL_H
#define FLR_LIB_RELIABLE_INTERNAL_H

#include "base/wait.h"
#include "fl/context.h"
#include "fl/watch.h"
#include "reliable/receiver.h"
#include "reliable/reliable.h"
#include "reliable/sender.h"

typedef enum flr__reliable_state {
    FLR__RELIABLE_OFF,
    FLR__RELIABLE_ON,
    FLR__RELIABLE_CLOSED
} flr__reliable_state;

struct flr__reliable {
    /* constant */
    flr__site *site;
    atomic_size_t *owner_refs;
    size_t worker_max;
    int64_t interval;
    flr_signal *
        stop; /* child of the run's abort signal, parent of what handlers get; triggered at the close too */
    flr_value *stop_value;
    flr__watch *watch; /* on `stop` */
    flr_shareable *failures
        [FLR__TX_ABORTED +
         1]; /* by flr__tx_end (UNDER_WAY: of a handler); frozen; reporting one allocates nothing */
    flr_context *step_context; /* set by enable; the stepping thread's */

    flr__mutex lock; /* rank RELIABLE: guards what follows */
    flr__reliable_state state;
    bool stepped;

    /* handle.c */
    flr__table handlers;
    size_t promised; /* room in it for registrations under way */
    flr__receiver receiver;
    struct flr__rx_worker *workers;
    size_t worker_count, idle; /* started or being started; of these, not handling */
    size_t starting;
    flr__waker worker_waker; /* workers wait here, and who closes for those being started */

    /* send.c */
    flr__table exchanges; /* under way */
    flr__heap dues;       /* of these */
    uint64_t order;
};

/* The lock, and what wakes the driver if there is something to do earlier than before. */
int64_t flr__reliable_lock(flr__reliable *r) FLR__ACQUIRE(&r->lock);
void flr__reliable_unlock(flr__reliable *r, int64_t before) FLR__RELEASE(&r->lock);
/* A run or an exchange was aborted: the notice of watches. */
void flr__reliable_on_abort(flr__site *site);
int64_t flr__reliable_now(const flr__reliable *r);
/* The object of an engaged context: 0 and it, or FLR_E_STATE. */
int flr__reliable_of(const flr_context *context, flr__reliable **r);
/* A header's text; "" if it has none. */
const char *flr__reliable_text(const flr_shareable *message, const char *key);
/* Who sent the message that this context was made for. */
const char *flr__reliable_sender(const flr_context *context);
/* Sets op, id and topic. 0 or FLR_E_NOMEM, FLR_E_LIMIT. */
int flr__reliable_label(flr_shareable *message, const char *op, const char *id, const char *topic);

/* handle.c */
void flr__handle_init(flr__reliable *r);
void flr__handle_free(flr__reliable *r);
int flr__handle_request(void *self, flr_context *context, const char *topic,
                        const flr_shareable *request, flr_shareable **reply);
void flr__handle_advance(flr__reliable *r, int64_t now);
bool flr__handle_step(flr__reliable *r);
void flr__handle_drop_all(flr__reliable *r); /* closed: what waits or is remembered */
void flr__handle_join(flr__reliable *r);

/* send.c */
void flr__send_init(flr__reliable *r);
void flr__send_free(flr__reliable *r);
int flr__send_take_reply(void *self, flr_context *context, const char *topic,
                         const flr_shareable *request, flr_shareable **reply);
void flr__send_advance(flr__reliable *r, int64_t now);
/* End exchanges: those whose abort signal is triggered, or all; quiet: without a message to the receiver. */
void flr__send_end(flr__reliable *r, bool all, bool quiet);

#endif
