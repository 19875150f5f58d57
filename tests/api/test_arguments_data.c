/*
 * Wrong arguments for blobs, values and messages, through the shared library and the public
 * headers only: each gives its documented code, leaves what it was given to the caller and
 * writes no output. Getters and releasing functions bear NULL and other kinds.
 */
#include <check.h>
#include <flrunner.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define IS(call, code)   ck_assert_msg((call) == (code), #call " should be " #code)
#define INVAL(call)      IS(call, FLR_E_INVAL)
#define NOTHING(call)    ck_assert_msg((call) == NULL, #call " should be NULL")
#define ZERO(call)       ck_assert_msg((call) == 0, #call " should be 0")
#define TEXT(call, text) ck_assert_msg(strcmp((call), (text)) == 0, #call " should be \"" text "\"")

static flr_blob *blob;
static flr_value *number, *list, *map;
static flr_shareable *message;
static char *long_key;

static void setup(void)
{
    ZERO(flr_blob_new_copy("0123456789abcdef", 16, &blob));
    ZERO(flr_value_new_int(70000, &number));
    ZERO(flr_value_new_list(&list));
    ZERO(flr_value_new_map(&map));
    ZERO(flr_shareable_new(&message));
    long_key = malloc((size_t)FLR_VALUE_MAX_KEY + 2);
    ck_assert_ptr_nonnull(long_key);
    memset(long_key, 'x', (size_t)FLR_VALUE_MAX_KEY + 1);
    long_key[FLR_VALUE_MAX_KEY + 1] = '\0';
}

static void teardown(void)
{
    free(long_key);
    flr_shareable_unref(message);
    flr_value_unref(map);
    flr_value_unref(list);
    flr_value_unref(number);
    flr_blob_unref(blob);
}

START_TEST(arguments_of_blobs)
{
    flr_blob *part = NULL;
    void *bytes = NULL;
    INVAL(flr_blob_new(1, NULL, &bytes));
    INVAL(flr_blob_new(1, &part, NULL));
    INVAL(flr_blob_new_copy("x", 1, NULL));
    INVAL(flr_blob_new_copy(NULL, 1, &part));
    INVAL(flr_blob_new_wrap("x", 1, NULL, NULL, NULL));
    INVAL(flr_blob_new_wrap(NULL, 1, NULL, NULL, &part));
    INVAL(flr_blob_new_slice(NULL, 0, 0, &part));
    INVAL(flr_blob_new_slice(blob, 0, 1, NULL));
    INVAL(flr_blob_new_slice(blob, 0, 17, &part));
    INVAL(flr_blob_new_slice(blob, 17, 0, &part));
    INVAL(flr_blob_new_slice(blob, 1, SIZE_MAX, &part));
    INVAL(flr_blob_new_slice(blob, SIZE_MAX, 1, &part));
    IS(flr_blob_new(SIZE_MAX, &part, &bytes), FLR_E_NOMEM);
    NOTHING(part);
    NOTHING(flr_blob_ref(NULL));
    NOTHING(flr_blob_get_data(NULL));
    ZERO(flr_blob_get_size(NULL));
    flr_blob_unref(NULL);
}
END_TEST

