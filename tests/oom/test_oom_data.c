/*
 * Blobs, values, messages, signals, clocks, filters and collectors without memory: every call
 * gives 0 or FLR_E_NOMEM, changes nothing on the latter, and succeeds when it is made again.
 * What the calls of one case work on stands in `d`.
 */
#include "failalloc.h"
#include "oomcase.h"
#include "support/suite.h"

#include <check.h>
#include <flrunner.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    flr_value *value, *other, *expected; /* expected: what `value` was before the call */
    flr_shareable *message, *copy;
    flr_value *headers, *body; /* what they were before the call */
    flr_blob *blob, *part;
    flr_clock *clock;
    flr_signal *signal, *child;
    flr_filter *filter;
    flr_filter_chain *chain;
    flr_scope *scope;
    flr_collector *collector;
    flr_info_collector *info;
    int released;
} d;

static void drop_all(void)
{
    flr_value_unref(d.value);
    flr_value_unref(d.other);
    flr_value_unref(d.expected);
    flr_shareable_unref(d.message);
    flr_shareable_unref(d.copy);
    flr_value_unref(d.headers);
    flr_value_unref(d.body);
    flr_blob_unref(d.part);
    flr_blob_unref(d.blob);
    flr_signal_unref(d.child);
    flr_signal_unref(d.signal);
    flr_clock_unref(d.clock);
    flr_filter_unref(d.filter);
    flr_filter_chain_unref(d.chain);
    flr_scope_unref(d.scope);
    flr_collector_unref(d.collector);
    flr_info_collector_free(d.info);
    memset(&d, 0, sizeof d);
}

/* As above; and what was handed over on success has been released, once. */
static void drop_released(void)
{
    flr_value_unref(d.value);
    flr_blob_unref(d.part);
    flr_filter_unref(d.filter);
    d.value = NULL;
    d.part = NULL;
    d.filter = NULL;
    ck_assert_int_eq(d.released, 1);
    drop_all();
}

/* What a failed call must not have made. */
static void nothing_made(void)
{
    ck_assert_ptr_null(d.value);
    ck_assert_ptr_null(d.message);
    ck_assert_ptr_null(d.copy);
    ck_assert_ptr_null(d.part);
    ck_assert_ptr_null(d.child);
    ck_assert_ptr_null(d.chain);
    ck_assert_int_eq(d.released, 0);
}

/* ---------------------------------------------------------------- blobs */

static void count_release(void *self, const void *data, size_t size)
{
    (void)data;
    (void)size;
    ++*(int *)self;
}

static int blob_new(void)
{
    void *bytes;
    return flr_blob_new(100, &d.part, &bytes);
}

static int blob_copy(void)
{
    return flr_blob_new_copy("0123456789", 10, &d.part);
}

static int blob_wrap(void)
{
    return flr_blob_new_wrap("0123456789", 10, count_release, &d.released, &d.part);
}

static void build_blob(void)
{
    ck_assert_int_eq(flr_blob_new_copy("0123456789abcdef", 16, &d.blob), 0);
}

static int blob_slice(void)
{
    return flr_blob_new_slice(d.blob, 4, 8, &d.part);
}

/* ---------------------------------------------------------------- values */

static int value_nil(void)
{
    return flr_value_new_nil(&d.value);
}
static int value_bool(void)
{
    return flr_value_new_bool(1, &d.value);
}
static int value_int(void)
{
    return flr_value_new_int(70000, &d.value);
}
static int value_real(void)
{
    return flr_value_new_real(0.5, &d.value);
}
static int value_text(void)
{
    return flr_value_new_text("some text that is longer than any inline part", &d.value);
}
static int value_text_sized(void)
{
    return flr_value_new_text_sized("some", 2, &d.value);
}
static int value_bytes(void)
{
    return flr_value_new_bytes(d.blob, &d.value);
}
static int value_list(void)
{
    return flr_value_new_list(&d.value);
}
static int value_map(void)
{
    return flr_value_new_map(&d.value);
}

static int value_tensor(void)
{
    static const int64_t shape[] = {2, 2};
    return flr_value_new_tensor(FLR_TYPE_F32, 2, shape, d.blob, &d.value);
}

static void release_pointer(void *pointer)
{
    ++*(int *)pointer;
}

static int value_pointer(void)
{
    return flr_value_new_pointer("a kind of the test", &d.released, release_pointer, &d.value);
}

