/* What a client that asks gets, and the recording of it. See core.h, which says what each function's
 * caller holds. */
#include "board/core.h"

#include "base/abi.h"
#include <assert.h>
#include <string.h>

bool flr__core_needs_rule(const flr__core *core, const flr__board_client *bc)
{
    return bc->batons > 0 || core->joining > bc->cursor;
}

/* The first target behind a link whose task stands; those left behind by tasks that have ended are
 * dropped. */
static flr__target *next_target(flr__board_client *bc, flr__link *link)
{
    while ((link = link->next) != &bc->pending) {
        flr__target *target = FLR__OWNER(link, flr__target, link);
        int status = atomic_load_explicit(&target->task->status, memory_order_acquire);

        if (status == FLR_TASK_STANDING) {
            return target;
        }
        if (status != FLR__TASK_COMING) {
            link = link->prev;
            flr__core_unlink(target);
        }
    }
    return NULL;
}

flr_assignment *flr__core_first_open(flr__board_client *bc)
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

/* ---- joining ---- */

/* In scheduling order: behind all that was scheduled before, which nearly always is the end. */
static void add_pending(flr__board_client *bc, flr__target *target)
{
    flr__link *place = &bc->pending;

    while (place->prev != &bc->pending &&
           FLR__OWNER(place->prev, flr__target, link)->task->order > target->task->order) {
        place = place->prev;
    }
    flr__link_insert_before(place, &target->link);
    bc->batons += target->task->policy->baton ? 1 : 0;
}

/* The search has reached a task that this client is no target of: it becomes one. NULL: no memory. */
static flr__target *join(flr__core_task *task, flr__board_client *bc, int64_t now)
{
    flr__seat *seat = flr__zalloc(sizeof *seat);

    if (seat == NULL) {
        return NULL;
    }
    seat->target.owner = bc;
    seat->target.task = task;
    seat->target.dead = bc->dead;
    seat->first = seat->last = SIZE_MAX;
    if (task->baton.relay && flr__baton_add_leg(task, seat, now) < 0) {
        flr__free(seat);
        return NULL;
    }
    seat->next = task->joined;
    task->joined = seat;
    task->joined_count++;
    add_pending(bc, &seat->target);
    if (task->baton.relay) {
        flr__core_note(task->core, bc); /* it is listed now */
    }
    bc->cursor = task->order;
    if (task->policy->baton) {
        flr__core_rearm(task->core, task); /* its silence counts from now on */
    }
    return &seat->target;
}

/* ---- choosing ---- */

/* The standing task that everybody meets, after `order` and before this target's. */
static flr__core_task *next_open(const flr__core *core, uint64_t order, const flr__target *target)
{
    for (size_t i = flr__core_open_after(core, order); i < core->open_count; i++) {
        flr__core_task *task = core->open_tasks[i];

        if (target != NULL && task->order >= target->task->order) {
            break;
        }
        if (flr__core_stands(task)) { /* else it is sealed, and waits to be buried */
            return task;
        }
    }
    return NULL;
}

/* BD-17: while a result of it is processed, it gets nothing new from this task. */
static int ask(flr__target *target, int64_t now)
{
    int verdict = target->task->policy->decide(target->task, target, now);

    if (verdict == FLR__SEND && target->claims > 0) {
        target->refused = true;
        return FLR__NO_BLOCK;
    }
    return verdict;
}

flr__choice flr__core_choose(flr__core *core, flr__board_client *bc, int64_t now)
{
    flr__choice choice = {NULL, flr__core_first_open(bc), NULL, 0};
    uint64_t reached = bc->cursor;
    flr__target *target;

    if (choice.again != NULL) {
        choice.task = choice.again->task;
        return choice;
    }
    for (target = next_target(bc, &bc->pending);; target = next_target(bc, &target->link)) {
        flr__core_task *task = core->open_count == 0 ? NULL : next_open(core, reached, target);
        int verdict;

        if (task != NULL && !task->policy->repeats) {
            choice.task = task; /* an OPEN broadcast that it has not got yet */
            return choice;
        }
        if (task != NULL) {
            target = join(task, bc, now);
            choice.status = target == NULL ? FLR_E_NOMEM : 0;
        }
        if (target == NULL) {
            return choice;
        }
        verdict = ask(target, now);
        if (verdict == FLR__SEND) {
            choice.task = target->task;
            choice.target = target;
            return choice;
        }
        if (verdict == FLR__BLOCK && !target->task->non_blocking) {
            return choice;
        }
        reached = target->task->order > reached ? target->task->order : reached;
    }
}

