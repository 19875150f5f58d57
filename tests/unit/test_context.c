/*
 * Tests of contexts: rows CX-01 to CX-12, argument and memory rules, what reset leaves, names of
 * numbers, host frames.
 */
#include "failalloc.h"
#include "site.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PUBLIC FLR_PROP_FLAG_PUBLIC
#define STICKY FLR_PROP_FLAG_STICKY

static test_site *site;
static flr_context *a, *b;

static void setup(void)
{
    site = test_site_new(NULL, NULL, "job-1", "server");
    ck_assert_ptr_nonnull(site);
    a = test_site_context(site);
    b = test_site_context(site);
}

static void teardown(void)
{
    flr_context_free(a);
    flr_context_free(b);
    ck_assert_int_eq(test_site_free(site), 0);
}

static flr_value *number(int64_t n)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_int(n, &v), 0);
    return v;
}

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

/* Set; the value is released if the call did not take it. */
static int set(flr_context *c, const char *key, int64_t n, uint32_t flags)
{
    flr_value *v = number(n);
    int status = flr_context_set_prop(c, key, v, flags);

    if (status < 0) {
        flr_value_unref(v);
    }
    return status;
}

/* The number under a key; -1: absent. */
static int64_t get(const flr_context *c, const char *key)
{
    flr_value *v = NULL;
    int64_t n;

    if (flr_context_get(c, key, &v) < 0) {
        return -1;
    }
    n = flr_value_get_int(v, -2);
    flr_value_unref(v);
    return n;
}

/* The flags of a key; 99: absent. */
static uint32_t flags_of(const flr_context *c, const char *key)
{
    flr_value *v = NULL;
    uint32_t flags = 0;

    if (flr_context_get_prop(c, key, &v, &flags) < 0) {
        return 99;
    }
    flr_value_unref(v);
    return flags;
}

static flr_value *public_of(const flr_context *c)
{
    flr_value *v = NULL;

    ck_assert_int_eq(flr_context_get_public(c, &v), 0);
    return v;
}

static bool is_public(const flr_context *c, const char *key)
{
    flr_value *v = public_of(c);
    bool found = flr_map_get(v, key) != NULL;

    flr_value_unref(v);
    return found;
}

/* ---- CX-01: what a new context holds ---- */

START_TEST(cx_01_new_context_holds_its_base)
{
    flr_value *v;

    ck_assert_uint_eq(flags_of(a, "__manager__"), 0);
    ck_assert_uint_eq(flags_of(a, "__engine__"), 0);
    ck_assert_uint_eq(flags_of(a, "__run_num__"), PUBLIC | STICKY);
    ck_assert_uint_eq(flags_of(a, "__identity_name__"), PUBLIC);
    ck_assert_int_eq(flr_context_get(a, "__run_num__", &v), 0);
    ck_assert_str_eq(flr_value_get_text(v, ""), "job-1");
    flr_value_unref(v);
    ck_assert_int_eq(flr_context_get(a, "__engine__", &v), 0);
    ck_assert_ptr_eq(flr_value_get_pointer(v, "engine"), site);
    flr_value_unref(v);
    ck_assert_int_eq(flr_context_get(a, "__peer_ctx__", &v), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_context_get(a, "###event_depth", &v), FLR_E_NOTFOUND);
}
END_TEST

START_TEST(cx_01_no_identity_if_empty_and_sees_sticky)
{
    test_site *other = test_site_new(NULL, NULL, "job-2", "");
    flr_context *c = test_site_context(other), *d;

    ck_assert_uint_eq(flags_of(c, "__identity_name__"), 99);
    ck_assert_str_eq(flr_context_get_identity(c), "");
    ck_assert_int_eq(set(c, "early", 7, STICKY), 0);
    d = test_site_context(other);
    ck_assert_int_eq(get(d, "early"), 7);
    flr_context_free(c);
    flr_context_free(d);
    ck_assert_int_eq(test_site_free(other), 0);
}
END_TEST

/* ---- CX-02 to CX-04: setting ---- */

START_TEST(cx_02_plain_setter_is_private_and_sticky)
{
    ck_assert_int_eq(flr_context_set(a, "k", number(1)), 0);
    ck_assert_uint_eq(flags_of(a, "k"), STICKY);
    ck_assert_uint_eq(flags_of(b, "k"), STICKY);
    ck_assert(!is_public(a, "k"));
    ck_assert_int_eq(flr_context_set(a, "__workflow__", NULL), 0);
    ck_assert_uint_eq(flags_of(b, "__workflow__"), STICKY);
}
END_TEST

