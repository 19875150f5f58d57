/*
 * Tests of events and log lines: rows EV-01 to EV-11, details of callbacks (CX-12), order and origin of components (LC-03), secure
 * mode, panic without memory, firing on several threads.
 */
#include "failalloc.h"
#include "site.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct recorder recorder;
struct recorder {
    const char *name;
    int status;                        /* what its handler returns */
    int (*act)(recorder *r, const char *event, flr_context *context);
    size_t calls, destroyed;
    char id[40], data[2600], origin[64], scope[64], event[64], detail[64];
    flr_shareable *message;            /* the data, if it was a message */
    int64_t depth;
};

static test_site *site;
static flr_context *context;
static char journal[512]; /* names of the recorders in the order of their calls */

static void setup(void)
{
    journal[0] = '\0';
    site = test_site_new(NULL, NULL, "job-1", "server");
    ck_assert_ptr_nonnull(site);
    context = test_site_context(site);
}

static void teardown(void)
{
    flr_context_free(context);
    ck_assert_int_eq(test_site_free(site), 0);
}

static void text_of(const flr_context *c, const char *key, char *to, size_t size)
{
    flr_value *v = NULL;

    snprintf(to, size, "%s", flr_context_get(c, key, &v) < 0 ? "-" : flr_value_get_text(v, "*"));
    flr_value_unref(v);
}

static int64_t number_of(const flr_context *c, const char *key)
{
    flr_value *v = NULL;
    int64_t n = flr_context_get(c, key, &v) < 0 ? -1 : flr_value_get_int(v, -2);

    flr_value_unref(v);
    return n;
}

static void set_text(flr_context *c, const char *key, const char *text)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_text(text, &v), 0);
    ck_assert_int_eq(flr_context_set_prop(c, key, v, 0), 0);
}

static int record(void *self, const char *event, flr_context *c)
{
    recorder *r = self;

    r->calls++;
    snprintf(r->event, sizeof r->event, "%s", event);
    snprintf(r->detail, sizeof r->detail, "%s", flr_context_get_detail(c));
    text_of(c, "__event_id__", r->id, sizeof r->id);
    text_of(c, "__event_data__", r->data, sizeof r->data);
    text_of(c, "__event_origin__", r->origin, sizeof r->origin);
    text_of(c, "__event_scope__", r->scope, sizeof r->scope);
    r->message = flr__context_own_message(c, FLR__S_EVENT_DATA);
    r->depth = number_of(c, "###event_depth");
    if (strlen(journal) + strlen(r->name) + 2 < sizeof journal) {
        strcat(journal, r->name);
        strcat(journal, " ");
    }
    return r->act != NULL ? r->act(r, event, c) : r->status;
}

static void destroy(void *self)
{
    recorder *r = self;

    r->destroyed++;
}

static void add_named(recorder *r, const char *const *events, const char *shown)
{
    flr_component_ops ops;

    flr_component_ops_init(&ops, sizeof ops);
    ops.name = shown;
    ops.handle_event = record;
    ops.events = events;
    ops.destroy = destroy;
    ck_assert_int_eq(test_site_add(site, r->name, &ops, r), 0);
}

static void add(recorder *r)
{
    add_named(r, NULL, NULL);
}

/* ---- EV-01, LC-03 ---- */

START_TEST(ev_01_order_and_failures)
{
    recorder a = {.name = "a", .status = FLR_E_IO}, b = {.name = "b", .status = 3}, c = {.name = "c"};

    add(&a);
    add(&b);
    add(&c);
    test_site_clear_lines(site);
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert_str_eq(journal, "a b c ");
    ck_assert_uint_eq(test_site_count_lines(site, FLR_LOG_ERROR, "FLR_E_IO"), 1);
    ck_assert_uint_eq(test_site_count_lines(site, FLR_LOG_ERROR, "FLR_E_CALLBACK"), 1);
    /* a failure is logged without a log event: nobody heard one */
    ck_assert_uint_eq(a.calls, 1);
    ck_assert_uint_eq(test_site_count(site, offsetof(flr_stats, handler_failures)), 2);
    ck_assert_int_eq(flr_context_fire(context, "mine"), 0);
    ck_assert_str_eq(journal, "a b c a b c ");
}
END_TEST

static pthread_t fired_on;

static int note_thread(recorder *r, const char *event, flr_context *c)
{
    (void)event;
    fired_on = pthread_self();
    ck_assert(flr__host_inside(FLR__HOST_EVENT, &site->site, NULL));
    ck_assert(!flr__host_may_wait());
    ck_assert_uint_eq(flr__locks_held(), 0);
    ck_assert_ptr_eq(flr_context_find_component(c, r->name), r);
    return 0;
}

START_TEST(ev_01_on_the_firing_thread_as_a_host_call)
{
    recorder a = {.name = "a", .act = note_thread};

    add(&a);
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert(pthread_equal(fired_on, pthread_self()));
    ck_assert_ptr_null(flr__host_innermost());
    ck_assert_ptr_null(flr_context_find_component(context, "b"));
}
END_TEST

START_TEST(lc_03_workflows_count_as_controller_then_communicator)
{
    recorder a = {.name = "a"}, w1 = {.name = "w1"}, w2 = {.name = "w2"};
    flr_component_ops ops;
    flr__component *c;

    add(&a);
    flr_component_ops_init(&ops, sizeof ops);
    ops.handle_event = record;
    ck_assert_int_eq(flr__component_new("wf", FLR__CONTROLLER, &ops, &w1, &c), 0);
    ck_assert_int_eq(flr__components_add(&site->site.components, c), 0);
    ck_assert_int_eq(flr__component_new("wf", FLR__COMMUNICATOR, &ops, &w2, &c), 0);
    ck_assert_int_eq(flr__components_add(&site->site.components, c), 0);
    ck_assert_int_eq(flr__bus_rebuild(&site->site), 0);
    ck_assert_int_eq(flr_context_fire(context, "_fatal_system_error"), 0);
    ck_assert_str_eq(journal, "a w1 w2 ");
    ck_assert_uint_eq(site->owner_calls, 1);
    ck_assert_ptr_eq(flr__components_find(&site->site.components, "wf", FLR__COMMUNICATOR)->self, &w2);
    ck_assert_ptr_eq(flr_context_find_component(context, "wf"), &w1);
}
END_TEST

