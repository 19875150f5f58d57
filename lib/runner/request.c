/* A client's request for a task, from the first check to the answer. Rows RQ. */
#include "base/abi.h"
#include "runner/internal.h"
#include "runner/offer.h"
#include <stdio.h>
#include <string.h>

/* What a communicator offers, until it becomes an answer. */
struct flr_offer {
    flr_value *name, *id; /* texts */
    flr_shareable *data;
};

static void offer_clear(flr_offer *o)
{
    flr_value_unref(o->name);
    flr_value_unref(o->id);
    flr_shareable_unref(o->data);
    memset(o, 0, sizeof *o);
}

void flr__offer_give(flr_offer *offer, flr_value *name, flr_value *id, flr_shareable *data)
{
    offer_clear(offer);
    *offer = (flr_offer){name, id, data};
}

int flr_offer_set(flr_offer *offer, const char *name, const char *task_id, flr_shareable *data)
{
    if (offer == NULL || name == NULL)
        return FLR_E_INVAL;
    bool none = *name == '\0' || strcmp(name, FLR_TASK_NAME_TRY_AGAIN) == 0;
    if (none) {
        offer_clear(offer);
        flr_shareable_unref(data);
        return 0;
    }
    int status = flr__check_name(name, FLR_NAME_MAX);
    if (status == 0)
        status = flr__check_name(task_id, FLR_NAME_MAX);
    if (status == 0 && data != NULL && flr_shareable_is_frozen(data))
        status = FLR_E_INVAL; /* it gets headers of its own */
    if (status < 0)
        return status;
    flr_offer fresh = {NULL, NULL, NULL};
    status = flr_value_new_text(name, &fresh.name);
    if (status == 0)
        status = flr_value_new_text(task_id, &fresh.id);
    if (status == 0 && data == NULL)
        status = flr_shareable_new(&data);
    if (status < 0) {
        offer_clear(&fresh);
        return status;
    }
    flr__offer_give(offer, fresh.name, fresh.id, data);
    return 0;
}

static const char *offer_name(const flr_offer *o)
{
    return flr_value_get_text(o->name, "");
}

/* The answer TRY_AGAIN for a counted cause. */
static int try_again(flr_runner *r, flr_context *context, size_t cause)
{
    int status = flr__answer_try_again(r, context);
    if (status == 0)
        flr__runner_count2(r, flr__lane(), cause, FLR__NO_COUNTER);
    return status;
}

static int end_run(flr_runner *r, flr_context *context, size_t cause)
{
    flr__answer_end_run(context);
    flr__runner_count2(r, flr__lane(), cause, FLR__NO_COUNTER);
    return 0;
}

/* Ask the communicator between its two events. 0, with an offer or without; FLR_E_NOMEM or FLR_E_REENTRANT. *failed: it failed otherwise. */
static int ask(flr_runner *r, flr_workflow *w, flr_context *context, const flr__client *c,
               flr_offer *offer, bool *failed)
{
    flr__host_frame frame;
    flr__context_drop(context, FLR__S_TASK_NAME);
    flr__context_drop(context, FLR__S_TASK_ID);
    flr__context_drop(context, FLR__S_TASK_DATA);
    flr__context_drop(context, FLR__S_IS_RESEND);
    FLR__FIRE(context, EV_BEFORE_PROCESS_TASK_REQUEST);
    int status = flr__communicator_enter(r, w, &frame);
    if (status < 0)
        return status;
    flr__context_clear_detail(context);
    status = flr__callback_status(
        w->communicator.process_task_request(w->communicator_self, context, c->name->text, offer));
    flr__communicator_leave(w, &frame);
    if (status == FLR_E_NOMEM || status == FLR_E_REENTRANT)
        return status;
    /* BD-18: its filters might wait for what this thread is inside of; an assignment that was made is sent again. */
    if (status == 0 && offer->name != NULL && flr__host_inside_turn(&r->site) &&
        flr__filters_any(&r->site, &r->site.data_chains, false, FLR_FILTER_OUT, offer_name(offer)))
        return FLR_E_REENTRANT;
    if (status < 0) {
        *failed = true;
        flr__runner_count(r, FLR__COUNTER(communicator_failures));
        flr__log_failure(r, context, FLR_LOG_EXCEPTION, "process_task_request", status);
    }
    FLR__FIRE(context, EV_AFTER_PROCESS_TASK_REQUEST);
    return 0;
}

/* The board's messages have their name and id already. */
static int put_header(flr_shareable *data, const flr__str *key, const flr_value *value)
{
    return flr__shareable_header(data, key) == value ? 0 : flr__shareable_put(data, key, value);
}

