/* Sends from inside: what aux_send.c (their state) and aux_start.c (making them) share. */
#ifndef FLR_LIB_AUX_SEND_H
#define FLR_LIB_AUX_SEND_H

#include "fl/site.h"

/* Who hears that a send is complete. */
typedef enum flr__aux_way {
    FLR__AUX_LIBRARY, /* a completion of the library */
    FLR__AUX_HOST,    /* a completion of the host's */
    FLR__AUX_WAITED   /* a thread in flr__aux_send_await, which also acts on the deadline */
} flr__aux_way;

/* Holds the site; room for count targets, dropped with flr__aux_drop. NULL: out of memory. */
flr_aux_send *flr__aux_send_new(flr__site *site, flr__aux_way way, size_t count);
void flr__aux_send_add_target(flr_aux_send *send, const flr__str *name);
/* References are taken; request is frozen. */
void flr__aux_send_set(flr_aux_send *send, const flr__str *topic, flr_shareable *request,
                       const flr__aux_options *options, flr__aux_done done, void *self);

/* aux_frame.c: the frame that answers the request with this id: of a kind, with a code or a message. NULL if the id is 0: nobody waits. 0, FLR_E_NOMEM. */
int flr__frame_answer(int64_t id, uint32_t kind, int code, const flr_shareable *message, flr_frame **reply);

/* Hand it to the engine. wait: nanoseconds, 0: for nothing. On error it is over and done is not
 * called. *engine_status: what send_aux returned, which is no error if a target was reported
 * before. Not under a lock. */
int flr__aux_send_launch(flr_aux_send *send, int64_t wait, int *engine_status);
/* Whose it is; self, if its completion is `done`, else NULL. */
flr__site *flr__aux_site(const flr_aux_send *send);
void *flr__aux_self(const flr_aux_send *send, flr__aux_done done);
/* Whether nobody waits for the target's reply any more. */
bool flr__aux_is_over(const flr_aux_send *send, size_t target);
/* Nobody waits any more: what was not reported fails with FLR_E_ABORTED. NULL is fine. */
void flr__aux_cancel(flr_aux_send *send);
/* 0: complete; FLR_E_ABORTED: given up. */
int flr__aux_send_await(flr_aux_send *send, flr_signal *abort);

#endif
