/* Tests of blobs and values: construction, reading, limits, copy-on-write, equality, release,
 * allocation failures. */
#include "data/value.h"

#include "base/text.h"
#include "data_fault.h"
#include "support/suite.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static flr_value *text(const char *s)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_text(s, &v), 0);
    return v;
}

static flr_value *number(int64_t n)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_int(n, &v), 0);
    return v;
}

static flr_value *real(double n)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_real(n, &v), 0);
    return v;
}

static flr_value *map(void)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_map(&v), 0);
    return v;
}

static flr_value *list(void)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_list(&v), 0);
    return v;
}

/* ---- blobs ---- */

static int released;

static void count_release(void *self, const void *data, size_t size)
{
    (void)data;
    (void)size;
    *(int *)self += 1;
}

START_TEST(blob_owns_aligned_bytes)
{
    long made = atomic_load(&fault_made);
    flr_blob *b;
    void *bytes;

    ck_assert_int_eq(flr_blob_new(1000, &b, &bytes), 0);
    ck_assert_int_eq(atomic_load(&fault_made) - made, 1);
    ck_assert_uint_eq((uintptr_t)bytes % 64, 0);
    memset(bytes, 7, 1000);
    ck_assert_ptr_eq(flr_blob_get_data(b), bytes);
    ck_assert_uint_eq(flr_blob_get_size(b), 1000);
    flr_blob_unref(b);
    ck_assert_int_eq(flr_blob_new(0, &b, &bytes), 0);
    ck_assert_uint_eq(flr_blob_get_size(b), 0);
    flr_blob_unref(b);
    ck_assert_int_eq(flr_blob_new(SIZE_MAX, &b, &bytes), FLR_E_NOMEM);
    ck_assert_int_eq(flr_blob_new(1, NULL, &bytes), FLR_E_INVAL);
    ck_assert_int_eq(flr_blob_new(1, &b, NULL), FLR_E_INVAL);
}
END_TEST

START_TEST(blob_wraps_and_slices)
{
    static const char data[] = "0123456789";
    flr_blob *whole, *part, *part_of_part;

    released = 0;
    ck_assert_int_eq(flr_blob_new_wrap(data, 10, count_release, &released, &whole), 0);
    ck_assert_int_eq(flr_blob_new_slice(whole, 2, 6, &part), 0);
    ck_assert_int_eq(flr_blob_new_slice(part, 1, 2, &part_of_part), 0);
    ck_assert_int_eq(flr_blob_new_slice(part, 1, 6, &part_of_part), FLR_E_INVAL);
    ck_assert_int_eq(flr_blob_new_slice(part, 7, 0, &part_of_part), FLR_E_INVAL);
    ck_assert_int_eq(flr_blob_new_slice(part, 1, SIZE_MAX, &part_of_part), FLR_E_INVAL);
    flr_blob_unref(whole);
    flr_blob_unref(part);
    ck_assert_int_eq(released, 0);
    ck_assert(memcmp(flr_blob_get_data(part_of_part), "34", 2) == 0);
    flr_blob_unref(part_of_part);
    ck_assert_int_eq(released, 1);
    ck_assert_int_eq(flr_blob_new_wrap(NULL, 1, NULL, NULL, &whole), FLR_E_INVAL);
    ck_assert_int_eq(flr_blob_new_wrap(NULL, 0, NULL, NULL, &whole), 0);
    flr_blob_unref(whole);
    ck_assert_int_eq(flr_blob_new_copy(NULL, 1, &whole), FLR_E_INVAL);
    ck_assert_int_eq(flr_blob_new_copy("ab", 2, &whole), 0);
    ck_assert(memcmp(flr_blob_get_data(whole), "ab", 2) == 0);
    flr_blob_unref(whole);
    flr_blob_unref(NULL);
    ck_assert_ptr_null(flr_blob_ref(NULL));
}
END_TEST

/* ---- scalars ---- */

