/* Points in time of the monotonic clock, in nanoseconds. */
#ifndef TCP_MOMENT_H
#define TCP_MOMENT_H

#include <stdint.h>

#define NEVER INT64_MAX

int64_t moment_now(void);
/* So many nanoseconds, or seconds, after a moment (>= 0): NEVER if that is beyond all time. */
int64_t moment_plus(int64_t moment, int64_t nanoseconds);
int64_t moment_after(int64_t moment, double seconds);
int64_t moment_earlier(int64_t one, int64_t other);
/* The time until then as poll and epoll_wait want it: milliseconds, rounded up; -1: without limit. */
int moment_timeout(int64_t until, int64_t now);

#endif
