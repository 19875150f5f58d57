/*
 * Whom everybody is waiting for (ST-05): totals, standing tasks, open assignments, clients. Counts
 * are copied with all locks of the board held, which takes as long as there are stripes and standing
 * tasks; clients are copied in chunks, each under its stripe. Visitors run outside all locks.
 */
#include "board/progress.h"

#include "base/abi.h"

#define CHUNK 64 /* clients that are copied under one lock */

/* ---- copying; the functions that take a core need all of its locks ---- */

/* The next one that stands, from the first one or from the one behind t; NULL: there is none. Those
 * that have ended may be in the list still. */
static flr__core_task *next_standing(const flr__core *core, const flr__core_task *t)
{
    const flr__link *link = t == NULL ? &core->standing : &t->standing;

    while ((link = link->next) != &core->standing) {
        flr__core_task *next = FLR__OWNER(link, flr__core_task, standing);

        if (flr__core_stands(next)) {
            return next;
        }
    }
    return NULL;
}

static uint64_t outstanding_of(flr__core_task *t)
{
    return flr__core_sent(t) - atomic_load(&t->answered) - t->given_up;
}

static uint64_t targets_of(const flr__core_task *t)
{
    if (t->baton.relay) {
        return t->baton.leg_count;
    }
    return t->mode == FLR_TARGETS_OPEN ? 0 : t->target_count;
}

static int64_t time_left(const flr__core_task *t, int64_t now)
{
    if (t->timeout_at == FLR_TIME_NONE) {
        return FLR_TIME_NONE;
    }
    return t->timeout_at > now ? t->timeout_at - now : 0; /* due since it was last looked at */
}

static void describe_task(flr__core_task *t, int64_t now, flr_task_info *info)
{
    *info = (flr_task_info){.struct_size = sizeof *info,
                            .name = t->name->text,
                            .kind = t->policy->kind,
                            .number = t->number,
                            .age = now - t->scheduled,
                            .time_left = time_left(t, now),
                            .targets = targets_of(t),
                            .sent = flr__core_sent(t),
                            .answered = atomic_load(&t->answered),
                            .given_up = t->given_up,
                            .outstanding = outstanding_of(t)};
}

static void add_tally(flr_board_totals *totals, const flr__tally *tally)
{
    totals->sent += tally->sent;
    totals->resends += tally->resends;
    totals->results += tally->results;
    totals->duplicates += tally->duplicates;
    totals->late += tally->late;
    totals->rejected += tally->rejected;
}

static void copy_history(flr__core *core, flr_board_totals *totals)
{
    totals->scheduled = core->scheduled;
    totals->ok = atomic_load(&core->ended[FLR_TASK_OK]);
    totals->timeout = atomic_load(&core->ended[FLR_TASK_TIMEOUT]);
    totals->error = atomic_load(&core->ended[FLR_TASK_ERROR]);
    totals->cancelled = atomic_load(&core->ended[FLR_TASK_CANCELLED]);
    totals->aborted = atomic_load(&core->ended[FLR_TASK_ABORTED]);
    totals->client_dead = atomic_load(&core->ended[FLR_TASK_CLIENT_DEAD]);
    for (unsigned i = 0; i < FLR__BOARD_STRIPES; i++) {
        add_tally(totals, &core->stripes[i].tally);
    }
}

/* What stands. Only inside: who finalises changes it without a lock. */
static void copy_present(flr__core *core, flr_board_totals *totals)
{
    totals->standing = atomic_load(&core->count);
    for (unsigned i = 0; i < FLR__BOARD_STRIPES; i++) {
        totals->clients += core->stripes[i].client_count;
    }
    for (flr__core_task *t = NULL; (t = next_standing(core, t)) != NULL;) {
        totals->outstanding += outstanding_of(t);
    }
}

static void copy_tasks(flr__core *core, flr__snapshot *s)
{
    s->count = 0;
    for (flr__core_task *t = NULL; (t = next_standing(core, t)) != NULL;) {
        s->tasks[s->count].task = flr_task_ref(flr__task_of(t));
        describe_task(t, s->now, &s->tasks[s->count++].info);
    }
}

