/*
 * Scheduling a broadcast: arguments, targets, what the task needs until its end; then it is linked
 * with all stripes held. The board's lock lets one thread schedule at a time, so that room reserved
 * is still there when the task is linked.
 */
#include "board/board.h"

#include "base/abi.h"

/* With a context, say why. */
#define FAIL(context, code, ...)                                                                   \
    ((context) == NULL ? (code) : flr_context_fail((context), (code), __VA_ARGS__))

/* A broadcast on its way to be scheduled. */
typedef struct plan {
    flr_broadcast_options o;
    int64_t wait;
    int mode;
    flr__client **clients; /* targets */
    size_t count;
    flr__target *targets;
    flr_context *context; /* of the caller, for details; may be NULL */
} plan;

void flr_broadcast_options_init(flr_broadcast_options *options, size_t size)
{
    flr__abi_init(options, size);
}

static int check_options(plan *p)
{
    const flr_broadcast_options *o = &p->o;

    if (flr__seconds(o->wait_time_after_min_received, &p->wait) < 0) {
        return FAIL(p->context, FLR_E_INVAL, "wait_time_after_min_received");
    }
    if (o->mode < FLR_TARGETS_DEFAULT || o->mode > FLR_TARGETS_OPEN) {
        return FAIL(p->context, FLR_E_INVAL, "mode");
    }
    p->mode = (int)o->mode;
    if (p->mode == FLR_TARGETS_DEFAULT) {
        p->mode = o->targets == NULL ? FLR_TARGETS_SNAPSHOT : FLR_TARGETS_LIST;
    }
    if (p->mode == FLR_TARGETS_LIST ? o->targets == NULL || o->target_count == 0
                                    : o->targets != NULL || o->target_count > 0) {
        return FAIL(p->context, FLR_E_INVAL, "targets do not fit the mode");
    }
    if (p->mode == FLR_TARGETS_OPEN && o->min_responses == 0) {
        return FAIL(p->context, FLR_E_INVAL, "min_responses is needed in open mode");
    }
    if (o->min_responses > SIZE_MAX) {
        return FAIL(p->context, FLR_E_INVAL, "min_responses");
    }
    return 0;
}

/* ---- targets ---- */

/* Records for all named clients. Names that are not known are refused, or get a record. */
static int resolve_list(flr_board *b, plan *p)
{
    flr__clients *cs = flr__runner_clients(b->runner);
    bool unknown_allowed = (p->o.flags & FLR_BROADCAST_FLAG_ALLOW_UNKNOWN) != 0;

    p->clients = flr__alloc_array(p->o.target_count, sizeof(flr__client *));
    if (p->clients == NULL) {
        return FLR_E_NOMEM;
    }
    for (size_t i = 0; i < p->o.target_count; i++) {
        const char *name = p->o.targets[i];
        int status = flr__check_name(name, FLR_NAME_MAX);
        flr__client *c;

        if (status < 0) {
            return FAIL(p->context, status, "targets[%zu]", i);
        }
        c = unknown_allowed ? flr__clients_get(cs, name) : flr__clients_find(cs, name);
        if (c == NULL && unknown_allowed) {
            return FLR_E_NOMEM;
        }
        if (c == NULL || (!unknown_allowed && !flr__clients_is_known(cs, c))) {
            return FAIL(p->context, FLR_E_NOTFOUND, "no such client: %s", name);
        }
        p->clients[p->count++] = c;
    }
    return 0;
}

static int resolve(flr_board *b, plan *p)
{
    int status;

    if (p->mode == FLR_TARGETS_LIST) {
        return resolve_list(b, p);
    }
    if (p->mode == FLR_TARGETS_OPEN) {
        return 0;
    }
    status = flr__runner_list_clients(b->runner);
    if (status == 0) {
        status = flr__clients_list(flr__runner_clients(b->runner), &p->clients, &p->count);
    }
    if (status == 0 && p->count == 0) {
        status = FAIL(p->context, FLR_E_NOTFOUND, "no client is known");
    }
    return status;
}

