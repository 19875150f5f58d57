/*
 * Tasks of a federation: of every kind, with callbacks that record, fail, and do mischief. What
 * callbacks record is relaxed or plain, see federation.c.
 */
#include "federation.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#define QUOTA 4 /* results after which a task with this trait cancels itself */

fed_task *fed_some_task(federation *f)
{
    unsigned made = atomic_load_explicit(&f->made, memory_order_relaxed);
    fed_task *t;

    if (made == 0) {
        return NULL;
    }
    t = &f->tasks[fed_random(f, made)];
    return fed_task_of(t) == NULL ? NULL : t;
}

flr_task *fed_task_of(const fed_task *t)
{
    return atomic_load_explicit(&((fed_task *)t)->task, memory_order_acquire);
}

int fed_make_shareable(int64_t x, flr_shareable **message)
{
    int status = flr_shareable_new(message);

    return status == 0 ? flr_shareable_set_int(*message, "x", x) : status;
}

/* ---------------------------------------------------------------- mischief */

static flr_context *make_context(federation *f)
{
    flr_context *context = NULL;
    flr_value *props = NULL;

    FED_EXPECT(f, flr_runner_new_context(f->runner, &context), 0);
    FED_EXPECT(f, flr_value_new_map(&props), 0);
    FED_EXPECT(f, flr_map_set_text(&props, FLR_PROP_RUN_NUM, FED_JOB), 0);
    FED_EXPECT(f, flr_context_set_peer_props(context, props), 0);
    flr_value_unref(props);
    return context;
}

/* BD-18: what would have to wait for a turn is refused. */
static void call_back(fed_task *t)
{
    federation *f = t->f;
    flr_context *context = make_context(f);
    const char *client = fed_client(fed_random(f, f->clients));
    const flr_answer *answer = NULL;
    flr_shareable *result = NULL;
    int outcome;

    FED_EXPECT(f, fed_make_shareable(1, &result), 0);
    FED_EXPECT(
        f,
        flr_runner_process_submission(f->runner, client, context, t->name, "0", result, &outcome),
        FLR_E_REENTRANT);
    flr_shareable_unref(result);
    if (!f->options.notices && /* a client would never hear of it */
        FED_EXPECT(f, flr_runner_process_task_request(f->runner, client, context, &answer), 0,
                   FLR_E_REENTRANT) == 0) {
        atomic_fetch_add_explicit(&f->answers[flr_answer_get_kind(answer)], 1,
                                  memory_order_relaxed);
    }
    FED_EXPECT(f, flr_task_wait(fed_task_of(t), NULL, 0.0, NULL), FLR_E_REENTRANT, FLR_E_NOTSUP);
    flr_context_free(context);
}

static void look_around(federation *f)
{
    flr_stats stats;
    flr_value *groups = NULL;

    flr_stats_init(&stats, sizeof stats);
    FED_EXPECT(f, flr_runner_get_stats(f->runner, &stats), 0);
    FED_EXPECT(f, flr_info_collector_get_stats(f->collector, &groups), 0);
    flr_value_unref(groups);
}

static void cancel_some(federation *f)
{
    fed_task *other = fed_some_task(f);

    if (other != NULL) {
        FED_EXPECT(f, flr_task_cancel(fed_task_of(other), (int)fed_random(f, 7)), 0, FLR_E_STATE);
    }
}

static void schedule_another(federation *f, flr_context *context)
{
    flr_board *board;

    if (FED_EXPECT(f, flr_context_get_board(context, &board), 0, FLR_E_STATE) == 0) {
        fed_schedule(f, board, context, NULL);
    }
}