/* A list of so many numbers; a reference is kept in `expected` if it is to be shared. */
static void build_list(size_t size, int shared)
{
    flr_value *number;
    ck_assert_int_eq(flr_value_new_list(&d.value), 0);
    for (size_t i = 0; i < size; i++) {
        ck_assert_int_eq(flr_value_new_int((int64_t)i + 70000, &number), 0);
        ck_assert_int_eq(flr_list_add(&d.value, number), 0);
    }
    if (shared)
        d.expected = flr_value_ref(d.value);
    ck_assert_int_eq(flr_value_new_text("one more", &d.other), 0);
}

static void build_map(size_t size, int shared)
{
    char key[32];
    ck_assert_int_eq(flr_value_new_map(&d.value), 0);
    for (size_t i = 0; i < size; i++) {
        snprintf(key, sizeof key, "key %zu", i);
        ck_assert_int_eq(flr_map_set_int(&d.value, key, (int64_t)i), 0);
    }
    if (shared)
        d.expected = flr_value_ref(d.value);
    ck_assert_int_eq(flr_value_new_text("one more", &d.other), 0);
}

static void build_list_8(void)
{
    build_list(8, 0);
}
static void build_list_shared(void)
{
    build_list(8, 1);
}
static void build_map_8(void)
{
    build_map(8, 0);
}
static void build_map_64(void)
{
    build_map(64, 0);
}
static void build_map_shared(void)
{
    build_map(40, 1);
}

/* Nothing was added: 8, 40 or 64 as built, and `other` is still the test's. */
static void collection_as_it_was(void)
{
    size_t size = flr_value_get_size(d.value);
    ck_assert(size == 8 || size == 40 || size == 64);
    if (d.expected != NULL)
        ck_assert(flr_value_equals(d.value, d.expected));
    ck_assert_ptr_null(flr_map_get(d.value, "new"));
    ck_assert_str_eq(flr_value_get_text(d.other, ""), "one more");
}

static int list_add(void)
{
    flr_value *again = flr_value_ref(d.other);
    int status = flr_list_add(&d.value, again);
    if (status < 0)
        flr_value_unref(again);
    return status;
}

static int map_set(void)
{
    flr_value *again = flr_value_ref(d.other);
    int status = flr_map_set(&d.value, "new", again);
    if (status < 0)
        flr_value_unref(again);
    return status;
}

static int map_set_bool(void)
{
    return flr_map_set_bool(&d.value, "new", 1);
}
static int map_set_int(void)
{
    return flr_map_set_int(&d.value, "new", 70000);
}
static int map_set_real(void)
{
    return flr_map_set_real(&d.value, "new", 1.5);
}
static int map_set_text(void)
{
    return flr_map_set_text(&d.value, "new", "text");
}
static int map_remove(void)
{
    return flr_map_remove(&d.value, "key 3");
}

static int map_set_tensor(void)
{
    static const int64_t shape[] = {3};
    static const float numbers[] = {1, 2, 3};
    return flr_map_set_tensor(&d.value, "new", FLR_TYPE_F32, 1, shape, numbers);
}

/* ---------------------------------------------------------------- messages */

static void build_message(void)
{
    ck_assert_int_eq(flr_shareable_new(&d.message), 0);
    ck_assert_int_eq(flr_shareable_set_text(d.message, "key", "value"), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(d.message, "header", "value"), 0);
    ck_assert_int_eq(flr_value_new_text("one more", &d.other), 0);
}

/* Somebody else holds its parts: a change copies them. */
static void build_shared_message(void)
{
    flr_value *cookie;
    build_message();
    ck_assert_int_eq(flr_value_new_int(70000, &cookie), 0);
    ck_assert_int_eq(flr_shareable_set_cookie(d.message, "old", cookie), 0);
    d.headers = flr_value_ref(flr_shareable_get_headers(d.message));
    d.body = flr_value_ref(flr_shareable_get_body(d.message));
}

