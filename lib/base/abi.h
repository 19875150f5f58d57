/* What crosses the boundary: importing sized structs, checking names and durations. */
#ifndef FLR_LIB_ABI_H
#define FLR_LIB_ABI_H

#include "base/alloc.h"

/*
 * Copy the host's struct `from` into `to` (size bytes, cleared first). size_1_0 is its size in version 1.0; known_flags are the
 * flags that this version understands. FLR_E_INVAL: from is NULL, or has unknown flags. FLR_E_ABI: a size that cannot be, or a
 * non-zero tail. Nothing is written on error.
 */
int flr__abi_import(void *to, size_t size, const void *from, size_t size_1_0, uint32_t known_flags);

/* What every exported flr_x_init() does: clear size bytes (of at most `known`, or all of a larger host struct) and set struct_size. */
void flr__abi_init(void *to, size_t size);

/* 0; FLR_E_INVAL: NULL or empty, or not UTF-8; FLR_E_LIMIT: longer than max bytes. */
int flr__check_name(const char *name, size_t max);

/* Seconds to nanoseconds, rounded to the nearest; FLR_E_INVAL: negative, NaN or infinite; more than ~146 years: INT64_MAX / 2. */
int flr__seconds(double seconds, int64_t *nanoseconds);

/* a + b, never beyond FLR_TIME_NONE. */
int64_t flr__time_add(int64_t a, int64_t b);
/* a + n * step, never beyond FLR_TIME_NONE. */
int64_t flr__time_step(int64_t a, int64_t step, size_t n);

/* What a callback returned: 0 and negative codes as they are, positive ones FLR_E_CALLBACK. */
int flr__callback_status(int status);

#endif
