/* Weighted sums: order independence, exactness, rounding. Rows FA-02, FA-03. */
#include "aggregate/sum.h"
#include "base/alloc.h"
#include "base/id.h"
#include "support/suite.h"
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N 150 /* elements: two whole blocks and a part */
#define M 40  /* contributions */

static flr__rng rng;

static void shuffle(size_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)flr__rng_below(&rng, i), t = order[i - 1];
        order[i - 1] = order[j];
        order[j] = t;
    }
}

/* Average of m arrays of n elements, added in this order. */
static int average(int kind, int type, size_t n, size_t m, const void *const *x, const double *w,
                   const size_t *order, void *out)
{
    flr__sum s, total;
    flr__divisor d;
    ck_assert_int_eq(flr__sum_init(&s, kind, n), 0);
    ck_assert_int_eq(flr__sum_init(&total, kind, 1), 0);
    for (size_t i = 0; i < m; i++) {
        size_t k = order ? order[i] : i;
        ck_assert(flr__sum_check(type, x[k], n, w[k]));
        ck_assert_int_eq(flr__sum_reserve(&s), 0);
        ck_assert_int_eq(flr__sum_reserve(&total), 0);
        flr__sum_add(&s, type, x[k], w[k]);
        flr__sum_add(&total, FLR_TYPE_F64, &w[k], 1.0);
    }
    int status = flr__sum_get_divisor(&total, &d);
    if (!status)
        status = flr__sum_finish(&s, d, type, out);
    flr__sum_free(&s);
    flr__sum_free(&total);
    return status;
}

static double random_double(int low, int high)
{
    double x = 1.0 + flr__rng_real(&rng);
    x = ldexp(x, low + (int)flr__rng_below(&rng, (uint64_t)(high - low + 1)));
    return flr__rng_below(&rng, 2) ? x : -x;
}

/* Values with exponents in [low, high]; the same bits for every order. */
static void check_orders(int type, int low, int high, int weight_low, int weight_high)
{
    static double x[M][N];
    static float f[M][N];
    const void *rows[M];
    double w[M];
    for (size_t k = 0; k < M; k++) {
        w[k] = fabs(random_double(weight_low, weight_high));
        for (size_t i = 0; i < N; i++) {
            x[k][i] = flr__rng_below(&rng, 8) ? random_double(low, high) : 0.0;
            f[k][i] = (float)x[k][i];
        }
        rows[k] = type == FLR_TYPE_F32 ? (const void *)f[k] : (const void *)x[k];
    }
    for (size_t i = 0; i < N; i += 3) { /* pairs that cancel, but for a rest */
        x[1][i] = -x[0][i];
        f[1][i] = -f[0][i];
    }
    w[1] = w[0];
    double first[N], next[N];
    size_t order[M];
    ck_assert_int_eq(average(FLR_ACCUMULATOR_REPRODUCIBLE, type, N, M, rows, w, NULL, first), 0);
    for (int turn = 0; turn < 60; turn++) {
        shuffle(order, M);
        ck_assert_int_eq(average(FLR_ACCUMULATOR_REPRODUCIBLE, type, N, M, rows, w, order, next),
                         0);
        ck_assert_mem_eq(first, next, N * flr_type_get_size(type));
    }
}

START_TEST(fa_03_every_order_gives_the_same_bits)
{
    check_orders(FLR_TYPE_F64, -3, 3, 0, 10);
    check_orders(FLR_TYPE_F64, -300, 300, 0, 10);
    check_orders(FLR_TYPE_F64, -1074, 1000, -10, 10);
    check_orders(FLR_TYPE_F64, -1074, -1000, 0, 3);
    check_orders(FLR_TYPE_F64, -1060, -900, -100, 20);
    check_orders(FLR_TYPE_F64, 870, 1000, 0, 10);
    check_orders(FLR_TYPE_F64, 900, 1010, -20, 10);
    check_orders(FLR_TYPE_F64, -80, 60, 895, 905);
    check_orders(FLR_TYPE_F64, 0, 1, 1000, 1020);
    check_orders(FLR_TYPE_F32, -3, 3, 0, 10);
    check_orders(FLR_TYPE_F32, -149, 127, 0, 10);
    check_orders(FLR_TYPE_F32, -149, -120, 0, 1);
}
END_TEST

