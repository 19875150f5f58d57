/* Mutexes with ranks. A debug build keeps the ranks that this thread holds in a thread-local list. */
#include "base/lock.h"
#include <assert.h>
#include <flrunner/base.h>

#ifdef FLR_DEBUG_LOCKS
#define HELD_MAX 160 /* all stripes and a few more */
static _Thread_local int held[HELD_MAX];
static _Thread_local unsigned held_count;

static void note_lock(const flr__mutex *m, bool same_allowed)
{
    for (unsigned i = 0; i < held_count; i++)
        assert(held[i] < m->rank || (same_allowed && held[i] == m->rank));
    assert(held_count < HELD_MAX);
    held[held_count++] = m->rank;
}

static void note_unlock(const flr__mutex *m)
{
    for (unsigned i = held_count; i-- > 0;) {
        if (held[i] != m->rank)
            continue;
        held[i] = held[--held_count];
        return;
    }
    assert(false); /* unlocked what was not locked */
}

unsigned flr__locks_held(void)
{
    return held_count;
}
#else
static void note_lock(const flr__mutex *m, bool same_allowed)
{
    (void)m;
    (void)same_allowed;
}

static void note_unlock(const flr__mutex *m)
{
    (void)m;
}

unsigned flr__locks_held(void)
{
    return 0;
}
#endif

int flr__mutex_init(flr__mutex *m, int rank)
{
    m->rank = rank;
    return pthread_mutex_init(&m->m, NULL) == 0 ? 0 : FLR_E_NOMEM;
}

void flr__mutex_destroy(flr__mutex *m)
{
    pthread_mutex_destroy(&m->m);
}

/* Critical sections are shorter than going to sleep and waking up: it is worth a few microseconds to try again first. */
#define TRIES 160
#define PAUSES 4

static void take_a_breath(void)
{
    for (int i = 0; i < PAUSES; i++) {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#else
        __asm__ volatile("" ::: "memory");
#endif
    }
}

static void lock(pthread_mutex_t *m) FLR__NO_TSA
{
    __builtin_prefetch(m, 1); /* to be changed: not only read first */
    for (int i = 0; i < TRIES; i++) {
        if (pthread_mutex_trylock(m) == 0)
            return;
        take_a_breath();
    }
    pthread_mutex_lock(m);
}

void flr__mutex_lock(flr__mutex *m) FLR__NO_TSA
{
    note_lock(m, false);
    lock(&m->m);
}

void flr__mutex_lock_next(flr__mutex *m) FLR__NO_TSA
{
    note_lock(m, true);
    lock(&m->m);
}

void flr__mutex_unlock(flr__mutex *m) FLR__NO_TSA
{
    note_unlock(m);
    pthread_mutex_unlock(&m->m);
}
