/* Model files in safetensors layout: written and read again, read as others write them, and everything that is none. */
#include "storedir.h"
#include "support/suite.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[STOREDIR_MAX];
static flr_file_store *store;

static void setup(void)
{
    storedir_new(directory);
    store = storedir_open(directory);
}

static void teardown(void)
{
    flr_file_store_unref(store);
    storedir_remove(directory);
}

/* A file of this header (its length before it) and so many bytes 0, 1, 2... behind it. */
static void write_file(const char *header, size_t size, size_t data)
{
    unsigned char *bytes = malloc(8 + size + data + 1);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)size >> (8 * i));
    memcpy(bytes + 8, header, size);
    for (size_t i = 0; i < data; i++)
        bytes[8 + size + i] = (unsigned char)i;
    storedir_write(directory, "m.safetensors", bytes, 8 + size + data);
    free(bytes);
}

static flr_value *read_model(flr_value **metadata)
{
    flr_value *model = NULL;
    int status = flr_file_store_load_model(store, "m", &model, metadata);
    if (status != 0) {
        char detail[256];
        flr_file_store_get_detail(store, detail, sizeof detail);
        ck_abort_msg("status %d: %s", status, detail);
    }
    return model;
}

/* The file as it is; what the header says. */
static char *header_of(const char *name, size_t *data)
{
    size_t size, length = 0;
    unsigned char *bytes = storedir_read(directory, name, &size);
    char *header;
    for (size_t i = 0; i < 8; i++)
        length |= (size_t)bytes[i] << (8 * i);
    ck_assert_uint_eq(length % 8, 0);
    ck_assert_uint_le(8 + length, size);
    header = strndup((char *)bytes + 8, length);
    ck_assert_ptr_nonnull(header);
    *data = size - 8 - length;
    free(bytes);
    return header;
}

/* ---- written ---- */

START_TEST(the_bytes_of_a_model)
{
    static const int64_t shape[] = {2, 3};
    static const float w[6] = {1, 2, 3, 4, 5, 6};
    static const uint8_t mask[3] = {1, 0, 1};
    static const int64_t three[] = {3};
    static const double bias = 0.5;
    flr_value *model, *metadata;
    size_t data;
    ck_assert_int_eq(flr_value_new_map(&model), 0);
    ck_assert_int_eq(flr_map_set_tensor(&model, "mask", FLR_TYPE_U8, 1, three, mask), 0);
    ck_assert_int_eq(flr_map_set_tensor(&model, "w", FLR_TYPE_F32, 2, shape, w), 0);
    ck_assert_int_eq(flr_map_set_tensor(&model, "bias", FLR_TYPE_F64, 0, NULL, &bias), 0);
    ck_assert_int_eq(flr_value_new_map(&metadata), 0);
    ck_assert_int_eq(flr_map_set_text(&metadata, "made \"by\"", "a\nb"), 0);
    ck_assert_int_eq(flr_file_store_save_model(store, "m", model, metadata), 0);
    char *header = header_of("m.safetensors", &data);
    ck_assert_uint_eq(data, 8 + 24 + 3);
    ck_assert_ptr_nonnull(
        strstr(header, "{\"__metadata__\":{\"made \\\"by\\\"\":\"a\\nb\"},"
                       "\"bias\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]},"
                       "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[8,32]},"
                       "\"mask\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[32,35]}}"));
    free(header);
    flr_value_unref(model);
    flr_value_unref(metadata);
}
END_TEST

static const struct {
    int type;
    const char *name;
    size_t size;
} types[] = {{FLR_TYPE_BOOL, "BOOL", 1}, {FLR_TYPE_U8, "U8", 1},     {FLR_TYPE_I8, "I8", 1},
             {FLR_TYPE_I16, "I16", 2},   {FLR_TYPE_I32, "I32", 4},   {FLR_TYPE_I64, "I64", 8},
             {FLR_TYPE_F16, "F16", 2},   {FLR_TYPE_BF16, "BF16", 2}, {FLR_TYPE_F32, "F32", 4},
             {FLR_TYPE_F64, "F64", 8}};

