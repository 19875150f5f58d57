/* Tests of what everything stands on: status codes, allocator, sizes, strings, hashes, generators. */
#include "support/failalloc.h"
#include "support/suite.h"
#include "base/abi.h"
#include "base/id.h"
#include "base/str.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- version, status codes ---- */

START_TEST(version_is_that_of_the_headers)
{
    char text[32];

    ck_assert_int_eq(flr_version_get(), FLR_VERSION_NUMBER);
    ck_assert_str_eq(flr_version_get_text(), FLR_VERSION_STRING);
    snprintf(text, sizeof text, "%d.%d.%d", FLR_VERSION_MAJOR, FLR_VERSION_MINOR,
             FLR_VERSION_PATCH);
    ck_assert_str_eq(text, FLR_VERSION_STRING);
    ck_assert_int_eq(FLR_VERSION_NUMBER,
                     FLR_VERSION_MAJOR * 1000000 + FLR_VERSION_MINOR * 1000 + FLR_VERSION_PATCH);
}
END_TEST

#define CODE(name)                                                                                 \
    {                                                                                              \
        name, #name                                                                                \
    }
static const struct {
    int code;
    const char *name;
} codes[] = {
    CODE(FLR_OK),           CODE(FLR_E_INVAL),    CODE(FLR_E_STATE),    CODE(FLR_E_REENTRANT),
    CODE(FLR_E_ABI),        CODE(FLR_E_NOTSUP),   CODE(FLR_E_NOMEM),    CODE(FLR_E_LIMIT),
    CODE(FLR_E_THREAD),     CODE(FLR_E_TIMEDOUT), CODE(FLR_E_ABORTED),  CODE(FLR_E_NOTFOUND),
    CODE(FLR_E_EXISTS),     CODE(FLR_E_CORRUPT),  CODE(FLR_E_IO),       CODE(FLR_E_NOT_READY),
    CODE(FLR_E_UNSAFE_JOB), CODE(FLR_E_DENIED),   CODE(FLR_E_CALLBACK), CODE(FLR_E_HOST),
    CODE(FLR_E_HOST - 5),
};

START_TEST(status_names_and_texts)
{
    const size_t last = sizeof codes / sizeof *codes - 1;

    for (size_t i = 0; i < last; i++) {
        ck_assert_str_eq(flr_status_get_name(codes[i].code), codes[i].name);
        ck_assert_str_ne(flr_status_get_text(codes[i].code), "");
        ck_assert_int_ne(codes[i].code, -1);
        for (size_t k = 0; k < i; k++) {
            ck_assert_int_ne(codes[i].code, codes[k].code);
            ck_assert_str_ne(flr_status_get_text(codes[i].code),
                             flr_status_get_text(codes[k].code));
        }
    }
    ck_assert_str_eq(flr_status_get_name(codes[last].code), "FLR_E_HOST");
    ck_assert_str_eq(flr_status_get_name(INT32_MIN), "FLR_E_HOST");
    ck_assert_str_eq(flr_status_get_name(-1), "FLR_E_?");
    ck_assert_str_eq(flr_status_get_name(1), "FLR_E_?");
    ck_assert_str_eq(flr_status_get_name(FLR_E_HOST + 1), "FLR_E_?");
    ck_assert_str_eq(flr_status_get_text(-1), flr_status_get_text(7));
}
END_TEST

/* ---- allocator, sizes ---- */

static void *host_allocate(void *self, size_t size)
{
    ++*(size_t *)self;
    return malloc(size);
}

static void *host_reallocate(void *self, void *old, size_t size)
{
    ++*(size_t *)self;
    return realloc(old, size);
}

static void host_release(void *self, void *old)
{
    ++*(size_t *)self;
    free(old);
}

