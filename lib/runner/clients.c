/* The table of clients: see clients.h, which says what each lock guards. */
#include "runner/clients.h"
#include "base/abi.h"
#include <string.h>

static bool match(const void *item, const void *key, size_t size)
{
    const flr__client *c = item;
    return c->name->size == size && memcmp(c->name->text, key, size) == 0;
}

int flr__clients_init(flr__clients *cs, int64_t grace)
{
    memset(cs, 0, sizeof *cs);
    cs->grace = grace;
    cs->started = FLR_TIME_NONE;
    atomic_init(&cs->due, FLR_TIME_NONE);
    size_t made = 0;
    if (flr__mutex_init(&cs->lock, FLR__RANK_CLIENTS) < 0)
        return FLR_E_NOMEM;
    for (; made < FLR__CLIENT_STRIPES; made++) {
        flr__table_init(&cs->stripes[made].table, match);
        if (flr__mutex_init(&cs->stripes[made].lock, FLR__RANK_CLIENTS) < 0)
            goto fail;
    }
    return 0;
fail:
    while (made-- > 0)
        flr__mutex_destroy(&cs->stripes[made].lock);
    flr__mutex_destroy(&cs->lock);
    return FLR_E_NOMEM;
}

static void client_free(flr__client *c)
{
    flr_value_unref(atomic_load(&c->says));
    flr__str_unref(c->name);
    flr__str_unref(c->parent);
    flr__free(c);
}

void flr__clients_free(flr__clients *cs)
{
    for (size_t i = 0; i < FLR__CLIENT_STRIPES; i++) {
        size_t position = 0;
        flr__client *c;
        while ((c = flr__table_next(&cs->stripes[i].table, &position)) != NULL)
            client_free(c);
        flr__table_free(&cs->stripes[i].table);
        flr__mutex_destroy(&cs->stripes[i].lock);
    }
    flr__free(cs->known);
    flr__mutex_destroy(&cs->lock);
}

static flr__client *client_new(const char *name, size_t size)
{
    flr__client *c = flr__zalloc(sizeof *c);
    if (c == NULL)
        return NULL;
    c->name = flr__str_new(name, size);
    if (c->name == NULL) {
        flr__free(c);
        return NULL;
    }
    atomic_init(&c->last_heard, FLR_TIME_NONE);
    atomic_init(&c->disconnected, FLR_TIME_NONE);
    return c;
}

flr__client *flr__clients_find(flr__clients *cs, const char *name)
{
    size_t size = strlen(name);
    uint32_t hash = flr__hash32(name, size);
    flr__client_stripe_table *s = &cs->stripes[hash % FLR__CLIENT_STRIPES];
    flr__mutex_lock(&s->lock);
    flr__client *c = flr__table_get(&s->table, name, size, hash);
    flr__mutex_unlock(&s->lock);
    return c;
}

flr__client *flr__clients_get(flr__clients *cs, const char *name)
{
    size_t size = strlen(name);
    uint32_t hash = flr__hash32(name, size);
    flr__client_stripe_table *s = &cs->stripes[hash % FLR__CLIENT_STRIPES];
    flr__mutex_lock(&s->lock);
    flr__client *c = flr__table_get(&s->table, name, size, hash);
    if (c == NULL) {
        c = client_new(name, size);
        if (c != NULL && flr__table_add(&s->table, c, hash) < 0) {
            client_free(c);
            c = NULL;
        }
    }
    flr__mutex_unlock(&s->lock);
    return c;
}

/* ---------------------------------------------------------------- known clients */

/* Needs the lock. */
static void set_known(flr__clients *cs, flr__client *c, bool known)
{
    if (atomic_load(&c->known) != known && atomic_load(&c->disconnected) == FLR_TIME_NONE)
        atomic_store(&cs->live, atomic_load(&cs->live) + (known ? 1 : SIZE_MAX));
    atomic_store(&c->known, known);
}

size_t flr__clients_known(flr__clients *cs)
{
    flr__mutex_lock(&cs->lock);
    size_t count = cs->count;
    flr__mutex_unlock(&cs->lock);
    return count;
}