START_TEST(arguments_of_new_values)
{
    static const int64_t good[] = {4}, negative[] = {-4}, other[] = {3},
                         huge[] = {INT64_MAX, INT64_MAX};
    flr_value *v = NULL;
    int thing = 0;
    INVAL(flr_value_new_nil(NULL));
    INVAL(flr_value_new_bool(1, NULL));
    INVAL(flr_value_new_int(1, NULL));
    INVAL(flr_value_new_real(1.0, NULL));
    INVAL(flr_value_new_text("x", NULL));
    INVAL(flr_value_new_text(NULL, &v));
    INVAL(flr_value_new_text("\xff", &v));
    INVAL(flr_value_new_text_sized("x", 1, NULL));
    INVAL(flr_value_new_text_sized(NULL, 1, &v));
    INVAL(flr_value_new_text_sized("a\0b", 3, &v));
    INVAL(flr_value_new_text_sized("\xc3", 1, &v));
    INVAL(flr_value_new_bytes(NULL, &v));
    INVAL(flr_value_new_bytes(blob, NULL));
    INVAL(flr_value_new_tensor(FLR_TYPE_F32, 1, good, NULL, &v));
    INVAL(flr_value_new_tensor(FLR_TYPE_F32, 1, good, blob, NULL));
    INVAL(flr_value_new_tensor(FLR_TYPE_F32, 1, NULL, blob, &v));
    INVAL(flr_value_new_tensor(FLR_TYPE_F32, 1, negative, blob, &v));
    INVAL(flr_value_new_tensor(FLR_TYPE_F32, 1, other, blob, &v));
    INVAL(flr_value_new_tensor(0, 1, good, blob, &v));
    INVAL(flr_value_new_tensor(FLR_TYPE_BOOL + 1, 1, good, blob, &v));
    ck_assert_int_lt(flr_value_new_tensor(FLR_TYPE_F32, 2, huge, blob, &v), 0);
    IS(flr_value_new_tensor(FLR_TYPE_F32, FLR_VALUE_MAX_RANK + 1, good, blob, &v), FLR_E_LIMIT);
    INVAL(flr_value_new_list(NULL));
    INVAL(flr_value_new_map(NULL));
    INVAL(flr_value_new_pointer(NULL, &thing, NULL, &v));
    INVAL(flr_value_new_pointer("", &thing, NULL, &v));
    INVAL(flr_value_new_pointer("k", &thing, NULL, NULL));
    NOTHING(v);
}
END_TEST

START_TEST(arguments_of_collections)
{
    static const int64_t shape[] = {1};
    static const float one[] = {1};
    flr_value *none = NULL;
    INVAL(flr_list_add(NULL, number));
    INVAL(flr_list_add(&none, number));
    INVAL(flr_list_add(&map, number));
    INVAL(flr_list_add(&list, NULL));
    INVAL(flr_map_set(NULL, "k", number));
    INVAL(flr_map_set(&none, "k", number));
    INVAL(flr_map_set(&list, "k", number));
    INVAL(flr_map_set(&map, NULL, number));
    INVAL(flr_map_set(&map, "", number));
    INVAL(flr_map_set(&map, "\xff", number));
    INVAL(flr_map_set(&map, "k", NULL));
    IS(flr_map_set(&map, long_key, number), FLR_E_LIMIT);
    INVAL(flr_map_set_bool(&list, "k", 1));
    INVAL(flr_map_set_int(&map, "", 1));
    INVAL(flr_map_set_real(NULL, "k", 1));
    INVAL(flr_map_set_text(&map, "k", NULL));
    INVAL(flr_map_set_text(&map, "k", "\xff"));
    INVAL(flr_map_set_tensor(&map, "k", 99, 1, shape, one));
    INVAL(flr_map_set_tensor(&map, "k", FLR_TYPE_F32, 1, shape, NULL));
    INVAL(flr_map_set_tensor(&map, "k", FLR_TYPE_F32, 1, NULL, one));
    INVAL(flr_map_set_tensor(&map, "", FLR_TYPE_F32, 1, shape, one));
    INVAL(flr_map_remove(NULL, "k"));
    INVAL(flr_map_remove(&list, "k"));
    INVAL(flr_map_remove(&map, NULL));
    IS(flr_map_remove(&map, "k"), FLR_E_NOTFOUND);
    ZERO(flr_value_get_size(map));
    ZERO(flr_value_get_size(list));
}
END_TEST