/* What is due has ended, even if nobody came since. */
static void decide(flr_board *b)
{
    flr__runner_decide(b->runner, flr__board_now(b));
}

/* Before the first workflow nothing is read, since initialize_run may be at it. */
void flr__board_copy_totals(flr_board *b, bool inside, flr_board_totals *totals)
{
    bool begun;

    flr_board_totals_init(totals, sizeof *totals);
    flr__mutex_lock(&b->queue_lock);
    begun = b->phase != FLR__BOARD_IDLE;
    flr__mutex_unlock(&b->queue_lock);
    if (begun) {
        flr__board_lock_all(b);
        copy_history(&b->core, totals);
        if (inside) {
            copy_present(&b->core, totals);
        }
        flr__board_unlock_all(b);
    }
}

int flr__snapshot_take(flr_board *b, flr__snapshot *s)
{
    bool fits = false;

    decide(b);
    while (!fits) {
        size_t room = atomic_load(&b->core.count);

        s->count = 0;
        s->tasks = flr__alloc_array(room, sizeof *s->tasks);
        if (s->tasks == NULL) {
            return FLR_E_NOMEM;
        }
        flr_board_totals_init(&s->totals, sizeof s->totals);
        flr__board_lock_all(b);
        fits = atomic_load(&b->core.count) <= room;
        if (fits) {
            s->now = flr__board_now(b);
            copy_history(&b->core, &s->totals);
            copy_present(&b->core, &s->totals);
            copy_tasks(&b->core, s);
        }
        flr__board_unlock_all(b);
        if (!fits) {
            flr__free(s->tasks); /* more were scheduled meanwhile */
        }
    }
    return 0;
}

void flr__snapshot_drop(flr__snapshot *s)
{
    for (size_t i = 0; i < s->count; i++) {
        flr_task_unref(s->tasks[i].task);
    }
    flr__free(s->tasks);
}

/* ---- totals and tasks ---- */

void flr_board_totals_init(flr_board_totals *totals, size_t size)
{
    flr__abi_init(totals, size);
}

