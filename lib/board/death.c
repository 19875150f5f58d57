/* Clients that are gone, back, or silent: what that means for the tasks that they are targets of.
 * Rows DC-06 to DC-08. The caller holds all stripes and the rule lock, unless core.h says less. */
#include "base/abi.h"
#include "board/core.h"

/* One target counts as dead or live from now on; its task is looked at in its turn. */
static void count(flr__core *core, flr__target *target, bool dead, int64_t now)
{
    flr__core_task *task = target->task;

    bool coming = atomic_load(&task->status) == FLR__TASK_COMING;

    if ((!coming && !flr__core_stands(task)) || target->dead == dead) {
        return;
    }
    target->dead = dead;
    if (target->barred) {
        return; /* it is not counted in any case */
    }
    if (dead) {
        atomic_fetch_add(&task->lost, 1);
    } else {
        atomic_fetch_sub(&task->lost, 1);
    }
    if (coming) {
        return; /* the rest begins when it stands */
    }
    if (task->policy->baton && dead) {
        flr__baton_lose(task, flr__core_seat(target), now);
    } else if (task->policy->baton) {
        flr__baton_regain(task, flr__core_seat(target), now);
    }
    flr__core_look_at(core, task, now);
}

static void count_all(flr__core *core, flr__board_client *bc, bool dead, int64_t now)
{
    flr__link *next;

    bc->dead = dead;
    for (flr__link *link = bc->pending.next; link != &bc->pending; link = link->next) {
        count(core, FLR__OWNER(link, flr__target, link), dead, now);
    }
    /* Those of a broadcast are no longer pending. What it holds of a send or relay is given up
     * above, and so in this list no longer. */
    for (flr__link *link = bc->open.next; link != &bc->open; link = next) {
        flr_assignment *a = FLR__OWNER(link, flr_assignment, open);

        next = link->next;
        if (a->target != NULL) {
            count(core, a->target, dead, now);
        }
    }
}

/* A dynamic relay may lose those who could have joined it. */
static void look_at_relays(flr__core *core, int64_t now)
{
    for (size_t i = 0; i < core->open_count; i++) {
        if (core->open_tasks[i]->baton.relay) {
            flr__core_look_at(core, core->open_tasks[i], now);
        }
    }
}

void flr__core_lose(flr__core *core, flr__board_client *bc, int64_t now)
{
    if (bc != NULL && !bc->dead) {
        count_all(core, bc, true, now);
    }
    look_at_relays(core, now);
}

void flr__core_regain(flr__core *core, flr__board_client *bc, int64_t now)
{
    if (bc != NULL && bc->silent.place != 0 && bc->silent.at == FLR__SILENCE_PARKED) {
        flr__heap_set(&core->silent, &bc->silent, flr__time_add(now, core->heartbeat));
        flr__core_update_due(core);
    }
    if (bc != NULL && bc->dead) {
        count_all(core, bc, false, now);
        if (flr__link_first(&bc->pending) != NULL) {
            flr__core_tell(core, bc);
        }
    }
}

void flr__core_clients_changed(flr__core *core, int64_t now)
{
    look_at_relays(core, now);
}

/* ---- silence (DC-07) ---- */

/* When its silence has lasted too long; it may have been heard since it was last looked at. */
static int64_t too_silent_at(const flr__core *core, const flr__client *c)
{
    return flr__time_add(atomic_load(&((flr__client *)c)->last_heard), core->heartbeat);
}

int flr__core_watch(flr__core *core, flr__board_client *bc)
{
    int status;

    status = flr__heap_reserve(&core->silent, core->silent.count + 1);
    if (status == 0) {
        bc->watched = true;
        flr__heap_set(&core->silent, &bc->silent, too_silent_at(core, bc->client));
        flr__core_update_due(core);
    }
    return status;
}

flr__client *flr__core_next_silent(flr__core *core, int64_t now)
{
    flr__client *found = NULL;
    flr__due *due;

    while (found == NULL && (due = flr__heap_first(&core->silent)) != NULL && due->at <= now) {
        flr__board_client *bc = FLR__OWNER(due, flr__board_client, silent);
        int64_t at = too_silent_at(core, bc->client);

        if (flr__core_first_open(bc) == NULL) {
            flr__heap_remove(&core->silent, due);
            bc->watched = false; /* until it asks again */
        } else if (at > now) {
            flr__heap_set(&core->silent, due, at);
        } else {
            found = bc->client;
            flr__heap_set(&core->silent, due, FLR__SILENCE_PARKED);
        }
    }
    flr__core_update_due(core);
    return found;
}
