/* See caller.h. */
#include "caller.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

void stage_reach(stage *s, int number)
{
    pthread_mutex_lock(&s->lock);
    if (number > s->reached)
        s->reached = number;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void stage_step(stage *s)
{
    pthread_mutex_lock(&s->lock);
    s->reached++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void stage_await(stage *s, int number)
{
    pthread_mutex_lock(&s->lock);
    while (s->reached < number)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

int stage_get(stage *s)
{
    pthread_mutex_lock(&s->lock);
    int reached = s->reached;
    pthread_mutex_unlock(&s->lock);
    return reached;
}

static void *request(void *self)
{
    caller *c = self;
    const flr_answer *answer = NULL;
    c->status = flr_runner_process_task_request(c->world->runner, c->client, c->context, &answer);
    c->kind = flr_answer_get_kind(answer);
    return NULL;
}

static void *submit(void *self)
{
    caller *c = self;
    flr_shareable *result = NULL;
    c->status = flr_shareable_new(&result);
    if (c->status == 0)
        c->status = flr_runner_process_submission(c->world->runner, c->client, c->context, c->task,
                                                  c->id, result, &c->outcome);
    flr_shareable_unref(result);
    return NULL;
}

static void *send(void *self)
{
    caller *c = self;
    const flr_shareable *reply = NULL;
    flr_shareable *message = NULL;
    flr_value *props = NULL;
    c->status = flr_shareable_new(&message);
    if (c->status == 0)
        c->status = flr_value_new_map(&props);
    if (c->status == 0)
        c->status = flr_map_set_text(&props, FLR_PROP_RUN_NUM, WORLD_JOB);
    if (c->status == 0)
        c->status = flr_shareable_set_header(message, FLR_HEADER_PEER_PROPS, props);
    if (c->status == 0)
        c->status = flr_runner_process_aux(c->world->runner, c->client, c->topic, c->context,
                                           message, &reply);
    if (c->status == 0)
        snprintf(c->rc, sizeof c->rc, "%s", flr_shareable_get_rc(reply));
    flr_shareable_unref(message);
    return NULL;
}

static void begin(caller *c, world *w, const char *client, void *(*call)(void *self))
{
    c->world = w;
    c->client = client;
    ck_assert_int_eq(flr_runner_new_context(w->runner, &c->context), 0);
    world_peer(w, c->context, WORLD_JOB);
    ck_assert_int_eq(pthread_create(&c->thread, NULL, call, c), 0);
}

void caller_request(caller *c, world *w, const char *client)
{
    memset(c, 0, sizeof *c);
    begin(c, w, client, request);
}

void caller_submit(caller *c, world *w, const char *client, const char *task, const char *id)
{
    memset(c, 0, sizeof *c);
    c->task = task;
    c->id = id;
    begin(c, w, client, submit);
}

void caller_aux(caller *c, world *w, const char *client, const char *topic)
{
    memset(c, 0, sizeof *c);
    c->topic = topic;
    begin(c, w, client, send);
}

void caller_join(caller *c)
{
    pthread_join(c->thread, NULL);
    flr_context_free(c->context);
    c->context = NULL;
}

void give_way(world *w)
{
    for (int i = 0; i < 2000; i++) {
        (void)world_stats(w);
        sched_yield();
    }
}

void expect_trace(world *w, const char *expected)
{
    ck_assert_str_eq(world_trace(w), expected);
    world_clear(w);
}
