/* Pairs per second of the other kinds of tasks: sequential relays, sends, broadcasts forever. The engine is told who has something to
 * fetch, since nobody would serve a relay by polling. A broadcast's pairs are in dispatch.c. */
#include "bench.h"

static double relay_hops(long clients)
{
    return bench_pairs_1t(
        &(federation_options){.count = clients, .kind = FLR_KIND_RELAY, .notices = true});
}

/* One send to each client stands at a time: scheduling and ending a task is part of a pair. */
static double send_pairs(long clients)
{
    return bench_pairs_1t(
        &(federation_options){.count = clients, .kind = FLR_KIND_SEND, .notices = true});
}

static double forever_pairs(long clients)
{
    return bench_pairs_1t(
        &(federation_options){.count = clients, .kind = FLR_KIND_FOREVER, .notices = true});
}

static double forever_pairs_2t(long clients)
{
    return bench_pairs_2t(
        &(federation_options){.count = clients, .kind = FLR_KIND_FOREVER, .notices = true});
}

/* A relay of which nobody takes the next leg: what it costs to hold back the others, who keep asking. */
static double relay_polls(long clients)
{
    federation *f = federation_new(
        &(federation_options){.count = clients, .kind = FLR_KIND_RELAY, .notices = true});
    long polls = bench_quick ? 20000 : 200000;
    char id[64];
    federation_step(f);
    if (!federation_request(f, f->context, 0, id))
        bench_check(-1, "the first leg was not given out");
    double begin = bench_now();
    for (long n = 0; n < polls; n++)
        if (federation_request(f, f->context, 1 + n % (clients - 1), id))
            bench_check(-1, "a leg was given out twice");
    double seconds = bench_now() - begin;
    federation_free(f);
    return (double)polls / seconds;
}

const figure relay_figures[] = {
    FIGURE("relay_hops_100", "hops/s", "null_dispatch_1000", relay_hops, 100, "relay_hops"),
    FIGURE("relay_hops_1000", "hops/s", "null_dispatch_10000", relay_hops, 1000, "relay_hops"),
    FIGURE("relay_hops_100000", "hops/s", "null_dispatch_1000000", relay_hops, 100000,
           "relay_hops"),
    FIGURE("relay_polls_100", "polls/s", NULL, relay_polls, 100, "relay_polls"),
    FIGURE("relay_polls_100000", "polls/s", NULL, relay_polls, 100000, "relay_polls"),
    FIGURE("send_pairs", "pairs/s", "null_dispatch_1000", send_pairs, 1000, NULL),
    FIGURE("forever_pairs_1000", "pairs/s", "null_dispatch_1000", forever_pairs, 1000, NULL),
    FIGURE("forever_pairs_2t_1000", "pairs/s", "forever_pairs_1000", forever_pairs_2t, 1000, NULL),
    FIGURE_END,
};
