/* Whole files in one directory: written so that a crash leaves either all of it or nothing, read in one piece. */
#ifndef FLR_LIB_FILE_H
#define FLR_LIB_FILE_H

#include <flrunner/blob.h>

#define FLR__WHY_MAX 256

/* A directory, and why the last of these functions failed, in words. */
typedef struct flr__directory {
    int fd; /* -1: none */
    char why[FLR__WHY_MAX];
} flr__directory;

/* Bytes to write. */
typedef struct flr__chunk {
    const void *data;
    size_t size;
} flr__chunk;

/* Say why: "WHAT NAME: the system's text of ERROR". The code that fits: FLR_E_NOTFOUND, FLR_E_NOMEM or FLR_E_IO. */
int flr__directory_fail(flr__directory *d, const char *what, const char *name, int error);

/* Open it; made if only its last part is missing. */
int flr__directory_open(flr__directory *d, const char *path);
void flr__directory_close(flr__directory *d);
/* What was renamed in it stays so. */
int flr__directory_sync(flr__directory *d);

/* Take hold of a lock file, made if need be, until the descriptor is closed: [out] *fd. FLR_E_EXISTS: somebody has it. */
int flr__file_lock(flr__directory *d, const char *name, int *fd);
void flr__file_unlock(int *fd); /* -1: nothing */
/* Write the parts to a file of this name, down to the disk. On failure there is none. */
int flr__file_write(flr__directory *d, const char *name, const flr__chunk *parts, size_t count);
/* FLR_E_NOTFOUND: there is no `from`. */
int flr__file_rename(flr__directory *d, const char *from, const char *to);
/* Undo it, or remove what is of no use, after a failure: without a word, so that the failure stays said. */
void flr__file_rename_back(flr__directory *d, const char *to, const char *from);
void flr__file_discard(flr__directory *d, const char *name);
/* 0 also if there is none. */
int flr__file_remove(flr__directory *d, const char *name);
/* FLR_E_LIMIT: larger than max. */
int flr__file_read(flr__directory *d, const char *name, uint64_t max, flr_blob **bytes);

#endif
