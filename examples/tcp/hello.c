#include "hello.h"
#include <string.h>

static const char magic[HELLO_MAGIC + 1] = "FLRTCP1\n";

void hello_write(const struct token *token, uint8_t bytes[HELLO_BYTES])
{
    memcpy(bytes, magic, HELLO_MAGIC);
    memcpy(bytes + HELLO_MAGIC, token->name, TOKEN_NAME);
    memcpy(bytes + HELLO_MAGIC + TOKEN_NAME, token->secret, TOKEN_SECRET);
}

int hello_is_possible(const uint8_t *bytes, size_t got)
{
    return memcmp(bytes, magic, got < HELLO_MAGIC ? got : HELLO_MAGIC) == 0;
}

void hello_read(const uint8_t bytes[HELLO_BYTES], struct token *claim)
{
    memcpy(claim->name, bytes + HELLO_MAGIC, TOKEN_NAME);
    memcpy(claim->secret, bytes + HELLO_MAGIC + TOKEN_NAME, TOKEN_SECRET);
}

void hello_write_answer(char answer, uint8_t bytes[HELLO_ANSWER])
{
    memcpy(bytes, magic, HELLO_ANSWER - 1);
    bytes[HELLO_ANSWER - 1] = (uint8_t)answer;
}

char hello_read_answer(const uint8_t bytes[HELLO_ANSWER])
{
    char answer = (char)bytes[HELLO_ANSWER - 1];
    if (memcmp(bytes, magic, HELLO_ANSWER - 1) != 0 ||
        (answer != HELLO_ACCEPTED && answer != HELLO_REFUSED && answer != HELLO_FULL))
        return 0;
    return answer;
}
