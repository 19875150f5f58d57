/* A bare site for unit tests: see site.h. */
#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void retain(flr__site *site)
{
    atomic_fetch_add(&((test_site *)site)->refs, 1);
}

static void release(flr__site *site)
{
    atomic_fetch_sub(&((test_site *)site)->refs, 1);
}

static void count(flr__site *site, size_t counter_offset)
{
    test_site *t = (test_site *)site;

    pthread_mutex_lock(&t->lock);
    t->counts[counter_offset / sizeof(uint64_t)]++;
    pthread_mutex_unlock(&t->lock);
}

static void count_aux(flr__site *site, const char *rc)
{
    test_site *t = (test_site *)site;

    (void)rc;
    pthread_mutex_lock(&t->lock);
    t->aux_counts++;
    pthread_mutex_unlock(&t->lock);
}

static int owner_handler(flr__site *site, const flr__str *event, flr_context *context)
{
    test_site *t = (test_site *)site;
    const flr_value *data = flr__context_own(context, FLR__S_EVENT_DATA);

    (void)event;
    pthread_mutex_lock(&t->lock);
    t->owner_calls++;
    snprintf(t->owner_data, sizeof t->owner_data, "%s", flr_value_get_text(data, ""));
    pthread_mutex_unlock(&t->lock);
    return t->owner_status;
}

static void write_line(test_site *t, int level, const char *line)
{
    pthread_mutex_lock(&t->lock);
    if (t->line_count < TEST_SITE_LINES) {
        t->lines[t->line_count].level = level;
        t->lines[t->line_count].text = strdup(line);
    }
    t->line_count++;
    pthread_mutex_unlock(&t->lock);
}

/* The default engine's self is its site. */
static void default_log(void *self, int level, const char *line)
{
    write_line(self, level, line);
}

test_site *test_site_new(const flr_engine_ops *engine, void *engine_self, const char *job,
                         const char *identity)
{
    test_site *t = calloc(1, sizeof *t);
    flr_engine_ops ops;

    flr_engine_ops_init(&ops, sizeof ops);
    ops.log = default_log;
    pthread_mutex_init(&t->lock, NULL);
    t->site.retain = retain;
    t->site.release = release;
    t->site.count = count;
    t->site.count_aux = count_aux;
    t->site.bus.owner_handler = owner_handler;
    if (flr_clock_new_manual(INT64_C(1000000000), TEST_SITE_CALENDAR, &t->clock) < 0) {
        free(t);
        return NULL;
    }
    if (flr__site_init(&t->site, engine == NULL ? &ops : engine, engine == NULL ? t : engine_self,
                       job, identity, t->clock) < 0) {
        flr_clock_unref(t->clock);
        free(t);
        return NULL;
    }
    t->site.log_level = FLR_LOG_DEBUG;
    flr__rng_seed(&t->site.ids, 1, "ids");
    return t;
}

int test_site_free(test_site *t)
{
    int refs = atomic_load(&t->refs);

    if (refs != 0) {
        return refs;
    }
    flr__site_free(&t->site);
    flr_clock_unref(t->clock);
    test_site_clear_lines(t);
    pthread_mutex_destroy(&t->lock);
    free(t);
    return 0;
}

int test_site_add(test_site *t, const char *id, const flr_component_ops *ops, void *self)
{
    flr__component *c;
    int status = flr__component_new(id, FLR__COMPONENT, ops, self, &c);

    if (status < 0) {
        return status;
    }
    status = flr__components_add(&t->site.components, c);
    if (status < 0) {
        flr__component_free(c, false);
        return status;
    }
    return flr__bus_rebuild(&t->site);
}

flr_context *test_site_context(test_site *t)
{
    flr_context *context = flr__context_new(&t->site);

    if (context != NULL) {
        context->own = true;
    }
    return context;
}

const char *test_site_line(test_site *t, size_t from, const char *part)
{
    const char *found = NULL;
    size_t i;

    pthread_mutex_lock(&t->lock);
    for (i = from; i < t->line_count && i < TEST_SITE_LINES && found == NULL; i++) {
        if (strstr(t->lines[i].text, part) != NULL) {
            found = t->lines[i].text;
        }
    }
    pthread_mutex_unlock(&t->lock);
    return found;
}

size_t test_site_count_lines(test_site *t, int level, const char *part)
{
    size_t i, found = 0;

    pthread_mutex_lock(&t->lock);
    for (i = 0; i < t->line_count && i < TEST_SITE_LINES; i++) {
        if ((level == 0 || t->lines[i].level == level) && strstr(t->lines[i].text, part) != NULL) {
            found++;
        }
    }
    pthread_mutex_unlock(&t->lock);
    return found;
}

void test_site_clear_lines(test_site *t)
{
    size_t i;

    pthread_mutex_lock(&t->lock);
    for (i = 0; i < t->line_count && i < TEST_SITE_LINES; i++) {
        free(t->lines[i].text);
    }
    t->line_count = 0;
    pthread_mutex_unlock(&t->lock);
}

size_t test_site_count(test_site *t, size_t counter_offset)
{
    size_t n;

    pthread_mutex_lock(&t->lock);
    n = t->counts[counter_offset / sizeof(uint64_t)];
    pthread_mutex_unlock(&t->lock);
    return n;
}
