/*
 * Abort signals. All signals of one tree share a lock, which guards links, observers and stored values; whether one is triggered is atomic and
 * read without it.
 */
#include "base/abi.h"
#include "base/wait.h"
#include <flrunner/signal.h>

/* What the signals of a tree share. */
typedef struct tree {
    flr__mutex lock;
    flr__signal_link *links; /* who waits for any of them */
    flr_signal *members;     /* all of them */
    size_t refs;             /* one per member; guarded by lock */
} tree;

struct flr_signal {
    atomic_size_t refs;
    atomic_bool triggered;
    atomic_uint_fast64_t triggers; /* so far; tells who waits of a trigger that was reset at once */
    flr_signal *parent;            /* held */
    tree *tree;
    flr_clock *clock;
    flr_value *value;
    int64_t time;
    void (*observer)(void *self);
    void (*observer_release)(void *self);
    void *observer_self;
    flr_signal *next, **back; /* members of the tree */
};

static tree *tree_new(void)
{
    tree *t = flr__zalloc(sizeof *t);
    if (t != NULL && flr__mutex_init(&t->lock, FLR__RANK_SIGNAL) < 0) {
        flr__free(t);
        t = NULL;
    }
    return t;
}

int flr_signal_new(flr_signal *parent, flr_clock *clock, flr_signal **signal)
{
    if (signal == NULL)
        return FLR_E_INVAL;
    flr_signal *s = flr__zalloc(sizeof *s);
    if (s == NULL)
        return FLR_E_NOMEM;
    s->tree = parent != NULL ? parent->tree : tree_new();
    if (s->tree == NULL) {
        flr__free(s);
        return FLR_E_NOMEM;
    }
    atomic_init(&s->refs, 1);
    s->parent = flr_signal_ref(parent);
    s->clock = flr_clock_ref(clock != NULL || parent == NULL ? clock : parent->clock);
    s->time = FLR_TIME_NONE;
    flr__mutex_lock(&s->tree->lock);
    s->tree->refs++;
    s->next = s->tree->members;
    s->back = &s->tree->members;
    if (s->next != NULL)
        s->next->back = &s->next;
    s->tree->members = s;
    flr__mutex_unlock(&s->tree->lock);
    *signal = s;
    return 0;
}

flr_signal *flr_signal_ref(flr_signal *signal)
{
    if (signal != NULL)
        atomic_fetch_add_explicit(&signal->refs, 1, memory_order_relaxed);
    return signal;
}

void flr_signal_unref(flr_signal *signal)
{
    while (signal != NULL &&
           atomic_fetch_sub_explicit(&signal->refs, 1, memory_order_acq_rel) == 1) {
        tree *t = signal->tree;
        flr_signal *parent =
            signal
                ->parent; /* its reference is dropped next: a long line of them needs no recursion */
        flr__mutex_lock(&t->lock);
        *signal->back = signal->next;
        if (signal->next != NULL)
            signal->next->back = signal->back;
        bool last = --t->refs == 0;
        flr__mutex_unlock(&t->lock);
        if (last) {
            flr__mutex_destroy(&t->lock);
            flr__free(t);
        }
        if (signal->observer_release != NULL)
            signal->observer_release(signal->observer_self);
        flr_value_unref(signal->value);
        flr_clock_unref(signal->clock);
        flr__free(signal);
        signal = parent;
    }
}

int flr_signal_is_triggered(const flr_signal *signal)
{
    for (; signal != NULL; signal = signal->parent)
        if (atomic_load(&signal->triggered))
            return 1;
    return 0;
}

static bool descends(const flr_signal *s, const flr_signal *from)
{
    while (s != NULL && s != from)
        s = s->parent;
    return s != NULL;
}

/* A reference, unless the last one is gone already: then its signal is about to leave the tree. */
static bool try_ref(flr_signal *s)
{
    size_t refs = atomic_load(&s->refs);
    while (refs != 0)
        if (atomic_compare_exchange_weak(&s->refs, &refs, refs + 1))
            return true;
    return false;
}

/* The next observed member at or below `top`, with a reference; NULL: none. `after` (NULL: begin) is held, so it keeps its place;
 * who joins the tree meanwhile does so before it. */
static flr_signal *next_observed(flr_signal *top, const flr_signal *after)
{
    flr__mutex_lock(&top->tree->lock);
    flr_signal *s = after != NULL ? after->next : top->tree->members;
    while (s != NULL && (s->observer == NULL || !descends(s, top) || !try_ref(s)))
        s = s->next;
    flr__mutex_unlock(&top->tree->lock);
    return s;
}

