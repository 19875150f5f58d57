/*
 * Tasks and assignments as the host sees them: making, properties, getters. The task's lock guards
 * its properties and error, the stripe of its client an assignment's result.
 */
#include "board/board.h"

#include "base/abi.h"
#include <stdlib.h>

#define KNOWN_FLAGS FLR_TASK_FLAG_NON_BLOCKING

void flr_task_options_init(flr_task_options *options, size_t size)
{
    flr__abi_init(options, size);
    if (options != NULL && size >= sizeof *options) {
        options->number = -1;
    }
}

static int check_key(const char *key)
{
    int status = flr__check_name(key, FLR_NAME_MAX);

    return status == 0 && strncmp(key, "__", 2) == 0 ? FLR_E_INVAL : status;
}

static int check_options(const flr_task_options *o)
{
    int status = flr__check_name(o->name, FLR_NAME_MAX);

    if (status < 0) {
        return status;
    }
    if (strcmp(o->name, FLR_TASK_NAME_TRY_AGAIN) == 0 ||
        strcmp(o->name, FLR_TASK_NAME_END_RUN) == 0 || o->payload == NULL || o->number < -1) {
        return FLR_E_INVAL;
    }
    if ((o->operation != NULL && flr_value_get_kind(o->operation) != FLR_VALUE_MAP) ||
        (o->props != NULL && flr_value_get_kind(o->props) != FLR_VALUE_MAP)) {
        return FLR_E_INVAL;
    }
    for (size_t i = 0; status == 0 && i < flr_value_get_size(o->props); i++) {
        status = check_key(flr_map_get_key(o->props, i));
    }
    return status;
}

static int init_locks(flr_task *t)
{
    if (flr__mutex_init(&t->lock, FLR__RANK_TASK) < 0) {
        return FLR_E_NOMEM;
    }
    if (flr__waker_init(&t->waker) < 0) {
        flr__mutex_destroy(&t->lock);
        return FLR_E_NOMEM;
    }
    return 0;
}

