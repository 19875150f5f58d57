/* What fuzzinput.h promises. Single-threaded. */
#include "data/codec.h"
#include "fuzzinput.h"
#include <string.h>

uint8_t fuzz_byte(fuzz_input *in)
{
    if (in->size == 0)
        return 0;
    in->size--;
    return *in->data++;
}

const uint8_t *fuzz_bytes(fuzz_input *in, size_t *size)
{
    size_t wanted = fuzz_byte(in);
    if (wanted == 255) {
        wanted = fuzz_byte(in);
        wanted = wanted << 8 | fuzz_byte(in);
    }
    const uint8_t *at = in->data;
    *size = wanted < in->size ? wanted : in->size;
    in->data += *size;
    in->size -= *size;
    return at;
}

const char *fuzz_text(fuzz_input *in, char buffer[301])
{
    size_t size;
    const uint8_t *bytes = fuzz_bytes(in, &size);
    size = size < 300 ? size : 300;
    if (size > 0)
        memcpy(buffer, bytes, size);
    buffer[size] = '\0';
    return buffer;
}

const char *fuzz_word(fuzz_input *in, const char *const *words, size_t count, char buffer[301])
{
    size_t which = fuzz_byte(in);
    return which < count ? words[which] : fuzz_text(in, buffer);
}

flr_value *fuzz_value(fuzz_input *in)
{
    static const flr__decode_limits limits = {8, 1000, 10000, 100000};
    flr_value *value = NULL;
    size_t size;
    const uint8_t *bytes = fuzz_bytes(in, &size);
    if (flr__decode(bytes, size, NULL, 0, &limits, &value, NULL) < 0)
        flr_value_new_nil(&value);
    return value;
}

flr_value *fuzz_map(fuzz_input *in)
{
    flr_value *value = fuzz_value(in);
    if (flr_value_get_kind(value) == FLR_VALUE_MAP)
        return value;
    flr_value_unref(value);
    flr_value_new_map(&value);
    return value;
}

flr_shareable *fuzz_message(fuzz_input *in)
{
    static const char *const keys[] = {FLR_HEADER_RC,
                                       FLR_HEADER_COOKIE_JAR,
                                       FLR_HEADER_PEER_PROPS,
                                       FLR_HEADER_PEER_CTX,
                                       FLR_HEADER_TASK_NAME,
                                       FLR_HEADER_TASK_ID,
                                       FLR_HEADER_AUDIT_EVENT_ID,
                                       FLR_HEADER_MSG_ROOT_ID,
                                       FLR_HEADER_MSG_ROOT_TTL,
                                       FLR_HEADER_WAIT_TIME,
                                       FLR_HEADER_MIN_GET_TASK_TIMEOUT,
                                       FLR_HEADER_ERROR,
                                       FLR_RELIABLE_HEADER_OP,
                                       FLR_RELIABLE_HEADER_TOPIC,
                                       FLR_RELIABLE_HEADER_TX_ID,
                                       FLR_RELIABLE_HEADER_PER_MSG_TIMEOUT,
                                       FLR_RELIABLE_HEADER_TX_TIMEOUT,
                                       FLR_RELIABLE_HEADER_STATUS};
    flr_shareable *message = NULL;
    char buffer[301];
    size_t headers = fuzz_byte(in);
    if (headers == 255 || flr_shareable_new(&message) < 0)
        return NULL;
    for (headers %= 12; headers > 0 && in->size > 0; headers--) {
        const char *key = fuzz_word(in, keys, sizeof keys / sizeof keys[0], buffer);
        flr_value *value = fuzz_value(in);
        if (flr_shareable_set_header(message, key, value) < 0)
            flr_value_unref(value);
    }
    flr_value *body = fuzz_map(in);
    if (flr_shareable_set_body(message, body) < 0)
        flr_value_unref(body);
    return message;
}

static flr_frame *encode(fuzz_input *in, uint32_t kind)
{
    static const char *const topics[] = {
        "__sync_runner__", "__job_heartbeat__",        "__task_check__",         "__end_run__",
        "__task_ready__",  FLR_RELIABLE_TOPIC_REQUEST, FLR_RELIABLE_TOPIC_REPLY, "echo"};
    static const char *const names[] = {"train", "__try_again__", "__end_run__", ""};
    char topic[301], task[301];
    flr_envelope e;
    flr_frame *frame = NULL;
    flr_envelope_init(&e, sizeof e);
    e.kind = kind;
    e.id = fuzz_byte(in);
    e.code = (int8_t)fuzz_byte(in);
    e.time = fuzz_byte(in);
    e.topic = fuzz_word(in, topics, sizeof topics / sizeof topics[0], topic);
    e.task = fuzz_word(in, names, sizeof names / sizeof names[0], task);
    flr_value *peer = fuzz_map(in);
    flr_shareable *message = fuzz_message(in);
    e.peer = peer;
    e.message = message;
    if (flr_frame_encode(&e, &frame) < 0)
        frame = NULL;
    flr_shareable_unref(message);
    flr_value_unref(peer);
    return frame;
}

flr_frame *fuzz_frame(fuzz_input *in)
{
    uint32_t kind = fuzz_byte(in);
    flr_blob *blob = NULL;
    flr_frame *frame = NULL;
    size_t size;
    if (kind != 0)
        return encode(in, kind % 10);
    const uint8_t *bytes = fuzz_bytes(in, &size);
    if (flr_blob_new_copy(bytes, size, &blob) == 0 &&
        flr_frame_decode(blob, NULL, &frame, NULL) < 0)
        frame = NULL;
    flr_blob_unref(blob);
    return frame;
}
