/* Turnstiles: see turnstile.h. `taken` is the state, the waker wakes who waits for it. */
#include "base/turnstile.h"

int flr__turnstile_init(flr__turnstile *t)
{
    atomic_init(&t->taken, false);
    return flr__waker_init(&t->waker);
}

void flr__turnstile_destroy(flr__turnstile *t)
{
    flr__waker_destroy(&t->waker);
}

bool flr__turnstile_try(flr__turnstile *t)
{
    return !atomic_exchange(&t->taken, true);
}

void flr__turnstile_enter(flr__turnstile *t)
{
    for (;;) {
        uint64_t ticket = flr__waker_ticket(&t->waker);
        if (flr__turnstile_try(t))
            return;
        flr__waker_wait(&t->waker, ticket, NULL, FLR_TIME_NONE);
    }
}

void flr__turnstile_leave(flr__turnstile *t)
{
    atomic_store(&t->taken, false);
    flr__waker_notify(&t->waker);
}
