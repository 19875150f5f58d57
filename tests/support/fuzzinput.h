/*
 * Fuzz input as a stream of small decisions, and values and messages made from it: structured targets reach deeper than raw bytes do. Whatever is missing at the end reads as 0.
 */
#ifndef TESTS_FUZZINPUT_H
#define TESTS_FUZZINPUT_H

#include <flrunner.h>

typedef struct fuzz_input {
    const uint8_t *data;
    size_t size;
} fuzz_input;

uint8_t fuzz_byte(fuzz_input *in);
/* A byte says how many bytes follow (two, if it is 255: then 16 bits): their place; *size may be less at the end. */
const uint8_t *fuzz_bytes(fuzz_input *in, size_t *size);
/* A NUL-terminated text of at most 300 bytes, any bytes but 0. */
const char *fuzz_text(fuzz_input *in, char buffer[301]);
/* One of the texts that the library knows, or any text. */
const char *fuzz_word(fuzz_input *in, const char *const *words, size_t count, char buffer[301]);
/* A value from MessagePack bytes; nil if they are none. Never NULL. [out, flr_value_unref] */
flr_value *fuzz_value(fuzz_input *in);
/* The same, but a map. */
flr_value *fuzz_map(fuzz_input *in);
/* A message: well-known headers with any values, then a body; NULL now and then. [out, flr_shareable_unref] */
flr_shareable *fuzz_message(fuzz_input *in);
/* A frame: from raw bytes, or encoded from an envelope made of the input; NULL if there is none. [out, flr_frame_unref] */
flr_frame *fuzz_frame(fuzz_input *in);

#endif