static void message_as_it_was(void)
{
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get(d.message, "key"), ""), "value");
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_header(d.message, "header"), ""),
                     "value");
    ck_assert_ptr_null(flr_shareable_get(d.message, "new"));
    ck_assert_ptr_null(flr_shareable_get_header(d.message, "new"));
    ck_assert_ptr_null(flr_shareable_get_cookie(d.message, "new"));
    ck_assert_str_eq(flr_shareable_get_rc(d.message), "OK");
    if (d.headers != NULL)
        ck_assert(flr_value_equals(d.headers, flr_shareable_get_headers(d.message)));
    if (d.body != NULL)
        ck_assert(flr_value_equals(d.body, flr_shareable_get_body(d.message)));
    ck_assert_str_eq(flr_value_get_text(d.other, ""), "one more");
    ck_assert_ptr_null(d.copy);
}

static int shareable_new(void)
{
    return flr_shareable_new(&d.message);
}

static int shareable_reply(void)
{
    return flr_shareable_new_reply("A_CODE", d.other, &d.message);
}

static void build_reply_headers(void)
{
    ck_assert_int_eq(flr_value_new_map(&d.other), 0);
    ck_assert_int_eq(flr_map_set_text(&d.other, "header", "value"), 0);
    ck_assert_int_eq(flr_map_set_text(&d.other, FLR_HEADER_ERROR, "why"), 0);
}

static int shareable_copy(void)
{
    return flr_shareable_copy(d.message, NULL, &d.copy);
}

static int shareable_copy_without(void)
{
    static const char *const without[] = {"header", NULL};
    return flr_shareable_copy(d.message, without, &d.copy);
}

static int shareable_copy_body(void)
{
    return flr_shareable_copy_body(d.message, &d.copy);
}

/* A setter that takes a value over on success only. */
static int give(int (*set)(flr_shareable *message, const char *key, flr_value *value))
{
    flr_value *again = flr_value_ref(d.other);
    int status = set(d.message, "new", again);
    if (status < 0)
        flr_value_unref(again);
    return status;
}

static int shareable_set(void)
{
    return give(flr_shareable_set);
}
static int shareable_set_header(void)
{
    return give(flr_shareable_set_header);
}
static int shareable_set_cookie(void)
{
    return give(flr_shareable_set_cookie);
}
static int shareable_set_text(void)
{
    return flr_shareable_set_text(d.message, "new", "text");
}
static int shareable_set_real(void)
{
    return flr_shareable_set_real(d.message, "new", 0.5);
}
static int shareable_set_int(void)
{
    return flr_shareable_set_int(d.message, "new", 70000);
}
static int shareable_set_header_text(void)
{
    return flr_shareable_set_header_text(d.message, "new", "text");
}
static int shareable_set_header_real(void)
{
    return flr_shareable_set_header_real(d.message, "new", 0.5);
}
static int shareable_set_header_int(void)
{
    return flr_shareable_set_header_int(d.message, "new", 70000);
}
static int shareable_set_rc(void)
{
    return flr_shareable_set_rc(d.message, "A_CODE");
}
static int shareable_remove(void)
{
    return flr_shareable_remove(d.message, "key");
}
static int shareable_remove_header(void)
{
    return flr_shareable_remove_header(d.message, "header");
}

/* ---------------------------------------------------------------- signals, clocks */

static int clock_new(void)
{
    return flr_clock_new_manual(1, 2, &d.clock);
}

static void build_signal(void)
{
    ck_assert_int_eq(flr_signal_new(NULL, NULL, &d.signal), 0);
}

static int signal_new(void)
{
    return flr_signal_new(NULL, NULL, &d.child);
}
static int signal_new_child(void)
{
    return flr_signal_new(d.signal, NULL, &d.child);
}

/* Trigger, reset and waiting need no memory at all. */
static int signal_use(void)
{
    int status = flr_signal_trigger(d.signal, NULL);
    if (status == 0)
        status = flr_signal_wait(d.signal, 1.0);
    flr_signal_reset(d.signal);
    return status == 0 && failalloc_get_calls() == 0 ? 0 : FLR_E_STATE;
}

/* ---------------------------------------------------------------- filters */

static int pass(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)self;
    (void)context;
    *output = flr_shareable_ref(message);
    return 0;
}

static void count_destroy(void *self)
{
    ++*(int *)self;
}

static int filter_new(void)
{
    flr_component_ops component;
    flr_filter_ops ops;
    flr_component_ops_init(&component, sizeof component);
    component.name = "the name of a filter";
    component.destroy = count_destroy;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.component = &component;
    ops.process = pass;
    return flr_filter_new(&ops, &d.released, &d.filter);
}