START_TEST(components_are_checked_copied_and_destroyed_once)
{
    char name[] = "shown", event[] = "one";
    const char *events[] = {event, NULL};
    const char *const empty[] = {"", NULL};
    recorder r = {.name = "r"};
    flr_component_ops ops;
    flr__component *c;

    flr_component_ops_init(&ops, sizeof ops);
    ops.handle_event = record;
    ops.destroy = destroy;
    ck_assert_int_eq(flr__component_new("", FLR__COMPONENT, &ops, &r, &c), FLR_E_INVAL);
    ops.events = empty;
    ck_assert_int_eq(flr__component_new("x", FLR__COMPONENT, &ops, &r, &c), FLR_E_INVAL);
    ops.events = events;
    ops.flags = 1;
    ck_assert_int_eq(flr__component_new("x", FLR__COMPONENT, &ops, &r, &c), FLR_E_ABI);
    ops.flags = 0;
    ops.name = name;
    ck_assert_int_eq(flr__component_new("x", FLR__COMPONENT, &ops, &r, &c), 0);
    name[0] = event[0] = '!';
    ck_assert_str_eq(c->name->text, "shown");
    ck_assert_str_eq(c->events[0]->text, "one");
    ck_assert_uint_eq(r.destroyed, 0);
    flr__component_free(c, false);
    ck_assert_uint_eq(r.destroyed, 0);
    ck_assert_int_eq(flr__component_new("x", FLR__COMPONENT, NULL, NULL, &c), 0);
    flr__component_free(c, true);
    ck_assert_int_eq(flr__component_new("x", FLR__COMPONENT, &ops, &r, &c), 0);
    flr__component_free(c, true);
    ck_assert_uint_eq(r.destroyed, 1);
}
END_TEST

/* ---- EV-02 ---- */

static int scribble(recorder *r, const char *event, flr_context *c)
{
    (void)r;
    (void)event;
    set_text(c, "__event_data__", "scribbled");
    set_text(c, "__event_id__", "scribbled");
    ck_assert_int_eq(flr_context_remove(c, "__event_origin__", 1), 0);
    set_text(c, "__event_scope__", "scribbled");
    return 0;
}

START_TEST(ev_02_properties_are_set_back_before_each_handler)
{
    recorder a = {.name = "a", .act = scribble}, b = {.name = "b"};
    char first[40];

    add(&a);
    add(&b);
    set_text(context, "__event_data__", "mine");
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert_uint_eq(strlen(a.id), 32);
    ck_assert_str_eq(a.id, b.id);
    ck_assert_str_eq(b.data, "mine");
    ck_assert_str_eq(a.origin, b.origin);
    ck_assert_str_eq(b.origin, "ClientRunner"); /* there is no server runner here */
    ck_assert_str_eq(b.scope, "local");
    /* the context is as before */
    text_of(context, "__event_data__", a.data, sizeof a.data);
    ck_assert_str_eq(a.data, "mine");
    text_of(context, "__event_id__", a.data, sizeof a.data);
    ck_assert_str_eq(a.data, "-");
    strcpy(first, b.id);
    ck_assert_int_eq(flr_context_fire(context, "_end_run"), 0);
    ck_assert_str_ne(first, b.id);
}
END_TEST

static int check_private(recorder *r, const char *event, flr_context *c)
{
    static const char *const keys[] = {"__event_id__", "__event_data__", "__event_origin__", "__event_scope__"};

    (void)r;
    (void)event;
    for (size_t i = 0; i < 4; i++) {
        flr_value *v;
        uint32_t flags = 99;

        ck_assert_int_eq(flr_context_get_prop(c, keys[i], &v, &flags), 0);
        ck_assert_uint_eq(flags, 0);
        flr_value_unref(v);
    }
    return 0;
}

START_TEST(ev_02_properties_are_private_and_not_sticky)
{
    recorder a = {.name = "a", .act = check_private};
    flr_value *v;

    add(&a);
    ck_assert_int_eq(flr_value_new_text("x", &v), 0);
    ck_assert_int_eq(flr_context_set_prop(context, "__event_data__", v, FLR_PROP_FLAG_PUBLIC), 0);
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert_uint_eq(a.calls, 1);
}
END_TEST

static int fire_inner(recorder *r, const char *event, flr_context *c)
{
    char data[64];

    if (strcmp(event, "outer") == 0) {
        set_text(c, "__event_data__", "inner data");
        ck_assert_int_eq(flr_context_fire(c, "inner"), 0);
        ck_assert_str_eq(r->data, "inner data");
        ck_assert_str_eq(r->origin, "a"); /* it fired it itself */
        ck_assert_int_eq(r->depth, 2);
        ck_assert_int_eq(number_of(c, "###event_depth"), 1);
        text_of(c, "__event_origin__", data, sizeof data);
        ck_assert_str_eq(data, "ClientRunner");
    }
    return 0;
}

