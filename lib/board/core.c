/* The board's decisions about tasks as wholes: scheduling, rules, deadlines, ending. See core.h,
 * which says what each function's caller holds. */
#include "board/core.h"

#include "base/abi.h"
#include <assert.h>
#include <string.h>

static bool match_id(const void *item, const void *key, size_t size)
{
    const flr__record *record = item;

    (void)size;
    return flr__id_equals(&record->id, key) != 0;
}

void flr__core_init(flr__core *core)
{
    for (unsigned i = 0; i < FLR__BOARD_STRIPES; i++) {
        flr__core_stripe *stripe = &core->stripes[i];

        flr__table_init(&stripe->ids, match_id);
        stripe->clients = NULL;
        stripe->client_count = 0;
    }
    flr__link_init(&core->standing);
    core->open_tasks = NULL;
    core->open_count = core->open_capacity = 0;
    core->order = core->joining = 0;
    core->linked = 0;
    flr__heap_init(&core->dues);
    flr__heap_init(&core->silent);
    core->news = NULL;
    core->news_end = &core->news;
    core->news_for_all = false;
    atomic_store(&core->has_news, false);
    atomic_store(&core->is_nearer, false);
    atomic_store(&core->count, 0);
    atomic_store(&core->next_due, FLR_TIME_NONE);
    core->oldest = core->newest = NULL;
    core->remembered = 0;
    core->forgetting = false;
}

void flr__core_free(flr__core *core)
{
    for (unsigned i = 0; i < FLR__BOARD_STRIPES; i++) {
        flr__core_stripe *stripe = &core->stripes[i];
        flr__record *record;
        size_t position = 0;

        while ((record = flr__table_next(&stripe->ids, &position)) != NULL) {
            flr__str_unref(record->name);
            flr__block_free(record, sizeof *record);
        }
        flr__table_free(&stripe->ids);
        while (stripe->clients != NULL) {
            flr__board_client *bc = stripe->clients;

            stripe->clients = bc->next;
            bc->client->board = NULL;
            flr__free(bc);
        }
    }
    flr__free(core->open_tasks);
    flr__heap_free(&core->dues);
    flr__heap_free(&core->silent);
}

void flr__core_reset_totals(flr__core *core)
{
    core->scheduled = 0;
    for (size_t i = 0; i < sizeof core->ended / sizeof *core->ended; i++) {
        atomic_store(&core->ended[i], 0);
    }
    for (unsigned i = 0; i < FLR__BOARD_STRIPES; i++) {
        memset(&core->stripes[i].tally, 0, sizeof core->stripes[i].tally);
    }
}

flr__board_client *flr__core_client(flr__core *core, flr__client *c)
{
    flr__core_stripe *stripe = &core->stripes[flr__core_stripe_of(c)];
    flr__board_client *bc = c->board;

    if (bc == NULL) {
        bc = flr__zalloc(sizeof *bc);
        if (bc == NULL) {
            return NULL;
        }
        bc->client = c;
        bc->dead = atomic_load(&c->disconnected) != FLR_TIME_NONE;
        flr__link_init(&bc->pending);
        flr__link_init(&bc->open);
        flr__link_init(&bc->claimed);
        bc->next = stripe->clients;
        stripe->clients = bc;
        c->board = bc;
    }
    return bc;
}

void flr__core_note(flr__core *core, flr__board_client *bc)
{
    if (!bc->noted) {
        bc->noted = true;
        core->stripes[flr__core_stripe_of(bc->client)].client_count++;
    }
}

/* ---- deadlines ---- */

void flr__core_update_due(flr__core *core)
{
    const flr__due *first = flr__heap_first(&core->dues), *silent = flr__heap_first(&core->silent);
    int64_t due = first == NULL ? FLR_TIME_NONE : first->at;

    if (silent != NULL && silent->at < due && silent->at < FLR__SILENCE_PARKED) {
        due = silent->at;
    }
    if (due < atomic_load_explicit(&core->next_due, memory_order_relaxed)) {
        atomic_store(&core->is_nearer, true);
    }
    atomic_store_explicit(&core->next_due, due, memory_order_release);
}

static void set_due(flr__core *core, flr__core_task *task, int64_t at)
{
    if (task->due.place == 0 ? at != FLR_TIME_NONE : at != task->due.at) {
        flr__heap_set(&core->dues, &task->due, at);
        flr__core_update_due(core);
    }
}

void flr__core_look_at(flr__core *core, flr__core_task *task, int64_t at)
{
    if (task->due.place == 0 || at < task->due.at) {
        set_due(core, task, at);
    }
}

void flr__core_rearm(flr__core *core, flr__core_task *task)
{
    int64_t due = task->policy->due == NULL ? FLR_TIME_NONE : task->policy->due(task);

    set_due(core, task, due < task->timeout_at ? due : task->timeout_at);
}

/* ---- scheduling ---- */

bool flr__core_has_room(const flr__core *core)
{
    return core->open_count < core->open_capacity && core->linked < core->dues.capacity;
}

int flr__core_reserve(flr__core *core)
{
    void *array = core->open_tasks;
    int status =
        flr__grow(&array, &core->open_capacity, core->open_count, sizeof(flr__core_task *));

    core->open_tasks = array;
    return status == 0 ? flr__heap_reserve(&core->dues, core->linked + 1) : status;
}

/* Clients that are no target of it meet it when they ask. */
static bool meets_everybody(const flr__core_task *task)
{
    return task->mode == FLR_TARGETS_OPEN || task->baton.dynamic;
}

