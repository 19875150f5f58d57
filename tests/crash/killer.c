/*
 * Preloaded into a program (LD_PRELOAD), this library counts its system calls and ends it with SIGKILL at one of them. Environment:
 *
 *     FLR_KILL_DIRECTORY  calls on this directory and on files opened in it are counted ...
 *     FLR_KILL_SCOPE      ... `state`: only those; `all`: and those on sockets and everything else, waiting included
 *     FLR_KILL_AT         the number of the call, from 1; 0: none
 *     FLR_KILL_WHEN       `before` it is made; `after` it; `within` it: only writes are counted, and half of one is written
 *     FLR_KILL_COUNT      a file that gets the number of calls, if the program comes to its end
 */
#define _GNU_SOURCE /* NOLINT: for RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS 65536

static const char *directory;
static bool everything, after, within;
static unsigned long kill_at, count;
static bool ours[DESCRIPTORS]; /* descriptors of files in the directory */

__attribute__((constructor)) static void begin(void)
{
    const char *scope = getenv("FLR_KILL_SCOPE"), *when = getenv("FLR_KILL_WHEN"),
               *at = getenv("FLR_KILL_AT");
    directory = getenv("FLR_KILL_DIRECTORY");
    everything = scope != NULL && strcmp(scope, "all") == 0;
    after = when != NULL && strcmp(when, "after") == 0;
    within = when != NULL && strcmp(when, "within") == 0;
    kill_at = at != NULL ? strtoul(at, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("FLR_KILL_COUNT");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (file == NULL)
        return;
    fprintf(file, "%lu\n", count);
    fclose(file);
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static bool is_ours(int fd)
{
    return fd >= 0 && fd < DESCRIPTORS && ours[fd];
}

static bool is_inside(int at, const char *path)
{
    return is_ours(at) || (directory != NULL && strncmp(path, directory, strlen(directory)) == 0);
}

/* To be called around each call. Whoever is killed does not come back. */
static bool enter(bool mine, bool writes)
{
    if ((!mine && !everything) || (within && !writes))
        return false;
    count++;
    if (count != kill_at)
        return false;
    if (!after && !within)
        die();
    return true;
}

static void leave(bool chosen)
{
    int error = errno;
    if (chosen)
        die();
    errno = error;
}

/* The next function of this name, which is the C library's. */
static void find(void *function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    memcpy(function, &found, sizeof found);
}

#define REAL(name)                                                                                 \
    static __typeof__(name) *real;                                                                 \
    if (real == NULL)                                                                              \
        find(&real, #name);

/* ---- opening and closing ---- */

#define OPEN(name, parameters, at, ...)                                                            \
    int name parameters                                                                            \
    {                                                                                              \
        REAL(name)                                                                                 \
        mode_t mode = 0;                                                                           \
        if (flags & O_CREAT) {                                                                     \
            va_list list;                                                                          \
            va_start(list, flags);                                                                 \
            mode = va_arg(list, mode_t);                                                           \
            va_end(list);                                                                          \
        }                                                                                          \
        bool mine = is_inside(at, path), chosen = enter(mine, false);                              \
        int fd = real(__VA_ARGS__, mode);                                                          \
        leave(chosen);                                                                             \
        if (fd >= 0 && fd < DESCRIPTORS)                                                           \
            ours[fd] = mine;                                                                       \
        return fd;                                                                                 \
    }

OPEN(open, (const char *path, int flags, ...), -1, path, flags)
OPEN(open64, (const char *path, int flags, ...), -1, path, flags)
OPEN(openat, (int at, const char *path, int flags, ...), at, at, path, flags)
OPEN(openat64, (int at, const char *path, int flags, ...), at, at, path, flags)

/* ---- calls with nothing special ---- */

#define CALL(type, name, parameters, mine, ...)                                                    \
    type name parameters                                                                           \
    {                                                                                              \
        REAL(name)                                                                                 \
        bool chosen = enter(mine, false);                                                          \
        type result = real(__VA_ARGS__);                                                           \
        leave(chosen);                                                                             \
        return result;                                                                             \
    }

CALL(int, fsync, (int fd), is_ours(fd), fd)
CALL(int, fdatasync, (int fd), is_ours(fd), fd)
CALL(int, ftruncate, (int fd, off_t size), is_ours(fd), fd, size)
CALL(int, flock, (int fd, int operation), is_ours(fd), fd, operation)
CALL(int, mkdir, (const char *path, mode_t mode), is_inside(-1, path), path, mode)
CALL(int, rename, (const char *from, const char *to), is_inside(-1, from), from, to)
CALL(int, renameat, (int at, const char *from, int to_at, const char *to), is_inside(at, from), at,
     from, to_at, to)
CALL(int, link, (const char *from, const char *to), is_inside(-1, from), from, to)
CALL(int, linkat, (int at, const char *from, int to_at, const char *to, int flags),
     is_inside(at, from), at, from, to_at, to, flags)
CALL(int, unlink, (const char *path), is_inside(-1, path), path)
CALL(int, unlinkat, (int at, const char *path, int flags), is_inside(at, path), at, path, flags)
CALL(ssize_t, read, (int fd, void *bytes, size_t size), is_ours(fd), fd, bytes, size)
CALL(ssize_t, send, (int fd, const void *bytes, size_t size, int flags), false, fd, bytes, size,
     flags)
CALL(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), false, fd, message, flags)
CALL(int, epoll_wait, (int epoll, struct epoll_event *events, int max, int timeout), false, epoll,
     events, max, timeout)
CALL(int, epoll_ctl, (int epoll, int operation, int fd, struct epoll_event *event), false, epoll,
     operation, fd, event)

int close(int fd)
{
    REAL(close)
    bool chosen = enter(is_ours(fd), false);
    if (fd >= 0 && fd < DESCRIPTORS)
        ours[fd] = false;
    int result = real(fd);
    leave(chosen);
    return result;
}

/* ---- writing ---- */

ssize_t write(int fd, const void *bytes, size_t size)
{
    REAL(write)
    bool chosen = enter(is_ours(fd), true);
    ssize_t result = real(fd, bytes, chosen && within ? size / 2 : size);
    leave(chosen);
    return result;
}

/* Half of it: the first parts, as many as fit. */
ssize_t writev(int fd, const struct iovec *parts, int parts_count)
{
    REAL(writev)
    bool chosen = enter(is_ours(fd), true);
    size_t total = 0;
    for (int i = 0; i < parts_count; i++)
        total += parts[i].iov_len;
    size_t half = total / 2;
    for (int i = 0; chosen && within && half > 0; i++) {
        size_t size = parts[i].iov_len < half ? parts[i].iov_len : half;
        if (write(fd, parts[i].iov_base, size) < 0)
            break;
        half -= size;
    }
    if (chosen && within)
        die();
    ssize_t result = real(fd, parts, parts_count);
    leave(chosen);
    return result;
}