/* The cookies `__workflow__` and `__task_id__`; most messages come without a cookie jar. */
static int put_cookies(flr_shareable *data, const flr_value *workflow, const flr_value *id)
{
    flr_value *jar;
    int status;
    if (flr__shareable_header(data, FLR__STR(COOKIE_JAR)) != NULL) {
        status = flr__shareable_put_cookie(data, FLR__STR(WORKFLOW), workflow);
        return status < 0 ? status : flr__shareable_put_cookie(data, FLR__STR(TASK_ID), id);
    }
    status = flr__map_new(2, &jar);
    if (status < 0)
        return status;
    status = flr__map_put(&jar, FLR__STR(WORKFLOW), workflow);
    if (status == 0)
        status = flr__map_put(&jar, FLR__STR(TASK_ID), id);
    if (status == 0)
        status = flr__shareable_set_header(data, FLR__STR(COOKIE_JAR), jar);
    if (status < 0)
        flr_value_unref(jar);
    return status;
}

/* RQ-10: headers, cookies and properties of the task that is offered. */
static int dress(flr_workflow *w, flr_context *context, const flr_offer *offer)
{
    flr_shareable *data = offer->data;
    int status = put_header(data, FLR__STR(TASK_ID), offer->id);
    if (status == 0)
        status = put_header(data, FLR__STR(TASK_NAME), offer->name);
    if (status == 0)
        status = put_cookies(data, flr__workflow_id_for(context, w), offer->id);
    if (status < 0)
        return status;
    flr__context_put(context, FLR__S_TASK_NAME, flr_value_ref(offer->name), 0);
    flr__context_put(context, FLR__S_TASK_ID, flr_value_ref(offer->id), 0);
    flr__context_put_message(context, FLR__S_TASK_DATA, flr_shareable_ref(data), 0);
    return 0;
}

/* RQ-13: the data could not be filtered: the communicator hears it, if its workflow is still open. */
static void withdraw(flr_runner *r, flr_workflow *w, flr_context *context, const flr__client *c,
                     const flr_value *id)
{
    flr__host_frame frame;
    if (w->communicator.handle_exception == NULL ||
        !flr__gate_enter(&r->gate, c->name->hash, FLR__GATE_OPEN))
        return;
    if (atomic_load(&r->current) == w && flr__communicator_enter(r, w, &frame) == 0) {
        flr__context_clear_detail(context);
        int status = flr__callback_status(w->communicator.handle_exception(
            w->communicator_self, context, flr_value_get_text(id, "")));
        flr__communicator_leave(w, &frame);
        if (status < 0) {
            flr__runner_count(r, FLR__COUNTER(communicator_failures));
            flr__log_failure(r, context, FLR_LOG_EXCEPTION, "handle_exception", status);
        }
    }
    flr__gate_leave(&r->gate, c->name->hash);
}

/* As good as from inside the gate: it may close at any moment after. */
static bool still_open(flr_runner *r, const flr_workflow *w)
{
    return flr__gate_level(&r->gate) >= FLR__GATE_OPEN && atomic_load(&r->current) == w;
}

static int audit_sent(flr_runner *r, flr_context *context, const flr__client *c,
                      flr_shareable *data)
{
    char id[FLR__ID_TEXT] = "", message[FLR_NAME_MAX + 32];
    if (r->site.engine.audit == NULL)
        return flr__shareable_put(data, FLR__STR(AUDIT_EVENT_ID), flr__value_empty_text());
    snprintf(message, sizeof message, "sent task to client \"%s\"", c->name->text);
    flr_context_audit(context, NULL, message, id);
    return flr_shareable_set_header_text(data, FLR_HEADER_AUDIT_EVENT_ID, id);
}

