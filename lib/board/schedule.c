/*
 * Scheduling: what a task needs until its end is made, then it is linked with all stripes held. The
 * board's lock lets one thread schedule at a time, so that room reserved is still there when the
 * task is linked.
 */
#include "board/board.h"

#include "base/abi.h"

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

/* So many targets are likely to be served by several threads at once. */
#define MANY 16

/* Threads that copy the message at once do not meet then; without memory they do. */
static void spread(flr_shareable **message)
{
    flr_shareable *copy;

    if (flr__shareable_copy_spread(*message, &copy) == 0) {
        flr_shareable_unref(*message);
        *message = copy;
    }
}

/* Drawn once, at scheduling: another payload later keeps it. */
static int make_root(flr_task *t, flr__site *site)
{
    char text[FLR__ID_TEXT];

    if (t->root != NULL) {
        return 0;
    }
    flr__site_new_id(site, text);
    return flr_value_new_text(text, &t->root);
}

/* BD-13: a frozen message of the payload and the headers that are the same for all `targets`. */
static int make_message(flr_task *t, flr__site *site, flr_shareable *payload, size_t targets,
                        flr_shareable **out)
{
    flr_value *name, *ttl;
    flr_shareable *message = NULL;
    int status = make_root(t, site);

    if (status == 0) {
        status = flr_shareable_copy(payload, NULL, &message);
    }
    if (message == NULL) {
        return status;
    }
    if ((status = flr__value_new_str(t->core.name, &name)) == 0) {
        status = put_header(message, FLR__STR(TASK_NAME), name);
    }
    if (status == 0 && t->operation != NULL) {
        status = put_header(message, FLR__STR(TASK_OPERATOR), flr_value_ref(t->operation));
    }
    if (status == 0) {
        status = put_header(message, FLR__STR(MSG_ROOT_ID), flr_value_ref(t->root));
    }
    if (status == 0 && (status = flr_value_new_real(t->options.timeout, &ttl)) == 0) {
        status = put_header(message, FLR__STR(MSG_ROOT_TTL), ttl);
    }
    if (status < 0) {
        flr_shareable_unref(message);
        return status;
    }
    flr_shareable_freeze(message);
    if (targets >= MANY) {
        spread(&message);
    }
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
static void fill(flr_board *b, flr_task *t, const flr__plan *p, int64_t number)
{
    flr__core_task *core = &t->core;

    core->policy = p->policy;
    core->number = number;
    core->mode = (int)p->mode;
    core->non_blocking = (t->options.flags & FLR_TASK_FLAG_NON_BLOCKING) != 0;
    core->targets = p->targets;
    core->target_count = p->target_count;
    core->target_size = p->target_size;
    core->min_responses = (size_t)p->min_responses;
    core->wait = p->wait;
    core->begun = flr__runner_begun(b->runner);
    core->baton.step = p->step;
    core->baton.result_timeout = p->result_timeout;
    core->baton.dynamic = p->dynamic;
    core->baton.relay = p->policy->kind == FLR_KIND_RELAY || p->policy->kind == FLR_KIND_RELAY_ANY;
    core->baton.legs = p->legs;
    core->baton.leg_count = core->baton.leg_capacity = p->leg_count;
    flr__siphash128_begin(&core->id_prefix, flr__runner_secret(b->runner));
    flr__siphash_text(&core->id_prefix, b->site->job->text, b->site->job->size);
    flr__siphash_text(&core->id_prefix, b->workflow->id->text, b->workflow->id->size);
    flr__siphash_u64(&core->id_prefix, (uint64_t)number);
}

/* It was not scheduled: the plan's owner releases what fill() took over. */
static void undo(flr_task *t)
{
    atomic_store(&t->core.status, FLR_TASK_STANDING);
    t->core.policy = NULL;
    t->core.targets = NULL;
    t->core.target_count = 0;
    t->core.baton.legs = NULL;
}

/* Needs the board's lock. Each target with its stripe: `link` in, else out again. */
static void link_targets(flr_board *b, flr_task *t, bool link)
{
    for (size_t i = 0; i < t->core.target_count; i++) {
        flr__target *target = flr__core_target(&t->core, i);
        flr__mutex *lock = &b->core.stripes[flr__core_stripe_of(target->owner->client)].lock;

        flr__mutex_lock(lock);
        if (link) {
            flr__core_note(&b->core, target->owner);
            flr__core_link(&t->core, target);
        } else {
            flr__core_unlink(target);
        }
        flr__mutex_unlock(lock);
    }
}

/* Needs the board's lock. From now on it stands; nothing fails but for the end of the workflow. */
static bool commit(flr_board *b, flr_task *t, int64_t number)
{
    int64_t now = flr__board_now(b);
    bool scheduling;

    flr__board_lock_all(b);
    scheduling = flr__board_is_scheduling(b);
    if (scheduling) {
        t->core.timeout_at = t->timeout > 0 ? flr__time_add(now, t->timeout) : FLR_TIME_NONE;
        t->board = flr__board_ref(b);
        flr_task_ref(t);
        atomic_store(&t->number, number);
        atomic_store(&t->phase, FLR__TASK_SCHEDULED);
        atomic_fetch_add(&b->unfinished, 1);
        flr__mutex_lock(&b->queue_lock);
        flr__link_insert_before(&b->tasks, &t->known);
        flr__mutex_unlock(&b->queue_lock);
        flr__core_schedule(&b->core, &t->core, now);
    }
    flr__board_unlock_all(b);
    if (scheduling) {
        b->floor = number + 1;
        if (b->next_number < b->floor) {
            b->next_number = b->floor;
        }
        b->scheduled = true;
    }
    return scheduling;
}

/* Needs the board's lock. Room for one more task; all stripes are locked only if there is none. */
static int reserve(flr_board *b)
{
    flr__mutex *lock = &b->core.stripes[0].lock;
    bool enough;
    int status = 0;

    flr__mutex_lock(lock);
    enough = flr__core_has_room(&b->core);
    flr__mutex_unlock(lock);
    if (!enough) {
        flr__board_lock_all(b);
        status = flr__core_reserve(&b->core);
        flr__board_unlock_all(b);
    }
    return status;
}

static int freeze_payload(const flr_task *t, flr_shareable *payload)
{
    flr_value *name;
    int status;

    if (flr_shareable_is_frozen(payload)) {
        return 0;
    }
    status = flr__value_new_str(t->core.name, &name);
    if (status == 0) {
        status = put_header(payload, FLR__STR(TASK_NAME), name);
    }
    if (status == 0) {
        flr_shareable_freeze(payload);
    }
    return status;
}

/* Needs the board's lock. */
static int link_task(flr_board *b, flr_task *t, flr__plan *p)
{
    int64_t number;
    int status = choose_number(b, t, &number);

    if (status < 0) {
        return FLR__FAIL(p->context, status, "number");
    }
    status = flr__plan_make_targets(b, p);
    if (status < 0) {
        return status;
    }
    status = reserve(b);
    if (status == 0) {
        status = freeze_payload(t, t->payload);
    }
    if (status < 0) {
        return status;
    }
    fill(b, t, p, number);
    flr__core_begin(&b->core, &t->core);
    link_targets(b, t, true);
    if (!commit(b, t, number)) {
        link_targets(b, t, false);
        undo(t);
        status = FLR_E_STATE;
    }
    return status;
}

/* BD-16, for tasks that all their targets may have at once. Before the gate opens nothing is
 * announced: the runner announces everything when it opens it. */
static void announce(flr_board *b, const flr__plan *p)
{
    if (p->policy->sequential || b->site->engine.task_ready == NULL ||
        !flr__runner_gate_is_open(b->runner)) {
        return;
    }
    if (p->mode != FLR_TARGETS_LIST || p->dynamic) {
        flr__runner_task_ready(b->runner, NULL);
        return;
    }
    for (size_t i = 0; i < p->count; i++) {
        flr__runner_task_ready(b->runner, p->clients[i]->name->text);
    }
}

/* The task's phase is SCHEDULING; inside enter and leave. */
static int schedule(flr_board *b, flr_task *t, flr__plan *p)
{
    flr_shareable *message = NULL;
    flr_context *context = NULL;
    int status;

    flr__runner_decide(b->runner, flr__board_now(b));
    status = flr__plan_list(b, p);
    if (status == 0) {
        status = make_message(t, b->site, t->payload,
                              p->mode == FLR_TARGETS_OPEN ? SIZE_MAX : p->count, &message);
    }
    if (status == 0 && (context = flr__context_new_weak(b->site)) == NULL) {
        status = FLR_E_NOMEM;
    }
    if (status == 0) {
        t->message = message;
        t->context = context;
        flr__mutex_lock(&b->lock);
        status = link_task(b, t, p);
        flr__mutex_unlock(&b->lock);
    }
    if (status < 0) {
        t->message = NULL;
        t->context = NULL;
        flr_shareable_unref(message);
        flr__context_free(context);
        flr__free(p->targets);
        flr__free(p->legs);
        return status;
    }
    flr__runner_count(b->runner, FLR__COUNTER(tasks_scheduled));
    announce(b, p);
    flr__board_after(b);
    /* With dead clients and no lead time it may have ended already. */
    flr__runner_decide(b->runner, flr__board_now(b));
    return 0;
}

int flr__board_schedule(flr_board *board, flr_task *task, flr__plan *p)
{
    int status = 0, phase = FLR__TASK_NEW;

    if (!flr__board_enter(board)) {
        return FLR__FAIL(p->context, FLR_E_STATE, "the workflow is not under way");
    }
    if (!flr__board_is_scheduling(board)) {
        status = FLR__FAIL(p->context, FLR_E_STATE, "the workflow is ending");
    } else if (!atomic_compare_exchange_strong(&task->phase, &phase, FLR__TASK_SCHEDULING)) {
        status = FLR__FAIL(p->context, FLR_E_STATE, "the task was scheduled before");
    } else {
        flr_task_ref(task); /* it may end, and the caller's reference go, before we are through */
        status = schedule(board, task, p);
        if (status < 0) {
            atomic_store(&task->phase, FLR__TASK_NEW);
        }
        flr_task_unref(task);
    }
    flr__board_leave(board);
    flr__free(p->clients);
    return status;
}

/* ---- another payload for a broadcast forever (BC-11) ---- */

/* Swap them with all stripes held: each hand-out reads the message under one. *message: the old one,
 * or the new one if it has ended. */
static bool replace_message(flr_task *t, flr_shareable **payload, flr_shareable **message)
{
    flr_board *b = t->board;
    bool stands;

    flr__board_lock_all(b);
    stands = flr__core_stands(&t->core);
    if (stands) {
        flr_shareable *old = t->message;

        t->message = *message;
        *message = old;
        old = t->payload;
        t->payload = *payload;
        *payload = old;
    }
    flr__board_unlock_all(b);
    return stands;
}

int flr_task_set_payload(flr_task *task, flr_shareable *payload, flr_context *context)
{
    flr_shareable *message = NULL;
    int status;

    if (task == NULL || payload == NULL) {
        return FLR__FAIL(context, FLR_E_INVAL, task == NULL ? "task" : "payload");
    }
    if (flr_task_get_kind(task) != FLR_KIND_FOREVER) {
        return FLR__FAIL(context, FLR_E_STATE, "the task is no scheduled broadcast forever");
    }
    if (!flr__core_stands(&task->core) || !flr__board_enter(task->board)) {
        return FLR__FAIL(context, FLR_E_STATE, "the task has ended");
    }
    flr_task_ref(task);
    flr__runner_decide(task->board->runner, flr__board_now(task->board));
    status = make_message(task, task->board->site, payload,
                          task->core.mode == FLR_TARGETS_OPEN ? SIZE_MAX : task->core.target_count,
                          &message);
    if (status == 0) {
        status = freeze_payload(task, payload);
    }
    if (status == 0) {
        flr_shareable_ref(payload);
        if (!replace_message(task, &payload, &message)) {
            status = FLR__FAIL(context, FLR_E_STATE, "the task has ended");
        }
        flr_shareable_unref(payload);
    }
    flr_shareable_unref(message);
    flr__board_leave(task->board);
    flr_task_unref(task);
    return status;
}
