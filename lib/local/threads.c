/* Clients as threads. Guarded as local.h says; every wait is one of flr__waker_wait. */
#include "base/abi.h"
#include "local/local.h"

static bool is_over(const flr__local_client *c)
{
    return atomic_load(&c->over) || atomic_load(&c->local->over);
}

/* Threads are made before the run begins; they ask for nothing until it does. */
static void await_begin(flr__local_client *c)
{
    for (;;) {
        uint64_t ticket = flr__waker_ticket(&c->waker);
        if (atomic_load(&c->local->begun) || is_over(c))
            return;
        flr__waker_wait(&c->waker, ticket, c->local->clock, FLR_TIME_NONE);
    }
}

static void *client_main(void *argument)
{
    flr__local_client *c = argument;
    await_begin(c);
    while (!is_over(c)) {
        /* the ticket comes first: a notice from now on ends the wait */
        uint64_t ticket = flr__waker_ticket(&c->waker);
        double seconds = 0;
        int64_t wait = 0;
        enum flr__local_turn turn =
            c->pending.result ? flr__local_submit(c) : flr__local_ask(c, &seconds);
        if (turn == FLR__TURN_OVER)
            break;
        if (turn == FLR__TURN_WORK || is_over(c))
            continue;
        if (flr__seconds(seconds, &wait) == 0)
            flr__waker_wait(&c->waker, ticket, c->local->clock,
                            flr__time_add(flr_clock_get_now(c->local->clock), wait));
    }
    return NULL;
}

static void notify_all(flr_local *local)
{
    for (size_t i = 0; i < local->count; i++)
        flr__waker_notify(&local->clients[i]->waker);
}

int flr_local_run(flr_local *local, flr_runner *runner)
{
    size_t started = 0;
    if (!local || !runner)
        return FLR_E_INVAL;
    int status = flr__local_begin(local, runner, FLR__LOCAL_THREADS);
    if (status < 0)
        return status;
    while (started < local->count && !status) {
        flr__local_client *c = local->clients[started];
        if (pthread_create(&c->thread, NULL, client_main, c) == 0)
            started++;
        else
            status = FLR_E_THREAD;
    }
    if (!status) {
        atomic_store(&local->begun, true);
        notify_all(local);
        status = flr_runner_run(runner);
    }
    atomic_store(&local->over, true);
    notify_all(local);
    for (size_t i = 0; i < started; i++)
        pthread_join(local->clients[i]->thread, NULL);
    int failure = atomic_load(&local->failure);
    flr__local_end(local);
    return failure ? failure : status;
}
