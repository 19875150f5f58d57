/* Tests of messages: rows SH-01 to SH-05, freezing, sharing across threads, what copies cost,
 * allocation failures. */
#include "data/shareable.h"

#include "data_fault.h"
#include "support/suite.h"
#include <pthread.h>
#include <string.h>

static flr_value *text(const char *s)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_text(s, &v), 0);
    return v;
}

static flr_value *map(void)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_map(&v), 0);
    return v;
}

static flr_shareable *message(void)
{
    flr_shareable *s;

    ck_assert_int_eq(flr_shareable_new(&s), 0);
    return s;
}

START_TEST(sh_01_new_is_empty_and_reads_defaults)
{
    flr_shareable *s = message();

    ck_assert_uint_eq(flr_value_get_size(flr_shareable_get_headers(s)), 0);
    ck_assert_int_eq(flr_value_get_kind(flr_shareable_get_body(s)), FLR_VALUE_MAP);
    ck_assert_uint_eq(flr_value_get_size(flr_shareable_get_body(s)), 0);
    ck_assert_ptr_null(flr_shareable_get_header(s, "x"));
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_header(s, "x"), "mine"), "mine");
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get_cookie(s, "x"), 42), 42);
    ck_assert(flr_value_get_real(flr_shareable_get_peer_prop(s, "x"), 1.5) == 1.5);
    ck_assert_ptr_null(flr_shareable_get_cookie_jar(s));
    ck_assert_ptr_null(flr_shareable_get_peer_props(s));
    ck_assert_str_eq(flr_shareable_get_rc(s), "OK");
    ck_assert_int_eq(flr_shareable_is_frozen(s), 0);
    flr_shareable_unref(s);
    ck_assert_int_eq(flr_shareable_new(NULL), FLR_E_INVAL);
    ck_assert_ptr_null(flr_shareable_get_headers(NULL));
    ck_assert_ptr_null(flr_shareable_get_body(NULL));
    ck_assert_ptr_null(flr_shareable_get(NULL, "x"));
    ck_assert_ptr_null(flr_shareable_ref(NULL));
    flr_shareable_unref(NULL);
    flr_shareable_freeze(NULL);
}
END_TEST

START_TEST(sh_01_return_code_of_another_kind_reads_error)
{
    flr_shareable *s = message();

    ck_assert_int_eq(flr_shareable_set_rc(s, FLR_RC_TIMEOUT), 0);
    ck_assert_str_eq(flr_shareable_get_rc(s), "TIMEOUT");
    ck_assert_int_eq(flr_shareable_set_rc(s, ""), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_rc(s, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_rc(NULL, "OK"), FLR_E_INVAL);
    ck_assert_str_eq(flr_shareable_get_rc(s), "TIMEOUT");
    ck_assert_int_eq(flr_shareable_set_header_int(s, FLR_HEADER_RC, 3), 0);
    ck_assert_str_eq(flr_shareable_get_rc(s), "ERROR");
    flr_shareable_unref(s);
}
END_TEST

START_TEST(sh_02_cookies_live_in_the_jar)
{
    flr_shareable *s = message();
    const flr_value *jar;

    ck_assert_int_eq(flr_shareable_set_cookie(s, FLR_COOKIE_WORKFLOW, text("train")), 0);
    jar = flr_shareable_get_header(s, "__cookie_jar__");
    ck_assert_int_eq(flr_value_get_kind(jar), FLR_VALUE_MAP);
    ck_assert_ptr_eq(flr_shareable_get_cookie_jar(s), jar);
    ck_assert_int_eq(flr_shareable_set_cookie(s, FLR_COOKIE_TASK_ID, text("id")), 0);
    ck_assert_uint_eq(flr_value_get_size(flr_shareable_get_cookie_jar(s)), 2);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_cookie(s, "__workflow__"), ""), "train");
    ck_assert_str_eq(flr_value_get_text(flr__shareable_cookie(s, FLR__STR(TASK_ID)), ""), "id");
    ck_assert_int_eq(flr__shareable_set_cookie(s, FLR__STR(TASK_ID), text("id2")), 0);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_cookie(s, "__task_id__"), ""), "id2");
    ck_assert_ptr_null(flr_shareable_get_cookie(s, "other"));
    /* the cached numbers of the headers follow the jar: headers, jar and two texts; their bytes
     * and those of the keys */
    ck_assert_uint_eq(flr_value_get_count(flr_shareable_get_headers(s)), 4);
    ck_assert_uint_eq(flr_value_get_depth(flr_shareable_get_headers(s)), 3);
    ck_assert_uint_eq(flr_value_get_bytes(flr_shareable_get_headers(s)),
                      strlen("__cookie_jar__") + strlen("__workflow__") + strlen("train") +
                          strlen("__task_id__") + strlen("id2"));
    flr_shareable_unref(s);
}
END_TEST

