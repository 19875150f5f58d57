#include "moment.h"
#include <time.h>

#define LONGEST 3600000 /* milliseconds: a wait that ends too early does no harm */

int64_t moment_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t moment_plus(int64_t moment, int64_t nanoseconds)
{
    return nanoseconds < NEVER - moment ? moment + nanoseconds : NEVER;
}

int64_t moment_after(int64_t moment, double seconds)
{
    return seconds < 1e9 ? moment_plus(moment, (int64_t)(seconds * 1e9)) : NEVER;
}

int64_t moment_earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

int moment_timeout(int64_t until, int64_t now)
{
    if (until == NEVER)
        return -1;
    if (until <= now)
        return 0;
    int64_t left = (until - now + 999999) / 1000000;
    return left < LONGEST ? (int)left : LONGEST;
}