int flr__clients_add(flr__clients *cs, const char *name, const char *parent)
{
    flr__client *c = flr__clients_get(cs, name);
    const flr__str *above = NULL;
    if (c == NULL)
        return FLR_E_NOMEM;
    if (parent != NULL && *parent != '\0' && (above = flr__str_new(parent, strlen(parent))) == NULL)
        return FLR_E_NOMEM;
    flr__mutex_lock(&cs->lock);
    int status = FLR_E_EXISTS;
    if (!c->known) {
        void *array = cs->known;
        status = flr__grow(&array, &cs->capacity, cs->count, sizeof *cs->known);
        cs->known = array;
        if (status == 0) {
            const flr__str *old = c->parent;
            cs->known[cs->count++] = c;
            set_known(cs, c, true);
            c->parent = above;
            above = old;
        }
    }
    flr__mutex_unlock(&cs->lock);
    flr__str_unref(above);
    return status;
}

int flr__clients_remove(flr__clients *cs, const char *name)
{
    flr__client *c = flr__clients_find(cs, name);
    int status = FLR_E_NOTFOUND;
    if (c == NULL)
        return status;
    flr__mutex_lock(&cs->lock);
    for (size_t i = 0; c->known && i < cs->count; i++) {
        if (cs->known[i] != c)
            continue;
        memmove(&cs->known[i], &cs->known[i + 1], (cs->count - i - 1) * sizeof *cs->known);
        cs->count--;
        set_known(cs, c, false);
        status = 0;
    }
    flr__mutex_unlock(&cs->lock);
    return status;
}

int flr__clients_replace(flr__clients *cs, const flr__str *const *names,
                         const flr__str *const *parents, size_t count)
{
    flr__client **list = flr__alloc_array(count > 0 ? count : 1, sizeof *list);
    if (list == NULL)
        return FLR_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        list[i] = flr__clients_get(cs, names[i]->text);
        if (list[i] == NULL) {
            flr__free(list);
            return FLR_E_NOMEM;
        }
    }
    flr__mutex_lock(&cs->lock);
    for (size_t i = 0; i < count; i++) {
        flr__str_unref(list[i]->parent);
        list[i]->parent = parents[i] == NULL ? NULL : flr__str_ref(parents[i]);
        set_known(cs, list[i], true);
        list[i]->listed = true;
    }
    for (size_t i = 0; i < cs->count; i++)
        if (!cs->known[i]->listed)
            set_known(cs, cs->known[i], false);
    for (size_t i = 0; i < count; i++)
        list[i]->listed = false;
    flr__client **old = cs->known;
    cs->known = list;
    cs->count = count;
    cs->capacity = count > 0 ? count : 1;
    flr__mutex_unlock(&cs->lock);
    flr__free(old);
    return 0;
}

int flr__clients_list(flr__clients *cs, flr__client ***list, size_t *count)
{
    *list = NULL;
    *count = 0;
    for (;;) {
        flr__mutex_lock(&cs->lock);
        size_t wanted = cs->count;
        flr__mutex_unlock(&cs->lock);
        if (wanted == 0)
            return 0;
        flr__client **copy = flr__alloc_array(wanted, sizeof *copy);
        if (copy == NULL)
            return FLR_E_NOMEM;
        flr__mutex_lock(&cs->lock);
        bool fits = cs->count <= wanted;
        if (fits) {
            *count = cs->count;
            if (cs->count > 0)
                memcpy(copy, cs->known, cs->count * sizeof *copy);
        }
        flr__mutex_unlock(&cs->lock);
        if (fits) {
            *list = copy;
            return 0;
        }
        flr__free(copy); /* it grew meanwhile */
    }
}

/* ---------------------------------------------------------------- watch list and disconnections; all under the watch lock */

static void queue_add(flr__client_queue *q, flr__client *c)
{
    c->watch_next = NULL;
    c->watch_prev = q->last;
    if (q->last != NULL)
        q->last->watch_next = c;
    else
        q->first = c;
    q->last = c;
}

static void queue_remove(flr__client_queue *q, flr__client *c)
{
    if (c->watch_prev != NULL)
        c->watch_prev->watch_next = c->watch_next;
    else
        q->first = c->watch_next;
    if (c->watch_next != NULL)
        c->watch_next->watch_prev = c->watch_prev;
    else
        q->last = c->watch_prev;
    c->watch_next = c->watch_prev = NULL;
}

/* When a reported client becomes disconnected: not before the run has started. */
static int64_t due_of(const flr__clients *cs, const flr__client *c)
{
    int64_t due = flr__time_add(c->reported, cs->grace);
    return due > cs->started ? due : cs->started;
}