static void no_filter(void)
{
    ck_assert_ptr_null(d.filter);
    ck_assert_int_eq(d.released, 0);
}

static void build_filter(void)
{
    ck_assert_int_eq(filter_new(), 0);
    ck_assert_int_eq(flr_filter_chain_new(&d.chain), 0);
    ck_assert_int_eq(flr_scope_new("a scope", &d.scope), 0);
}

static int chain_new(void)
{
    return flr_filter_chain_new(&d.chain);
}
static int chain_add(void)
{
    return flr_filter_chain_add(d.chain, d.filter);
}
static int scope_new(void)
{
    return flr_scope_new("a scope", &d.scope);
}
static int scope_add_data(void)
{
    return flr_scope_add_data_filter(d.scope, FLR_FILTER_INOUT, d.filter);
}
static int scope_add_result(void)
{
    return flr_scope_add_result_filter(d.scope, FLR_FILTER_INOUT, d.filter);
}

/* ---------------------------------------------------------------- collectors */

static void build_collector(void)
{
    ck_assert_int_eq(flr_collector_new(&d.collector), 0);
    build_map(2, 0);
    ck_assert_int_eq(flr_collector_set(d.collector, "old", d.value), 0);
}

static void no_group(void)
{
    ck_assert_uint_eq(flr_value_get_size(flr_collector_get(d.collector)), 1);
    ck_assert_uint_eq(flr_value_get_size(flr_map_get(flr_collector_get(d.collector), "old")), 2);
}

static int collector_new(void)
{
    return flr_collector_new(&d.collector);
}
static int collector_set(void)
{
    return flr_collector_set(d.collector, "new", d.value);
}
static int collector_add(void)
{
    return flr_collector_add(d.collector, "new", d.value);
}

static int collector_merge(void)
{
    flr_value *more = NULL;
    int status = flr_value_new_map(&more);
    if (status == 0)
        status = flr_map_set_int(&more, "key 7", 1);
    if (status == 0)
        status = flr_map_set_int(&more, "key 8", 2);
    if (status == 0)
        status = flr_collector_add(d.collector, "old", more);
    flr_value_unref(more);
    return status;
}

static int info_new(void)
{
    return flr_info_collector_new(&d.info);
}

static void build_info(void)
{
    ck_assert_int_eq(flr_info_collector_new(&d.info), 0);
}

static int info_get(void)
{
    return flr_info_collector_get(d.info, &d.value);
}
static int info_get_stats(void)
{
    return flr_info_collector_get_stats(d.info, &d.value);
}

/* ---------------------------------------------------------------- the sweep */