START_TEST(ev_02_outer_values_come_back_after_a_nested_firing)
{
    recorder a = {.name = "a", .act = fire_inner}, b = {.name = "b"};

    add(&a);
    add(&b);
    set_text(context, "__event_data__", "outer data");
    ck_assert_int_eq(flr_context_fire(context, "outer"), 0);
    ck_assert_str_eq(journal, "a a b b ");
    ck_assert_str_eq(b.event, "outer");
    ck_assert_str_eq(b.data, "outer data");
    ck_assert_str_eq(b.origin, "ClientRunner");
    ck_assert_int_eq(b.depth, 1);
    ck_assert_int_eq(number_of(context, "###event_depth"), -1);
}
END_TEST

/* ---- EV-03 ---- */

START_TEST(ev_03_all_named_and_callbacks)
{
    static const char *const two[] = {"_start_run", "mine", NULL};
    static const char *const none[] = {NULL};
    recorder all = {.name = "all"}, some = {.name = "some"}, deaf = {.name = "deaf"}, cb = {.name = "cb"};
    flr__component *c;

    add(&all);
    add_named(&some, two, NULL);
    add_named(&deaf, none, NULL);
    c = flr__components_find(&site->site.components, "all", 0);
    ck_assert_int_eq(flr__component_add_callback(c, "mine", record, &cb), 0);
    ck_assert_int_eq(flr__component_add_callback(c, "mine", record, &cb), 0);
    ck_assert_int_eq(flr__component_add_callback(c, "_end_run", record, &cb), 0);
    ck_assert_int_eq(flr__component_add_callback(c, "", record, &cb), FLR_E_INVAL);
    ck_assert_int_eq(flr__component_add_callback(c, "mine", NULL, &cb), FLR_E_INVAL);
    ck_assert_int_eq(flr__bus_rebuild(&site->site), 0);
    flr_context_fire(context, "_start_run");
    ck_assert_str_eq(journal, "all some ");
    journal[0] = '\0';
    flr_context_fire(context, "mine");
    ck_assert_str_eq(journal, "cb some ");
    journal[0] = '\0';
    flr_context_fire(context, "_end_run");
    flr_context_fire(context, "other");
    ck_assert_str_eq(journal, "cb all ");
    ck_assert_int_eq(flr__component_add_callback(c, "mine", record, &deaf), 0);
    ck_assert_int_eq(flr__bus_rebuild(&site->site), 0);
    journal[0] = '\0';
    flr_context_fire(context, "mine");
    ck_assert_str_eq(journal, "cb deaf some ");
}
END_TEST

START_TEST(ev_unheard_firing_leaves_the_context_untouched)
{
    static const char *const one[] = {"_end_run", NULL};
    recorder a = {.name = "a", .status = FLR_E_IO};
    uint64_t used;
    flr__rng ids;

    add_named(&a, one, NULL);
    ck_assert_int_eq(flr_context_fire(context, "_end_run"), 0);
    ck_assert_ptr_nonnull(flr__context_own(context, FLR__S_EXCEPTIONS));
    used = context->used;
    ids = site->site.ids;
    flr_context_fail(context, FLR_E_IO, "kept");
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert_int_eq(flr_context_fire(context, "mine"), 0);
    ck_assert_int_eq(FLR__FIRE(context, EV_START_RUN), 0);
    ck_assert_uint_eq(context->used, used);
    ck_assert_ptr_nonnull(flr__context_own(context, FLR__S_EXCEPTIONS));
    ck_assert_str_eq(flr_context_get_detail(context), "kept");
    ck_assert_mem_eq(&ids, &site->site.ids, sizeof ids);
    ck_assert_uint_eq(a.calls, 1);
    ck_assert(flr__bus_hears(&site->site, FLR__S_EV_END_RUN));
    ck_assert(!flr__bus_hears(&site->site, FLR__S_EV_START_RUN));
    ck_assert(flr__bus_hears(&site->site, FLR__S_EV_FATAL_SYSTEM_ERROR));
    ck_assert(flr__bus_hears(&site->site, FLR__S_EV_GET_STATS));
}
END_TEST

/* ---- EV-04 ---- */

static int fire_again(recorder *r, const char *event, flr_context *c)
{
    int status = flr_context_fire(c, event);

    if (status < 0) {
        r->status = status;
    }
    return status;
}

START_TEST(ev_04_depth_is_limited_and_restored)
{
    recorder a = {.name = "a", .act = fire_again};

    add(&a);
    ck_assert_int_eq(flr_context_fire(context, "deep"), 0);
    ck_assert_uint_eq(a.calls, 21);
    ck_assert_int_eq(a.status, FLR_E_LIMIT);
    ck_assert_int_eq(a.depth, 21);
    ck_assert_int_eq(number_of(context, "###event_depth"), -1);
    /* only the innermost handler failed; its firing recorded that, the others nothing */
    ck_assert_uint_eq(test_site_count(site, offsetof(flr_stats, handler_failures)), 1);
    ck_assert_ptr_null(flr__context_own(context, FLR__S_EXCEPTIONS));
    a.calls = 0;
    ck_assert_int_eq(flr_context_fire(context, "deep"), 0);
    ck_assert_uint_eq(a.calls, 21);
    site->site.event_depth = 2;
    a.calls = 0;
    ck_assert_int_eq(flr_context_fire(context, "deep"), 0);
    ck_assert_uint_eq(a.calls, 3);
}
END_TEST

static int fire_in_copy(recorder *r, const char *event, flr_context *c)
{
    flr_context *copy;
    int status = flr_context_clone(c, &copy);

    (void)r;
    if (status == 0) {
        status = flr_context_fire(copy, event);
        flr_context_free(copy);
    }
    return status;
}

START_TEST(ev_04_copies_are_as_deep)
{
    recorder a = {.name = "a", .act = fire_in_copy};

    add(&a);
    ck_assert_int_eq(flr_context_fire(context, "deep"), 0);
    ck_assert_uint_eq(a.calls, 21);
}
END_TEST

