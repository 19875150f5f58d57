/* A client's result, from the gate to its outcome. Rows SB. */
#include "base/abi.h"
#include "runner/internal.h"
#include <stdio.h>
#include <string.h>

/* One submission on its way. */
typedef struct submission {
    flr_runner *runner;
    flr_context *context;
    flr_workflow *workflow;
    flr__client *client;
    const char *name, *id; /* never NULL */
    flr_shareable *result; /* the library's own copy */
    int outcome;
} submission;

static const struct {
    const char *name;
    size_t counter;
} outcomes[] = {
    [FLR_OUTCOME_ACCEPTED] = {"accepted", FLR__COUNTER(accepted)},
    [FLR_OUTCOME_DUPLICATE] = {"a duplicate", FLR__COUNTER(duplicate)},
    [FLR_OUTCOME_LATE] = {"late", FLR__COUNTER(late)},
    [FLR_OUTCOME_UNKNOWN_TASK] = {"of an unknown task", FLR__COUNTER(unknown_task)},
    [FLR_OUTCOME_WRONG_CLIENT] = {"dropped: another client's task", FLR__COUNTER(wrong_client)},
    [FLR_OUTCOME_WRONG_TASK_NAME] = {"dropped: wrong task name", FLR__COUNTER(wrong_task_name)},
    [FLR_OUTCOME_WRONG_WORKFLOW] = {"dropped: of another workflow", FLR__COUNTER(wrong_workflow)},
    [FLR_OUTCOME_WRONG_JOB] = {"dropped: of another job", FLR__COUNTER(wrong_job)},
    [FLR_OUTCOME_NO_PEER] = {"dropped: no peer context", FLR__COUNTER(no_peer)},
    [FLR_OUTCOME_NOT_RUNNING] = {"dropped: no workflow is open", FLR__COUNTER(not_running)},
    [FLR_OUTCOME_FATAL_RETURN_CODE] = {"dropped: fatal return code",
                                       FLR__COUNTER(fatal_return_code)},
    [FLR_OUTCOME_FAILED] = {"failed", FLR__COUNTER(failed)},
};

/* SB-04: properties, peer's message, audit. */
static int note_arrival(submission *s, const char *client)
{
    flr_context *context = s->context;
    flr_value *name = NULL, *id = NULL;
    char audit_id[FLR__ID_TEXT], message[FLR_NAME_MAX + 40];
    flr__own_values *own = context->own_values;
    /* A name or id that is no text, or far too long, is simply no known one: it is kept as nil. */
    int status = flr__context_keep_text(&own->task_name, s->name, &name);
    if (status == 0)
        status = flr__context_keep_text(&own->task_id, s->id, &id);
    if (status < 0) {
        flr_value_unref(name);
        flr_value_unref(id);
        return status;
    }
    flr__context_put(context, FLR__S_TASK_NAME, name, 0);
    flr__context_put(context, FLR__S_TASK_ID, id, 0);
    flr__context_put_message(context, FLR__S_TASK_RESULT, flr_shareable_ref(s->result), 0);
    if (context->has_peer)
        flr__context_put_message(context->peer, FLR__S_SHAREABLE, flr_shareable_ref(s->result), 0);
    if (s->runner->site.engine.audit != NULL) {
        const char *reference =
            flr_value_get_text(flr__shareable_header(s->result, FLR__STR(AUDIT_EVENT_ID)), NULL);
        snprintf(message, sizeof message, "received result from client '%s'", client);
        flr_context_audit(context, reference, message, audit_id);
        context->now = FLR_TIME_NONE; /* the host may have taken its time */
    }
    return 0;
}

/* SB-07: return codes that end the job. */
static bool is_fatal(submission *s)
{
    const flr_runner *r = s->runner;
    const char *rc = flr_shareable_get_rc(s->result);
    size_t size = strlen(rc);
    for (size_t i = 0; i < r->settings.fatal_codes.count; i++) {
        const flr__str *code = r->settings.fatal_codes.items[i];
        if (code->size != size || memcmp(rc, code->text, size) != 0)
            continue;
        char reason[3 * FLR_NAME_MAX + 80];
        snprintf(reason, sizeof reason, "Aborted job %s due to fatal return code %s from client %s",
                 r->site.job->text, rc, s->client->name->text);
        flr__panic(s->context, reason);
        return true;
    }
    return false;
}

/* SB-09: the headers tell what the call says, not what the client claims. */
static int dress(submission *s)
{
    flr_value *props = NULL;
    const flr_value *name = flr__context_own(s->context, FLR__S_TASK_NAME),
                    *id = flr__context_own(s->context, FLR__S_TASK_ID);
    int status = flr__peer_props(s->runner, s->context, &props);
    if (status == 0)
        status = flr__shareable_put(s->result, FLR__STR(TASK_NAME), name);
    if (status == 0)
        status = flr__shareable_put(s->result, FLR__STR(TASK_ID), id);
    if (status == 0)
        status = flr__shareable_set_header(s->result, FLR__STR(PEER_PROPS), props);
    if (status < 0)
        flr_value_unref(props);
    return status;
}

