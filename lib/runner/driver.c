/*
 * The driver: acts on deadlines and makes their callbacks. In run mode one thread that run starts and joins; in step mode the caller of
 * step. `driving` is taken while a communicator's advance is called; it guards advance_allowed.
 */
#include "base/abi.h"
#include "runner/internal.h"

void flr__runner_decide(flr_runner *r, int64_t now)
{
    if (atomic_load_explicit(&r->clients.due, memory_order_acquire) > now ||
        atomic_load(&r->status) != FLR_STATUS_STARTED)
        return;
    if (flr__clients_expire(&r->clients, now))
        flr__runner_kick(r);
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
    if (at == FLR_TIME_NONE)
        return;
    while (at < old && !atomic_compare_exchange_weak(&r->communicator_due, &old, at)) {
    }
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

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t watch_due(flr_runner *r)
{
    return atomic_load(&r->status) == FLR_STATUS_STARTED ? atomic_load(&r->clients.due)
                                                         : FLR_TIME_NONE;
}

int64_t flr__driver_due(flr_runner *r)
{
    int64_t clients = earlier(watch_due(r), flr__clients_first_event(&r->clients));
    return earlier(clients, earlier(atomic_load(&r->communicator_due), flr__aux_due(&r->site)));
}

int64_t flr__driver_act(flr_runner *r)
{
    for (;;) {
        int64_t now = flr_clock_get_now(r->site.clock);
        bool kicked = atomic_exchange(&r->kicked, false);
        /* the oldest instant that is due; at one instant clients come before tasks */
        int64_t watch = watch_due(r), tasks = atomic_load(&r->communicator_due),
                aux = flr__aux_due(&r->site);
        int64_t next =
            earlier(earlier(watch, flr__clients_first_event(&r->clients)), earlier(tasks, aux));
        if (next > now && !kicked)
            return next;
        int64_t at = next < now ? next : now;
        if (watch <= at)
            flr__clients_expire(&r->clients, at);
        fire_client_events(r, at);
        if (aux <= at)
            flr__aux_advance(&r->site, at);
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