START_TEST(scalars_read_as_their_kind_only)
{
    flr_value *n = number(-5), *r = real(2.5), *t = text("h\xc3\xa9"), *nil, *yes;

    ck_assert_int_eq(flr_value_new_nil(&nil), 0);
    ck_assert_int_eq(flr_value_new_bool(7, &yes), 0);
    ck_assert_int_eq(flr_value_get_int(n, 1), -5);
    ck_assert(flr_value_get_real(n, 1) == -5.0);
    ck_assert(flr_value_get_real(r, 1) == 2.5);
    ck_assert_int_eq(flr_value_get_int(r, 1), 1);
    ck_assert_int_eq(flr_value_get_bool(n, 9), 9);
    ck_assert_int_eq(flr_value_get_bool(yes, 9), 1);
    ck_assert_int_eq(flr_value_get_int(yes, 9), 9);
    ck_assert_str_eq(flr_value_get_text(t, "-"), "h\xc3\xa9");
    ck_assert_str_eq(flr_value_get_text(n, "-"), "-");
    ck_assert_ptr_null(flr_value_get_text(NULL, NULL));
    ck_assert_int_eq(flr_value_get_kind(NULL), FLR_VALUE_NIL);
    ck_assert_int_eq(flr_value_get_kind(nil), FLR_VALUE_NIL);
    ck_assert_uint_eq(flr_value_get_depth(NULL), 0);
    ck_assert_uint_eq(flr_value_get_depth(n), 1);
    ck_assert_uint_eq(flr_value_get_count(t), 1);
    ck_assert_uint_eq(flr_value_get_bytes(t), 3);
    ck_assert_uint_eq(flr_value_get_size(t), 0);
    flr_value_unref(n);
    flr_value_unref(r);
    flr_value_unref(t);
    flr_value_unref(nil);
    flr_value_unref(yes);
    flr_value_unref(NULL);
    ck_assert_ptr_null(flr_value_ref(NULL));
}
END_TEST

START_TEST(text_must_be_utf8)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_text("\xff", &v), FLR_E_INVAL);
    ck_assert_int_eq(flr_value_new_text_sized("a\0b", 3, &v), FLR_E_INVAL);
    ck_assert_int_eq(flr_value_new_text(NULL, &v), FLR_E_INVAL);
    ck_assert_int_eq(flr_value_new_text("a", NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_value_new_text_sized("x", (size_t)FLR_VALUE_MAX_TEXT + 1, &v),
                     FLR_E_LIMIT);
    ck_assert_int_eq(flr_value_new_text_sized("abc", 2, &v), 0);
    ck_assert_str_eq(flr_value_get_text(v, ""), "ab");
    flr_value_unref(v);
    ck_assert_int_eq(flr_value_new_text("", &v), 0);
    ck_assert_str_eq(flr_value_get_text(v, "-"), "");
    flr_value_unref(v);
}
END_TEST

START_TEST(text_over_interned_string)
{
    const flr__str *s = flr__str_new("not well known", 14);
    flr_value *a, *b = text("not well known");

    ck_assert_int_eq(flr__value_new_str(s, &a), 0);
    flr__str_unref(s);
    ck_assert_str_eq(flr_value_get_text(a, ""), "not well known");
    ck_assert_int_eq(flr_value_equals(a, b), 1);
    flr_value_unref(a);
    flr_value_unref(b);
    ck_assert_int_eq(flr__value_new_str(FLR__STR(RC_OK), &a), 0);
    ck_assert_str_eq(flr_value_get_text(a, ""), "OK");
    flr_value_unref(a);
}
END_TEST

static void mark(void *pointer)
{
    *(int *)pointer += 1;
}

START_TEST(pointers_are_asked_for_by_kind)
{
    int seen = 0;
    flr_value *v;

    ck_assert_int_eq(flr_value_new_pointer("", &seen, mark, &v), FLR_E_INVAL);
    ck_assert_int_eq(flr_value_new_pointer("t", NULL, mark, &v), FLR_E_INVAL);
    ck_assert_int_eq(flr_value_new_pointer("my.type", &seen, mark, &v), 0);
    ck_assert_ptr_eq(flr_value_get_pointer(v, "my.type"), &seen);
    ck_assert_ptr_null(flr_value_get_pointer(v, "other"));
    ck_assert_ptr_null(flr_value_get_pointer(v, NULL));
    flr_value_ref(v);
    flr_value_unref(v);
    ck_assert_int_eq(seen, 0);
    flr_value_unref(v);
    ck_assert_int_eq(seen, 1);
}
END_TEST

/* ---- tensors ---- */

