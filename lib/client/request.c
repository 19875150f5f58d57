/*
 * Calls to other sites. Each is a message of the auxiliary machinery (fl/aux_send.c), which keeps its deadline and takes the first report only; a pull and a submission
 * are messages to the parent whose answer is more than a reply: it is kept here, set once. The host's reports may come on any thread.
 */
#include "base/abi.h"
#include "client/internal.h"
#include "fl/aux_send.h"
#include <string.h>

#define FOR_EVER 1e12 /* seconds: later than any clock */

struct flr_request {
    atomic_size_t refs;        /* all */
    atomic_size_t host_refs;   /* of these, the host's: who could still report */
    flr_client_runner *client; /* held */
    int kind;
    flr_aux_send *send; /* a host's reference, as long as the host has one of this */
    size_t target;
    const flr__str *name, *id; /* of a submission; NULL */
    double timeout;
    _Atomic(flr__call_answer *) answer; /* set once; partner: the send's report, which follows */
};

/* ---- references ---- */

static void answer_free(flr__call_answer *a)
{
    if (a == NULL)
        return;
    flr__free(a->name);
    flr_shareable_unref(a->data);
    flr__free(a);
}

static void drop(flr_request *r)
{
    if (r == NULL || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
        return;
    flr_client_runner *c = r->client;
    answer_free(atomic_load(&r->answer));
    flr__str_unref(r->name);
    flr__str_unref(r->id);
    flr__free(r);
    c->site.release(&c->site);
}

flr_request *flr_request_ref(flr_request *request)
{
    if (request == NULL)
        return NULL;
    atomic_fetch_add_explicit(&request->host_refs, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&request->refs, 1, memory_order_relaxed);
    return request;
}

void flr_request_unref(flr_request *request)
{
    if (request == NULL)
        return;
    if (atomic_fetch_sub_explicit(&request->host_refs, 1, memory_order_acq_rel) == 1)
        flr_aux_send_unref(request->send); /* nobody can report any more */
    drop(request);
}

static flr_request *request_new(flr_client_runner *c, int kind)
{
    flr_request *r = flr__zalloc(sizeof *r);
    if (r == NULL)
        return NULL;
    atomic_init(&r->refs, 1);
    r->client = c;
    r->kind = kind;
    c->site.retain(&c->site);
    return r;
}

/* ---- accessors ---- */

const flr_client_runner *flr__request_client(const flr_request *request)
{
    return request->client;
}

int flr_request_get_kind(const flr_request *request)
{
    return request == NULL ? 0 : request->kind;
}

const char *flr_request_get_target(const flr_request *request)
{
    return request == NULL ? "" : flr_aux_send_get_target(request->send, request->target);
}

const char *flr_request_get_topic(const flr_request *request)
{
    return request == NULL || request->kind != FLR_REQUEST_AUX
               ? ""
               : flr_aux_send_get_topic(request->send);
}

const char *flr_request_get_task_name(const flr_request *request)
{
    return request == NULL || request->name == NULL ? "" : request->name->text;
}

const char *flr_request_get_task_id(const flr_request *request)
{
    return request == NULL || request->id == NULL ? "" : request->id->text;
}

const flr_shareable *flr_request_get_message(const flr_request *request)
{
    return request == NULL || request->kind == FLR_REQUEST_TASK
               ? NULL
               : flr_aux_send_get_request(request->send);
}

const flr_value *flr_request_get_peer(const flr_request *request)
{
    return request == NULL || request->kind == FLR_REQUEST_AUX
               ? NULL
               : flr_shareable_get_peer_props(flr_aux_send_get_request(request->send));
}

double flr_request_get_timeout(const flr_request *request)
{
    return request == NULL ? 0.0 : request->timeout;
}

int flr_request_is_optional(const flr_request *request)
{
    return request != NULL && flr_aux_send_is_optional(request->send);
}

int flr_request_is_secure(const flr_request *request)
{
    return request != NULL && flr_aux_send_is_secure(request->send);
}

int flr_request_is_over(const flr_request *request)
{
    if (request == NULL)
        return 1;
    if (request->kind == FLR_REQUEST_AUX && request->timeout == 0.0)
        return 0; /* nobody ever waited for it */
    return flr__aux_is_over(request->send, request->target);
}

/* ---- reports ---- */

static int answer(flr_request *r, const flr__call_answer *from)
{
    flr__call_answer *none = NULL, *a = flr__alloc(sizeof *a);
    if (a != NULL) {
        *a = *from;
        a->name = from->name == NULL ? NULL : flr__strdup(from->name);
    }
    if (a == NULL || (from->name != NULL && a->name == NULL)) {
        flr__free(a);
        flr_aux_send_fail(r->send, r->target, FLR_E_NOMEM);
        return FLR_E_NOMEM;
    }
    flr_shareable_freeze(a->data);
    flr_shareable_ref(a->data);
    if (!atomic_compare_exchange_strong(&r->answer, &none, a))
        answer_free(a);
    return flr_aux_send_reply(r->send, r->target, r->client->empty);
}

int flr_request_answer_task(flr_request *request, int kind, const char *name, flr_shareable *data)
{
    if (request == NULL || request->kind != FLR_REQUEST_TASK || kind < FLR_ANSWER_TASK ||
        kind > FLR_ANSWER_END_RUN)
        return FLR_E_INVAL;
    if (kind == FLR_ANSWER_TASK && flr__check_name(name, FLR_NAME_MAX) < 0)
        return FLR_E_INVAL;
    flr__call_answer a = {kind, kind == FLR_ANSWER_TASK ? (char *)(uintptr_t)name : NULL, data};
    return answer(request, &a);
}

int flr_request_answer_submission(flr_request *request, int outcome)
{
    if (request == NULL || request->kind != FLR_REQUEST_SUBMISSION || outcome < 0 ||
        outcome > FLR_OUTCOME_FAILED)
        return FLR_E_INVAL;
    flr__call_answer a = {outcome, NULL, NULL};
    return answer(request, &a);
}

int flr_request_answer_aux(flr_request *request, flr_shareable *reply)
{
    if (request == NULL || request->kind != FLR_REQUEST_AUX)
        return FLR_E_INVAL;
    return flr_aux_send_reply(request->send, request->target, reply);
}

int flr_request_fail(flr_request *request, int code)
{
    return request == NULL ? FLR_E_INVAL : flr_aux_send_fail(request->send, request->target, code);
}

/* ---- the loop's calls ---- */

static void on_over(void *self, flr_aux_send *send)
{
    flr_request *r = self;
    (void)send;
    flr__client_notify(r->client);
    drop(r);
}

static void on_aux_over(void *self, flr_aux_send *send)
{
    (void)send;
    flr__client_notify(self);
}

/* Hand one to the engine; the call is the host's reference, and what it keeps are its own. */
static int call_host(flr_client_runner *c, flr_request *r, flr_aux_send *send, size_t target)
{
    r->send = flr_aux_send_ref(send);
    r->target = target;
    flr_request_ref(r);
    int status = flr__callback_status(c->host.request(c->site.engine_self, r));
    if (status < 0)
        flr_aux_send_fail(send, target, status);
    flr_request_unref(r);
    return status;
}

int flr__client_send_aux(void *self, flr_aux_send *send)
{
    flr_client_runner *c = (flr_client_runner *)flr__aux_site(send);
    flr_request *r = flr__aux_self(send, on_over);
    (void)self;
    if (r != NULL)
        return call_host(c, r, send, 0);
    for (size_t i = 0; i < flr_aux_send_get_target_count(send); i++) {
        r = request_new(c, FLR_REQUEST_AUX);
        if (r == NULL) {
            flr_aux_send_fail(send, i, FLR_E_NOMEM);
            continue;
        }
        r->timeout = flr_aux_send_get_timeout(send);
        call_host(c, r, send, i); /* a failure is reported for its target */
        drop(r);
    }
    return 0;
}

static int start(flr_client_runner *c, flr_context *context, const char *topic,
                 const flr_shareable *message, double timeout, bool optional, flr__aux_done done,
                 void *self, flr_aux_send **send)
{
    const char *targets[] = {c->parent->text};
    flr__aux_options options = {targets, 1, timeout == 0.0 ? FOR_EVER : timeout, optional, false};
    return flr__aux_start(context, topic, message, &options, done, self, send);
}

/* [give always] r */
static int begin(flr_client_runner *c, flr_context *context, flr_request *r,
                 const flr_shareable *message, bool optional, flr__call *call)
{
    atomic_fetch_add(&r->refs, 1); /* on_over's */
    int status = start(c, context, "call", message, r->timeout, optional, on_over, r, &call->send);
    if (status < 0) {
        drop(r);
        drop(r);
        return status;
    }
    call->request = r;
    return 0;
}

int flr__call_pull(flr_client_runner *c, flr_context *context, double timeout, flr__call *call)
{
    flr_request *r = request_new(c, FLR_REQUEST_TASK);
    if (r == NULL)
        return FLR_E_NOMEM;
    r->timeout = timeout;
    return begin(c, context, r, c->empty, true, call);
}

int flr__call_submit(flr_client_runner *c, flr_context *context, const char *name, const char *id,
                     const flr_shareable *result, double timeout, flr__call *call)
{
    flr_request *r = request_new(c, FLR_REQUEST_SUBMISSION);
    if (r == NULL)
        return FLR_E_NOMEM;
    r->timeout = timeout;
    r->name = flr__str_new(name, strlen(name));
    r->id = flr__str_new(id, strlen(id));
    if (r->name == NULL || r->id == NULL) {
        drop(r);
        return FLR_E_NOMEM;
    }
    bool optional = strcmp(flr_shareable_get_rc(result), FLR_RC_TASK_ABORTED) == 0;
    return begin(c, context, r, result, optional, call);
}

int flr__call_aux(flr_client_runner *c, flr_context *context, const char *topic,
                  const flr_shareable *request, double timeout, flr__call *call)
{
    call->request = NULL;
    return start(c, context, topic, request, timeout, true, on_aux_over, c, &call->send);
}

bool flr__call_is_over(const flr__call *call)
{
    return call->send == NULL || flr__aux_is_over(call->send, 0);
}

int flr__call_status(const flr__call *call)
{
    return flr__aux_code_of(call->send, 0);
}

const flr__call_answer *flr__call_get_answer(const flr__call *call)
{
    return atomic_load(&call->request->answer);
}

const flr_shareable *flr__call_get_reply(const flr__call *call)
{
    return flr__aux_reply_of(call->send, 0);
}

void flr__call_end(flr__call *call)
{
    flr__aux_cancel(call->send);
    flr__aux_drop(call->send);
    drop(call->request);
    *call = (flr__call){NULL, NULL};
}
