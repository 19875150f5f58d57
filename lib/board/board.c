/*
 * The board as a communicator: its life, options, vtables. The queue lock guards phase and entries,
 * the board's lock numbers and the mark; what initialize_run sets is constant while the workflow is
 * under way.
 */
#include "board/board.h"

#include "base/abi.h"

static void stripes_destroy(flr__core *core, unsigned count)
{
    while (count-- > 0) {
        flr__mutex_destroy(&core->stripes[count].lock);
    }
}

static int init_locks(flr_board *b)
{
    unsigned made = 0;

    if (flr__waker_init(&b->waker) < 0) {
        return FLR_E_NOMEM;
    }
    if (flr__mutex_init(&b->lock, FLR__RANK_BOARD) < 0) {
        goto fail_lock;
    }
    if (flr__mutex_init(&b->queue_lock, FLR__RANK_TASK) < 0) {
        goto fail_queue;
    }
    if (flr__mutex_init(&b->rule_lock, FLR__RANK_RULE) < 0) {
        goto fail_rule;
    }
    for (; made < FLR__BOARD_STRIPES; made++) {
        if (flr__mutex_init(&b->core.stripes[made].lock, FLR__RANK_STRIPE) < 0) {
            goto fail_stripes;
        }
    }
    return 0;
fail_stripes:
    stripes_destroy(&b->core, made);
    flr__mutex_destroy(&b->rule_lock);
fail_rule:
    flr__mutex_destroy(&b->queue_lock);
fail_queue:
    flr__mutex_destroy(&b->lock);
fail_lock:
    flr__waker_destroy(&b->waker);
    return FLR_E_NOMEM;
}

int flr__board_new(flr_board **board)
{
    flr_board_options defaults;
    void *base;
    flr_board *b = flr__alloc_aligned(sizeof *b, &base);

    if (b == NULL) {
        return FLR_E_NOMEM;
    }
    memset(b, 0, sizeof *b);
    b->base = base;
    if (init_locks(b) < 0) {
        flr__free(base);
        return FLR_E_NOMEM;
    }
    flr_board_options_init(&defaults, sizeof defaults);
    flr__core_init(&b->core);
    atomic_init(&b->core.memory, (size_t)defaults.completed_memory);
    atomic_init(&b->refs, 1);
    flr__link_init(&b->tasks);
    b->phase = FLR__BOARD_IDLE;
    *board = b;
    return 0;
}

flr_board *flr__board_ref(flr_board *board)
{
    atomic_fetch_add_explicit(&board->refs, 1, memory_order_relaxed);
    return board;
}

