/*
 * Who takes part in a job, there or not: as many as there are tokens at most. They are part of the
 * job's state, so that a server that was started again knows whom to wait for.
 */
#ifndef TCP_MEMBERS_H
#define TCP_MEMBERS_H

#include "token.h"
#include <flrunner/runner.h>

struct member {
    struct member *next;
    char name[TOKEN_NAME];
    int seen; /* since this server was started */
};

struct members {
    struct member *first;
};

/* Have them saved and restored with the run. They must live as long as the runner. */
int members_register(struct members *members, flr_config *config);
struct member *members_find(const struct members *members, const char *name);
/* [out, a view] FLR_E_NOMEM. */
int members_add(struct members *members, const char *name, struct member **member);
/* 1: one of them has not been seen since this server was started. */
int members_are_awaited(const struct members *members);
void members_free(struct members *members);

#endif