START_TEST(cx_03_other_privacy_or_stickiness_is_refused)
{
    static const char *const keys[] = {"k", "__task_id__"};

    for (size_t i = 0; i < 2; i++) {
        for (uint32_t was = 0; was < 4; was++) {
            for (uint32_t now = 0; now < 4; now++) {
                flr_context *c = test_site_context(site);

                ck_assert_int_eq(set(c, keys[i], 1, was), 0);
                test_site_clear_lines(site);
                ck_assert_int_eq(set(c, keys[i], 2, now), was == now ? 0 : FLR_E_EXISTS);
                ck_assert_int_eq(get(c, keys[i]), was == now ? 2 : 1);
                ck_assert_uint_eq(flags_of(c, keys[i]), was);
                ck_assert_uint_eq(test_site_count_lines(site, FLR_LOG_WARNING, keys[i]),
                                  was == now ? 0 : 1);
                ck_assert_int_eq(flr_context_remove(c, keys[i], 1), 0);
                flr_context_free(c);
            }
        }
    }
}
END_TEST

START_TEST(cx_03_sticky_set_against_sticky_of_others)
{
    ck_assert_int_eq(set(a, "k", 1, STICKY), 0);
    ck_assert_int_eq(set(b, "k", 2, STICKY | PUBLIC), FLR_E_EXISTS);
    ck_assert_ptr_nonnull(strstr(flr_context_get_detail(b), "key"));
    ck_assert_int_eq(get(a, "k"), 1);
    ck_assert_int_eq(set(b, "k", 3, STICKY), 0);
    ck_assert_int_eq(get(a, "k"), 3);
}
END_TEST

START_TEST(cx_04_sticky_is_seen_at_once_and_hidden_by_own)
{
    static const char *const keys[] = {"k", "__scope_object__"};

    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(set(a, keys[i], 1, STICKY), 0);
        ck_assert_int_eq(get(b, keys[i]), 1);
        ck_assert_int_eq(set(b, keys[i], 2, 0), 0);
        ck_assert_int_eq(get(b, keys[i]), 2);
        ck_assert_int_eq(get(a, keys[i]), 1);
        ck_assert_int_eq(set(a, keys[i], 3, STICKY), 0);
        ck_assert_int_eq(get(b, keys[i]), 2);
        ck_assert_int_eq(flr_context_remove(b, keys[i], 1), 0);
        ck_assert_int_eq(get(b, keys[i]), 3);
    }
}
END_TEST

/* ---- CX-05 to CX-07: listing, removing, replacing ---- */

START_TEST(cx_05_listing_and_detail_cover_sticky_of_others)
{
    flr_value *all;

    ck_assert_int_eq(set(a, "shown", 1, STICKY | PUBLIC), 0);
    ck_assert_int_eq(set(a, "__job_is_unsafe__", 2, STICKY | PUBLIC), 0);
    ck_assert_int_eq(set(a, "secret", 3, STICKY), 0);
    ck_assert_int_eq(set(a, "hidden", 4, STICKY | PUBLIC), 0);
    ck_assert_int_eq(set(b, "hidden", 5, 0), 0);
    all = public_of(b);
    ck_assert_int_eq(flr_value_get_int(flr_map_get(all, "shown"), -1), 1);
    ck_assert_int_eq(flr_value_get_int(flr_map_get(all, "__job_is_unsafe__"), -1), 2);
    ck_assert_ptr_null(flr_map_get(all, "secret"));
    ck_assert_ptr_null(flr_map_get(all, "hidden"));
    ck_assert_str_eq(flr_value_get_text(flr_map_get(all, "__run_num__"), ""), "job-1");
    ck_assert_str_eq(flr_value_get_text(flr_map_get(all, "__identity_name__"), ""), "server");
    ck_assert_uint_eq(flr_value_get_size(all), 4);
    flr_value_unref(all);
    ck_assert_uint_eq(flags_of(b, "shown"), STICKY | PUBLIC);
    ck_assert_uint_eq(flags_of(b, "secret"), STICKY);
    ck_assert_uint_eq(flags_of(b, "hidden"), 0);
}
END_TEST