/* ---- EV-05 ---- */

static recorder late = {.name = "late"};

static int add_late(recorder *r, const char *event, flr_context *c)
{
    (void)event;
    (void)c;
    if (r->calls == 1) {
        add(&late);
    }
    return 0;
}

START_TEST(ev_05_handlers_added_meanwhile_do_not_get_it)
{
    recorder a = {.name = "a", .act = add_late}, b = {.name = "b"};

    memset(&late, 0, sizeof late);
    late.name = "late";
    add(&a);
    add(&b);
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert_str_eq(journal, "a b ");
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert_str_eq(journal, "a b a b late ");
}
END_TEST

/* ---- EV-06, CX-12 ---- */

static int fail_with_detail(recorder *r, const char *event, flr_context *c)
{
    (void)r;
    (void)event;
    flr_context_fail(c, 0, "first");
    flr_context_log(c, FLR_LOG_INFO, "between");
    return flr_context_fail(c, -20000, "no %s", "disk");
}

START_TEST(ev_06_exceptions_are_kept_per_firing)
{
    recorder a = {.name = "a", .act = fail_with_detail}, b = {.name = "b", .status = FLR_E_NOMEM}, c = {.name = "c"};
    const flr_value *list, *e;

    add_named(&a, NULL, "first component");
    add(&b);
    add(&c);
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    list = flr__context_own(context, FLR__S_EXCEPTIONS);
    ck_assert_uint_eq(flr_value_get_size(list), 2);
    ck_assert_uint_eq(context->slots[FLR__S_EXCEPTIONS].flags, 0);
    e = flr_list_get(list, 0);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(e, "component"), ""), "first component");
    ck_assert_int_eq(flr_value_get_int(flr_map_get(e, "code"), 0), -20000);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(e, "detail"), "?"), "no disk");
    e = flr_list_get(list, 1);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(e, "component"), ""), "b");
    ck_assert_int_eq(flr_value_get_int(flr_map_get(e, "code"), 0), FLR_E_NOMEM);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(e, "detail"), "?"), "");
    a.act = NULL;
    b.status = 0;
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert_ptr_null(flr__context_own(context, FLR__S_EXCEPTIONS));
}
END_TEST

static int fail_inside(recorder *r, const char *event, flr_context *c)
{
    if (strcmp(event, "inner") == 0) {
        return FLR_E_CORRUPT;
    }
    ck_assert_int_eq(flr_context_fire(c, "inner"), 0);
    ck_assert_uint_eq(flr_value_get_size(flr__context_own(c, FLR__S_EXCEPTIONS)), 1);
    return r->status;
}

START_TEST(ev_06_nested_failures_belong_to_the_nested_firing)
{
    recorder a = {.name = "a", .act = fail_inside};

    add(&a);
    ck_assert_int_eq(flr_context_fire(context, "outer"), 0);
    ck_assert_ptr_null(flr__context_own(context, FLR__S_EXCEPTIONS));
}
END_TEST

START_TEST(ev_06_secure_mode_drops_details)
{
    recorder a = {.name = "a", .act = fail_with_detail};
    const flr_value *e;
    char text[64];

    add(&a);
    site->site.secure = true;
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    e = flr_list_get(flr__context_own(context, FLR__S_EXCEPTIONS), 0);
    ck_assert_int_eq(flr_value_get_int(flr_map_get(e, "code"), 0), -20000);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(e, "detail"), "?"), "");
    ck_assert_uint_eq(test_site_count_lines(site, 0, "disk"), 0);
    ck_assert_uint_eq(test_site_count_lines(site, FLR_LOG_ERROR, "FLR_E_HOST"), 1);
    flr__status_describe(&site->site, FLR_E_IO, "secret", text, sizeof text);
    ck_assert_str_eq(text, "FLR_E_IO");
    site->site.secure = false;
    flr__status_describe(&site->site, FLR_E_IO, "why", text, sizeof text);
    ck_assert_str_eq(text, "FLR_E_IO: why");
    flr__status_describe(&site->site, FLR_E_IO, "", text, sizeof text);
    ck_assert_str_eq(text, "FLR_E_IO");
}
END_TEST

static int detail_then_log(recorder *r, const char *event, flr_context *c)
{
    if (strcmp(event, "_start_run") != 0) {
        return flr_context_fail(c, FLR_E_STATE, "of the log event");
    }
    (void)r;
    flr_context_fail(c, 0, "mine");
    flr_context_log(c, FLR_LOG_ERROR, "fires a log event");
    return FLR_E_IO;
}

START_TEST(cx_12_detail_is_cleared_before_and_taken_after)
{
    recorder a = {.name = "a", .act = detail_then_log}, b = {.name = "b", .status = FLR_E_IO};
    const flr_value *list;

    add(&a);
    add(&b);
    flr_context_fail(context, 0, "of the caller");
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    list = flr__context_own(context, FLR__S_EXCEPTIONS);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(flr_list_get(list, 0), "detail"), "?"), "mine");
    ck_assert_str_eq(flr_value_get_text(flr_map_get(flr_list_get(list, 1), "detail"), "?"), "");
    ck_assert_str_eq(b.detail, "");
    ck_assert_str_eq(flr_context_get_detail(context), "of the caller");
}
END_TEST

static int fail_with_bytes(recorder *r, const char *event, flr_context *c)
{
    (void)r;
    (void)event;
    return flr_context_fail(c, FLR_E_IO, "bad \xff\xc3 text \xc3\xa4");
}