START_TEST(getters_bear_null_and_other_kinds)
{
    const flr_value *const values[] = {NULL, number, list, map};
    for (size_t i = 0; i < 4; i++) {
        const flr_value *v = values[i];
        IS(flr_value_get_bool(v, 7), 7);
        IS(flr_value_get_int(v, -7), v == number ? 70000 : -7);
        ck_assert(flr_value_get_real(v, 0.5) == (v == number ? 70000.0 : 0.5));
        TEXT(flr_value_get_text(v, "-"), "-");
        NOTHING(flr_value_get_blob(v));
        NOTHING(flr_value_get_pointer(v, "k"));
        NOTHING(flr_value_get_pointer(v, NULL));
        ZERO(flr_tensor_get_type(v));
        ZERO(flr_tensor_get_rank(v));
        IS(flr_tensor_get_dim(v, 0), -1);
        ZERO(flr_tensor_get_elements(v));
        NOTHING(flr_tensor_get_data(v));
        ZERO(flr_value_get_size(v));
        NOTHING(flr_list_get(v, 0));
        NOTHING(flr_map_get(v, "k"));
        NOTHING(flr_map_get(v, NULL));
        NOTHING(flr_map_get_key(v, 0));
        NOTHING(flr_map_get_at(v, 0));
        IS(flr_value_get_depth(v), v == NULL ? 0 : 1);
        IS(flr_value_get_count(v), v == NULL ? 0 : 1);
        ck_assert_uint_le(flr_value_get_bytes(v), 8);
        ZERO(flr_value_equals(v, i == 1 ? map : number));
    }
    IS(flr_value_get_kind(NULL), FLR_VALUE_NIL);
    NOTHING(flr_value_ref(NULL));
    flr_value_unref(NULL);
    ZERO(flr_type_get_size(0));
    TEXT(flr_type_get_name(0), "?");
}
END_TEST

START_TEST(arguments_of_shareables)
{
    flr_shareable *copy = NULL;
    flr_value *bad = NULL;
    INVAL(flr_shareable_new(NULL));
    INVAL(flr_shareable_new_reply(NULL, NULL, &copy));
    INVAL(flr_shareable_new_reply("", NULL, &copy));
    INVAL(flr_shareable_new_reply("OK", number, &copy));
    INVAL(flr_shareable_new_reply("OK", NULL, NULL));
    INVAL(flr_shareable_copy(NULL, NULL, &copy));
    INVAL(flr_shareable_copy(message, NULL, NULL));
    INVAL(flr_shareable_copy_body(NULL, &copy));
    INVAL(flr_shareable_copy_body(message, NULL));
    NOTHING(copy);
    INVAL(flr_shareable_set_header(NULL, "k", number));
    INVAL(flr_shareable_set_header(message, NULL, number));
    INVAL(flr_shareable_set_header(message, "", number));
    INVAL(flr_shareable_set_header(message, "k", NULL));
    INVAL(flr_shareable_set_header_text(message, "k", NULL));
    INVAL(flr_shareable_set_header_text(NULL, "k", "x"));
    INVAL(flr_shareable_set_header_real(NULL, "k", 1.0));
    INVAL(flr_shareable_set_header_int(message, "", 1));
    INVAL(flr_shareable_remove_header(NULL, "k"));
    INVAL(flr_shareable_remove_header(message, NULL));
    IS(flr_shareable_remove_header(message, "k"), FLR_E_NOTFOUND);
    INVAL(flr_shareable_set_rc(NULL, "OK"));
    INVAL(flr_shareable_set_rc(message, NULL));
    INVAL(flr_shareable_set_cookie(NULL, "k", number));
    INVAL(flr_shareable_set_cookie(message, "", number));
    INVAL(flr_shareable_set_cookie(message, "k", NULL));
    INVAL(flr_shareable_set(NULL, "k", number));
    INVAL(flr_shareable_set(message, NULL, number));
    INVAL(flr_shareable_set(message, "", number));
    INVAL(flr_shareable_set(message, "__headers__", number)); /* SH-05 */
    INVAL(flr_shareable_set(message, "k", NULL));
    INVAL(flr_shareable_set_text(message, "k", NULL));
    INVAL(flr_shareable_set_real(NULL, "k", 1.0));
    INVAL(flr_shareable_set_int(message, "__headers__", 1));
    INVAL(flr_shareable_remove(NULL, "k"));
    INVAL(flr_shareable_remove(message, NULL));
    IS(flr_shareable_remove(message, "k"), FLR_E_NOTFOUND);
    INVAL(flr_shareable_set_body(NULL, map));
    INVAL(flr_shareable_set_body(message, NULL));
    INVAL(flr_shareable_set_body(message, number));
    ZERO(flr_value_new_map(&bad));
    ZERO(flr_map_set_int(&bad, "__headers__", 1));
    INVAL(flr_shareable_set_body(message, bad));
    flr_value_unref(bad);
    IS(flr_shareable_set_header(message, long_key, number), FLR_E_LIMIT);
    IS(flr_shareable_set(message, long_key, number), FLR_E_LIMIT);
    ZERO(flr_value_get_size(flr_shareable_get_body(message)));
    ZERO(flr_value_get_size(flr_shareable_get_headers(message)));
}
END_TEST

