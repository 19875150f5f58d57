/* Tests of log lines and log events: rows EV-10 and EV-11. */
#include "failalloc.h"
#include "recorder.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

/* ---- EV-10, EV-11 ---- */

START_TEST(ev_10_warning_error_critical_fire)
{
    static const struct {
        int level;
        const char *event;
    } cases[] = {
        {FLR_LOG_DEBUG, NULL},
        {FLR_LOG_INFO, NULL},
        {FLR_LOG_WARNING, "_warning_log_available"},
        {FLR_LOG_ERROR, "_error_log_available"},
        {FLR_LOG_EXCEPTION, NULL},
        {FLR_LOG_CRITICAL, "_critical_log_available"},
    };
    static recorder a = {.name = "a"};

    recorder_add(&a);
    recorder_set_text(context, "__event_data__", "kept");
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
        recorder_text(context, "__event_data__", data, sizeof data);
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
    static recorder a = {.name = "a", .act = log_again}, b = {.name = "b", .act = log_again};

    recorder_add(&a);
    recorder_add(&b);
    recorder_set_text(context, "__exceptions__", "kept");
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
    recorder_set_text(context, "__task_name__", "train");
    recorder_set_text(context, "__task_id__", "t1");
    ck_assert_int_eq(flr_shareable_new_reply("TASK_ABORTED", NULL, &result), 0);
    flr__context_put_message(context, FLR__S_TASK_RESULT, result, 0);
    test_site_clear_lines(site);
    flr_context_log(context, FLR_LOG_INFO, "x");
    ck_assert_str_eq(site->lines[0].text,
                     "[identity=server, run=job-1, wf=wf, peer=site-1, peer_run=?, "
                     "peer_rc=TASK_ABORTED, task_name=train, task_id=t1]: x");
    ck_assert_int_eq(flr_context_remove(context, "__run_num__", 1), 0);
    ck_assert_int_eq(flr_context_remove(context, "__identity_name__", 1), 0);
    ck_assert_int_eq(flr_context_set_peer_props(context, NULL), 0);
    ck_assert_int_eq(flr_context_remove(context, "__task_result__", 1), 0);
    recorder_set_text(context, "__workflow__", "mine");
    test_site_clear_lines(site);
    flr_context_log(context, FLR_LOG_INFO, "x");
    ck_assert_str_eq(site->lines[0].text,
                     "[identity=, run=?, wf=mine, task_name=train, task_id=t1]: x");
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
    recorder_set_text(context, "__task_name__", name);
    recorder_set_text(context, "__task_id__", name);
    recorder_set_text(context, "__workflow__", name);
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

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *rows = tcase_create("rows");

    if (failalloc_install() < 0) {
        return 1;
    }
    tcase_add_checked_fixture(rows, recorder_setup, recorder_teardown);
    tcase_add_test(rows, ev_10_warning_error_critical_fire);
    tcase_add_test(rows, ev_10_handlers_of_log_events_may_log_and_fail);
    tcase_add_test(rows, ev_11_prefix);
    tcase_add_test(rows, ev_11_hostile_and_long_text);
    tcase_add_test(rows, ev_11_below_the_level_nothing_is_made);
    suite_add_tcase(suite, rows);
    return suite_run(suite);
}