START_TEST(ev_06_detail_that_is_no_utf8)
{
    recorder a = {.name = "a", .act = fail_with_bytes};
    const flr_value *e;

    add(&a);
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    e = flr_list_get(flr__context_own(context, FLR__S_EXCEPTIONS), 0);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(e, "detail"), "?"), "bad ?? text \xc3\xa4");
}
END_TEST

/* ---- EV-07, EV-08 ---- */

START_TEST(ev_07_arguments_and_origin)
{
    recorder a = {.name = "a"};
    flr_value *props;
    char longest[300];
    flr__host_frame frame;

    add_named(&a, NULL, "shown");
    ck_assert_int_eq(flr_context_fire(NULL, "x"), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_fire(context, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_fire(context, ""), FLR_E_INVAL);
    ck_assert_ptr_nonnull(strstr(flr_context_get_detail(context), "event"));
    memset(longest, 'x', 256);
    longest[256] = '\0';
    ck_assert_int_eq(flr_context_fire(context, longest), FLR_E_LIMIT);
    ck_assert_uint_eq(a.calls, 0);
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_context_set_peer_props(context, props), 0);
    flr_value_unref(props);
    test_site_clear_lines(site);
    ck_assert_int_eq(flr_context_fire(flr_context_get_peer(context), "x"), FLR_E_STATE);
    ck_assert_uint_eq(test_site_count_lines(site, FLR_LOG_ERROR, "without an engine"), 1);
    /* the controller of the present workflow fires from its control flow */
    ck_assert_int_eq(flr_context_set(context, "__workflow__", NULL), 0);
    set_text(context, "__task_name__", "t");
    flr__host_enter(&frame, FLR__HOST_EVENT, &site->site, flr__components_find(&site->site.components, "a", 0));
    ck_assert_int_eq(flr_context_fire(context, "x"), 0);
    flr__host_leave(&frame);
    ck_assert_str_eq(a.origin, "shown");
    ck_assert_str_eq(a.scope, "local");
}
END_TEST

START_TEST(ev_07_origin_of_a_workflow)
{
    recorder a = {.name = "a"};
    flr__host_frame frame;
    flr__component *c;
    flr_value *v;

    add(&a);
    ck_assert_int_eq(flr__component_new("wf", FLR__CONTROLLER, NULL, NULL, &c), 0);
    ck_assert_int_eq(flr__components_add(&site->site.components, c), 0);
    ck_assert_int_eq(flr_value_new_text("wf", &v), 0);
    flr__sticky_put(&site->site, FLR__S_WORKFLOW, v, 0);
    flr__host_enter(&frame, FLR__HOST_CONTROL_FLOW, &site->site, NULL);
    ck_assert_int_eq(flr_context_fire(context, "x"), 0);
    ck_assert_str_eq(a.origin, "wf");
    ck_assert_int_eq(flr__fire(context, FLR__STR(EV_START_RUN)), 0); /* the library's own */
    ck_assert_str_eq(a.origin, "ClientRunner");
    flr__host_leave(&frame);
}
END_TEST