/* What else callbacks do; the code that they return. */
static int do_mischief(fed_task *t, flr_context *context)
{
    federation *f = t->f;

    fed_tick(f, context);
    if (fed_chance(f, 2)) {
        sched_yield(); /* so that others come meanwhile */
    }
    switch (fed_random(f, 48)) {
    case 0:
        atomic_fetch_add_explicit(&f->callback_failures, 1, memory_order_relaxed);
        return flr_context_fail(context, FED_CALLBACK, "task %u", t->index);
    case 1:
    case 2:
        schedule_another(f, context);
        break;
    case 3:
        FED_EXPECT(f, flr_task_cancel(fed_task_of(t), 0), 0);
        break;
    case 4:
        cancel_some(f);
        break;
    case 5:
        look_around(f);
        break;
    case 6:
        call_back(t);
        break;
    case 7:
        FED_EXPECT(f, flr_context_fire(context, "mischief"), 0);
        break;
    case 8:
        if (!f->calm) {
            FED_EXPECT(f, flr_runner_handle_dead_job(f->runner, fed_client(1)), 0);
        }
        break;
    default:
        break;
    }
    return 0;
}

/* ---------------------------------------------------------------- callbacks */

static void enter(fed_task *t)
{
    if (atomic_fetch_add_explicit(&t->inside, 1, memory_order_relaxed) != 0) {
        fed_wrong(t->f, "two callbacks of %s at once", t->name);
    }
    if (atomic_load_explicit(&t->done, memory_order_relaxed) != 0) {
        fed_wrong(t->f, "a callback of %s after its task_done", t->name);
    }
    t->calls++;
}

static void leave(fed_task *t)
{
    atomic_fetch_sub_explicit(&t->inside, 1, memory_order_relaxed);
}

static int before_sent(void *self, flr_assignment *a, flr_context *context)
{
    fed_task *t = self;
    flr_shareable *data = flr_assignment_get_data(a);
    int status;

    enter(t);
    atomic_fetch_add_explicit(&t->before, 1, memory_order_relaxed);
    if (data == NULL || flr_assignment_get_task(a) != fed_task_of(t)) {
        fed_wrong(t->f, "before_task_sent of %s without data or task", t->name);
    }
    FED_EXPECT(t->f, flr_shareable_set_int(data, "model", t->model), 0);
    status = do_mischief(t, context);
    leave(t);
    return status;
}

static int after_sent(void *self, flr_assignment *a, flr_context *context)
{
    fed_task *t = self;
    int status;

    enter(t);
    atomic_fetch_add_explicit(&t->after, 1, memory_order_relaxed);
    if (flr_assignment_get_data(a) != NULL) {
        fed_wrong(t->f, "after_task_sent of %s with data", t->name);
    }
    status = do_mischief(t, context);
    leave(t);
    return status;
}

/* What becomes of a result: it is dropped, kept, or replaced. */
static void dispose(fed_task *t, flr_assignment *a, flr_shareable *result)
{
    flr_shareable *other = NULL;

    switch (fed_random(t->f, 4)) {
    case 0:
        FED_EXPECT(t->f, flr_assignment_set_result(a, result), 0);
        break;
    case 1:
        FED_EXPECT(t->f, fed_make_shareable(t->model, &other), 0);
        FED_EXPECT(t->f, flr_assignment_set_result(a, other), 0);
        flr_shareable_unref(other);
        break;
    case 2:
        FED_EXPECT(t->f, flr_assignment_set_result(a, NULL), 0);
        break;
    default:
        break;
    }
}

static int received(void *self, flr_assignment *a, flr_context *context)
{
    fed_task *t = self;
    flr_shareable *result = flr_assignment_get_result(a);
    atomic_int *counter = &t->received;
    int status, count;

    enter(t);
    if (flr_assignment_get_user(a) != NULL) {
        fed_wrong(t->f, "two results of one assignment of %s", t->name);
    }
    flr_assignment_set_user(a, t);
    if (result == NULL) {
        fed_wrong(t->f, "result_received of %s without a result", t->name);
    } else if (strcmp(flr_shareable_get_rc(result), FLR_RC_TASK_DATA_FILTER_ERROR) == 0) {
        counter = &t->closed; /* the server's own, in the client's place */
    }
    count = atomic_fetch_add_explicit(counter, 1, memory_order_relaxed) + 1;
    t->model += flr_value_get_int(flr_shareable_get(result, "x"), 0);
    dispose(t, a, result);
    flr_shareable_unref(result);
    if ((t->traits & FED_TRAIT_QUOTA) != 0 && count >= QUOTA) {
        FED_EXPECT(t->f, flr_task_cancel(fed_task_of(t), 0), 0);
    }
    status = do_mischief(t, context);
    leave(t);
    return status;
}