START_TEST(sh_02_cookies_of_a_copy_are_its_own)
{
    flr_shareable *a = message(), *b;
    flr_value *jar;

    ck_assert_int_eq(flr_shareable_set_cookie(a, "c", text("a")), 0);
    ck_assert_int_eq(flr_shareable_copy(a, NULL, &b), 0);
    ck_assert_int_eq(flr_shareable_set_cookie(b, "c", text("b")), 0);
    ck_assert_int_eq(flr_shareable_set_cookie(b, "d", text("b")), 0);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_cookie(a, "c"), ""), "a");
    ck_assert_ptr_null(flr_shareable_get_cookie(a, "d"));
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_cookie(b, "c"), ""), "b");
    jar = flr_value_ref(
        flr_shareable_get_cookie_jar(b)); /* held outside: a new cookie must not show in it */
    ck_assert_int_eq(flr_shareable_set_cookie(b, "e", text("b")), 0);
    ck_assert_ptr_null(flr_map_get(jar, "e"));
    flr_value_unref(jar);
    flr_shareable_unref(a);
    flr_shareable_unref(b);
}
END_TEST

START_TEST(sh_02_other_kinds_count_as_absent)
{
    flr_shareable *s = message();
    flr_value *props = map(), *v = text("v");

    ck_assert_int_eq(flr_shareable_set_header_text(s, FLR_HEADER_COOKIE_JAR, "no jar"), 0);
    ck_assert_int_eq(flr_shareable_set_header_int(s, FLR_HEADER_PEER_PROPS, 1), 0);
    ck_assert_ptr_null(flr_shareable_get_cookie_jar(s));
    ck_assert_ptr_null(flr_shareable_get_cookie(s, "c"));
    ck_assert_ptr_null(flr_shareable_get_peer_props(s));
    ck_assert_ptr_null(flr_shareable_get_peer_prop(s, "p"));
    ck_assert_int_eq(flr_shareable_set_cookie(s, "", v), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_cookie(s, "\xff", v), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_cookie(s, NULL, v), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_cookie(s, "c", NULL), FLR_E_INVAL);
    ck_assert_ptr_null(flr_shareable_get_cookie_jar(s));
    ck_assert_int_eq(flr_shareable_set_cookie(s, "c", v), 0);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_cookie(s, "c"), ""), "v");
    ck_assert_int_eq(flr_map_set_text(&props, "p", "q"), 0);
    ck_assert_int_eq(flr_shareable_set_header(s, FLR_HEADER_PEER_PROPS, props), 0);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_peer_prop(s, "p"), ""), "q");
    flr_shareable_unref(s);
}
END_TEST

START_TEST(sh_02_a_cookie_too_deep_is_refused)
{
    flr_value *deep = map(), *outer;
    flr_shareable *s = message();

    while (flr_value_get_depth(deep) < FLR_VALUE_MAX_DEPTH - 1) {
        outer = map();
        ck_assert_int_eq(flr_map_set(&outer, "in", deep), 0);
        deep = outer;
    }
    ck_assert_int_eq(flr_shareable_set_cookie(s, "deep", deep), FLR_E_LIMIT);
    ck_assert_ptr_null(flr_shareable_get_cookie_jar(s));
    ck_assert_int_eq(flr_shareable_set_cookie(s, "flat", text("x")), 0);
    ck_assert_int_eq(flr_shareable_set_cookie(s, "deep", deep), FLR_E_LIMIT);
    ck_assert_uint_eq(flr_value_get_size(flr_shareable_get_cookie_jar(s)), 1);
    ck_assert_int_eq(flr_shareable_set_cookie(s, "deep", flr_value_ref(flr_map_get(deep, "in"))),
                     0);
    ck_assert_uint_eq(flr_value_get_depth(flr_shareable_get_headers(s)), FLR_VALUE_MAX_DEPTH);
    flr_value_unref(deep);
    flr_shareable_unref(s);
}
END_TEST