/* Outside the gate: filters, audit, the answer. *data is the caller's reference and passes to the answer. */
static int deliver(flr_runner *r, flr_workflow *w, flr_context *context, const flr__client *c,
                   flr_offer *offer)
{
    FLR__FIRE(context, EV_BEFORE_TASK_DATA_FILTER);
    flr__context_clear_detail(context);
    int status = flr__filters_apply(context, &r->site.data_chains, false, FLR_FILTER_OUT,
                                    offer_name(offer), &offer->data);
    if (status < 0) {
        flr__runner_count2(r, flr__lane(), FLR__COUNTER(data_filter_failures), FLR__NO_COUNTER);
        flr__log_failure(r, context, FLR_LOG_EXCEPTION, "a data filter", status);
        withdraw(r, w, context, c, offer->id);
        return try_again(r, context, FLR__COUNTER(answer_try_filter));
    }
    if (flr__context_own_message(context, FLR__S_TASK_DATA) != offer->data)
        flr__context_put_message(context, FLR__S_TASK_DATA, flr_shareable_ref(offer->data), 0);
    FLR__FIRE(context, EV_AFTER_TASK_DATA_FILTER);
    if (atomic_load(&r->status) == FLR_STATUS_DONE)
        return end_run(r, context, FLR__COUNTER(answer_end_done));
    if (!still_open(r, w))
        return try_again(r, context, FLR__COUNTER(answer_try_no_workflow));
    bool resend = flr_value_get_bool(flr__context_own(context, FLR__S_IS_RESEND), 0) != 0;
    if (flr_shareable_is_frozen(
            offer->data)) { /* a filter's own message: the headers go into a copy */
        flr_shareable *copy;
        status = flr_shareable_copy(offer->data, NULL, &copy);
        if (status < 0)
            return status;
        flr_shareable_unref(offer->data);
        offer->data = copy;
        flr__context_put_message(context, FLR__S_TASK_DATA, flr_shareable_ref(copy), 0);
    }
    status = audit_sent(r, context, c, offer->data);
    if (status == 0)
        status = flr__answer_finish_task(r, context, offer->data);
    if (status < 0)
        return status;
    context->answer.name = offer->name;
    context->answer.id = offer->id;
    flr__context_keep_id(context, offer->id);
    memset(offer, 0, sizeof *offer); /* its references are the answer's now */
    flr__runner_count2(r, flr__lane(), FLR__COUNTER(answer_task),
                       resend ? FLR__COUNTER(resends) : FLR__NO_COUNTER);
    return 0;
}

/* The client's request is reserved: nobody else serves it now. */
static int serve(flr_runner *r, flr_context *context, flr__client *c)
{
    unsigned lane = flr__lane();
    bool failed = false;
    flr_offer offer = {NULL, NULL, NULL};
    if (!flr__gate_enter(&r->gate, lane, FLR__GATE_OPEN))
        return try_again(r, context, FLR__COUNTER(answer_try_no_workflow));
    /* Outlives the gate, as filters come after it: the runner keeps its workflows, and the context the runner. */
    flr_workflow *w = atomic_load(&r->current);
    int status = ask(r, w, context, c, &offer, &failed);
    bool task = status == 0 && !failed && offer.name != NULL;
    if (task)
        status = dress(w, context, &offer);
    flr__gate_leave(&r->gate, lane);
    if (status == 0) {
        if (task)
            status = deliver(r, w, context, c, &offer);
        else
            status = try_again(r, context,
                               failed ? FLR__COUNTER(answer_try_failed)
                                      : FLR__COUNTER(answer_try_no_task));
    }
    offer_clear(&offer);
    return status;
}

static int request(flr_runner *r, const char *client, flr_context *context)
{
    int64_t now = context->now = flr_clock_get_now(r->site.clock);
    flr__runner_decide(r, now);
    int status = atomic_load(&r->status);
    if (status == FLR_STATUS_INIT)
        return try_again(r, context, FLR__COUNTER(answer_try_not_started));
    if (status == FLR_STATUS_DONE)
        return end_run(r, context, FLR__COUNTER(answer_end_done));
    if (!context->has_peer)
        return try_again(r, context, FLR__COUNTER(answer_try_no_peer));
    if (!flr__peer_is_of_job(r, context))
        return end_run(r, context, FLR__COUNTER(answer_end_job));
    flr__client *c = flr__call_client(r, context, client);
    if (c == NULL)
        return FLR_E_NOMEM;
    status = flr__peer_accept(r, context, c);
    if (status < 0)
        return status;
    flr__runner_credit(r, context, c, FLR_REASON_GET_TASK, now);
    if (atomic_exchange_explicit(&c->serving, true, memory_order_acquire))
        return try_again(r, context, FLR__COUNTER(answer_try_busy));
    status = serve(r, context, c);
    atomic_store_explicit(&c->serving, false, memory_order_release);
    return status;
}

int flr_runner_process_task_request(flr_runner *runner, const char *client, flr_context *context,
                                    const flr_answer **answer)
{
    if (answer == NULL)
        return FLR_E_INVAL;
    int status = flr__runner_check_call(runner, client, context);
    if (status < 0)
        return status;
    status = request(runner, client, context);
    flr__runner_end_call(context);
    if (status == 0)
        *answer = &context->answer;
    return status;
}
