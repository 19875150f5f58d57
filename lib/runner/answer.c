/* Answers to task requests, and what they share. The answer lock guards the runner's cache of shared values. */
#include "base/abi.h"
#include "runner/internal.h"
#include "runner/offer.h"
#include <string.h>

int flr_answer_get_kind(const flr_answer *answer)
{
    return answer == NULL ? 0 : answer->kind;
}
const char *flr_answer_get_id(const flr_answer *answer)
{
    return answer == NULL ? "" : flr_value_get_text(answer->id, "");
}
const flr_shareable *flr_answer_get_data(const flr_answer *answer)
{
    return answer == NULL ? NULL : answer->data;
}
double flr_answer_get_wait_time(const flr_answer *answer)
{
    return answer == NULL ? 0.0 : answer->wait;
}

const char *flr_answer_get_name(const flr_answer *answer)
{
    if (answer == NULL)
        return "";
    if (answer->kind == FLR_ANSWER_TRY_AGAIN)
        return FLR_TASK_NAME_TRY_AGAIN;
    return answer->kind == FLR_ANSWER_END_RUN ? FLR_TASK_NAME_END_RUN
                                              : flr_value_get_text(answer->name, "");
}

/* ---------------------------------------------------------------- peers */

bool flr__peer_is_of_job(const flr_runner *r, const flr_context *context)
{
    const flr_value *value = flr__context_own(context->peer, FLR__S_RUN_NUM);
    const char *job = flr_value_get_text(value, NULL);
    return value == r->site.job_value || (job != NULL && strcmp(job, r->site.job->text) == 0);
}

static int make_says(const flr_runner *r, const flr__client *c, flr_value **says)
{
    flr_value *name;
    int status = flr__value_new_str(c->name, &name);
    if (status < 0)
        return status;
    status = flr__map_new(2, says);
    if (status == 0) {
        status = flr__map_put(says, FLR__STR(RUN_NUM), r->site.job_value);
        if (status == 0)
            status = flr__map_put(says, FLR__STR(IDENTITY_NAME), name);
        if (status < 0)
            flr_value_unref(*says);
    }
    flr_value_unref(name);
    return status;
}

/* [borrow] what a client of this job says of itself unless it says more: its job and its name. Made when first needed; NULL: out of memory. */
static const flr_value *get_says(const flr_runner *r, flr__client *c)
{
    flr_value *says = atomic_load_explicit(&c->says, memory_order_acquire), *fresh;
    if (says != NULL || make_says(r, c, &fresh) < 0)
        return says;
    /* release; partner: the load above */
    if (atomic_compare_exchange_strong_explicit(&c->says, &says, fresh, memory_order_acq_rel,
                                                memory_order_acquire))
        return fresh;
    flr_value_unref(fresh);
    return says;
}

int flr__peer_accept(flr_runner *r, flr_context *context, flr__client *c)
{
    const flr_value *says = get_says(r, c);
    if (says == NULL)
        return FLR_E_NOMEM;
    flr__context_lend(context->peer, FLR__S_IDENTITY_NAME,
                      flr__map_get(says, FLR__STR(IDENTITY_NAME)), FLR_PROP_FLAG_PUBLIC);
    context->client = c;
    return 0;
}

int flr__peer_props(flr_runner *r, const flr_context *context, flr_value **props)
{
    const flr_value *says = get_says(r, context->client);
    if (says == NULL || !flr__context_is_bare(context->peer, r->site.job_value,
                                              flr__map_get(says, FLR__STR(IDENTITY_NAME))))
        return flr_context_get_public(context->peer, props);
    *props = flr_value_ref(says);
    return 0;
}

flr__client *flr__call_client(flr_runner *r, flr_context *context, const char *name)
{
    flr__client *c = context->own_values->client;
    if (c == NULL || strcmp(c->name->text, name) != 0)
        c = flr__clients_get(&r->clients, name);
    if (c != NULL)
        context->own_values->client = c;
    return c;
}

flr__client *flr__served_client(const flr_context *context, const char *name)
{
    flr__client *c = context->client;
    return c != NULL && c->name->text == name ? c : NULL;
}

int64_t flr__call_now(const flr_context *context, const flr_clock *clock)
{
    return context->now != FLR_TIME_NONE ? context->now : flr_clock_get_now(clock);
}

/* ---------------------------------------------------------------- shared values */

static void cache_drop(flr__answer_cache *cache)
{
    flr_value_unref(cache->wire);
    flr_value_unref(cache->min_timeout);
    flr_shareable_unref(cache->try_again);
    memset(cache, 0, sizeof *cache);
}

static int make_try_again(flr_runner *r, flr_value *min_timeout, flr_shareable **out)
{
    flr_shareable *s;
    int status = flr_shareable_new(&s);
    if (status < 0)
        return status;
    status = flr__shareable_set_header(s, FLR__STR(WAIT_TIME), flr_value_ref(r->wait_value));
    if (status < 0)
        flr_value_unref(r->wait_value);
    else if (min_timeout != NULL) {
        status = flr__shareable_set_header(s, FLR__STR(MIN_GET_TASK_TIMEOUT_HEADER),
                                           flr_value_ref(min_timeout));
        if (status < 0)
            flr_value_unref(min_timeout);
    }
    if (status < 0) {
        flr_shareable_unref(s);
        return status;
    }
    flr_shareable_freeze(s);
    *out = s;
    return 0;
}