START_TEST(cx_06_remove_own_then_sticky)
{
    ck_assert_int_eq(set(a, "__x", 1, 0), 0);
    ck_assert_int_eq(flr_context_remove(a, "__x", 0), FLR_E_INVAL);
    ck_assert_int_eq(get(a, "__x"), 1);
    ck_assert_int_eq(flr_context_remove(a, "__x", 1), 0);
    ck_assert_int_eq(flr_context_remove(a, "__x", 1), FLR_E_NOTFOUND);
    ck_assert_int_eq(set(a, "k", 1, STICKY), 0);
    ck_assert_int_eq(set(b, "k", 2, 0), 0);
    ck_assert_int_eq(flr_context_remove(b, "k", 0), 0);
    ck_assert_int_eq(get(b, "k"), 1);
    ck_assert_int_eq(flr_context_remove(b, "k", 0), 0);
    ck_assert_int_eq(get(a, "k"), -1);
    ck_assert_int_eq(flr_context_remove(b, "k", 0), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_context_remove(a, "never", 0), FLR_E_NOTFOUND);
    ck_assert_int_eq(set(a, "__shareable__", 3, 0), 0);
    ck_assert_int_eq(flr_context_remove(a, "__shareable__", 1), 0);
    ck_assert_int_eq(get(a, "__shareable__"), -1);
    /* once it is gone another privacy is fine */
    ck_assert_int_eq(set(a, "k", 4, PUBLIC), 0);
}
END_TEST

START_TEST(cx_07_replacing_public_properties)
{
    flr_value *fresh = map();

    ck_assert_int_eq(set(a, "old", 1, PUBLIC), 0);
    ck_assert_int_eq(set(a, "__is_resend__", 1, PUBLIC), 0);
    ck_assert_int_eq(set(a, "stays", 2, STICKY | PUBLIC), 0);
    ck_assert_int_eq(set(a, "mine", 3, 0), 0);
    ck_assert_int_eq(set(a, "__task_id__", 4, 0), 0);
    ck_assert_int_eq(flr_map_set_int(&fresh, "new", 10), 0);
    ck_assert_int_eq(flr_map_set_int(&fresh, "mine", 11), 0);
    ck_assert_int_eq(flr_map_set_int(&fresh, "stays", 12), 0);
    ck_assert_int_eq(flr_map_set_int(&fresh, "__task_id__", 13), 0);
    ck_assert_int_eq(flr_map_set_int(&fresh, "__run_num__", 14), 0);
    ck_assert_int_eq(flr_map_set_int(&fresh, "__filter_dir__", 15), 0);
    test_site_clear_lines(site);
    ck_assert_int_eq(flr_context_set_public(a, fresh), 0);
    ck_assert_uint_eq(test_site_count_lines(site, FLR_LOG_WARNING, "left out"), 4);
    ck_assert_int_eq(get(a, "old"), -1);
    ck_assert_int_eq(get(a, "__is_resend__"), -1);
    ck_assert_uint_eq(flags_of(a, "__identity_name__"), 99); /* public and not sticky */
    ck_assert_int_eq(get(a, "new"), 10);
    ck_assert_uint_eq(flags_of(a, "new"), PUBLIC);
    ck_assert_uint_eq(flags_of(a, "__filter_dir__"), PUBLIC);
    ck_assert_int_eq(get(a, "stays"), 2);
    ck_assert_int_eq(get(a, "mine"), 3);
    ck_assert_int_eq(get(a, "__task_id__"), 4);
    ck_assert_str_eq(flr_context_get_job_id(a), "job-1");
    ck_assert_int_eq(flr_context_set_public(a, NULL), FLR_E_INVAL);
    flr_value_unref(fresh);
}
END_TEST

/* ---- CX-08, CX-09 ---- */

START_TEST(cx_08_clone_shares_values_and_manager)
{
    flr_context *c;
    flr_value *v, *w, *peer = map();

    ck_assert_int_eq(set(a, "k", 1, PUBLIC), 0);
    ck_assert_int_eq(set(a, "__task_id__", 2, 0), 0);
    ck_assert_int_eq(flr_map_set_text(&peer, "__identity_name__", "site-1"), 0);
    ck_assert_int_eq(flr_context_set_peer_props(a, peer), 0);
    ck_assert_int_eq(flr_context_clone(a, &c), 0);
    ck_assert_int_eq(flr_context_get(a, "__task_id__", &v), 0);
    ck_assert_int_eq(flr_context_get(c, "__task_id__", &w), 0);
    ck_assert_ptr_eq(v, w);
    flr_value_unref(v);
    flr_value_unref(w);
    ck_assert_uint_eq(flags_of(c, "k"), PUBLIC);
    ck_assert_str_eq(flr_context_get_identity(flr_context_get_peer(c)), "site-1");
    ck_assert_int_eq(set(c, "k", 5, PUBLIC), 0);
    ck_assert_int_eq(get(a, "k"), 1);
    ck_assert_int_eq(set(c, "s", 6, STICKY), 0);
    ck_assert_int_eq(get(b, "s"), 6);
    flr_context_free(c);
    ck_assert_int_eq(flr_context_clone(flr_context_get_peer(a), &c), 0);
    ck_assert_str_eq(flr_context_get_identity(c), "site-1");
    ck_assert_ptr_null(flr_context_get_engine(c));
    flr_context_free(c);
    flr_value_unref(peer);
}
END_TEST

