/*
 * The driver: acts on deadlines and makes their callbacks. In run mode one thread that run starts and joins; in step mode the caller of
 * step. `driving` is taken while a communicator's advance is called; it guards advance_allowed.
 */
#include "base/abi.h"
#include "reliable/reliable.h"
#include "runner/internal.h"

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t watch_due(flr_runner *r)
{
    return atomic_load(&r->status) == FLR_STATUS_STARTED ? atomic_load(&r->clients.due)
                                                         : FLR_TIME_NONE;
}

/* When the open workflow's board has something to decide. */
static int64_t board_due(const flr_workflow *w)
{
    return w == NULL || w->due == NULL
               ? FLR_TIME_NONE
               : atomic_load_explicit((atomic_int_fast64_t *)(uintptr_t)w->due, memory_order_acquire);
}

/* ---------------------------------------------------------------- deployment policy (DC-09) */

static bool is_violated(flr_runner *r)
{
    size_t live = flr__clients_live(&r->clients);
    if (live >= flr__clients_known(&r->clients))
        return false; /* nobody is missing */
    if (live == 0 || live < r->settings.min_sites)
        return true;
    for (size_t i = 0; i < r->settings.required_sites.count; i++) {
        const flr__client *c =
            flr__clients_find(&r->clients, r->settings.required_sites.items[i]->text);
        if (c != NULL && atomic_load(&((flr__client *)c)->known) && !flr__client_counts(c))
            return true;
    }
    return false;
}

static void panic_for_policy(flr_context *context)
{
    flr__panic(context, "Aborting job due to deployment policy violation");
}

bool flr__runner_check_policy(flr_runner *r, flr_context *context)
{
    flr__runner_decide(r, flr_clock_get_now(r->site.clock));
    if (atomic_load(&r->policy_at) != FLR_TIME_NONE)
        return false;
    if (is_violated(r) && !atomic_exchange(&r->policy_panicked, true))
        panic_for_policy(context);
    return true;
}

/* ---------------------------------------------------------------- decisions */

/* The communicator has something to do, or callbacks to make, at this instant. */
static void leave_to_driver(flr_runner *r, int64_t at)
{
    int64_t old = atomic_load(&r->communicator_due);
    while (at < old && !atomic_compare_exchange_weak(&r->communicator_due, &old, at)) {
    }
}

/* Everything that is due at one instant. true: callbacks are left to the driver. */
static bool decide_instant(flr_runner *r, flr_workflow *w, int64_t at)
{
    const flr__board_hooks *hooks = w == NULL ? NULL : w->hooks;
    flr__client *c;
    bool lost = false, ended = false;
    while (hooks != NULL && (c = hooks->next_silent(w->board, at)) != NULL)
        if (flr__clients_report(&r->clients, c, at))
            flr__runner_count(r, FLR__COUNTER(dead_reports));
    while (watch_due(r) <= at && (c = flr__clients_expire(&r->clients, at)) != NULL) {
        lost = true;
        if (hooks != NULL)
            hooks->client_changed(w->board, c, at);
    }
    if (lost && is_violated(r) && !atomic_exchange(&r->policy_panicked, true))
        atomic_store(&r->policy_at, at);
    if (hooks != NULL)
        ended = hooks->decide(w->board, at);
    if (ended)
        leave_to_driver(r, at);
    return lost || ended;
}

void flr__runner_decide(flr_runner *r, int64_t now)
{
    flr_workflow *w = atomic_load(&r->current);
    int64_t last = INT64_MIN, at;
    bool kick = false;
    if (watch_due(r) > now && board_due(w) > now)
        return;
    flr__mutex_lock(&r->decide_lock);
    /* A board that is being closed decides nothing any more. */
    while ((at = earlier(watch_due(r), board_due(w))) <= now && at != last) {
        kick = decide_instant(r, w, at) || kick;
        last = at;
    }
    flr__mutex_unlock(&r->decide_lock);
    if (kick)
        flr__runner_kick(r);
    if (w != NULL && w->hooks != NULL)
        w->hooks->after(w->board);
}

void flr__runner_kick(flr_runner *r)
{
    atomic_store(&r->kicked, true);
    flr__waker_notify(&r->driver_waker);
    if (atomic_load(&r->mode) == FLR__MODE_STEP)
        flr__runner_notify(r);
}

void flr__runner_due(flr_runner *r, int64_t at)
{
    int64_t old = atomic_load(&r->communicator_due);
    if (at == FLR_TIME_NONE || at >= old)
        return; /* the driver comes before */
    leave_to_driver(r, at);
    flr__waker_notify(&r->driver_waker);
    if (atomic_load(&r->mode) == FLR__MODE_STEP)
        flr__runner_notify(r);
}

