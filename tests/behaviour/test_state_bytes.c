/* The bytes of a real state, in the middle of a run: every bit flipped, cut anywhere, with more behind them. Row PS-03. */
#include "resume.h"
#include "storedir.h"

#include "data/codec.h"
#include "support/suite.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static unsigned char *state;
static size_t size;
static resume r;
static flr_value *expected; /* the model at the end */

/* A run that has not begun, to be restored. */
static void setup(void)
{
    state = resume_state(1, &size);
    resume_init(&r);
    resume_begin(&r);
    resume_play(&r);
    expected = resume_model(&r);
    resume_free(&r);
    resume_begin(&r);
}

/* After all that was refused the true state is taken, and the run ends as if nothing had been. */
static void teardown(void)
{
    ck_assert_int_eq(r.restored, -1);
    ck_assert_int_eq(flr_runner_restore(r.runner, state, size), 0);
    ck_assert_int_ge(r.restored, 1);
    resume_play(&r);
    flr_value *model = resume_model(&r);
    ck_assert(flr_value_equals(model, expected));
    flr_value_unref(model);
    flr_value_unref(expected);
    resume_free(&r);
    free(state);
}

START_TEST(ps_03_every_bit_flipped)
{
    ck_assert_uint_gt(size, 5000); /* with a segment */
    for (size_t i = 0; i < size; i++)
        for (int bit = 0; bit < 8; bit++) {
            state[i] ^= (unsigned char)(1U << bit);
            int checked = flr_state_check(state, size);
            int status = flr_runner_restore(r.runner, state, size);
            ck_assert_msg(status == FLR_E_CORRUPT && checked == FLR_E_CORRUPT,
                          "byte %zu, bit %d: %d, %d", i, bit, status, checked);
            state[i] ^= (unsigned char)(1U << bit);
        }
}
END_TEST

static void put(unsigned char *to, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(number >> (8 * i));
}

/* Both checksums are made right again: what the beginning says is looked at for itself. A newer version is told apart, and only that. */
START_TEST(ps_03_every_bit_of_the_lengths_flipped_and_signed)
{
    size_t lengths = 24 + 8 * (size_t)state[12], body = lengths + 8;
    int newer = 0;
    ck_assert_uint_ge(lengths, 32); /* with a segment */
    for (size_t i = 0; i < lengths; i++)
        for (int bit = 0; bit < 8; bit++) {
            state[i] ^= (unsigned char)(1U << bit);
            put(state + lengths, flr__crc32c(0, state, lengths));
            put(state + lengths + 4, flr__crc32c(0, state + body, size - body));
            bool is_newer = i >= 8 && i < 12 && !(i == 8 && bit == 0);
            int status = flr_runner_restore(r.runner, state, size);
            ck_assert_msg(status == (is_newer ? FLR_E_NOTSUP : FLR_E_CORRUPT),
                          "byte %zu, bit %d: %d", i, bit, status);
            ck_assert_int_eq(flr_state_check(state, size), status);
            newer += is_newer;
            state[i] ^= (unsigned char)(1U << bit);
        }
    ck_assert_int_eq(newer, 31);
    put(state + lengths, flr__crc32c(0, state, lengths));
}
END_TEST

static void put_length(unsigned char *to, uint64_t length)
{
    put(to, (uint32_t)length);
    put(to + 4, (uint32_t)(length >> 32));
}

/* Lengths that only add up because the sum wraps around: of the head and a segment, and of two segments. */
START_TEST(ps_03_lengths_that_wrap)
{
    size_t body = 40, more = _i == 0 ? 0 : 8, length = size + more, at = body + more;
    unsigned char *bytes = malloc(length);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_int_eq(state[12], 1); /* one segment */
    memcpy(bytes, state, 24);
    memcpy(bytes + at, state + body, size - body);
    put(bytes + at - 4, flr__crc32c(0, state + body, size - body));
    uint64_t head = 0;
    for (int i = 7; i >= 0; i--)
        head = head << 8 | state[16 + i];
    for (uint64_t beyond = 0; beyond <= 64; beyond++) {
        uint64_t left = size - body - head;
        put(bytes + 12, _i == 0 ? 1 : 2);
        put_length(bytes + 16, _i == 0 ? size - body + beyond : head);
        put_length(bytes + 24, _i == 0 ? 0 - beyond : left + beyond);
        if (_i == 1)
            put_length(bytes + 32, 0 - beyond);
        put(bytes + at - 8, flr__crc32c(0, bytes, at - 8));
        /* Without wrapping it is a whole state, though of nothing that this run knows. */
        int wanted = beyond > 0 ? FLR_E_CORRUPT : 0;
        ck_assert_int_eq(flr_state_check(bytes, length), wanted);
        ck_assert(beyond == 0 || flr_runner_restore(r.runner, bytes, length) == FLR_E_CORRUPT);
    }
    free(bytes);
}
END_TEST