int flr_board_get_totals(const flr_board *board, flr_board_totals *totals)
{
    flr_board *b = (flr_board *)board;
    flr_board_totals sums;
    uint32_t size;
    bool inside;
    int status;

    if (board == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__abi_import(&sums, sizeof sums, totals, sizeof sums, 0);
    if (status < 0) {
        return status;
    }
    size = totals->struct_size;
    inside = flr__board_enter(b);
    if (inside) {
        decide(b);
    }
    flr__board_copy_totals(b, inside, &sums);
    if (inside) {
        flr__board_leave(b);
    }
    sums.struct_size = size;
    memcpy(totals, &sums, size < sizeof sums ? size : sizeof sums);
    return 0;
}

int flr_board_visit_tasks(flr_board *board, flr_task_visitor visitor, void *self)
{
    flr__snapshot s;
    int status;

    if (board == NULL || visitor == NULL) {
        return FLR_E_INVAL;
    }
    if (!flr__board_enter(board)) {
        return 0;
    }
    status = flr__snapshot_take(board, &s);
    flr__board_leave(board); /* what is visited is held */
    if (status == 0) {
        for (size_t i = 0; status == 0 && i < s.count; i++) {
            status = visitor(self, &s.tasks[i].info);
        }
        flr__snapshot_drop(&s);
    }
    return status;
}

/* ---- open assignments ---- */

typedef struct names {
    const flr__str **items; /* each held */
    size_t count, capacity;
} names;

static int collect_open(void *self, flr_assignment *a)
{
    names *list = self;
    void *items = list->items;
    int status;

    if (flr_assignment_get_state(a) != FLR_ASSIGNMENT_OPEN) {
        return 0;
    }
    status = flr__grow(&items, &list->capacity, list->count, sizeof *list->items);
    list->items = items;
    if (status == 0) {
        list->items[list->count++] = flr__str_ref(a->client);
    }
    return status;
}

/* Held; NULL: none of this number stands. */
static flr_task *find_standing(flr_board *b, int64_t number)
{
    flr__mutex *lock = &b->core.stripes[0].lock;
    flr__core_task *t = NULL;
    flr_task *found;

    flr__mutex_lock(lock);
    while ((t = next_standing(&b->core, t)) != NULL && t->number != number) {
    }
    found = t == NULL ? NULL : flr_task_ref(flr__task_of(t));
    flr__mutex_unlock(lock);
    return found;
}

int flr_board_visit_outstanding(flr_board *board, int64_t number, flr_name_visitor visitor,
                                void *self)
{
    names list = {NULL, 0, 0};
    flr_task *t;
    int status;

    if (board == NULL || visitor == NULL) {
        return FLR_E_INVAL;
    }
    if (!flr__board_enter(board)) {
        return FLR_E_NOTFOUND;
    }
    decide(board);
    t = find_standing(board, number);
    flr__board_leave(board); /* the task is held, and holds the board */
    if (t == NULL) {
        return FLR_E_NOTFOUND;
    }
    status = flr_task_visit_assignments(t, collect_open, &list);
    for (size_t i = 0; status == 0 && i < list.count; i++) {
        status = visitor(self, list.items[i]->text);
    }
    for (size_t i = 0; i < list.count; i++) {
        flr__str_unref(list.items[i]);
    }
    flr__free(list.items);
    flr_task_unref(t);
    return status;
}

/* ---- clients ---- */

/* Needs the stripe. Those of tasks that have ended may be in the list still. */
static uint64_t count_standing(const flr__link *list)
{
    uint64_t count = 0;

    for (const flr__link *link = list->next; link != list; link = link->next) {
        flr_assignment *a = FLR__OWNER(link, flr_assignment, open);

        count += flr__core_stands(a->task) && atomic_load(&a->state) == FLR_ASSIGNMENT_OPEN ? 1 : 0;
    }
    return count;
}

static void describe_client(const flr__board_client *bc, flr_client_info *info)
{
    *info = (flr_client_info){.struct_size = sizeof *info,
                              .name = bc->client->name->text, /* lives as long as the runner */
                              .last_heard = atomic_load(&bc->client->last_heard),
                              .disconnected = atomic_load(&bc->client->disconnected),
                              .open = count_standing(&bc->open) + count_standing(&bc->claimed),
                              .results = bc->tally.results,
                              .resends = bc->tally.resends,
                              .duplicates = bc->tally.duplicates,
                              .late = bc->tally.late,
                              .rejected = bc->tally.rejected};
}

/* The next clients of a stripe, from the first one or from *next on; *next NULL: those were all. */
static size_t copy_chunk(flr__core_stripe *stripe, bool first, flr__board_client **next,
                         flr_client_info infos[CHUNK])
{
    flr__board_client *bc;
    size_t count = 0, looked_at = 0;

    flr__mutex_lock(&stripe->lock);
    for (bc = first ? stripe->clients : *next; bc != NULL && looked_at++ < CHUNK; bc = bc->next) {
        if (bc->noted) {
            describe_client(bc, &infos[count++]);
        }
    }
    flr__mutex_unlock(&stripe->lock);
    *next = bc;
    return count;
}

/* Until the end of the workflow no record goes, and new ones stand before those that were there. */
int flr__board_each_client(flr_board *b, flr_client_info_visitor visitor, void *self)
{
    flr_client_info infos[CHUNK];
    int status = 0;

    for (unsigned i = 0; status == 0 && i < FLR__BOARD_STRIPES; i++) {
        flr__board_client *next = NULL;
        bool first = true;

        do {
            size_t count = copy_chunk(&b->core.stripes[i], first, &next, infos);

            first = false;
            for (size_t k = 0; status == 0 && k < count; k++) {
                status = visitor(self, &infos[k]);
            }
        } while (status == 0 && next != NULL);
    }
    return status;
}

int flr_board_visit_clients(flr_board *board, flr_client_info_visitor visitor, void *self)
{
    int status = 0;

    if (board == NULL || visitor == NULL) {
        return FLR_E_INVAL;
    }
    if (flr__board_enter(board)) {
        decide(board);
        status = flr__board_each_client(board, visitor, self);
        flr__board_leave(board);
    }
    return status;
}