START_TEST(sh_03_a_reply_has_a_code_and_headers)
{
    flr_value *headers = map();
    flr_shareable *s;

    ck_assert_int_eq(flr_shareable_new_reply("MY_CODE", NULL, &s), 0);
    ck_assert_str_eq(flr_shareable_get_rc(s), "MY_CODE");
    ck_assert_uint_eq(flr_value_get_size(flr_shareable_get_headers(s)), 1);
    ck_assert_uint_eq(flr_value_get_size(flr_shareable_get_body(s)), 0);
    flr_shareable_unref(s);
    ck_assert_int_eq(flr_map_set_text(&headers, "h", "v"), 0);
    ck_assert_int_eq(flr_map_set_text(&headers, FLR_HEADER_RC, "OTHER"), 0);
    ck_assert_int_eq(flr_shareable_new_reply(FLR_RC_TIMEOUT, headers, &s), 0);
    ck_assert_str_eq(flr_shareable_get_rc(s), "TIMEOUT");
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_header(s, "h"), ""), "v");
    ck_assert_str_eq(flr_value_get_text(flr_map_get(headers, FLR_HEADER_RC), ""), "OTHER");
    flr_shareable_unref(s);
    ck_assert_int_eq(flr_shareable_new_reply("", headers, &s), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_new_reply(NULL, headers, &s), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_new_reply("OK", flr__value_nil(), &s), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_new_reply("OK", headers, NULL), FLR_E_INVAL);
    flr_value_unref(headers);
}
END_TEST

START_TEST(sh_04_full_copy_shares_body_and_blobs)
{
    static const char *const without[] = {"h1", "absent", "h3", NULL};
    flr_shareable *a = message(), *b, *c;
    flr_blob *blob;
    flr_value *bytes;

    ck_assert_int_eq(flr_blob_new_copy("model", 5, &blob), 0);
    ck_assert_int_eq(flr_value_new_bytes(blob, &bytes), 0);
    ck_assert_int_eq(flr_shareable_set(a, "weights", bytes), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(a, "h1", "1"), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(a, "h2", "2"), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(a, "h3", "3"), 0);
    flr_shareable_freeze(a);
    ck_assert_int_eq(flr_shareable_copy(a, NULL, &b), 0);
    ck_assert_int_eq(flr_shareable_copy(a, without, &c), 0);
    ck_assert_int_eq(flr_shareable_is_frozen(b), 0);
    ck_assert_int_eq(flr_value_equals(flr_shareable_get_headers(a), flr_shareable_get_headers(b)),
                     1);
    ck_assert_uint_eq(flr_value_get_size(flr_shareable_get_headers(c)), 1);
    ck_assert_ptr_nonnull(flr_shareable_get_header(c, "h2"));
    ck_assert_uint_eq(flr_value_get_size(flr_shareable_get_headers(a)), 3);
    ck_assert_ptr_eq(flr_value_get_blob(flr_shareable_get(c, "weights")), blob);
    ck_assert_int_eq(flr_shareable_set_header_text(b, "h1", "changed"), 0);
    ck_assert_int_eq(flr_shareable_set_int(b, "weights", 0), 0);
    ck_assert_int_eq(flr_shareable_set_int(b, "more", 0), 0);
    ck_assert_int_eq(flr_shareable_remove(c, "weights"), 0);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_header(a, "h1"), ""), "1");
    ck_assert_ptr_eq(flr_shareable_get(a, "weights"), bytes);
    ck_assert_ptr_null(flr_shareable_get(a, "more"));
    flr_shareable_unref(a);
    flr_shareable_unref(b);
    flr_shareable_unref(c);
    flr_blob_unref(blob);
    ck_assert_int_eq(flr_shareable_copy(NULL, NULL, &b), FLR_E_INVAL);
}
END_TEST

