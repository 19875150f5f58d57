/*
 * The turn of a task: the right to run its callbacks, one thread at a time (BD-17), and task_done,
 * which comes last (BD-26).
 *
 * The turn is `busy`, guarded by the task's lock, which is never held across a callback. When a
 * task has ended, whoever ended it makes task_done, unless somebody has the turn: then he does,
 * when he gives it back.
 */
#include "base/abi.h"
#include "board/board.h"

bool flr__turn_take(flr_task *t)
{
    bool taken = false;

    while (!taken && flr__core_stands(&t->core)) {
        uint64_t ticket = flr__waker_ticket(&t->waker);

        flr__mutex_lock(&t->lock);
        taken = !t->busy && flr__core_stands(&t->core);
        if (taken) {
            t->busy = true;
        } else {
            t->waiting++;
        }
        flr__mutex_unlock(&t->lock);
        if (!taken) {
            if (flr__core_stands(&t->core)) {
                flr__waker_wait(&t->waker, ticket, NULL, FLR_TIME_NONE);
            }
            flr__mutex_lock(&t->lock);
            t->waiting--;
            flr__mutex_unlock(&t->lock);
        }
    }
    return taken;
}

/* ---- settling: its assignments become remembered ones, stripe by stripe ---- */

/* So many records of a stripe are treated in one go: no client waits for more. */
#define TREATED_AT_ONCE 32
/* So many are sorted out at a time: they stay in the cache until they have been treated. */
#define SORTED_AT_ONCE  1024

/* Records by stripe, linked by `next`. */
typedef struct sorted_out {
    flr__record *first[FLR__BOARD_STRIPES];
} sorted_out;

static void sort_out(sorted_out *records, unsigned stripe, flr__record *record)
{
    flr__record **first = &records->first[stripe];

    record->next = *first;
    *first = record;
}

/* Each under the lock of its stripe. */
static void treat(flr_board *b, const sorted_out *records,
                  void (*act)(flr__core *core, flr__record *record))
{
    for (unsigned i = 0; i < FLR__BOARD_STRIPES; i++) {
        flr__record *record = records->first[i];

        while (record != NULL) {
            flr__mutex_lock(&b->core.stripes[i].lock);
            for (unsigned n = 0; n < TREATED_AT_ONCE && record != NULL; n++) {
                act(&b->core, record);
                record = record->next;
            }
            flr__mutex_unlock(&b->core.stripes[i].lock);
        }
    }
}

/* They are in no table any more. */
static void free_records(const sorted_out *records)
{
    const flr__str *name = NULL;
    size_t named = 0; /* with this name: most tasks have more than one */

    for (unsigned i = 0; i < FLR__BOARD_STRIPES; i++) {
        for (flr__record *record = records->first[i], *next; record != NULL; record = next) {
            next = record->next;
            if (record->name != name) {
                flr__str_unref_many(name, named);
                name = record->name;
                named = 0;
            }
            named++;
            flr__block_free(record, sizeof *record);
        }
    }
    flr__str_unref_many(name, named);
}

/* The oldest ones above the limit, sorted out, or some of them; false: there are none, or another
 * thread is at it, which will see to all. */
static bool take_oldest(flr_board *b, sorted_out *records)
{
    flr__record *record;
    size_t count;

    *records = (sorted_out){{NULL}};
    flr__mutex_lock(&b->queue_lock);
    count = flr__core_forget_begin(&b->core, SORTED_AT_ONCE, &record);
    flr__mutex_unlock(&b->queue_lock);
    if (count == 0) {
        return false;
    }
    for (; count > 0; count--) { /* without the lock: each of them has to come from memory */
        flr__record *next = record->next;

        sort_out(records, record->stripe, record);
        record = next;
    }
    flr__mutex_lock(&b->queue_lock);
    flr__core_forget_end(&b->core, record);
    flr__mutex_unlock(&b->queue_lock);
    return true;
}

void flr__board_remember(flr_board *b, flr__record *first, flr__record *last, size_t count)
{
    sorted_out records;

    flr__mutex_lock(&b->queue_lock);
    flr__core_remember(&b->core, first, last, count);
    flr__mutex_unlock(&b->queue_lock);
    while (take_oldest(b, &records)) {
        treat(b, &records, flr__core_forget);
        free_records(&records);
    }
}

static void unlink_target(flr_board *b, flr__target *target)
{
    flr__mutex *lock = &b->core.stripes[flr__core_stripe_of(target->owner->client)].lock;

    flr__mutex_lock(lock);
    flr__core_unlink(target);
    flr__mutex_unlock(lock);
}

