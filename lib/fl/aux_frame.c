/* Auxiliary messages as frames (wire.h). No lock. */
#include "fl/aux_send.h"
#include <flrunner/wire.h>

int flr_aux_send_encode(const flr_aux_send *send, size_t target, int64_t id, flr_frame **frame)
{
    flr_envelope e;
    if (send == NULL || frame == NULL || id < 0 || flr_aux_send_get_target(send, target) == NULL)
        return FLR_E_INVAL;
    const flr__site *site = flr__aux_site(send);
    flr_envelope_init(&e, sizeof e);
    e.kind = FLR_FRAME_AUX_REQUEST;
    e.id = id;
    e.time = flr_aux_send_get_timeout(send);
    e.job = site->job->text;
    e.client = flr_aux_send_get_target(send, target);
    e.topic = flr_aux_send_get_topic(send);
    e.message = flr_aux_send_get_request(send);
    return flr_frame_encode(&e, frame);
}

int flr_aux_send_reply_frame(flr_aux_send *send, size_t target, const flr_frame *reply)
{
    flr_envelope e;
    flr_shareable *empty = NULL;
    flr_envelope_init(&e, sizeof e);
    if (send == NULL || target >= flr_aux_send_get_target_count(send) ||
        flr_frame_get_envelope(reply, &e) < 0)
        return FLR_E_INVAL;
    if (e.kind == FLR_FRAME_ERROR)
        return flr_aux_send_fail(send, target, e.code < 0 ? e.code : FLR_E_IO);
    if (e.kind != FLR_FRAME_AUX_REPLY)
        return flr_aux_send_fail(send, target, FLR_E_IO);
    if (e.message != NULL) /* frozen, so it may be kept as it is */
        return flr_aux_send_reply(send, target, (flr_shareable *)(uintptr_t)e.message);
    int status = flr_shareable_new(&empty);
    if (status < 0)
        flr_aux_send_fail(send, target, status);
    else
        status = flr_aux_send_reply(send, target, empty);
    flr_shareable_unref(empty);
    return status;
}

int flr__frame_answer(int64_t id, uint32_t kind, int code, const flr_shareable *message,
                      flr_frame **reply)
{
    flr_envelope e;
    *reply = NULL;
    if (id == 0)
        return 0;
    flr_envelope_init(&e, sizeof e);
    e.kind = kind;
    e.id = id;
    e.code = code;
    e.message = message;
    return flr_frame_encode(&e, reply);
}