/* PS-07. */
static void derive_id(const flr__choice *choice, const flr__client *c, flr__id *id)
{
    const flr__core_task *task = choice->task;
    flr__siphash hash = task->id_prefix;

    flr__siphash_text(&hash, c->name->text, c->name->size);
    flr__siphash_u64(&hash, task->policy->repeats && choice->target != NULL
                                ? flr__core_seat(choice->target)->sent
                                : 0);
    if (task->policy->counts_runs) {
        flr__siphash_u64(&hash, task->begun);
    }
    flr__siphash128_end(&hash, id);
}

int flr__core_prepare(const flr__choice *choice, flr__board_client *bc, flr_assignment **assignment)
{
    flr_assignment *a = flr__block_alloc(sizeof *a);
    flr__record *record = flr__block_alloc(sizeof *record);

    if (a == NULL || record == NULL) {
        flr__block_free(a, sizeof *a);
        flr__block_free(record, sizeof *record);
        return FLR_E_NOMEM;
    }
    memset(record, 0, sizeof *record);
    derive_id(choice, bc->client, &record->id);
    record->owner = bc;
    record->assignment = a;
    record->stripe = (uint8_t)flr__core_stripe_of(bc->client);
    memset(a, 0, sizeof *a);
    flr__id_print(&record->id, a->id);
    a->record = record;
    a->task = choice->task;
    a->target = choice->target;
    a->client = bc->client->name;
    a->stripe = record->stripe;
    atomic_init(&a->first_sent, FLR_TIME_NONE);
    atomic_init(&a->last_sent, FLR_TIME_NONE);
    atomic_init(&a->received, FLR_TIME_NONE);
    atomic_init(&a->send_count, 0);
    atomic_init(&a->refs, 1);
    atomic_init(&a->state, FLR_ASSIGNMENT_OPEN);
    *assignment = a;
    return 0;
}

int flr__core_reserve_id(flr__core *core, const flr_assignment *a)
{
    flr__table *ids = &core->stripes[a->stripe].ids;

    return flr__table_reserve(ids, ids->count + 1);
}

/* ---- recording ---- */

/* In scheduling order, like the pending ones. */
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
    flr_assignment *last = atomic_load_explicit(&task->last, memory_order_relaxed);

    do {
        a->previous = last;
    } while (!atomic_compare_exchange_weak_explicit(&task->last, &last, a, memory_order_acq_rel,
                                                    memory_order_relaxed));
}

/* What was chosen stays so while its send callbacks run (BD-10): only its end is in the way, or a
 * result of the very assignment. Nobody else can have taken it, as that needs the same turn. */
static bool may_record(const flr__choice *choice, const flr_assignment *a)
{
    if (!flr__core_stands(choice->task)) {
        return false;
    }
    if (choice->again != NULL) {
        return flr__core_is_open(a);
    }
    return choice->target == NULL ? flr__core_owner(a)->cursor < choice->task->order
                                  : flr__link_is_in(&choice->target->link);
}

/* What a new assignment changes of its target and task. */
static void hand_out(flr__core *core, const flr__choice *choice, flr_assignment *a, int64_t now)
{
    flr__core_task *task = choice->task;
    flr__target *target = choice->target;

    if (target == NULL) {
        flr__core_owner(a)->cursor = task->order;
        return;
    }
    target->latest = a;
    if (!task->policy->repeats) {
        flr__core_unlink(target);
        return;
    }
    flr__core_seat(target)->sent++;
    if (task->policy->baton) {
        flr__baton_hand_out(task, flr__core_seat(target), a);
        if (target->dead) { /* disconnected since it was chosen */
            flr__baton_give_up(task, FLR__FATE_LOST, now);
            flr__core_look_at(core, task, now);
            return;
        }
        flr__core_rearm(core, task);
    }
}

/* It is sent now. */
static void note_sending(flr_assignment *a, int64_t now)
{
    unsigned count = atomic_load_explicit(&a->send_count, memory_order_relaxed);

    if (count == 0) {
        atomic_store_explicit(&a->first_sent, now, memory_order_relaxed);
    }
    atomic_store_explicit(&a->last_sent, now, memory_order_relaxed);
    atomic_store_explicit(&a->send_count, count + 1, memory_order_relaxed);
}

