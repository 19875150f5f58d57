/*
 * What comes due beside the loop: heartbeats, deadlines of messages, reliable messages. In run mode one thread that run starts and joins; in step mode the caller of step.
 * Rows CL-05, CL-35. No lock of its own.
 */
#include "base/abi.h"
#include "client/internal.h"
#include "reliable/reliable.h"

#define TOPIC_HEARTBEAT "__job_heartbeat__"

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* CL-05: not waited for, so that one that is lost does no harm. */
static void send_heartbeat(flr_client_runner *c)
{
    const char *targets[] = {c->parent->text};
    flr__aux_options options = {targets, 1, 0.0, true, false};
    flr__context_clear(c->driver_context);
    if (flr__aux_start(c->driver_context, TOPIC_HEARTBEAT, c->empty, &options, NULL, NULL, NULL) ==
        0)
        flr__client_count(c, &c->stats.heartbeats);
}

static int64_t heartbeat_due(const flr_client_runner *c)
{
    return flr_signal_is_triggered(c->abort)
               ? FLR_TIME_NONE
               : atomic_load(&((flr_client_runner *)(uintptr_t)c)->heartbeat_at);
}

int64_t flr__client_timers_due(flr_client_runner *c)
{
    return earlier(heartbeat_due(c), earlier(flr__aux_due(&c->site), flr__reliable_due(&c->site)));
}

void flr__client_drive_timers(flr_client_runner *c)
{
    int64_t now = flr_clock_get_now(c->site.clock);
    if (heartbeat_due(c) <= now) {
        atomic_store(&c->heartbeat_at, flr__time_add(now, c->heartbeat_interval));
        send_heartbeat(c);
    }
    flr__aux_advance(&c->site, now);
    flr__reliable_advance(&c->site, now);
}

static void *driver_main(void *self)
{
    flr_client_runner *c = self;
    for (;;) {
        uint64_t ticket = flr__waker_ticket(&c->driver_waker);
        if (atomic_load(&c->driver_quit))
            return NULL;
        flr__client_drive_timers(c);
        flr__waker_wait(&c->driver_waker, ticket, c->site.clock, flr__client_timers_due(c));
    }
}

int flr__client_driver_start(flr_client_runner *c)
{
    return pthread_create(&c->driver, NULL, driver_main, c) == 0 ? 0 : FLR_E_THREAD;
}

void flr__client_driver_stop(flr_client_runner *c)
{
    atomic_store(&c->driver_quit, true);
    flr__waker_notify(&c->driver_waker);
    pthread_join(c->driver, NULL);
}
