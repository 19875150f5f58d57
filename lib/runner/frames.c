/* What clients send as frames (wire.h), and the frames that answer it. No lock. */
#include "fl/aux_send.h"
#include "runner/internal.h"

/* A frame of the wrong kind, or without what its kind needs, is the client's mistake. */
static int refuse(const flr_envelope *e, flr_frame **reply)
{
    return flr__frame_answer(e->id, FLR_FRAME_ERROR, FLR_E_INVAL, NULL, reply);
}

static int answer_request(flr_runner *r, const char *client, flr_context *context,
                          const flr_envelope *e, flr_frame **reply)
{
    const flr_answer *answer;
    flr_envelope out;
    int status = flr_runner_process_task_request(r, client, context, &answer);
    *reply = NULL;
    if (status < 0 || e->id == 0)
        return status;
    flr_envelope_init(&out, sizeof out);
    out.kind = FLR_FRAME_TASK_ANSWER;
    out.id = e->id;
    out.code = flr_answer_get_kind(answer);
    out.time = flr_answer_get_wait_time(answer);
    out.task = flr_answer_get_name(answer);
    out.task_id = flr_answer_get_id(answer);
    out.message = flr_answer_get_data(answer);
    return flr_frame_encode(&out, reply);
}

/* The answer that a result was accepted is made before it is: what is counted must not be lost for lack of memory. */
static int take_submission(flr_runner *r, const char *client, flr_context *context,
                           const flr_envelope *e, flr_frame **reply)
{
    flr_frame *accepted;
    int outcome;
    if (e->message == NULL)
        return refuse(e, reply);
    const char *name =
        flr_value_get_text(flr__shareable_header(e->message, FLR__STR(TASK_NAME)), NULL);
    const char *id = flr_value_get_text(flr__shareable_cookie(e->message, FLR__STR(TASK_ID)), NULL);
    int status = flr__frame_answer(e->id, FLR_FRAME_SUBMISSION_ANSWER, FLR_OUTCOME_ACCEPTED, NULL,
                                   &accepted);
    if (status < 0)
        return status;
    status = flr_runner_process_submission(r, client, context, name, id, e->message, &outcome);
    if (status == 0 && outcome == FLR_OUTCOME_ACCEPTED) {
        *reply = accepted;
        return 0;
    }
    flr_frame_unref(accepted);
    return status < 0 ? status
                      : flr__frame_answer(e->id, FLR_FRAME_SUBMISSION_ANSWER, outcome, NULL, reply);
}

static int answer_aux(flr_runner *r, const char *client, flr_context *context,
                      const flr_envelope *e, flr_frame **reply)
{
    const flr_shareable *answer;
    if (*e->topic == '\0')
        return refuse(e, reply);
    int status = flr_runner_process_aux(r, client, e->topic, context, e->message, &answer);
    return status < 0 ? status : flr__frame_answer(e->id, FLR_FRAME_AUX_REPLY, 0, answer, reply);
}

int flr_runner_process_frame(flr_runner *runner, const char *client, flr_context *context,
                             const flr_frame *request, flr_frame **reply)
{
    flr_envelope e;
    if (runner == NULL || context == NULL || reply == NULL)
        return FLR_E_INVAL;
    flr_envelope_init(&e, sizeof e);
    int status = flr_frame_get_envelope(request, &e);
    if (status == 0)
        status = flr_context_reset(context);
    if (status == 0 && e.kind != FLR_FRAME_AUX_REQUEST && e.peer != NULL)
        status = flr_context_set_peer_props(context, e.peer);
    if (status < 0)
        return status;
    switch (e.kind) {
    case FLR_FRAME_TASK_REQUEST:
        return answer_request(runner, client, context, &e, reply);
    case FLR_FRAME_SUBMISSION:
        return take_submission(runner, client, context, &e, reply);
    case FLR_FRAME_AUX_REQUEST:
        return answer_aux(runner, client, context, &e, reply);
    default:
        return refuse(&e, reply);
    }
}