/*
 * What is large cancels exactly, so that the lowest bits that are kept decide the result: every
 * order must have kept, and dropped, the same ones. Few bits per number make slices meet the middle
 * between two units.
 */
static void check_remainders(uint64_t bits)
{
    static double x[M][N];
    const void *rows[M];
    double w[M], first[N], next[N];
    size_t order[M];
    for (size_t k = 0; k < M; k++) {
        w[k] = (double)(1 + flr__rng_below(&rng, 3));
        if (k % 2 && k < M - 8)
            w[k] = w[k - 1];
        rows[k] = x[k];
    }
    for (size_t i = 0; i < N; i++) {
        int top = (int)flr__rng_below(&rng, 80) - 40;
        for (size_t k = 0; k < M; k++) {
            int exponent =
                top - (int)flr__rng_below(&rng, k < M - 8 ? 100 : 60) - (k < M - 8 ? 0 : 60);
            x[k][i] = ldexp((double)(1 + flr__rng_below(&rng, bits)), exponent);
            if (k % 2)
                x[k][i] = k < M - 8 ? -x[k - 1][i] : -x[k][i];
        }
    }
    ck_assert_int_eq(
        average(FLR_ACCUMULATOR_REPRODUCIBLE, FLR_TYPE_F64, N, M, rows, w, NULL, first), 0);
    for (int turn = 0; turn < 60; turn++) {
        shuffle(order, M);
        ck_assert_int_eq(
            average(FLR_ACCUMULATOR_REPRODUCIBLE, FLR_TYPE_F64, N, M, rows, w, order, next), 0);
        ck_assert_mem_eq(first, next, sizeof first);
    }
}

START_TEST(fa_03_every_order_keeps_the_same_bits)
{
    check_remainders(1);
    check_remainders(7);
    check_remainders(UINT64_C(1) << 24);
    check_remainders(UINT64_C(1) << 52);
}
END_TEST

START_TEST(fa_03_is_accurate)
{
    double x[M][N], w[M], out[N], plain[N];
    const void *rows[M];
    for (size_t k = 0; k < M; k++) {
        rows[k] = x[k];
        w[k] = floor(fabs(random_double(0, 8)));
        for (size_t i = 0; i < N; i++)
            x[k][i] = random_double(-10, 10);
    }
    ck_assert_int_eq(average(FLR_ACCUMULATOR_REPRODUCIBLE, FLR_TYPE_F64, N, M, rows, w, NULL, out),
                     0);
    ck_assert_int_eq(average(FLR_ACCUMULATOR_FLOAT64, FLR_TYPE_F64, N, M, rows, w, NULL, plain), 0);
    /* What long double is worth here: some emulators compute it as double. */
    volatile long double one = 1;
    long double reference = one + 0x1p-60L == one ? (long double)M * 0x1p-52L : 0x1p-63L;
    for (size_t i = 0; i < N; i++) {
        long double sum = 0, total = 0, size = 0;
        for (size_t k = 0; k < M; k++) {
            sum += (long double)(w[k] * x[k][i]);
            size += fabsl((long double)w[k] * x[k][i]);
            total += w[k];
        }
        ck_assert(fabsl(sum / total - (long double)out[i]) <=
                  fabsl(sum / total) * 0x1p-52L + size / total * reference);
        ck_assert(fabsl(sum / total - (long double)plain[i]) <= size / total * 0x1p-47L);
    }
}
END_TEST

