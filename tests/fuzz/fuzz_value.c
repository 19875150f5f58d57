/* The reader of values: whatever it takes is written to the same bytes again, once they are in their shortest form; what it refuses it refuses at an offset. */
#include "data/codec.h"
#include <assert.h>
#include <flrunner.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const flr_value *value)
{
    flr__encoded first, second;
    flr_value *back = NULL;
    int status = flr__encode(value, SIZE_MAX, &first);
    assert(status == 0);
    assert(flr__decode(flr_blob_get_data(first.head), flr_blob_get_size(first.head), NULL, 0, NULL,
                       &back, NULL) == 0);
    assert(flr__encode(back, SIZE_MAX, &second) == 0);
    assert(flr_blob_get_size(first.head) == flr_blob_get_size(second.head));
    assert(memcmp(flr_blob_get_data(first.head), flr_blob_get_data(second.head),
                  flr_blob_get_size(first.head)) == 0);
    assert(flr_value_get_count(value) == flr_value_get_count(back) &&
           flr_value_get_depth(value) == flr_value_get_depth(back) &&
           flr_value_get_bytes(value) == flr_value_get_bytes(back));
    flr_value_unref(back);
    flr__encoded_free(&second);
    flr__encoded_free(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t zeros[64];
    flr_blob *segments[2] = {NULL, NULL};
    flr_value *value = NULL;
    size_t offset = 0, count = size > 0 ? data[0] % 3 : 0;
    if (size == 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (flr_blob_new_wrap(zeros, sizeof zeros / (i + 1), NULL, NULL, &segments[i]) < 0)
            return 0;
    int status = flr__decode(data + 1, size - 1, segments, count, NULL, &value, &offset);
    assert(status == 0 || offset <= size - 1);
    if (status == 0 && count == 0)
        check_round_trip(value);
    flr_value_unref(status == 0 ? value : NULL);
    for (size_t i = 0; i < count; i++)
        flr_blob_unref(segments[i]);
    return 0;
}