static bool is_too_large(const submission *s)
{
    const flr__settings *limits = &s->runner->settings;
    const flr_value *parts[] = {flr_shareable_get_body(s->result),
                                flr_shareable_get_headers(s->result)};
    for (size_t i = 0; i < 2; i++)
        if (flr_value_get_depth(parts[i]) > limits->result_depth ||
            flr_value_get_count(parts[i]) > limits->result_count ||
            flr_value_get_bytes(parts[i]) > limits->result_bytes)
            return true;
    return false;
}

/* What stands in for a result whose filters fail: its headers without its body. Made before the first filter, so that failing needs no memory. */
static int make_substitute(const submission *s, flr_shareable **out)
{
    flr_value *body;
    flr_shareable *substitute;
    int status = flr_shareable_copy(s->result, NULL, &substitute);
    if (status < 0)
        return status;
    status = flr_value_new_map(&body);
    if (status == 0) {
        status = flr_shareable_set_body(substitute, body);
        if (status < 0)
            flr_value_unref(body);
    }
    if (status == 0)
        status = flr_shareable_set_rc(substitute, FLR_RC_TASK_RESULT_FILTER_ERROR);
    if (status < 0) {
        flr_shareable_unref(substitute);
        return status;
    }
    *out = substitute;
    return 0;
}

static int filter(submission *s)
{
    flr_runner *r = s->runner;
    flr_shareable *substitute = NULL;
    int status = 0;
    FLR__FIRE(s->context, EV_BEFORE_TASK_RESULT_FILTER);
    if (flr__filters_any(&r->site, &r->site.result_chains, true, FLR_FILTER_IN, s->name)) {
        status = make_substitute(s, &substitute);
        if (status < 0)
            return status;
    }
    flr__context_clear_detail(s->context);
    status = flr__filters_apply(s->context, &r->site.result_chains, true, FLR_FILTER_IN, s->name,
                                &s->result);
    if (status < 0) {
        flr__runner_count2(r, flr__lane(), FLR__COUNTER(result_filter_failures), FLR__NO_COUNTER);
        flr__log_failure(r, s->context, FLR_LOG_EXCEPTION, "a result filter", status);
        s->result = substitute;
        substitute = NULL;
    }
    flr_shareable_unref(substitute);
    if (flr_shareable_is_frozen(
            s->result)) { /* a filter's own message: the communicator may change a copy */
        flr_shareable *copy;
        status = flr_shareable_copy(s->result, NULL, &copy);
        if (status < 0)
            return status;
        flr_shareable_unref(s->result);
        s->result = copy;
    }
    if (flr__context_own_message(s->context, FLR__S_TASK_RESULT) != s->result)
        flr__context_put_message(s->context, FLR__S_TASK_RESULT, flr_shareable_ref(s->result), 0);
    FLR__FIRE(s->context, EV_AFTER_TASK_RESULT_FILTER);
    return 0;
}

/* SB-15, SB-16: the controller gets what belongs to no standing task. */
static void process_unknown(submission *s)
{
    flr_runner *r = s->runner;
    flr_workflow *w = s->workflow;
    flr__host_frame frame;
    FLR__FIRE(s->context, EV_BEFORE_PROCESS_RESULT_OF_UNKNOWN_TASK);
    if (w->controller.process_result_of_unknown_task != NULL) {
        if (w->unknown_turn != NULL)
            flr__turnstile_enter(w->unknown_turn);
        flr__context_clear_detail(s->context);
        flr__host_enter(&frame, FLR__HOST_UNKNOWN_TASK, &r->site, w);
        int status = flr__callback_status(w->controller.process_result_of_unknown_task(
            w->controller_self, s->context, s->client->name->text, s->name, s->id, s->result));
        flr__host_leave(&frame);
        if (w->unknown_turn != NULL)
            flr__turnstile_leave(w->unknown_turn);
        if (status < 0) {
            flr__runner_count(r, FLR__COUNTER(controller_failures));
            flr__log_failure(r, s->context, FLR_LOG_EXCEPTION, "process_result_of_unknown_task",
                             status);
            s->outcome = FLR_OUTCOME_FAILED;
        }
    }
    FLR__FIRE(s->context, EV_AFTER_PROCESS_RESULT_OF_UNKNOWN_TASK);
}