static const oomcase cases[] = {
    {"blob_new", NULL, blob_new, nothing_made, drop_all},
    {"blob_new_copy", NULL, blob_copy, nothing_made, drop_all},
    {"blob_new_wrap", NULL, blob_wrap, nothing_made, drop_released},
    {"blob_new_slice", build_blob, blob_slice, nothing_made, drop_all},
    {"value_new_nil", NULL, value_nil, nothing_made, drop_all},
    {"value_new_bool", NULL, value_bool, nothing_made, drop_all},
    {"value_new_int", NULL, value_int, nothing_made, drop_all},
    {"value_new_real", NULL, value_real, nothing_made, drop_all},
    {"value_new_text", NULL, value_text, nothing_made, drop_all},
    {"value_new_text_sized", NULL, value_text_sized, nothing_made, drop_all},
    {"value_new_bytes", build_blob, value_bytes, nothing_made, drop_all},
    {"value_new_tensor", build_blob, value_tensor, nothing_made, drop_all},
    {"value_new_list", NULL, value_list, nothing_made, drop_all},
    {"value_new_map", NULL, value_map, nothing_made, drop_all},
    {"value_new_pointer", NULL, value_pointer, nothing_made, drop_released},
    {"list_add", build_list_8, list_add, collection_as_it_was, drop_all},
    {"list_add, shared", build_list_shared, list_add, collection_as_it_was, drop_all},
    {"map_set", build_map_8, map_set, collection_as_it_was, drop_all},
    {"map_set, indexed", build_map_64, map_set, collection_as_it_was, drop_all},
    {"map_set, shared", build_map_shared, map_set, collection_as_it_was, drop_all},
    {"map_set_bool", build_map_8, map_set_bool, collection_as_it_was, drop_all},
    {"map_set_int", build_map_8, map_set_int, collection_as_it_was, drop_all},
    {"map_set_real", build_map_8, map_set_real, collection_as_it_was, drop_all},
    {"map_set_text", build_map_shared, map_set_text, collection_as_it_was, drop_all},
    {"map_set_tensor", build_map_shared, map_set_tensor, collection_as_it_was, drop_all},
    {"map_remove", build_map_64, map_remove, collection_as_it_was, drop_all},
    {"map_remove, shared", build_map_shared, map_remove, collection_as_it_was, drop_all},
    {"shareable_new", NULL, shareable_new, nothing_made, drop_all},
    {"shareable_new_reply", build_reply_headers, shareable_reply, nothing_made, drop_all},
    {"shareable_copy", build_message, shareable_copy, message_as_it_was, drop_all},
    {"shareable_copy, shared", build_shared_message, shareable_copy, message_as_it_was, drop_all},
    {"shareable_copy without", build_shared_message, shareable_copy_without, message_as_it_was,
     drop_all},
    {"shareable_copy_body", build_message, shareable_copy_body, message_as_it_was, drop_all},
    {"shareable_set", build_message, shareable_set, message_as_it_was, drop_all},
    {"shareable_set, shared", build_shared_message, shareable_set, message_as_it_was, drop_all},
    {"shareable_set_header", build_message, shareable_set_header, message_as_it_was, drop_all},
    {"shareable_set_header, shared", build_shared_message, shareable_set_header, message_as_it_was,
     drop_all},
    {"shareable_set_cookie", build_message, shareable_set_cookie, message_as_it_was, drop_all},
    {"shareable_set_cookie, shared", build_shared_message, shareable_set_cookie, message_as_it_was,
     drop_all},
    {"shareable_set_text", build_shared_message, shareable_set_text, message_as_it_was, drop_all},
    {"shareable_set_real", build_message, shareable_set_real, message_as_it_was, drop_all},
    {"shareable_set_int", build_message, shareable_set_int, message_as_it_was, drop_all},
    {"shareable_set_header_text", build_shared_message, shareable_set_header_text,
     message_as_it_was, drop_all},
    {"shareable_set_header_real", build_message, shareable_set_header_real, message_as_it_was,
     drop_all},
    {"shareable_set_header_int", build_message, shareable_set_header_int, message_as_it_was,
     drop_all},
    {"shareable_set_rc", build_shared_message, shareable_set_rc, message_as_it_was, drop_all},
    {"shareable_remove", build_shared_message, shareable_remove, message_as_it_was, drop_all},
    {"shareable_remove_header", build_shared_message, shareable_remove_header, message_as_it_was,
     drop_all},
    {"clock_new", NULL, clock_new, nothing_made, drop_all},
    {"signal_new", NULL, signal_new, nothing_made, drop_all},
    {"signal_new, child", build_signal, signal_new_child, nothing_made, drop_all},
    {"signal_trigger, wait, reset", build_signal, signal_use, NULL, drop_all},
    {"filter_new", NULL, filter_new, no_filter, drop_released},
    {"filter_chain_new", NULL, chain_new, nothing_made, drop_all},
    {"filter_chain_add", build_filter, chain_add, NULL, drop_all},
    {"scope_new", NULL, scope_new, nothing_made, drop_all},
    {"scope_add_data_filter", build_filter, scope_add_data, NULL, drop_all},
    {"scope_add_result_filter", build_filter, scope_add_result, NULL, drop_all},
    {"collector_new", NULL, collector_new, nothing_made, drop_all},
    {"collector_set", build_collector, collector_set, no_group, drop_all},
    {"collector_add", build_collector, collector_add, no_group, drop_all},
    {"collector_add, merged", build_collector, collector_merge, no_group, drop_all},
    {"info_collector_new", NULL, info_new, nothing_made, drop_all},
    {"info_collector_get", build_info, info_get, nothing_made, drop_all},
    {"info_collector_get_stats", build_info, info_get_stats, nothing_made, drop_all},
};

START_TEST(oom_data)
{
    oomcase_sweep(&cases[_i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oom data");
    TCase *tcase = tcase_create("oom");

    if (failalloc_install() < 0)
        return EXIT_FAILURE;
    tcase_add_loop_test(tcase, oom_data, 0, OOMCASE_COUNT(cases));
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
