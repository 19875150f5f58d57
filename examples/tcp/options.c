#include "options.h"
#include "../demo/islands.h"
#include "../demo/model.h"
#include <errno.h>
#include <flrunner/base.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *subject, const char *why)
{
    fprintf(stderr, "tcp-server: %s%s%s\n", subject, why[0] ? ": " : "", why);
    return -1;
}

static const char usage[] =
    "usage: tcp-server --tokens FILE [options]\n"
    "       tcp-server --status HOST PORT --tokens FILE [--name NAME]\n"
    "  --tokens FILE      lines \"NAME TOKEN\" of the clients that may connect\n"
    "  --host HOST        address to listen on (127.0.0.1)\n"
    "  --port PORT        0: one that is free (0)\n"
    "  --port-file FILE   write the port there\n"
    "  --job ID           letters, digits and . _ -; may be repeated (penguins)\n"
    "  --rounds N         of each job (20)\n"
    "  --min-clients N    that a round needs (3)\n"
    "  --max-clients N    connected at once (1000)\n"
    "  --max-frame BYTES  of one message (16777216)\n"
    "  --budget BYTES     of all messages being received (67108864)\n"
    "  --model-bytes BYTES   a tensor of so many zeros besides the model, to measure with (none)\n"
    "  --hold SECONDS     a request waits for a task at most (30)\n"
    "  --hello-time SECONDS   until a client has said who it is (5)\n"
    "  --frame-time SECONDS   until a message that was begun is complete (60)\n"
    "  --stall-time SECONDS   without a byte of it (15)\n"
    "  --state DIR        keep the jobs' states and models there, and go on from them\n"
    "  --linger SECONDS   after the end, for clients that did not come back since a restart (15)\n"
    "  --data FILE        penguins.csv, whose held-out rows are predicted\n"
    "  --stay             go on serving when all jobs are done\n"
    "  --quiet, --verbose\n"
    "  --name NAME        whose token asks for the status (status)\n";

/* Letters, digits and . _ -, so that it can stand in JSON and in a log as it is. */
static int is_job_id(const char *id)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t size = strlen(id);
    return size > 0 && size <= FLR_NAME_MAX && strspn(id, allowed) == size;
}

static int read_count(const char *text, uint64_t *number)
{
    char *end;
    errno = 0;
    uintmax_t value = strtoumax(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value == 0 || value > INT64_MAX)
        return -1;
    *number = value;
    return 0;
}

static int read_size(const char *text, size_t *number)
{
    uint64_t value;
    if (read_count(text, &value) < 0 || value > SIZE_MAX)
        return -1;
    *number = (size_t)value;
    return 0;
}

static int read_seconds(const char *text, double *seconds)
{
    char *end;
    *seconds = strtod(text, &end);
    return end == text || *end || !(*seconds > 0 && *seconds < 1e9) ? -1 : 0;
}

static int add_job(struct options *o, const char *id)
{
    if (o->job_count == JOBS || !is_job_id(id))
        return -1;
    for (size_t i = 0; i < o->job_count; i++)
        if (strcmp(o->jobs[i], id) == 0)
            return -1;
    o->jobs[o->job_count++] = id;
    return 0;
}

enum {
    TOKENS = 256,
    HOST,
    PORT,
    PORT_FILE,
    JOB,
    ROUND_COUNT,
    MIN_CLIENTS,
    MAX_CLIENTS,
    MAX_FRAME,
    BUDGET,
    MODEL_BYTES,
    HOLD,
    HELLO_TIME,
    FRAME_TIME,
    STALL_TIME,
    STATE,
    LINGER,
    DATA,
    STAY,
    QUIET,
    VERBOSE,
    STATUS,
    NAME
};