static int count_answered(void *self, flr_assignment *a)
{
    fed_task *t = self;
    int state = flr_assignment_get_state(a);

    t->answered_at_done += state == FLR_ASSIGNMENT_ANSWERED ? 1 : 0;
    if (state != FLR_ASSIGNMENT_ANSWERED && state != FLR_ASSIGNMENT_CLOSED) {
        fed_wrong(t->f, "state %d of an assignment in task_done of %s", state, t->name);
    }
    return 0;
}

static int done(void *self, flr_task *task, flr_context *context)
{
    fed_task *t = self;
    int status;

    enter(t);
    if (task != fed_task_of(t) || flr_task_get_status(task) == FLR_TASK_STANDING) {
        fed_wrong(t->f, "task_done of %s, which stands", t->name);
    }
    FED_EXPECT(t->f, flr_task_visit_assignments(task, count_answered, t), 0);
    status = do_mischief(t, context);
    leave(t);
    atomic_fetch_add_explicit(&t->done, 1, memory_order_relaxed);
    return status;
}

static void destroyed(void *self)
{
    fed_task *t = self;

    atomic_fetch_add_explicit(&t->destroyed, 1, memory_order_relaxed);
}

/* ---------------------------------------------------------------- making */

/* A slot, and with it the right to make one more task. */
static fed_task *take_slot(federation *f)
{
    unsigned i = atomic_load_explicit(&f->made, memory_order_relaxed);
    fed_task *t;

    do {
        if (i >= atomic_load_explicit(&f->limit, memory_order_relaxed)) {
            return NULL;
        }
    } while (!atomic_compare_exchange_weak_explicit(&f->made, &i, i + 1, memory_order_relaxed,
                                                    memory_order_relaxed));
    t = &f->tasks[i];
    t->f = f;
    t->index = i;
    snprintf(t->name, sizeof t->name, "task-%u", i);
    return t;
}

static int make_task(fed_task *t, double timeout)
{
    flr_task_options o;
    flr_shareable *payload = NULL;
    flr_task *task = NULL;
    int status = fed_make_shareable(t->index, &payload);

    flr_task_options_init(&o, sizeof o);
    o.flags = fed_chance(t->f, 3) ? FLR_TASK_FLAG_NON_BLOCKING : 0;
    o.name = t->name;
    o.payload = payload;
    o.operation = flr_shareable_get_body(payload);
    o.timeout = timeout;
    o.before_task_sent = (t->traits & FED_TRAIT_SEND) != 0 ? before_sent : NULL;
    o.after_task_sent = (t->traits & FED_TRAIT_SEND) != 0 ? after_sent : NULL;
    o.result_received = (t->traits & FED_TRAIT_RECEIVED) != 0 ? received : NULL;
    o.task_done = done;
    o.destroy = destroyed;
    o.self = t;
    if (status == 0) {
        status = FED_EXPECT(t->f, flr_task_new(&o, &task), 0);
    }
    flr_shareable_unref(payload);
    atomic_store_explicit(&t->task, task, memory_order_release);
    return status;
}

/* ---------------------------------------------------------------- scheduling */

/* How a task is given out. */
typedef struct plan {
    federation *f;
    flr_board *board;
    flr_task *task;
    fed_task *record;
    flr_context *context;
    bool wait;
    flr_signal *signal; /* of the wait */
    int *status;
    int64_t mode; /* FLR_TARGETS_* */
    double timeout;
    const char *names[FED_CLIENTS];
    size_t count;
} plan;

