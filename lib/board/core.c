/* The board's decisions; see core.h, which says what each function's caller holds. */
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

/* Ids are keyed hashes already. */
static uint32_t hash_id(const flr__id *id)
{
    uint32_t hash;

    memcpy(&hash, id->bytes, sizeof hash);
    return hash;
}

void flr__core_init(flr__core *core)
{
    for (unsigned i = 0; i < FLR__BOARD_STRIPES; i++) {
        flr__table_init(&core->stripes[i].ids, match_id);
        core->stripes[i].clients = NULL;
    }
    flr__link_init(&core->standing);
    core->open_tasks = NULL;
    core->open_count = core->open_capacity = 0;
    flr__heap_init(&core->dues);
    core->order = 0;
    atomic_init(&core->count, 0);
    atomic_init(&core->next_due, FLR_TIME_NONE);
    core->oldest = core->newest = NULL;
    core->remembered = 0;
}

void flr__core_free(flr__core *core)
{
    for (unsigned i = 0; i < FLR__BOARD_STRIPES; i++) {
        flr__core_stripe *stripe = &core->stripes[i];
        flr__record *record;
        size_t position = 0;

        while ((record = flr__table_next(&stripe->ids, &position)) != NULL) {
            flr__str_unref(record->name);
            flr__free(record);
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
        flr__link_init(&bc->pending);
        flr__link_init(&bc->open);
        bc->next = stripe->clients;
        stripe->clients = bc;
        c->board = bc;
    }
    return bc;
}

/* ---- scheduling ---- */

int flr__core_reserve(flr__core *core)
{
    void *array = core->open_tasks;
    int status =
        flr__grow(&array, &core->open_capacity, core->open_count, sizeof(flr__core_task *));

    core->open_tasks = array;
    return status == 0 ? flr__heap_reserve(&core->dues, atomic_load(&core->count) + 1) : status;
}

static void update_next_due(flr__core *core)
{
    const flr__due *first = flr__heap_first(&core->dues);

    atomic_store_explicit(&core->next_due, first == NULL ? FLR_TIME_NONE : first->at,
                          memory_order_release);
}

static void rearm(flr__core *core, flr__core_task *task)
{
    flr__heap_set(&core->dues, &task->due,
                  task->rule_at < task->timeout_at ? task->rule_at : task->timeout_at);
    update_next_due(core);
}

void flr__core_schedule(flr__core *core, flr__core_task *task, int64_t now)
{
    assert(core->dues.capacity > atomic_load(&core->count) &&
           core->open_capacity > core->open_count);
    task->order = ++core->order;
    task->scheduled = now;
    task->rule_at = FLR_TIME_NONE;
    memset(&task->due, 0, sizeof task->due);
    task->due.order = task->order;
    flr__link_insert_before(&core->standing, &task->standing);
    for (size_t i = 0; i < task->target_count; i++) {
        flr__link_insert_before(&task->targets[i].owner->pending, &task->targets[i].link);
    }
    if (task->mode == FLR_TARGETS_OPEN) {
        core->open_tasks[core->open_count++] = task;
    }
    atomic_fetch_add(&core->count, 1);
    rearm(core, task);
}

/* ---- handing out ---- */

/* The place of the first standing OPEN task that was scheduled after `order`. */
static size_t open_after(const flr__core *core, uint64_t order)
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

/* The first link of a list whose task stands; those before it are left behind by tasks that have
 * ended and are dropped. */
static flr__target *first_target(flr__board_client *bc)
{
    flr__link *link;

    while ((link = flr__link_first(&bc->pending)) != NULL) {
        flr__target *target = FLR__OWNER(link, flr__target, link);

        if (flr__core_stands(target->task)) {
            return target;
        }
        flr__link_remove(link);
    }
    return NULL;
}

static flr_assignment *first_open(flr__board_client *bc)
{
    flr__link *link;

    while ((link = flr__link_first(&bc->open)) != NULL) {
        flr_assignment *a = FLR__OWNER(link, flr_assignment, open);

        if (flr__core_stands(a->task)) {
            return a;
        }
        flr__link_remove(link);
    }
    return NULL;
}

flr__choice flr__core_choose(flr__core *core, flr__board_client *bc)
{
    flr__choice choice = {NULL, first_open(bc), NULL};
    size_t place;

    if (choice.again != NULL) {
        choice.task = choice.again->task;
        return choice;
    }
    choice.target = first_target(bc);
    choice.task = choice.target == NULL ? NULL : choice.target->task;
    place = open_after(core, bc->cursor);
    if (place < core->open_count &&
        (choice.task == NULL || core->open_tasks[place]->order < choice.task->order)) {
        choice.task = core->open_tasks[place];
        choice.target = NULL;
    }
    return choice;
}

/* PS-07; a broadcast gives a client one assignment, so the number of its earlier ones is 0. */
static void derive_id(const flr__core_task *task, const flr__client *c, flr__id *id)
{
    flr__siphash hash = task->id_prefix;

    flr__siphash_text(&hash, c->name->text, c->name->size);
    flr__siphash_u64(&hash, 0);
    flr__siphash128_end(&hash, id);
}

int flr__core_prepare(flr__core_task *task, flr__board_client *bc, flr_assignment **assignment)
{
    flr_assignment *a = flr__zalloc(sizeof *a);
    flr__record *record = flr__zalloc(sizeof *record);

    if (a == NULL || record == NULL) {
        flr__free(a);
        flr__free(record);
        return FLR_E_NOMEM;
    }
    derive_id(task, bc->client, &record->id);
    flr__id_print(&record->id, a->id);
    record->owner = bc;
    record->assignment = a;
    a->record = record;
    a->task = task;
    a->owner = bc;
    a->client = flr__str_ref(bc->client->name);
    a->stripe = (uint8_t)flr__core_stripe_of(bc->client);
    atomic_init(&a->first_sent, FLR_TIME_NONE);
    atomic_init(&a->last_sent, FLR_TIME_NONE);
    atomic_init(&a->received, FLR_TIME_NONE);
    atomic_init(&a->send_count, 0);
    atomic_init(&a->state, FLR_ASSIGNMENT_OPEN);
    *assignment = a;
    return 0;
}

int flr__core_reserve_id(flr__core *core, const flr_assignment *a)
{
    flr__table *ids = &core->stripes[a->stripe].ids;

    return flr__table_reserve(ids, ids->count + 1);
}

/* In scheduling order: behind all that was scheduled before, which nearly always is the end. */
static void add_open(flr__board_client *bc, flr_assignment *a)
{
    flr__link *place = &bc->open;

    while (place->prev != &bc->open &&
           FLR__OWNER(place->prev, flr_assignment, open)->task->order > a->task->order) {
        place = place->prev;
    }
    flr__link_insert_before(place, &a->open);
}

/* Put it behind the one that was handed out last, whoever does so at the same time. */
static void append(flr__core_task *task, flr_assignment *a)
{
    flr_assignment *last = atomic_load_explicit(&task->last, memory_order_acquire);

    do {
        a->previous = last;
        a->place = last == NULL ? 1 : last->place + 1;
    } while (!atomic_compare_exchange_weak_explicit(&task->last, &last, a, memory_order_acq_rel,
                                                    memory_order_acquire));
}

bool flr__core_record(flr__core *core, const flr__choice *choice, flr_assignment *a, int64_t now)
{
    flr__core_task *task = choice->task;
    flr__board_client *bc = a->owner;
    int status;

    if (!flr__core_stands(task)) {
        return false;
    }
    if (choice->again != NULL) {
        if (!flr__link_is_in(&a->open)) {
            return false; /* its result came in meanwhile */
        }
    } else {
        if (choice->target != NULL ? !flr__link_is_in(&choice->target->link)
                                   : bc->cursor >= task->order) {
            return false;
        }
        status = flr__table_add(&core->stripes[a->stripe].ids, a->record, hash_id(&a->record->id));
        assert(status == 0);
        (void)status;
        if (choice->target != NULL) {
            flr__link_remove(&choice->target->link);
        } else {
            bc->cursor = task->order;
        }
        add_open(bc, a);
        atomic_store_explicit(&a->first_sent, now, memory_order_relaxed);
    }
    atomic_store_explicit(&a->last_sent, now, memory_order_relaxed);
    atomic_store_explicit(&a->send_count,
                          atomic_load_explicit(&a->send_count, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    if (choice->again == NULL) {
        append(task, a);
    }
    return true;
}

void flr__core_assignment_free(flr_assignment *a)
{
    if (a != NULL) {
        flr__free(a->record);
        flr__str_unref(a->client);
        flr__free(a);
    }
}

/* ---- results ---- */

flr__record *flr__core_find(flr__core *core, unsigned stripe, const flr__id *id)
{
    return flr__table_get(&core->stripes[stripe].ids, id->bytes, sizeof id->bytes, hash_id(id));
}

/* A result for something that does not stand any more: the first one is late, its repeats are
 * duplicates. */
static int deliver_late(bool answered, bool *delivered)
{
    if (answered || *delivered) {
        return FLR_OUTCOME_DUPLICATE;
    }
    *delivered = true;
    return FLR_OUTCOME_LATE;
}

static int claim_remembered(flr__core *core, flr__record *record, const flr__board_client *bc,
                            const char *task_name)
{
    flr_assignment *a = record->assignment;
    const flr__str *name = a == NULL ? record->name : a->task->name;

    if (record->owner != bc || task_name == NULL || strcmp(name->text, task_name) != 0) {
        return FLR_OUTCOME_UNKNOWN_TASK;
    }
    if (a == NULL) {
        return deliver_late(record->answered, &record->delivered);
    }
    /* Its task has ended, which was not settled yet. */
    if (atomic_load(&core->memory) == 0) {
        return FLR_OUTCOME_UNKNOWN_TASK;
    }
    return deliver_late(a->claimed || atomic_load(&a->state) == FLR_ASSIGNMENT_ANSWERED,
                        &a->delivered);
}

int flr__core_claim(flr__core *core, flr__record *record, const flr__board_client *bc,
                    const char *task_name)
{
    flr_assignment *a = record->assignment;
    unsigned char state;

    if (a == NULL || !flr__core_stands(a->task)) {
        return claim_remembered(core, record, bc, task_name);
    }
    if (record->owner != bc) {
        return FLR_OUTCOME_WRONG_CLIENT;
    }
    if (task_name == NULL || strcmp(a->task->name->text, task_name) != 0) {
        return FLR_OUTCOME_WRONG_TASK_NAME;
    }
    state = atomic_load_explicit(&a->state, memory_order_relaxed);
    if (a->claimed || state == FLR_ASSIGNMENT_ANSWERED) {
        return FLR_OUTCOME_DUPLICATE;
    }
    if (state == FLR_ASSIGNMENT_CLOSED) {
        return deliver_late(false, &a->delivered);
    }
    a->claimed = true;
    flr__link_remove(&a->open);
    return FLR_OUTCOME_ACCEPTED;
}

int flr__core_check(flr__core *core, const flr__record *record, const flr__board_client *bc)
{
    const flr_assignment *a = record->assignment;
    bool stands = a != NULL && flr__core_stands(a->task);
    unsigned char state =
        a == NULL ? FLR_ASSIGNMENT_CLOSED : atomic_load(&((flr_assignment *)a)->state);

    if (a != NULL && !stands && atomic_load(&core->memory) == 0) {
        return FLR_CHECK_UNKNOWN;
    }
    if (record->owner != bc) {
        return FLR_CHECK_NOT_YOURS;
    }
    if (a == NULL ? record->answered : a->claimed || state == FLR_ASSIGNMENT_ANSWERED) {
        return FLR_CHECK_ALREADY_RECEIVED;
    }
    return stands && state != FLR_ASSIGNMENT_CLOSED ? FLR_CHECK_OK : FLR_CHECK_CLOSED;
}

bool flr__core_answer(flr__core *core, flr_assignment *a, int state, int64_t now)
{
    flr__core_task *task = a->task;
    size_t answered;

    assert(a->claimed);
    a->claimed = false;
    atomic_store_explicit(&a->state, (unsigned char)state, memory_order_relaxed);
    atomic_store_explicit(&a->received, now, memory_order_relaxed);
    if (a->record == NULL && state == FLR_ASSIGNMENT_ANSWERED) {
        flr__id id;
        flr__record *record;

        /* Its task ended and was settled while the result was being processed. */
        if (flr__id_parse(a->id, &id) == 0 &&
            (record = flr__core_find(core, a->stripe, &id)) != NULL) {
            record->answered = true;
        }
    }
    if (!flr__core_stands(task)) {
        return false;
    }
    answered = atomic_fetch_add(&task->answered, 1) + 1;
    return task->policy->response(task, answered);
}

void flr__core_drop_claim(flr_assignment *a)
{
    assert(a->claimed);
    a->claimed = false;
    a->delivered = true;
    atomic_store_explicit(&a->state, FLR_ASSIGNMENT_CLOSED, memory_order_relaxed);
}

/* ---- rules, deadlines, ending ---- */

bool flr__core_end(flr__core *core, flr__core_task *task, int status, int64_t at)
{
    if (!flr__core_stands(task)) {
        return false;
    }
    task->ended = at;
    flr__link_remove(&task->standing);
    flr__heap_remove(&core->dues, &task->due);
    update_next_due(core);
    if (task->mode == FLR_TARGETS_OPEN) {
        size_t place = open_after(core, task->order - 1);

        assert(core->open_tasks[place] == task);
        core->open_count--;
        memmove(&core->open_tasks[place], &core->open_tasks[place + 1],
                (core->open_count - place) * sizeof(flr__core_task *));
    }
    atomic_fetch_sub(&core->count, 1);
    atomic_store_explicit(&task->status, status, memory_order_release);
    return true;
}

int flr__core_evaluate(flr__core *core, flr__core_task *task, int64_t now)
{
    int status;

    if (!flr__core_stands(task)) {
        return atomic_load(&task->status);
    }
    status = task->policy->evaluate(task, now);
    if (status != FLR_TASK_STANDING) {
        flr__core_end(core, task, status, now);
    } else {
        rearm(core, task);
    }
    return status;
}

flr__core_task *flr__core_expire(flr__core *core, int64_t now)
{
    flr__due *due;

    while ((due = flr__heap_first(&core->dues)) != NULL && due->at <= now) {
        flr__core_task *task = FLR__OWNER(due, flr__core_task, due);
        int64_t at = due->at;
        int status = flr__core_evaluate(core, task, at);

        if (status == FLR_TASK_STANDING && task->timeout_at <= at) {
            flr__core_end(core, task, FLR_TASK_TIMEOUT, at);
            status = FLR_TASK_TIMEOUT;
        }
        if (status != FLR_TASK_STANDING) {
            return task;
        }
        assert(task->due.place == 0 || task->due.at > at);
    }
    return NULL;
}

/* ---- after the end ---- */

flr__record *flr__core_settle(flr_assignment *a)
{
    flr__record *record = a->record;
    unsigned char state = atomic_load_explicit(&a->state, memory_order_relaxed);

    flr__link_remove(&a->open);
    record->answered = state == FLR_ASSIGNMENT_ANSWERED;
    record->delivered = a->delivered || a->claimed || record->answered;
    record->name = flr__str_ref(a->task->name);
    record->assignment = NULL;
    record->next = NULL;
    a->record = NULL;
    if (state != FLR_ASSIGNMENT_ANSWERED && !a->claimed) {
        atomic_store_explicit(&a->state, FLR_ASSIGNMENT_CLOSED, memory_order_relaxed);
    }
    return record;
}

void flr__core_remember(flr__core *core, flr__record *first, flr__record *last, size_t count)
{
    if (core->newest == NULL) {
        core->oldest = first;
    } else {
        core->newest->next = first;
    }
    core->newest = last;
    core->remembered += count;
}

flr__record *flr__core_forget(flr__core *core)
{
    flr__record *record = core->oldest;

    if (core->remembered <= atomic_load(&core->memory)) {
        return NULL;
    }
    core->oldest = record->next;
    if (core->oldest == NULL) {
        core->newest = NULL;
    }
    core->remembered--;
    return record;
}

void flr__core_release(flr__core *core, flr__record *record)
{
    flr__table *ids = &core->stripes[flr__core_stripe_of(record->owner->client)].ids;

    flr__table_remove(ids, record->id.bytes, sizeof record->id.bytes, hash_id(&record->id));
    flr__str_unref(record->name);
    flr__free(record);
}
