/*
 * Saved state: how long it takes to take a state of 100 MB and to keep it in a file store, compared with a plain write and fsync of as many bytes to the same directory. The directory is made where the
 * build is, which should be on a disk.
 */
#include "bench.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MB        1000000
#define DIRECTORY "build/bench-save"
#define FILE_NEW  DIRECTORY "/plain.tmp"
#define FILE_OLD  DIRECTORY "/plain"

/* Bytes that no disk compresses; and the directory. */
static flr_blob *make_bytes(size_t size)
{
    flr_blob *blob;
    void *place;
    uint64_t x = 1;
    bench_check(mkdir(DIRECTORY, 0700) < 0 && access(DIRECTORY, W_OK) < 0 ? -1 : 0, DIRECTORY);
    bench_check(flr_blob_new(size, &blob, &place), "bytes");
    for (size_t i = 0; i + sizeof x <= size; i += sizeof x) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        memcpy((char *)place + i, &x, sizeof x);
    }
    return blob;
}

static void write_plain(const flr_blob *bytes)
{
    const char *at = flr_blob_get_data(bytes);
    size_t left = flr_blob_get_size(bytes);
    int fd = open(FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    while (fd >= 0 && left > 0) {
        ssize_t n = write(fd, at, left);
        bench_check(n < 0 ? -1 : 0, "write");
        at += n;
        left -= (size_t)n;
    }
    bench_check(fd < 0 || fsync(fd) < 0 || close(fd) < 0 || rename(FILE_NEW, FILE_OLD) < 0 ? -1 : 0,
                FILE_NEW);
}

/* Seconds of each, the second time: as usual, it takes the place of a file that is there. */
static double time_plain(const flr_blob *bytes)
{
    write_plain(bytes);
    double begin = bench_now();
    write_plain(bytes);
    double seconds = bench_now() - begin;
    unlink(FILE_OLD);
    return seconds;
}

/* A component that has much to save. */
static int save(void *self, flr_context *context, flr_value **state)
{
    (void)context;
    return flr_value_new_bytes(self, state);
}

static void add_component(flr_config *config, void *bytes)
{
    flr_component_ops component;
    flr_component_ops_init(&component, sizeof component);
    component.save = save;
    bench_check(flr_config_add_component(config, "large", &component, bytes), "component");
}

static void save_once(flr_runner *runner, flr_file_store *store)
{
    flr_state *state;
    bench_check(flr_runner_save(runner, &state), "state");
    bench_check(flr_file_store_save(store, state), "save");
    flr_state_unref(state);
}

static double time_save(flr_blob *bytes)
{
    federation_options large = {.count = 1, .configure = add_component, .self = bytes};
    federation *f = federation_new(&large);
    flr_file_store_options options;
    flr_file_store *store;
    flr_file_store_options_init(&options, sizeof options);
    options.directory = DIRECTORY;
    bench_check(flr_file_store_new(&options, &store), "store");
    bench_check(flr_file_store_open(store), "store");
    save_once(f->runner, store);
    double begin = bench_now();
    save_once(f->runner, store);
    double seconds = bench_now() - begin;
    bench_check(flr_file_store_remove(store), "remove");
    flr_file_store_unref(store);
    unlink(DIRECTORY "/state.lock");
    federation_free(f);
    return seconds;
}

static double plain_ms(long megabytes)
{
    flr_blob *bytes = make_bytes((size_t)megabytes * MB);
    double seconds = time_plain(bytes);
    rmdir(DIRECTORY);
    flr_blob_unref(bytes);
    return seconds * 1e3;
}

/* One after the other, so that both meet the same disk. */
static double save_ratio(long megabytes)
{
    flr_blob *bytes = make_bytes((size_t)megabytes * MB);
    double plain = time_plain(bytes), saved = time_save(bytes);
    rmdir(DIRECTORY);
    flr_blob_unref(bytes);
    return saved / plain;
}

const figure save_figures[] = {
    FIGURE("plain_write_ms_100mb", "ms", NULL, plain_ms, 100, NULL),
    FIGURE("save_ratio_100mb", "x", NULL, save_ratio, 100, NULL),
    FIGURE_END,
};
