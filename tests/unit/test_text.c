/* Tests of growing text, UTF-8, patterns and times, and of what crosses the boundary: structs, names, durations. */
#include "support/failalloc.h"
#include "support/suite.h"
#include "base/abi.h"
#include "base/text.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* ---- text ---- */

START_TEST(text_grows)
{
    flr__text t = FLR__TEXT_INIT;

    flr__text_clear(&t);
    flr__text_add(&t, "");
    ck_assert_str_eq(t.data, "");
    flr__text_addf(&t, "%d %s", 12, "ab");
    flr__text_add_sized(&t, "cdef", 2);
    ck_assert_str_eq(t.data, "12 abcd");
    ck_assert_uint_eq(t.size, 7);
    for (int i = 0; i < 1000; i++)
        flr__text_add(&t, "0123456789");
    ck_assert_uint_eq(t.size, 10007);
    ck_assert_uint_eq(strlen(t.data), 10007);
    ck_assert_int_eq(t.status, 0);
    const char *data = t.data;
    flr__text_clear(&t);
    ck_assert_str_eq(t.data, "");
    flr__text_addf(&t, "%05d", 7);
    ck_assert_ptr_eq(t.data, data);
    ck_assert_str_eq(t.data, "00007");
    flr__text_free(&t);
    ck_assert_ptr_null(t.data);
}
END_TEST

START_TEST(text_remembers_a_failure)
{
    flr__text t = FLR__TEXT_INIT;

    flr__text_add(&t, "kept");
    failalloc_fail_at(1);
    flr__text_addf(&t, "%200d", 1);
    ck_assert_int_eq(t.status, FLR_E_NOMEM);
    failalloc_reset();
    flr__text_add(&t, "lost");
    flr__text_addf(&t, "%d", 1);
    flr__text_add_json(&t, "lost");
    ck_assert_str_eq(t.data, "kept");
    flr__text_clear(&t);
    ck_assert_int_eq(t.status, 0);
    flr__text_add(&t, "fresh");
    ck_assert_str_eq(t.data, "fresh");
    flr__text_addf(&t, "%lc", (wint_t)0x7fffffff); /* what libc cannot print is not lost silently */
    ck_assert_int_eq(t.status, FLR_E_NOMEM);
    ck_assert_str_eq(t.data, "fresh");
    flr__text_free(&t);
}
END_TEST

START_TEST(text_as_json)
{
    flr__text t = FLR__TEXT_INIT;

    flr__text_add_json(&t, "a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9");
    ck_assert_str_eq(t.data, "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\"");
    flr__text_clear(&t);
    flr__text_add_json(&t, "");
    ck_assert_str_eq(t.data, "\"\"");
    flr__text_free(&t);
}
END_TEST

START_TEST(utf8)
{
    static const char *const good[] = {
        "",
        "abc\x7f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "x\xc3\xa9y\xe2\x82\xacz",
    };
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2\x41",
        "\xc2\xc2",
        "\xe0\x9f\xbf",
        "\xe0\xa0",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf0\x90\x80",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xfe",
        "\xff",
        "ab\xe2\x82",
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(flr__utf8_is_valid(good[i], strlen(good[i])), "good %zu", i);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t size = strlen(bad[i]);
        char *exact = malloc(size); /* a sanitizer sees a look beyond the end */

        memcpy(exact, bad[i], size);
        ck_assert_msg(!flr__utf8_is_valid(exact, size), "bad %zu", i);
        free(exact);
    }
    ck_assert(!flr__utf8_is_valid("a\0b", 3));
}
END_TEST

START_TEST(glob)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"", "", true},         {"", "a", false},           {"*", "", true},
        {"*", "abc", true},     {"abc", "abc", true},       {"abc", "abcd", false},
        {"abcd", "abc", false}, {"a*c", "abbbc", true},     {"a*c", "ac", true},
        {"a*c", "acb", false},  {"*b*", "abc", true},       {"*b*", "ac", false},
        {"**", "x", true},      {"a*b*c", "aXbXbXc", true}, {"*abc", "ababc", true},
        {"a*a", "a", false},    {"[a]?", "[a]?", true},     {"?", "a", false},
        {"*\\*", "x\\y", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(flr__glob_match(cases[i].pattern, cases[i].text) == cases[i].matches,
                      "\"%s\" \"%s\"", cases[i].pattern, cases[i].text);
}
END_TEST

