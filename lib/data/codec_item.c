/*
 * Single items of MessagePack: what the header of a frame has beside its values, and what is skipped.
 * No lock: see codec_read.c.
 */
#include "data/msgpack.h"

#include "base/text.h"
#include <string.h>

/* The next item's first byte. */
static int begin(flr__reader *r, unsigned *head)
{
    int status = flr__read_need(r, 1);

    r->item = r->at;
    if (status == 0) {
        *head = r->data[r->at++];
    }
    return status;
}

int flr__read_map_size(flr__reader *r, uint64_t *size)
{
    unsigned head = 0;
    int status = begin(r, &head);

    if (status != 0) {
        return status;
    }
    if (head >= 0x80 && head <= 0x8f) {
        *size = head & 15;
        return 0;
    }
    if (head == 0xde || head == 0xdf) {
        return flr__read_number(r, head == 0xde ? 2 : 4, size);
    }
    return flr__read_corrupt(r, r->item, "a header that is no map");
}

int flr__read_chars(flr__reader *r, const char **text, size_t *size, const char *what)
{
    unsigned head = 0;
    uint64_t length = 0;
    int status = begin(r, &head);

    if (status != 0) {
        return status;
    }
    if (head >= 0xa0 && head <= 0xbf) {
        length = head & 31;
    } else if (head >= 0xd9 && head <= 0xdb) {
        status = flr__read_number(r, (size_t)1 << (head - 0xd9), &length);
    } else {
        status = flr__read_corrupt(r, r->item, what);
    }
    if (status == 0) {
        status = flr__read_need(r, length);
    }
    if (status != 0) {
        return status;
    }
    *text = (const char *)r->data + r->at;
    *size = (size_t)length;
    r->at += *size;
    return flr__utf8_is_valid(*text, *size) ? 0 : flr__read_corrupt(r, r->item, FLR__NOT_UTF8);
}

int flr__read_int(flr__reader *r, int64_t *number)
{
    unsigned head = 0;
    uint64_t n = 0;
    size_t size;
    int status = begin(r, &head);

    if (status != 0) {
        return status;
    }
    if (head < 0x80 || head >= 0xe0) {
        *number = head < 0x80 ? (int64_t)head : (int64_t)head - 256;
        return 0;
    }
    if (head < 0xcc || head > 0xd3) {
        return flr__read_corrupt(r, r->item, "no int where there must be one");
    }
    size = (size_t)1 << (head & 3);
    status = flr__read_number(r, size, &n);
    if (status != 0) {
        return status;
    }
    if (head >= 0xd0) {
        *number = flr__sign_extend(n, size);
        return 0;
    }
    if (n > INT64_MAX) {
        return flr__read_corrupt(r, r->item, FLR__LARGE_INT);
    }
    *number = (int64_t)n;
    return 0;
}

int flr__read_real(flr__reader *r, double *number)
{
    uint64_t bits = 0;
    int64_t integer = 0;
    unsigned head;
    int status = flr__read_need(r, 1);

    if (status != 0) {
        return status;
    }
    head = r->data[r->at];
    if (head != 0xca && head != 0xcb) {
        status = flr__read_int(r, &integer);
        *number = (double)integer;
        return status;
    }
    r->item = r->at++;
    status = flr__read_number(r, head == 0xca ? 4 : 8, &bits);
    *number = flr__real_of(bits, head == 0xca ? 4 : 8);
    return status;
}

/* What a head between 0xc4 and 0xdf says: the width of the number behind it. */
static size_t width_of(unsigned head)
{
    static const uint8_t widths[] = {1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8, 1, 2,
                                     4, 8, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4};

    return widths[head - 0xc4];
}

/* Items with a code of their own, from 0xc0 to 0xdf. *children: how many are in it. */
static int skip_coded(flr__reader *r, unsigned head, uint64_t *children)
{
    uint64_t size = 0;
    int status;

    if (head < 0xc4) {
        return head == 0xc1 ? flr__read_corrupt(r, r->item, FLR__UNUSED_CODE) : 0;
    }
    status = flr__read_number(r, width_of(head), &size);
    if (status != 0 || (head >= 0xca && head <= 0xd3)) {
        return status;
    }
    if (head >= 0xdc) {
        *children = head >= 0xde ? 2 * size : size;
        return 0;
    }
    if (head >= 0xd4 && head <= 0xd8) {
        return flr__skip_ext(r, UINT64_C(1) << (head - 0xd4));
    }
    if (head >= 0xc7 && head <= 0xc9) {
        return flr__skip_ext(r, size);
    }
    status = flr__read_need(r, size);
    if (status == 0) {
        r->at += (size_t)size;
    }
    return status;
}

static int skip_item(flr__reader *r, uint64_t *children)
{
    unsigned head = 0;
    int status = begin(r, &head);

    *children = 0;
    if (status != 0 || head < 0x80 || head >= 0xe0) {
        return status;
    }
    if (head >= 0xc0) {
        return skip_coded(r, head, children);
    }
    if (head < 0xa0) {
        *children = head < 0x90 ? 2 * (uint64_t)(head & 15) : (uint64_t)(head & 15);
        return 0;
    }
    status = flr__read_need(r, head & 31);
    if (status == 0) {
        r->at += head & 31;
    }
    return status;
}

int flr__skip_value(flr__reader *r)
{
    uint64_t left = 1, children;

    while (left > 0) {
        int status = skip_item(r, &children);

        if (status != 0) {
            return status;
        }
        left += children - 1;
        status = flr__read_need(r, left); /* a byte each; so their number stays small, too */
        if (status != 0) {
            return status;
        }
    }
    return 0;
}
