/*
 * A site's life: what server runner and client runner have in common is made here and released
 * here. Constant once made, but for the parts that have a lock of their own; ids_lock guards the
 * generator of ids.
 */
#include "fl/props.h"

#include <string.h>

void flr__site_new_id(flr__site *site, char text[FLR__ID_TEXT])
{
    flr__id id;
    uint64_t words[2];

    flr__mutex_lock(&site->ids_lock);
    words[0] = flr__rng_next(&site->ids);
    words[1] = flr__rng_next(&site->ids);
    flr__mutex_unlock(&site->ids_lock);
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        id.bytes[i] = (uint8_t)(words[i / 8] >> (i % 8 * 8));
    }
    flr__id_print(&id, text);
}

/* What contexts get by reference. */
static int make_values(flr__site *site, const char *job, const char *identity)
{
    static const char *const event_texts[] = {"ServerRunner", "ClientRunner", FLR_EVENT_SCOPE_LOCAL,
                                              FLR_EVENT_SCOPE_FEDERATION};
    int status;

    site->job = flr__str_new(job, strlen(job));
    site->identity = flr__str_new(identity, strlen(identity));
    if (site->job == NULL || site->identity == NULL) {
        return FLR_E_NOMEM;
    }
    status = flr__value_new_str(site->job, &site->job_value);
    if (status == 0 && identity[0] != '\0') {
        status = flr__value_new_str(site->identity, &site->identity_value);
    }
    if (status == 0 && site->engine_self == NULL) {
        site->engine_value = flr__value_nil();
    } else if (status == 0) {
        status = flr_value_new_pointer("engine", site->engine_self, NULL, &site->engine_value);
    }
    if (status == 0) {
        status = flr_value_new_pointer("flr_manager", &site->manager, NULL, &site->manager_value);
    }
    for (size_t i = 0; status == 0 && i < sizeof event_texts / sizeof event_texts[0]; i++) {
        status = flr_value_new_text(event_texts[i], &site->event_texts[i]);
    }
    return status;
}

static void free_values(flr__site *site)
{
    flr_value_unref(site->job_value);
    flr_value_unref(site->identity_value);
    flr_value_unref(site->engine_value);
    flr_value_unref(site->manager_value);
    flr_value_unref(site->runner_value);
    for (size_t i = 0; i < sizeof site->event_texts / sizeof site->event_texts[0]; i++) {
        flr_value_unref(site->event_texts[i]);
    }
    flr__str_unref(site->job);
    flr__str_unref(site->identity);
}

static void clear(flr__site *site, const flr_engine_ops *engine, void *engine_self,
                  flr_clock *clock)
{
    site->engine = *engine;
    site->engine_self = engine_self;
    site->job = site->identity = NULL;
    site->job_value = site->identity_value = NULL;
    site->engine_value = site->manager_value = site->runner_value = NULL;
    memset(site->event_texts, 0, sizeof site->event_texts);
    site->clock = flr_clock_ref(clock);
    site->log_level = FLR_LOG_INFO;
    site->secure = false;
    site->event_depth = 20;
    site->name_max = FLR_NAME_MAX;
    memset(&site->data_chains, 0, sizeof site->data_chains);
    memset(&site->result_chains, 0, sizeof site->result_chains);
    memset(&site->components, 0, sizeof site->components);
    site->scope = NULL;
    site->reliable = NULL;
}

int flr__site_init(flr__site *site, const flr_engine_ops *engine, void *engine_self,
                   const char *job, const char *identity, flr_clock *clock)
{
    int status;

    clear(site, engine, engine_self, clock);
    if (flr__rng_seed_system(&site->ids) < 0) {
        status = FLR_E_IO;
        goto fail_clock;
    }
    status = flr__mutex_init(&site->ids_lock, FLR__RANK_STATS);
    if (status < 0) {
        goto fail_clock;
    }
    status = flr__manager_init(&site->manager);
    if (status < 0) {
        goto fail_ids;
    }
    status = flr__bus_init(&site->bus);
    if (status < 0) {
        goto fail_manager;
    }
    status = flr__aux_init(&site->aux);
    if (status < 0) {
        goto fail_bus;
    }
    status = flr__filters_init(site);
    if (status < 0) {
        goto fail_aux;
    }
    status = make_values(site, job, identity);
    if (status == 0) {
        flr__sticky_put(site, FLR__S_RUN_NUM, flr_value_ref(site->job_value), FLR_PROP_FLAG_PUBLIC);
        status = flr__bus_rebuild(site); /* the owner hears from the beginning */
    }
    if (status == 0) {
        return 0;
    }
    free_values(site);
    flr__filters_free(site);
fail_aux:
    flr__aux_free(&site->aux);
fail_bus:
    flr__bus_free(&site->bus);
fail_manager:
    flr__manager_free(&site->manager);
fail_ids:
    flr__mutex_destroy(&site->ids_lock);
fail_clock:
    flr_clock_unref(site->clock);
    return status;
}

void flr__site_free(flr__site *site)
{
    flr__components_free(&site->components);
    flr__chains_free(&site->data_chains);
    flr__chains_free(&site->result_chains);
    flr__filters_free(site);
    flr__aux_free(&site->aux);
    flr__bus_free(&site->bus);
    flr__manager_free(&site->manager);
    free_values(site);
    flr_scope_unref(site->scope);
    flr__mutex_destroy(&site->ids_lock);
    flr_clock_unref(site->clock);
}