START_TEST(times_are_printed)
{
    static const struct {
        int64_t at;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {999, "1970-01-01T00:00:00.000000Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {INT64_C(951782400) * 1000000000 + 123456789, "2000-02-29T00:00:00.123456Z"},
        {INT64_C(951868799) * 1000000000, "2000-02-29T23:59:59.000000Z"},
        {INT64_C(1795421700) * 1000000000 + 5000, "2026-11-23T08:15:00.000005Z"},
        {INT64_C(4107542400) * 1000000000, "2100-03-01T00:00:00.000000Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854775Z"},
        {INT64_MIN, "1677-09-21T00:12:43.145224Z"},
    };
    char text[32];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        flr__time_print(cases[i].at, text);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

/* ---- structs ---- */

/* What this library knows: 1.0 ended after `first`, this version after `second`. */
typedef struct ops {
    uint32_t struct_size, flags;
    void *first;
    void *second;
} ops;

#define SIZE_1_0 offsetof(ops, second)

/* Import a host's struct of `size` bytes from a block of exactly that size; byte `at` (0: none) is set. */
static int import(size_t size, size_t claimed, uint32_t flags, size_t at, ops *to)
{
    unsigned char *host = calloc(1, size);
    uint32_t head[2] = {(uint32_t)claimed, flags};
    int mark = 0;
    void *first = &mark;

    ck_assert_ptr_nonnull(host);
    memcpy(host, head, sizeof head);
    if (size >= SIZE_1_0)
        memcpy(host + offsetof(ops, first), &first, sizeof first);
    if (at > 0)
        host[at] = 1;
    memset(to, 0xee, sizeof *to);
    int status = flr__abi_import(to, sizeof *to, host, SIZE_1_0, 0x3);
    if (status == 0)
        ck_assert_ptr_eq(to->first, first);
    else
        for (size_t i = 0; i < sizeof *to; i++)
            ck_assert_uint_eq(((unsigned char *)to)[i], 0xee); /* nothing was written */
    free(host);
    return status;
}

START_TEST(structs_of_other_versions_are_imported)
{
    const size_t pointer = sizeof(void *);
    ops to;

    ck_assert_int_eq(flr__abi_import(&to, sizeof to, NULL, SIZE_1_0, 0), FLR_E_INVAL);
    ck_assert_int_eq(import(SIZE_1_0, SIZE_1_0, 0, 0, &to), 0); /* an old host */
    ck_assert_ptr_null(to.second);
    ck_assert_uint_eq(to.struct_size, SIZE_1_0);
    ck_assert_int_eq(import(sizeof to, sizeof to, 0x3, SIZE_1_0, &to), 0);
    ck_assert_ptr_nonnull(to.second);
    ck_assert_uint_eq(to.flags, 3);
    ck_assert_int_eq(import(sizeof to + 2 * pointer, sizeof to + 2 * pointer, 0, 0, &to), 0);
    ck_assert_int_eq(import(4096, 4096, 0, 0, &to), 0);
    for (size_t at = sizeof to; at < sizeof to + 2 * pointer; at++)
        ck_assert_int_eq(import(sizeof to + 2 * pointer, sizeof to + 2 * pointer, 0, at, &to),
                         FLR_E_ABI);
    ck_assert_int_eq(import(4096, 4096, 0, 4095, &to), FLR_E_ABI);
}
END_TEST

START_TEST(structs_that_cannot_be_are_refused)
{
    ops to;

    for (size_t size = 0; size < SIZE_1_0; size++)
        ck_assert_int_eq(import(SIZE_1_0, size, 0, 0, &to), FLR_E_ABI);
    ck_assert_int_eq(import(sizeof to, SIZE_1_0 + 1, 0, 0, &to), FLR_E_ABI);
    ck_assert_int_eq(import(sizeof to, 4096 + sizeof(void *), 0, 0, &to), FLR_E_ABI);
    ck_assert_int_eq(import(sizeof to, UINT32_MAX, 0, 0, &to), FLR_E_ABI);
    ck_assert_int_eq(import(sizeof to, sizeof to, 0x4, 0, &to), FLR_E_INVAL);
    ck_assert_int_eq(import(sizeof to, sizeof to, 0x80000000u, 0, &to), FLR_E_INVAL);
}
END_TEST

START_TEST(structs_are_initialised)
{
    ops to;

    memset(&to, 0xee, sizeof to);
    flr__abi_init(&to, SIZE_1_0); /* an old host: not a byte more than it has */
    ck_assert_uint_eq(to.struct_size, SIZE_1_0);
    ck_assert_uint_eq(to.flags, 0);
    ck_assert_ptr_null(to.first);
    ck_assert_uint_eq(((unsigned char *)&to.second)[0], 0xee);
    memset(&to, 0xee, sizeof to);
    flr__abi_init(&to, 4);
    flr__abi_init(&to, (size_t)4096 + 8);
    ck_assert_uint_eq(to.struct_size, 0xeeeeeeeeu);
    flr__abi_init(NULL, sizeof to);
}
END_TEST

/* ---- names, durations ---- */

START_TEST(names_are_checked)
{
    char name[FLR_NAME_MAX + 2];

    memset(name, 'n', sizeof name);
    name[FLR_NAME_MAX] = '\0';
    ck_assert_int_eq(flr__check_name(name, FLR_NAME_MAX), 0);
    ck_assert_int_eq(flr__check_name("\xc3\xa9", 2), 0);
    ck_assert_int_eq(flr__check_name(NULL, 5), FLR_E_INVAL);
    ck_assert_int_eq(flr__check_name("", 5), FLR_E_INVAL);
    ck_assert_int_eq(flr__check_name("a\xff", 5), FLR_E_INVAL);
    name[FLR_NAME_MAX] = 'n';
    name[FLR_NAME_MAX + 1] = '\0';
    ck_assert_int_eq(flr__check_name(name, FLR_NAME_MAX), FLR_E_LIMIT);
}
END_TEST

START_TEST(durations_are_checked)
{
    int64_t ns = 77;

    ck_assert_int_eq(flr__seconds(-1e-9, &ns), FLR_E_INVAL);
    ck_assert_int_eq(flr__seconds(NAN, &ns), FLR_E_INVAL);
    ck_assert_int_eq(flr__seconds(INFINITY, &ns), FLR_E_INVAL);
    ck_assert_int_eq(flr__seconds(-INFINITY, &ns), FLR_E_INVAL);
    ck_assert_int_eq(ns, 77);
    ck_assert_int_eq(flr__seconds(0.0, &ns), 0);
    ck_assert_int_eq(ns, 0);
    ck_assert_int_eq(flr__seconds(-0.0, &ns), 0);
    ck_assert_int_eq(ns, 0);
    ck_assert_int_eq(flr__seconds(0.1, &ns), 0);
    ck_assert_int_eq(ns, 100000000);
    ck_assert_int_eq(flr__seconds(1.6e-9, &ns), 0);
    ck_assert_int_eq(ns, 2);
    ck_assert_int_eq(flr__seconds(86400.25, &ns), 0);
    ck_assert_int_eq(ns, INT64_C(86400250000000));
    ck_assert_int_eq(flr__seconds(1e10, &ns), 0);
    ck_assert_int_eq(ns, INT64_MAX / 2);
    ck_assert_int_eq(flr__seconds(1e308, &ns), 0);
    ck_assert_int_eq(ns, INT64_MAX / 2);
    ck_assert_int_eq(flr__time_add(3, 4), 7);
    ck_assert_int_eq(flr__time_add(FLR_TIME_NONE, 1), FLR_TIME_NONE);
    ck_assert_int_eq(flr__time_add(1, FLR_TIME_NONE), FLR_TIME_NONE);
    ck_assert_int_eq(flr__time_add(FLR_TIME_NONE - 1, 5), FLR_TIME_NONE);
    ck_assert_int_eq(flr__time_add(FLR_TIME_NONE - 5, 5), FLR_TIME_NONE);
}
END_TEST

START_TEST(times_are_stepped)
{
    ck_assert_int_eq(flr__time_step(3, 4, 5), 23);
    ck_assert_int_eq(flr__time_step(3, 4, 0), 3);
    ck_assert_int_eq(flr__time_step(-20, 7, 2), -6);
    ck_assert_int_eq(flr__time_step(7, 0, SIZE_MAX), 7);
    ck_assert_int_eq(flr__time_step(FLR_TIME_NONE, 1, 0), FLR_TIME_NONE);
    /* the last time there is, and one behind it */
    ck_assert_int_eq(flr__time_step(0, FLR_TIME_NONE - 1, 1), FLR_TIME_NONE - 1);
    ck_assert_int_eq(flr__time_step(1, FLR_TIME_NONE - 1, 1), FLR_TIME_NONE);
    ck_assert_int_eq(flr__time_step(5, FLR_TIME_NONE / 2, 2), FLR_TIME_NONE);
    /* the product does not fit */
    ck_assert_int_eq(flr__time_step(0, FLR_TIME_NONE / 2, 3), FLR_TIME_NONE);
    ck_assert_int_eq(flr__time_step(-1, INT64_C(1) << 33, SIZE_MAX), FLR_TIME_NONE);
    ck_assert_int_eq(flr__time_step(INT64_MIN, FLR_TIME_NONE, SIZE_MAX), FLR_TIME_NONE);
}
END_TEST

START_TEST(callback_codes)
{
    ck_assert_int_eq(flr__callback_status(0), 0);
    ck_assert_int_eq(flr__callback_status(1), FLR_E_CALLBACK);
    ck_assert_int_eq(flr__callback_status(INT32_MAX), FLR_E_CALLBACK);
    ck_assert_int_eq(flr__callback_status(-1), -1);
    ck_assert_int_eq(flr__callback_status(FLR_E_HOST - 3), FLR_E_HOST - 3);
}
END_TEST

/* ---- the program ---- */

static void begin(void)
{
    ck_assert_int_eq(failalloc_install(), 0);
}

static void end(void)
{
    failalloc_reset();
    ck_assert_uint_eq(failalloc_get_live_count(), 0);
    ck_assert_int_eq(failalloc_uninstall(), 0);
}

int main(void)
{
    const TTest *const tests[] = {
        text_grows,
        text_remembers_a_failure,
        text_as_json,
        utf8,
        glob,
        times_are_printed,
        structs_of_other_versions_are_imported,
        structs_that_cannot_be_are_refused,
        structs_are_initialised,
        names_are_checked,
        durations_are_checked,
        times_are_stepped,
        callback_codes,
    };
    Suite *suite = suite_create("text and boundary");
    TCase *tcase = tcase_create("all");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, tests);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