START_TEST(sh_04_body_copy_has_no_headers)
{
    flr_shareable *a = message(), *b;

    ck_assert_int_eq(flr_shareable_set_header_text(a, "h", "1"), 0);
    ck_assert_int_eq(flr_shareable_set_text(a, "k", "v"), 0);
    ck_assert_int_eq(flr_shareable_copy_body(a, &b), 0);
    ck_assert_uint_eq(flr_value_get_size(flr_shareable_get_headers(b)), 0);
    ck_assert_ptr_eq(flr_shareable_get_body(a), flr_shareable_get_body(b));
    ck_assert_int_eq(flr_shareable_set_text(b, "k", "w"), 0);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get(a, "k"), ""), "v");
    flr_shareable_unref(a);
    flr_shareable_unref(b);
    ck_assert_int_eq(flr_shareable_copy_body(NULL, &b), FLR_E_INVAL);
}
END_TEST

START_TEST(sh_05_the_body_key_headers_is_refused)
{
    flr_shareable *s = message();
    flr_value *body = map(), *v = text("v"), *good = map();

    ck_assert_int_eq(flr_shareable_set(s, "__headers__", v), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_text(s, "__headers__", "v"), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_int(s, "__headers__", 1), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_real(s, "__headers__", 1), FLR_E_INVAL);
    ck_assert_int_eq(flr_map_set_int(&body, "__headers__", 1), 0);
    ck_assert_int_eq(flr_shareable_set_body(s, body), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_body(s, v), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_body(s, NULL), FLR_E_INVAL);
    ck_assert_uint_eq(flr_value_get_size(flr_shareable_get_body(s)), 0);
    ck_assert_int_eq(flr_map_set_int(&good, "k", 7), 0);
    ck_assert_int_eq(flr_shareable_set_body(s, good), 0);
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(s, "k"), 0), 7);
    flr_value_unref(body);
    flr_value_unref(v);
    flr_shareable_unref(s);
}
END_TEST

START_TEST(setters_store_and_refuse)
{
    flr_shareable *s = message();

    ck_assert_int_eq(flr_shareable_set_header_real(s, FLR_HEADER_WAIT_TIME, 2.5), 0);
    ck_assert(flr_value_get_real(flr_shareable_get_header(s, "__wait_time__"), 0) == 2.5);
    ck_assert(flr_value_get_real(flr__shareable_header(s, FLR__STR(WAIT_TIME)), 0) == 2.5);
    ck_assert_int_eq(flr__shareable_set_header(s, FLR__STR(TASK_NAME), text("t")), 0);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_header(s, FLR_HEADER_TASK_NAME), ""),
                     "t");
    ck_assert_int_eq(flr_shareable_remove_header(s, FLR_HEADER_TASK_NAME), 0);
    ck_assert_int_eq(flr_shareable_remove_header(s, FLR_HEADER_TASK_NAME), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_shareable_remove(s, "k"), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_shareable_set_header_text(s, "h", NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_header_text(s, "h", "\xff"), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_header_text(s, "", "x"), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_header_int(s, NULL, 1), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_real(s, "", 1), FLR_E_INVAL);
    ck_assert_int_eq(flr_shareable_set_real(s, "r", 0.5), 0);
    ck_assert(flr_value_get_real(flr_shareable_get(s, "r"), 0) == 0.5);
    flr_shareable_unref(s);
}
END_TEST