START_TEST(tensor_shape_must_match_blob)
{
    const int64_t shape[] = {2, 3}, negative[] = {2, -3}, huge[] = {INT64_MAX, INT64_MAX},
                  empty[] = {INT64_MAX, INT64_MAX, 0};
    int64_t many[FLR_VALUE_MAX_RANK + 1] = {0};
    flr_blob *b, *none;
    flr_value *v;
    void *bytes;

    ck_assert_int_eq(flr_blob_new(24, &b, &bytes), 0);
    memset(bytes, 0, 24);
    ck_assert_int_eq(flr_blob_new(0, &none, &bytes), 0);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_F64, 2, shape, b, &v), FLR_E_INVAL);
    ck_assert_int_eq(flr_value_new_tensor(0, 2, shape, b, &v), FLR_E_INVAL);
    ck_assert_int_eq(flr_value_new_tensor(11, 2, shape, b, &v), FLR_E_INVAL);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_F32, 2, negative, b, &v), FLR_E_INVAL);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_F32, 2, huge, b, &v), FLR_E_INVAL);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_F32, 2, NULL, b, &v), FLR_E_INVAL);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_F32, FLR_VALUE_MAX_RANK + 1, many, none, &v),
                     FLR_E_LIMIT);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_F32, 3, empty, none, &v), 0);
    ck_assert_uint_eq(flr_tensor_get_elements(v), 0);
    flr_value_unref(v);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_F32, 2, shape, b, &v), 0);
    ck_assert_int_eq(flr_tensor_get_type(v), FLR_TYPE_F32);
    ck_assert_uint_eq(flr_tensor_get_rank(v), 2);
    ck_assert_int_eq(flr_tensor_get_dim(v, 1), 3);
    ck_assert_int_eq(flr_tensor_get_dim(v, 2), -1);
    ck_assert_uint_eq(flr_tensor_get_elements(v), 6);
    ck_assert_uint_eq(flr_value_get_bytes(v), 24);
    ck_assert_ptr_eq(flr_value_get_blob(v), b);
    flr_value_unref(v);
    flr_blob_unref(b);
    flr_blob_unref(none);
    ck_assert_int_eq(flr_tensor_get_type(NULL), 0);
}
END_TEST

START_TEST(types_have_names_and_sizes)
{
    ck_assert_uint_eq(flr_type_get_size(FLR_TYPE_BF16), 2);
    ck_assert_uint_eq(flr_type_get_size(FLR_TYPE_I64), 8);
    ck_assert_uint_eq(flr_type_get_size(0), 0);
    ck_assert_uint_eq(flr_type_get_size(11), 0);
    ck_assert_str_eq(flr_type_get_name(FLR_TYPE_F32), "float32");
    ck_assert_str_eq(flr_type_get_name(FLR_TYPE_BF16), "bfloat16");
    ck_assert_str_eq(flr_type_get_name(FLR_TYPE_BOOL), "bool");
    ck_assert_str_eq(flr_type_get_name(-1), "?");
}
END_TEST

/* ---- lists and maps ---- */

START_TEST(map_keeps_order_and_replaces_in_place)
{
    flr_value *m = map();

    ck_assert_int_eq(flr_map_set_int(&m, "b", 1), 0);
    ck_assert_int_eq(flr_map_set_text(&m, "a", "xyz"), 0);
    ck_assert_int_eq(flr_map_set_bool(&m, "b", 1), 0);
    ck_assert_int_eq(flr_map_set_real(&m, "c", 1.5), 0);
    ck_assert_uint_eq(flr_value_get_size(m), 3);
    ck_assert_str_eq(flr_map_get_key(m, 0), "b");
    ck_assert_str_eq(flr_map_get_key(m, 1), "a");
    ck_assert_ptr_null(flr_map_get_key(m, 3));
    ck_assert_int_eq(flr_value_get_bool(flr_map_get_at(m, 0), 9), 1);
    ck_assert_uint_eq(flr_value_get_count(m), 4);
    ck_assert_uint_eq(flr_value_get_bytes(m), 3 + 3);
    ck_assert_int_eq(flr_map_remove(&m, "a"), 0);
    ck_assert_int_eq(flr_map_remove(&m, "a"), FLR_E_NOTFOUND);
    ck_assert_uint_eq(flr_value_get_bytes(m), 2);
    ck_assert_str_eq(flr_map_get_key(m, 1), "c");
    flr_value_unref(m);
}
END_TEST

