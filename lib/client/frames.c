/* Calls and auxiliary messages of a client as frames (wire.h). No lock. */
#include "base/abi.h"
#include "client/internal.h"
#include "fl/aux_send.h"

int flr_request_encode(const flr_request *request, int64_t id, flr_frame **frame)
{
    static const uint32_t kinds[] = {[FLR_REQUEST_TASK] = FLR_FRAME_TASK_REQUEST,
                                     [FLR_REQUEST_SUBMISSION] = FLR_FRAME_SUBMISSION,
                                     [FLR_REQUEST_AUX] = FLR_FRAME_AUX_REQUEST};
    flr_envelope e;
    if (request == NULL || frame == NULL || id < 0)
        return FLR_E_INVAL;
    const flr_client_runner *c = flr__request_client(request);
    flr_envelope_init(&e, sizeof e);
    e.kind = kinds[flr_request_get_kind(request)];
    e.id = id;
    e.time = flr_request_get_timeout(request);
    e.job = c->site.job->text;
    e.client = c->site.identity->text;
    e.topic = flr_request_get_topic(request);
    e.task = flr_request_get_task_name(request);
    e.task_id = flr_request_get_task_id(request);
    e.peer = flr_request_get_peer(request);
    e.message = flr_request_get_message(request);
    return flr_frame_encode(&e, frame);
}

/* A frame's message may be kept as it is: it is frozen. */
static flr_shareable *message_of(const flr_envelope *e)
{
    return (flr_shareable *)(uintptr_t)e->message;
}

static int answer_aux(flr_request *request, const flr_envelope *e)
{
    flr_shareable *empty = NULL;
    if (e->message != NULL)
        return flr_request_answer_aux(request, message_of(e));
    int status = flr_shareable_new(&empty);
    if (status < 0)
        flr_request_fail(request, status);
    else
        status = flr_request_answer_aux(request, empty);
    flr_shareable_unref(empty);
    return status;
}

int flr_request_answer_frame(flr_request *request, const flr_frame *answer)
{
    flr_envelope e;
    int status = FLR_E_INVAL;
    flr_envelope_init(&e, sizeof e);
    if (request == NULL || flr_frame_get_envelope(answer, &e) < 0)
        return FLR_E_INVAL;
    int kind = flr_request_get_kind(request);
    if (e.kind == FLR_FRAME_ERROR)
        return flr_request_fail(request, e.code < 0 ? e.code : FLR_E_IO);
    if (e.kind == FLR_FRAME_TASK_ANSWER && kind == FLR_REQUEST_TASK)
        status = flr_request_answer_task(request, e.code, e.task, message_of(&e));
    else if (e.kind == FLR_FRAME_SUBMISSION_ANSWER && kind == FLR_REQUEST_SUBMISSION)
        status = flr_request_answer_submission(request, e.code);
    else if (e.kind == FLR_FRAME_AUX_REPLY && kind == FLR_REQUEST_AUX)
        status = answer_aux(request, &e);
    /* What the other side sent is no mistake of the host's. */
    return status == FLR_E_INVAL ? flr_request_fail(request, FLR_E_IO) : status;
}

int flr_client_runner_process_frame(flr_client_runner *client, const char *sender,
                                    flr_context *context, const flr_frame *request,
                                    flr_frame **reply)
{
    flr_envelope e;
    const flr_shareable *answer;
    if (client == NULL || context == NULL || reply == NULL)
        return FLR_E_INVAL;
    flr_envelope_init(&e, sizeof e);
    int status = flr_frame_get_envelope(request, &e);
    if (status == 0)
        status = flr_context_reset(context);
    if (status < 0)
        return status;
    if (e.kind != FLR_FRAME_AUX_REQUEST || *e.topic == '\0')
        return flr__frame_answer(e.id, FLR_FRAME_ERROR, FLR_E_INVAL, NULL, reply);
    status = flr_client_runner_process_aux(client, sender, e.topic, context, e.message, &answer);
    return status < 0 ? status : flr__frame_answer(e.id, FLR_FRAME_AUX_REPLY, 0, answer, reply);
}
