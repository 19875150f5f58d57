/* Tests of group statistics and the info collector: rows ST-03, ST-06. */
#include "support/failalloc.h"
#include "support/site.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static flr_value *pair(const char *key, int64_t number, const char *other, int64_t more)
{
    flr_value *map;

    ck_assert_int_eq(flr_value_new_map(&map), 0);
    ck_assert_int_eq(flr_map_set_int(&map, key, number), 0);
    ck_assert_int_eq(flr_map_set_int(&map, other, more), 0);
    return map;
}

static int64_t number(const flr_value *groups, const char *group, const char *key)
{
    return flr_value_get_int(flr_map_get(flr_map_get(groups, group), key), -1);
}

START_TEST(st_03_set_replaces_add_merges)
{
    flr_collector *c;
    flr_value *a = pair("x", 1, "y", 2), *b = pair("y", 3, "z", 4);

    ck_assert_int_eq(flr_collector_new(&c), 0);
    ck_assert_uint_eq(flr_value_get_size(flr_collector_get(c)), 0);
    ck_assert_int_eq(flr_collector_add(c, "one", a), 0);
    ck_assert_int_eq(flr_collector_add(c, "one", b), 0);
    ck_assert_int_eq(number(flr_collector_get(c), "one", "x"), 1);
    ck_assert_int_eq(number(flr_collector_get(c), "one", "y"), 3);
    ck_assert_int_eq(number(flr_collector_get(c), "one", "z"), 4);
    ck_assert_int_eq(flr_collector_set(c, "two", a), 0);
    ck_assert_int_eq(flr_collector_set(c, "one", b), 0);
    ck_assert_int_eq(number(flr_collector_get(c), "one", "x"), -1);
    ck_assert_int_eq(number(flr_collector_get(c), "one", "y"), 3);
    ck_assert_int_eq(number(flr_collector_get(c), "two", "y"), 2);
    ck_assert_int_eq(flr_value_get_int(flr_map_get(a, "y"), -1),
                     2); /* what was given is not changed */
    flr_value_unref(a);
    flr_value_unref(b);
    flr_collector_unref(flr_collector_ref(c));
    flr_collector_unref(c);
}
END_TEST