START_TEST(cx_09_custom_properties_live_in_one_private_map)
{
    flr_value *v;

    ck_assert_uint_eq(flags_of(a, "__custom_props__"), 99);
    ck_assert_int_eq(flr_context_get_custom(a, "x", &v), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_context_set_custom(a, "x", number(1)), 0);
    ck_assert_int_eq(flr_context_set_custom(a, "y", number(2)), 0);
    ck_assert_uint_eq(flags_of(a, "__custom_props__"), 0);
    ck_assert_int_eq(flr_context_get(a, "__custom_props__", &v), 0);
    ck_assert_uint_eq(flr_value_get_size(v), 2);
    ck_assert_int_eq(flr_context_set_custom(a, "y", number(3)), 0);
    ck_assert_int_eq(flr_value_get_int(flr_map_get(v, "y"), -1), 2);
    flr_value_unref(v);
    ck_assert_int_eq(flr_context_get_custom(a, "y", &v), 0);
    ck_assert_int_eq(flr_value_get_int(v, -1), 3);
    flr_value_unref(v);
    ck_assert_int_eq(flr_context_get_custom(b, "y", &v), FLR_E_NOTFOUND);
    ck_assert_int_eq(set(b, "__custom_props__", 1, PUBLIC), 0);
    v = number(1);
    ck_assert_int_eq(flr_context_set_custom(b, "x", v), FLR_E_EXISTS);
    ck_assert_int_eq(flr_context_set_custom(b, "", v), FLR_E_INVAL);
    flr_value_unref(v);
}
END_TEST

/* ---- CX-10, CX-11: getters and peers ---- */

static void release_signal(void *s)
{
    flr_signal_unref(s);
}

START_TEST(cx_10_getters_read_own_entries_and_the_signal_everywhere)
{
    flr_signal *signal, *found;
    flr_value *v;

    ck_assert_ptr_eq(flr_context_get_engine(a), site);
    ck_assert_str_eq(flr_context_get_job_id(a), "job-1");
    ck_assert_str_eq(flr_context_get_identity(a), "server");
    ck_assert_ptr_null(flr_context_get_peer(a));
    ck_assert_ptr_eq(flr_context_get_clock(a), site->clock);
    ck_assert_ptr_null(flr_context_get_abort_signal(a));
    ck_assert_int_eq(flr_signal_new(NULL, NULL, &signal), 0);
    ck_assert_int_eq(flr_value_new_pointer("flr_signal", signal, release_signal, &v), 0);
    ck_assert_int_eq(flr_context_set(b, "__run_abort_signal__", v), 0);
    found = flr_context_get_abort_signal(a);
    ck_assert_ptr_eq(found, signal);
    flr_signal_unref(found);
    ck_assert_int_eq(flr_context_remove(a, "__run_num__", 1), 0);
    ck_assert_ptr_null(flr_context_get_job_id(a)); /* the sticky one stays, but is not its own */
    ck_assert_uint_eq(flags_of(a, "__run_num__"), PUBLIC | STICKY);
    ck_assert_int_eq(flr_context_remove(a, "__engine__", 1), 0);
    ck_assert_ptr_null(flr_context_get_engine(a));
}
END_TEST

