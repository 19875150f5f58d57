/*
 * Transport threads. Each plays two clients and now and then somebody else's: they ask, answer,
 * answer twice, late, in another's name or with nonsense, vanish and return. Polling ones ask again
 * and again; with notices they ask only when task_ready told them to, and answer everything.
 */
#include "federation.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- notices */

void fed_ready(void *self, const char *client)
{
    federation *f = self;

    pthread_mutex_lock(&f->lock);
    if (client == NULL) {
        f->news_for_all++;
    } else if (strncmp(client, "site-", 5) == 0) {
        f->news[strtoul(client + 5, NULL, 10) % FED_CLIENTS]++;
    }
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static uint64_t count_news(federation *f, unsigned client)
{
    uint64_t count;

    pthread_mutex_lock(&f->lock);
    count = f->news[client] + f->news_for_all;
    pthread_mutex_unlock(&f->lock);
    return count;
}

/* ---------------------------------------------------------------- messages */

static flr_context *fresh(fed_thread *t)
{
    FED_EXPECT(t->f, flr_context_reset(t->context), 0);
    FED_EXPECT(t->f, flr_context_set_peer_props(t->context, t->props), 0);
    return t->context;
}

/* Its answer's FLR_ANSWER_*; *got: the task. */
static int ask(fed_thread *t, unsigned client, fed_held *got)
{
    federation *f = t->f;
    const flr_answer *answer = NULL;
    const flr_shareable *data;
    int kind;

    if (FED_EXPECT(
            f, flr_runner_process_task_request(f->runner, fed_client(client), fresh(t), &answer),
            0) < 0) {
        return FLR_ANSWER_TRY_AGAIN;
    }
    kind = flr_answer_get_kind(answer);
    atomic_fetch_add_explicit(&f->answers[kind], 1, memory_order_relaxed);
    fed_tick(f, t->context);
    if (kind != FLR_ANSWER_TASK) {
        return kind;
    }
    data = flr_answer_get_data(answer);
    got->used = true;
    got->client = client;
    snprintf(got->name, sizeof got->name, "%s", flr_answer_get_name(answer));
    snprintf(got->id, sizeof got->id, "%s", flr_answer_get_id(answer));
    snprintf(got->workflow, sizeof got->workflow, "%s",
             flr_value_get_text(flr_shareable_get_cookie(data, FLR_COOKIE_WORKFLOW), ""));
    if (strncmp(got->name, "task-", 5) != 0 || flr_shareable_get(data, "x") == NULL ||
        flr_value_get_int(flr_shareable_get(data, "x"), -1) < 0) {
        fed_wrong(f, "the data of %s are not its own", got->name);
    }
    return kind;
}

static fed_task *task_named(federation *f, const char *name)
{
    unsigned long index = strncmp(name, "task-", 5) == 0 ? strtoul(name + 5, NULL, 10) : FED_TASKS;

    return index < FED_TASKS ? &f->tasks[index] : NULL;
}

static flr_shareable *make_result(fed_thread *t, const fed_held *h)
{
    federation *f = t->f;
    flr_shareable *result = NULL;
    flr_value *workflow = NULL;

    FED_EXPECT(f, fed_make_shareable(1 + fed_random(f, 100), &result), 0);
    if (fed_chance(f, 16)) {
        FED_EXPECT(f, flr_shareable_set_rc(result, FLR_RC_EXECUTION_EXCEPTION), 0);
    }
    if (!fed_chance(f, 8)) {
        FED_EXPECT(f, flr_value_new_text(h->workflow, &workflow), 0);
        FED_EXPECT(f, flr_shareable_set_cookie(result, FLR_COOKIE_WORKFLOW, workflow), 0);
    }
    if (f->options.end == FED_END_FATAL &&
        atomic_load_explicit(&f->ticks, memory_order_relaxed) >= f->abort_at) {
        FED_EXPECT(f, flr_shareable_set_rc(result, FLR_RC_UNSAFE_JOB), 0);
    }
    return result;
}

/* [give] the result. The outcome. */
static int submit(fed_thread *t, const char *client, const char *name, const char *id,
                  flr_shareable *result)
{
    federation *f = t->f;
    fed_task *task = task_named(f, name);
    int outcome = 0;

    if (FED_EXPECT(f,
                   flr_runner_process_submission(f->runner, client, t->context, name, id, result,
                                                 &outcome),
                   0) == 0) {
        atomic_fetch_add_explicit(&f->outcomes[outcome % FED_OUTCOMES], 1, memory_order_relaxed);
        if (outcome == FLR_OUTCOME_ACCEPTED && task != NULL) {
            atomic_fetch_add_explicit(&task->accepted, 1, memory_order_relaxed);
        } else if (outcome == FLR_OUTCOME_ACCEPTED) {
            fed_wrong(f, "a result for %s is accepted", name);
        }
    }
    flr_shareable_unref(result);
    fed_tick(f, t->context);
    return outcome;
}

static void answer(fed_thread *t, const fed_held *h)
{
    fresh(t);
    submit(t, fed_client(h->client), h->name, h->id, make_result(t, h));
}

int fed_heartbeat(federation *f, flr_context *context, const flr_value *props, const char *client)
{
    const flr_shareable *reply = NULL;
    flr_shareable *request = NULL;
    int status;

    FED_EXPECT(f, flr_context_reset(context), 0);
    FED_EXPECT(f, flr_shareable_new(&request), 0);
    FED_EXPECT(f, flr_shareable_set_header(request, FLR_HEADER_PEER_PROPS, flr_value_ref(props)),
               0);
    status = FED_EXPECT(
        f, flr_runner_process_aux(f->runner, client, "__job_heartbeat__", context, request, &reply),
        0);
    if (status == 0) {
        atomic_fetch_add_explicit(&f->aux, 1, memory_order_relaxed);
    }
    flr_shareable_unref(request);
    return status;
}

static void check_task(fed_thread *t, const fed_held *h)
{
    federation *f = t->f;
    const flr_shareable *reply = NULL;
    flr_shareable *request = NULL;

    FED_EXPECT(f, flr_context_reset(t->context), 0);
    FED_EXPECT(f, flr_shareable_new(&request), 0);
    FED_EXPECT(f, flr_shareable_set_header(request, FLR_HEADER_PEER_PROPS, flr_value_ref(t->props)),
               0);
    FED_EXPECT(f, flr_shareable_set_header_text(request, FLR_HEADER_TASK_ID, h->id), 0);
    if (FED_EXPECT(f,
                   flr_runner_process_aux(f->runner, fed_client(h->client), "__task_check__",
                                          t->context, request, &reply),
                   0) == 0) {
        atomic_fetch_add_explicit(&f->aux, 1, memory_order_relaxed);
    }
    flr_shareable_unref(request);
}

/* ---------------------------------------------------------------- results that wait */

/* With notices few look, so that one must be found at once. */
static unsigned some_place(federation *f)
{
    return f->options.notices ? 0 : fed_random(f, FED_HELD);
}

/* Put it where another thread finds it, in the place of what lies there. */
static void share(federation *f, const fed_held *h)
{
    pthread_mutex_lock(&f->lock);
    f->shared[some_place(f)] = *h;
    pthread_mutex_unlock(&f->lock);
}

static bool take_shared(federation *f, fed_held *h)
{
    pthread_mutex_lock(&f->lock);
    *h = f->shared[some_place(f)];
    pthread_mutex_unlock(&f->lock);
    return h->used;
}

/* Keep it to answer it later; what lay in its place is answered now. */
static void hold(fed_thread *t, const fed_held *h)
{
    fed_held *place = &t->held[fed_random(t->f, FED_HELD)], before = *place;

    *place = *h;
    if (before.used) {
        answer(t, &before);
    }
}

static void answer_held(fed_thread *t)
{
    for (unsigned i = 0; i < FED_HELD; i++) {
        if (t->held[i].used) {
            t->held[i].used = false;
            answer(t, &t->held[i]);
        }
    }
}

/* ---------------------------------------------------------------- what clients do */

/* Results that must not be accepted, or are somebody's mistake. */
static void talk_nonsense(fed_thread *t, const fed_held *h)
{
    federation *f = t->f;
    const char *own = fed_client(h->client);
    flr_shareable *result = make_result(t, h);
    flr_value *other = NULL;

    fresh(t);
    switch (fed_random(f, 6)) {
    case 0: /* for others */
        submit(t, fed_client((h->client + 1 + fed_random(f, f->clients - 1)) % f->clients), h->name,
               h->id, result);
        break;
    case 1:
        submit(t, own, "task-x", h->id, result);
        break;
    case 2:
        submit(t, own, h->name, "0123456789abcdef0123456789abcdef", result);
        break;
    case 3: /* without a peer */
        FED_EXPECT(f, flr_context_reset(t->context), 0);
        submit(t, own, h->name, h->id, result);
        break;
    case 4:
        FED_EXPECT(f, flr_value_new_text("elsewhere", &other), 0);
        FED_EXPECT(f, flr_shareable_set_cookie(result, FLR_COOKIE_WORKFLOW, other), 0);
        submit(t, own, h->name, h->id, result);
        break;
    default: /* of a job that is not there */
        FED_EXPECT(f, flr_context_reset(t->context), 0);
        FED_EXPECT(f, flr_value_new_map(&other), 0);
        FED_EXPECT(f, flr_map_set_text(&other, FLR_PROP_RUN_NUM, "elsewhere"), 0);
        FED_EXPECT(f, flr_context_set_peer_props(t->context, other), 0);
        flr_value_unref(other);
        submit(t, own, h->name, h->id, result);
        break;
    }
}

/* It got a task. true: it is answered, or will be by answer_held. */
static bool work(fed_thread *t, const fed_held *h)
{
    federation *f = t->f;

    switch (fed_random(f, 16)) {
    case 0:
        answer(t, h);
        answer(t, h);
        break;
    case 1:
    case 2:
        hold(t, h);
        break;
    case 3:
    case 7:
        share(f, h); /* at the same time as another thread */
        sched_yield();
        answer(t, h);
        break;
    case 4:
        talk_nonsense(t, h);
        answer(t, h);
        break;
    case 5:
        check_task(t, h);
        answer(t, h);
        check_task(t, h);
        break;
    case 6:
        return false;
    default:
        answer(t, h);
        break;
    }
    return true;
}

/* Ask again at once, as somebody who polls does. */
static void keep_asking(fed_thread *t)
{
    federation *f = t->f;
    unsigned vanished = 0;

    for (unsigned turn = 0; !atomic_load_explicit(&f->over, memory_order_relaxed); turn++) {
        unsigned client = 2 * t->number + turn % 2;
        fed_held got;

        if (turn % 2 == 1 && vanished > 0) { /* the second one is away for some time */
            vanished--;
            continue;
        }
        if (fed_chance(f, 16)) {
            client = fed_random(f, f->clients); /* it has changed its transport */
        }
        if (fed_chance(f, 8) && take_shared(f, &got)) {
            answer(t, &got);
        }
        if (fed_chance(f, 12)) {
            answer_held(t);
        }
        if (ask(t, client, &got) != FLR_ANSWER_TASK) {
            sched_yield();
        } else if (!work(t, &got)) {
            vanished = fed_random(f, 200);
        }
    }
    answer_held(t); /* after the end */
}

/* ---- with notices ---- */

/* Until there is no task for it. */
static void serve(fed_thread *t, unsigned client, uint64_t *seen)
{
    fed_held got;

    while (*seen = count_news(t->f, client), ask(t, client, &got) == FLR_ANSWER_TASK) {
        if (!work(t, &got)) {
            answer(t, &got);
        }
        if (fed_chance(t->f, 2) && take_shared(t->f, &got)) {
            answer(t, &got);
        }
        answer_held(t);
    }
}

/* Until there is news for one of these two since they were seen. */
static void await_news(federation *f, unsigned first, const uint64_t *seen)
{
    pthread_mutex_lock(&f->lock);
    while (!f->ended && f->news[first] + f->news_for_all == seen[0] &&
           f->news[first + 1] + f->news_for_all == seen[1]) {
        pthread_cond_wait(&f->changed, &f->lock);
    }
    pthread_mutex_unlock(&f->lock);
}

static void listen(fed_thread *t)
{
    federation *f = t->f;
    unsigned first = 2 * t->number;
    uint64_t seen[2] = {UINT64_MAX, UINT64_MAX};

    while (!atomic_load_explicit(&f->over, memory_order_relaxed)) {
        for (unsigned i = 0; i < 2; i++) {
            if (count_news(f, first + i) != seen[i]) {
                serve(t, first + i, &seen[i]);
            }
        }
        await_news(f, first, seen);
    }
}

void *fed_transport(void *self)
{
    fed_thread *t = self;

    if (t->f->options.notices) {
        listen(t);
    } else {
        keep_asking(t);
    }
    return NULL;
}
