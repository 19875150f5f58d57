/* Growing text, UTF-8, patterns, calendar time. No state of its own. */
#include "base/text.h"
#include <stdio.h>
#include <string.h>

void flr__text_free(flr__text *t)
{
    flr__free(t->data);
    *t = (flr__text)FLR__TEXT_INIT;
}

void flr__text_clear(flr__text *t)
{
    t->size = 0;
    t->status = 0;
    if (t->data != NULL)
        t->data[0] = '\0';
}

/* Room for more bytes and a NUL. */
static bool reserve(flr__text *t, size_t more)
{
    size_t wanted;
    if (t->status < 0)
        return false;
    if (flr__size_add(t->size, more, &wanted) && flr__size_add(wanted, 1, &wanted)) {
        if (wanted <= t->capacity)
            return true;
        wanted = wanted < 64 ? 64 : wanted;
        wanted = wanted < t->capacity * 2 ? t->capacity * 2 : wanted;
        char *data = flr__realloc_array(t->data, wanted, 1);
        if (data != NULL) {
            t->data = data;
            t->capacity = wanted;
            return true;
        }
    }
    t->status = FLR_E_NOMEM;
    return false;
}

void flr__text_add_sized(flr__text *t, const char *text, size_t size)
{
    if (!reserve(t, size))
        return;
    memcpy(t->data + t->size, text, size);
    t->size += size;
    t->data[t->size] = '\0';
}

void flr__text_add(flr__text *t, const char *text)
{
    flr__text_add_sized(t, text, strlen(text));
}

void flr__text_addv(flr__text *t, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    if (size < 0) {
        t->status = FLR_E_NOMEM; /* more than INT_MAX bytes, or libc could not print it */
    } else if (reserve(t, (size_t)size)) {
        vsnprintf(t->data + t->size, (size_t)size + 1, format, again);
        t->size += (size_t)size;
    }
    va_end(again);
}

void flr__text_addf(flr__text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    flr__text_addv(t, format, args);
    va_end(args);
}

void flr__text_add_json(flr__text *t, const char *text)
{
    static const char special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    flr__text_add_sized(t, "\"", 1);
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        const char *known = strchr(special, *p);
        if (known != NULL)
            flr__text_addf(t, "\\%c", letters[known - special]);
        else if (*p < 0x20)
            flr__text_addf(t, "\\u%04x", *p);
        else
            flr__text_add_sized(t, (const char *)p, 1);
    }
    flr__text_add_sized(t, "\"", 1);
}

/* Whether so many bytes, 4 or 8, are ASCII without a NUL: no byte has its high bit set, and none borrows when 1 is taken from each. */
static bool is_plain8(const char *text)
{
    uint64_t bytes;
    memcpy(&bytes, text, sizeof bytes);
    return ((bytes | (bytes - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) == 0;
}

static bool is_plain4(const char *text)
{
    uint32_t bytes;
    memcpy(&bytes, text, sizeof bytes);
    return ((bytes | (bytes - 0x01010101U)) & 0x80808080U) == 0;
}

/* Whether the last bytes, fewer than 8, are so, looked at with some of those before them. */
static bool is_plain_end(const char *text, size_t size)
{
    if (size >= 8)
        return is_plain8(text + size - 8);
    return size >= 4 && is_plain4(text) && is_plain4(text + size - 4);
}

bool flr__utf8_is_valid(const char *text, size_t size)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < size;) {
        if (size - i >= 8 && is_plain8(text + i)) {
            i += 8;
            continue;
        }
        if (size - i < 8 && is_plain_end(text, size))
            return true;
        if (p[i] < 0x80 && p[i] != 0) {
            i++;
            continue;
        }
        size_t length = p[i] >> 5 == 6 ? 2 : p[i] >> 4 == 14 ? 3 : p[i] >> 3 == 30 ? 4 : 0;
        if (length == 0 || length > size - i)
            return false;
        uint32_t code = p[i] & (0x7Fu >> length);
        for (size_t k = 1; k < length; k++) {
            if (p[i + k] >> 6 != 2)
                return false;
            code = code << 6 | (p[i + k] & 0x3Fu);
        }
        if (code < smallest[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
            return false;
        i += length;
    }
    return true;
}

bool flr__glob_match(const char *pattern, const char *text)
{
    const char *star = NULL, *retry = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            retry = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) { /* let the last star take one more character */
            pattern = star + 1;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

void flr__time_print(int64_t calendar, char text[32])
{
    int64_t seconds = calendar / 1000000000, rest = calendar % 1000000000;
    if (rest < 0) {
        rest += 1000000000;
        seconds--;
    }
    int64_t days = seconds / 86400, clock = seconds % 86400;
    if (clock < 0) {
        clock += 86400;
        days--;
    }
    /* days since 0000-03-01 in the proleptic Gregorian calendar; eras of 400 years (H. Hinnant, "chrono-compatible low-level date algorithms") */
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365,
            doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153, month = mp < 10 ? mp + 3 : mp - 9,
            year = yoe + era * 400 + (month <= 2);
    /* the remainders only tell the compiler how wide the numbers are */
    snprintf(text, 32, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", (unsigned)year % 10000,
             (unsigned)month % 100, (unsigned)(doy - (153 * mp + 2) / 5 + 1) % 100,
             (unsigned)(clock / 3600) % 100, (unsigned)(clock / 60 % 60) % 100,
             (unsigned)(clock % 60) % 100, (unsigned)(rest / 1000) % 1000000);
}