START_TEST(cx_10_peer_context)
{
    flr_value *props = map(), *v;
    flr_context *peer;

    ck_assert_int_eq(flr_map_set_text(&props, "__run_num__", "job-9"), 0);
    ck_assert_int_eq(flr_map_set_text(&props, "__identity_name__", "site-1"), 0);
    ck_assert_int_eq(flr_map_set_int(&props, "own", 5), 0);
    ck_assert_int_eq(flr_context_set_peer_props(a, props), 0);
    peer = flr_context_get_peer(a);
    ck_assert_str_eq(flr_context_get_job_id(peer), "job-9");
    ck_assert_int_eq(get(peer, "own"), 5);
    ck_assert_uint_eq(flags_of(peer, "own"), PUBLIC);
    ck_assert_uint_eq(flags_of(peer, "__run_num__"), PUBLIC);
    v = public_of(peer);
    ck_assert_uint_eq(flr_value_get_size(v), 3);
    flr_value_unref(v);
    ck_assert_int_eq(flr_context_get(a, "__peer_ctx__", &v), 0);
    ck_assert_ptr_eq(flr_value_get_pointer(v, "flr_context"), peer);
    flr_value_unref(v);
    /* what is changed in it is changed there only */
    ck_assert_int_eq(set(peer, "own", 6, PUBLIC), 0);
    ck_assert_int_eq(flr_context_remove(peer, "__identity_name__", 1), 0);
    ck_assert_int_eq(flr_value_get_int(flr_map_get(props, "own"), -1), 5);
    ck_assert(!is_public(peer, "__identity_name__"));
    ck_assert_int_eq(set(peer, "s", 1, STICKY), FLR_E_STATE);
    ck_assert_ptr_null(flr_context_get_engine(peer));
    ck_assert_ptr_null(flr_context_get_clock(peer));
    ck_assert_int_eq(set(a, "__peer_ctx__", 1, 0), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_remove(a, "__peer_ctx__", 1), 0);
    ck_assert_ptr_null(flr_context_get_peer(a));
    v = number(1);
    ck_assert_int_eq(flr_context_set_peer_props(a, v), FLR_E_INVAL);
    flr_value_unref(v);
    flr_value_unref(props);
}
END_TEST

START_TEST(cx_10_hostile_peer_properties_stay_the_peers)
{
    flr_value *props = map();
    flr_context *peer;

    ck_assert_int_eq(flr_map_set_int(&props, "__run_num__", 1), 0);
    ck_assert_int_eq(flr_map_set_text(&props, "__engine__", "me"), 0);
    ck_assert_int_eq(flr_map_set_text(&props, "__peer_ctx__", "me"), 0);
    ck_assert_int_eq(flr_map_set_int(&props, "###event_depth", 1000), 0);
    ck_assert_int_eq(flr_map_set_text(&props, "__task_result__", "me"), 0);
    ck_assert_int_eq(flr_context_set_peer_props(a, props), 0);
    peer = flr_context_get_peer(a);
    ck_assert_ptr_null(flr_context_get_job_id(peer));
    ck_assert_ptr_null(flr_context_get_engine(peer));
    ck_assert_ptr_null(flr_context_get_peer(peer));
    ck_assert_ptr_null(flr__context_own_message(peer, FLR__S_TASK_RESULT));
    ck_assert_ptr_eq(flr_context_get_engine(a), site);
    ck_assert_uint_eq(flags_of(a, "###event_depth"), 99);
    ck_assert_int_eq(flr_context_set_peer_props(a, NULL), 0);
    flr_value_unref(props);
}
END_TEST

START_TEST(cx_11_for_the_wire_without_pointers)
{
    flr_value *list, *inner = map(), *p, *wire;

    ck_assert_int_eq(flr_value_new_pointer("mine", site, NULL, &p), 0);
    ck_assert_int_eq(flr_context_set_prop(a, "bare", flr_value_ref(p), PUBLIC), 0);
    ck_assert_int_eq(flr_value_new_list(&list), 0);
    ck_assert_int_eq(flr_list_add(&list, text("before")), 0);
    ck_assert_int_eq(flr_map_set(&inner, "p", p), 0);
    ck_assert_int_eq(flr_list_add(&list, inner), 0);
    ck_assert_int_eq(flr_context_set_prop(a, "nested", list, PUBLIC), 0);
    ck_assert_int_eq(set(a, "fine", 1, PUBLIC), 0);
    ck_assert_int_eq(set(b, "sticky", 2, PUBLIC | STICKY), 0);
    test_site_clear_lines(site);
    ck_assert_int_eq(flr_context_get_public_for_wire(a, &wire), 0);
    ck_assert_uint_eq(flr_value_get_size(wire), 4);
    ck_assert_ptr_nonnull(flr_map_get(wire, "fine"));
    ck_assert_ptr_nonnull(flr_map_get(wire, "sticky"));
    ck_assert_ptr_null(flr_map_get(wire, "bare"));
    ck_assert_ptr_null(flr_map_get(wire, "nested"));
    ck_assert_uint_eq(test_site_count_lines(site, FLR_LOG_WARNING, "no wire form"), 2);
    ck_assert_uint_eq(test_site_count_lines(site, FLR_LOG_WARNING, "\"bare\""), 1);
    flr_value_unref(wire);
}
END_TEST

/* ---- CX-12: details ---- */

