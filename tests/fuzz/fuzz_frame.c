/*
 * The decoder of frames and the reader of streams: both say the same of any bytes, whatever the splits; and what can be decoded is encoded again to a frame that says the same.
 */
#include <assert.h>
#include <flrunner.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const flr_frame_limits *limits(void)
{
    static flr_frame_limits l;
    flr_frame_limits_init(&l, sizeof l);
    l.bytes = 1 << 20;
    l.header = 1 << 16;
    l.segments = 64;
    return &l;
}

/* The stream in pieces whose sizes come from the bytes themselves. The first frame, or NULL. */
static flr_frame *read_stream(const uint8_t *data, size_t size, int *status)
{
    flr_frame_reader *reader = NULL;
    flr_frame *frame = NULL;
    *status = flr_frame_reader_new(limits(), &reader);
    for (size_t at = 0, piece = 1; *status == 0 && frame == NULL && at < size;) {
        size_t taken = 0, room = 0;
        void *space;
        piece = 1 + (piece * 31 + data[at]) % 97;
        piece = piece < size - at ? piece : size - at;
        if (piece % 2 == 0) {
            *status = flr_frame_reader_put(reader, data + at, piece, &taken, &frame);
        } else if ((*status = flr_frame_reader_get_space(reader, &space, &room)) == 0) {
            taken = piece < room ? piece : room;
            memcpy(space, data + at, taken);
            *status = flr_frame_reader_add(reader, taken, &frame);
        }
        at += taken;
        assert(frame != NULL || *status < 0 || flr_frame_reader_get_pending(reader) == at);
    }
    if (*status < 0) {
        flr_frame_fault fault;
        flr_frame_fault_init(&fault, sizeof fault);
        assert(flr_frame_reader_get_fault(reader, &fault) == 0 && fault.offset <= size);
        assert(*status == FLR_E_NOMEM || *fault.reason != '\0');
    }
    flr_frame_reader_free(reader);
    return frame;
}

static int same_text(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Values are equal if their bytes are. */
static flr_frame *again(const flr_frame *frame)
{
    flr_envelope e;
    flr_frame *made = NULL;
    flr_envelope_init(&e, sizeof e);
    assert(flr_frame_get_envelope(frame, &e) == 0);
    int status = flr_frame_encode(&e, &made);
    assert(status == 0 || status == FLR_E_INVAL || status == FLR_E_LIMIT);
    return made;
}

static flr_frame *decode_copy(const flr_frame *frame)
{
    flr_blob *blob = NULL;
    flr_frame *decoded = NULL;
    void *bytes;
    size_t size = flr_frame_get_size(frame);
    assert(flr_blob_new(size, &blob, &bytes) == 0);
    assert(flr_frame_copy(frame, bytes, size) == 0);
    int status = flr_frame_decode(blob, NULL, &decoded, NULL);
    assert(status == 0);
    flr_blob_unref(blob);
    return decoded;
}

static void compare(const flr_frame *a, const flr_frame *b)
{
    flr_envelope x, y;
    flr_envelope_init(&x, sizeof x);
    flr_envelope_init(&y, sizeof y);
    assert(flr_frame_get_envelope(a, &x) == 0 && flr_frame_get_envelope(b, &y) == 0);
    assert(x.kind == y.kind && x.code == y.code && x.id == y.id && x.time == y.time);
    assert(same_text(x.job, y.job) && same_text(x.client, y.client) &&
           same_text(x.topic, y.topic) && same_text(x.task, y.task) &&
           same_text(x.task_id, y.task_id));
    assert((x.message == NULL) == (y.message == NULL));
    assert(flr_value_get_count(x.peer) == flr_value_get_count(y.peer));
    assert(flr_value_get_bytes(flr_shareable_get_body(x.message)) ==
           flr_value_get_bytes(flr_shareable_get_body(y.message)));
}

static void check_round_trip(const flr_frame *frame)
{
    flr_frame *made = again(frame);
    if (made == NULL)
        return;
    flr_frame *decoded = decode_copy(made), *third = again(decoded);
    compare(frame, decoded);
    assert(third != NULL && flr_frame_get_size(third) == flr_frame_get_size(made));
    flr_frame_unref(third);
    flr_frame_unref(decoded);
    flr_frame_unref(made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    flr_blob *blob = NULL;
    flr_frame *whole = NULL, *streamed;
    flr_frame_fault fault;
    size_t need = 0;
    int read;
    flr_frame_fault_init(&fault, sizeof fault);
    if (flr_blob_new_copy(data, size, &blob) < 0)
        return 0;
    int measured = flr_frame_measure(data, size, limits(), &need);
    int decoded = flr_frame_decode(blob, limits(), &whole, &fault);
    assert(decoded == 0 || (*fault.reason != '\0' && fault.offset <= size));
    assert(measured == 0 || decoded < 0);
    streamed = read_stream(data, size, &read);
    if (decoded == 0) {
        assert(need == size && streamed != NULL && flr_frame_get_size(streamed) == size);
        compare(whole, streamed);
        check_round_trip(whole);
    }
    flr_frame_unref(streamed);
    flr_frame_unref(whole);
    flr_blob_unref(blob);
    return 0;
}

/* ---- for the fuzzer: most mutations would fail at the checksum, so it is made right ---- */

uint32_t flr__crc32c(uint32_t crc, const void *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

static uint64_t number(const uint8_t *p, size_t bytes)
{
    uint64_t n = 0;
    while (bytes-- > 0)
        n = n << 8 | p[bytes];
    return n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    size = LLVMFuzzerMutate(data, size, most);
    if (seed % 8 == 0 || size < FLR_FRAME_PREFIX)
        return size;
    if (seed % 8 != 1) /* the whole size, too */
        for (size_t i = 0; i < 8; i++)
            data[16 + i] = (uint8_t)((uint64_t)size >> 8 * i);
    uint64_t head = 16 * number(data + 12, 4) + number(data + 8, 4);
    if (head > size - FLR_FRAME_PREFIX)
        head = size - FLR_FRAME_PREFIX;
    uint32_t crc = flr__crc32c(flr__crc32c(0, data, 28), data + FLR_FRAME_PREFIX, (size_t)head);
    for (size_t i = 0; i < 4; i++)
        data[28 + i] = (uint8_t)(crc >> 8 * i);
    return size;
}