/* A new assignment is in the board's lists from now on. */
static void enter(flr__core *core, const flr__choice *choice, flr_assignment *a, int64_t now,
                  flr_assignment **replaced, flr__record **record)
{
    flr__core_task *task = choice->task;
    flr__core_stripe *stripe = &core->stripes[a->stripe];
    int status;

    flr__fetch(&task->sent, 1); /* and what is beside it: other threads change it, too */
    status = flr__table_add(&stripe->ids, a->record, flr__id_hash(&a->record->id));

    assert(status == 0);
    (void)status;
    a->recorded = true;
    add_open(flr__core_owner(a), a);
    a->place = atomic_fetch_add(&task->sent, 1) + 1;
    a->record->place = (uint32_t)a->place;
    if (choice->target != NULL && task->policy->repeats && !task->policy->baton) {
        *replaced = choice->target->latest;
        if (*replaced != NULL) {
            *record = flr__core_settle(*replaced);
            (*record)->next = NULL;
            flr__str_ref(task->name);
        }
    } else {
        append(task, a);
    }
    hand_out(core, choice, a, now);
    stripe->tally.sent++;
    flr__core_owner(a)->tally.sent++;
    flr__core_note(core, flr__core_owner(a));
}

bool flr__core_record(flr__core *core, const flr__choice *choice, flr_assignment *a, int64_t now,
                      flr_assignment **replaced, flr__record **record)
{
    *replaced = NULL;
    if (!may_record(choice, a)) {
        return false;
    }
    note_sending(a, now);
    if (choice->again != NULL) {
        core->stripes[a->stripe].tally.resends++;
        flr__core_owner(a)->tally.resends++;
    } else {
        enter(core, choice, a, now, replaced, record);
    }
    return true;
}

/* ---- PS-09 ---- */

/* A task of which every run hands out the same ids, and this one to this client first of all. */
static bool is_handed_out_as(const flr__choice *choice, const flr__client *c, const char *name,
                             const flr__id *id)
{
    flr__id derived;

    if (choice->task->policy->counts_runs || !flr__core_stands(choice->task) ||
        (name != NULL && strcmp(choice->task->name->text, name) != 0)) {
        return false;
    }
    derive_id(choice, c, &derived);
    return flr__id_equals(&derived, id);
}

flr__choice flr__core_seek(const flr__core *core, const flr__board_client *bc, const char *name,
                           const flr__id *id, int64_t now)
{
    flr__choice choice = {NULL, NULL, NULL, 0};

    for (flr__link *link = bc->pending.next; link != &bc->pending; link = link->next) {
        choice.target = FLR__OWNER(link, flr__target, link);
        choice.task = choice.target->task;
        if (is_handed_out_as(&choice, bc->client, name, id) &&
            choice.task->policy->decide(choice.task, choice.target, now) == FLR__SEND) {
            return choice;
        }
    }
    choice.target = NULL;
    for (size_t i = flr__core_open_after(core, bc->cursor); i < core->open_count; i++) {
        choice.task = core->open_tasks[i];
        if (is_handed_out_as(&choice, bc->client, name, id)) {
            return choice;
        }
    }
    choice.task = NULL;
    return choice;
}

/* One assignment, made and recorded: 0 or FLR_E_NOMEM. */
static int readmit(flr__core *core, flr__board_client *bc, const flr__choice *choice, int64_t now)
{
    flr_assignment *a, *replaced;
    flr__record *record;
    int status = flr__core_prepare(choice, bc, &a);

    if (status == 0 && (status = flr__core_reserve_id(core, a)) < 0) {
        flr__core_assignment_drop(a);
    }
    if (status == 0) {
        enter(core, choice, a, now, &replaced, &record); /* of what repeats, only sends come here */
    }
    return status;
}

int flr__core_readmit(flr__core *core, flr__board_client *bc, const flr__choice *choice,
                      int64_t now)
{
    flr__core_task *task;
    int status = 0;

    if (choice->target != NULL) {
        return readmit(core, bc, choice, now);
    }
    while (status == 0 && (task = next_open(core, bc->cursor, NULL)) != NULL &&
           task->order <= choice->task->order) {
        flr__choice step = {task, NULL, NULL, 0};

        if (task->policy->repeats) {
            step.target = join(task, bc, now);
            status = step.target == NULL ? FLR_E_NOMEM : 0;
        }
        if (status == 0 &&
            (!task->policy->repeats ||
             (task == choice->task && task->policy->decide(task, step.target, now) == FLR__SEND))) {
            status = readmit(core, bc, &step, now);
        }
    }
    return status;
}

void flr__core_assignment_drop(flr_assignment *a)
{
    if (a != NULL && (atomic_load_explicit(&a->refs, memory_order_acquire) == 1 ||
                      atomic_fetch_sub(&a->refs, 1) == 1)) {
        if (a->outlives) {
            flr__str_unref(a->client);
        }
        if (!a->recorded) {
            flr__block_free(a->record, sizeof *a->record);
        }
        flr__block_free(a, sizeof *a);
    }
}

void flr__core_outlive(flr_assignment *a)
{
    if (!a->outlives) {
        flr__str_ref(a->client);
        a->outlives = true;
    }
}