START_TEST(every_type_comes_back)
{
    static const int64_t shape[] = {2, 1, 2};
    static const unsigned char elements[32] = {1, 0, 1, 1};
    char expected[64];
    flr_value *model, *read, *metadata = NULL;
    size_t data;
    ck_assert_int_eq(flr_value_new_map(&model), 0);
    ck_assert_int_eq(flr_map_set_tensor(&model, "x", types[_i].type, 3, shape, elements), 0);
    ck_assert_int_eq(flr_file_store_save_model(store, "m", model, NULL), 0);
    char *header = header_of("m.safetensors", &data);
    snprintf(expected, sizeof expected, "\"dtype\":\"%s\"", types[_i].name);
    ck_assert_ptr_nonnull(strstr(header, expected));
    ck_assert_uint_eq(data, 4 * types[_i].size);
    free(header);
    read = read_model(&metadata);
    ck_assert(flr_value_equals(model, read));
    ck_assert_uint_eq(flr_value_get_size(metadata), 0);
    flr_value_unref(metadata);
    flr_value_unref(read);
    flr_value_unref(model);
}
END_TEST

/* Each tensor at a multiple of its element, without gaps, however odd the others are; read as views that are aligned in memory, too. */
START_TEST(all_types_in_one_file)
{
    static const unsigned char elements[8 * 7] = {1, 0, 1, 1, 0, 1, 0, 63, 127, 255};
    static const int64_t odd[] = {7}, none[] = {3, 0, 2};
    size_t count = sizeof types / sizeof types[0], all = 0, data;
    flr_value *model, *read;
    ck_assert_int_eq(flr_value_new_map(&model), 0);
    for (size_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s.odd", types[i].name);
        ck_assert_int_eq(flr_map_set_tensor(&model, name, types[i].type, 1, odd, elements), 0);
        snprintf(name, sizeof name, "%s.scalar", types[i].name);
        ck_assert_int_eq(flr_map_set_tensor(&model, name, types[i].type, 0, NULL, elements), 0);
        snprintf(name, sizeof name, "%s.none", types[i].name);
        ck_assert_int_eq(flr_map_set_tensor(&model, name, types[i].type, 3, none, NULL), 0);
        all += 8 * types[i].size;
    }
    ck_assert_int_eq(flr_file_store_save_model(store, "m", model, NULL), 0);
    char *header = header_of("m.safetensors", &data);
    ck_assert_uint_eq(data, all);
    read = read_model(NULL);
    ck_assert_uint_eq(flr_value_get_size(read), 3 * count);
    for (size_t i = 0; i < flr_value_get_size(read); i++) {
        const flr_value *t = flr_map_get_at(read, i);
        char entry[48];
        snprintf(entry, sizeof entry, "\"%s\":{", flr_map_get_key(read, i));
        const char *at = strstr(header, entry);
        ck_assert_ptr_nonnull(at);
        ck_assert(flr_value_equals(t, flr_map_get(model, flr_map_get_key(read, i))));
        at = strstr(at, "\"data_offsets\":[");
        ck_assert_ptr_nonnull(at);
        size_t begin = strtoul(at + 16, NULL, 10),
               element = flr_type_get_size(flr_tensor_get_type(t));
        ck_assert_uint_eq(begin % element, 0);
        ck_assert_uint_eq((uintptr_t)flr_tensor_get_data(t) % element, 0);
    }
    free(header);
    flr_value_unref(read);
    flr_value_unref(model);
}
END_TEST

START_TEST(empty_models_and_empty_tensors)
{
    static const int64_t none[] = {0, 7};
    flr_value *model, *read;
    ck_assert_int_eq(flr_value_new_map(&model), 0);
    if (_i > 0)
        ck_assert_int_eq(flr_map_set_tensor(&model, "none", FLR_TYPE_F32, 2, none, NULL), 0);
    ck_assert_int_eq(flr_file_store_save_model(store, "m", model, NULL), 0);
    read = read_model(NULL);
    ck_assert(flr_value_equals(model, read));
    flr_value_unref(read);
    flr_value_unref(model);
}
END_TEST