void flr__board_unref(flr_board *board)
{
    if (atomic_fetch_sub_explicit(&board->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    flr__core_free(&board->core);
    stripes_destroy(&board->core, FLR__BOARD_STRIPES);
    flr__mutex_destroy(&board->rule_lock);
    flr__mutex_destroy(&board->queue_lock);
    flr__mutex_destroy(&board->lock);
    flr__waker_destroy(&board->waker);
    flr_clock_unref(board->clock);
    flr_signal_unref(board->abort);
    flr__free(board->base);
}

/* ---- who is inside ---- */

bool flr__board_enter(flr_board *b)
{
    bool inside;

    flr__mutex_lock(&b->queue_lock);
    inside = b->phase == FLR__BOARD_RUNNING || b->phase == FLR__BOARD_CLOSING;
    b->entries += inside ? 1 : 0;
    flr__mutex_unlock(&b->queue_lock);
    return inside;
}

void flr__board_leave(flr_board *b)
{
    flr__mutex_lock(&b->queue_lock);
    b->entries--;
    /* Under the lock: who finalises goes on as soon as it is free, and the board may go. */
    if (b->entries == 0 && b->phase == FLR__BOARD_CLOSING) {
        flr__waker_notify(&b->waker);
    }
    flr__mutex_unlock(&b->queue_lock);
}

bool flr__board_is_scheduling(flr_board *b)
{
    bool scheduling;

    flr__mutex_lock(&b->queue_lock);
    scheduling = b->phase == FLR__BOARD_RUNNING;
    flr__mutex_unlock(&b->queue_lock);
    return scheduling;
}

void flr__board_lock_all(flr_board *b) FLR__NO_TSA
{
    flr__mutex_lock(&b->core.stripes[0].lock);
    for (unsigned i = 1; i < FLR__BOARD_STRIPES; i++) {
        flr__mutex_lock_next(&b->core.stripes[i].lock);
    }
    flr__mutex_lock(&b->rule_lock);
}

void flr__board_unlock_all(flr_board *b) FLR__NO_TSA
{
    flr__mutex_unlock(&b->rule_lock);
    for (unsigned i = FLR__BOARD_STRIPES; i-- > 0;) {
        flr__mutex_unlock(&b->core.stripes[i].lock);
    }
}

/* One notice; before the gate opens none is made: the runner tells everybody when it opens it. */
static bool tell_next(flr_board *b)
{
    const char *name = NULL;
    flr__board_client *bc;
    bool any;

    flr__mutex_lock(&b->rule_lock);
    any = flr__core_take_news(&b->core, &bc);
    if (any && bc != NULL) {
        name = bc->client->name->text; /* lives as long as the runner */
    }
    flr__mutex_unlock(&b->rule_lock);
    if (any && flr__runner_gate_is_open(b->runner)) {
        flr__runner_task_ready(b->runner, name);
    }
    return any;
}

void flr__board_after(flr_board *b)
{
    if (atomic_load(&b->core.is_nearer) && atomic_exchange(&b->core.is_nearer, false)) {
        flr__runner_due(b->runner, atomic_load(&b->core.next_due));
    }
    if (atomic_load(&b->core.has_news) && flr__board_enter(b)) {
        while (tell_next(b)) {
        }
        flr__board_leave(b);
    }
}

/* ---- the workflow's beginning and end ---- */

static int initialize_run(void *self, flr_context *context)
{
    flr_board *b = self;
    flr_runner *runner = flr_context_get_runner(context);
    bool idle;

    if (runner == NULL) {
        return FLR_E_STATE;
    }
    flr__mutex_lock(&b->queue_lock);
    idle = b->phase == FLR__BOARD_IDLE || b->phase == FLR__BOARD_CLOSED;
    flr__mutex_unlock(&b->queue_lock);
    if (!idle) {
        return flr_context_fail(context, FLR_E_STATE, "the board is initialised already");
    }
    flr_clock_unref(b->clock);
    flr_signal_unref(b->abort);
    b->runner = runner;
    b->site = flr__runner_site(runner);
    b->clock = flr_clock_ref(b->site->clock);
    b->abort = flr_signal_ref(flr_runner_get_abort_signal(runner));
    b->core.clients = flr__runner_clients(runner);
    b->core.lead = flr__runner_lead_time(runner);
    b->core.heartbeat = flr__runner_heartbeat_timeout(runner);
    b->core.announces = b->site->engine.task_ready != NULL;
    flr__board_lock_all(b); /* the last workflow's totals may be read just now */
    flr__core_reset_totals(&b->core);
    flr__board_unlock_all(b);
    flr__mutex_lock(&b->lock);
    b->floor = 0;
    flr__mutex_unlock(&b->lock);
    flr__mutex_lock(&b->queue_lock);
    b->phase = FLR__BOARD_RUNNING;
    flr__mutex_unlock(&b->queue_lock);
    return 0;
}

/* Until nobody is inside and every task_done has returned; then nobody gets in any more. */
static void wait_until_quiet(flr_board *b)
{
    for (;;) {
        uint64_t ticket = flr__waker_ticket(&b->waker);
        bool quiet;

        flr__mutex_lock(&b->queue_lock);
        quiet = b->entries == 0 && atomic_load(&b->unfinished) == 0;
        if (quiet) {
            b->phase = FLR__BOARD_CLOSED;
        }
        flr__mutex_unlock(&b->queue_lock);
        if (quiet) {
            return;
        }
        flr__waker_wait(&b->waker, ticket, NULL, FLR_TIME_NONE);
    }
}

static void finish_decided(flr_board *b)
{
    flr_task *t;

    while ((t = flr__board_take_decided(b, INT64_MAX)) != NULL) {
        flr__task_finish(t);
        flr_task_unref(t);
    }
}

static void close_board(flr_board *b, const flr__end *end)
{
    bool running;

    flr__mutex_lock(&b->queue_lock);
    running = b->phase == FLR__BOARD_RUNNING;
    if (running) {
        b->phase = FLR__BOARD_CLOSING;
    }
    flr__mutex_unlock(&b->queue_lock);
    if (!running) {
        return;
    }
    flr__runner_decide(b->runner, flr__board_now(b));
    finish_decided(b);
    flr__board_end_all(b, end);
    finish_decided(b); /* what others decided in between: the driver does not come any more */
    wait_until_quiet(b);
    flr__board_let_go(b);
    flr__core_free(&b->core);
    flr__core_init(&b->core);
}

static int finalize_run(void *self, flr_context *context)
{
    flr_board *b = self;
    flr__end end = {FLR_TASK_CANCELLED, NULL, 0, NULL};

    (void)context;
    if (b->runner != NULL && flr__runner_is_aborted(b->runner)) {
        end.status = FLR_TASK_ABORTED;
        end.cause = b->abort;
    }
    close_board(b, &end);
    return 0;
}

/* ---- what the runner decides ---- */

static void abandon(void *board)
{
    static const flr__end end = {FLR_TASK_ABORTED, NULL, 0, NULL};
    flr_board *b = board;

    b->abandoned = true;
    close_board(b, &end);
}

static flr__client *next_silent(void *board, int64_t now)
{
    flr_board *b = board;
    flr__client *c = NULL;

    if (!flr__board_enter(b)) {
        return NULL;
    }
    if (b->core.heartbeat > 0) {
        flr__board_lock_all(b);
        c = flr__core_next_silent(&b->core, now);
        flr__board_unlock_all(b);
    }
    flr__board_leave(b);
    return c;
}

static void client_changed(void *board, flr__client *c, int64_t now)
{
    flr_board *b = board;

    if (!flr__board_enter(b)) {
        return;
    }
    flr__board_lock_all(b);
    if (atomic_load(&c->disconnected) != FLR_TIME_NONE) {
        flr__core_lose(&b->core, c->board, now);
    } else {
        flr__core_regain(&b->core, c->board, now);
    }
    flr__board_unlock_all(b);
    flr__board_leave(b);
}

static void clients_listed(void *board, int64_t now)
{
    flr_board *b = board;

    if (flr__board_enter(b)) {
        flr__board_lock_all(b);
        flr__core_clients_changed(&b->core, now);
        flr__board_unlock_all(b);
        flr__board_leave(b);
    }
}

static bool decide(void *board, int64_t now)
{
    flr_board *b = board;
    bool ended = false;

    if (flr__board_enter(b)) {
        ended = flr__board_decide(b, now);
        flr__board_leave(b);
    }
    return ended;
}

static void after(void *board)
{
    flr__board_after(board);
}

const flr__board_hooks flr__board_hooks_table = {.abandon = abandon,
                                                 .next_silent = next_silent,
                                                 .client_changed = client_changed,
                                                 .clients_listed = clients_listed,
                                                 .decide = decide,
                                                 .after = after};

/* ---- other members ---- */

static int count(void *self, size_t *tasks)
{
    *tasks = flr_board_get_count(self);
    return 0;
}

static int cancel_all(void *self, flr_context *context, int status)
{
    (void)context;
    return flr_board_cancel_all(self, status);
}

static int disconnect_time(void *self, const char *client, int64_t *when)
{
    return flr_board_get_disconnect_time(self, client, when);
}

/* PS-08: the next number only. */
static int save(void *self, flr_context *context, flr_value **state)
{
    flr_board *b = self;
    int64_t next;
    int status;

    (void)context;
    flr__mutex_lock(&b->lock);
    next = b->next_number;
    flr__mutex_unlock(&b->lock);
    status = flr_value_new_map(state);
    if (status == 0) {
        status = flr_map_set_int(state, "next", next);
        if (status < 0) {
            flr_value_unref(*state);
            *state = NULL;
        }
    }
    return status;
}

static int restore(void *self, flr_context *context, const flr_value *state)
{
    flr_board *b = self;
    int64_t next = flr_value_get_int(flr_map_get(state, "next"), -1);

    if (next < 0) {
        return flr_context_fail(context, FLR_E_CORRUPT,
                                "the board's state has no next task number");
    }
    flr__mutex_lock(&b->lock);
    b->next_number = next;
    flr__mutex_unlock(&b->lock);
    return 0;
}

static void destroy(void *self)
{
    flr__board_unref(self);
}

void flr__board_ops(flr_communicator_ops *ops, flr_component_ops *component)
{
    static const char *const events[] = {FLR_EVENT_GET_STATS, NULL};

    flr_component_ops_init(component, sizeof *component);
    component->events = events;
    component->handle_event = flr__board_handle_event;
    component->save = save;
    component->restore = restore;
    component->destroy = destroy;
    flr_communicator_ops_init(ops, sizeof *ops);
    ops->flags = FLR_COMMUNICATOR_FLAG_CONCURRENT;
    ops->component = component;
    ops->process_task_request = flr__board_request;
    ops->process_submission = flr__board_submit;
    ops->initialize_run = initialize_run;
    ops->finalize_run = finalize_run;
    ops->process_task_check = flr__board_check;
    ops->handle_exception = flr__board_handle_exception;
    ops->count = count;
    ops->cancel_all = cancel_all;
    ops->disconnect_time = disconnect_time;
    ops->advance = flr__board_advance;
}

/* ---- the host's calls ---- */

void flr_board_options_init(flr_board_options *options, size_t size)
{
    flr__abi_init(options, size);
    if (options != NULL && size >= sizeof *options) {
        options->completed_memory = 10000;
    }
}

int flr_board_set_options(flr_board *board, const flr_board_options *options)
{
    flr_board_options o;
    bool scheduled;
    int status;

    if (board == NULL) {
        return FLR_E_INVAL;
    }
    status =
        flr__abi_import(&o, sizeof o, options, sizeof o, FLR_BOARD_FLAG_CANCEL_ON_FILTER_ERROR);
    if (status < 0) {
        return status;
    }
    flr__mutex_lock(&board->lock);
    scheduled = board->scheduled;
    if (!scheduled) {
        atomic_store(&board->core.memory,
                     o.completed_memory < SIZE_MAX ? (size_t)o.completed_memory : SIZE_MAX);
        atomic_store(&board->flags, o.flags);
    }
    flr__mutex_unlock(&board->lock);
    return scheduled ? FLR_E_STATE : 0;
}

/* Exact at any moment: what is due has ended, even if nobody came since. */
size_t flr_board_get_count(const flr_board *board)
{
    flr_board *b = (flr_board *)board;
    size_t standing = 0;

    if (board != NULL && flr__board_enter(b)) {
        flr__runner_decide(b->runner, flr__board_now(b));
        standing = atomic_load(&b->core.count);
        flr__board_leave(b);
    }
    return standing;
}

int flr_board_get_disconnect_time(const flr_board *board, const char *client, int64_t *when)
{
    flr_board *b = (flr_board *)board;
    flr__client *c;
    int64_t at = FLR_TIME_NONE;
    int status;

    if (board == NULL || client == NULL || when == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__check_name(client, FLR_NAME_MAX);
    if (status < 0) {
        return status;
    }
    if (flr__board_enter(b)) {
        flr__runner_decide(b->runner, flr__board_now(b));
        c = flr__clients_find(flr__runner_clients(b->runner), client);
        at = c == NULL ? FLR_TIME_NONE : atomic_load(&c->disconnected);
        flr__board_leave(b);
    }
    if (at == FLR_TIME_NONE) {
        return FLR_E_NOTFOUND;
    }
    *when = at;
    return 0;
}

int flr_context_get_board(const flr_context *context, flr_board **board)
{
    flr_runner *runner;
    flr_workflow *workflow;

    if (context == NULL || board == NULL) {
        return FLR_E_INVAL;
    }
    runner = flr_context_get_runner(context);
    workflow = runner == NULL ? NULL : flr__runner_workflow(runner);
    if (workflow == NULL) {
        return FLR_E_STATE;
    }
    if (workflow->board == NULL) {
        return FLR_E_NOTSUP;
    }
    *board = workflow->board;
    return 0;
}
