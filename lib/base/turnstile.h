/*
 * A turnstile lets one thread at a time into host code that is not declared concurrent. It is no mutex: nothing is locked while a
 * thread is inside, so that host code may call back into the library.
 */
#ifndef FLR_LIB_TURNSTILE_H
#define FLR_LIB_TURNSTILE_H

#include "base/wait.h"

typedef struct flr__turnstile {
    flr__waker waker;
    atomic_bool taken;
} flr__turnstile;

int flr__turnstile_init(flr__turnstile *t); /* 0 or FLR_E_NOMEM */
void flr__turnstile_destroy(flr__turnstile *t);
bool flr__turnstile_try(flr__turnstile *t);   /* false: somebody is inside */
void flr__turnstile_enter(flr__turnstile *t); /* waits */
void flr__turnstile_leave(flr__turnstile *t);

#endif
