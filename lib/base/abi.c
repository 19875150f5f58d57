/* What crosses the boundary. No state. */
#include "base/abi.h"
#include "base/text.h"
#include <math.h>
#include <string.h>

#define STRUCT_MAX 4096

typedef struct sized {
    uint32_t struct_size, flags;
} sized;

int flr__abi_import(void *to, size_t size, const void *from, size_t size_1_0, uint32_t known_flags)
{
    sized head;
    if (from == NULL)
        return FLR_E_INVAL;
    memcpy(&head, from, sizeof head);
    size_t given = head.struct_size;
    if (given < size_1_0 || given > STRUCT_MAX || given % sizeof(void *) != 0)
        return FLR_E_ABI;
    if ((head.flags & ~known_flags) != 0)
        return FLR_E_INVAL;
    for (size_t i = size; i < given; i++)
        if (((const unsigned char *)from)[i] !=
            0) /* the host wants something that this version does not know */
            return FLR_E_ABI;
    memset(to, 0, size);
    memcpy(to, from, given < size ? given : size);
    return 0;
}

void flr__abi_init(void *to, size_t size)
{
    sized head = {(uint32_t)size, 0};
    if (to == NULL || size < sizeof head || size > STRUCT_MAX)
        return;
    memset(to, 0, size);
    memcpy(to, &head, sizeof head);
}

int flr__check_name(const char *name, size_t max)
{
    if (name == NULL || *name == '\0')
        return FLR_E_INVAL;
    size_t size = strnlen(name, max + 1);
    if (size > max)
        return FLR_E_LIMIT;
    return flr__utf8_is_valid(name, size) ? 0 : FLR_E_INVAL;
}

int flr__seconds(double seconds, int64_t *nanoseconds)
{
    if (!(seconds >= 0.0) || isinf(seconds))
        return FLR_E_INVAL;
    double exact = seconds * 1e9;
    *nanoseconds = exact >= 4.6e18 ? INT64_MAX / 2 : (int64_t)(exact + 0.5);
    return 0;
}

int64_t flr__time_add(int64_t a, int64_t b)
{
    if (a == FLR_TIME_NONE || b == FLR_TIME_NONE || a > FLR_TIME_NONE - b)
        return FLR_TIME_NONE;
    return a + b;
}

int64_t flr__time_step(int64_t a, int64_t step, size_t n)
{
    int64_t span;

    return __builtin_mul_overflow(step, n, &span) ? FLR_TIME_NONE : flr__time_add(a, span);
}

int flr__callback_status(int status)
{
    return status > 0 ? FLR_E_CALLBACK : status;
}
