/*
 * The sweep of tests/support/oomcase.h. No state of its own; the failing allocator is
 * failalloc.c's.
 */
#include "oomcase.h"
#include "failalloc.h"

#include <check.h>
#include <flrunner/base.h>
#include <stdbool.h>

#define MOST_POINTS 5000

/* One try; false: no allocation was made to fail, so the sweep is over. */
static bool try_at(const oomcase *c, size_t k, bool once)
{
    const char *how = once ? "only it" : "all from it on";
    size_t count = failalloc_get_live_count();
    size_t bytes = failalloc_get_live_bytes();
    bool failed;
    int status;

    if (c->build != NULL)
        c->build();
    if (once)
        failalloc_fail_at(k);
    else
        failalloc_fail_from(k);
    status = c->call();
    failed = failalloc_get_failures() > 0;
    failalloc_reset();
    ck_assert_msg(status == FLR_OK || (failed && status == FLR_E_NOMEM),
                  "%s: allocation %zu (%s): the code was %s", c->name, k, how,
                  flr_status_get_name(status));
    if (status < 0) {
        if (c->unchanged != NULL)
            c->unchanged();
        status = c->call();
        ck_assert_msg(status == FLR_OK, "%s: allocation %zu (%s): the retry gave %s", c->name, k,
                      how, flr_status_get_name(status));
    }
    if (c->drop != NULL)
        c->drop();
    ck_assert_msg(failalloc_get_live_count() == count && failalloc_get_live_bytes() == bytes,
                  "%s: allocation %zu (%s): %zu bytes in %zu blocks alive, %zu in %zu before",
                  c->name, k, how, failalloc_get_live_bytes(), failalloc_get_live_count(), bytes,
                  count);
    return failed;
}

void oomcase_sweep(const oomcase *c)
{
    for (size_t k = 1;; k++) {
        bool once = try_at(c, k, true);
        bool from = try_at(c, k, false);

        if (!once && !from)
            return;
        ck_assert_uint_lt(k, MOST_POINTS);
    }
}