/* Needs the board's lock. One target for each distinct client, in order of first occurrence. */
static int make_targets(flr_board *b, plan *p)
{
    size_t distinct = 0;

    if (p->mode == FLR_TARGETS_OPEN) {
        return 0;
    }
    p->targets = flr__zalloc_array(p->count, sizeof(flr__target));
    if (p->targets == NULL) {
        return FLR_E_NOMEM;
    }
    b->mark++;
    for (size_t i = 0; i < p->count; i++) {
        flr__client *c = p->clients[i];
        flr__core_stripe *stripe = &b->core.stripes[flr__core_stripe_of(c)];

        flr__mutex_lock(&stripe->lock);
        flr__board_client *bc = flr__core_client(&b->core, c);
        flr__mutex_unlock(&stripe->lock);
        if (bc == NULL) {
            return FLR_E_NOMEM;
        }
        if (bc->mark != b->mark) {
            bc->mark = b->mark;
            p->targets[distinct].owner = bc;
            p->clients[distinct++] = c;
        }
    }
    p->count = distinct;
    return p->o.min_responses > distinct
               ? FAIL(p->context, FLR_E_INVAL, "min_responses is larger than the number of targets")
               : 0;
}

/* ---- the task ---- */

/* [give always] the value */
static int put_header(flr_shareable *message, const flr__str *key, flr_value *value)
{
    int status = flr__shareable_set_header(message, key, value);

    if (status < 0) {
        flr_value_unref(value);
    }
    return status;
}

/* BD-13: the headers that are the same for every client, once for all hand-outs. */
static int make_message(flr_task *t, flr__site *site, flr_value *name, flr_shareable **out)
{
    char text[FLR__ID_TEXT];
    flr_value *root, *ttl;
    flr_shareable *message;
    int status = flr_shareable_copy(t->payload, NULL, &message);

    if (status < 0) {
        return status;
    }
    flr__site_new_id(site, text);
    status = put_header(message, FLR__STR(TASK_NAME), flr_value_ref(name));
    if (status == 0 && t->operation != NULL) {
        status = put_header(message, FLR__STR(TASK_OPERATOR), flr_value_ref(t->operation));
    }
    if (status == 0 && (status = flr_value_new_text(text, &root)) == 0) {
        status = put_header(message, FLR__STR(MSG_ROOT_ID), root);
    }
    if (status == 0 && (status = flr_value_new_real(t->options.timeout, &ttl)) == 0) {
        status = put_header(message, FLR__STR(MSG_ROOT_TTL), ttl);
    }
    if (status < 0) {
        flr_shareable_unref(message);
        return status;
    }
    flr_shareable_freeze(message);
    *out = message;
    return 0;
}

/* Needs the board's lock: the task's number, not taken yet. */
static int choose_number(flr_board *b, const flr_task *t, int64_t *number)
{
    *number = t->options.number >= 0 ? t->options.number : b->next_number;
    if (*number < b->floor) {
        return FLR_E_EXISTS;
    }
    return *number == INT64_MAX ? FLR_E_LIMIT : 0;
}

/* Constant while it stands: set before anybody sees it. */
static void fill(flr_board *b, flr_task *t, const plan *p, int64_t number)
{
    flr__core_task *core = &t->core;

    core->policy = &flr__policy_broadcast;
    core->number = number;
    core->mode = p->mode;
    core->targets = p->targets;
    core->target_count = p->mode == FLR_TARGETS_OPEN ? 0 : p->count;
    core->min_responses = (size_t)p->o.min_responses;
    core->wait = p->wait;
    for (size_t i = 0; i < core->target_count; i++) {
        core->targets[i].task = core;
    }
    flr__siphash128_begin(&core->id_prefix, flr__runner_secret(b->runner));
    flr__siphash_text(&core->id_prefix, b->site->job->text, b->site->job->size);
    flr__siphash_text(&core->id_prefix, b->workflow->id->text, b->workflow->id->size);
    flr__siphash_u64(&core->id_prefix, (uint64_t)number);
}

/* Needs the board's lock. Link the task; nothing fails but for the end of the workflow. *due: the
 * next deadline, if it became nearer. */
static int commit(flr_board *b, flr_task *t, const plan *p, int64_t number, int64_t *due)
{
    int64_t now = flr__board_now(b), before, after;
    int status = 0;

    flr__board_lock_all(b);
    if (!flr__board_is_scheduling(b)) {
        status = FLR_E_STATE;
    } else {
        fill(b, t, p, number);
        t->core.timeout_at = t->timeout > 0 ? flr__time_add(now, t->timeout) : FLR_TIME_NONE;
        t->board = flr__board_ref(b);
        flr_task_ref(t);
        atomic_store(&t->number, number);
        atomic_store(&t->phase, FLR__TASK_SCHEDULED);
        atomic_fetch_add(&b->unfinished, 1);
        flr__mutex_lock(&b->queue_lock);
        flr__link_insert_before(&b->tasks, &t->known);
        flr__mutex_unlock(&b->queue_lock);
        before = atomic_load(&b->core.next_due);
        flr__core_schedule(&b->core, &t->core, now);
        after = atomic_load(&b->core.next_due);
        *due = after < before ? after : FLR_TIME_NONE;
    }
    flr__board_unlock_all(b);
    if (status == 0) {
        b->floor = number + 1;
        if (b->next_number < b->floor) {
            b->next_number = b->floor;
        }
        b->scheduled = true;
    }
    return status;
}