static void fire_client_events(flr_runner *r, int64_t until)
{
    flr__client *c;
    while ((c = flr__clients_take_event(&r->clients, until)) != NULL) {
        flr__context_clear(r->driver_context);
        flr__runner_fire_disconnected(r, r->driver_context, c);
    }
}

/* The stepping thread does not wait for a communicator that is in use: whoever leaves it has the stepping thread come back. */
static bool enter_communicator(flr_runner *r, flr_workflow *w)
{
    if (atomic_load(&r->mode) != FLR__MODE_STEP) {
        if (w->communicator_turn != NULL)
            flr__turnstile_enter(w->communicator_turn);
        return true;
    }
    if (flr__communicator_try_enter(r, w))
        return true;
    atomic_store(&r->advance_missed, true);
    if (!flr__communicator_try_enter(r, w)) /* it may have been left before the notice was there */
        return false;
    atomic_store(&r->advance_missed, false);
    return true;
}

/* Have the communicator act on what is due by `at`. */
static void advance_communicator(flr_runner *r, int64_t at)
{
    flr__host_frame frame;
    if (!flr__turnstile_try(&r->driving))
        return; /* its workflow is being closed just now: finalize_run sees to the rest */
    flr_workflow *w = atomic_load(&r->current);
    int64_t due = FLR_TIME_NONE;
    if (r->advance_allowed && w != NULL && w->communicator.advance != NULL) {
        if (enter_communicator(r, w)) {
            flr__host_enter(&frame, FLR__HOST_COMMUNICATOR, &r->site, w);
            flr__context_clear(r->driver_context);
            int status = flr__callback_status(
                w->communicator.advance(w->communicator_self, r->driver_context, at, &due));
            flr__communicator_leave(w, &frame);
            if (status < 0) {
                flr__runner_count(r, FLR__COUNTER(communicator_failures));
                flr__log_failure(r, r->driver_context, FLR_LOG_EXCEPTION, "advance", status);
            }
        }
    }
    flr__turnstile_leave(&r->driving);
    flr__runner_due(r, due);
}

int64_t flr__driver_due(flr_runner *r)
{
    int64_t clients = earlier(watch_due(r), flr__clients_first_event(&r->clients));
    clients = earlier(clients, atomic_load(&r->policy_at));
    clients = earlier(clients, flr__reliable_due(&r->site));
    return earlier(clients, earlier(atomic_load(&r->communicator_due), flr__aux_due(&r->site)));
}

int64_t flr__driver_act(flr_runner *r)
{
    for (;;) {
        int64_t now = flr_clock_get_now(r->site.clock);
        flr__runner_decide(r, now);
        bool kicked = atomic_exchange(&r->kicked, false);
        /* the oldest instant whose callbacks are to be made; at one instant clients come before tasks */
        int64_t policy = atomic_load(&r->policy_at), tasks = atomic_load(&r->communicator_due),
                aux = flr__aux_due(&r->site), reliable = flr__reliable_due(&r->site);
        int64_t clients = earlier(earlier(watch_due(r), flr__clients_first_event(&r->clients)), policy);
        int64_t next = earlier(earlier(clients, reliable), earlier(tasks, aux));
        if (next > now && !kicked)
            return next;
        int64_t at = next < now ? next : now;
        fire_client_events(r, at);
        if (policy <= at) {
            flr__context_clear(r->driver_context);
            panic_for_policy(r->driver_context);
            atomic_store(&r->policy_at, FLR_TIME_NONE);
            flr__runner_notify(r); /* who wants to open the gate waits for it */
        }
        if (aux <= at)
            flr__aux_advance(&r->site, at);
        if (reliable <= at) {
            flr__reliable_advance(&r->site, at);
            flr__reliable_step(&r->site); /* in step mode: one request that waits */
        }
        if (tasks <= at || kicked) {
            atomic_store(&r->communicator_due, FLR_TIME_NONE);
            advance_communicator(r, kicked && next > now ? now : at);
            /* a communicator that wants to be called at once again is, by the next step */
            if (atomic_load(&r->communicator_due) <= at && atomic_load(&r->mode) == FLR__MODE_STEP)
                return at;
        }
    }
}

static void *driver_main(void *self)
{
    flr_runner *r = self;
    for (;;) {
        uint64_t ticket = flr__waker_ticket(&r->driver_waker);
        int64_t due = flr__driver_act(r);
        if (atomic_load(&r->driver_quit))
            return NULL;
        flr__waker_wait(&r->driver_waker, ticket, r->site.clock, due);
    }
}

int flr__driver_start(flr_runner *r)
{
    return pthread_create(&r->driver, NULL, driver_main, r) == 0 ? 0 : FLR_E_THREAD;
}

void flr__driver_stop(flr_runner *r)
{
    atomic_store(&r->driver_quit, true);
    flr__waker_notify(&r->driver_waker);
    pthread_join(r->driver, NULL);
}