int flr_signal_trigger(flr_signal *signal, flr_value *value)
{
    if (signal == NULL) {
        flr_value_unref(value);
        return FLR_E_INVAL;
    }
    tree *t = signal->tree;
    int64_t now = flr_clock_get_now(signal->clock);
    flr__mutex_lock(&t->lock);
    flr_value *old = signal->value;
    signal->value = value;
    signal->time = now;
    atomic_store(&signal->triggered, true);
    atomic_fetch_add(&signal->triggers, 1);
    for (flr__signal_link *link = t->links; link != NULL; link = link->next)
        if (descends(link->signal, signal))
            flr__waker_notify(link->waker);
    flr__mutex_unlock(&t->lock);
    flr_value_unref(old);
    flr_signal *s = next_observed(signal, NULL);
    while (s != NULL) {
        s->observer(s->observer_self);
        flr_signal *next = next_observed(signal, s);
        flr_signal_unref(s);
        s = next;
    }
    return 0;
}

void flr_signal_reset(flr_signal *signal)
{
    if (signal == NULL)
        return;
    flr__mutex_lock(&signal->tree->lock);
    flr_value *old = signal->value;
    signal->value = NULL;
    signal->time = FLR_TIME_NONE;
    atomic_store(&signal->triggered, false);
    flr__mutex_unlock(&signal->tree->lock);
    flr_value_unref(old);
}

flr_value *flr_signal_get_value(const flr_signal *signal)
{
    if (signal == NULL)
        return NULL;
    flr__mutex_lock(&signal->tree->lock);
    flr_value *value = flr_value_ref(signal->value);
    flr__mutex_unlock(&signal->tree->lock);
    return value;
}

int64_t flr_signal_get_time(const flr_signal *signal)
{
    if (signal == NULL)
        return FLR_TIME_NONE;
    flr__mutex_lock(&signal->tree->lock);
    int64_t time = signal->time;
    flr__mutex_unlock(&signal->tree->lock);
    return time;
}

void flr__signal_release(void *signal)
{
    flr_signal_unref(signal);
}

void flr__signal_set_observer(flr_signal *s, void (*notice)(void *self),
                              void (*release)(void *self), void *self)
{
    flr__mutex_lock(&s->tree->lock);
    s->observer = notice;
    s->observer_release = release;
    s->observer_self = self;
    flr__mutex_unlock(&s->tree->lock);
}

void flr__signal_attach(flr_signal *s, flr__signal_link *link, flr__waker *w)
{
    link->waker = w;
    link->signal = s;
    flr__mutex_lock(&s->tree->lock);
    link->next = s->tree->links;
    link->back = &s->tree->links;
    if (link->next != NULL)
        link->next->back = &link->next;
    s->tree->links = link;
    flr__mutex_unlock(&s->tree->lock);
}

void flr__signal_detach(flr__signal_link *link)
{
    tree *t = link->signal->tree;
    flr__mutex_lock(&t->lock);
    *link->back = link->next;
    if (link->next != NULL)
        link->next->back = link->back;
    flr__mutex_unlock(&t->lock);
}

/* How often the signal and its ancestors were triggered so far. */
static uint64_t count_triggers(const flr_signal *s)
{
    uint64_t count = 0;
    for (; s != NULL; s = s->parent)
        count += atomic_load(&s->triggers);
    return count;
}

int flr_signal_wait(flr_signal *signal, double timeout)
{
    int64_t deadline = FLR_TIME_NONE, span;
    flr__waker waker;
    flr__signal_link link;
    if (signal == NULL || timeout != timeout || timeout - timeout != 0.0)
        return FLR_E_INVAL;
    if (timeout >= 0) {
        int status = flr__seconds(timeout, &span);
        if (status < 0)
            return status;
        deadline = flr__time_add(flr_clock_get_now(signal->clock), span);
    }
    if (flr__waker_init(&waker) < 0)
        return FLR_E_NOMEM;
    flr__signal_attach(signal, &link, &waker);
    int status = 0;
    uint64_t before = count_triggers(signal);
    for (;;) {
        uint64_t ticket = flr__waker_ticket(&waker);
        if (flr_signal_is_triggered(signal) || count_triggers(signal) != before)
            break;
        if (deadline != FLR_TIME_NONE && flr_clock_get_now(signal->clock) >= deadline) {
            status = FLR_E_TIMEDOUT;
            break;
        }
        flr__waker_wait(&waker, ticket, signal->clock, deadline);
    }
    flr__signal_detach(&link);
    flr__waker_destroy(&waker);
    return status;
}