START_TEST(maps_refuse_bad_arguments)
{
    flr_value *m = map(), *n = number(1), *l = list();
    char *key = malloc(FLR_VALUE_MAX_KEY + 2);

    memset(key, 'k', FLR_VALUE_MAX_KEY + 1);
    key[FLR_VALUE_MAX_KEY + 1] = '\0';
    ck_assert_int_eq(flr_map_set(&m, key, n), FLR_E_LIMIT);
    ck_assert_ptr_null(flr_map_get(m, key));
    key[FLR_VALUE_MAX_KEY] = '\0';
    ck_assert_int_eq(flr_map_set(&m, key, flr_value_ref(n)), 0);
    ck_assert_ptr_eq(flr_map_get(m, key), n);
    ck_assert_int_eq(flr_map_set(&m, "", n), FLR_E_INVAL);
    ck_assert_int_eq(flr_map_set(&m, "\xc0\x80", n), FLR_E_INVAL);
    ck_assert_int_eq(flr_map_set(&m, NULL, n), FLR_E_INVAL);
    ck_assert_int_eq(flr_map_set(&m, "a", NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_map_set(NULL, "a", n), FLR_E_INVAL);
    ck_assert_int_eq(flr_map_set(&l, "a", n), FLR_E_INVAL);
    ck_assert_int_eq(flr_map_set(&m, "me", m), FLR_E_INVAL); /* would hold itself */
    ck_assert_int_eq(flr_list_add(&m, n), FLR_E_INVAL);
    ck_assert_int_eq(flr_list_add(&l, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_map_remove(&l, "a"), FLR_E_INVAL);
    ck_assert_ptr_null(flr_map_get(l, "a"));
    ck_assert_ptr_null(flr_map_get(NULL, "a"));
    ck_assert_ptr_null(flr_map_get(m, NULL));
    free(key);
    flr_value_unref(m);
    flr_value_unref(n);
    flr_value_unref(l);
}
END_TEST

START_TEST(maps_find_well_known_keys_by_text_and_address)
{
    flr_value *m = map();

    for (int i = 0; i < 20; i++) {
        char key[32];

        ck_assert_int_eq(flr_map_set_int(&m, "__rc__", i), 0);
        ck_assert_int_eq(flr_value_get_int(flr__map_get(m, FLR__STR(RC)), -1), i);
        ck_assert_int_eq(flr__map_set(&m, FLR__STR(TASK_ID), flr__value_nil()), 0);
        ck_assert_ptr_nonnull(flr_map_get(m, "__task_id__"));
        ck_assert_ptr_null(flr__map_get(m, FLR__STR(TASK_NAME)));
        snprintf(key, sizeof key, "k%d", i);
        ck_assert_int_eq(flr_map_set_int(&m, key, i), 0);
    }
    ck_assert_ptr_eq(flr__map_key(m, 0), FLR__STR(RC));
    flr_value_unref(m);
}
END_TEST

/* A simple model of a map beside the real one. */
START_TEST(large_maps_agree_with_a_model)
{
    enum { KEYS = 400 };
    int64_t model[KEYS];
    int order[KEYS];
    int used = 0;
    uint32_t rng = 12345;
    flr_value *m = map(), *held = NULL;

    for (int i = 0; i < KEYS; i++) {
        model[i] = -1;
    }
    for (int step = 0; step < 6000; step++) {
        char key[32];
        int k, position = 0;
        bool add;

        rng = rng * 1664525u + 1013904223u;
        k = (int)(rng >> 8) % KEYS;
        add = (rng >> 28) < (step < 3000 ? 11 : 6);
        snprintf(key, sizeof key, "key-%d", k);
        while (position < used && order[position] != k) {
            position++;
        }
        if (add) {
            ck_assert_int_eq(flr_map_set_int(&m, key, step), 0);
            model[k] = step;
            if (position == used) {
                order[used++] = k;
            }
        } else {
            ck_assert_int_eq(flr_map_remove(&m, key), position < used ? 0 : FLR_E_NOTFOUND);
            model[k] = -1;
            if (position < used) {
                used--;
                memmove(order + position, order + position + 1,
                        (size_t)(used - position) * sizeof order[0]);
            }
        }
        ck_assert_uint_eq(flr_value_get_size(m), (size_t)used);
        if (step % 97 ==
            0) { /* and now and then it is shared: the next change copies it with its index */
            flr_value_unref(held);
            held = flr_value_ref(m);
        }
        if (step % 50 == 0) {
            for (int i = 0; i < KEYS; i++) {
                snprintf(key, sizeof key, "key-%d", i);
                ck_assert_int_eq(flr_value_get_int(flr_map_get(m, key), -1), model[i]);
            }
            for (int i = 0; i < used; i++) {
                snprintf(key, sizeof key, "key-%d", order[i]);
                ck_assert_str_eq(flr_map_get_key(m, (size_t)i), key);
            }
        }
    }
    flr_value_unref(held);
    flr_value_unref(m);
}
END_TEST

START_TEST(changes_never_show_in_other_references)
{
    flr_value *inner = map(), *a = map(), *b, *l = list(), *k;

    ck_assert_int_eq(flr_map_set_int(&inner, "x", 1), 0);
    ck_assert_int_eq(flr_map_set(&a, "inner", flr_value_ref(inner)), 0);
    b = flr_value_ref(a);
    ck_assert_int_eq(flr_map_set_int(&b, "new", 2), 0);
    ck_assert_ptr_ne(a, b);
    ck_assert_ptr_null(flr_map_get(a, "new"));
    ck_assert_ptr_eq(flr_map_get(a, "inner"), flr_map_get(b, "inner"));
    ck_assert_int_eq(flr_map_set_int(&inner, "x", 5), 0);
    ck_assert_int_eq(flr_value_get_int(flr_map_get(flr_map_get(a, "inner"), "x"), 0), 1);
    ck_assert_int_eq(flr_map_remove(&b, "inner"), 0);
    ck_assert_ptr_nonnull(flr_map_get(a, "inner"));
    ck_assert_int_eq(flr_list_add(&l, flr_value_ref(a)), 0);
    k = flr_value_ref(l);
    ck_assert_int_eq(flr_list_add(&k, b), 0);
    ck_assert_uint_eq(flr_value_get_size(l), 1);
    ck_assert_uint_eq(flr_value_get_size(k), 2);
    /* A container may be put into itself by a second reference: the first becomes a copy. */
    ck_assert_int_eq(flr_map_set(&a, "self", flr_value_ref(a)), 0);
    ck_assert_ptr_null(flr_map_get(flr_map_get(a, "self"), "self"));
    flr_value_unref(a);
    flr_value_unref(inner);
    flr_value_unref(l);
    flr_value_unref(k);
}
END_TEST

START_TEST(a_value_may_replace_itself)
{
    flr_value *m = map(), *l = list();

    ck_assert_int_eq(flr_list_add(&l, number(1)), 0);
    ck_assert_int_eq(flr_map_set(&m, "l", flr_value_ref(l)), 0);
    ck_assert_int_eq(flr_map_set(&m, "l", l), 0);
    ck_assert_uint_eq(flr_value_get_count(m), 3);
    ck_assert_uint_eq(flr_value_get_depth(m), 3);
    flr_value_unref(m);
}
END_TEST

START_TEST(depth_follows_what_is_inside)
{
    flr_value *m = map(), *deep = list(), *l;

    ck_assert_uint_eq(flr_value_get_depth(m), 1);
    ck_assert_int_eq(flr_list_add(&deep, number(1)), 0);
    ck_assert_int_eq(flr_map_set_int(&m, "a", 1), 0);
    ck_assert_uint_eq(flr_value_get_depth(m), 2);
    ck_assert_int_eq(flr_map_set(&m, "d", flr_value_ref(deep)), 0);
    ck_assert_uint_eq(flr_value_get_depth(m), 3);
    ck_assert_int_eq(flr_map_set_int(&m, "d", 1), 0);
    ck_assert_uint_eq(flr_value_get_depth(m), 2);
    ck_assert_int_eq(flr_map_set(&m, "d", flr_value_ref(deep)), 0);
    ck_assert_int_eq(flr_map_remove(&m, "d"), 0);
    ck_assert_uint_eq(flr_value_get_depth(m), 2);
    ck_assert_int_eq(flr_map_remove(&m, "a"), 0);
    ck_assert_uint_eq(flr_value_get_depth(m), 1);
    ck_assert_uint_eq(flr_value_get_count(m), 1);
    ck_assert_uint_eq(flr_value_get_bytes(m), 0);
    flr_value_unref(m);
    while (flr_value_get_depth(deep) < FLR_VALUE_MAX_DEPTH) {
        l = list();
        ck_assert_int_eq(flr_list_add(&l, deep), 0);
        deep = l;
    }
    l = list();
    m = map();
    ck_assert_int_eq(flr_list_add(&l, deep), FLR_E_LIMIT);
    ck_assert_int_eq(flr_map_set(&m, "d", deep), FLR_E_LIMIT);
    ck_assert_uint_eq(flr_value_get_size(l), 0);
    flr_value_unref(l);
    flr_value_unref(m);
    flr_value_unref(deep);
}
END_TEST

START_TEST(count_is_limited_by_the_whole_tree)
{
    /* Each level holds the one below eight times: 8 + 64 + ... values stand for a handful of
     * nodes. */
    flr_value *v = number(1), *l;
    size_t count = 1;
    int status = 0;

    for (int level = 0; level < 12 && status == 0; level++) {
        l = list();
        for (int i = 0; i < 8 && status == 0; i++) {
            status = flr_list_add(&l, flr_value_ref(v));
        }
        if (status < 0) {
            flr_value_unref(v); /* the reference that was not taken */
        } else {
            count = count * 8 + 1;
        }
        flr_value_unref(v);
        v = l;
        ck_assert(status < 0 || flr_value_get_count(v) == count);
    }
    ck_assert_int_eq(status, FLR_E_LIMIT);
    ck_assert_uint_le(flr_value_get_count(v), FLR_VALUE_MAX_COUNT);
    flr_value_unref(v);
}
END_TEST

START_TEST(equality_is_by_content_and_order)
{
    flr_value *a = map(), *b = map(), *c = map(), *nan1 = real(NAN), *nan2 = real(NAN),
              *zero = real(0.0), *minus = real(-0.0);
    flr_value *l1 = list(), *l2 = list();

    ck_assert_int_eq(flr_list_add(&l1, nan1), 0);
    ck_assert_int_eq(flr_list_add(&l2, nan2), 0);
    ck_assert_int_eq(flr_map_set(&a, "l", l1), 0);
    ck_assert_int_eq(flr_map_set_text(&a, "t", "x"), 0);
    ck_assert_int_eq(flr_map_set(&b, "l", l2), 0);
    ck_assert_int_eq(flr_map_set_text(&b, "t", "x"), 0);
    ck_assert_int_eq(flr_map_set_text(&c, "t", "x"), 0);
    ck_assert_int_eq(flr_map_set(&c, "l", flr_value_ref(l1)), 0);
    ck_assert_int_eq(flr_value_equals(a, b), 1);
    ck_assert_int_eq(flr_value_equals(a, c), 0);
    ck_assert_int_eq(flr_value_equals(zero, minus), 0);
    ck_assert_int_eq(flr_value_equals(NULL, a), 0);
    ck_assert_int_eq(flr_value_equals(NULL, NULL), 1);
    ck_assert_int_eq(flr_map_set_text(&b, "t", "y"), 0);
    ck_assert_int_eq(flr_value_equals(a, b), 0);
    ck_assert_int_eq(flr_map_set_int(&b, "t", 1), 0);
    ck_assert_int_eq(flr_map_set_real(&a, "t", 1), 0);
    ck_assert_int_eq(flr_value_equals(a, b), 0);
    flr_value_unref(a);
    flr_value_unref(b);
    flr_value_unref(c);
    flr_value_unref(zero);
    flr_value_unref(minus);
}
END_TEST

START_TEST(tensors_and_bytes_are_equal_by_content)
{
    const int64_t row[] = {1, 4}, column[] = {4, 1};
    flr_blob *x, *y;
    flr_value *a, *b, *c, *d;

    ck_assert_int_eq(flr_blob_new_copy("abcd", 4, &x), 0);
    ck_assert_int_eq(flr_blob_new_copy("abcd", 4, &y), 0);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_U8, 2, row, x, &a), 0);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_U8, 2, row, y, &b), 0);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_U8, 2, column, x, &c), 0);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_I8, 2, row, x, &d), 0);
    ck_assert_int_eq(flr_value_equals(a, b), 1);
    ck_assert_int_eq(flr_value_equals(a, c), 0);
    ck_assert_int_eq(flr_value_equals(a, d), 0);
    flr_value_unref(c);
    flr_value_unref(d);
    ck_assert_int_eq(flr_value_new_bytes(x, &c), 0);
    ck_assert_int_eq(flr_value_new_bytes(y, &d), 0);
    ck_assert_int_eq(flr_value_equals(c, d), 1);
    ck_assert_int_eq(flr_value_equals(a, c), 0);
    flr_value_unref(a);
    flr_value_unref(b);
    flr_value_unref(c);
    flr_value_unref(d);
    flr_blob_unref(x);
    flr_blob_unref(y);
}
END_TEST