START_TEST(ev_08_federation_events)
{
    recorder a = {.name = "a"};
    flr_shareable *m, *frozen;
    flr_value *targets, *wrong;

    add(&a);
    set_text(context, "__event_data__", "before");
    ck_assert_int_eq(flr_shareable_new(&m), 0);
    ck_assert_int_eq(flr_value_new_list(&targets), 0);
    ck_assert_int_eq(flr_value_new_text("site-1", &wrong), 0);
    ck_assert_int_eq(flr_list_add(&targets, wrong), 0);
    ck_assert_int_eq(flr_context_fire_federation(context, "news", NULL, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_fire_federation(context, "news", m, wrong), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_fire_federation(context, "", m, NULL), FLR_E_INVAL);
    ck_assert_uint_eq(a.calls, 0);
    ck_assert_int_eq(flr_context_fire_federation(context, "news", m, targets), 0);
    ck_assert_str_eq(a.scope, "federation");
    ck_assert_ptr_eq(a.message, m);
    ck_assert(flr_value_equals(flr_shareable_get_header(m, "_targets"), targets));
    ck_assert_int_eq(flr_context_fire_federation(context, "news", m, NULL), 0);
    ck_assert_int_eq(flr_value_get_kind(flr_shareable_get_header(m, "_targets")), FLR_VALUE_NIL);
    ck_assert_ptr_nonnull(flr_shareable_get_header(m, "_targets"));
    text_of(context, "__event_data__", a.data, sizeof a.data);
    ck_assert_str_eq(a.data, "before");
    ck_assert_int_eq(flr_shareable_new(&frozen), 0);
    flr_shareable_freeze(frozen);
    ck_assert_int_eq(flr_context_fire_federation(context, "news", frozen, NULL), FLR_E_STATE);
    flr_shareable_unref(frozen);
    flr_value_unref(targets);
    flr_shareable_unref(m);
}
END_TEST

/* ---- EV-09 ---- */

START_TEST(ev_09_panic_tells_components_then_the_owner)
{
    recorder a = {.name = "a"};

    add(&a);
    ck_assert_int_eq(flr_context_panic(context, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_panic(context, ""), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_panic(NULL, "x"), FLR_E_INVAL);
    ck_assert_uint_eq(site->owner_calls, 0);
    ck_assert_int_eq(flr_context_panic(context, "no clients"), 0);
    ck_assert_str_eq(a.event, "_fatal_system_error");
    ck_assert_str_eq(a.data, "no clients");
    ck_assert_uint_eq(site->owner_calls, 1);
    ck_assert_str_eq(site->owner_data, "no clients");
    flr__panic(context, "broken \xff");
    ck_assert_str_eq(site->owner_data, "broken ?");
}
END_TEST

static int panic_deep(recorder *r, const char *event, flr_context *c)
{
    if (strcmp(event, "deep") == 0 && flr_context_fire(c, event) == FLR_E_LIMIT) {
        r->status = 1;
        ck_assert_int_eq(flr_context_panic(c, "too deep"), 0);
    }
    return 0;
}

START_TEST(ev_09_panic_reaches_the_owner_at_any_depth)
{
    recorder a = {.name = "a", .act = panic_deep};

    add(&a);
    ck_assert_int_eq(flr_context_fire(context, "deep"), 0);
    ck_assert_int_eq(a.status, 1);
    ck_assert_uint_eq(site->owner_calls, 1);
    ck_assert_str_eq(site->owner_data, "too deep");
}
END_TEST

START_TEST(st_01_owner_hears_get_stats_last_and_its_failure_counts)
{
    recorder a = {.name = "a"};

    add(&a);
    site->owner_status = FLR_E_INVAL;
    ck_assert_int_eq(flr_context_fire(context, "info_collector.get_stats"), 0);
    ck_assert_uint_eq(a.calls, 1);
    ck_assert_uint_eq(site->owner_calls, 1);
    ck_assert_uint_eq(flr_value_get_size(flr__context_own(context, FLR__S_EXCEPTIONS)), 1);
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert_uint_eq(site->owner_calls, 1);
}
END_TEST

/* ---- EV-10, EV-11 ---- */

START_TEST(ev_10_warning_error_critical_fire)
{
    static const struct { int level; const char *event; } cases[] = {
        {FLR_LOG_DEBUG, NULL},     {FLR_LOG_INFO, NULL},
        {FLR_LOG_WARNING, "_warning_log_available"}, {FLR_LOG_ERROR, "_error_log_available"},
        {FLR_LOG_EXCEPTION, NULL}, {FLR_LOG_CRITICAL, "_critical_log_available"},
    };
    recorder a = {.name = "a"};

    add(&a);
    set_text(context, "__event_data__", "kept");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char data[16];

        a.calls = 0;
        test_site_clear_lines(site);
        flr_context_log(context, cases[i].level, "number %zu", i);
        ck_assert_uint_eq(site->line_count, 1);
        ck_assert_uint_eq(a.calls, cases[i].event == NULL ? 0 : 1);
        if (cases[i].event != NULL) {
            ck_assert_str_eq(a.event, cases[i].event);
            ck_assert_str_eq(a.data, site->lines[0].text);
        }
        text_of(context, "__event_data__", data, sizeof data);
        ck_assert_str_eq(data, "kept");
    }
    /* without a sink, and below the level, who listens hears all the same */
    site->site.log_level = FLR_LOG_OFF;
    a.calls = 0;
    flr_context_log(context, FLR_LOG_ERROR, "x");
    ck_assert_uint_eq(a.calls, 1);
    ck_assert_int_eq(flr_context_log_is_on(context, FLR_LOG_ERROR), 1);
    ck_assert_int_eq(flr_context_log_is_on(context, FLR_LOG_INFO), 0);
    ck_assert_int_eq(flr_context_log_is_on(context, FLR_LOG_EXCEPTION), 0);
    ck_assert_int_eq(flr_context_log_is_on(NULL, FLR_LOG_ERROR), 0);
}
END_TEST

static int log_again(recorder *r, const char *event, flr_context *c)
{
    (void)r;
    (void)event;
    flr_context_log(c, FLR_LOG_WARNING, "again");
    return FLR_E_IO;
}

START_TEST(ev_10_handlers_of_log_events_may_log_and_fail)
{
    recorder a = {.name = "a", .act = log_again}, b = {.name = "b", .act = log_again};

    add(&a);
    add(&b);
    set_text(context, "__exceptions__", "kept");
    flr_context_log(context, FLR_LOG_WARNING, "first");
    ck_assert_uint_eq(a.calls, 1);
    ck_assert_uint_eq(b.calls, 1);
    ck_assert_uint_eq(test_site_count_lines(site, FLR_LOG_WARNING, "again"), 2);
    ck_assert_uint_eq(test_site_count_lines(site, FLR_LOG_ERROR, "FLR_E_IO"), 2);
    ck_assert_str_eq(flr_value_get_text(flr__context_own(context, FLR__S_EXCEPTIONS), ""), "kept");
    flr_context_log(context, FLR_LOG_WARNING, "second");
    ck_assert_uint_eq(a.calls, 2);
}
END_TEST

START_TEST(ev_11_prefix)
{
    flr_shareable *result;
    flr_value *props, *v;

    flr_context_log(context, FLR_LOG_INFO, "hello %d", 5);
    ck_assert_str_eq(site->lines[0].text, "[identity=server, run=job-1]: hello 5");
    ck_assert_int_eq(site->lines[0].level, FLR_LOG_INFO);
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_context_set_peer_props(context, props), 0);
    test_site_clear_lines(site);
    flr_context_log(context, FLR_LOG_INFO, "x");
    ck_assert_str_eq(site->lines[0].text, "[identity=server, run=job-1, peer=?, peer_run=?]: x");
    ck_assert_int_eq(flr_map_set_text(&props, "__identity_name__", "site-1"), 0);
    ck_assert_int_eq(flr_map_set_text(&props, "__run_num__", ""), 0);
    ck_assert_int_eq(flr_context_set_peer_props(context, props), 0);
    flr_value_unref(props);
    ck_assert_int_eq(flr_value_new_text("wf", &v), 0);
    flr__sticky_put(&site->site, FLR__S_WORKFLOW, v, 0);
    set_text(context, "__task_name__", "train");
    set_text(context, "__task_id__", "t1");
    ck_assert_int_eq(flr_shareable_new_reply("TASK_ABORTED", NULL, &result), 0);
    flr__context_put_message(context, FLR__S_TASK_RESULT, result, 0);
    test_site_clear_lines(site);
    flr_context_log(context, FLR_LOG_INFO, "x");
    ck_assert_str_eq(site->lines[0].text, "[identity=server, run=job-1, wf=wf, peer=site-1, peer_run=?, "
                                          "peer_rc=TASK_ABORTED, task_name=train, task_id=t1]: x");
    ck_assert_int_eq(flr_context_remove(context, "__run_num__", 1), 0);
    ck_assert_int_eq(flr_context_remove(context, "__identity_name__", 1), 0);
    ck_assert_int_eq(flr_context_set_peer_props(context, NULL), 0);
    ck_assert_int_eq(flr_context_remove(context, "__task_result__", 1), 0);
    set_text(context, "__workflow__", "mine");
    test_site_clear_lines(site);
    flr_context_log(context, FLR_LOG_INFO, "x");
    ck_assert_str_eq(site->lines[0].text, "[identity=, run=?, wf=mine, task_name=train, task_id=t1]: x");
}
END_TEST