/* Some clients in a row, or (repeats) any. */
static void pick_targets(plan *p, bool repeats)
{
    federation *f = p->f;
    unsigned first = fed_random(f, f->clients);

    p->count = 1 + fed_random(f, repeats ? 6 : fed_chance(f, 2) ? 3 : f->clients);
    for (unsigned i = 0; i < p->count; i++) {
        p->names[i] = fed_client(repeats ? fed_random(f, f->clients) : (first + i) % f->clients);
    }
    if (f->guests && fed_chance(f, 8)) {
        p->names[fed_random(f, (unsigned)p->count)] = fed_guest(0);
    }
}

static double some_timeout(plan *p)
{
    if (p->timeout > 0) {
        return fed_chance(p->f, 2) ? 0.0 : p->timeout / (1 + fed_random(p->f, 6));
    }
    return p->f->calm || fed_chance(p->f, 2) ? 0.0 : 0.0005 * (1 + fed_random(p->f, 6));
}

static int give_broadcast(plan *p)
{
    flr_broadcast_options o;

    flr_broadcast_options_init(&o, sizeof o);
    o.flags = fed_chance(p->f, 2) ? FLR_TARGETS_FLAG_ALLOW_UNKNOWN : 0;
    o.mode = p->mode;
    o.min_responses =
        o.mode == FLR_TARGETS_OPEN ? 1 + fed_random(p->f, p->f->clients / 2) : fed_random(p->f, 4);
    o.wait_time_after_min_received = 0.0005 * fed_random(p->f, 5);
    if (o.mode == FLR_TARGETS_LIST) {
        pick_targets(p, false);
        o.targets = p->names;
        o.target_count = p->count;
        o.min_responses = o.min_responses < p->count ? o.min_responses : 0;
    }
    if (o.wait_time_after_min_received == 0.0) {
        p->record->enough = (unsigned)o.min_responses;
    }
    return p->wait ? flr_board_broadcast_and_wait(p->board, p->task, &o, p->signal, p->context,
                                                  p->status)
                   : flr_board_broadcast(p->board, p->task, &o, p->context);
}

static int give_forever(plan *p)
{
    flr_forever_options o;

    flr_forever_options_init(&o, sizeof o);
    o.flags = fed_chance(p->f, 2) ? FLR_TARGETS_FLAG_ALLOW_UNKNOWN : 0;
    o.mode = p->mode;
    if (o.mode == FLR_TARGETS_LIST) {
        pick_targets(p, false);
        o.targets = p->names;
        o.target_count = p->count;
    }
    return p->wait ? flr_board_broadcast_forever_and_wait(p->board, p->task, &o, p->signal,
                                                          p->context, p->status)
                   : flr_board_broadcast_forever(p->board, p->task, &o, p->context);
}

static int give_send(plan *p, bool any)
{
    flr_send_options o;

    p->record->enough = 1;
    flr_send_options_init(&o, sizeof o);
    o.flags = fed_chance(p->f, 2) ? FLR_TARGETS_FLAG_ALLOW_UNKNOWN : 0;
    o.mode = p->mode == FLR_TARGETS_OPEN && !any ? FLR_TARGETS_SNAPSHOT : p->mode;
    o.order = any ? FLR_ORDER_ANY : FLR_ORDER_SEQUENTIAL;
    o.task_assignment_timeout = some_timeout(p);
    if (o.mode == FLR_TARGETS_LIST) {
        pick_targets(p, false);
        o.targets = p->names;
        o.target_count = p->count;
    }
    return p->wait
               ? flr_board_send_and_wait(p->board, p->task, &o, p->signal, p->context, p->status)
               : flr_board_send(p->board, p->task, &o, p->context);
}

