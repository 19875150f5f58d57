/* See pair.h. */
#include "pair.h"

#include <check.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* ---- the network ---- */

static void post(pair *p, int to, flr_aux_send *send)
{
    pair_message *m = malloc(sizeof *m);
    if (m == NULL)
        abort();
    *m = (pair_message){flr_aux_send_ref(send), to, NULL};
    pthread_mutex_lock(&p->lock);
    *p->last = m;
    p->last = &m->next;
    p->count++;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

static int send_aux(void *self, flr_aux_send *send)
{
    pair_site *s = self;
    if (strcmp(flr_aux_send_get_topic(send), "__end_run__") != 0)
        post(s->pair, s == &s->pair->sites[0] ? 1 : 0, send);
    return 0;
}

/* One of those on their way; the caller holds the lock. */
static pair_message *draw(pair *p)
{
    pair_message **at = &p->first;
    for (uint64_t n = flr__rng_below(&p->dice, p->count); n > 0; n--)
        at = &(*at)->next;
    pair_message *m = *at;
    *at = m->next;
    if (p->last == &m->next)
        p->last = at;
    p->count--;
    return m;
}

static bool throw(pair * p, unsigned percent)
{
    pthread_mutex_lock(&p->lock);
    bool hit = flr__rng_below(&p->dice, 100) < percent;
    pthread_mutex_unlock(&p->lock);
    return hit;
}

static void hand_over(pair *p, const pair_message *m, flr_context *context, bool with_reply)
{
    const flr_shareable *reply = NULL;
    pair_site *to = &p->sites[m->to];
    flr_context_reset(context);
    if (flr_runner_process_aux(to->runner, p->sites[1 - m->to].name,
                               flr_aux_send_get_topic(m->send), context,
                               flr_aux_send_get_request(m->send), &reply) == 0 &&
        with_reply)
        flr_aux_send_reply(m->send, 0, flr_shareable_ref(reply));
    if (with_reply)
        flr_shareable_unref((flr_shareable *)(uintptr_t)reply);
}

static void deliver(pair *p, pair_message *m, flr_context *const contexts[2])
{
    if (!throw(p, p->loss)) {
        hand_over(p, m, contexts[m->to], !throw(p, p->loss));
        if (throw(p, p->loss / 2))
            hand_over(p, m, contexts[m->to], false);
    }
    flr_aux_send_unref(m->send); /* what was not answered fails */
    free(m);
}

static void *carry(void *self)
{
    pair *p = self;
    flr_context *contexts[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++)
        if (flr_runner_new_context(p->sites[i].runner, &contexts[i]) < 0)
            abort();
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->count == 0 && !p->stopping)
            pthread_cond_wait(&p->changed, &p->lock);
        if (p->count == 0)
            break;
        pair_message *m = draw(p);
        pthread_mutex_unlock(&p->lock);
        deliver(p, m, contexts);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < 2; i++)
        flr_context_free(contexts[i]);
    return NULL;
}

/* ---- the runs ---- */

static int list_clients(void *self, flr_client_list *list)
{
    pair_site *s = self;
    return flr_client_list_add(list, s == &s->pair->sites[0] ? "right" : "left", NULL);
}

static int hear(void *self, const char *event, flr_context *context)
{
    pair_site *s = self;
    return strcmp(event, FLR_EVENT_START_RUN) != 0
               ? 0
               : flr_context_register_reliable(context, "work", s->pair->handler, s->pair);
}

static int step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    pair_site *s = self;
    flr_signal *abort = flr_context_get_abort_signal(context);
    (void)now, (void)due;
    *ended = atomic_load(&s->pair->ending) || flr_signal_is_triggered(abort);
    flr_signal_unref(abort);
    return 0;
}

static int flow(void *self, flr_signal *abort, flr_context *context)
{
    pair_site *s = self;
    (void)context;
    atomic_store(&s->started, true);
    flr_signal_wait(abort, -1.0);
    return 0;
}