static void renew_due(flr__clients *cs)
{
    int64_t due = cs->watch.first == NULL || cs->started == FLR_TIME_NONE
                      ? FLR_TIME_NONE
                      : due_of(cs, cs->watch.first);
    atomic_store(&cs->due, due);
}

bool flr__clients_report(flr__clients *cs, flr__client *c, int64_t now)
{
    flr__mutex_lock(&cs->lock);
    bool newly = !atomic_load(&c->watched) && atomic_load(&c->disconnected) == FLR_TIME_NONE;
    if (newly) {
        c->reported = now;
        atomic_store(&c->watched, true);
        queue_add(&cs->watch, c);
        renew_due(cs);
    }
    flr__mutex_unlock(&cs->lock);
    return newly;
}

/* Needs the lock. When it was disconnected; FLR_TIME_NONE: it is back. */
static void set_disconnected(flr__clients *cs, flr__client *c, int64_t when)
{
    if (atomic_load(&c->known))
        atomic_store(&cs->live, atomic_load(&cs->live) + (when == FLR_TIME_NONE ? 1 : SIZE_MAX));
    atomic_store(&c->disconnected, when);
}

flr__client *flr__clients_expire(flr__clients *cs, int64_t now)
{
    flr__client *c = NULL;
    if (atomic_load(&cs->due) > now)
        return NULL;
    flr__mutex_lock(&cs->lock);
    if (cs->watch.first != NULL && cs->started != FLR_TIME_NONE &&
        due_of(cs, cs->watch.first) <= now) {
        c = cs->watch.first;
        queue_remove(&cs->watch, c);
        set_disconnected(cs, c, due_of(cs, c));
        atomic_store(&c->watched, false);
        c->announced = false;
        queue_add(&cs->events, c);
    }
    renew_due(cs);
    flr__mutex_unlock(&cs->lock);
    return c;
}

flr__client *flr__clients_take_event(flr__clients *cs, int64_t until)
{
    flr__mutex_lock(&cs->lock);
    flr__client *c = cs->events.first;
    if (c != NULL && atomic_load(&c->disconnected) > until)
        c = NULL;
    if (c != NULL) {
        queue_remove(&cs->events, c);
        c->announced = true;
    }
    flr__mutex_unlock(&cs->lock);
    return c;
}

int64_t flr__clients_first_event(flr__clients *cs)
{
    flr__mutex_lock(&cs->lock);
    int64_t at =
        cs->events.first == NULL ? FLR_TIME_NONE : atomic_load(&cs->events.first->disconnected);
    flr__mutex_unlock(&cs->lock);
    return at;
}

bool flr__clients_credit(flr__clients *cs, flr__client *c, int64_t now, bool *unannounced)
{
    *unannounced = false;
    atomic_store_explicit(&c->last_heard, now, memory_order_relaxed);
    flr__mutex_lock(&cs->lock);
    bool was = atomic_load(&c->disconnected) != FLR_TIME_NONE;
    if (atomic_load(&c->watched)) {
        queue_remove(&cs->watch, c);
        atomic_store(&c->watched, false);
        renew_due(cs);
    }
    if (was) {
        *unannounced = !c->announced;
        if (!c->announced)
            queue_remove(&cs->events, c);
        c->announced = true;
        set_disconnected(cs, c, FLR_TIME_NONE);
    }
    flr__mutex_unlock(&cs->lock);
    return was;
}

void flr__clients_start(flr__clients *cs, int64_t now)
{
    flr__mutex_lock(&cs->lock);
    cs->started = now;
    renew_due(cs);
    flr__mutex_unlock(&cs->lock);
}

int flr__clients_watched(flr__clients *cs, flr__client ***list, size_t *count)
{
    *list = NULL;
    *count = 0;
    flr__mutex_lock(&cs->lock);
    size_t n = 0;
    for (flr__client *c = cs->watch.first; c != NULL; c = c->watch_next)
        n++;
    flr__client **copy =
        n == 0 ? NULL : flr__alloc_array(n, sizeof *copy); /* the hook may be called under locks */
    if (copy != NULL)
        for (flr__client *c = cs->watch.first; c != NULL; c = c->watch_next)
            copy[(*count)++] = c;
    flr__mutex_unlock(&cs->lock);
    *list = copy;
    return n > 0 && copy == NULL ? FLR_E_NOMEM : 0;
}
