#include "token.h"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINE (TOKEN_NAME + TOKEN_SECRET + 64)

void token_wipe(void *bytes, size_t size)
{
    volatile unsigned char *at = bytes;
    while (size-- > 0)
        *at++ = 0;
}

int token_set(struct token *token, const char *name, const char *secret)
{
    size_t name_size = strlen(name), secret_size = strlen(secret);
    memset(token, 0, sizeof *token);
    if (name_size == 0 || name_size >= TOKEN_NAME || secret_size < TOKEN_LEAST ||
        secret_size >= TOKEN_SECRET)
        return -1;
    memcpy(token->name, name, name_size);
    memcpy(token->secret, secret, secret_size);
    return 0;
}

/* NULL, or what is wrong with the line. */
static const char *add_line(struct tokens *tokens, char *line)
{
    char *rest;
    const char *name = strtok_r(line, " \t\r\n", &rest);
    const char *secret = name ? strtok_r(NULL, " \t\r\n", &rest) : NULL;
    struct token token;
    if (!name || name[0] == '#')
        return NULL;
    if (!secret || strtok_r(NULL, " \t\r\n", &rest))
        return "not a name and a token";
    if (token_set(&token, name, secret) < 0)
        return "the name has more than 63 bytes, or the token not 16 to 127";
    if (tokens_find(tokens, name)) {
        token_wipe(&token, sizeof token);
        return "this name stands above already";
    }
    struct token *items = malloc((tokens->count + 1) * sizeof *items);
    if (!items) {
        token_wipe(&token, sizeof token);
        return "out of memory";
    }
    /* Not realloc: it would leave a copy of the secrets behind. */
    size_t old = tokens->count * sizeof *items;
    if (old > 0)
        memcpy(items, tokens->items, old);
    items[tokens->count] = token;
    token_wipe(&token, sizeof token);
    size_t count = tokens->count + 1;
    tokens_free(tokens);
    tokens->items = items;
    tokens->count = count;
    return NULL;
}

static int read_lines(FILE *file, struct tokens *tokens, const char *path, char *error,
                      size_t error_size)
{
    char line[LINE];
    const char *why = NULL;
    struct stat about;
    size_t number = 0;
    if (fstat(fileno(file), &about) < 0) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return -1;
    }
    if (about.st_mode & (S_IRWXG | S_IRWXO)) {
        snprintf(error, error_size, "%s: others than its owner may use it: chmod 600", path);
        return -1;
    }
    while (!why && fgets(line, sizeof line, file)) {
        number++;
        why = strlen(line) + 1 == sizeof line ? "the line is too long" : add_line(tokens, line);
    }
    token_wipe(line, sizeof line);
    if (!why && ferror(file))
        why = strerror(errno);
    else if (!why && tokens->count == 0)
        why = "there is no token";
    if (why)
        snprintf(error, error_size, "%s, line %zu: %s", path, number, why);
    return why ? -1 : 0;
}

int tokens_read(const char *path, struct tokens *tokens, char *error, size_t error_size)
{
    char buffer[BUFSIZ]; /* stdio's own would be freed with secrets in it */
    tokens->items = NULL;
    tokens->count = 0;
    FILE *file = fopen(path, "r");
    if (!file) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return -1;
    }
    setvbuf(file, buffer, _IOFBF, sizeof buffer);
    int status = read_lines(file, tokens, path, error, error_size);
    fclose(file);
    token_wipe(buffer, sizeof buffer);
    if (status < 0)
        tokens_free(tokens);
    return status;
}

void tokens_free(struct tokens *tokens)
{
    if (tokens->items)
        token_wipe(tokens->items, tokens->count * sizeof *tokens->items);
    free(tokens->items);
    tokens->items = NULL;
    tokens->count = 0;
}

/* All of it is looked at; `volatile` keeps the compiler from stopping at the first difference. */
static int differ(const struct token *one, const struct token *other)
{
    volatile uint64_t all = 0;
    for (size_t i = 0; i < sizeof *one; i += sizeof(uint64_t)) {
        uint64_t a, b;
        memcpy(&a, (const char *)one + i, sizeof a);
        memcpy(&b, (const char *)other + i, sizeof b);
        all = all | (a ^ b);
    }
    return all != 0;
}

int tokens_check(const struct tokens *tokens, const struct token *claim)
{
    int found = 0;
    for (size_t i = 0; i < tokens->count; i++)
        found |= !differ(&tokens->items[i], claim);
    return found;
}

const struct token *tokens_find(const struct tokens *tokens, const char *name)
{
    for (size_t i = 0; i < tokens->count; i++)
        if (strcmp(tokens->items[i].name, name) == 0)
            return &tokens->items[i];
    return NULL;
}
