/*
 * A reference count that many threads change at once without meeting: it is kept per lane until its owner lets go, and in one
 * place from then on. While the owner holds it nobody can drop the last reference, so nobody needs the sum.
 *
 * The owner's own reference is not counted; it ends with flr__spread_end.
 */
#ifndef FLR_LIB_SPREAD_H
#define FLR_LIB_SPREAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Drop one of the references that `refs` counts. true: it was the last one. Who holds the only reference need not count: nobody else can
 * take one.
 */
static inline bool flr__refs_drop(atomic_size_t *refs)
{
    return atomic_load_explicit(refs, memory_order_acquire) == 1 ||
           atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

#define FLR__SPREAD_LANES 8

typedef struct flr__spread {
    struct {
        atomic_int_fast64_t count;
        char apart[64 - sizeof(atomic_int_fast64_t)];
    } lanes[FLR__SPREAD_LANES];
    atomic_int_fast64_t rest; /* what is left once the owner has let go */
} flr__spread;

void flr__spread_init(flr__spread *s);
void flr__spread_ref(flr__spread *s, size_t count); /* so many at once */
/* true: they were the last ones, and the owner's is gone too */
bool flr__spread_unref(flr__spread *s, size_t count);
bool flr__spread_end(flr__spread *s);   /* the owner lets go, once. true: it was the last one */

#endif
