/*
 * Tests of events: rows EV-01 to EV-05, EV-07, EV-08, order of components (LC-03), contexts in
 * use, firing on several threads.
 */
#include "failalloc.h"
#include "recorder.h"
#include "support/suite.h"

#include <check.h>
#include <pthread.h>
#include <string.h>

/* ---- EV-01, LC-03 ---- */

START_TEST(ev_01_order_and_failures)
{
    static recorder a = {.name = "a", .status = FLR_E_IO}, b = {.name = "b", .status = 3},
             c = {.name = "c"};

    recorder_add(&a);
    recorder_add(&b);
    recorder_add(&c);
    test_site_clear_lines(site);
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert_str_eq(recorder_journal, "a b c ");
    ck_assert_uint_eq(test_site_count_lines(site, FLR_LOG_ERROR, "FLR_E_IO"), 1);
    ck_assert_uint_eq(test_site_count_lines(site, FLR_LOG_ERROR, "FLR_E_CALLBACK"), 1);
    /* a failure is logged without a log event: nobody heard one */
    ck_assert_uint_eq(a.calls, 1);
    ck_assert_uint_eq(test_site_count(site, offsetof(flr_stats, handler_failures)), 2);
    ck_assert_int_eq(flr_context_fire(context, "mine"), 0);
    ck_assert_str_eq(recorder_journal, "a b c a b c ");
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
    static recorder a = {.name = "a", .act = note_thread};

    recorder_add(&a);
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert(pthread_equal(fired_on, pthread_self()));
    ck_assert_ptr_null(flr__host_innermost());
    ck_assert_ptr_null(flr_context_find_component(context, "b"));
}
END_TEST

START_TEST(lc_03_workflows_count_as_controller_then_communicator)
{
    static recorder a = {.name = "a"}, w1 = {.name = "w1"}, w2 = {.name = "w2"};
    flr_component_ops ops;
    flr__component *c;

    recorder_add(&a);
    flr_component_ops_init(&ops, sizeof ops);
    ops.handle_event = recorder_hear;
    ck_assert_int_eq(flr__component_new("wf", FLR__CONTROLLER, &ops, &w1, &c), 0);
    ck_assert_int_eq(flr__components_add(&site->site.components, c), 0);
    ck_assert_int_eq(flr__component_new("wf", FLR__COMMUNICATOR, &ops, &w2, &c), 0);
    ck_assert_int_eq(flr__components_add(&site->site.components, c), 0);
    ck_assert_int_eq(flr__bus_rebuild(&site->site), 0);
    ck_assert_int_eq(flr_context_fire(context, "_fatal_system_error"), 0);
    ck_assert_str_eq(recorder_journal, "a w1 w2 ");
    ck_assert_uint_eq(site->owner_calls, 1);
    ck_assert_ptr_eq(flr__components_find(&site->site.components, "wf", FLR__COMMUNICATOR)->self,
                     &w2);
    ck_assert_ptr_eq(flr_context_find_component(context, "wf"), &w1);
}
END_TEST

START_TEST(components_are_checked_copied_and_destroyed_once)
{
    char name[] = "shown", event[] = "one";
    const char *events[] = {event, NULL};
    const char *const empty[] = {"", NULL};
    static recorder r = {.name = "r"};
    flr_component_ops ops;
    flr__component *c;

    flr_component_ops_init(&ops, sizeof ops);
    ops.handle_event = recorder_hear;
    ops.destroy = recorder_destroy;
    ck_assert_int_eq(flr__component_new("", FLR__COMPONENT, &ops, &r, &c), FLR_E_INVAL);
    ops.events = empty;
    ck_assert_int_eq(flr__component_new("x", FLR__COMPONENT, &ops, &r, &c), FLR_E_INVAL);
    ops.events = events;
    ops.flags = 1;
    ck_assert_int_eq(flr__component_new("x", FLR__COMPONENT, &ops, &r, &c), FLR_E_INVAL);
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
    recorder_set_text(c, "__event_data__", "scribbled");
    recorder_set_text(c, "__event_id__", "scribbled");
    ck_assert_int_eq(flr_context_remove(c, "__event_origin__", 1), 0);
    recorder_set_text(c, "__event_scope__", "scribbled");
    return 0;
}