START_TEST(json_shows_every_kind)
{
    const int64_t shape[] = {2, 2};
    flr__text out = FLR__TEXT_INIT;
    flr_value *m = map(), *l = list(), *v;
    flr_blob *b;
    int thing = 0;

    ck_assert_int_eq(flr_blob_new_copy("abcd", 4, &b), 0);
    ck_assert_int_eq(flr_list_add(&l, flr__value_nil()), 0);
    ck_assert_int_eq(flr_list_add(&l, flr__value_bool(true)), 0);
    ck_assert_int_eq(flr_list_add(&l, number(INT64_MIN)), 0);
    ck_assert_int_eq(flr_list_add(&l, real(0.1)), 0);
    ck_assert_int_eq(flr_list_add(&l, real(-1e300)), 0);
    ck_assert_int_eq(flr_list_add(&l, real(INFINITY)), 0);
    ck_assert_int_eq(flr_list_add(&l, real(NAN)), 0);
    ck_assert_int_eq(flr_map_set(&m, "l\n", l), 0);
    ck_assert_int_eq(flr_map_set_text(&m, "t", "say \"hi\""), 0);
    ck_assert_int_eq(flr_value_new_bytes(b, &v), 0);
    ck_assert_int_eq(flr_map_set(&m, "b", v), 0);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_U8, 2, shape, b, &v), 0);
    ck_assert_int_eq(flr_map_set(&m, "x", v), 0);
    ck_assert_int_eq(flr_value_new_pointer("k", &thing, NULL, &v), 0);
    ck_assert_int_eq(flr_map_set(&m, "p", v), 0);
    ck_assert_int_eq(flr_map_set(&m, "e", map()), 0);
    ck_assert_int_eq(flr_map_set(&m, "f", list()), 0);
    flr__value_print_json(&out, m);
    ck_assert_int_eq(out.status, 0);
    ck_assert_str_eq(
        out.data,
        "{\"l\\n\":[null,true,-9223372036854775808,0.10000000000000001,"
        "-1.0000000000000001e+300,null,null],"
        "\"t\":\"say \\\"hi\\\"\",\"b\":{\"bytes\":4},\"x\":{\"type\":\"uint8\",\"shape\":[2,2]},"
        "\"p\":\"k\",\"e\":{},\"f\":[]}");
    flr__text_free(&out);
    flr_value_unref(m);
    flr_blob_unref(b);
}
END_TEST