START_TEST(cx_12_last_detail_counts_and_is_cut)
{
    char longest[600];

    ck_assert_str_eq(flr_context_get_detail(a), "");
    ck_assert_int_eq(flr_context_fail(a, FLR_E_IO, "cannot open %s", "x"), FLR_E_IO);
    ck_assert_int_eq(flr_context_fail(a, FLR_E_CORRUPT, "second (%s)", flr_context_get_detail(a)),
                     FLR_E_CORRUPT);
    ck_assert_str_eq(flr_context_get_detail(a), "second (cannot open x)");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    flr_context_fail(a, FLR_E_IO, "%s", longest);
    ck_assert_uint_eq(strlen(flr_context_get_detail(a)), 511);
    flr__context_clear_detail(a);
    ck_assert_str_eq(flr_context_get_detail(a), "");
    ck_assert_int_eq(flr_context_fail(NULL, -7, "x"), -7);
    ck_assert_str_eq(flr_context_get_detail(NULL), "");
    /* the detail names the argument */
    ck_assert_int_eq(set(a, "k", 1, 8), FLR_E_INVAL);
    ck_assert_ptr_nonnull(strstr(flr_context_get_detail(a), "flags"));
    ck_assert_int_eq(flr_context_set_prop(a, NULL, NULL, 0), FLR_E_INVAL);
    ck_assert_ptr_nonnull(strstr(flr_context_get_detail(a), "key"));
}
END_TEST

/* ---- messages in slots ---- */

START_TEST(cx_messages_are_pointers_for_hosts)
{
    flr_shareable *m, *seen;
    flr_value *v;

    ck_assert_int_eq(flr_shareable_new(&m), 0);
    flr__context_put_message(a, FLR__S_TASK_DATA, flr_shareable_ref(m), 0);
    ck_assert_ptr_null(flr__context_own(a, FLR__S_TASK_DATA));
    ck_assert_int_eq(flr_context_get(a, "__task_data__", &v), 0);
    flr__context_drop(a, FLR__S_TASK_DATA);
    seen = flr_value_get_pointer(v, "flr_shareable");
    ck_assert_ptr_eq(seen, m);
    ck_assert_int_eq(flr_context_set_prop(a, "__task_data__", v, 0), 0);
    flr_shareable_unref(m);
    ck_assert_ptr_eq(flr__context_own_message(a, FLR__S_TASK_DATA),
                     m); /* held by the context alone */
    ck_assert_str_eq(flr_shareable_get_rc(m), "OK");
}
END_TEST

/* ---- reset, arguments, memory ---- */

START_TEST(context_reset_makes_it_new)
{
    flr_value *peer = map(), *v;

    ck_assert_int_eq(set(a, "k", 1, PUBLIC), 0);
    ck_assert_int_eq(set(a, "__task_id__", 1, 0), 0);
    ck_assert_int_eq(set(a, "kept", 1, STICKY), 0);
    ck_assert_int_eq(flr_context_set_prop(a, "__identity_name__", text("else"), PUBLIC), 0);
    ck_assert_int_eq(flr_map_set_int(&peer, "x", 1), 0);
    ck_assert_int_eq(flr_context_set_peer_props(a, peer), 0);
    flr_value_unref(peer);
    flr_context_fail(a, FLR_E_IO, "x");
    ck_assert_int_eq(flr_shareable_new(&a->answer.data), 0);
    ck_assert_int_eq(flr_context_reset(a), 0);
    ck_assert_ptr_null(a->answer.data);
    ck_assert_ptr_null(a->others);
    ck_assert_int_eq(get(a, "k"), -1);
    ck_assert_int_eq(get(a, "__task_id__"), -1);
    ck_assert_int_eq(get(a, "kept"), 1);
    ck_assert_int_eq(set(a, "kept", 2, 0), 0); /* it set nothing itself */
    ck_assert_str_eq(flr_context_get_identity(a), "server");
    ck_assert_ptr_null(flr_context_get_peer(a));
    ck_assert_str_eq(flr_context_get_detail(a), "");
    v = public_of(a);
    ck_assert_uint_eq(flr_value_get_size(v), 2);
    flr_value_unref(v);
    a->own = false;
    ck_assert_int_eq(flr_context_reset(a), FLR_E_STATE);
    flr_context_free(a); /* nothing: it is the library's */
    a->own = true;
    ck_assert_int_eq(flr_context_reset(NULL), FLR_E_INVAL);
    flr_context_free(NULL);
}
END_TEST