START_TEST(a_model_takes_the_place_of_one_of_its_name)
{
    flr_value *one = storedir_model(1), *two = storedir_model(2), *read;
    ck_assert_int_eq(flr_file_store_save_model(store, "m", one, NULL), 0);
    ck_assert_int_eq(flr_file_store_save_model(store, "other", one, NULL), 0);
    ck_assert_int_eq(flr_file_store_save_model(store, "m", two, NULL), 0);
    read = read_model(NULL);
    ck_assert(flr_value_equals(two, read));
    flr_value_unref(read);
    flr_value_unref(one);
    flr_value_unref(two);
}
END_TEST

START_TEST(what_is_no_model)
{
    flr_value *model = storedir_model(1), *text, *metadata;
    ck_assert_int_eq(flr_value_new_text("x", &text), 0);
    ck_assert_int_eq(flr_file_store_save_model(store, "m", text, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_file_store_save_model(store, "m", model, text), FLR_E_INVAL);
    ck_assert_int_eq(flr_value_new_map(&metadata), 0);
    ck_assert_int_eq(flr_map_set_int(&metadata, "n", 1), 0);
    ck_assert_int_eq(flr_file_store_save_model(store, "m", model, metadata), FLR_E_INVAL);
    ck_assert_int_eq(flr_file_store_save_model(store, "m", metadata, NULL), FLR_E_INVAL);
    flr_value_unref(metadata);
    ck_assert_int_eq(flr_value_new_map(&metadata), 0);
    ck_assert_int_eq(flr_map_set_tensor(&metadata, "__metadata__", FLR_TYPE_U8, 0, NULL, "x"), 0);
    ck_assert_int_eq(flr_file_store_save_model(store, "m", metadata, NULL), FLR_E_INVAL);
    ck_assert(!storedir_has(directory, "m.safetensors"));
    ck_assert(!storedir_has(directory, "state.tmp"));
    flr_value_unref(metadata);
    flr_value_unref(text);
    flr_value_unref(model);
}
END_TEST

/* ---- read as others write it ---- */

START_TEST(blanks_order_and_escapes_of_other_writers)
{
    static const char header[] =
        " { \"b\\u00e4\\ud83d\\ude00\\n\" :\t{\"data_offsets\" : [ 0 , 3 ],\r\n\"shape\":[3 , 1], "
        "\"dtype\":\"U8\" } ,\n\"__metadata__\":{},\"a\":{\"dtype\":\"F32\",\"shape\":[],"
        "\"data_offsets\":[3,7]}}   ";
    float x;
    write_file(header, strlen(header), 7);
    flr_value *model = read_model(NULL);
    ck_assert_uint_eq(flr_value_get_size(model), 2);
    const flr_value *b = flr_map_get(model, "b\xc3\xa4\xf0\x9f\x98\x80\n"),
                    *a = flr_map_get(model, "a");
    ck_assert_int_eq(flr_tensor_get_type(b), FLR_TYPE_U8);
    ck_assert_uint_eq(flr_tensor_get_rank(b), 2);
    ck_assert_int_eq(flr_tensor_get_dim(b, 0), 3);
    ck_assert_mem_eq(flr_tensor_get_data(b), "\0\1\2", 3);
    memcpy(&x, "\3\4\5\6", 4); /* misaligned in the file, not in the tensor */
    ck_assert_int_eq((int)((uintptr_t)flr_tensor_get_data(a) % 4), 0);
    ck_assert_mem_eq(flr_tensor_get_data(a), &x, 4);
    flr_value_unref(model);
}
END_TEST

/* The header may list tensors in any order. */
START_TEST(tensors_from_the_last_to_the_first)
{
    static const char header[] =
        "{\"C\\u00E4\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[5,7]},"
        "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[4,5]},"
        "\"none\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[4,4]},"
        "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}";
    write_file(header, strlen(header), 7);
    flr_value *model = read_model(NULL);
    ck_assert_uint_eq(flr_value_get_size(model), 4);
    ck_assert_mem_eq(flr_tensor_get_data(flr_map_get(model, "a")), "\0\1\2\3", 4);
    ck_assert_mem_eq(flr_tensor_get_data(flr_map_get(model, "b")), "\4", 1);
    ck_assert_mem_eq(flr_tensor_get_data(flr_map_get(model, "C\xc3\xa4")), "\5\6", 2);
    ck_assert_uint_eq(flr_tensor_get_elements(flr_map_get(model, "none")), 0);
    flr_value_unref(model);
}
END_TEST

/* ---- what is none ---- */

#define TENSOR(name, dtype, shape, offsets)                                                        \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define SIZED(text) text, sizeof text - 1

static const struct {
    const char *header;
    size_t size, data;
    int status;
    const char *why;
} bad[] = {
    {SIZED(""), 0, FLR_E_CORRUPT, "no object"},
    {SIZED("[]"), 0, FLR_E_CORRUPT, "no object"},
    {SIZED("{"), 0, FLR_E_CORRUPT, "no string"},
    {SIZED("{}x"), 0, FLR_E_CORRUPT, "behind the header"},
    {SIZED("{}{}"), 0, FLR_E_CORRUPT, "behind the header"},
    {SIZED("{}\0"), 0, FLR_E_CORRUPT, "behind the header"},
    {SIZED("\0{}"), 0, FLR_E_CORRUPT, "no object"},
    {SIZED("\xef\xbb\xbf{}"), 0, FLR_E_CORRUPT, "no object"},
    {SIZED("null"), 0, FLR_E_CORRUPT, "no object"},
    {SIZED("{'a':{}}"), 0, FLR_E_CORRUPT, "no string"},
    {SIZED("{a:{}}"), 0, FLR_E_CORRUPT, "no string"},
    {SIZED("{\"a\":null}"), 0, FLR_E_CORRUPT, "no object"},
    {SIZED("{\"a\":{\"dtype\":null}}"), 0, FLR_E_CORRUPT, "no string"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[0,1]")), 1, FLR_E_CORRUPT, "no comma"},
    {SIZED("{\"a\":{\"dtype\":\"U8\""), 0, FLR_E_CORRUPT, "no comma"},
    {SIZED("{\"a\":{\"dtype\":\"U8\",\"shape\":[1,\"data_offsets\":[0,1]}}"), 1, FLR_E_CORRUPT,
     "no number"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[0,1]") ",\"b\":{\"dtype\":\"U8\",\"shape\":[0]}}"), 1,
     FLR_E_CORRUPT, "without type"},
    {SIZED("{}"), 1, FLR_E_CORRUPT, "behind the last tensor"},
    {SIZED("{,}"), 0, FLR_E_CORRUPT, "no string"},
    {SIZED("{\"a\"}"), 0, FLR_E_CORRUPT, "no colon"},
    {SIZED("{\"a\":}"), 0, FLR_E_CORRUPT, "no object"},
    {SIZED("{\"a\":[]}"), 0, FLR_E_CORRUPT, "no object"},
    {SIZED("{\"a\":{}}"), 0, FLR_E_CORRUPT, "without type"},
    {SIZED("{\"a\":{\"dtype\":\"U8\"}}"), 0, FLR_E_CORRUPT, "without type"},
    {SIZED("{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}"), 0, FLR_E_CORRUPT, "without type"},
    {SIZED("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}"), 0, FLR_E_CORRUPT, "member twice"},
    {SIZED("{\"a\":{\"type\":\"U8\"}}"), 0, FLR_E_CORRUPT, "unknown member"},
    {SIZED("{\"a\":{\"dtype\" \"U8\"}}"), 0, FLR_E_CORRUPT, "no colon"},
    {SIZED("{\"a\":{\"shape\":[1"), 0, FLR_E_CORRUPT, "no comma"},
    {SIZED("{\"a\":{\"shape\":[1,"), 0, FLR_E_CORRUPT, "no number"},
    {SIZED("{\"a\":{\"shape\":[1:2]}}"), 0, FLR_E_CORRUPT, "no comma"},
    {SIZED("{\"a\":{\"dtype\":1}}"), 0, FLR_E_CORRUPT, "no string"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[0,1]") ",}"), 1, FLR_E_CORRUPT, "no string"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[0,1]") " " TENSOR("b", "U8", "[1]", "[1,2]") "}"), 2,
     FLR_E_CORRUPT, "no comma"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[0,1]") "," TENSOR("a", "U8", "[1]", "[1,2]") "}"), 2,
     FLR_E_CORRUPT, "tensor twice"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[0,1]") "," TENSOR("\\u0061", "U8", "[1]", "[1,2]") "}"),
     2, FLR_E_CORRUPT, "tensor twice"},
    {SIZED("{" TENSOR("", "U8", "[1]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "without a name"},
    {SIZED("{" TENSOR("a\\u0000b", "U8", "[1]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "UTF-8"},
    {SIZED("{" TENSOR("a", "U8\\u0000", "[1]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "UTF-8"},
    {SIZED("{" TENSOR("a", "u8", "[1]", "[0,1]") "}"), 1, FLR_E_NOTSUP, "type"},
    {SIZED("{" TENSOR("a", "F8_E4M3", "[1]", "[0,1]") "}"), 1, FLR_E_NOTSUP, "type"},
    {SIZED("{" TENSOR("a", "C64", "[1]", "[0,8]") "}"), 8, FLR_E_NOTSUP, "type"},
    {SIZED("{" TENSOR("a", "", "[1]", "[0,8]") "}"), 8, FLR_E_NOTSUP, "type"},
    /* shapes */
    {SIZED("{" TENSOR("a", "U8", "1", "[0,1]") "}"), 1, FLR_E_CORRUPT, "no array"},
    {SIZED("{" TENSOR("a", "U8", "null", "[0,1]") "}"), 1, FLR_E_CORRUPT, "no array"},
    {SIZED("{" TENSOR("a", "U8", "[[1]]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "no number"},
    {SIZED("{" TENSOR("a", "U8", "[{}]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "no number"},
    {SIZED("{" TENSOR("a", "U8", "[\"1\"]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "no number"},
    {SIZED("{" TENSOR("a", "U8", "[+1]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "no number"},
    {SIZED("{" TENSOR("a", "U8", "[1,]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "no number"},
    {SIZED("{" TENSOR("a", "U8", "[,1]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "no number"},
    {SIZED("{" TENSOR("a", "U8", "[1 1]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "no comma"},
    {SIZED("{" TENSOR("a", "U8", "[]", "[0,0]") "}"), 0, FLR_E_CORRUPT, "does not fit"},
    {SIZED("{" TENSOR("a", "U8", "[0]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "does not fit"},
    {SIZED("{" TENSOR("a", "U8", "[2]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "does not fit"},
    {SIZED("{" TENSOR("a", "F32", "[1]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "does not fit"},
    {SIZED("{" TENSOR("a", "U8", "[-1]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "no number"},
    {SIZED("{" TENSOR("a", "U8", "[1.0]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "no comma"},
    {SIZED("{" TENSOR("a", "U8", "[1e0]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "no comma"},
    {SIZED("{" TENSOR("a", "U8", "[01]", "[0,1]") "}"), 1, FLR_E_CORRUPT, "begins with 0"},
    {SIZED("{" TENSOR("a", "U8", "[9223372036854775808]", "[0,1]") "}"), 1, FLR_E_CORRUPT,
     "too large"},
    {SIZED("{" TENSOR("a", "U8", "[4294967296,4294967296]", "[0,0]") "}"), 0, FLR_E_CORRUPT,
     "does not fit"},
    {SIZED("{" TENSOR("a", "F64", "[2305843009213693953]", "[0,8]") "}"), 8, FLR_E_CORRUPT,
     "does not fit"},
    {SIZED("{" TENSOR("a", "U8", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,1]") "}"), 1,
     FLR_E_LIMIT, "16 dimensions"},
    /* offsets */
    {SIZED("{" TENSOR("a", "U8", "[1]", "0") "}"), 1, FLR_E_CORRUPT, "no array"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[0]") "}"), 1, FLR_E_CORRUPT, "no pair"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[0,1,2]") "}"), 1, FLR_E_CORRUPT, "no pair"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[0,1.0]") "}"), 1, FLR_E_CORRUPT, "no pair"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[0,99999999999999999999]") "}"), 1, FLR_E_CORRUPT,
     "too large"},
    {SIZED("{" TENSOR("a", "U8", "[0]", "[1,1]") "}"), 1, FLR_E_CORRUPT, "gap"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[1,0]") "}"), 1, FLR_E_CORRUPT, "outside"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[0,2]") "}"), 1, FLR_E_CORRUPT, "outside"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[-1,0]") "}"), 1, FLR_E_CORRUPT, "no number"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[9223372036854775807,9223372036854775807]") "}"), 1,
     FLR_E_CORRUPT, "outside"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[1,2]") "}"), 2, FLR_E_CORRUPT, "gap"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[0,1]") "," TENSOR("b", "U8", "[1]", "[2,3]") "}"), 3,
     FLR_E_CORRUPT, "gap"},
    {SIZED("{" TENSOR("a", "U8", "[2]", "[0,2]") "," TENSOR("b", "U8", "[2]", "[1,3]") "}"), 3,
     FLR_E_CORRUPT, "overlap"},
    {SIZED("{" TENSOR("a", "U8", "[2]", "[0,2]") "," TENSOR("b", "U8", "[2]", "[0,2]") "}"), 2,
     FLR_E_CORRUPT, "overlap"},
    {SIZED("{" TENSOR("a", "U8", "[1]", "[0,1]") "}"), 2, FLR_E_CORRUPT, "behind the last tensor"},
    /* strings */
    {SIZED("{\"a"), 0, FLR_E_CORRUPT, "without an end"},
    {SIZED("{\"a\\"), 0, FLR_E_CORRUPT, "unknown escape"},
    {SIZED("{\"a\\x\":{}}"), 0, FLR_E_CORRUPT, "unknown escape"},
    {SIZED("{\"a\\u12\":{}}"), 0, FLR_E_CORRUPT, "four digits"},
    {SIZED("{\"a\\u123"), 0, FLR_E_CORRUPT, "four digits"},
    {SIZED("{\"\\ud800\":{}}"), 0, FLR_E_CORRUPT, "surrogate"},
    {SIZED("{\"\\ud800\\"), 0, FLR_E_CORRUPT, "surrogate"},
    {SIZED("{\"\\ud800\\n\":{}}"), 0, FLR_E_CORRUPT, "surrogate"},
    {SIZED("{\"\\ud800ab\":{}}"), 0, FLR_E_CORRUPT, "surrogate"},
    {SIZED("{\"\\ud800\\ue000\":{}}"), 0, FLR_E_CORRUPT, "surrogate"},
    {SIZED("{\"\\ud800\\udc\":{}}"), 0, FLR_E_CORRUPT, "four digits"},
    {SIZED("{\"\\u00g0\":{}}"), 0, FLR_E_CORRUPT, "four digits"},
    {SIZED("{\"\\ud800\\u0041\":{}}"), 0, FLR_E_CORRUPT, "surrogate"},
    {SIZED("{\"\\udc00\":{}}"), 0, FLR_E_CORRUPT, "UTF-8"},
    {SIZED("{\"a\nb\":{}}"), 0, FLR_E_CORRUPT, "without an end"},
    {SIZED("{\"\xff\":{}}"), 0, FLR_E_CORRUPT, "UTF-8"},
    {SIZED("{\"\xc0\x80\":{}}"), 0, FLR_E_CORRUPT, "UTF-8"},
    {SIZED("{\"\xed\xa0\x80\":{}}"), 0, FLR_E_CORRUPT, "UTF-8"},
    /* metadata */
    {SIZED("{\"__metadata__\":1}"), 0, FLR_E_CORRUPT, "no object"},
    {SIZED("{\"__metadata__\":null}"), 0, FLR_E_CORRUPT, "no object"},
    {SIZED("{\"__metadata__\":{\"a\":null}}"), 0, FLR_E_CORRUPT, "no string"},
    {SIZED("{\"__metadata__\":{\"a\":\"\xff\"}}"), 0, FLR_E_CORRUPT, "UTF-8"},
    {SIZED("{\"__metadata__\":{\"a\":\"b\""), 0, FLR_E_CORRUPT, "no comma"},
    {SIZED("{\"__metadata__\":{\"a\":1}}"), 0, FLR_E_CORRUPT, "no string"},
    {SIZED("{\"__metadata__\":{\"a\":\"b\",\"a\":\"c\"}}"), 0, FLR_E_CORRUPT, "twice"},
    {SIZED("{\"__metadata__\":{\"a\":\"b\"},\"__metadata__\":{\"c\":\"d\"}}"), 0, FLR_E_CORRUPT,
     "twice"},
    {SIZED("{\"__metadata__\":{\"\":\"b\"}}"), 0, FLR_E_CORRUPT, "without a key"},
    {SIZED("{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}"), 0, FLR_E_CORRUPT, "no string"},
};

/* Its own code, and a reason with the place; the file stays as it is. */
static void is_refused(int status, const char *why)
{
    flr_value *model = NULL, *metadata = NULL;
    char detail[256];
    ck_assert_int_eq(flr_file_store_load_model(store, "m", &model, &metadata), status);
    ck_assert_ptr_null(model);
    ck_assert_ptr_null(metadata);
    ck_assert_int_eq(flr_file_store_get_detail(store, detail, sizeof detail), 0);
    ck_assert_msg(strncmp(detail, "m.safetensors, byte ", 20) == 0 && strstr(detail, why) != NULL,
                  "\"%s\" does not say \"%s\"", detail, why);
}

START_TEST(bad_headers)
{
    write_file(bad[_i].header, bad[_i].size, bad[_i].data);
    is_refused(bad[_i].status, bad[_i].why);
}
END_TEST

START_TEST(lengths_that_are_none)
{
    static const unsigned char longest[12] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const unsigned char by_one[10] = {3, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    static const unsigned char high[10] = {2, 0, 0, 0, 1, 0, 0, 0, '{', '}'};
    storedir_write(directory, "m.safetensors", "", 0);
    is_refused(FLR_E_CORRUPT, "shorter than 8 bytes");
    storedir_write(directory, "m.safetensors", longest, 7);
    is_refused(FLR_E_CORRUPT, "shorter than 8 bytes");
    storedir_write(directory, "m.safetensors", longest, sizeof longest);
    is_refused(FLR_E_CORRUPT, "longer than the file");
    storedir_write(directory, "m.safetensors", by_one, sizeof by_one);
    is_refused(FLR_E_CORRUPT, "longer than the file");
    storedir_write(directory, "m.safetensors", high, sizeof high);
    is_refused(FLR_E_CORRUPT, "longer than the file");
}
END_TEST

/* What other readers refuse as well; the file is one large hole. */
START_TEST(a_header_that_is_too_long)
{
    static const unsigned char limit[8] = {0x01, 0xe1, 0xf5, 0x05}; /* 100,000,001 */
    char path[STOREDIR_MAX + 80];
    snprintf(path, sizeof path, "%s/m.safetensors", directory);
    storedir_write(directory, "m.safetensors", limit, sizeof limit);
    ck_assert_int_eq(truncate(path, 8 + 100000001), 0);
    is_refused(FLR_E_LIMIT, "more than 100,000,000 bytes");
}
END_TEST

/* A reader that called itself for each level would run out of stack. */
START_TEST(nested_without_end)
{
    static const char *const begins[] = {"", "{\"a\":", "{\"a\":{\"dtype\":", "{\"a\":{\"shape\":[",
                                         "{\"__metadata__\":{\"a\":"};
    size_t before = strlen(begins[_i / 2]), size = before + 4000000;
    char *header = malloc(size);
    flr_value *model = NULL;
    ck_assert_ptr_nonnull(header);
    memset(header, _i % 2 == 0 ? '[' : '{', size);
    memcpy(header, begins[_i / 2], before);
    write_file(header, size, 0);
    ck_assert_int_eq(flr_file_store_load_model(store, "m", &model, NULL), FLR_E_CORRUPT);
    ck_assert_ptr_null(model);
    free(header);
}
END_TEST

/* A map's key has its limit; so have names in a file. */
START_TEST(names_at_the_limit)
{
    size_t longest = FLR_VALUE_MAX_KEY + (size_t)_i, size = longest + 64;
    char *header = malloc(size), *name = malloc(longest + 1);
    ck_assert_ptr_nonnull(header);
    ck_assert_ptr_nonnull(name);
    memset(name, 'n', longest);
    name[longest] = '\0';
    int length = snprintf(header, size, "{" TENSOR("%s", "U8", "[1]", "[0,1]") "}", name);
    write_file(header, (size_t)length, 1);
    if (_i == 0) {
        flr_value *model = read_model(NULL);
        ck_assert_ptr_nonnull(flr_map_get(model, name));
        flr_value_unref(model);
    } else {
        is_refused(FLR_E_LIMIT, "more than a value can hold");
    }
    free(name);
    free(header);
}
END_TEST

/* Cut anywhere it is no model any more, and nothing is read beyond its end. */
START_TEST(truncated_anywhere)
{
    flr_value *model = storedir_model(1), *read = NULL;
    size_t size;
    ck_assert_int_eq(flr_file_store_save_model(store, "m", model, NULL), 0);
    unsigned char *bytes = storedir_read(directory, "m.safetensors", &size);
    for (size_t cut = 0; cut < size; cut++) {
        storedir_write(directory, "m.safetensors", bytes, cut);
        ck_assert_int_eq(flr_file_store_load_model(store, "m", &read, NULL), FLR_E_CORRUPT);
    }
    free(bytes);
    flr_value_unref(model);
}
END_TEST

START_TEST(there_is_none)
{
    flr_value *model = NULL;
    ck_assert_int_eq(flr_file_store_load_model(store, "m", &model, NULL), FLR_E_NOTFOUND);
    ck_assert_ptr_null(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors");
    TCase *tests = tcase_create("safetensors");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, the_bytes_of_a_model);
    tcase_add_loop_test(tests, every_type_comes_back, 0, (int)(sizeof types / sizeof types[0]));
    tcase_add_test(tests, all_types_in_one_file);
    tcase_add_loop_test(tests, empty_models_and_empty_tensors, 0, 2);
    tcase_add_test(tests, a_model_takes_the_place_of_one_of_its_name);
    tcase_add_test(tests, what_is_no_model);
    tcase_add_test(tests, blanks_order_and_escapes_of_other_writers);
    tcase_add_test(tests, tensors_from_the_last_to_the_first);
    tcase_add_loop_test(tests, bad_headers, 0, (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(tests, lengths_that_are_none);
    tcase_add_test(tests, a_header_that_is_too_long);
    tcase_add_loop_test(tests, nested_without_end, 0, 10);
    tcase_add_loop_test(tests, names_at_the_limit, 0, 2);
    tcase_add_test(tests, truncated_anywhere);
    tcase_add_test(tests, there_is_none);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