static int give_relay(plan *p, bool any)
{
    flr_relay_options o;

    flr_relay_options_init(&o, sizeof o);
    o.flags = fed_chance(p->f, 2) ? FLR_TARGETS_FLAG_ALLOW_UNKNOWN : 0;
    o.mode = p->mode;
    o.order = any ? FLR_ORDER_ANY : FLR_ORDER_SEQUENTIAL;
    o.task_assignment_timeout = some_timeout(p);
    o.task_result_timeout = some_timeout(p);
    if (o.mode == FLR_TARGETS_LIST) {
        pick_targets(p, true);
        o.targets = p->names;
        o.target_count = p->count;
    }
    if (o.mode != FLR_TARGETS_OPEN && fed_chance(p->f, 2)) {
        o.flags |= FLR_RELAY_FLAG_STATIC;
    }
    return p->wait
               ? flr_board_relay_and_wait(p->board, p->task, &o, p->signal, p->context, p->status)
               : flr_board_relay(p->board, p->task, &o, p->context);
}

static int give_out(plan *p, unsigned kind)
{
    static const int allowed[] = {0, FLR_E_STATE, FLR_E_NOTFOUND, FED_CALLBACK, FLR_E_ABORTED, 1};
    federation *f = p->f;
    int result;

    fed_let_listing_fail(fed_chance(f, 24));
    switch (kind) {
    case FLR_KIND_BROADCAST:
        result = give_broadcast(p);
        break;
    case FLR_KIND_FOREVER:
        result = give_forever(p);
        break;
    case FLR_KIND_SEND:
    case FLR_KIND_SEND_ANY:
        result = give_send(p, kind == FLR_KIND_SEND_ANY);
        break;
    default:
        result = give_relay(p, kind == FLR_KIND_RELAY_ANY);
        break;
    }
    fed_let_listing_fail(false);
    return fed_expect(f, "scheduling", result, allowed);
}

/* It was waited for: it has ended, with its task_done. */
static void check_waited(const fed_task *t, int result, int status)
{
    fed_task *w = (fed_task *)t;

    if (result != 0 && (result != FLR_E_ABORTED || status == 0)) {
        return;
    }
    if (status < FLR_TASK_OK || status > FLR_TASK_CLIENT_DEAD) {
        fed_wrong(t->f, "%s was waited for: status %d", t->name, status);
    }
    if (atomic_load_explicit(&w->done, memory_order_relaxed) != 1) {
        fed_wrong(t->f, "%s was waited for, but its task_done has not returned", t->name);
    }
}

fed_task *fed_schedule(federation *f, flr_board *board, flr_context *context, bool *waited)
{
    unsigned kind = FLR_KIND_BROADCAST + fed_random(f, 6);
    int status = 0, result;
    plan p = {.f = f,
              .board = board,
              .context = context,
              .status = &status,
              .mode = FLR_TARGETS_LIST + fed_random(f, 3)};
    fed_task *t = take_slot(f);

    if (t == NULL) {
        return NULL;
    }
    t->traits = fed_random(f, 4); /* SEND, RECEIVED */
    if (kind == FLR_KIND_FOREVER) {
        t->traits |= FED_TRAIT_RECEIVED | FED_TRAIT_QUOTA;
    }
    if (f->options.notices) { /* who joins may all be barred by failing filters */
        p.timeout = kind == FLR_KIND_FOREVER && p.mode == FLR_TARGETS_OPEN ? 0.2 : 0.0;
    } else if (!fed_chance(f, 4)) {
        p.timeout = 0.0001 * (1u << fed_random(f, 9));
    }
    t->traits |= p.timeout > 0 ? FED_TRAIT_TIMEOUT : 0;
    if (make_task(t, p.timeout) < 0) {
        return t;
    }
    p.record = t;
    p.task = fed_task_of(t);
    p.wait = waited != NULL && (p.timeout > 0 || f->options.notices) && fed_chance(f, 4);
    p.signal = p.wait && fed_chance(f, 2) ? f->signal : NULL;
    result = give_out(&p, kind);
    if (p.wait) {
        check_waited(t, result, status);
        *waited = true;
    } else if ((result == 0) != (flr_task_get_kind(p.task) != 0)) {
        fed_wrong(f, "scheduling %s is %d, its kind is %d", t->name, result,
                  flr_task_get_kind(p.task));
    }
    return t;
}