/* ---- threads ---- */

struct worker {
    pthread_t thread;
    const flr_value *shared;
    int number;
    int failures;
};

static void *change_copies(void *arg)
{
    struct worker *w = arg;

    for (int i = 0; i < 2000; i++) {
        flr_value *mine = flr_value_ref(w->shared);

        w->failures += flr_map_set_int(&mine, "mine", w->number) != 0;
        w->failures += flr_map_set_int(&mine, "k3", i) != 0;
        w->failures += flr_value_get_int(flr_map_get(mine, "mine"), -1) != w->number;
        w->failures += flr_value_get_int(flr_map_get(w->shared, "k3"), -1) != 3;
        flr_value_unref(mine);
    }
    return NULL;
}

START_TEST(threads_share_a_map_and_change_their_own)
{
    struct worker workers[4];
    flr_value *m = map();

    for (int i = 0; i < 12; i++) {
        char key[32];

        snprintf(key, sizeof key, "k%d", i);
        ck_assert_int_eq(flr_map_set_int(&m, key, i), 0);
    }
    for (int i = 0; i < 4; i++) {
        workers[i] = (struct worker){.shared = m, .number = i};
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, change_copies, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
        ck_assert_int_eq(workers[i].failures, 0);
    }
    ck_assert_ptr_null(flr_map_get(m, "mine"));
    flr_value_unref(m);
}
END_TEST