START_TEST(context_arguments)
{
    char longest[258];
    flr_value *v = number(1), *out = NULL;
    uint32_t flags;

    memset(longest, 'k', sizeof longest - 1);
    longest[256] = '\0';
    ck_assert_int_eq(flr_context_set(a, longest, v), FLR_E_LIMIT);
    longest[255] = '\0';
    ck_assert_int_eq(flr_context_set(a, longest, flr_value_ref(v)), 0);
    ck_assert_int_eq(flr_context_set(a, "", v), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_set(NULL, "k", v), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_set_prop(a, "###event_depth", v, 0), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_get(a, NULL, &out), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_get(a, "k", NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_get(NULL, "k", &out), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_get_prop(a, "__run_num__", &out, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_get_prop(a, "none", &out, &flags), FLR_E_NOTFOUND);
    ck_assert_ptr_null(out);
    ck_assert_int_eq(flr_context_remove(NULL, "k", 0), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_remove(a, "", 0), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_get_public(a, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_get_public_for_wire(NULL, &out), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_clone(a, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_set_peer_props(NULL, NULL), FLR_E_INVAL);
    site->site.name_max = 4;
    ck_assert_int_eq(flr_context_set(a, "five5", v), FLR_E_LIMIT);
    site->site.name_max = FLR_NAME_MAX;
    flr_value_unref(v);
}
END_TEST

static flr_value *build_hierarchy(flr__site *s, unsigned slot)
{
    (void)s;
    return slot == FLR__S_CLIENT_HIERARCHY ? number(42) : NULL;
}

START_TEST(lc_06_hierarchy_is_built_when_first_read)
{
    ck_assert_int_eq(get(a, "__client_hierarchy__"), -1);
    site->site.build = build_hierarchy;
    ck_assert_int_eq(get(a, "__client_hierarchy__"), 42);
    ck_assert_uint_eq(flags_of(b, "__client_hierarchy__"), STICKY);
    ck_assert_ptr_nonnull(site->site.manager.slots[FLR__S_CLIENT_HIERARCHY].value);
    flr__sticky_drop(&site->site, FLR__S_CLIENT_HIERARCHY);
    ck_assert_ptr_null(site->site.manager.slots[FLR__S_CLIENT_HIERARCHY].value);
}
END_TEST

START_TEST(manager_version_follows_sticky_changes)
{
    uint64_t before = atomic_load(&site->site.manager.version), now;

    ck_assert_int_eq(set(a, "k", 1, 0), 0);
    ck_assert_uint_eq(atomic_load(&site->site.manager.version), before);
    ck_assert_int_eq(set(a, "s", 1, STICKY), 0);
    now = atomic_load(&site->site.manager.version);
    ck_assert_uint_gt(now, before);
    ck_assert_int_eq(flr_context_remove(a, "s", 0), 0);
    ck_assert_uint_gt(atomic_load(&site->site.manager.version), now);
}
END_TEST

static int work(void *self)
{
    test_site *t = test_site_new(NULL, NULL, "job", "me");
    flr_context *c = NULL, *d = NULL;
    flr_value *v = NULL, *w = NULL;
    int status = t == NULL ? FLR_E_NOMEM : 0;

    (void)self;
    if (status == 0 && (c = test_site_context(t)) == NULL) {
        status = FLR_E_NOMEM;
    }
    for (uint32_t flags = 0; status == 0 && flags < 4; flags++) {
        const char key[] = {'k', (char)('0' + flags), '\0'};

        if ((status = flr_value_new_int(1, &v)) == 0 &&
            (status = flr_context_set_prop(c, key, v, flags)) < 0) {
            flr_value_unref(v);
        }
    }
    if (status == 0 && (status = flr_value_new_int(1, &v)) == 0 &&
        (status = flr_context_set_custom(c, "x", v)) < 0) {
        flr_value_unref(v);
    }
    if (status == 0) {
        status = flr_context_clone(c, &d);
    }
    if (status == 0 && (status = flr_context_get_public_for_wire(d, &w)) == 0) {
        status = flr_context_set_public(d, w);
        if (status == 0) {
            status = flr_context_set_peer_props(d, w);
        }
        flr_value_unref(w);
    }
    if (status == 0) {
        status = flr_context_remove(d, "k1", 0);
    }
    flr_context_free(d);
    flr_context_free(c);
    if (t != NULL) {
        test_site_free(t);
    }
    return status;
}

START_TEST(context_survives_every_failed_allocation)
{
    const char *wrong = failalloc_sweep(work, NULL, NULL);

    ck_assert_msg(wrong == NULL, "%s", wrong);
}
END_TEST

/* ---- names and frames ---- */

START_TEST(names_of_numbers)
{
    ck_assert_str_eq(flr_outcome_get_name(FLR_OUTCOME_ACCEPTED), "ACCEPTED");
    ck_assert_str_eq(flr_outcome_get_name(FLR_OUTCOME_FATAL_RETURN_CODE), "FATAL_RETURN_CODE");
    ck_assert_str_eq(flr_outcome_get_name(FLR_OUTCOME_FAILED), "FAILED");
    ck_assert_str_eq(flr_outcome_get_name(0), "?");
    ck_assert_str_eq(flr_outcome_get_name(13), "?");
    ck_assert_str_eq(flr_task_status_get_name(FLR_TASK_STANDING), "standing");
    ck_assert_str_eq(flr_task_status_get_name(FLR_TASK_CLIENT_DEAD), "client_dead");
    ck_assert_str_eq(flr_task_status_get_name(-1), "?");
    ck_assert_str_eq(flr_task_status_get_name(7), "?");
    ck_assert_str_eq(flr_log_get_level_name(FLR_LOG_EXCEPTION), "exception");
    ck_assert_str_eq(flr_log_get_level_name(35), "?");
}
END_TEST

START_TEST(host_frames_tell_where_a_thread_is)
{
    flr__host_frame f, g;
    int object;

    ck_assert_ptr_null(flr__host_innermost());
    ck_assert(flr__host_may_wait());
    flr__host_enter(&f, FLR__HOST_CONTROL_FLOW, &site->site, &object);
    ck_assert(flr__host_may_wait());
    ck_assert(!flr__host_inside_turn(&site->site));
    flr__host_enter(&g, FLR__HOST_TASK, &site->site, &object);
    ck_assert(!flr__host_may_wait());
    ck_assert(flr__host_inside_turn(&site->site));
    ck_assert(!flr__host_inside_turn(&object));
    ck_assert(flr__host_inside(FLR__HOST_CONTROL_FLOW, NULL, NULL));
    ck_assert(flr__host_inside(FLR__HOST_TASK, &site->site, &object));
    ck_assert(!flr__host_inside(FLR__HOST_TASK, &site->site, &f));
    ck_assert(!flr__host_inside(FLR__HOST_FILTER, NULL, NULL));
    ck_assert_ptr_eq(flr__host_innermost(), &g);
    flr__host_leave(&g);
    flr__host_leave(&f);
    ck_assert_ptr_null(flr__host_innermost());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("context");
    TCase *rows = tcase_create("rows"), *memory = tcase_create("memory");

    if (failalloc_install() < 0) {
        return 1;
    }
    tcase_add_checked_fixture(rows, setup, teardown);
    tcase_add_test(rows, cx_01_new_context_holds_its_base);
    tcase_add_test(rows, cx_01_no_identity_if_empty_and_sees_sticky);
    tcase_add_test(rows, cx_02_plain_setter_is_private_and_sticky);
    tcase_add_test(rows, cx_03_other_privacy_or_stickiness_is_refused);
    tcase_add_test(rows, cx_03_sticky_set_against_sticky_of_others);
    tcase_add_test(rows, cx_04_sticky_is_seen_at_once_and_hidden_by_own);
    tcase_add_test(rows, cx_05_listing_and_detail_cover_sticky_of_others);
    tcase_add_test(rows, cx_06_remove_own_then_sticky);
    tcase_add_test(rows, cx_07_replacing_public_properties);
    tcase_add_test(rows, cx_08_clone_shares_values_and_manager);
    tcase_add_test(rows, cx_09_custom_properties_live_in_one_private_map);
    tcase_add_test(rows, cx_10_getters_read_own_entries_and_the_signal_everywhere);
    tcase_add_test(rows, cx_10_peer_context);
    tcase_add_test(rows, cx_10_hostile_peer_properties_stay_the_peers);
    tcase_add_test(rows, cx_11_for_the_wire_without_pointers);
    tcase_add_test(rows, cx_12_last_detail_counts_and_is_cut);
    tcase_add_test(rows, cx_messages_are_pointers_for_hosts);
    tcase_add_test(rows, context_reset_makes_it_new);
    tcase_add_test(rows, context_arguments);
    tcase_add_test(rows, lc_06_hierarchy_is_built_when_first_read);
    tcase_add_test(rows, manager_version_follows_sticky_changes);
    tcase_add_test(rows, names_of_numbers);
    tcase_add_test(rows, host_frames_tell_where_a_thread_is);
    tcase_add_test(memory, context_survives_every_failed_allocation);
    suite_add_tcase(suite, rows);
    suite_add_tcase(suite, memory);
    return suite_run(suite);
}
