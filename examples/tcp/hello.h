/*
 * What is exchanged before any frame: the client's hello of fixed size, and the server's answer.
 *
 *     hello    8 bytes "FLRTCP1\n", 64 bytes name, 128 bytes token, both padded with zeros
 *     answer   8 bytes: "FLRTCP1+" accepted, "FLRTCP1-" refused for good, "FLRTCP1=" full, try later
 *
 * Nothing in a hello has a length, so nothing of an unknown client is parsed.
 */
#ifndef TCP_HELLO_H
#define TCP_HELLO_H

#include "token.h"
#include <stdint.h>

#define HELLO_MAGIC  8
#define HELLO_BYTES  (HELLO_MAGIC + TOKEN_NAME + TOKEN_SECRET)
#define HELLO_ANSWER 8

#define HELLO_ACCEPTED '+'
#define HELLO_REFUSED  '-'
#define HELLO_FULL     '='

void hello_write(const struct token *token, uint8_t bytes[HELLO_BYTES]);
/* 1 as long as the first `got` bytes may become a hello. */
int hello_is_possible(const uint8_t *bytes, size_t got);
/* The claim of a complete hello; name and token need not end with a zero: compare before use. */
void hello_read(const uint8_t bytes[HELLO_BYTES], struct token *claim);

void hello_write_answer(char answer, uint8_t bytes[HELLO_ANSWER]);
/* HELLO_*; 0: this is no server of ours. */
char hello_read_answer(const uint8_t bytes[HELLO_ANSWER]);

#endif