START_TEST(frozen_messages_refuse_every_change)
{
    flr_shareable *s = message();
    flr_value *v = text("v"), *m = map();

    ck_assert_int_eq(flr_shareable_set_text(s, "k", "v"), 0);
    flr_shareable_freeze(s);
    flr_shareable_freeze(s);
    ck_assert_int_eq(flr_shareable_is_frozen(s), 1);
    ck_assert_int_eq(flr_shareable_set_header(s, "h", v), FLR_E_STATE);
    ck_assert_int_eq(flr__shareable_set_header(s, FLR__STR(RC), v), FLR_E_STATE);
    ck_assert_int_eq(flr_shareable_set_header_text(s, "h", "v"), FLR_E_STATE);
    ck_assert_int_eq(flr_shareable_set_header_int(s, "h", 1), FLR_E_STATE);
    ck_assert_int_eq(flr_shareable_set_header_real(s, "h", 1), FLR_E_STATE);
    ck_assert_int_eq(flr_shareable_remove_header(s, "h"), FLR_E_STATE);
    ck_assert_int_eq(flr_shareable_set_rc(s, "OK"), FLR_E_STATE);
    ck_assert_int_eq(flr_shareable_set_cookie(s, "c", v), FLR_E_STATE);
    ck_assert_int_eq(flr__shareable_set_cookie(s, FLR__STR(TASK_ID), v), FLR_E_STATE);
    ck_assert_int_eq(flr_shareable_set(s, "k", v), FLR_E_STATE);
    ck_assert_int_eq(flr_shareable_set_text(s, "k", "v"), FLR_E_STATE);
    ck_assert_int_eq(flr_shareable_set_int(s, "k", 1), FLR_E_STATE);
    ck_assert_int_eq(flr_shareable_set_real(s, "k", 1), FLR_E_STATE);
    ck_assert_int_eq(flr_shareable_remove(s, "k"), FLR_E_STATE);
    ck_assert_int_eq(flr_shareable_set_body(s, m), FLR_E_STATE);
    flr_value_unref(v);
    flr_value_unref(m);
    flr_shareable_unref(s);
}
END_TEST

START_TEST(copies_cost_one_allocation)
{
    flr_shareable *a = message(), *b;
    long made;

    for (int i = 0; i < 5; i++) {
        char key[] = {'h', (char)('0' + i), '\0'};

        ck_assert_int_eq(flr_shareable_set_header_text(a, key, "v"), 0);
    }
    flr_shareable_freeze(a);
    made = atomic_load(&fault_made);
    ck_assert_int_eq(flr_shareable_copy(a, NULL, &b), 0);
    ck_assert_int_eq(atomic_load(&fault_made) - made, 1);
    ck_assert_int_eq(flr__shareable_set_header(b, FLR__STR(TASK_ID), flr__value_nil()), 0);
    ck_assert_int_eq(atomic_load(&fault_made) - made, 2);
    ck_assert_int_eq(flr__shareable_set_header(b, FLR__STR(TASK_NAME), flr__value_nil()), 0);
    ck_assert_int_eq(flr__shareable_set_header(b, FLR__STR(RC), flr__value_nil()), 0);
    ck_assert_int_eq(atomic_load(&fault_made) - made, 2);
    flr_shareable_unref(b);
    made = atomic_load(&fault_made);
    ck_assert_int_eq(flr_shareable_new(&b), 0);
    ck_assert_int_eq(atomic_load(&fault_made) - made, 1);
    flr_shareable_unref(b);
    flr_shareable_unref(a);
}
END_TEST

struct worker {
    pthread_t thread;
    flr_shareable *shared;
    int failures;
};

static void *use_shared(void *arg)
{
    struct worker *w = arg;

    for (int i = 0; i < 1000; i++) {
        flr_shareable *copy = NULL;

        flr_shareable_freeze(w->shared);
        w->failures += flr_shareable_copy(w->shared, NULL, &copy) != 0;
        w->failures += flr_shareable_set_cookie(copy, "c", flr__value_bool(true)) != 0;
        w->failures += flr_shareable_set_header_int(copy, "h", i) != 0;
        w->failures += flr_shareable_set_int(copy, "k", i) != 0;
        w->failures += flr_value_get_int(flr_shareable_get(copy, "k"), -1) != i;
        w->failures += strcmp(flr_value_get_text(flr_shareable_get(w->shared, "k"), ""), "v") != 0;
        w->failures += flr_shareable_get_cookie(w->shared, "c") == NULL;
        flr_shareable_unref(copy);
    }
    flr_shareable_unref(w->shared);
    return NULL;
}