START_TEST(ps_03_cut_anywhere)
{
    for (size_t cut = 1; cut < size; cut++) {
        /* of its own, so that a sanitizer sees who reads behind it */
        unsigned char *part = malloc(cut);
        ck_assert_ptr_nonnull(part);
        memcpy(part, state, cut);
        ck_assert_int_eq(flr_runner_restore(r.runner, part, cut), FLR_E_CORRUPT);
        free(part);
    }
    ck_assert_int_eq(flr_runner_restore(r.runner, state, 0), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_runner_restore(r.runner, NULL, size), FLR_E_NOTFOUND);
}
END_TEST

START_TEST(ps_03_bytes_behind_it)
{
    for (size_t more = 1; more <= 64; more++) {
        unsigned char *longer = calloc(1, size + more);
        ck_assert_ptr_nonnull(longer);
        memcpy(longer, state, size);
        ck_assert_int_eq(flr_runner_restore(r.runner, longer, size + more), FLR_E_CORRUPT);
        memcpy(longer + size, state, more < size ? more : size);
        ck_assert_int_eq(flr_runner_restore(r.runner, longer, size + more), FLR_E_CORRUPT);
        free(longer);
    }
}
END_TEST

/* Misaligned memory is memory. */
START_TEST(ps_03_at_any_address)
{
    for (size_t at = 1; at < 8; at++) {
        unsigned char *room = malloc(size + at);
        ck_assert_ptr_nonnull(room);
        memcpy(room + at, state, size);
        ck_assert_int_eq(flr_state_check(room + at, size), 0);
        free(room);
    }
}
END_TEST

/* Through a store: a damaged file is told, gives way to the one before if there is one, and stays as it is. */
START_TEST(ps_03_a_damaged_file_is_not_touched)
{
    char directory[STOREDIR_MAX];
    flr_blob *bytes = NULL;
    size_t length;
    bool with_previous = _i == 1;
    storedir_new(directory);
    flr_file_store *store = storedir_open(directory);
    if (with_previous)
        storedir_write(directory, "state.previous.flr", state, size);
    for (size_t i = 0; i < size; i += 97) {
        state[i] ^= 1;
        storedir_write(directory, "state.flr", state, size);
        int generation = -1, status = flr_file_store_load(store, &bytes, &generation);
        ck_assert_int_eq(status, with_previous ? 0 : FLR_E_CORRUPT);
        ck_assert_int_eq(generation, with_previous ? 1 : -1);
        ck_assert((bytes != NULL) == with_previous);
        flr_blob_unref(bytes);
        bytes = NULL;
        unsigned char *after = storedir_read(directory, "state.flr", &length);
        ck_assert_uint_eq(length, size);
        ck_assert_mem_eq(after, state, size);
        free(after);
        state[i] ^= 1;
    }
    ck_assert_int_eq(storedir_has(directory, "state.previous.flr"), with_previous);
    ck_assert(!storedir_has(directory, "state.damaged.flr"));
    flr_file_store_unref(store);
    storedir_remove(directory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("state, bytes");
    TCase *tests = tcase_create("bytes");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, ps_03_every_bit_flipped);
    tcase_add_test(tests, ps_03_every_bit_of_the_lengths_flipped_and_signed);
    tcase_add_loop_test(tests, ps_03_lengths_that_wrap, 0, 2);
    tcase_add_test(tests, ps_03_cut_anywhere);
    tcase_add_test(tests, ps_03_bytes_behind_it);
    tcase_add_test(tests, ps_03_at_any_address);
    tcase_add_loop_test(tests, ps_03_a_damaged_file_is_not_touched, 0, 2);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