/* ---- allocations ---- */

static int build_everything(void)
{
    static const int64_t shape[] = {4};
    flr_value *m = NULL, *l = NULL, *v = NULL, *held = NULL;
    flr_blob *b = NULL, *part = NULL, *wrap = NULL;
    int status = flr_blob_new_copy("abcdefgh", 8, &b);

    released = 0;
    if (status == 0 && (status = flr_blob_new_slice(b, 2, 4, &part)) == 0 &&
        (status = flr_blob_new_wrap("xy", 2, count_release, &released, &wrap)) == 0 &&
        (status = flr_value_new_list(&l)) == 0 && (status = flr_value_new_map(&m)) == 0) {
        for (int i = 0; i < 20 && status == 0; i++) {
            char key[32];

            snprintf(key, sizeof key, "an ordinary key %d", i);
            status = flr_map_set_int(&m, key, i);
            if (i == 5 || i == 12) { /* the next change copies; at 12 with an index */
                flr_value_unref(held);
                held = flr_value_ref(m);
            }
        }
        if (status == 0 && (status = flr_value_new_tensor(FLR_TYPE_U8, 1, shape, part, &v)) == 0) {
            status = flr_list_add(&l, v);
            flr_value_unref(status < 0 ? v : NULL);
        }
        for (int i = 0; i < 12 && status == 0; i++) {
            status = flr_value_new_bytes(wrap, &v);
            if (status == 0 && (status = flr_list_add(&l, v)) < 0) {
                flr_value_unref(v);
            }
        }
        if (status == 0 && (status = flr_value_new_pointer("kind", &released, NULL, &v)) == 0) {
            status = flr_map_set(&m, "p", v);
            flr_value_unref(status < 0 ? v : NULL);
        }
        if (status == 0) {
            flr_value_unref(held);
            held = flr_value_ref(m);
            status = flr_map_remove(&m, "p");
        }
        ck_assert_int_eq(released, 0);
    }
    flr_value_unref(held);
    flr_value_unref(m);
    flr_value_unref(l);
    flr_blob_unref(b);
    flr_blob_unref(part);
    ck_assert_int_eq(released, 0);
    flr_blob_unref(wrap);
    ck_assert_int_eq(released, wrap != NULL);
    return status;
}

