/* Answers to task requests, and what they share. The answer lock guards the runner's cache of shared values. */
#include "base/abi.h"
#include "runner/internal.h"
#include <string.h>

int flr_answer_get_kind(const flr_answer *answer)
{
    return answer == NULL ? 0 : answer->kind;
}
const char *flr_answer_get_id(const flr_answer *answer)
{
    return answer == NULL || answer->id == NULL ? "" : answer->id->text;
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
    return answer->kind == FLR_ANSWER_END_RUN ? FLR_TASK_NAME_END_RUN : answer->name->text;
}

/* ---------------------------------------------------------------- peers */

bool flr__peer_is_of_job(const flr_runner *r, const flr_context *context)
{
    const char *job = flr_value_get_text(flr__context_own(context->peer, FLR__S_RUN_NUM), NULL);
    return job != NULL && strcmp(job, r->site.job->text) == 0;
}

int flr__peer_accept(flr_context *context, const flr__client *c)
{
    flr_value *name;
    int status = flr__value_new_str(c->name, &name);
    if (status == 0)
        flr__context_put(context->peer, FLR__S_IDENTITY_NAME, name, FLR_PROP_FLAG_PUBLIC);
    return status;
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
    uint64_t basic = UINT64_C(1) << FLR__S_RUN_NUM | UINT64_C(1) << FLR__S_IDENTITY_NAME;
    if (context->others != NULL ||
        (context->used & UINT64_C(1) << FLR__S_MIN_GET_TASK_TIMEOUT) != 0)
        return false;
    /* handlers may have set these two to something else */
    if (flr__context_own(context, FLR__S_RUN_NUM) != context->site->job_value ||
        flr__context_own(context, FLR__S_IDENTITY_NAME) != context->site->identity_value)
        return false;
    for (uint64_t rest = context->used & ~basic; rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctzll(rest);
        if ((context->slots[slot].flags & FLR_PROP_FLAG_PUBLIC) != 0)
            return false;
    }
    return true;
}

/* What answers of this context carry; references pass to the caller, in an flr__answer_cache of its own. */
static int answer_values(flr_runner *r, flr_context *context, flr__answer_cache *out)
{
    bool plain = is_plain(context);
    uint64_t version = atomic_load(&r->site.manager.version);
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

void flr__answer_cache_free(flr_runner *r)
{
    cache_drop(&r->cache);
}

/* ---------------------------------------------------------------- the three answers */

int flr__answer_try_again(flr_runner *r, flr_context *context)
{
    flr__answer_cache values;
    int status = answer_values(r, context, &values);
    if (status < 0)
        return status;
    context->answer.kind = FLR_ANSWER_TRY_AGAIN;
    context->answer.data = values.try_again;
    context->answer.wait = r->settings.request_interval;
    values.try_again = NULL;
    cache_drop(&values);
    return 0;
}

void flr__answer_end_run(flr_context *context)
{
    context->answer.kind = FLR_ANSWER_END_RUN;
}

int flr__answer_finish_task(flr_runner *r, flr_context *context, flr_shareable *data)
{
    flr__answer_cache values;
    int status = answer_values(r, context, &values);
    if (status < 0)
        return status;
    status = flr__shareable_put(data, FLR__STR(WAIT_TIME), r->wait_value);
    if (status == 0)
        status = flr__shareable_put(data, FLR__STR(PEER_CTX), values.wire);
    if (status == 0 && values.min_timeout != NULL)
        status =
            flr__shareable_put(data, FLR__STR(MIN_GET_TASK_TIMEOUT_HEADER), values.min_timeout);
    cache_drop(&values);
    if (status < 0)
        return status;
    flr_shareable_freeze(data);
    context->answer.kind = FLR_ANSWER_TASK;
    context->answer.data = data;
    context->answer.wait = r->settings.request_interval;
    return 0;
}