START_TEST(ev_11_hostile_and_long_text)
{
    char name[5000], message[5000];
    flr_value *props;
    const char *line;

    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memset(message, 'm', sizeof message - 1);
    message[sizeof message - 1] = '\0';
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, "__identity_name__", name), 0);
    ck_assert_int_eq(flr_map_set_text(&props, "__run_num__", "a\nb"), 0);
    ck_assert_int_eq(flr_context_set_peer_props(context, props), 0);
    flr_value_unref(props);
    set_text(context, "__task_name__", name);
    set_text(context, "__task_id__", name);
    set_text(context, "__workflow__", name);
    flr_context_log(context, FLR_LOG_INFO, "%s", message);
    line = site->lines[0].text;
    ck_assert_ptr_null(strchr(line, '\n'));
    ck_assert_ptr_nonnull(strstr(line, "peer_run=a b"));
    ck_assert_uint_eq(strlen(strstr(line, "]: ")), 3 + 2047);
    test_site_clear_lines(site);
    flr_context_log(context, FLR_LOG_INFO, "two\r\nlines \xff");
    ck_assert_ptr_nonnull(strstr(site->lines[0].text, "two  lines ?"));
}
END_TEST

static int formatted;

static const char *costly(void)
{
    formatted++;
    return "x";
}

START_TEST(ev_11_below_the_level_nothing_is_made)
{
    site->site.log_level = FLR_LOG_ERROR;
    failalloc_reset();
    flr_context_log(context, FLR_LOG_WARNING, "x");
    ck_assert_uint_eq(site->line_count, 0);
    ck_assert_uint_eq(failalloc_get_calls(), 0);
    formatted = 0;
    if (flr_context_log_is_on(context, FLR_LOG_WARNING)) {
        flr_context_log(context, FLR_LOG_WARNING, "%s", costly());
    }
    ck_assert_int_eq(formatted, 0);
    flr__site_log(&site->site, FLR_LOG_WARNING, "x");
    flr__site_log(&site->site, FLR_LOG_ERROR, "bare %d", 1);
    ck_assert_uint_eq(site->line_count, 1);
    ck_assert_str_eq(site->lines[0].text, "bare 1");
    flr_context_log(context, 35, "x");
    flr_context_log(context, FLR_LOG_OFF, "x");
    ck_assert_uint_eq(site->line_count, 1);
    site->site.engine.log = NULL;
    flr_context_log(context, FLR_LOG_CRITICAL, "x");
    flr__site_log(&site->site, FLR_LOG_CRITICAL, "x");
    ck_assert_uint_eq(site->line_count, 1);
    ck_assert_int_eq(flr_context_log_is_on(context, FLR_LOG_CRITICAL), 0);
}
END_TEST

/* ---- busy contexts ---- */

static int reset_inside(recorder *r, const char *event, flr_context *c)
{
    (void)event;
    r->status = flr_context_reset(c);
    flr_context_free(c); /* ignored: it is in use */
    return 0;
}

START_TEST(firing_contexts_are_in_use)
{
    recorder a = {.name = "a", .act = reset_inside};

    add(&a);
    ck_assert_int_eq(flr_context_fire(context, "x"), 0);
    ck_assert_int_eq(a.status, FLR_E_STATE);
    ck_assert_int_eq(flr_context_reset(context), 0);
}
END_TEST

/* ---- memory ---- */

static int record_quietly(void *self, const char *event, flr_context *c)
{
    (void)event;
    (void)c;
    ++*(int *)self;
    return FLR_E_NOT_READY;
}

static int sweep_work(void *self)
{
    static const char *const events[] = {"mine", "_start_run", NULL};
    test_site *t = test_site_new(NULL, NULL, "job", "me");
    flr_context *c = NULL;
    flr_component_ops ops;
    int calls = 0, status = t == NULL ? FLR_E_NOMEM : 0;

    (void)self;
    flr_component_ops_init(&ops, sizeof ops);
    ops.handle_event = record_quietly;
    ops.events = events;
    if (status == 0) {
        status = test_site_add(t, "a", &ops, &calls);
    }
    if (status == 0) {
        ops.events = NULL;
        status = test_site_add(t, "b", &ops, &calls);
    }
    if (status == 0) {
        c = test_site_context(t);
        status = c == NULL ? FLR_E_NOMEM : flr_context_fire(c, "mine");
    }
    if (status == 0) {
        status = flr_context_fire(c, "unheard of");
    }
    if (c != NULL) {
        int before = calls;

        flr_context_log(c, FLR_LOG_ERROR, "x");
        before = calls;
        flr__context_drop(c, FLR__S_NOT_READY_TO_END_RUN);
        flr__fire(c, FLR__STR(EV_CHECK_END_RUN_READINESS));
        if (calls != before + 1) {
            status = FLR_E_STATE; /* the library's own events reach everybody, with or without memory */
        }
        if (flr__context_own(c, FLR__S_EXCEPTIONS) == NULL && flr__context_own(c, FLR__S_NOT_READY_TO_END_RUN) == NULL) {
            status = FLR_E_STATE; /* a vote was lost */
        }
        flr__panic(c, "without memory \xff");
        if (t->owner_calls != 1) {
            status = FLR_E_STATE;
        }
    }
    flr_context_free(c);
    if (t != NULL) {
        test_site_free(t);
    }
    return status;
}