START_TEST(sh_04_threads_share_a_frozen_message)
{
    struct worker workers[4];
    flr_shareable *s = message();

    ck_assert_int_eq(flr_shareable_set_text(s, "k", "v"), 0);
    ck_assert_int_eq(flr_shareable_set_cookie(s, "c", flr__value_nil()), 0);
    flr_shareable_freeze(s);
    for (int i = 0; i < 4; i++) {
        workers[i] = (struct worker){.shared = flr_shareable_ref(s)};
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, use_shared, &workers[i]), 0);
    }
    flr_shareable_unref(s);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
        ck_assert_int_eq(workers[i].failures, 0);
    }
}
END_TEST

/* [give always] */
static int put_cookie(flr_shareable *s, const char *key)
{
    flr_value *v = NULL;
    int status = flr_value_new_int(1, &v);

    if (status == 0 && (status = flr_shareable_set_cookie(s, key, v)) < 0) {
        flr_value_unref(v);
    }
    return status;
}

static int use_messages(void)
{
    static const char *const without[] = {"header one", NULL};
    flr_shareable *a = NULL, *b = NULL, *c = NULL, *reply = NULL;
    int status = flr_shareable_new(&a);

    if (status == 0 && (status = flr_shareable_set_header_text(a, "header one", "v")) == 0 &&
        (status = flr_shareable_set_header_real(a, "header two", 1)) == 0 &&
        (status = flr_shareable_set_rc(a, "RC")) == 0 &&
        (status = put_cookie(a, "cookie 1")) == 0 && (status = put_cookie(a, "cookie 2")) == 0 &&
        (status = flr_shareable_set_text(a, "key", "v")) == 0 &&
        (status = flr_shareable_copy(a, without, &b)) == 0 &&
        (status = put_cookie(b, "cookie 3")) == 0 &&
        (status = flr_shareable_set_int(b, "key", 2)) == 0 &&
        (status = flr_shareable_copy_body(b, &c)) == 0) {
        status = flr_shareable_new_reply("RC", flr_shareable_get_headers(a), &reply);
    }
    flr_shareable_unref(a);
    flr_shareable_unref(b);
    flr_shareable_unref(c);
    flr_shareable_unref(reply);
    return status;
}

START_TEST(every_failed_allocation_is_reported_and_leaks_nothing)
{
    fault_loop(use_messages);
}
END_TEST

static long live_before;

static void setup(void)
{
    fault_reset();
    live_before = atomic_load(&fault_live);
}

static void teardown(void)
{
    ck_assert_int_eq(atomic_load(&fault_live), live_before);
}

int main(void)
{
    Suite *suite = suite_create("shareable");
    TCase *tests = tcase_create("shareable");

    if (fault_install() != 0) {
        return 1;
    }
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, sh_01_new_is_empty_and_reads_defaults);
    tcase_add_test(tests, sh_01_return_code_of_another_kind_reads_error);
    tcase_add_test(tests, sh_02_cookies_live_in_the_jar);
    tcase_add_test(tests, sh_02_cookies_of_a_copy_are_its_own);
    tcase_add_test(tests, sh_02_other_kinds_count_as_absent);
    tcase_add_test(tests, sh_02_a_cookie_too_deep_is_refused);
    tcase_add_test(tests, sh_03_a_reply_has_a_code_and_headers);
    tcase_add_test(tests, sh_04_full_copy_shares_body_and_blobs);
    tcase_add_test(tests, sh_04_body_copy_has_no_headers);
    tcase_add_test(tests, sh_04_threads_share_a_frozen_message);
    tcase_add_test(tests, sh_05_the_body_key_headers_is_refused);
    tcase_add_test(tests, setters_store_and_refuse);
    tcase_add_test(tests, frozen_messages_refuse_every_change);
    tcase_add_test(tests, copies_cost_one_allocation);
    tcase_add_test(tests, every_failed_allocation_is_reported_and_leaks_nothing);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