START_TEST(st_03_arguments)
{
    char longest[FLR_NAME_MAX + 2];
    flr_collector *c;
    flr_value *map = pair("x", 1, "y", 2), *list;

    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    ck_assert_int_eq(flr_collector_new(NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_collector_new(&c), 0);
    ck_assert_int_eq(flr_value_new_list(&list), 0);
    ck_assert_int_eq(flr_collector_set(NULL, "g", map), FLR_E_INVAL);
    ck_assert_int_eq(flr_collector_set(c, NULL, map), FLR_E_INVAL);
    ck_assert_int_eq(flr_collector_set(c, "", map), FLR_E_INVAL);
    ck_assert_int_eq(flr_collector_set(c, longest, map), FLR_E_LIMIT);
    ck_assert_int_eq(flr_collector_set(c, "g", NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_collector_set(c, "g", list), FLR_E_INVAL);
    ck_assert_int_eq(flr_collector_add(c, "g", list), FLR_E_INVAL);
    ck_assert_int_eq(flr_collector_add(c, longest, map), FLR_E_LIMIT);
    ck_assert_uint_eq(flr_value_get_size(flr_collector_get(c)), 0);
    ck_assert_ptr_null(flr_collector_get(NULL));
    ck_assert_ptr_null(flr_collector_ref(NULL));
    ck_assert_ptr_null(flr_collector_from_context(NULL));
    flr_collector_unref(NULL);
    flr_value_unref(list);
    flr_value_unref(map);
    flr_collector_unref(c);
}
END_TEST

static int collect(void *self)
{
    flr_value *stats = self;
    flr_collector *c = NULL;
    int status = flr_collector_new(&c);

    if (status == 0)
        status = flr_collector_add(c, "group", stats);
    if (status == 0)
        status = flr_collector_add(c, "group", stats);
    if (status == 0)
        status = flr_collector_set(c, "other", stats);
    flr_collector_unref(c);
    return status;
}

START_TEST(st_03_without_memory)
{
    flr_value *stats;
    const char *wrong;

    ck_assert_int_eq(failalloc_install(), 0);
    stats = pair("x", 1, "y", 2);
    wrong = failalloc_sweep(collect, stats, NULL);
    ck_assert_msg(wrong == NULL, "%s", wrong == NULL ? "" : wrong);
    flr_value_unref(stats);
    ck_assert_int_eq(failalloc_uninstall(), 0);
}
END_TEST

/* ---- the info collector ---- */

/* Contributes a group when it is asked. */
static int contribute(void *self, const char *event, flr_context *context)
{
    flr_collector *c = flr_collector_from_context(context);
    flr_value *stats = pair("rounds", 7, "clients", 3);
    int status = c == NULL ? FLR_E_INVAL : flr_collector_add(c, self, stats);

    (void)event;
    flr_value_unref(stats);
    return status;
}

typedef struct fixture {
    test_site *t;
    flr_context *context;
    flr_info_collector *info;
} fixture;

static fixture begin(void)
{
    static const char *const events[] = {FLR_EVENT_GET_STATS, NULL};
    fixture f = {test_site_new(NULL, NULL, "job", "server"), NULL, NULL};
    flr_component_ops ops;

    ck_assert_ptr_nonnull(f.t);
    ck_assert_int_eq(flr_info_collector_new(&f.info), 0);
    ck_assert_int_eq(test_site_add(f.t, "info", flr_info_collector_get_ops(), f.info), 0);
    flr_component_ops_init(&ops, sizeof ops);
    ops.handle_event = contribute;
    ops.events = events;
    ck_assert_int_eq(test_site_add(f.t, "trainer", &ops, "Trainer"), 0);
    f.context = test_site_context(f.t);
    ck_assert_ptr_nonnull(f.context);
    return f;
}

static void end(fixture *f)
{
    flr_context_free(f->context);
    ck_assert_int_eq(test_site_free(f->t), 0); /* destroys the collector */
}

static const char *kept(fixture *f, const char *kind, const char *origin, int64_t *time)
{
    static char text[256];
    flr_value *info;
    const flr_value *entry;

    ck_assert_int_eq(flr_info_collector_get(f->info, &info), 0);
    entry = flr_map_get(flr_map_get(info, kind), origin);
    snprintf(text, sizeof text, "%s", flr_value_get_text(flr_map_get(entry, "text"), "(none)"));
    if (time != NULL)
        *time = flr_value_get_int(flr_map_get(entry, "time"), -1);
    flr_value_unref(info);
    return text;
}

static size_t info_size(fixture *f)
{
    flr_value *info;
    size_t size;

    ck_assert_int_eq(flr_info_collector_get(f->info, &info), 0);
    ck_assert_int_eq(flr_value_get_kind(info), FLR_VALUE_MAP);
    size = flr_value_get_size(info);
    flr_value_unref(info);
    return size;
}

/* A log event as a component of this name would fire it; NULL: nobody. */
static void hear(fixture *f, const char *event, const char *origin, const char *text)
{
    flr_value *value = NULL;

    ck_assert_int_eq(flr_value_new_text(text, &value), 0);
    flr__context_put(f->context, FLR__S_EVENT_DATA, value, 0);
    flr__context_drop(f->context, FLR__S_EVENT_ORIGIN);
    if (origin != NULL) {
        ck_assert_int_eq(flr_value_new_text(origin, &value), 0);
        flr__context_put(f->context, FLR__S_EVENT_ORIGIN, value, 0);
    }
    ck_assert_int_eq(flr_info_collector_get_ops()->handle_event(f->info, event, f->context), 0);
}

START_TEST(st_06_empty_before_and_after_the_run)
{
    fixture f = begin();

    ck_assert_uint_eq(info_size(&f), 0);
    hear(&f, FLR_EVENT_ERROR_LOG, "trainer", "too early");
    ck_assert_uint_eq(info_size(&f), 0);
    ck_assert_int_eq(flr_context_fire(f.context, FLR_EVENT_START_RUN), 0);
    ck_assert_uint_eq(info_size(&f), 4);
    ck_assert_str_eq(kept(&f, "error", "trainer", NULL), "(none)");
    hear(&f, FLR_EVENT_ERROR_LOG, "trainer", "now");
    ck_assert_str_eq(kept(&f, "error", "trainer", NULL), "now");
    ck_assert_int_eq(flr_context_fire(f.context, FLR_EVENT_START_RUN), 0); /* resets */
    ck_assert_str_eq(kept(&f, "error", "trainer", NULL), "(none)");
    hear(&f, FLR_EVENT_ERROR_LOG, "trainer", "again");
    ck_assert_int_eq(flr_context_fire(f.context, FLR_EVENT_END_RUN), 0);
    ck_assert_uint_eq(info_size(&f), 0);
    hear(&f, FLR_EVENT_ERROR_LOG, "trainer", "too late");
    ck_assert_uint_eq(info_size(&f), 0);
    end(&f);
}
END_TEST

START_TEST(st_06_last_text_per_kind_and_origin_with_its_time)
{
    fixture f = begin();
    int64_t time;

    ck_assert_int_eq(flr_context_fire(f.context, FLR_EVENT_START_RUN), 0);
    hear(&f, FLR_EVENT_ERROR_LOG, "trainer", "first");
    ck_assert_int_eq(flr_clock_advance(f.t->clock, 1.0), 0);
    hear(&f, FLR_EVENT_ERROR_LOG, "trainer", "second");
    hear(&f, FLR_EVENT_ERROR_LOG, "other", "elsewhere");
    hear(&f, FLR_EVENT_WARNING_LOG, "trainer", "careful");
    hear(&f, FLR_EVENT_CRITICAL_LOG, NULL, "fire");
    hear(&f, FLR_EVENT_EXCEPTION_LOG, "", "odd");
    hear(&f, FLR_EVENT_INFO_LOG, "trainer", "by the way");
    ck_assert_str_eq(kept(&f, "error", "trainer", &time), "second");
    ck_assert_int_eq(time, TEST_SITE_CALENDAR + INT64_C(1000000000));
    ck_assert_str_eq(kept(&f, "error", "other", NULL), "elsewhere");
    ck_assert_str_eq(kept(&f, "warning", "trainer", NULL), "careful");
    ck_assert_str_eq(kept(&f, "critical", "general", NULL), "fire");
    ck_assert_str_eq(kept(&f, "exception", "general", NULL), "odd");
    ck_assert_uint_eq(info_size(&f), 4);
    end(&f);
}
END_TEST

START_TEST(st_06_hears_what_is_logged)
{
    fixture f = begin();
    flr_value *info;
    const flr_value *entry;

    ck_assert_int_eq(flr_context_fire(f.context, FLR_EVENT_START_RUN), 0);
    flr_context_log(f.context, FLR_LOG_ERROR, "no %s left", "tasks");
    flr_context_log(f.context, FLR_LOG_INFO, "all is well");
    ck_assert_int_eq(flr_info_collector_get(f.info, &info), 0);
    ck_assert_uint_eq(flr_value_get_size(flr_map_get(info, "error")), 1);
    entry = flr_map_get_at(flr_map_get(info, "error"), 0);
    ck_assert_ptr_nonnull(
        strstr(flr_value_get_text(flr_map_get(entry, "text"), ""), "no tasks left"));
    ck_assert_uint_eq(flr_value_get_size(flr_map_get(info, "warning")), 0);
    flr_value_unref(info);
    end(&f);
}
END_TEST

START_TEST(st_06_asks_for_group_statistics)
{
    fixture f = begin();
    flr_value *groups;

    ck_assert_int_eq(flr_info_collector_get_stats(f.info, &groups), 0);
    ck_assert_uint_eq(flr_value_get_size(groups), 0);
    flr_value_unref(groups);
    ck_assert_int_eq(flr_context_fire(f.context, FLR_EVENT_START_RUN), 0);
    ck_assert_int_eq(flr_info_collector_get_stats(f.info, &groups), 0);
    ck_assert_int_eq(number(groups, "Trainer", "rounds"), 7);
    ck_assert_int_eq(number(groups, "Trainer", "clients"), 3);
    flr_value_unref(groups);
    ck_assert_int_eq(flr_context_fire(f.context, FLR_EVENT_END_RUN), 0);
    ck_assert_int_eq(flr_info_collector_get_stats(f.info, &groups), 0);
    ck_assert_uint_eq(flr_value_get_size(groups), 0);
    flr_value_unref(groups);
    ck_assert_int_eq(flr_info_collector_get_stats(NULL, &groups), FLR_E_INVAL);
    ck_assert_int_eq(flr_info_collector_get_stats(f.info, NULL), FLR_E_INVAL);
    end(&f);
}
END_TEST

START_TEST(st_06_arguments)
{
    flr_info_collector *info;
    flr_value *value;

    ck_assert_int_eq(flr_info_collector_new(NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_info_collector_new(&info), 0);
    ck_assert_int_eq(flr_info_collector_get(NULL, &value), FLR_E_INVAL);
    ck_assert_int_eq(flr_info_collector_get(info, NULL), FLR_E_INVAL);
    flr_info_collector_free(info);
    flr_info_collector_free(NULL);
}
END_TEST

/* One log event, the texts, the statistics. */
static int inform(void *self)
{
    fixture *f = self;
    flr_value *value = NULL;
    int status = flr_value_new_text("text", &value);

    if (status < 0)
        return status;
    flr__context_put(f->context, FLR__S_EVENT_DATA, value, 0);
    status = flr_info_collector_get_ops()->handle_event(f->info, FLR_EVENT_START_RUN, f->context);
    if (status == 0)
        status =
            flr_info_collector_get_ops()->handle_event(f->info, FLR_EVENT_ERROR_LOG, f->context);
    if (status == 0)
        status = flr_info_collector_get(f->info, &value);
    if (status == 0) {
        flr_value_unref(value);
        status = flr_info_collector_get_ops()->handle_event(f->info, FLR_EVENT_END_RUN, f->context);
    } else {
        flr_info_collector_get_ops()->handle_event(f->info, FLR_EVENT_END_RUN, f->context);
    }
    flr__context_drop(f->context, FLR__S_EVENT_DATA);
    return status;
}

START_TEST(st_06_without_memory)
{
    const char *wrong;
    fixture f;

    ck_assert_int_eq(failalloc_install(), 0);
    f = begin();
    wrong = failalloc_sweep(inform, &f, NULL);
    ck_assert_msg(wrong == NULL, "%s", wrong == NULL ? "" : wrong);
    end(&f);
    ck_assert_int_eq(failalloc_uninstall(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats");
    TCase *tc = tcase_create("all");

    tcase_add_test(tc, st_03_set_replaces_add_merges);
    tcase_add_test(tc, st_03_arguments);
    tcase_add_test(tc, st_03_without_memory);
    tcase_add_test(tc, st_06_empty_before_and_after_the_run);
    tcase_add_test(tc, st_06_last_text_per_kind_and_origin_with_its_time);
    tcase_add_test(tc, st_06_hears_what_is_logged);
    tcase_add_test(tc, st_06_asks_for_group_statistics);
    tcase_add_test(tc, st_06_arguments);
    tcase_add_test(tc, st_06_without_memory);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
