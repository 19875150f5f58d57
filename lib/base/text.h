/* Growing text. A failed allocation is remembered: append as you like, ask once at the end. */
#ifndef FLR_LIB_TEXT_H
#define FLR_LIB_TEXT_H

#include "base/alloc.h"
#include <stdarg.h>

typedef struct flr__text {
    char *data; /* NUL-terminated once something was added */
    size_t size, capacity;
    int status; /* 0 or FLR_E_NOMEM */
} flr__text;

#define FLR__TEXT_INIT {NULL, 0, 0, 0}

void flr__text_free(flr__text *t);
void flr__text_clear(flr__text *t); /* keeps the memory */
void flr__text_add(flr__text *t, const char *text);
void flr__text_add_sized(flr__text *t, const char *text, size_t size);
void flr__text_addf(flr__text *t, const char *format, ...) FLR_PRINTF(2, 3);
void flr__text_addv(flr__text *t, const char *format, va_list args) FLR_PRINTF(2, 0);
void flr__text_add_json(flr__text *t, const char *text); /* quoted and escaped, RFC 8259 */

bool flr__utf8_is_valid(const char *text, size_t size); /* no NUL, no surrogate, shortest form, <= U+10FFFF */

/* Shell-style match: '*' is any run of characters, nothing else is special. */
bool flr__glob_match(const char *pattern, const char *text);

/* "2026-11-23T08:15:00.123456Z" from nanoseconds since 1970; buffer of at least 32 bytes. */
void flr__time_print(int64_t calendar, char text[32]);

#endif
