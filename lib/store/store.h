/* A file store from inside. */
#ifndef FLR_LIB_STORE_H
#define FLR_LIB_STORE_H

#include "base/lock.h"
#include "store/file.h"
#include <flrunner/snapshot.h>
#include <stdatomic.h>

#define FLR__FILE_NAME_MAX 64
/* A name and the longest of the endings. */
#define FLR__FILE_PATH_MAX (FLR__FILE_NAME_MAX + 32)

struct flr_file_store {
    atomic_size_t refs;
    char *path, *name; /* constant, like max_size */
    uint64_t max_size;
    flr__mutex lock; /* the rest; held across system calls, so that one call follows the other */
    flr__directory directory;
    int held;     /* the lock file; -1: not open */
    bool checked; /* it is known whether the newest generation is damaged: it is `damaged`, or whole or missing */
    bool damaged;
};

/* Lock it for a call; what the last one had to say is forgotten. 0; FLR_E_STATE: not open, and not locked. */
int flr__store_enter(flr_file_store *store);
void flr__store_leave(flr_file_store *store);
/* [locked] A file name: NAME and its ending. */
void flr__store_name(char path[FLR__FILE_PATH_MAX], const char *name, const char *ending);
/* 0; FLR_E_INVAL, FLR_E_LIMIT: it cannot be the first part of a file's name. */
int flr__check_file_name(const char *name);
/* [locked] Say why a call fails. */
void flr__store_say(flr_file_store *store, const char *format, ...) FLR_PRINTF(2, 3);
/* Say why a call fails before it enters the store, in place of what an earlier one had to say. Its status. */
int flr__store_refuse(flr_file_store *store, int status, const char *why);

#endif