/* The average of the same number is that number, at the ends of the range too, for every type. */
START_TEST(fa_03_average_of_equal_numbers)
{
    double d[] = {1.1, -0x1.fffffffffffffp1023, 0x1p-1074, 0x1.8p-1070, -0x1p-1022, 3e300, 1e-300,
                  0.1};
    float f[] = {1.1f, -FLT_MAX, 0x1p-149f, 0x1.8p-140f, -FLT_MIN, 3e30f, 1e-30f, 0.1f};
    uint16_t h[] = {0x3c01, 0xfbff, 0x0001, 0x0003, 0x8400, 0x7bff, 0x0155, 0x2e66};
    uint16_t b[] = {0x3f81, 0xff7f, 0x0001, 0x0003, 0x8080, 0x7f7f, 0x0155, 0x2e66};
    int64_t l[] = {INT64_MAX, INT64_MIN, INT64_MAX - 1,          -1,
                   0,         1,         (INT64_C(1) << 53) + 1, -((INT64_C(1) << 62) + 1)};
    int8_t c[] = {127, -128, 1, -1, 0, 5, -7, 100};
    uint8_t u[] = {255, 0, 1, 128, 127, 5, 7, 100}, t[] = {1, 0, 1, 1, 0, 0, 1, 0};
    int32_t n[] = {INT32_MAX, INT32_MIN, 1, -1, 0, 5, -7, 100};
    int16_t s[] = {INT16_MAX, INT16_MIN, 1, -1, 0, 5, -7, 100};
    struct {
        int type;
        const void *x;
    } cases[] = {{FLR_TYPE_F64, d}, {FLR_TYPE_F32, f}, {FLR_TYPE_F16, h}, {FLR_TYPE_BF16, b},
                 {FLR_TYPE_I64, l}, {FLR_TYPE_I32, n}, {FLR_TYPE_I16, s}, {FLR_TYPE_I8, c},
                 {FLR_TYPE_U8, u},  {FLR_TYPE_BOOL, t}};
    double weights[2][3] = {{1, 1, 1}, {0.25, 0.5, 0.125}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
        for (int v = 0; v < 2; v++) {
            const void *rows[3] = {cases[k].x, cases[k].x, cases[k].x};
            unsigned char out[64];
            ck_assert_int_eq(average(FLR_ACCUMULATOR_REPRODUCIBLE, cases[k].type, 8, 3, rows,
                                     weights[v], NULL, out),
                             0);
            ck_assert_msg(memcmp(out, cases[k].x, 8 * flr_type_get_size(cases[k].type)) == 0, "%s",
                          flr_type_get_name(cases[k].type));
        }
}
END_TEST

START_TEST(fa_03_integers_round_to_even)
{
    int32_t a[] = {0, 1, 2, -1, -2, 7, INT32_MAX, INT32_MIN},
            b[] = {1, 2, 3, -2, -3, 7, INT32_MAX - 1, INT32_MIN + 1}, out[8];
    const int32_t even[] = {0, 2, 2, -2, -2, 7, INT32_MAX - 1, INT32_MIN};
    const void *rows[] = {a, b};
    const double w[] = {1, 1};
    ck_assert_int_eq(average(FLR_ACCUMULATOR_REPRODUCIBLE, FLR_TYPE_I32, 8, 2, rows, w, NULL, out),
                     0);
    ck_assert_mem_eq(out, even, sizeof even);
    ck_assert_int_eq(average(FLR_ACCUMULATOR_FLOAT64, FLR_TYPE_I32, 8, 2, rows, w, NULL, out), 0);
    ck_assert_mem_eq(out, even, sizeof even);
    uint8_t yes = 1, no = 0, got;
    const void *votes[] = {&yes, &no, &yes};
    const double equal[] = {1, 1, 1}, tie[] = {1, 2, 1};
    ck_assert_int_eq(
        average(FLR_ACCUMULATOR_REPRODUCIBLE, FLR_TYPE_BOOL, 1, 3, votes, equal, NULL, &got), 0);
    ck_assert_uint_eq(got, 1);
    ck_assert_int_eq(
        average(FLR_ACCUMULATOR_REPRODUCIBLE, FLR_TYPE_BOOL, 1, 3, votes, tie, NULL, &got), 0);
    ck_assert_uint_eq(got, 0);
}
END_TEST

/*
 * One rounding, not one to binary64 and another to the type: next to the middle of two float32
 * neighbours.
 */
START_TEST(fa_03_rounds_once)
{
    const float one = 1.0f, half = 0x1p-24f, rest[] = {0.0f, 0x1p-60f, -0x1p-60f};
    const float want[] = {1.0f, 1.0f + 0x1p-23f, 1.0f}; /* a tie goes to the even one */
    flr__divisor unit = {UINT64_C(1) << 63, -63};
    for (size_t i = 0; i < 3; i++) {
        flr__sum s;
        float out;
        ck_assert_int_eq(flr__sum_init(&s, FLR_ACCUMULATOR_REPRODUCIBLE, 1), 0);
        flr__sum_add(&s, FLR_TYPE_F32, &one, 1.0);
        flr__sum_add(&s, FLR_TYPE_F32, &half, 1.0);
        flr__sum_add(&s, FLR_TYPE_F32, &rest[i], 1.0);
        ck_assert_int_eq(flr__sum_finish(&s, unit, FLR_TYPE_F32, &out), 0);
        ck_assert(out == want[i]);
        flr__sum_free(&s);
    }
}
END_TEST

/*
 * Quotients of random integers by random integers, against long double where that is exact enough
 * to tell.
 */
START_TEST(fa_03_float32_quotients)
{
    for (int turn = 0; turn < 20000; turn++) {
        double sum = floor(random_double(0, 50)), divisor = floor(fabs(random_double(0, 20)));
        flr__wide w = flr__wide_from_double(sum), v = flr__wide_from_double(divisor);
        uint32_t bits = (uint32_t)flr__wide_divide(&w, flr__divisor_from_wide(&v), FLR_TYPE_F32);
        float got, want = (float)((long double)sum / (long double)divisor);
        memcpy(&got, &bits, sizeof got);
        ck_assert(got == want);
        double exact, q = sum / divisor;
        uint64_t wide = flr__wide_divide(&w, flr__divisor_from_wide(&v), FLR_TYPE_F64);
        memcpy(&exact, &wide, sizeof exact);
        ck_assert(exact == q);
    }
    for (int turn = 0; turn < 2000; turn++) { /* what is narrow comes back as it was */
        double x = random_double(-1070, 1020);
        flr__wide w = flr__wide_from_double(x);
        flr__divisor unit = {UINT64_C(1) << 63, -63};
        ck_assert(flr__wide_divide(&w, unit, FLR_TYPE_F64) == flr__double_bits(x));
    }
}
END_TEST

/* Many additions: the integers are carried; every order the same, and the average is exact. */
START_TEST(fa_03_many_additions)
{
    enum { MANY = 6001 };
    float out[2][2];
    for (int turn = 0; turn < 2; turn++) {
        flr__sum s, total;
        flr__divisor d;
        double w = 3.0;
        ck_assert_int_eq(flr__sum_init(&s, FLR_ACCUMULATOR_REPRODUCIBLE, 2), 0);
        ck_assert_int_eq(flr__sum_init(&total, FLR_ACCUMULATOR_REPRODUCIBLE, 1), 0);
        for (int k = 0; k < MANY; k++) {
            int i = turn ? MANY - 1 - k : k;
            float x[2] = {(float)i, 0x1p38f * (i % 2 ? 1.0f : -1.0f)};
            ck_assert_int_eq(flr__sum_reserve(&s), 0);
            ck_assert_int_eq(flr__sum_reserve(&total), 0);
            flr__sum_add(&s, FLR_TYPE_F32, x, w);
            flr__sum_add(&total, FLR_TYPE_F64, &w, 1.0);
        }
        ck_assert_int_eq(flr__sum_get_divisor(&total, &d), 0);
        ck_assert_int_eq(flr__sum_finish(&s, d, FLR_TYPE_F32, out[turn]), 0);
        flr__sum_free(&s);
        flr__sum_free(&total);
    }
    ck_assert_mem_eq(out[0], out[1], sizeof out[0]);
    ck_assert(out[0][0] == 3000.0f);
    ck_assert(out[0][1] == (float)(-0x1p38 / 6001));
}
END_TEST

START_TEST(fa_03_limit_of_additions)
{
    flr__sum s;
    ck_assert_int_eq(flr__sum_init(&s, FLR_ACCUMULATOR_REPRODUCIBLE, 1), 0);
    s.adds = FLR__BINS_MAX - 1;
    ck_assert_int_eq(flr__sum_reserve(&s), FLR_E_LIMIT);
    flr__sum_clear(&s);
    ck_assert_int_eq(flr__sum_reserve(&s), 0);
    flr__divisor d;
    ck_assert_int_eq(flr__sum_get_divisor(&s, &d), FLR_E_LIMIT);
    flr__sum_free(&s);
}
END_TEST

START_TEST(fa_02_checks_numbers_and_products)
{
    double d[70] = {0};
    float f[70] = {0};
    uint16_t h[70] = {0}, b[70] = {0};
    int32_t n[70] = {INT32_MAX};
    ck_assert(flr__sum_check(FLR_TYPE_F64, d, 70, 1.0));
    d[69] = 1e300;
    ck_assert(flr__sum_check(FLR_TYPE_F64, d, 70, 1e8));
    ck_assert(!flr__sum_check(FLR_TYPE_F64, d, 70, 1e9));
    d[69] = INFINITY;
    ck_assert(!flr__sum_check(FLR_TYPE_F64, d, 70, 1e-300));
    d[69] = NAN;
    ck_assert(!flr__sum_check(FLR_TYPE_F64, d, 70, 1.0));
    ck_assert(flr__sum_check(FLR_TYPE_F64, d, 69, 1.0));
    f[66] = FLT_MAX;
    ck_assert(flr__sum_check(FLR_TYPE_F32, f, 70, 1e200));
    ck_assert(!flr__sum_check(FLR_TYPE_F32, f, 70, 1e300));
    f[66] = -INFINITY;
    ck_assert(!flr__sum_check(FLR_TYPE_F32, f, 70, 1.0));
    h[3] = 0x7bff;
    b[3] = 0x7f7f;
    ck_assert(flr__sum_check(FLR_TYPE_F16, h, 70, 1.0));
    ck_assert(flr__sum_check(FLR_TYPE_BF16, b, 70, 1.0));
    h[3] = 0x7c00;
    b[3] = 0xffc0;
    ck_assert(!flr__sum_check(FLR_TYPE_F16, h, 70, 1.0));
    ck_assert(!flr__sum_check(FLR_TYPE_BF16, b, 70, 1.0));
    ck_assert(flr__sum_check(FLR_TYPE_I32, n, 70, 1e200));
    ck_assert(!flr__sum_check(FLR_TYPE_I32, n, 70, 1e302));
}
END_TEST

/* Sums beyond the range of doubles: bins hold them, plain sums refuse. */
START_TEST(fa_03_sums_beyond_the_range)
{
    double x = 0x1.8p1023, y = 0x1.4p1023, out;
    const void *rows[] = {&x, &y, &x, &y};
    const double w[] = {1, 1, 1, 1};
    ck_assert_int_eq(average(FLR_ACCUMULATOR_REPRODUCIBLE, FLR_TYPE_F64, 1, 4, rows, w, NULL, &out),
                     0);
    ck_assert(out == 0x1.6p1023);
    ck_assert_int_eq(average(FLR_ACCUMULATOR_FLOAT64, FLR_TYPE_F64, 1, 4, rows, w, NULL, &out),
                     FLR_E_LIMIT);
}
END_TEST

START_TEST(elements_of_unaligned_memory)
{
    unsigned char bytes[1 + 4 * 3];
    float x[3] = {1.5f, -2.5f, 1e10f};
    double block[FLR__BLOCK];
    memcpy(bytes + 1, x, sizeof x);
    flr__elements_load(FLR_TYPE_F32, bytes + 1, 0, 3, FLR__PART_WHOLE, block);
    ck_assert(block[0] == 1.5 && block[1] == -2.5 && block[2] == (double)1e10f && block[3] == 0.0 &&
              block[63] == 0.0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sum");
    TCase *c = tcase_create("sum");
    flr__rng_seed(&rng, 1, "test_sum");
    tcase_add_test(c, fa_03_every_order_gives_the_same_bits);
    tcase_add_test(c, fa_03_every_order_keeps_the_same_bits);
    tcase_add_test(c, fa_03_is_accurate);
    tcase_add_test(c, fa_03_average_of_equal_numbers);
    tcase_add_test(c, fa_03_integers_round_to_even);
    tcase_add_test(c, fa_03_rounds_once);
    tcase_add_test(c, fa_03_float32_quotients);
    tcase_add_test(c, fa_03_many_additions);
    tcase_add_test(c, fa_03_limit_of_additions);
    tcase_add_test(c, fa_02_checks_numbers_and_products);
    tcase_add_test(c, fa_03_sums_beyond_the_range);
    tcase_add_test(c, elements_of_unaligned_memory);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
