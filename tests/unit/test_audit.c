/* Tests of audit lines: rows ST-07 and ST-08. */
#include "site.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct {
    size_t calls;
    int status;
    char line[4096], id[64], reference[64], scope[64], job[64], task_name[64], task_id[64],
        message[64];
    int64_t time;
} seen;

static void keep(char *to, size_t size, const char *text)
{
    ck_assert_uint_lt(strlen(text), size);
    strcpy(to, text);
}

static int audit(void *self, const flr_audit_record *record)
{
    ck_assert_ptr_eq(self, &seen);
    ck_assert(flr__host_inside(FLR__HOST_ENGINE, NULL, &seen));
    seen.calls++;
    keep(seen.line, sizeof seen.line, flr_audit_record_get_line(record));
    keep(seen.id, sizeof seen.id, flr_audit_record_get_id(record));
    keep(seen.reference, sizeof seen.reference, flr_audit_record_get_reference(record));
    keep(seen.scope, sizeof seen.scope, flr_audit_record_get_scope(record));
    keep(seen.job, sizeof seen.job, flr_audit_record_get_job(record));
    keep(seen.task_name, sizeof seen.task_name, flr_audit_record_get_task_name(record));
    keep(seen.task_id, sizeof seen.task_id, flr_audit_record_get_task_id(record));
    keep(seen.message, sizeof seen.message, flr_audit_record_get_message(record));
    seen.time = flr_audit_record_get_time(record);
    return seen.status;
}

static test_site *site;
static flr_context *context;
static char id[33];

static void setup(void)
{
    flr_engine_ops ops;

    memset(&seen, 0, sizeof seen);
    flr_engine_ops_init(&ops, sizeof ops);
    ops.audit = audit;
    site = test_site_new(&ops, &seen, "job-1", "server");
    context = test_site_context(site);
}

static void teardown(void)
{
    flr_context_free(context);
    ck_assert_int_eq(test_site_free(site), 0);
}

static void set(const char *key, const char *text)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_text(text, &v), 0);
    ck_assert_int_eq(flr_context_set_prop(context, key, v, 0), 0);
}

START_TEST(st_07_full_line)
{
    char expected[256];

    set("__effective_job_scope_name__", "private");
    set("__task_name__", "train");
    set("__task_id__", "t1");
    ck_assert_int_eq(flr_context_audit(context, "abc", "received result", id), 0);
    strcpy(expected, "[E:");
    strcat(expected, id);
    strcat(
        expected,
        "][R:abc][T:2026-11-23T08:15:00.123456Z][S:private][J:job-1][A:train#t1]received result");
    ck_assert_str_eq(seen.line, expected);
}
END_TEST

START_TEST(st_07_unknown_parts)
{
    const char *rest = "][T:2026-11-23T08:15:00.123456Z][S:?][J:job-1][A:?#?]hello";

    ck_assert_int_eq(flr_context_audit(context, NULL, "hello", id), 0);
    ck_assert_str_eq(seen.line + 3 + 32, rest);
    ck_assert_int_eq(flr_context_audit(context, "", "hello", id), 0);
    ck_assert_str_eq(seen.line + 3 + 32, rest);
    ck_assert_str_eq(seen.reference, "");
    set("__task_name__", "train");
    ck_assert_int_eq(flr_context_audit(context, "", "hello", id), 0);
    ck_assert_ptr_nonnull(strstr(seen.line, "[A:train#?]"));
}
END_TEST

START_TEST(st_07_hostile_parts_forge_nothing)
{
    set("__task_name__", "x]\n[S:root");
    ck_assert_int_eq(flr_context_audit(context, "r][J:other", "two\nlines", id), 0);
    ck_assert_ptr_null(strchr(seen.line, '\n'));
    ck_assert_ptr_null(strstr(seen.line, "[S:root"));
    ck_assert_ptr_null(strstr(seen.line, "[J:other"));
    ck_assert_ptr_nonnull(strstr(seen.line, "]two lines"));
}
END_TEST

START_TEST(st_08_parts_and_seeded_id)
{
    char first[33];

    set("__task_name__", "train");
    ck_assert_int_eq(flr_context_audit(context, "ref", "text", id), 0);
    ck_assert_uint_eq(strlen(id), 32);
    ck_assert_uint_eq(strspn(id, "0123456789abcdef"), 32);
    ck_assert_str_eq(seen.id, id);
    ck_assert_str_eq(seen.reference, "ref");
    ck_assert_str_eq(seen.job, "job-1");
    ck_assert_str_eq(seen.task_name, "train");
    ck_assert_str_eq(seen.message, "text");
    ck_assert_int_eq(seen.time, TEST_SITE_CALENDAR);
    strcpy(first, id);
    ck_assert_int_eq(flr_context_audit(context, "ref", "text", id), 0);
    ck_assert_str_ne(first, id);
    flr__rng_seed(&site->site.ids, 1, "ids");
    ck_assert_int_eq(flr_context_audit(context, "ref", "text", id), 0);
    ck_assert_str_eq(first, id);
}
END_TEST

START_TEST(st_08_without_audit_or_failing)
{
    strcpy(id, "x");
    seen.status = FLR_E_IO;
    ck_assert_int_eq(flr_context_audit(context, NULL, "text", id), 0);
    ck_assert_uint_eq(seen.calls, 1);
    ck_assert_str_eq(id, "");
    ck_assert_uint_eq(test_site_count(site, offsetof(flr_stats, engine_failures)), 1);
    seen.status = 1;
    strcpy(id, "x");
    ck_assert_int_eq(flr_context_audit(context, NULL, "text", id), 0);
    ck_assert_str_eq(id, "");
    site->site.engine.audit = NULL;
    strcpy(id, "x");
    ck_assert_int_eq(flr_context_audit(context, NULL, "text", id), 0);
    ck_assert_str_eq(id, "");
    ck_assert_uint_eq(seen.calls, 2);
}
END_TEST

START_TEST(st_08_arguments)
{
    ck_assert_int_eq(flr_context_audit(NULL, NULL, "text", id), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_audit(context, NULL, NULL, id), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_audit(context, NULL, "", id), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_audit(context, NULL, "text", NULL), FLR_E_INVAL);
    ck_assert_uint_eq(seen.calls, 0);
    ck_assert_str_eq(flr_audit_record_get_line(NULL), "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("audit");
    TCase *rows = tcase_create("rows");

    tcase_add_checked_fixture(rows, setup, teardown);
    tcase_add_test(rows, st_07_full_line);
    tcase_add_test(rows, st_07_unknown_parts);
    tcase_add_test(rows, st_07_hostile_parts_forge_nothing);
    tcase_add_test(rows, st_08_parts_and_seeded_id);
    tcase_add_test(rows, st_08_without_audit_or_failing);
    tcase_add_test(rows, st_08_arguments);
    suite_add_tcase(suite, rows);
    return suite_run(suite);
}
