/*
 * Tests of handlers that fail and of panic: rows EV-06, EV-09, CX-12, ST-01 (the owner's part),
 * secure mode, firing without memory.
 */
#include "failalloc.h"
#include "recorder.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

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
    static recorder a = {.name = "a", .act = fail_with_detail}, b = {.name = "b", .status = FLR_E_NOMEM},
             c = {.name = "c"};
    const flr_value *list, *e;

    recorder_add_named(&a, NULL, "first component");
    recorder_add(&b);
    recorder_add(&c);
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
    static recorder a = {.name = "a", .act = fail_inside};

    recorder_add(&a);
    ck_assert_int_eq(flr_context_fire(context, "outer"), 0);
    ck_assert_ptr_null(flr__context_own(context, FLR__S_EXCEPTIONS));
}
END_TEST

START_TEST(ev_06_secure_mode_drops_details)
{
    static recorder a = {.name = "a", .act = fail_with_detail};
    const flr_value *e;
    char text[64];

    recorder_add(&a);
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
    static recorder a = {.name = "a", .act = detail_then_log}, b = {.name = "b", .status = FLR_E_IO};
    const flr_value *list;

    recorder_add(&a);
    recorder_add(&b);
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
    static recorder a = {.name = "a", .act = fail_with_bytes};
    const flr_value *e;

    recorder_add(&a);
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    e = flr_list_get(flr__context_own(context, FLR__S_EXCEPTIONS), 0);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(e, "detail"), "?"), "bad ?? text \xc3\xa4");
}
END_TEST

/* ---- EV-09 ---- */

START_TEST(ev_09_panic_tells_components_then_the_owner)
{
    static recorder a = {.name = "a"};

    recorder_add(&a);
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
    static recorder a = {.name = "a", .act = panic_deep};

    recorder_add(&a);
    ck_assert_int_eq(flr_context_fire(context, "deep"), 0);
    ck_assert_int_eq(a.status, 1);
    ck_assert_uint_eq(site->owner_calls, 1);
    ck_assert_str_eq(site->owner_data, "too deep");
}
END_TEST

START_TEST(st_01_owner_hears_get_stats_last_and_its_failure_counts)
{
    static recorder a = {.name = "a"};

    recorder_add(&a);
    site->owner_status = FLR_E_INVAL;
    ck_assert_int_eq(flr_context_fire(context, "info_collector.get_stats"), 0);
    ck_assert_uint_eq(a.calls, 1);
    ck_assert_uint_eq(site->owner_calls, 1);
    ck_assert_uint_eq(flr_value_get_size(flr__context_own(context, FLR__S_EXCEPTIONS)), 1);
    ck_assert_int_eq(flr_context_fire(context, "_start_run"), 0);
    ck_assert_uint_eq(site->owner_calls, 1);
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
            status =
                FLR_E_STATE; /* the library's own events reach everybody, with or without memory */
        }
        if (flr__context_own(c, FLR__S_EXCEPTIONS) == NULL &&
            flr__context_own(c, FLR__S_NOT_READY_TO_END_RUN) == NULL) {
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

int main(void)
{
    Suite *suite = suite_create("failure");
    TCase *rows = tcase_create("rows"), *memory = tcase_create("memory");

    if (failalloc_install() < 0) {
        return 1;
    }
    tcase_add_checked_fixture(rows, recorder_setup, recorder_teardown);
    tcase_add_test(rows, ev_06_exceptions_are_kept_per_firing);
    tcase_add_test(rows, ev_06_nested_failures_belong_to_the_nested_firing);
    tcase_add_test(rows, ev_06_secure_mode_drops_details);
    tcase_add_test(rows, cx_12_detail_is_cleared_before_and_taken_after);
    tcase_add_test(rows, ev_06_detail_that_is_no_utf8);
    tcase_add_test(rows, ev_09_panic_tells_components_then_the_owner);
    tcase_add_test(rows, ev_09_panic_reaches_the_owner_at_any_depth);
    tcase_add_test(rows, st_01_owner_hears_get_stats_last_and_its_failure_counts);
    tcase_add_test(memory, ev_09_panic_and_firing_survive_every_failed_allocation);
    suite_add_tcase(suite, rows);
    suite_add_tcase(suite, memory);
    return suite_run(suite);
}