START_TEST(ev_09_panic_and_firing_survive_every_failed_allocation)
{
    const char *wrong = failalloc_sweep(sweep_work, NULL, NULL);

    ck_assert_msg(wrong == NULL, "%s", wrong);
}
END_TEST

/* ---- threads ---- */

static atomic_int heard_by_all;

static int count_calls(void *self, const char *event, flr_context *c)
{
    (void)self;
    (void)event;
    atomic_fetch_add(&heard_by_all, 1);
    return number_of(c, "shared") < -1 ? FLR_E_STATE : 0;
}

static void *fire_many(void *self)
{
    flr_context *c = self;
    intptr_t failures = 0;

    for (int i = 0; i < 200; i++) {
        flr_value *v = NULL, *all = NULL;

        failures += flr_value_new_int(i, &v) < 0 || flr_context_set_prop(c, "shared", v, FLR_PROP_FLAG_STICKY | FLR_PROP_FLAG_PUBLIC) < 0;
        failures += flr_context_fire(c, i % 2 == 0 ? "mine" : "_start_run") < 0;
        failures += flr_context_get_public_for_wire(c, &all) < 0;
        flr_value_unref(all);
        failures += flr_context_reset(c) < 0;
    }
    return (void *)failures;
}

START_TEST(ev_01_several_threads_fire_at_once)
{
    flr_component_ops ops;
    flr_context *own[2];
    pthread_t threads[2];
    void *failures[2];

    flr_component_ops_init(&ops, sizeof ops);
    ops.handle_event = count_calls;
    ck_assert_int_eq(test_site_add(site, "a", &ops, NULL), 0);
    atomic_store(&heard_by_all, 0);
    for (size_t i = 0; i < 2; i++) {
        own[i] = test_site_context(site);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, fire_many, own[i]), 0);
    }
    for (int i = 0; i < 20; i++) { /* lists may be replaced while events are fired */
        ck_assert_int_eq(flr__bus_rebuild(&site->site), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &failures[i]), 0);
        ck_assert_ptr_null(failures[i]);
        flr_context_free(own[i]);
    }
    ck_assert_int_eq(atomic_load(&heard_by_all), 400);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event");
    TCase *rows = tcase_create("rows"), *memory = tcase_create("memory");
    SRunner *runner;
    int failed;

    if (failalloc_install() < 0) {
        return 1;
    }
    tcase_add_checked_fixture(rows, setup, teardown);
    tcase_add_test(rows, ev_01_order_and_failures);
    tcase_add_test(rows, ev_01_on_the_firing_thread_as_a_host_call);
    tcase_add_test(rows, ev_01_several_threads_fire_at_once);
    tcase_add_test(rows, lc_03_workflows_count_as_controller_then_communicator);
    tcase_add_test(rows, components_are_checked_copied_and_destroyed_once);
    tcase_add_test(rows, ev_02_properties_are_set_back_before_each_handler);
    tcase_add_test(rows, ev_02_properties_are_private_and_not_sticky);
    tcase_add_test(rows, ev_02_outer_values_come_back_after_a_nested_firing);
    tcase_add_test(rows, ev_03_all_named_and_callbacks);
    tcase_add_test(rows, ev_unheard_firing_leaves_the_context_untouched);
    tcase_add_test(rows, ev_04_depth_is_limited_and_restored);
    tcase_add_test(rows, ev_04_copies_are_as_deep);
    tcase_add_test(rows, ev_05_handlers_added_meanwhile_do_not_get_it);
    tcase_add_test(rows, ev_06_exceptions_are_kept_per_firing);
    tcase_add_test(rows, ev_06_nested_failures_belong_to_the_nested_firing);
    tcase_add_test(rows, ev_06_secure_mode_drops_details);
    tcase_add_test(rows, ev_06_detail_that_is_no_utf8);
    tcase_add_test(rows, cx_12_detail_is_cleared_before_and_taken_after);
    tcase_add_test(rows, ev_07_arguments_and_origin);
    tcase_add_test(rows, ev_07_origin_of_a_workflow);
    tcase_add_test(rows, ev_08_federation_events);
    tcase_add_test(rows, ev_09_panic_tells_components_then_the_owner);
    tcase_add_test(rows, ev_09_panic_reaches_the_owner_at_any_depth);
    tcase_add_test(rows, st_01_owner_hears_get_stats_last_and_its_failure_counts);
    tcase_add_test(rows, ev_10_warning_error_critical_fire);
    tcase_add_test(rows, ev_10_handlers_of_log_events_may_log_and_fail);
    tcase_add_test(rows, ev_11_prefix);
    tcase_add_test(rows, ev_11_hostile_and_long_text);
    tcase_add_test(rows, ev_11_below_the_level_nothing_is_made);
    tcase_add_test(rows, firing_contexts_are_in_use);
    tcase_add_test(memory, ev_09_panic_and_firing_survive_every_failed_allocation);
    suite_add_tcase(suite, rows);
    suite_add_tcase(suite, memory);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
