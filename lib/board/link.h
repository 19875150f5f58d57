/* Intrusive circular lists: a head and its members are links. Whoever owns the list says which lock
 * guards it. */
#ifndef FLR_LIB_BOARD_LINK_H
#define FLR_LIB_BOARD_LINK_H

#include <stdbool.h>
#include <stddef.h>

typedef struct flr__link {
    struct flr__link *next, *prev; /* a member that is in no list: both NULL */
} flr__link;

/* The struct of `type` whose `member` is at `link`. */
#define FLR__OWNER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void flr__link_init(flr__link *head)
{
    head->next = head->prev = head;
}

static inline bool flr__link_is_in(const flr__link *link)
{
    return link->next != NULL;
}

/* The first member, NULL if there is none. */
static inline flr__link *flr__link_first(const flr__link *head)
{
    return head->next == head ? NULL : head->next;
}

static inline void flr__link_insert_before(flr__link *place, flr__link *link)
{
    link->next = place;
    link->prev = place->prev;
    place->prev->next = link;
    place->prev = link;
}

/* In no list: nothing happens. */
static inline void flr__link_remove(flr__link *link)
{
    if (link->next != NULL) {
        link->next->prev = link->prev;
        link->prev->next = link->next;
        link->next = link->prev = NULL;
    }
}

#endif