START_TEST(allocator_hook_is_called_and_cannot_change_under_objects)
{
    flr_allocator_ops ops;
    size_t calls = 0;

    flr_allocator_ops_init(&ops, sizeof ops);
    ck_assert_uint_eq(ops.struct_size, sizeof ops);
    ck_assert_ptr_null((void *)(uintptr_t)ops.allocate);
    ck_assert_int_eq(flr_allocator_set(&ops, &calls), FLR_E_INVAL);
    ops.allocate = host_allocate;
    ops.reallocate = host_reallocate;
    ck_assert_int_eq(flr_allocator_set(&ops, &calls), FLR_E_INVAL);
    ops.release = host_release;
    ck_assert_int_eq(flr_allocator_set(&ops, &calls), 0);

    char *p = flr__alloc(1);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(calls, 1);
    ck_assert_int_eq(flr_allocator_set(NULL, NULL), FLR_E_STATE);
    p = flr__realloc_array(p, 100, 1000); /* most likely moves; still one object */
    ck_assert_uint_eq(calls, 2);
    ck_assert_int_eq(flr_allocator_set(NULL, NULL), FLR_E_STATE);
    flr__free(p);
    flr__free(NULL);
    ck_assert_uint_eq(calls, 3);
    ck_assert_int_eq(flr_allocator_set(NULL, NULL), 0);
    flr__free(flr__alloc(1));
    ck_assert_uint_eq(calls, 3);
    flr_allocator_ops_init(NULL, sizeof ops);
}
END_TEST

START_TEST(allocator_struct_is_imported)
{
    flr_allocator_ops ops;
    size_t calls = 0;

    flr_allocator_ops_init(&ops, sizeof ops);
    ops.allocate = host_allocate;
    ops.reallocate = host_reallocate;
    ops.release = host_release;
    ops.struct_size = sizeof ops - sizeof(void *);
    ck_assert_int_eq(flr_allocator_set(&ops, &calls), FLR_E_ABI);
    ops.struct_size = sizeof ops;
    ops.flags = 1;
    ck_assert_int_eq(flr_allocator_set(&ops, &calls), FLR_E_INVAL);
    flr__free(flr__alloc(1));
    ck_assert_uint_eq(calls, 0);
}
END_TEST

