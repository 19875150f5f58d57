/*
 * The system calls of the file store. Names are looked up in an open directory, so that the host may change its working directory.
 * No lock: the store has one.
 */
#include "store/file.h"

#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- failures ---- */

int flr__directory_fail(flr__directory *d, const char *what, const char *name, int error)
{
    char reason[128];

    if (strerror_r(error, reason, sizeof reason) != 0) {
        snprintf(reason, sizeof reason, "error %d", error);
    }
    snprintf(d->why, sizeof d->why, "%s %s: %s", what, name, reason);
    return error == ENOENT ? FLR_E_NOTFOUND : error == ENOMEM ? FLR_E_NOMEM : FLR_E_IO;
}

/* The same where a file that is not there is no answer but a failure. */
static int fail(flr__directory *d, const char *what, const char *name)
{
    int status = flr__directory_fail(d, what, name, errno);

    return status == FLR_E_NOTFOUND ? FLR_E_IO : status;
}

/* ---- calls that a signal may interrupt ---- */

static int open_at(int directory, const char *name, int flags)
{
    int fd;

    do {
        fd = openat(directory, name, flags | O_CLOEXEC, S_IRUSR | S_IWUSR);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

static int sync_fd(int fd)
{
    int result;

    do {
        result = fsync(fd);
    } while (result < 0 && errno == EINTR);
    return result;
}

/* The descriptor is gone whatever close says; what was written is on the disk already. */
static void close_fd(int fd)
{
    int error = errno;

    close(fd);
    errno = error;
}

/* ---- the directory ---- */

int flr__directory_open(flr__directory *d, const char *path)
{
    bool made = mkdir(path, S_IRWXU) == 0;

    if (!made && errno != EEXIST) {
        return fail(d, "make", path);
    }
    d->fd = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    if (d->fd < 0) {
        return fail(d, "open", path);
    }
    if (made) { /* it must be found after a crash, too */
        int parent = open_at(d->fd, "..", O_RDONLY | O_DIRECTORY);

        if (parent >= 0) {
            sync_fd(parent);
            close_fd(parent);
        }
    }
    return 0;
}

void flr__directory_close(flr__directory *d)
{
    if (d->fd >= 0) {
        close_fd(d->fd);
        d->fd = -1;
    }
}

int flr__directory_sync(flr__directory *d)
{
    /* EINVAL: a file system that has no such thing. */
    return sync_fd(d->fd) < 0 && errno != EINVAL ? fail(d, "flush", "the directory") : 0;
}

/* ---- files ---- */

int flr__file_lock(flr__directory *d, const char *name, int *fd)
{
    int lock = open_at(d->fd, name, O_RDWR | O_CREAT), result, status;

    if (lock < 0) {
        return fail(d, "open", name);
    }
    do {
        result = flock(lock, LOCK_EX | LOCK_NB);
    } while (result < 0 && errno == EINTR);
    if (result == 0) {
        *fd = lock;
        return 0;
    }
    if (errno == EWOULDBLOCK) {
        snprintf(d->why, sizeof d->why, "%s is held by another store", name);
        status = FLR_E_EXISTS;
    } else {
        status = fail(d, "lock", name);
    }
    close_fd(lock);
    return status;
}

void flr__file_unlock(int *fd)
{
    if (*fd >= 0) {
        close_fd(*fd);
        *fd = -1;
    }
}

#define AT_ONCE 64 /* parts of one call */

/* All parts, in as many calls as it takes. */
static int write_parts(int fd, const flr__chunk *parts, size_t count)
{
    struct iovec v[AT_ONCE];
    size_t next = 0, done = 0; /* bytes of the next part that are written */

    while (next < count) {
        int n = 0;
        ssize_t written;

        for (size_t i = next; i < count && n < AT_ONCE; i++, n++) {
            size_t skip = i == next ? done : 0;

            v[n].iov_base = (char *)(uintptr_t)parts[i].data + skip;
            v[n].iov_len = parts[i].size - skip;
        }
        written = writev(fd, v, n);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        done += written > 0 ? (size_t)written : 0;
        while (next < count && done >= parts[next].size) {
            done -= parts[next].size;
            next++;
        }
    }
    return 0;
}

void flr__file_discard(flr__directory *d, const char *name)
{
    unlinkat(d->fd, name, 0);
}

int flr__file_write(flr__directory *d, const char *name, const flr__chunk *parts, size_t count)
{
    int fd = open_at(d->fd, name, O_WRONLY | O_CREAT | O_TRUNC), status = 0;

    if (fd < 0) {
        return fail(d, "open", name);
    }
    if (write_parts(fd, parts, count) < 0) {
        status = fail(d, "write", name);
    } else if (sync_fd(fd) < 0) {
        status = fail(d, "flush", name);
    }
    close_fd(fd);
    if (status != 0) {
        flr__file_discard(d, name);
    }
    return status;
}

int flr__file_rename(flr__directory *d, const char *from, const char *to)
{
    return renameat(d->fd, from, d->fd, to) < 0 ? flr__directory_fail(d, "rename", from, errno) : 0;
}

void flr__file_rename_back(flr__directory *d, const char *to, const char *from)
{
    renameat(d->fd, to, d->fd, from);
}

int flr__file_remove(flr__directory *d, const char *name)
{
    return unlinkat(d->fd, name, 0) < 0 && errno != ENOENT ? fail(d, "remove", name) : 0;
}

/* Exactly size bytes; 0, or -1 with errno, 0 for a file that ends before. */
static int read_all(int fd, char *to, size_t size)
{
    while (size > 0) {
        ssize_t n = read(fd, to, size);

        if (n == 0) {
            errno = 0;
            return -1;
        }
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        if (n > 0) {
            to += n;
            size -= (size_t)n;
        }
    }
    return 0;
}

static int read_open(flr__directory *d, const char *name, int fd, uint64_t max, flr_blob **bytes)
{
    struct stat s;
    flr_blob *blob;
    void *to;

    if (fstat(fd, &s) < 0) {
        return fail(d, "look at", name);
    }
    if (!S_ISREG(s.st_mode)) {
        snprintf(d->why, sizeof d->why, "%s is no regular file", name);
        return FLR_E_IO;
    }
    if ((uint64_t)s.st_size > max || (uint64_t)s.st_size > SIZE_MAX) {
        snprintf(d->why, sizeof d->why, "%s has %jd bytes", name, (intmax_t)s.st_size);
        return FLR_E_LIMIT;
    }
    if (flr_blob_new((size_t)s.st_size, &blob, &to) != 0) {
        return flr__directory_fail(d, "read", name, ENOMEM);
    }
    if (read_all(fd, to, (size_t)s.st_size) < 0) {
        int status = FLR_E_IO;

        if (errno != 0) {
            status = fail(d, "read", name);
        } else {
            snprintf(d->why, sizeof d->why, "%s was cut off while it was read", name);
        }
        flr_blob_unref(blob);
        return status;
    }
    *bytes = blob;
    return 0;
}

int flr__file_read(flr__directory *d, const char *name, uint64_t max, flr_blob **bytes)
{
    /* Without waiting for a writer, should it be a pipe. */
    int fd = open_at(d->fd, name, O_RDONLY | O_NONBLOCK), status;

    if (fd < 0) {
        return flr__directory_fail(d, "open", name, errno);
    }
    status = read_open(d, name, fd, max, bytes);
    close_fd(fd);
    return status;
}
