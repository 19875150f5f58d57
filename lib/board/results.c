/* Results: claiming, answering, and what is remembered of ids. See core.h, which says what each
 * function's caller holds. */
#include "board/core.h"

#include <assert.h>
#include <string.h>

flr__record *flr__core_find(flr__core *core, unsigned stripe, const flr__id *id)
{
    return flr__table_get(&core->stripes[stripe].ids, id->bytes, sizeof id->bytes,
                          flr__id_hash(id));
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

/* The targets of a task that repeats live as long as the task. */
static void set_claimed(flr_assignment *a, bool claimed)
{
    a->claimed = claimed;
    flr__link_remove(&a->open);
    if (claimed) {
        flr__link_insert_before(&flr__core_owner(a)->claimed, &a->open);
    }
    if (a->task->policy->repeats) {
        a->target->claims += claimed ? 1U : UINT32_MAX;
    }
}

int flr__core_claim(flr__core *core, flr__record *record, const flr__board_client *bc,
                    const char *task_name)
{
    flr_assignment *a = record->assignment;
    unsigned char state;

    if (a == NULL || !flr__core_stands(a->task)) {
        return claim_remembered(core, record, bc, task_name);
    }
    flr__fetch(&a->task->answered, 1);
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
    set_claimed(a, true);
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

/* The server answered in its place (BD-24): for this task it is not live any more. */
static void bar(flr__core_task *task, flr__target *target)
{
    if (!target->dead) {
        atomic_fetch_add(&task->lost, 1);
    }
    target->barred = true;
}

/* Exactly one thread sees each number; none goes beyond the limit. */
static bool count_up(flr__core_task *task, size_t *answered)
{
    size_t before = atomic_load(&task->answered);

    do {
        if (before >= task->limit) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(&task->answered, &before, before + 1));
    *answered = before + 1;
    return true;
}

/* Its task ended and may have been settled while the result was shown: it is an answer all the same.
 */
static void note_answered(flr__core *core, const flr_assignment *a)
{
    flr__record *record = NULL;
    flr__id id;

    if (flr__id_parse(a->id, &id) == 0) {
        record = flr__core_find(core, a->stripe, &id);
    }
    if (record != NULL && record->assignment == NULL) {
        record->answered = true;
    }
}

/* The task stands, and the response was counted: what that changes of its target. */
static void update_target(flr_assignment *a, int state, bool late, bool *tell)
{
    flr__core_task *task = a->task;
    flr__target *target = a->target;

    if (late) {
        task->given_up--;
    }
    if (target == NULL) {
        return;
    }
    *tell = target->refused;
    if (target->refused) {
        target->refused = false;
    }
    if (!task->policy->repeats && target->dead) {
        target->dead = false; /* who has answered is not missed */
        atomic_fetch_sub(&task->lost, 1);
    }
    if (state == FLR_ASSIGNMENT_CLOSED && task->policy->repeats && !task->policy->baton) {
        bar(task, target);
    }
}

enum flr__sequel flr__core_answer(flr__core *core, flr_assignment *a, int state, bool shown,
                                  int64_t now, bool *tell)
{
    flr__core_task *task = a->task;
    bool late = atomic_load_explicit(&a->state, memory_order_relaxed) == FLR_ASSIGNMENT_GIVEN_UP;
    enum flr__sequel sequel;
    size_t answered = 0;
    bool counts = flr__core_stands(task) && count_up(task, &answered);

    *tell = false;
    if (!counts && !shown) {
        flr__core_drop_claim(a);
        return FLR__TOO_LATE;
    }
    assert(a->claimed);
    set_claimed(a, false);
    atomic_store_explicit(&a->state, (unsigned char)state, memory_order_relaxed);
    atomic_store_explicit(&a->received, now, memory_order_relaxed);
    if (!counts) {
        if (state == FLR_ASSIGNMENT_ANSWERED) {
            note_answered(core, a);
        }
        return FLR__NOTHING;
    }
    update_target(a, state, late, tell);
    sequel = task->policy->response(task, a, answered, now);
    if (sequel == FLR__OVER) {
        flr__core_seal(core, task, FLR_TASK_OK, now);
    } else if (task->policy->baton && sequel == FLR__NOTHING) {
        flr__core_rearm(core, task);
    }
    return sequel;
}

void flr__core_drop_claim(flr_assignment *a)
{
    assert(a->claimed);
    set_claimed(a, false);
    a->delivered = true;
    atomic_store_explicit(&a->state, FLR_ASSIGNMENT_CLOSED, memory_order_relaxed);
}

void flr__core_undo_claim(flr_assignment *a)
{
    assert(a->claimed);
    set_claimed(a, false);
}

static void tally(flr__tally *t, int outcome)
{
    switch (outcome) {
    case FLR_OUTCOME_ACCEPTED:
        t->results++;
        break;
    case FLR_OUTCOME_DUPLICATE:
        t->duplicates++;
        break;
    case FLR_OUTCOME_LATE:
        t->late++;
        break;
    default:
        t->rejected++;
    }
}

void flr__core_count(flr__core *core, flr__core_stripe *stripe, flr__board_client *bc, int outcome)
{
    tally(&stripe->tally, outcome);
    if (bc != NULL) {
        flr__core_note(core, bc);
        tally(&bc->tally, outcome);
    }
}

/* ---- after the end ---- */

flr__walk flr__walk_begin(flr__core_task *task)
{
    return (flr__walk){task, flr__core_last(task), 0, task->joined};
}

flr_assignment *flr__walk_next(flr__walk *walk)
{
    flr_assignment *a = walk->next;
    flr__core_task *task = walk->task;

    if (a != NULL) {
        walk->next = a->previous;
        flr__fetch(a->previous, sizeof *a);
        return a;
    }
    if (!task->policy->repeats || task->policy->baton) {
        return NULL;
    }
    while (a == NULL && task->targets != NULL && walk->place < task->target_count) {
        a = flr__core_target(task, walk->place++)->latest;
    }
    while (a == NULL && walk->joined != NULL) {
        a = walk->joined->target.latest;
        walk->joined = walk->joined->next;
    }
    return a;
}

flr__record *flr__core_settle(flr_assignment *a)
{
    flr__record *record = a->record;
    unsigned char state = atomic_load_explicit(&a->state, memory_order_relaxed);

    flr__link_remove(&a->open);
    record->answered = state == FLR_ASSIGNMENT_ANSWERED;
    record->delivered = a->delivered || a->claimed || record->answered;
    record->name = a->task->name;
    record->assignment = NULL;
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

size_t flr__core_forget_begin(flr__core *core, size_t most, flr__record **first)
{
    size_t memory = atomic_load(&core->memory), count;

    if (core->forgetting || core->remembered <= memory) {
        return 0;
    }
    count = core->remembered - memory < most ? core->remembered - memory : most;
    core->forgetting = true;
    core->remembered -= count;
    *first = core->oldest;
    if (core->remembered ==
        0) { /* the newest one is among them: nothing may be linked to it any more */
        core->newest = NULL;
    }
    return count;
}

void flr__core_forget_end(flr__core *core, flr__record *next)
{
    core->forgetting = false;
    if (next != NULL) {
        core->oldest = next;
    }
}

void flr__core_forget(flr__core *core, flr__record *record)
{
    flr__table_remove(&core->stripes[record->stripe].ids, record->id.bytes, sizeof record->id.bytes,
                      flr__id_hash(&record->id));
}