int flr_task_new(const flr_task_options *options, flr_task **task)
{
    flr_task_options o;
    int64_t timeout = 0;
    flr_task *t;
    int status;

    if (task == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__abi_import(&o, sizeof o, options, sizeof o, KNOWN_FLAGS);
    if (status == 0) {
        status = check_options(&o);
    }
    if (status == 0) {
        status = flr__seconds(o.timeout, &timeout);
    }
    if (status < 0) {
        return status;
    }
    t = flr__zalloc(sizeof *t);
    if (t == NULL) {
        return FLR_E_NOMEM;
    }
    t->core.name = flr__str_new(o.name, strlen(o.name));
    if (t->core.name == NULL || init_locks(t) < 0) {
        flr__str_unref(t->core.name);
        flr__free(t);
        return FLR_E_NOMEM;
    }
    atomic_init(&t->refs, 1);
    atomic_init(&t->number, o.number);
    t->timeout = timeout;
    t->operation = flr_value_ref(o.operation);
    t->props = o.props == NULL ? flr__value_empty_map() : flr_value_ref(o.props);
    t->payload = flr_shareable_ref(o.payload);
    t->options = o;
    *task = t;
    return 0;
}

flr_task *flr_task_ref(flr_task *task)
{
    if (task != NULL) {
        atomic_fetch_add_explicit(&task->refs, 1, memory_order_relaxed);
    }
    return task;
}

/* Results were written by the threads that brought them: the next ones are under way while one is
 * released. */
static void fetch_results(const flr_assignment *next)
{
    const flr_assignment *later = next;

    for (int i = 0; i < 3 && later != NULL; i++) {
        later = later->previous;
    }
    flr__shareable_fetch_parts(next == NULL ? NULL : next->result);
    flr__shareable_fetch(later == NULL ? NULL : later->result);
}

/* Its id may be remembered for longer, its result goes with the task. */
static void drop_assignment(flr_assignment *a)
{
    flr_shareable *result = a->result;

    a->result = NULL;
    flr_shareable_unref(result);
    flr__core_assignment_drop(a);
}

static void free_core(flr__core_task *core)
{
    flr__walk walk = flr__walk_begin(core);

    if (core->policy == NULL) {
        return; /* never scheduled */
    }
    for (flr_assignment *a; (a = flr__walk_next(&walk)) != NULL;) {
        fetch_results(walk.next);
        drop_assignment(a);
    }
    while (core->joined != NULL) {
        flr__seat *seat = core->joined;

        core->joined = seat->next;
        flr__free(seat);
    }
    flr__free(core->targets);
    flr__free(core->baton.legs);
}

void flr_task_unref(flr_task *task)
{
    flr_board *b;

    if (task == NULL || atomic_fetch_sub_explicit(&task->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    b = task->board;
    if (b != NULL) {
        flr__mutex_lock(&b->queue_lock);
        flr__link_remove(&task->known);
        flr__mutex_unlock(&b->queue_lock);
    }
    free_core(&task->core);
    while (task->dropped != NULL) {
        flr_assignment *a = task->dropped;

        task->dropped = a->previous;
        drop_assignment(a);
    }
    flr_shareable_unref(task->payload);
    flr_value_unref(task->operation);
    flr_value_unref(task->root);
    flr_signal_unref(task->cause);
    flr_value_unref(task->props);
    flr__str_unref(task->core.name);
    flr__waker_destroy(&task->waker);
    flr__mutex_destroy(&task->lock);
    if (task->options.destroy != NULL) {
        task->options.destroy(task->options.self);
    }
    flr__free(task);
    if (b != NULL) {
        flr__board_unref(b);
    }
}

/* ---- getters ---- */

const char *flr_task_get_name(const flr_task *task)
{
    return task == NULL ? "" : task->core.name->text;
}

int64_t flr_task_get_number(const flr_task *task)
{
    return task == NULL ? -1 : atomic_load(&((flr_task *)task)->number);
}

int flr_task_get_kind(const flr_task *task)
{
    return task == NULL || atomic_load(&((flr_task *)task)->phase) != FLR__TASK_SCHEDULED
               ? 0
               : task->core.policy->kind;
}

void *flr_task_get_self(const flr_task *task)
{
    return task == NULL ? NULL : task->options.self;
}

int flr_task_get_prop(const flr_task *task, const char *key, flr_value **value)
{
    flr_task *t = (flr_task *)task;

    if (task == NULL || key == NULL || value == NULL) {
        return FLR_E_INVAL;
    }
    flr__mutex_lock(&t->lock);
    flr_value *found = flr_value_ref(flr_map_get(t->props, key));
    flr__mutex_unlock(&t->lock);
    if (found == NULL) {
        return FLR_E_NOTFOUND;
    }
    *value = found;
    return 0;
}

int flr_task_set_prop(flr_task *task, const char *key, flr_value *value)
{
    flr_value *props, *old;
    int status;

    if (task == NULL || value == NULL) {
        return FLR_E_INVAL;
    }
    status = check_key(key);
    if (status < 0) {
        return status;
    }
    flr__mutex_lock(&task->lock);
    old = task->props;
    props = flr_value_ref(old);
    status = flr_map_set(&props, key,
                         value); /* a copy, as it is shared: the old one is released below */
    if (status == 0) {
        task->props = props;
        props = old;
    }
    flr__mutex_unlock(&task->lock);
    flr_value_unref(props);
    return status;
}

int flr_task_get_status(const flr_task *task)
{
    int status = task == NULL ? FLR_TASK_STANDING : atomic_load(&((flr_task *)task)->core.status);

    return status == FLR__TASK_COMING ? FLR_TASK_STANDING : status;
}

int flr_task_get_error(const flr_task *task)
{
    flr_task *t = (flr_task *)task;
    int error;

    if (task == NULL) {
        return 0;
    }
    flr__mutex_lock(&t->lock);
    error = t->error;
    flr__mutex_unlock(&t->lock);
    return error;
}

int flr_task_get_detail(const flr_task *task, char *text, size_t size)
{
    flr_task *t = (flr_task *)task;

    if (task == NULL || text == NULL || size == 0) {
        return FLR_E_INVAL;
    }
    flr__mutex_lock(&t->lock);
    flr__text_copy(text, size, t->detail);
    flr__mutex_unlock(&t->lock);
    return 0;
}

/* ---- its assignments ---- */

/* A copy of the list, in hand-out order, each held. */
typedef struct listing {
    flr_assignment **items;
    size_t count, capacity;
} listing;

static int list_add(listing *list, flr_assignment *a)
{
    void *items = list->items;
    int status = flr__grow(&items, &list->capacity, list->count, sizeof(flr_assignment *));

    list->items = items;
    if (status == 0) {
        atomic_fetch_add(&a->refs, 1);
        list->items[list->count++] = a;
    }
    return status;
}

static int by_place(const void *x, const void *y)
{
    const flr_assignment *a = *(flr_assignment *const *)x, *b = *(flr_assignment *const *)y;

    return (a->place > b->place) - (a->place < b->place);
}

/* The latest of each target may be replaced at any moment by who holds its stripe. */
static int list_latest(flr_task *task, listing *list)
{
    flr__walk walk;
    int status = 0;

    flr__board_lock_all(task->board);
    walk = flr__walk_begin(&task->core);
    for (flr_assignment *a; status == 0 && (a = flr__walk_next(&walk)) != NULL;) {
        status = list_add(list, a);
    }
    flr__board_unlock_all(task->board);
    if (list->count > 1) {
        qsort(list->items, list->count, sizeof(flr_assignment *), by_place);
    }
    return status;
}

static int list_chain(flr_assignment *last, listing *list)
{
    int status = 0;

    for (; status == 0 && last != NULL; last = last->previous) {
        status = list_add(list, last);
    }
    for (size_t i = 0; i < list->count / 2; i++) {
        flr_assignment *a = list->items[i];

        list->items[i] = list->items[list->count - 1 - i];
        list->items[list->count - 1 - i] = a;
    }
    return status;
}

int flr_task_visit_assignments(flr_task *task, flr_assignment_visitor visitor, void *self)
{
    listing list = {NULL, 0, 0};
    int status;

    if (task == NULL || visitor == NULL) {
        return FLR_E_INVAL;
    }
    if (atomic_load(&task->phase) != FLR__TASK_SCHEDULED) {
        return 0;
    }
    status = task->core.policy->repeats && !task->core.policy->baton
                 ? list_latest(task, &list)
                 : list_chain(flr__core_last(&task->core), &list);
    for (size_t i = 0; status == 0 && i < list.count; i++) {
        status = visitor(self, list.items[i]);
    }
    for (size_t i = 0; i < list.count; i++) {
        flr__core_assignment_drop(list.items[i]);
    }
    flr__free(list.items);
    return status;
}

/* ---- assignments ---- */

const char *flr_assignment_get_client(const flr_assignment *assignment)
{
    return assignment == NULL ? "" : assignment->client->text;
}

flr_task *flr_assignment_get_task(const flr_assignment *assignment)
{
    return assignment == NULL ? NULL : flr__task_of(assignment->task);
}

const char *flr_assignment_get_id(const flr_assignment *assignment)
{
    return assignment == NULL ? "" : assignment->id;
}

uint64_t flr_assignment_get_send_count(const flr_assignment *assignment)
{
    return assignment == NULL ? 0 : atomic_load(&((flr_assignment *)assignment)->send_count);
}

int64_t flr_assignment_get_first_sent(const flr_assignment *assignment)
{
    return assignment == NULL ? FLR_TIME_NONE
                              : atomic_load(&((flr_assignment *)assignment)->first_sent);
}

int64_t flr_assignment_get_last_sent(const flr_assignment *assignment)
{
    return assignment == NULL ? FLR_TIME_NONE
                              : atomic_load(&((flr_assignment *)assignment)->last_sent);
}

int64_t flr_assignment_get_received(const flr_assignment *assignment)
{
    return assignment == NULL ? FLR_TIME_NONE
                              : atomic_load(&((flr_assignment *)assignment)->received);
}

int flr_assignment_get_state(const flr_assignment *assignment)
{
    int state;

    if (assignment == NULL) {
        return FLR_ASSIGNMENT_CLOSED;
    }
    state = atomic_load(&((flr_assignment *)assignment)->state);
    if (state != FLR_ASSIGNMENT_ANSWERED && !flr__core_stands(assignment->task)) {
        state = FLR_ASSIGNMENT_CLOSED; /* also if its end has not been settled yet */
    }
    return state;
}

/* The stripe's lock; the board lives as long as the task. */
static flr__mutex *lock_of(const flr_assignment *a)
{
    return &flr__task_of(a->task)->board->core.stripes[a->stripe].lock;
}

flr_shareable *flr_assignment_get_result(const flr_assignment *assignment)
{
    flr_shareable *result;

    if (assignment == NULL) {
        return NULL;
    }
    flr__mutex *lock = lock_of(assignment);
    flr__mutex_lock(lock);
    result = flr_shareable_ref(assignment->result);
    flr__mutex_unlock(lock);
    return result;
}

static bool in_callback_of(const flr_assignment *a)
{
    return flr__host_inside(FLR__HOST_TASK, NULL, flr__task_of(a->task));
}

int flr_assignment_set_result(flr_assignment *assignment, flr_shareable *result)
{
    flr_shareable *old;

    if (assignment == NULL) {
        return FLR_E_INVAL;
    }
    if (!in_callback_of(assignment) || !assignment->receiving) {
        return FLR_E_STATE;
    }
    flr_shareable_ref(result);
    flr__mutex *lock = lock_of(assignment);
    flr__mutex_lock(lock);
    old = assignment->result;
    assignment->result = result;
    assignment->kept = true;
    flr__mutex_unlock(lock);
    flr_shareable_unref(old);
    return 0;
}

flr_shareable *flr_assignment_get_data(flr_assignment *assignment)
{
    return assignment != NULL && in_callback_of(assignment)
               ? flr__task_of(assignment->task)->sending
               : NULL;
}

void *flr_assignment_get_user(const flr_assignment *assignment)
{
    return assignment == NULL ? NULL : assignment->user;
}

void flr_assignment_set_user(flr_assignment *assignment, void *user)
{
    if (assignment != NULL) {
        assignment->user = user;
    }
}