START_TEST(every_failed_allocation_is_reported_and_leaks_nothing)
{
    fault_loop(build_everything);
}
END_TEST

START_TEST(a_failed_change_changes_nothing)
{
    flr_value *m = map(), *held, *before;

    for (int i = 0; i < 8; i++) {
        char key[32];

        snprintf(key, sizeof key, "k%d", i);
        ck_assert_int_eq(flr_map_set_int(&m, key, i), 0);
    }
    held = flr_value_ref(m);
    before = m;
    for (int k = 1; k < 10; k++) { /* the ninth entry: number, key, copy, index */
        int status;

        atomic_store(&fault_at, k);
        status = flr_map_set_int(&m, "ninth", 9);
        fault_reset();
        if (status == 0) {
            ck_assert_int_gt(k, 3);
            break;
        }
        ck_assert_int_eq(status, FLR_E_NOMEM);
        ck_assert_ptr_eq(m, before);
        ck_assert_uint_eq(flr_value_get_size(m), 8);
        ck_assert_uint_eq(flr_value_get_count(m), 9);
    }
    ck_assert_int_eq(flr_value_get_int(flr_map_get(m, "ninth"), 0), 9);
    ck_assert_ptr_null(flr_map_get(held, "ninth"));
    flr_value_unref(held);
    flr_value_unref(m);
}
END_TEST

START_TEST(constants_and_empty_containers_cost_nothing)
{
    long made = atomic_load(&fault_made);
    flr_value *v;

    ck_assert_int_eq(flr_value_new_nil(&v), 0);
    flr_value_unref(v);
    ck_assert_int_eq(flr_value_new_bool(0, &v), 0);
    flr_value_unref(v);
    ck_assert_int_eq(flr_value_new_map(&v), 0);
    flr_value_unref(v);
    ck_assert_int_eq(atomic_load(&fault_made), made);
    ck_assert_int_eq(flr__map_new(100, &v), 0);
    ck_assert_int_eq(flr__map_set(&v, FLR__STR(RC), flr__value_nil()), 0);
    ck_assert_int_eq(atomic_load(&fault_made), made + 1);
    flr_value_unref(v);
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
    Suite *suite = suite_create("value");
    TCase *tests = tcase_create("value");

    if (fault_install() != 0) {
        return 1;
    }
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, blob_owns_aligned_bytes);
    tcase_add_test(tests, blob_wraps_and_slices);
    tcase_add_test(tests, scalars_read_as_their_kind_only);
    tcase_add_test(tests, text_must_be_utf8);
    tcase_add_test(tests, text_over_interned_string);
    tcase_add_test(tests, pointers_are_asked_for_by_kind);
    tcase_add_test(tests, tensor_shape_must_match_blob);
    tcase_add_test(tests, types_have_names_and_sizes);
    tcase_add_test(tests, map_keeps_order_and_replaces_in_place);
    tcase_add_test(tests, maps_refuse_bad_arguments);
    tcase_add_test(tests, maps_find_well_known_keys_by_text_and_address);
    tcase_add_test(tests, large_maps_agree_with_a_model);
    tcase_add_test(tests, changes_never_show_in_other_references);
    tcase_add_test(tests, a_value_may_replace_itself);
    tcase_add_test(tests, depth_follows_what_is_inside);
    tcase_add_test(tests, count_is_limited_by_the_whole_tree);
    tcase_add_test(tests, equality_is_by_content_and_order);
    tcase_add_test(tests, tensors_and_bytes_are_equal_by_content);
    tcase_add_test(tests, json_shows_every_kind);
    tcase_add_test(tests, threads_share_a_map_and_change_their_own);
    tcase_add_test(tests, every_failed_allocation_is_reported_and_leaks_nothing);
    tcase_add_test(tests, a_failed_change_changes_nothing);
    tcase_add_test(tests, constants_and_empty_containers_cost_nothing);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