static void make_site(pair *p, int i, uint64_t seed, double interval)
{
    flr_component_ops ears;
    flr_controller_ops controller;
    flr_engine_ops engine;
    flr_config *config;
    pair_site *s = &p->sites[i];
    s->pair = p;
    s->name = i == 0 ? "left" : "right";
    flr_component_ops_init(&ears, sizeof ears);
    ears.handle_event = hear;
    flr_controller_ops_init(&controller, sizeof controller);
    controller.step = step;
    controller.control_flow = p->threads ? flow : NULL;
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.send_aux = send_aux;
    ck_assert_int_eq(flr_config_new(&config), 0);
    ck_assert_int_eq(flr_config_set_clock(config, p->clock), 0);
    ck_assert_int_eq(flr_config_set_seed(config, seed * 2 + (uint64_t)i), 0);
    ck_assert_int_eq(flr_config_set_reliable(config, 3, interval), 0);
    ck_assert_int_eq(flr_config_add_component(config, "ears", &ears, s), 0);
    ck_assert_int_eq(flr_config_add_controller(config, "wf", &controller, s, NULL, NULL), 0);
    ck_assert_int_eq(flr_runner_new(config, "job", &engine, s, &s->runner), 0);
    ck_assert_int_eq(flr_runner_new_context(s->runner, &s->context), 0);
    ck_assert_int_eq(flr_runner_new_context(s->runner, &s->inbound), 0);
}

static void *run_main(void *self)
{
    pair_site *s = self;
    s->run_status = flr_runner_run(s->runner);
    return NULL;
}

static void step_site(pair_site *s)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    while (s->state != FLR_STEP_ENDED) {
        ck_assert_int_eq(flr_runner_step(s->runner, &result), 0);
        s->state = result.state;
        s->result = result.result;
        s->wait = result.wait_ns;
        if (s->wait != 0)
            return;
    }
    s->wait = -1;
}

pair *pair_begin(bool threads, uint64_t seed, unsigned loss, double interval,
                 flr_reliable_handler handler)
{
    pair *p = calloc(1, sizeof *p);
    ck_assert_ptr_nonnull(p);
    p->threads = threads;
    p->handler = handler;
    p->loss = loss;
    p->last = &p->first;
    flr__rng_seed(&p->dice, seed, "network");
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    ck_assert_int_eq(threads ? flr_clock_new_system(&p->clock)
                             : flr_clock_new_manual(1000000000, 1000000000, &p->clock),
                     0);
    for (int i = 0; i < 2; i++)
        make_site(p, i, seed, interval);
    for (int i = 0; i < 2 && !threads; i++)
        step_site(&p->sites[i]);
    for (int i = 0; i < 2 && threads; i++) {
        ck_assert_int_eq(pthread_create(&p->sites[i].thread, NULL, run_main, &p->sites[i]), 0);
        while (!atomic_load(&p->sites[i].started))
            sched_yield();
    }
    for (int i = 0; i < PAIR_CARRIERS && threads; i++)
        ck_assert_int_eq(pthread_create(&p->carriers[i], NULL, carry, p), 0);
    return p;
}

void pair_turn(pair *p)
{
    flr_context *const contexts[2] = {p->sites[0].inbound, p->sites[1].inbound};
    if (p->count > 0) {
        deliver(p, draw(p), contexts);
        step_site(&p->sites[0]);
        step_site(&p->sites[1]);
        return;
    }
    step_site(&p->sites[0]);
    step_site(&p->sites[1]);
    int64_t wait = p->sites[0].wait;
    if (wait < 0 || (p->sites[1].wait >= 0 && p->sites[1].wait < wait))
        wait = p->sites[1].wait;
    if (p->count == 0 && wait > 0)
        ck_assert_int_eq(flr_clock_advance_to(p->clock, flr_clock_get_now(p->clock) + wait), 0);
}

void pair_abort(pair *p, int site)
{
    flr_runner_abort(p->sites[site].runner, 0);
}

static void end_threads(pair *p)
{
    for (int i = 0; i < 2; i++) {
        pair_abort(p, i);
        pthread_join(p->sites[i].thread, NULL);
    }
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < PAIR_CARRIERS; i++)
        pthread_join(p->carriers[i], NULL);
}

void pair_end(pair *p)
{
    atomic_store(&p->ending, true);
    for (int i = 0; i < 2; i++)
        flr_runner_wake(p->sites[i].runner);
    if (p->threads)
        end_threads(p);
    while (!p->threads && (p->count > 0 || p->sites[0].state != FLR_STEP_ENDED ||
                           p->sites[1].state != FLR_STEP_ENDED))
        pair_turn(p);
    for (int i = 0; i < 2; i++) {
        flr_context_free(p->sites[i].context);
        flr_context_free(p->sites[i].inbound);
        flr_runner_free(p->sites[i].runner);
    }
    flr_clock_unref(p->clock);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
