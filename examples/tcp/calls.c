#include "calls.h"
#include <stdlib.h>

struct call {
    struct call *next;
    int64_t id, deadline;
    flr_aux_send *send; /* a reference */
    size_t target;
    const struct peer *peer;
};

int64_t calls_add(struct calls *calls, flr_aux_send *send, size_t target, const struct peer *peer,
                  int64_t now)
{
    struct call *call = malloc(sizeof *call);
    if (!call)
        return FLR_E_NOMEM;
    call->id = ++calls->last_id;
    call->deadline = moment_after(now, flr_aux_send_get_timeout(send));
    call->send = flr_aux_send_ref(send);
    call->target = target;
    call->peer = peer;
    call->next = calls->first;
    calls->first = call;
    return call->id;
}

/*
 * Take the call out first: reporting may run callbacks, which may make new calls. Without a reply it
 * has failed; after its deadline nobody hears that.
 */
static void finish(struct call **place, const flr_frame *reply)
{
    struct call *call = *place;
    *place = call->next;
    if (reply)
        flr_aux_send_reply_frame(call->send, call->target, reply);
    else
        flr_aux_send_fail(call->send, call->target, FLR_E_IO);
    flr_aux_send_unref(call->send);
    free(call);
}

void calls_answer(struct calls *calls, const struct peer *peer, int64_t id, const flr_frame *reply)
{
    for (struct call **place = &calls->first; *place; place = &(*place)->next)
        if ((*place)->id == id && (*place)->peer == peer) {
            finish(place, reply);
            return;
        }
}

void calls_forget(struct calls *calls, const struct peer *peer)
{
    struct call **place = &calls->first;
    while (*place) {
        if ((*place)->peer == peer) {
            finish(place, NULL);
            place = &calls->first; /* the list may be another one now */
        } else {
            place = &(*place)->next;
        }
    }
}

int64_t calls_check(struct calls *calls, int64_t now)
{
    int64_t earliest = NEVER;
    struct call **place = &calls->first;
    while (*place) {
        if ((*place)->deadline <= now) {
            finish(place, NULL);
            place = &calls->first;
            earliest = NEVER;
        } else {
            earliest = moment_earlier(earliest, (*place)->deadline);
            place = &(*place)->next;
        }
    }
    return earliest;
}

void calls_free(struct calls *calls)
{
    while (calls->first)
        finish(&calls->first, NULL);
}
