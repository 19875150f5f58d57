/*
 * What a local client does: ask, work, hand in. Through public calls of the runner only, as any
 * transport does. Guarded as local.h says.
 */
#include "local/local.h"

void flr__local_drop(flr__local_client *c)
{
    flr_shareable_unref(c->pending.result);
    flr__free(c->pending.name);
    flr__free(c->pending.id);
    c->pending = (flr__pending){NULL, NULL, NULL};
}

static int prepare_context(flr__local_client *c)
{
    int status = flr_context_reset(c->context);
    return status < 0 ? status : flr_context_set_peer_props(c->context, c->local->peer_props);
}

/*
 * The client's own copy of what its function made, with the cookies of the task. The function may
 * give the same message every time.
 */
static int address_result(const flr_shareable *made, const flr_shareable *data,
                          flr_shareable **result)
{
    const flr_value *jar = flr_shareable_get_header(data, FLR_HEADER_COOKIE_JAR);
    flr_shareable *copy;
    int status = flr_shareable_copy(made, NULL, &copy);
    if (status < 0)
        return status;
    if (jar) {
        flr_value *cookies = flr_value_ref(jar);
        status = flr_shareable_set_header(copy, FLR_HEADER_COOKIE_JAR, cookies);
        if (status < 0)
            flr_value_unref(cookies);
    }
    if (status < 0)
        flr_shareable_unref(copy);
    else
        *result = copy;
    return status;
}

/* Call the client's function; a failure becomes a result that says so. */
static int call_client(flr__local_client *c, const char *task_name, const flr_shareable *data,
                       flr_shareable **made)
{
    flr_local *local = c->local;
    flr__host_frame frame;
    flr_shareable *result = NULL;
    flr__host_enter(&frame, FLR__HOST_CLIENT, local->runner, c);
    int status = c->work(c->self, c->name, task_name, data,
                         flr_runner_get_abort_signal(local->runner), &result);
    flr__host_leave(&frame);
    if (status == 0 && result) {
        *made = result;
        return 0;
    }
    flr_shareable_unref(result);
    return status == 0 ? flr_shareable_new(made)
                       : flr_shareable_new_reply(FLR_RC_EXECUTION_EXCEPTION, NULL, made);
}

static int do_task(flr__local_client *c, const flr_answer *answer)
{
    flr_shareable *data = flr_shareable_ref(flr_answer_get_data(answer)), *made = NULL;
    const char *id = flr_value_get_text(flr_shareable_get_cookie(data, FLR_COOKIE_TASK_ID),
                                        flr_answer_get_id(answer));
    int status = 0;
    c->pending.name = flr__strdup(flr_answer_get_name(answer));
    c->pending.id = flr__strdup(id);
    if (!c->pending.name || !c->pending.id)
        status = FLR_E_NOMEM;
    if (!status)
        status = call_client(c, c->pending.name, data, &made);
    if (!status)
        status = address_result(made, data, &c->pending.result);
    if (status < 0)
        flr__local_drop(c);
    flr_shareable_unref(made);
    flr_shareable_unref(data);
    return status;
}

static enum flr__local_turn give_up(flr__local_client *c, int status)
{
    int none = 0;
    atomic_compare_exchange_strong(&c->local->failure, &none, status);
    flr_runner_abort(c->local->runner, 0);
    return FLR__TURN_OVER;
}

enum flr__local_turn flr__local_ask(flr__local_client *c, double *wait)
{
    const flr_answer *answer = NULL;
    int status = prepare_context(c);
    if (!status)
        status = flr_runner_process_task_request(c->local->runner, c->name, c->context, &answer);
    if (status < 0)
        return give_up(c, status);
    switch (flr_answer_get_kind(answer)) {
    case FLR_ANSWER_TASK:
        status = do_task(c, answer);
        return status < 0 ? give_up(c, status) : FLR__TURN_WORK;
    case FLR_ANSWER_TRY_AGAIN:
        *wait = flr_answer_get_wait_time(answer);
        return FLR__TURN_WAIT;
    default:
        return FLR__TURN_OVER;
    }
}

enum flr__local_turn flr__local_submit(flr__local_client *c)
{
    int outcome, status = prepare_context(c);
    if (!status)
        status =
            flr_runner_process_submission(c->local->runner, c->name, c->context, c->pending.name,
                                          c->pending.id, c->pending.result, &outcome);
    flr__local_drop(c);
    return status < 0 ? give_up(c, status) : FLR__TURN_WORK;
}
