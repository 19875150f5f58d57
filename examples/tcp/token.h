/*
 * Who may connect: a file of lines "NAME TOKEN", `#` begins a comment line.
 *
 * The server's file has a line per client, a client's file its own. Tokens are secrets: the file
 * must not be readable by others than its owner. Make them with, for example,
 * `od -An -N32 -tx1 /dev/urandom | tr -d ' \n'`.
 */
#ifndef TCP_TOKEN_H
#define TCP_TOKEN_H

#include <stddef.h>

#define TOKEN_NAME   64 /* bytes, the zero at the end included */
#define TOKEN_SECRET 128
#define TOKEN_LEAST  16 /* bytes of a secret: shorter ones could be guessed */

/*
 * Both padded with zeros to their full size, which is a multiple of 8, so that comparing takes the
 * same time for all.
 */
struct token {
    char name[TOKEN_NAME];
    char secret[TOKEN_SECRET];
};

struct tokens {
    struct token *items;
    size_t count;
};

/* 0; -1 with one line of text, and nothing to be freed. */
int tokens_read(const char *path, struct tokens *tokens, char *error, size_t error_size);
/* Nothing is left of the secrets in memory. */
void tokens_free(struct tokens *tokens);
/* 1 if there is such a line. It takes the same time whatever is wrong, and how much of it. */
int tokens_check(const struct tokens *tokens, const struct token *claim);
/* The line of a name; NULL. Only for a client that looks for its own. */
const struct token *tokens_find(const struct tokens *tokens, const char *name);
/* Fill a token; -1: a text is empty or too long. */
int token_set(struct token *token, const char *name, const char *secret);
/* Overwrite secrets, in a way that no compiler leaves out. */
void token_wipe(void *bytes, size_t size);

#endif
