/*
 * Bytes that all connections together may use for the frames they are receiving: a thousand clients
 * that send a megabyte each need not find a gigabyte.
 *
 * A connection reserves its whole frame as soon as it knows how large that is, or waits and is not
 * read from meanwhile. Whoever has reserved needs nothing more to come to its end, so nobody waits
 * for somebody who waits.
 */
#ifndef TCP_BUDGET_H
#define TCP_BUDGET_H

#include <stddef.h>

struct budget {
    size_t limit, used;
};

/* 1: reserved; 0: it does not fit now. What is larger than the limit never does. */
int budget_take(struct budget *budget, size_t bytes);
void budget_give_back(struct budget *budget, size_t bytes);

#endif