static const struct option long_options[] = {{"tokens", 1, NULL, TOKENS},
                                             {"host", 1, NULL, HOST},
                                             {"port", 1, NULL, PORT},
                                             {"port-file", 1, NULL, PORT_FILE},
                                             {"job", 1, NULL, JOB},
                                             {"rounds", 1, NULL, ROUND_COUNT},
                                             {"min-clients", 1, NULL, MIN_CLIENTS},
                                             {"max-clients", 1, NULL, MAX_CLIENTS},
                                             {"max-frame", 1, NULL, MAX_FRAME},
                                             {"budget", 1, NULL, BUDGET},
                                             {"model-bytes", 1, NULL, MODEL_BYTES},
                                             {"hold", 1, NULL, HOLD},
                                             {"hello-time", 1, NULL, HELLO_TIME},
                                             {"frame-time", 1, NULL, FRAME_TIME},
                                             {"stall-time", 1, NULL, STALL_TIME},
                                             {"state", 1, NULL, STATE},
                                             {"linger", 1, NULL, LINGER},
                                             {"data", 1, NULL, DATA},
                                             {"stay", 0, NULL, STAY},
                                             {"quiet", 0, NULL, QUIET},
                                             {"verbose", 0, NULL, VERBOSE},
                                             {"status", 0, NULL, STATUS},
                                             {"name", 1, NULL, NAME},
                                             {NULL, 0, NULL, 0}};

/* 0; -1: the value does not do. */
static int take_option(struct options *o, int option, const char *value)
{
    switch (option) {
    case TOKENS:
        o->tokens = value;
        return 0;
    case HOST:
        o->host = value;
        return 0;
    case PORT:
        o->port = value;
        return 0;
    case PORT_FILE:
        o->port_file = value;
        return 0;
    case JOB:
        return add_job(o, value);
    case ROUND_COUNT:
        return read_count(value, &o->rounds);
    case MIN_CLIENTS:
        return read_count(value, &o->min_clients);
    case MAX_CLIENTS:
        return read_size(value, &o->max_clients);
    case MAX_FRAME:
        return read_size(value, &o->max_frame);
    case BUDGET:
        return read_size(value, &o->budget);
    case MODEL_BYTES:
        return read_size(value, &o->model_bytes);
    case HOLD:
        return read_seconds(value, &o->hold_time);
    case HELLO_TIME:
        return read_seconds(value, &o->hello_time);
    case FRAME_TIME:
        return read_seconds(value, &o->frame_time);
    case STALL_TIME:
        return read_seconds(value, &o->stall_time);
    case STATE:
        o->state = value;
        return 0;
    case LINGER:
        return read_seconds(value, &o->linger_time);
    case DATA:
        o->data = value;
        return 0;
    case STAY:
        o->stay = 1;
        return 0;
    case QUIET:
        o->quiet = 1;
        return 0;
    case VERBOSE:
        o->verbose = 1;
        return 0;
    case STATUS:
        o->status = 1;
        return 0;
    case NAME:
        o->name = value;
        return 0;
    default:
        return -1;
    }
}

static int check(const struct options *o, int argc, char **argv)
{
    if (!o->tokens)
        return fail("--tokens is missing", "");
    if (argc - optind != (o->status ? 2 : 0))
        return o->status ? fail("--status wants HOST and PORT", "")
                         : fail(argv[optind], "not expected");
    if (o->budget < o->max_frame)
        return fail("--budget", "smaller than --max-frame");
    return 0;
}

static int parse(int argc, char **argv, struct options *o)
{
    int option;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == '?')
            return -1; /* getopt has said what is wrong */
        if (take_option(o, option, optarg) < 0)
            return fail(optarg, "not a possible value");
    }
    if (check(o, argc, argv) < 0)
        return -1;
    if (o->status) {
        o->host = argv[optind];
        o->port = argv[optind + 1];
    }
    if (o->job_count == 0)
        o->jobs[o->job_count++] = "penguins";
    return 0;
}

int options_read(int argc, char **argv, struct options *options)
{
    *options = (struct options){.host = "127.0.0.1",
                                .port = "0",
                                .name = "status",
                                .data = "examples/data/penguins.csv",
                                .max_clients = 1000,
                                .max_frame = 16777216,
                                .budget = 67108864,
                                .rounds = ROUNDS,
                                .min_clients = ISLANDS,
                                .linger_time = 15,
                                .hold_time = 30,
                                .hello_time = 5,
                                .frame_time = 60,
                                .stall_time = 15};
    int status = parse(argc, argv, options);
    if (status < 0)
        fputs(usage, stderr);
    return status;
}