/* Hand it to the communicator, exactly once. */
static int hand_over(submission *s)
{
    flr_runner *r = s->runner;
    flr_workflow *w = s->workflow;
    flr__host_frame frame;
    FLR__FIRE(s->context, EV_BEFORE_PROCESS_SUBMISSION);
    int status = flr__communicator_enter(r, w, &frame);
    if (status < 0)
        return status;
    s->outcome = FLR_OUTCOME_ACCEPTED;
    flr__context_clear_detail(s->context);
    status = flr__callback_status(
        w->communicator.process_submission(w->communicator_self, s->context, s->client->name->text,
                                           s->name, s->id, s->result, &s->outcome));
    flr__communicator_leave(w, &frame);
    if (status == FLR_E_NOMEM || status == FLR_E_REENTRANT)
        return status;
    if (status < 0 || s->outcome < FLR_OUTCOME_ACCEPTED ||
        s->outcome > FLR_OUTCOME_WRONG_TASK_NAME) {
        flr__runner_count(r, FLR__COUNTER(communicator_failures));
        if (status < 0)
            flr__log_failure(r, s->context, FLR_LOG_EXCEPTION, "process_submission", status);
        else
            flr_context_log(s->context, FLR_LOG_ERROR,
                            "process_submission gave the outcome %d, which is none of its own",
                            s->outcome);
        s->outcome = FLR_OUTCOME_FAILED;
    }
    if (s->outcome == FLR_OUTCOME_LATE || s->outcome == FLR_OUTCOME_UNKNOWN_TASK)
        process_unknown(s);
    FLR__FIRE(s->context, EV_AFTER_PROCESS_SUBMISSION);
    return 0;
}

/* Inside the gate. 0 and an outcome, or a code. */
static int take(submission *s, const char *client, int64_t now)
{
    flr_runner *r = s->runner;
    int status = note_arrival(s, client);
    if (status < 0)
        return status;
    s->outcome = FLR_OUTCOME_NO_PEER;
    if (!s->context->has_peer)
        return 0;
    s->outcome = FLR_OUTCOME_WRONG_JOB;
    if (!flr__peer_is_of_job(r, s->context))
        return 0;
    s->client = flr__call_client(r, s->context, client);
    if (s->client == NULL)
        return FLR_E_NOMEM;
    status = flr__peer_accept(r, s->context, s->client);
    if (status < 0)
        return status;
    flr__runner_credit(r, s->context, s->client, FLR_REASON_SUBMIT_TASK_RESULT, now);
    s->outcome = FLR_OUTCOME_FATAL_RETURN_CODE;
    if (is_fatal(s))
        return 0;
    status = dress(s);
    if (status ==
        FLR_E_LIMIT) { /* what the client says of itself is nested too deep: that is its own failure */
        flr_context_log(s->context, FLR_LOG_ERROR, "peer properties of client %s exceed the limits",
                        client);
        s->outcome = FLR_OUTCOME_FAILED;
        return 0;
    }
    if (status < 0)
        return status;
    const char *cookie =
        flr_value_get_text(flr__shareable_cookie(s->result, FLR__STR(WORKFLOW)), NULL);
    s->outcome = FLR_OUTCOME_WRONG_WORKFLOW;
    if (cookie != NULL && strcmp(cookie, s->workflow->id->text) != 0)
        return 0;
    s->outcome = FLR_OUTCOME_FAILED;
    if (is_too_large(s)) {
        flr_context_log(s->context, FLR_LOG_ERROR, "result of client %s exceeds the limits",
                        client);
        return 0;
    }
    status = filter(s);
    return status < 0 ? status : hand_over(s);
}

static int submit(flr_runner *r, const char *client, flr_context *context, const char *name,
                  const char *id, const flr_shareable *result, int *outcome)
{
    submission s = {r,
                    context,
                    NULL,
                    NULL,
                    name == NULL ? "" : name,
                    id == NULL ? "" : id,
                    NULL,
                    FLR_OUTCOME_NOT_RUNNING};
    unsigned lane = flr__lane();
    int64_t now = context->now = flr_clock_get_now(r->site.clock);
    flr__runner_decide(r, now);
    int status = flr_shareable_copy(result, NULL, &s.result);
    if (status < 0)
        return status;
    if (atomic_load(&r->status) == FLR_STATUS_STARTED &&
        flr__gate_enter(&r->gate, lane, FLR__GATE_OPEN)) {
        s.workflow = atomic_load(&r->current);
        status = take(&s, client, now);
        flr__gate_leave(&r->gate, lane);
    }
    flr_shareable_unref(s.result);
    if (status < 0)
        return status;
    flr__runner_count2(r, lane, outcomes[s.outcome].counter, FLR__NO_COUNTER);
    flr_context_log(context, FLR_LOG_INFO, "result of client %s for task \"%.64s\" is %s", client,
                    s.name, outcomes[s.outcome].name);
    *outcome = s.outcome;
    return 0;
}

int flr_runner_process_submission(flr_runner *runner, const char *client, flr_context *context,
                                  const char *task_name, const char *task_id,
                                  const flr_shareable *result, int *outcome)
{
    if (result == NULL || outcome == NULL)
        return FLR_E_INVAL;
    int status = flr__runner_check_call(runner, client, context);
    if (status < 0)
        return status;
    /* It may have to wait for a turn, a filter or a controller that this very thread is inside of. */
    status = flr__host_inside_turn(&runner->site)
                 ? FLR_E_REENTRANT
                 : submit(runner, client, context, task_name, task_id, result, outcome);
    flr__runner_end_call(context);
    return status;
}
