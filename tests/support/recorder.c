/* Components that record what they hear: see recorder.h. */
#include "recorder.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

test_site *site;
flr_context *context;
char recorder_journal[512];

void recorder_setup(void)
{
    recorder_journal[0] = '\0';
    site = test_site_new(NULL, NULL, "job-1", "server");
    ck_assert_ptr_nonnull(site);
    context = test_site_context(site);
}

void recorder_teardown(void)
{
    flr_context_free(context);
    ck_assert_int_eq(test_site_free(site), 0);
}

void recorder_text(const flr_context *c, const char *key, char *to, size_t size)
{
    flr_value *v = NULL;

    snprintf(to, size, "%s", flr_context_get(c, key, &v) < 0 ? "-" : flr_value_get_text(v, "*"));
    flr_value_unref(v);
}

int64_t recorder_number(const flr_context *c, const char *key)
{
    flr_value *v = NULL;
    int64_t n = flr_context_get(c, key, &v) < 0 ? -1 : flr_value_get_int(v, -2);

    flr_value_unref(v);
    return n;
}

void recorder_set_text(flr_context *c, const char *key, const char *text)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_text(text, &v), 0);
    ck_assert_int_eq(flr_context_set_prop(c, key, v, 0), 0);
}

int recorder_hear(void *self, const char *event, flr_context *c)
{
    recorder *r = self;

    r->calls++;
    snprintf(r->event, sizeof r->event, "%s", event);
    snprintf(r->detail, sizeof r->detail, "%s", flr_context_get_detail(c));
    recorder_text(c, "__event_id__", r->id, sizeof r->id);
    recorder_text(c, "__event_data__", r->data, sizeof r->data);
    recorder_text(c, "__event_origin__", r->origin, sizeof r->origin);
    recorder_text(c, "__event_scope__", r->scope, sizeof r->scope);
    r->message = flr__context_own_message(c, FLR__S_EVENT_DATA);
    r->depth = recorder_number(c, "###event_depth");
    if (strlen(recorder_journal) + strlen(r->name) + 2 < sizeof recorder_journal) {
        strcat(recorder_journal, r->name);
        strcat(recorder_journal, " ");
    }
    return r->act != NULL ? r->act(r, event, c) : r->status;
}

void recorder_destroy(void *self)
{
    recorder *r = self;

    r->destroyed++;
}

void recorder_add_named(recorder *r, const char *const *events, const char *shown)
{
    flr_component_ops ops;

    flr_component_ops_init(&ops, sizeof ops);
    ops.name = shown;
    ops.handle_event = recorder_hear;
    ops.events = events;
    ops.destroy = recorder_destroy;
    ck_assert_int_eq(test_site_add(site, r->name, &ops, r), 0);
}

void recorder_add(recorder *r)
{
    recorder_add_named(r, NULL, NULL);
}