START_TEST(sizes_are_checked)
{
    size_t out = 7;

    ck_assert(!flr__size_add(SIZE_MAX, 1, &out));
    ck_assert(!flr__size_mul(SIZE_MAX / 2 + 1, 2, &out));
    ck_assert_uint_eq(out, 7);
    ck_assert(flr__size_add(SIZE_MAX - 1, 1, &out));
    ck_assert_uint_eq(out, SIZE_MAX);
    ck_assert(flr__size_mul(SIZE_MAX, 1, &out));
    ck_assert_uint_eq(out, SIZE_MAX);
    ck_assert(flr__size_mul(SIZE_MAX, 0, &out));
    ck_assert_uint_eq(out, 0);
    ck_assert(flr__size_mul(0, SIZE_MAX, &out));
    ck_assert_uint_eq(out, 0);
    ck_assert_ptr_null(flr__alloc_array(SIZE_MAX / 2, 3));
    ck_assert_ptr_null(flr__zalloc_array(SIZE_MAX / 2, 3));
    ck_assert_ptr_null(flr__realloc_array(NULL, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(flr__alloc_aligned(SIZE_MAX - 5, &(void *){NULL}));
    ck_assert_ptr_null(flr__strndup("", SIZE_MAX));
}
END_TEST

START_TEST(allocations_of_all_kinds)
{
    void *array = NULL, *base;
    size_t capacity = 0;
    unsigned char *p = flr__zalloc_array(3, 5);

    for (size_t i = 0; i < 15; i++)
        ck_assert_uint_eq(p[i], 0);
    flr__free(p);
    p = flr__alloc(0);
    ck_assert_ptr_nonnull(p);
    p = flr__realloc_array(p, 0, 8);
    ck_assert_ptr_nonnull(p);
    flr__free(p);
    for (size_t size = 0; size < 200; size += 67) {
        p = flr__alloc_aligned(size, &base);
        ck_assert_uint_eq((uintptr_t)p % 64, 0);
        memset(p, 1, size);
        flr__free(base);
    }
    char *text = flr__strdup("abc"), *part = flr__strndup("abc", 2), *none = flr__strndup(NULL, 0);
    ck_assert_str_eq(text, "abc");
    ck_assert_str_eq(part, "ab");
    ck_assert_str_eq(none, "");
    flr__free(text);
    flr__free(part);
    flr__free(none);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(flr__grow(&array, &capacity, (size_t)i, sizeof i), 0);
        ck_assert_uint_gt(capacity, (size_t)i);
        ((int *)array)[i] = i;
    }
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(((int *)array)[i], i);
    failalloc_fail_from(1);
    ck_assert_int_eq(flr__grow(&array, &capacity, capacity, sizeof(int)), FLR_E_NOMEM);
    ck_assert_ptr_null(flr__zalloc(4));
    ck_assert_ptr_null(flr__strdup("x"));
    failalloc_reset();
    capacity = SIZE_MAX / 2 + 1; /* cannot be doubled */
    ck_assert_int_eq(flr__grow(&array, &capacity, capacity, 1), FLR_E_NOMEM);
    ck_assert_int_eq(((int *)array)[99], 99);
    flr__free(array);
}
END_TEST

/* ---- strings ---- */

START_TEST(wellknown_strings_are_found)
{
    static const struct {
        unsigned index;
        const char *text;
    } all[] = {
#define X(name, literal) {FLR__S_##name, literal},
        FLR__WELLKNOWN(X)
#undef X
    };
    const size_t count = sizeof all / sizeof *all;

    ck_assert_uint_eq(count, FLR__S_COUNT - 1);
    ck_assert_ptr_null(flr__str_wellknown(FLR__S_NONE));
    failalloc_fail_from(1); /* none of this allocates */
    for (size_t i = 0; i < count; i++) {
        const flr__str *s = flr__str_wellknown(all[i].index);
        size_t size = strlen(all[i].text);
        uint32_t hash = flr__hash32(all[i].text, size);

        ck_assert_uint_eq(all[i].index, i + 1);
        ck_assert_uint_eq(s->index, all[i].index);
        ck_assert_str_eq(s->text, all[i].text);
        ck_assert_uint_eq(s->size, size);
        ck_assert_uint_eq(s->hash, hash);
        ck_assert_ptr_eq(flr__str_find(all[i].text, size, hash), s);
        ck_assert_ptr_null(
            flr__str_find(all[i].text, size - 1, flr__hash32(all[i].text, size - 1)));
        ck_assert_ptr_eq(flr__str_new(all[i].text, size), s);
        ck_assert_ptr_eq(flr__str_ref(s), s);
        for (int k = 0; k < 3; k++)
            flr__str_unref(s); /* not counted */
    }
    failalloc_reset();
    ck_assert_ptr_null(flr__str_find("", 0, flr__hash32("", 0)));
}
END_TEST

START_TEST(strings_are_counted_and_compared)
{
    const flr__str *a = flr__str_new("my key", 6), *b = flr__str_new("my key!", 6);
    const flr__str *c = flr__str_new("my keys", 7), *e = flr__str_new(NULL, 0);

    ck_assert_uint_eq(a->index, 0);
    ck_assert_str_eq(b->text, "my key");
    ck_assert_ptr_ne(a, b);
    ck_assert(flr__str_equals(a, a) && flr__str_equals(a, b));
    ck_assert(!flr__str_equals(a, c) && !flr__str_equals(a, e));
    ck_assert(!flr__str_equals(a, FLR__STR(RC)) && !flr__str_equals(FLR__STR(RC), a));
    ck_assert(flr__str_equals(FLR__STR(RC), FLR__STR(RC)));
    ck_assert(!flr__str_equals(FLR__STR(RC), FLR__STR(COOKIE_JAR)));
    ck_assert(flr__str_is(a, "my key") && flr__str_is(e, "") && !flr__str_is(a, "my"));
    flr__str_unref(flr__str_ref(a));
    ck_assert_str_eq(a->text, "my key");
    flr__str_unref(a);
    flr__str_unref(b);
    flr__str_unref(c);
    flr__str_unref(e);
    flr__str_unref(NULL);
    ck_assert_ptr_null(flr__str_ref(NULL));
    failalloc_fail_at(1);
    ck_assert_ptr_null(flr__str_new("my key", 6));
    failalloc_reset();
}
END_TEST

START_TEST(hash32_is_fnv_1a)
{
    ck_assert_uint_eq(flr__hash32("", 0), 0x811c9dc5u);
    ck_assert_uint_eq(flr__hash32("a", 1), 0xe40c292cu);
    ck_assert_uint_eq(flr__hash32("foobar", 6), 0xbf9cf968u);
}
END_TEST

/* ---- keyed hashes, ids, generators ---- */

/* Key 00 01 .. 0f, input 00 01 .. (size - 1), as in the authors' test vectors. */
static const struct {
    size_t size;
    uint64_t sip64;
    const char *sip128;
} sips[] = {
    {0, UINT64_C(0x726fdb47dd0e0e31), "a3817f04ba25a8e66df67214c7550293"},
    {1, UINT64_C(0x74f839c593dc67fd), "da87c1d86b99af44347659119b22fc45"},
    {7, UINT64_C(0xab0200f58b01d137), "a1f1ebbed8dbc153c0b84aa61ff08239"},
    {8, UINT64_C(0x93f5f5799a932462), "3b62a9ba6258f5610f83e264f31497b4"},
    {15, UINT64_C(0xa129ca6149be45e5), "5493e99933b0a8117e08ec0f97cfc3d9"},
    {63, UINT64_C(0x958a324ceb064572), "5150d1772f50834a503e069a973fbd7c"},
};

START_TEST(siphash_gives_the_published_values)
{
    uint8_t key[16], input[64];
    char text[FLR__ID_TEXT];
    flr__siphash h;
    flr__id id;

    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (uint8_t)i;
    memcpy(key, input, sizeof key);
    for (size_t i = 0; i < sizeof sips / sizeof *sips; i++) {
        size_t size = sips[i].size;

        ck_assert_uint_eq(flr__siphash64(key, input, size), sips[i].sip64);
        for (size_t cut = 0; cut <= size; cut++) { /* in pieces of any size */
            flr__siphash128_begin(&h, key);
            flr__siphash_bytes(&h, input, cut / 2);
            flr__siphash_bytes(&h, input + cut / 2, cut - cut / 2);
            flr__siphash_bytes(&h, input + cut, size - cut);
            flr__siphash128_end(&h, &id);
            flr__id_print(&id, text);
            ck_assert_str_eq(text, sips[i].sip128);
        }
    }
}
END_TEST

START_TEST(siphash_texts_do_not_run_into_each_other)
{
    static const uint8_t key[16] = {0};
    flr__siphash a, b, c;
    flr__id x, y, z;

    flr__siphash128_begin(&a, key);
    flr__siphash_text(&a, "ab", 2);
    flr__siphash_text(&a, "c", 1);
    flr__siphash128_end(&a, &x);
    flr__siphash128_begin(&b, key);
    flr__siphash_text(&b, "a", 1);
    flr__siphash_text(&b, "bc", 2);
    flr__siphash128_end(&b, &y);
    ck_assert(!flr__id_equals(&x, &y));
    flr__siphash128_begin(&b, key);
    flr__siphash_u64(&b, UINT64_C(0x0807060504030201));
    flr__siphash128_end(&b, &y);
    flr__siphash128_begin(&c, key);
    flr__siphash_bytes(&c, "\1\2\3\4\5\6\7\10", 8);
    flr__siphash128_end(&c, &z);
    ck_assert(flr__id_equals(&y, &z));
}
END_TEST

START_TEST(ids_are_printed_and_parsed)
{
    static const char good[] = "00112233445566778899aabbccddeeff";
    char text[FLR__ID_TEXT + 1];
    flr__id id, before;

    ck_assert_int_eq(flr__id_parse(good, &id), 0);
    ck_assert_uint_eq(id.bytes[1], 0x11);
    flr__id_print(&id, text);
    ck_assert_str_eq(text, good);
    before = id;
    ck_assert_int_eq(flr__id_parse(NULL, &id), FLR_E_INVAL);
    ck_assert_int_eq(flr__id_parse("", &id), FLR_E_INVAL);
    for (size_t i = 0; i < 32; i++) {
        static const char bad[] = {'g', 'A', '/', ':', '`', ' ', '\0', (char)0xff};
        for (size_t k = 0; k < sizeof bad; k++) {
            memcpy(text, good, sizeof good);
            text[i] = bad[k];
            ck_assert_int_eq(flr__id_parse(text, &id), FLR_E_INVAL);
        }
    }
    memcpy(text, good, 32);
    memcpy(text + 32, "0", 2);
    ck_assert_int_eq(flr__id_parse(text, &id), FLR_E_INVAL);
    ck_assert(flr__id_equals(&id, &before));
}
END_TEST

START_TEST(generator_is_xoshiro256starstar)
{
    /* by hand from the definition, state 1 2 3 4 */
    static const uint64_t first[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
    flr__rng rng = {{1, 2, 3, 4}};

    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(flr__rng_next(&rng), first[i]);
}
END_TEST

START_TEST(generators_have_a_stream_per_seed_and_purpose)
{
    flr__rng a, b, c, d;
    unsigned seen[6] = {0};

    flr__rng_seed(&a, 42, "ids");
    flr__rng_seed(&b, 42, "ids");
    flr__rng_seed(&c, 42, "sampling");
    flr__rng_seed(&d, 43, "ids");
    uint64_t x = flr__rng_next(&a);
    ck_assert_uint_eq(flr__rng_next(&b), x);
    ck_assert_uint_ne(flr__rng_next(&c), x);
    ck_assert_uint_ne(flr__rng_next(&d), x);
    ck_assert_int_eq(flr__rng_seed_system(&c), 0);
    ck_assert_int_eq(flr__rng_seed_system(&d), 0);
    ck_assert_int_ne(memcmp(&c, &d, sizeof c), 0);
    for (int i = 0; i < 6000; i++) {
        double real = flr__rng_real(&a);
        ck_assert(real >= 0.0 && real < 1.0);
        x = flr__rng_below(&a, 6);
        ck_assert_uint_lt(x, 6);
        seen[x]++;
        ck_assert_uint_eq(flr__rng_below(&a, 1), 0);
        ck_assert_uint_lt(flr__rng_below(&a, (UINT64_C(1) << 63) + 1), (UINT64_C(1) << 63) + 1);
    }
    for (int i = 0; i < 6; i++) /* seeded: always the same numbers */
        ck_assert(seen[i] > 850 && seen[i] < 1150);
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
    const TTest *const own_hook[] = {
        version_is_that_of_the_headers,
        status_names_and_texts,
        allocator_hook_is_called_and_cannot_change_under_objects,
        allocator_struct_is_imported,
    };
    const TTest *const counted[] = {
        sizes_are_checked,
        allocations_of_all_kinds,
        wellknown_strings_are_found,
        strings_are_counted_and_compared,
        hash32_is_fnv_1a,
        siphash_gives_the_published_values,
        siphash_texts_do_not_run_into_each_other,
        ids_are_printed_and_parsed,
        generator_is_xoshiro256starstar,
        generators_have_a_stream_per_seed_and_purpose,
    };
    Suite *suite = suite_create("base");
    TCase *plain = tcase_create("own allocator hook"), *tcase = tcase_create("counted");

    SUITE_ADD(plain, own_hook);
    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, counted);
    suite_add_tcase(suite, plain);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
