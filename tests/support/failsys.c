/* The calls, and which of them fails. They go to the kernel directly. */
#define _GNU_SOURCE
#include "failsys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
    bool on, all_after;
    failsys_kind kind;
    long at, calls, open;
    int error;
    const char *failed;
} plan;

void failsys_begin(failsys_kind kind, long at, bool all_after, int error)
{
    plan.on = true;
    plan.kind = kind;
    plan.at = at;
    plan.all_after = all_after;
    plan.error = error;
    plan.calls = 0;
    plan.failed = NULL;
}

const char *failsys_end(void)
{
    plan.on = false;
    return plan.failed;
}

long failsys_get_calls(void)
{
    return plan.calls;
}

long failsys_get_open_count(void)
{
    return plan.open;
}

/* Whether this call is chosen. */
static bool is_chosen(const char *name)
{
    bool chosen;

    if (!plan.on) {
        return false;
    }
    plan.calls++;
    chosen = plan.at > 0 && (plan.all_after ? plan.calls >= plan.at : plan.calls == plan.at);
    if (chosen && plan.failed == NULL) {
        plan.failed = name;
    }
    return chosen;
}

static bool fails(const char *name)
{
    if (!is_chosen(name) || plan.kind != FAILSYS_ERROR) {
        return false;
    }
    errno = plan.error;
    return true;
}

int openat(int directory, const char *path, int flags, ...)
{
    mode_t mode = 0;
    long fd;

    if ((flags & O_CREAT) != 0) {
        va_list args;

        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    if (fails("openat")) {
        return -1;
    }
    fd = syscall(SYS_openat, directory, path, flags, mode);
    plan.open += fd >= 0;
    return (int)fd;
}

int close(int fd)
{
    bool failed = fails("close");
    int error = errno;
    long result = syscall(SYS_close, fd);

    plan.open -= result == 0;
    if (failed) {
        errno = error;
        return -1;
    }
    return (int)result;
}

int mkdir(const char *path, mode_t mode)
{
    return fails("mkdir") ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int flock(int fd, int operation)
{
    return fails("flock") ? -1 : (int)syscall(SYS_flock, fd, operation);
}

int fstat(int fd, struct stat *s)
{
    return fails("fstat") ? -1 : fstatat(fd, "", s, AT_EMPTY_PATH);
}

ssize_t read(int fd, void *to, size_t size)
{
    if (is_chosen("read")) {
        if (plan.kind == FAILSYS_ERROR) {
            errno = plan.error;
            return -1;
        }
        size = plan.kind == FAILSYS_END ? 0 : size > 1 ? 1 : size;
    }
    return syscall(SYS_read, fd, to, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    struct iovec one;

    if (is_chosen("writev")) {
        if (plan.kind == FAILSYS_ERROR) {
            errno = plan.error;
            return -1;
        }
        for (int i = 0; plan.kind == FAILSYS_SHORT && i < count; i++) {
            if (parts[i].iov_len > 0) {
                one = (struct iovec){parts[i].iov_base, 1};
                return syscall(SYS_writev, fd, &one, 1);
            }
        }
    }
    return syscall(SYS_writev, fd, parts, count);
}

int fsync(int fd)
{
    return fails("fsync") ? -1 : (int)syscall(SYS_fsync, fd);
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    return fails("renameat")
               ? -1
               : (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, 0);
}

int unlinkat(int directory, const char *path, int flags)
{
    return fails("unlinkat") ? -1 : (int)syscall(SYS_unlinkat, directory, path, flags);
}