START_TEST(ev_02_properties_are_set_back_before_each_handler)
{
    static recorder a = {.name = "a", .act = scribble}, b = {.name = "b"};
    char first[40];

    recorder_add(&a);
    recorder_add(&b);
    recorder_set_text(context, "__event_data__", "mine");
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert_uint_eq(strlen(a.id), 32);
    ck_assert_str_eq(a.id, b.id);
    ck_assert_str_eq(b.data, "mine");
    ck_assert_str_eq(a.origin, b.origin);
    ck_assert_str_eq(b.origin, "ClientRunner"); /* there is no server runner here */
    ck_assert_str_eq(b.scope, "local");
    /* the context is as before */
    recorder_text(context, "__event_data__", a.data, sizeof a.data);
    ck_assert_str_eq(a.data, "mine");
    recorder_text(context, "__event_id__", a.data, sizeof a.data);
    ck_assert_str_eq(a.data, "-");
    strcpy(first, b.id);
    ck_assert_int_eq(flr_context_fire(context, "_end_run"), 0);
    ck_assert_str_ne(first, b.id);
}
END_TEST

static int check_private(recorder *r, const char *event, flr_context *c)
{
    static const char *const keys[] = {"__event_id__", "__event_data__", "__event_origin__",
                                       "__event_scope__"};

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
    static recorder a = {.name = "a", .act = check_private};
    flr_value *v;

    recorder_add(&a);
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
        recorder_set_text(c, "__event_data__", "inner data");
        ck_assert_int_eq(flr_context_fire(c, "inner"), 0);
        ck_assert_str_eq(r->data, "inner data");
        ck_assert_str_eq(r->origin, "a"); /* it fired it itself */
        ck_assert_int_eq(r->depth, 2);
        ck_assert_int_eq(recorder_number(c, "###event_depth"), 1);
        recorder_text(c, "__event_origin__", data, sizeof data);
        ck_assert_str_eq(data, "ClientRunner");
    }
    return 0;
}

START_TEST(ev_02_outer_values_come_back_after_a_nested_firing)
{
    static recorder a = {.name = "a", .act = fire_inner}, b = {.name = "b"};

    recorder_add(&a);
    recorder_add(&b);
    recorder_set_text(context, "__event_data__", "outer data");
    ck_assert_int_eq(flr_context_fire(context, "outer"), 0);
    ck_assert_str_eq(recorder_journal, "a a b b ");
    ck_assert_str_eq(b.event, "outer");
    ck_assert_str_eq(b.data, "outer data");
    ck_assert_str_eq(b.origin, "ClientRunner");
    ck_assert_int_eq(b.depth, 1);
    ck_assert_int_eq(recorder_number(context, "###event_depth"), -1);
}
END_TEST

/* ---- EV-03 ---- */

START_TEST(ev_03_all_named_and_callbacks)
{
    static const char *const two[] = {"_start_run", "mine", NULL};
    static const char *const none[] = {NULL};
    static recorder all = {.name = "all"}, some = {.name = "some"}, deaf = {.name = "deaf"},
             cb = {.name = "cb"};
    flr__component *c;

    recorder_add(&all);
    recorder_add_named(&some, two, NULL);
    recorder_add_named(&deaf, none, NULL);
    c = flr__components_find(&site->site.components, "all", 0);
    ck_assert_int_eq(flr__component_add_callback(c, "mine", recorder_hear, &cb), 0);
    ck_assert_int_eq(flr__component_add_callback(c, "mine", recorder_hear, &cb), 0);
    ck_assert_int_eq(flr__component_add_callback(c, "_end_run", recorder_hear, &cb), 0);
    ck_assert_int_eq(flr__component_add_callback(c, "", recorder_hear, &cb), FLR_E_INVAL);
    ck_assert_int_eq(flr__component_add_callback(c, "mine", NULL, &cb), FLR_E_INVAL);
    ck_assert_int_eq(flr__bus_rebuild(&site->site), 0);
    flr_context_fire(context, "_start_run");
    ck_assert_str_eq(recorder_journal, "all some ");
    recorder_journal[0] = '\0';
    flr_context_fire(context, "mine");
    ck_assert_str_eq(recorder_journal, "cb some ");
    recorder_journal[0] = '\0';
    flr_context_fire(context, "_end_run");
    flr_context_fire(context, "other");
    ck_assert_str_eq(recorder_journal, "cb all ");
    ck_assert_int_eq(flr__component_add_callback(c, "mine", recorder_hear, &deaf), 0);
    ck_assert_int_eq(flr__bus_rebuild(&site->site), 0);
    recorder_journal[0] = '\0';
    flr_context_fire(context, "mine");
    ck_assert_str_eq(recorder_journal, "cb deaf some ");
}
END_TEST

