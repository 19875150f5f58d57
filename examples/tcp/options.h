/* The server's command line. */
#ifndef TCP_OPTIONS_H
#define TCP_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#define JOBS 16 /* at most: fewer than bits of peer.jobs */

struct options {
    const char *host, *port, *port_file, *tokens, *name, *data, *state;
    const char *jobs[JOBS];
    size_t job_count, max_clients, max_frame, budget, model_bytes;
    uint64_t rounds, min_clients;
    double linger_time, hold_time, hello_time, frame_time, stall_time;
    int stay, quiet, verbose, status;
};

/* 0; -1 after saying on standard error what is wrong. The texts are those of argv. */
int options_read(int argc, char **argv, struct options *options);

#endif
