/*
 * Virtual clients on one thread under a manual clock. Each acts when it is due: it asks, works (its
 * function is called at once, the result is handed in after the drawn delay), or asks again. At one
 * instant clients act in an order that is drawn from the seed. Guarded as local.h says.
 */
#include "base/abi.h"
#include "local/local.h"

/* When the client acts next; NONE: not until a notice. Under the lock. */
static void plan(flr__local_client *c, int64_t at)
{
    flr_local *local = c->local;
    if (at != FLR_TIME_NONE)
        c->due.order = flr__rng_next(&local->rng);
    flr__heap_remove(&local->heap, &c->due);
    flr__heap_set(&local->heap, &c->due, at);
}

void flr__local_notice(flr__local_client *c)
{
    c->noticed = true;
    if (!c->asleep)
        return;
    c->asleep = false;
    plan(c, flr_clock_get_now(c->local->clock));
}

static int64_t draw_delay(flr_local *local)
{
    double width = (double)(local->max_delay - local->min_delay);
    return local->min_delay + (int64_t)(flr__rng_real(&local->rng) * width);
}

static void act(flr__local_client *c, int64_t now)
{
    flr_local *local = c->local;
    double seconds = 0;
    int64_t wait = 0;
    bool submits = c->pending.result != NULL;
    enum flr__local_turn turn = submits ? flr__local_submit(c) : flr__local_ask(c, &seconds);
    flr__mutex_lock(&local->lock);
    if (turn == FLR__TURN_OVER || atomic_load(&c->over)) {
        plan(c, FLR_TIME_NONE);
    } else if (turn == FLR__TURN_WORK) {
        plan(c, submits ? now : flr__time_add(now, draw_delay(local)));
    } else if (c->noticed) {
        plan(c, now);
    } else {
        (void)flr__seconds(seconds, &wait);
        plan(c, flr__time_add(now, wait));
        c->asleep = true;
    }
    flr__mutex_unlock(&local->lock);
}

/* The client that is due by now, taken out; NULL: none, and *next is when one will be. */
static flr__local_client *take_due(flr_local *local, int64_t now, int64_t *next)
{
    flr__local_client *c = NULL;
    flr__mutex_lock(&local->lock);
    flr__due *first = flr__heap_first(&local->heap);
    *next = first ? first->at : FLR_TIME_NONE;
    if (first && first->at <= now) {
        c = (flr__local_client *)((char *)first - offsetof(flr__local_client, due));
        flr__heap_remove(&local->heap, first);
        c->asleep = c->noticed = false;
    }
    flr__mutex_unlock(&local->lock);
    return c;
}

static int plan_all(flr_local *local)
{
    int status = flr__heap_reserve(&local->heap, local->count);
    if (status < 0)
        return status;
    flr__rng_seed(&local->rng, local->seed, "local");
    flr__mutex_lock(&local->lock);
    int64_t now = flr_clock_get_now(local->clock);
    for (size_t i = 0; i < local->count; i++)
        plan(local->clients[i], now);
    flr__mutex_unlock(&local->lock);
    return 0;
}

/*
 * Step the runner and let clients act until the run has ended; the clock jumps when there is
 * nothing to do now.
 */
static int simulate(flr_local *local, flr_runner *runner)
{
    int64_t step_at = 0; /* when the runner wants to be stepped */
    for (;;) {
        int64_t now = flr_clock_get_now(local->clock), next;
        if (atomic_exchange(&local->stepping, false) || step_at <= now) {
            flr_step_result result;
            flr_step_result_init(&result, sizeof result);
            int status = flr_runner_step(runner, &result);
            if (status < 0)
                return status;
            if (result.state == FLR_STEP_ENDED)
                return result.result;
            step_at = result.wait_ns < 0 ? FLR_TIME_NONE : flr__time_add(now, result.wait_ns);
            if (result.wait_ns == 0)
                continue;
        }
        flr__local_client *c = take_due(local, now, &next);
        if (c) {
            act(c, now);
            continue;
        }
        if (atomic_load(&local->stepping))
            continue;
        if (step_at < next)
            next = step_at;
        if (next == FLR_TIME_NONE)
            return FLR_E_LIMIT;
        int status = flr_clock_advance_to(local->clock, next);
        if (status < 0)
            return status;
    }
}

int flr_local_simulate(flr_local *local, flr_runner *runner, flr_clock *clock)
{
    if (!local || !runner || !clock)
        return FLR_E_INVAL;
    int status = flr_clock_advance(clock, 0);
    if (status < 0)
        return status;
    status = flr__local_begin(local, runner, FLR__LOCAL_SIMULATION);
    if (status < 0)
        return status;
    if (local->clock != clock)
        status = FLR_E_INVAL;
    atomic_store(&local->stepping, false);
    if (!status)
        status = plan_all(local);
    if (!status)
        status = simulate(local, runner);
    for (size_t i = 0; i < local->count; i++)
        flr__heap_remove(&local->heap, &local->clients[i]->due);
    int failure = atomic_load(&local->failure);
    flr__local_end(local);
    return failure ? failure : status;
}