/* Whether this context adds no public property of its own, so that its peers see what everybody's see. */
static bool is_plain(const flr_context *context)
{
    return (context->used & UINT64_C(1) << FLR__S_MIN_GET_TASK_TIMEOUT) == 0 &&
           flr__context_is_bare(context, context->site->job_value, context->site->identity_value);
}

/* What answers of this context carry, as everybody's if it is plain; references pass to the caller. */
static int shared_values(flr_runner *r, flr_context *context, bool plain, uint64_t version,
                         flr__answer_cache *out)
{
    memset(out, 0, sizeof *out);
    if (plain) {
        flr__mutex_lock(&r->answer_lock);
        if (r->cache.valid && r->cache.version == version) {
            out->wire = flr_value_ref(r->cache.wire);
            out->min_timeout = flr_value_ref(r->cache.min_timeout);
            out->try_again = flr_shareable_ref(r->cache.try_again);
            out->valid = true;
        }
        flr__mutex_unlock(&r->answer_lock);
        if (out->valid)
            return 0;
    }
    out->min_timeout = flr__context_find(context, FLR__S_MIN_GET_TASK_TIMEOUT);
    int status = flr_context_get_public_for_wire(context, &out->wire);
    if (status == 0)
        status = make_try_again(r, out->min_timeout, &out->try_again);
    if (status < 0) {
        cache_drop(out);
        return status;
    }
    if (plain) {
        flr__answer_cache old,
            fresh = {version, true, flr_value_ref(out->wire), flr_value_ref(out->min_timeout),
                     flr_shareable_ref(out->try_again)};
        flr__mutex_lock(&r->answer_lock);
        old = r->cache;
        r->cache = fresh;
        flr__mutex_unlock(&r->answer_lock);
        cache_drop(&old);
    }
    return 0;
}

/* The context's own copies of such values. Without memory it goes on without them. */
static void keep_own(flr_runner *r, flr__own_values *own, uint64_t version,
                     const flr__answer_cache *from)
{
    flr__own_values_drop_answers(own);
    if (flr__map_copy(from->wire, 0, &own->wire) < 0 ||
        flr_value_new_real(r->settings.request_interval, &own->wait) < 0 ||
        flr_shareable_copy(from->try_again, NULL, &own->try_again) < 0) {
        flr__own_values_drop_answers(own);
        return;
    }
    flr_shareable_freeze(own->try_again);
    own->min_timeout = flr_value_ref(from->min_timeout);
    own->version = version;
}

/* What an answer is made from; borrowed from the context's own values, or from `held`, which the caller drops. */
typedef struct answer_parts {
    const flr_value *wire, *wait, *min_timeout;
    flr_shareable *try_again;
    flr__answer_cache held;
} answer_parts;

static int get_parts(flr_runner *r, flr_context *context, answer_parts *p)
{
    flr__own_values *own = context->own_values;
    uint64_t version = atomic_load_explicit(&r->site.manager.version, memory_order_acquire);
    bool plain = is_plain(context);
    bool ready = plain && own->wire != NULL && own->version == version;
    p->held = (flr__answer_cache){0};
    if (!ready) {
        int status = shared_values(r, context, plain, version, &p->held);
        if (status < 0)
            return status;
        /* Copies do not pay for a context that gives one answer only. */
        if (plain && own->used)
            keep_own(r, own, version, &p->held);
        own->used = true;
    }
    p->wire = ready ? own->wire : p->held.wire;
    p->wait = ready ? own->wait : r->wait_value;
    p->min_timeout = ready ? own->min_timeout : p->held.min_timeout;
    p->try_again = ready ? own->try_again : p->held.try_again;
    return 0;
}

const flr_value *flr__workflow_id_for(flr_context *context, const flr_workflow *w)
{
    flr__own_values *own = context->own_values;
    flr_value *fresh;
    if (own->workflow == w)
        return own->workflow_id;
    if (!own->used || flr__value_new_str(w->id, &fresh) < 0)
        return w->id_value;
    flr_value_unref(own->workflow_id);
    own->workflow_id = fresh;
    own->workflow = w;
    return fresh;
}

void flr__answer_cache_free(flr_runner *r)
{
    cache_drop(&r->cache);
}

/* ---------------------------------------------------------------- the three answers */

int flr__answer_try_again(flr_runner *r, flr_context *context)
{
    answer_parts parts;
    int status = get_parts(r, context, &parts);
    if (status < 0)
        return status;
    context->answer.kind = FLR_ANSWER_TRY_AGAIN;
    context->answer.data = flr_shareable_ref(parts.try_again);
    context->answer.wait = r->settings.request_interval;
    cache_drop(&parts.held);
    return 0;
}

void flr__answer_end_run(flr_context *context)
{
    context->answer.kind = FLR_ANSWER_END_RUN;
}

int flr__answer_finish_task(flr_runner *r, flr_context *context, flr_shareable *data)
{
    answer_parts parts;
    int status = get_parts(r, context, &parts);
    if (status < 0)
        return status;
    status = flr__shareable_put(data, FLR__STR(WAIT_TIME), parts.wait);
    if (status == 0)
        status = flr__shareable_put(data, FLR__STR(PEER_CTX), parts.wire);
    if (status == 0 && parts.min_timeout != NULL)
        status = flr__shareable_put(data, FLR__STR(MIN_GET_TASK_TIMEOUT_HEADER), parts.min_timeout);
    cache_drop(&parts.held);
    if (status < 0)
        return status;
    flr_shareable_freeze(data);
    context->answer.kind = FLR_ANSWER_TASK;
    context->answer.data = data;
    context->answer.wait = r->settings.request_interval;
    return 0;
}