START_TEST(frozen_messages_refuse_every_change)
{
    flr_shareable_freeze(message);
    ck_assert_int_eq(flr_shareable_is_frozen(message), 1);
    IS(flr_shareable_set_header(message, "k", number), FLR_E_STATE);
    IS(flr_shareable_set_header_text(message, "k", "x"), FLR_E_STATE);
    IS(flr_shareable_set_header_real(message, "k", 1.0), FLR_E_STATE);
    IS(flr_shareable_set_header_int(message, "k", 1), FLR_E_STATE);
    IS(flr_shareable_remove_header(message, "k"), FLR_E_STATE);
    IS(flr_shareable_set_rc(message, "OK"), FLR_E_STATE);
    IS(flr_shareable_set_cookie(message, "k", number), FLR_E_STATE);
    IS(flr_shareable_set(message, "k", number), FLR_E_STATE);
    IS(flr_shareable_set_text(message, "k", "x"), FLR_E_STATE);
    IS(flr_shareable_set_real(message, "k", 1.0), FLR_E_STATE);
    IS(flr_shareable_set_int(message, "k", 1), FLR_E_STATE);
    IS(flr_shareable_remove(message, "k"), FLR_E_STATE);
    IS(flr_shareable_set_body(message, map), FLR_E_STATE);
}
END_TEST

START_TEST(message_getters_bear_null)
{
    for (int i = 0; i < 2; i++) {
        const flr_shareable *m = i == 0 ? NULL : message;
        ck_assert((flr_shareable_get_headers(m) == NULL) == (m == NULL));
        ck_assert((flr_shareable_get_body(m) == NULL) == (m == NULL));
        NOTHING(flr_shareable_get_header(m, "k"));
        NOTHING(flr_shareable_get_header(m, NULL));
        TEXT(flr_shareable_get_rc(m), "OK");
        NOTHING(flr_shareable_get_cookie_jar(m));
        NOTHING(flr_shareable_get_cookie(m, "k"));
        NOTHING(flr_shareable_get_peer_props(m));
        NOTHING(flr_shareable_get_peer_prop(m, "k"));
        NOTHING(flr_shareable_get(m, "k"));
        NOTHING(flr_shareable_get(m, NULL));
        ZERO(flr_shareable_is_frozen(m));
    }
    NOTHING(flr_shareable_ref(NULL));
    flr_shareable_unref(NULL);
    flr_shareable_freeze(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arguments of data");
    TCase *tests = tcase_create("api");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, arguments_of_blobs);
    tcase_add_test(tests, arguments_of_new_values);
    tcase_add_test(tests, arguments_of_collections);
    tcase_add_test(tests, getters_bear_null_and_other_kinds);
    tcase_add_test(tests, arguments_of_shareables);
    tcase_add_test(tests, frozen_messages_refuse_every_change);
    tcase_add_test(tests, message_getters_bear_null);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