START_TEST(ev_unheard_firing_leaves_the_context_untouched)
{
    static const char *const one[] = {"_end_run", NULL};
    static recorder a = {.name = "a", .status = FLR_E_IO};
    uint64_t used;
    flr__rng ids;

    recorder_add_named(&a, one, NULL);
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
    static recorder a = {.name = "a", .act = fire_again};

    recorder_add(&a);
    ck_assert_int_eq(flr_context_fire(context, "deep"), 0);
    ck_assert_uint_eq(a.calls, 21);
    ck_assert_int_eq(a.status, FLR_E_LIMIT);
    ck_assert_int_eq(a.depth, 21);
    ck_assert_int_eq(recorder_number(context, "###event_depth"), -1);
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
    static recorder a = {.name = "a", .act = fire_in_copy};

    recorder_add(&a);
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
        recorder_add(&late);
    }
    return 0;
}

START_TEST(ev_05_handlers_added_meanwhile_do_not_get_it)
{
    static recorder a = {.name = "a", .act = add_late}, b = {.name = "b"};

    memset(&late, 0, sizeof late);
    late.name = "late";
    recorder_add(&a);
    recorder_add(&b);
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert_str_eq(recorder_journal, "a b ");
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert_str_eq(recorder_journal, "a b a b late ");
}
END_TEST

/* ---- EV-07, EV-08 ---- */

START_TEST(ev_07_arguments_and_origin)
{
    static recorder a = {.name = "a"};
    flr_value *props;
    char longest[300];
    flr__host_frame frame;

    recorder_add_named(&a, NULL, "shown");
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
    recorder_set_text(context, "__task_name__", "t");
    flr__host_enter(&frame, FLR__HOST_EVENT, &site->site,
                    flr__components_find(&site->site.components, "a", 0));
    ck_assert_int_eq(flr_context_fire(context, "x"), 0);
    flr__host_leave(&frame);
    ck_assert_str_eq(a.origin, "shown");
    ck_assert_str_eq(a.scope, "local");
}
END_TEST

START_TEST(ev_07_origin_of_a_workflow)
{
    static recorder a = {.name = "a"};
    flr__host_frame frame;
    flr__component *c;
    flr_value *v;

    recorder_add(&a);
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
    static recorder a = {.name = "a"};
    flr_shareable *m, *frozen;
    flr_value *targets, *wrong;

    recorder_add(&a);
    recorder_set_text(context, "__event_data__", "before");
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
    recorder_text(context, "__event_data__", a.data, sizeof a.data);
    ck_assert_str_eq(a.data, "before");
    ck_assert_int_eq(flr_shareable_new(&frozen), 0);
    flr_shareable_freeze(frozen);
    ck_assert_int_eq(flr_context_fire_federation(context, "news", frozen, NULL), FLR_E_STATE);
    flr_shareable_unref(frozen);
    flr_value_unref(targets);
    flr_shareable_unref(m);
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
    static recorder a = {.name = "a", .act = reset_inside};

    recorder_add(&a);
    ck_assert_int_eq(flr_context_fire(context, "x"), 0);
    ck_assert_int_eq(a.status, FLR_E_STATE);
    ck_assert_int_eq(flr_context_reset(context), 0);
}
END_TEST

/* ---- threads ---- */

static atomic_int heard_by_all;

static int count_calls(void *self, const char *event, flr_context *c)
{
    (void)self;
    (void)event;
    atomic_fetch_add(&heard_by_all, 1);
    return recorder_number(c, "shared") < -1 ? FLR_E_STATE : 0;
}

static void *fire_many(void *self)
{
    flr_context *c = self;
    intptr_t failures = 0;

    for (int i = 0; i < 200; i++) {
        flr_value *v = NULL, *all = NULL;

        failures +=
            flr_value_new_int(i, &v) < 0 ||
            flr_context_set_prop(c, "shared", v, FLR_PROP_FLAG_STICKY | FLR_PROP_FLAG_PUBLIC) < 0;
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
    TCase *rows = tcase_create("rows");

    if (failalloc_install() < 0) {
        return 1;
    }
    tcase_add_checked_fixture(rows, recorder_setup, recorder_teardown);
    tcase_add_test(rows, ev_01_order_and_failures);
    tcase_add_test(rows, ev_01_on_the_firing_thread_as_a_host_call);
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
    tcase_add_test(rows, ev_07_arguments_and_origin);
    tcase_add_test(rows, ev_07_origin_of_a_workflow);
    tcase_add_test(rows, ev_08_federation_events);
    tcase_add_test(rows, firing_contexts_are_in_use);
    tcase_add_test(rows, ev_01_several_threads_fire_at_once);
    suite_add_tcase(suite, rows);
    return suite_run(suite);
}