static void unlink_targets(flr_board *b, flr__core_task *core)
{
    for (size_t i = 0; i < core->target_count; i++) {
        unlink_target(b, flr__core_target(core, i));
    }
    for (flr__seat *seat = core->joined; seat != NULL; seat = seat->next) {
        unlink_target(b, &seat->target);
    }
}

static flr__record *merge(flr__record *a, flr__record *b)
{
    flr__record *first = NULL, **link = &first;

    while (a != NULL && b != NULL) {
        flr__record **from = a->place <= b->place ? &a : &b;

        *link = *from;
        link = &(*from)->next;
        *from = *link;
    }
    *link = a != NULL ? a : b;
    return first;
}

/* In hand-out order, without memory: runs of 1, 2, 4, ... wait to be merged with one of their size. */
static flr__record *sort(flr__record *list)
{
    flr__record *runs[8 * sizeof(size_t)] = {NULL}, *sorted = NULL;

    while (list != NULL) {
        flr__record *run = list;
        size_t i = 0;

        list = list->next;
        run->next = NULL;
        for (; runs[i] != NULL; i++) {
            run = merge(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        sorted = merge(runs[i], sorted);
    }
    return sorted;
}

static void settle_one(flr__core *core, flr__record *record)
{
    (void)core;
    flr__core_settle(record->assignment);
}

static void settle_and_forget(flr__core *core, flr__record *record)
{
    flr__core_settle(record->assignment);
    flr__core_forget(core, record);
}

/* The assignments of a task that has ended, latest first, on their way to be remembered. */
typedef struct settling {
    flr_board *b;
    flr__core_task *core;
    flr__walk walk;
    flr__record *first, *last; /* to be remembered, oldest first */
    size_t count, kept;        /* settled; of these, in that list */
} settling;

/* The records of the `count` assignments from here become the first ones of the list. */
static void keep(settling *s, flr__walk from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        flr__record *record = flr__walk_next(&from)->record;

        record->next = s->first;
        s->first = record;
        s->last = s->last == NULL ? record : s->last;
    }
    s->kept += count;
}

/* The next ones. Those that would be forgotten at once, since so many younger ones are remembered, are
 * forgotten now. false: that was all. */
static bool settle_some(settling *s)
{
    flr__walk from = s->walk;
    sorted_out records = {{NULL}};
    bool in_order = !s->core->policy->repeats || s->core->policy->baton;
    bool remembered = !in_order || s->kept < atomic_load(&s->b->core.memory);
    size_t count = 0;

    for (flr_assignment *a; count < SORTED_AT_ONCE && (a = flr__walk_next(&s->walk)) != NULL;
         count++) {
        sort_out(&records, a->stripe, a->record);
    }
    flr__str_ref_many(s->core->name, count);
    treat(s->b, &records, remembered ? settle_one : settle_and_forget);
    if (remembered) {
        keep(s, from, count);
    } else {
        free_records(&records);
    }
    s->count += count;
    return count > 0;
}

static void settle(flr_task *t)
{
    flr_board *b = t->board;
    settling s = {.b = b, .core = &t->core, .walk = flr__walk_begin(&t->core)};

    while (settle_some(&s)) {
    }
    if (s.kept > 1 && t->core.policy->repeats && !t->core.policy->baton) {
        s.first = sort(s.first);
        for (s.last = s.first; s.last->next != NULL; s.last = s.last->next) {
        }
    }
    if (s.kept > 0) {
        flr__board_remember(b, s.first, s.last, s.kept);
    }
    if (t->core.policy->repeats) {
        unlink_targets(b, &t->core); /* its assignments are found through them */
    } else {
        if (s.count < t->core.target_count) {
            unlink_targets(b, &t->core);
        }
        flr__free(t->core.targets);
        t->core.targets = NULL;
    }
}

/* ---- task_done ---- */

/* Count and log a failure, and keep its detail text first: logging may fire events that use the
 * same context. */
static void note_failure(flr_task *t, flr_context *context, const char *name, flr__failure *failure)
{
    char text[FLR__DETAIL_MAX + 64];

    flr__text_copy(failure->detail, sizeof failure->detail, flr_context_get_detail(context));
    flr__runner_count(t->board->runner, FLR__COUNTER(task_callback_failures));
    if (flr_context_log_is_on(context, FLR_LOG_ERROR)) {
        flr__status_describe(t->board->site, failure->code, failure->detail, text, sizeof text);
        flr_context_log(context, FLR_LOG_ERROR, "%s of task %s failed: %s", name,
                        t->core.name->text, text);
    }
}

int flr__task_call(flr_task *t, flr__assignment_callback fn, const char *name, flr_assignment *a,
                   flr_context *context, flr__failure *failure)
{
    flr__host_frame frame;

    if (fn == NULL) {
        return 0;
    }
    flr__context_clear_detail(context);
    flr__host_enter(&frame, FLR__HOST_TASK, t->board->site, t);
    failure->code = flr__callback_status(fn(t->options.self, a, context));
    flr__host_leave(&frame);
    if (failure->code < 0) {
        note_failure(t, context, name, failure);
    }
    return failure->code;
}

void flr__task_set_error(flr_task *t, int error, const char *detail)
{
    flr__mutex_lock(&t->lock);
    t->error = error;
    flr__text_copy(t->detail, sizeof t->detail, t->board->site->secure ? "" : detail);
    flr__mutex_unlock(&t->lock);
}

static void call_done(flr_task *t)
{
    flr__host_frame frame;
    flr__failure failure;

    if (t->options.task_done == NULL || t->board->abandoned) {
        return;
    }
    flr__host_enter(&frame, FLR__HOST_TASK, t->board->site, t);
    failure.code = flr__callback_status(t->options.task_done(t->options.self, t, t->context));
    flr__host_leave(&frame);
    if (failure.code < 0) {
        note_failure(t, t->context, "task_done", &failure);
        flr__task_set_error(t, failure.code, failure.detail);
        flr__board_lock_all(t->board);
        flr__core_fail(&t->board->core, &t->core);
        flr__board_unlock_all(t->board);
    }
}

static size_t status_counter(int status)
{
    switch (status) {
    case FLR_TASK_OK:
        return FLR__COUNTER(tasks_ok);
    case FLR_TASK_TIMEOUT:
        return FLR__COUNTER(tasks_timeout);
    case FLR_TASK_CANCELLED:
        return FLR__COUNTER(tasks_cancelled);
    case FLR_TASK_ABORTED:
        return FLR__COUNTER(tasks_aborted);
    case FLR_TASK_CLIENT_DEAD:
        return FLR__COUNTER(tasks_client_dead);
    default:
        return FLR__COUNTER(tasks_error);
    }
}

/* Who ended it may hold all stripes still, or have sealed it and not buried it yet. */
static void wait_until_buried(flr_board *b, flr_task *t)
{
    flr__mutex *lock = &b->core.stripes[0].lock;
    bool buried;

    flr__mutex_lock(lock);
    buried = !flr__link_is_in(&t->core.standing);
    flr__mutex_unlock(lock);
    if (!buried) {
        flr__board_lock_all(b);
        flr__core_bury(&b->core, &t->core);
        flr__board_unlock_all(b);
    }
}

/* The caller has the turn for good. The board's reference of the task is dropped at the end. */
static void make_done(flr_task *t)
{
    flr_board *b = t->board;

    wait_until_buried(b, t);
    /* The callback may look at what is remembered, and end other tasks; without one nobody need wait
     * for that. */
    if (t->options.task_done != NULL) {
        settle(t);
    }
    call_done(t);
    flr__runner_count(b->runner, status_counter(atomic_load(&t->core.status)));
    flr__context_free(t->context);
    t->context = NULL;
    flr_shareable_unref(t->message);
    t->message = NULL;
    flr_shareable_unref(t->payload);
    t->payload = NULL;
    atomic_store(&t->done, true);
    flr__runner_task_ended(b->runner);
    flr__waker_notify(&t->waker);
    if (t->options.task_done == NULL) {
        settle(t);
    }
    /* From here on the run may be over: only task and board are touched, which the reference
     * holds. */
    if (atomic_fetch_sub(&b->unfinished, 1) == 1) {
        flr__waker_notify(&b->waker);
    }
    flr_task_unref(t);
}

void flr__task_finish(flr_task *t)
{
    bool mine;

    flr__mutex_lock(&t->lock);
    mine = !t->busy && !t->done_begun;
    if (mine) {
        t->busy = t->done_begun = true;
    }
    flr__mutex_unlock(&t->lock);
    if (mine) {
        make_done(t);
    }
}

void flr__turn_release(flr_task *t)
{
    bool ended, notify = false;

    flr__mutex_lock(&t->lock);
    ended = !flr__core_stands(&t->core) && !t->done_begun;
    if (ended) {
        t->done_begun = true;
    } else {
        t->busy = false;
        notify = t->waiting > 0;
    }
    flr__mutex_unlock(&t->lock);
    if (ended) {
        make_done(t);
    } else if (notify) {
        flr__waker_notify(&t->waker);
    }
}