void flr__core_begin(flr__core *core, flr__core_task *task)
{
    task->core = core;
    task->order = core->order + 1;
    atomic_store(&task->lost, 0);
    atomic_store(&task->status, FLR__TASK_COMING);
}

void flr__core_link(flr__core_task *task, flr__target *target)
{
    flr__board_client *bc = target->owner;

    target->task = task;
    target->dead = bc->dead;
    if (bc->dead) {
        atomic_fetch_add(&task->lost, 1);
    }
    bc->batons += task->policy->baton ? 1 : 0;
    flr__link_insert_before(&bc->pending, &target->link);
}

void flr__core_unlink(flr__target *target)
{
    if (flr__link_is_in(&target->link)) {
        flr__link_remove(&target->link);
        target->owner->batons -= target->task->policy->baton ? 1 : 0;
    }
}

/* BC-02, BC-04: the response with which a broadcast ends in that moment. */
static size_t response_limit(const flr__core_task *task)
{
    if (task->policy->kind != FLR_KIND_BROADCAST) {
        return SIZE_MAX;
    }
    if (task->min_responses > 0 && task->wait == 0) {
        return task->min_responses;
    }
    return task->mode == FLR_TARGETS_OPEN ? SIZE_MAX : task->target_count;
}

void flr__core_schedule(flr__core *core, flr__core_task *task, int64_t now)
{
    assert(core->dues.capacity > core->linked && core->open_capacity > core->open_count);
    core->order = task->order;
    task->scheduled = now;
    task->limit = response_limit(task);
    task->wait_until = FLR_TIME_NONE;
    memset(&task->due, 0, sizeof task->due);
    task->due.order = task->order;
    flr__link_insert_before(&core->standing, &task->standing);
    if (meets_everybody(task)) {
        core->open_tasks[core->open_count++] = task;
        if (task->policy->repeats) {
            core->joining = task->order;
        }
    }
    if (task->policy->baton) {
        flr__baton_begin(task, now);
    }
    atomic_store_explicit(&task->status, FLR_TASK_STANDING, memory_order_release);
    core->scheduled++;
    core->linked++;
    atomic_fetch_add(&core->count, 1);
    flr__core_rearm(core, task);
    if (atomic_load(&task->lost) > 0) {
        flr__core_look_at(core, task, now); /* perhaps nobody can progress it */
    }
}

size_t flr__core_open_after(const flr__core *core, uint64_t order)
{
    size_t low = 0, high = core->open_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (core->open_tasks[middle]->order <= order) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* ---- rules and ending ---- */

void flr__core_seal(flr__core *core, flr__core_task *task, int status, int64_t at)
{
    assert(flr__core_stands(task));
    task->ended = at;
    atomic_fetch_sub(&core->count, 1);
    atomic_fetch_add(&core->ended[status], 1);
    atomic_store_explicit(&task->status, status, memory_order_release);
}

void flr__core_fail(flr__core *core, flr__core_task *task)
{
    int before = atomic_exchange(&task->status, FLR_TASK_ERROR);

    atomic_fetch_sub(&core->ended[before], 1);
    atomic_fetch_add(&core->ended[FLR_TASK_ERROR], 1);
}

void flr__core_bury(flr__core *core, flr__core_task *task)
{
    if (!flr__link_is_in(&task->standing)) {
        return;
    }
    flr__link_remove(&task->standing);
    flr__heap_remove(&core->dues, &task->due);
    flr__core_update_due(core);
    if (meets_everybody(task)) {
        size_t place = flr__core_open_after(core, task->order - 1);

        assert(core->open_tasks[place] == task);
        core->open_count--;
        memmove(&core->open_tasks[place], &core->open_tasks[place + 1],
                (core->open_count - place) * sizeof(flr__core_task *));
    }
    core->linked--;
    flr__core_unblock(core, task);
}

bool flr__core_end(flr__core *core, flr__core_task *task, int status, int64_t at)
{
    if (!flr__core_stands(task)) {
        return false;
    }
    flr__core_seal(core, task, status, at);
    flr__core_bury(core, task);
    return true;
}

/* Inside a task its own completion rule comes first, then its timeout, then whether it is stuck,
 * which a task of a certain age only ends by (DC-08). */
int flr__core_evaluate(flr__core *core, flr__core_task *task, int64_t now)
{
    int status;

    if (!flr__core_stands(task)) {
        return atomic_load(&task->status);
    }
    status = task->policy->evaluate(task, now);
    if (status == FLR_TASK_STANDING && task->timeout_at <= now) {
        status = FLR_TASK_TIMEOUT;
    }
    if (status == FLR_TASK_STANDING) {
        flr__core_rearm(core, task);
        if (task->policy->is_stuck(task)) {
            int64_t at = flr__time_add(task->scheduled, core->lead);

            if (at <= now) {
                status = FLR_TASK_CLIENT_DEAD;
            } else {
                flr__core_look_at(core, task, at);
            }
        }
    }
    if (status != FLR_TASK_STANDING) {
        flr__core_end(core, task, status, now);
    }
    return status;
}

flr__core_task *flr__core_expire(flr__core *core, int64_t now)
{
    flr__due *due;

    while ((due = flr__heap_first(&core->dues)) != NULL && due->at <= now) {
        flr__core_task *task = FLR__OWNER(due, flr__core_task, due);
        int64_t at = due->at;

        if (!flr__core_stands(task)) {
            flr__core_bury(core, task); /* who sealed it has not come to that yet */
            continue;
        }
        if (flr__core_evaluate(core, task, at) != FLR_TASK_STANDING) {
            return task;
        }
        assert(task->due.place == 0 || task->due.at > at);
    }
    return NULL;
}