/* Needs the board's lock. */
static int link_task(flr_board *b, flr_task *t, plan *p, flr_value *name, int64_t *due)
{
    int64_t number;
    int status = choose_number(b, t, &number);

    if (status < 0) {
        return FAIL(p->context, status, "number");
    }
    status = make_targets(b, p);
    if (status < 0) {
        return status;
    }
    flr__board_lock_all(b);
    status = flr__core_reserve(&b->core);
    flr__board_unlock_all(b);
    if (status == 0 && !flr_shareable_is_frozen(t->payload)) {
        status = put_header(t->payload, FLR__STR(TASK_NAME), flr_value_ref(name));
        if (status == 0) {
            flr_shareable_freeze(t->payload);
        }
    }
    return status == 0 ? commit(b, t, p, number, due) : status;
}

/* BD-16. Before the gate opens nothing is announced: the runner announces everything when it opens
 * it. */
static void announce(flr_board *b, const plan *p)
{
    if (b->site->engine.task_ready == NULL || !flr__runner_gate_is_open(b->runner)) {
        return;
    }
    if (p->mode != FLR_TARGETS_LIST) {
        flr__runner_task_ready(b->runner, NULL);
        return;
    }
    for (size_t i = 0; i < p->count; i++) {
        flr__runner_task_ready(b->runner, p->clients[i]->name->text);
    }
}

/* The task's phase is SCHEDULING; inside enter and leave. */
static int schedule(flr_board *b, flr_task *t, plan *p)
{
    flr_shareable *message = NULL;
    flr_context *context = NULL;
    flr_value *name = NULL;
    int64_t due = FLR_TIME_NONE;
    int status;

    flr__runner_decide(b->runner, flr__board_now(b));
    flr__board_decide(b, flr__board_now(b));
    status = resolve(b, p);
    if (status == 0) {
        status = flr__value_new_str(t->core.name, &name);
    }
    if (status == 0) {
        status = make_message(t, b->site, name, &message);
    }
    if (status == 0 && (context = flr__context_new_weak(b->site)) == NULL) {
        status = FLR_E_NOMEM;
    }
    if (status == 0) {
        t->message = message;
        t->context = context;
        flr__mutex_lock(&b->lock);
        status = link_task(b, t, p, name, &due);
        flr__mutex_unlock(&b->lock);
    }
    flr_value_unref(name);
    if (status < 0) {
        t->message = NULL;
        t->context = NULL;
        flr_shareable_unref(message);
        flr__context_free(context);
        flr__free(p->targets);
        return status;
    }
    flr__runner_count(b->runner, FLR__COUNTER(tasks_scheduled));
    if (due != FLR_TIME_NONE) {
        flr__runner_due(b->runner, due);
    }
    announce(b, p);
    return 0;
}

int flr_board_broadcast(flr_board *board, flr_task *task, const flr_broadcast_options *options,
                        flr_context *context)
{
    plan p = {.context = context};
    int status = 0, phase = FLR__TASK_NEW;

    if (board == NULL || task == NULL) {
        return FAIL(context, FLR_E_INVAL, board == NULL ? "board" : "task");
    }
    if (options == NULL) {
        flr_broadcast_options_init(&p.o, sizeof p.o);
    } else {
        status = flr__abi_import(&p.o, sizeof p.o, options, sizeof p.o,
                                 FLR_BROADCAST_FLAG_ALLOW_UNKNOWN);
    }
    if (status < 0) {
        return FAIL(context, status, "options");
    }
    status = check_options(&p);
    if (status < 0) {
        return status;
    }
    if (!flr__board_enter(board)) {
        return FAIL(context, FLR_E_STATE, "the workflow is not under way");
    }
    if (!flr__board_is_scheduling(board)) {
        status = FAIL(context, FLR_E_STATE, "the workflow is ending");
    } else if (!atomic_compare_exchange_strong(&task->phase, &phase, FLR__TASK_SCHEDULING)) {
        status = FAIL(context, FLR_E_STATE, "the task was scheduled before");
    } else {
        flr_task_ref(task); /* it may end, and the caller's reference go, before we are through */
        status = schedule(board, task, &p);
        if (status < 0) {
            atomic_store(&task->phase, FLR__TASK_NEW);
        }
        flr_task_unref(task);
    }
    flr__board_leave(board);
    flr__free(p.clients);
    return status;
}
