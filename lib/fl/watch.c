/* The observer of a run's abort signal. Its lock guards `site`, which is NULL once the run is gone. */
#include "fl/watch.h"
#include "base/wait.h"

struct flr__watch {
    flr__mutex lock;
    flr__site *site;
    atomic_size_t *refs;
    void (*notice)(flr__site *site);
};

static void watch_free(void *self)
{
    flr__watch *w = self;
    flr__mutex_destroy(&w->lock);
    flr__free(w);
}

/* A run whose last reference is gone is not found here any more. */
static void on_trigger(void *self)
{
    flr__watch *w = self;
    flr__site *site = NULL;
    flr__mutex_lock(&w->lock);
    if (w->site != NULL) {
        size_t refs = atomic_load(w->refs);
        while (refs > 0 && !atomic_compare_exchange_weak(w->refs, &refs, refs + 1)) {
        }
        site = refs > 0 ? w->site : NULL;
    }
    flr__mutex_unlock(&w->lock);
    if (site == NULL)
        return;
    w->notice(site);
    site->release(site);
}

flr__watch *flr__watch_new(flr_signal *signal, flr__site *site, atomic_size_t *refs,
                           void (*notice)(flr__site *site))
{
    flr__watch *w = flr__zalloc(sizeof *w);
    if (w == NULL)
        return NULL;
    if (flr__mutex_init(&w->lock, FLR__RANK_RUNNER) < 0) {
        flr__free(w);
        return NULL;
    }
    w->site = site;
    w->refs = refs;
    w->notice = notice;
    flr__signal_set_observer(signal, on_trigger, watch_free, w);
    return w;
}

void flr__watch_end(flr__watch *w)
{
    if (w == NULL)
        return;
    flr__mutex_lock(&w->lock);
    w->site = NULL;
    flr__mutex_unlock(&w->lock);
}
