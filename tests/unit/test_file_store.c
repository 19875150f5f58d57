/* The file store: generations, damage, who holds the directory, names and limits. Rows PS-01, PS-03. */
#include "storedir.h"
#include "support/suite.h"
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[STOREDIR_MAX];
static flr_file_store *store;

static void setup(void)
{
    storedir_new(directory);
    store = storedir_open(directory);
}

static void teardown(void)
{
    flr_file_store_unref(store);
    storedir_remove(directory);
}

/* The detail says this. */
static void says(const char *text)
{
    char detail[256];
    ck_assert_int_eq(flr_file_store_get_detail(store, detail, sizeof detail), 0);
    if (*text == '\0')
        ck_assert_str_eq(detail, "");
    else
        ck_assert_msg(strstr(detail, text) != NULL, "\"%s\" does not say \"%s\"", detail, text);
}

static int load(void)
{
    flr_blob *bytes = NULL;
    int status = flr_file_store_load(store, &bytes, NULL);
    ck_assert((bytes != NULL) == (status == 0));
    flr_blob_unref(bytes);
    return status;
}

static void path_of(char path[STOREDIR_MAX + 80], const char *name)
{
    snprintf(path, STOREDIR_MAX + 80, "%s/%s", directory, name);
}

/* One bit in the middle of a file. */
static void damage(const char *name)
{
    size_t size;
    unsigned char *bytes = storedir_read(directory, name, &size);
    bytes[size / 2] ^= 16;
    storedir_write(directory, name, bytes, size);
    free(bytes);
}

/* As a library of the next major version would write it; its checksum is right. */
static void make_newer(const char *name)
{
    size_t size, lengths;
    unsigned char *bytes = storedir_read(directory, name, &size);
    uint32_t crc = 0xffffffff;
    bytes[8]++;
    lengths = 24 + 8 * (size_t)bytes[12];
    for (size_t i = 0; i < lengths; i++) { /* CRC-32C, a bit at a time */
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0x82f63b78 & (0u - (crc & 1)));
    }
    for (size_t i = 0; i < 4; i++)
        bytes[lengths + i] = (unsigned char)(~crc >> (8 * i));
    storedir_write(directory, name, bytes, size);
    free(bytes);
}

/* ---- generations ---- */

START_TEST(nothing_was_saved)
{
    ck_assert_int_eq(load(), FLR_E_NOTFOUND);
    says("no state was saved");
    ck_assert(storedir_has(directory, "state.lock"));
}
END_TEST

START_TEST(the_newest_and_the_one_before)
{
    int generation = -1;
    storedir_save(store, 1);
    ck_assert(!storedir_has(directory, "state.previous.flr"));
    storedir_save(store, 2);
    storedir_save(store, 3);
    ck_assert_int_eq(storedir_load(store, &generation), 3);
    ck_assert_int_eq(generation, 0);
    says("");
    ck_assert(!storedir_has(directory, "state.tmp"));
    char from[STOREDIR_MAX + 80], to[STOREDIR_MAX + 80];
    path_of(from, "state.previous.flr");
    path_of(to, "state.flr");
    ck_assert_int_eq(rename(from, to), 0);
    ck_assert_int_eq(storedir_load(store, &generation), 2);
    ck_assert_int_eq(generation, 0);
}
END_TEST

/* As after a crash in the middle of a save: it is longer than the next one, and in nobody's way. */
START_TEST(half_a_file_of_a_save_before)
{
    char junk[20000];
    flr_value *model = storedir_model(1), *read;
    memset(junk, 'j', sizeof junk);
    for (int i = 1; i <= 2; i++) {
        storedir_write(directory, "state.tmp", junk, sizeof junk);
        storedir_save(store, i);
        ck_assert_int_eq(storedir_load(store, NULL), i);
    }
    storedir_write(directory, "state.tmp", junk, sizeof junk);
    ck_assert_int_eq(flr_file_store_save_model(store, "m", model, NULL), 0);
    ck_assert_int_eq(flr_file_store_load_model(store, "m", &read, NULL), 0);
    ck_assert(flr_value_equals(model, read));
    ck_assert(!storedir_has(directory, "state.tmp"));
    flr_value_unref(read);
    flr_value_unref(model);
}
END_TEST

START_TEST(another_store_finds_what_was_saved)
{
    storedir_save(store, 7);
    flr_file_store_unref(store);
    store = storedir_open(directory);
    ck_assert_int_eq(storedir_load(store, NULL), 7);
}
END_TEST

START_TEST(files_are_for_their_owner)
{
    static const char *const names[] = {"state.flr", "state.previous.flr", "state.lock"};
    char path[STOREDIR_MAX + 80];
    struct stat s;
    storedir_save(store, 1);
    storedir_save(store, 2);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(path, names[i]);
        ck_assert_int_eq(stat(path, &s), 0);
        ck_assert_int_eq(s.st_mode & 0777, 0600);
    }
}
END_TEST

START_TEST(a_directory_is_made_but_not_those_above)
{
    char path[STOREDIR_MAX];
    struct stat s;
    flr_file_store_options options;
    flr_file_store *other;
    snprintf(path, sizeof path, "%.100s/new", directory);
    flr_file_store *inner = storedir_open(path);
    ck_assert_int_eq(stat(path, &s), 0);
    ck_assert_int_eq(s.st_mode & 0777, 0700);
    flr_file_store_unref(inner);
    snprintf(path, sizeof path, "%.100s/none/new", directory);
    flr_file_store_options_init(&options, sizeof options);
    options.directory = path;
    ck_assert_int_eq(flr_file_store_new(&options, &other), 0);
    ck_assert_int_eq(flr_file_store_open(other), FLR_E_IO);
    flr_file_store_unref(other);
}
END_TEST

/* ---- damage ---- */

START_TEST(a_damaged_newest_gives_way_to_the_previous)
{
    int generation = -1;
    size_t size;
    storedir_save(store, 1);
    storedir_save(store, 2);
    damage("state.flr");
    unsigned char *before = storedir_read(directory, "state.flr", &size);
    ck_assert_int_eq(storedir_load(store, &generation), 1);
    ck_assert_int_eq(generation, 1);
    says("state.flr is damaged: state.previous.flr is used");
    unsigned char *after = storedir_read(directory, "state.flr", &size);
    ck_assert_mem_eq(before, after, size); /* no file is changed */
    free(before);
    free(after);
}
END_TEST

/* Loaded before or not: the whole generation stays. */
START_TEST(a_save_puts_the_damaged_one_aside)
{
    int generation = -1;
    storedir_save(store, 1);
    storedir_save(store, 2);
    damage("state.flr");
    flr_file_store_unref(store);
    store = storedir_open(directory);
    if (_i == 1)
        ck_assert_int_eq(storedir_load(store, NULL), 1);
    storedir_save(store, 3);
    ck_assert(storedir_has(directory, "state.damaged.flr"));
    ck_assert_int_eq(storedir_load(store, &generation), 3);
    ck_assert_int_eq(generation, 0);
    damage("state.flr");
    ck_assert_int_eq(storedir_load(store, &generation), 1);
    storedir_save(store, 4);
    storedir_save(store, 5);
    damage("state.flr");
    ck_assert_int_eq(storedir_load(store, &generation), 4);
}
END_TEST

START_TEST(the_newest_is_missing)
{
    int generation = -1;
    char path[STOREDIR_MAX + 80];
    storedir_save(store, 1);
    storedir_save(store, 2);
    path_of(path, "state.flr");
    ck_assert_int_eq(unlink(path), 0); /* a crash between two renames */
    ck_assert_int_eq(storedir_load(store, &generation), 1);
    ck_assert_int_eq(generation, 1);
    says("state.flr is missing: state.previous.flr is used");
    storedir_save(store, 3);
    ck_assert_int_eq(storedir_load(store, &generation), 3);
}
END_TEST

START_TEST(no_generation_is_whole)
{
    storedir_save(store, 1);
    damage("state.flr");
    ck_assert_int_eq(load(), FLR_E_CORRUPT);
    says("state.flr is damaged, and there is no state.previous.flr");
    storedir_write(directory, "state.previous.flr", "x", 1);
    ck_assert_int_eq(load(), FLR_E_CORRUPT);
    says("state.previous.flr is damaged");
    storedir_write(directory, "state.flr", "", 0); /* an empty file, as after a power cut */
    ck_assert_int_eq(load(), FLR_E_CORRUPT);
    says("state.previous.flr is damaged");
}
END_TEST

/* Not the previous one: the newer library has gone on from there. */
START_TEST(a_newer_format_is_said_and_kept)
{
    storedir_save(store, 1);
    storedir_save(store, 2);
    make_newer("state.flr");
    ck_assert_int_eq(load(), FLR_E_NOTSUP);
    says("state.flr is of a newer format");
    flr_file_store_unref(store);
    store = storedir_open(directory);
    storedir_save(store, 3); /* asked to all the same: the newer one is the one before */
    ck_assert_int_eq(storedir_load(store, NULL), 3);
    damage("state.flr");
    ck_assert_int_eq(load(), FLR_E_NOTSUP);
    says("state.previous.flr is of a newer format");
}
END_TEST

/* ---- who holds it ---- */

static flr_file_store *unopened(const char *name)
{
    flr_file_store_options options;
    flr_file_store *other;
    flr_file_store_options_init(&options, sizeof options);
    options.directory = directory;
    options.name = name;
    ck_assert_int_eq(flr_file_store_new(&options, &other), 0);
    return other;
}

START_TEST(one_store_holds_a_name)
{
    flr_file_store *other = unopened("state"), *third = unopened("job-2");
    char detail[100];
    ck_assert_int_eq(flr_file_store_open(other), FLR_E_EXISTS);
    ck_assert_int_eq(flr_file_store_get_detail(other, detail, sizeof detail), 0);
    ck_assert_str_eq(detail, "state.lock is held by another store");
    ck_assert_int_eq(flr_file_store_open(third), 0); /* another name is another store's */
    ck_assert_int_eq(flr_file_store_open(store), FLR_E_STATE);
    flr_file_store_unref(store);
    ck_assert_int_eq(flr_file_store_open(other), 0);
    flr_file_store_unref(third);
    store = other;
}
END_TEST

/* Holds the directory with a state in it, says so, and stays as long as the test does. */
static void hold_until_killed(int said, int test)
{
    char byte;
    storedir_save(storedir_open(directory), 9);
    if (write(said, "x", 1) == 1 && read(test, &byte, 1) != 0)
        _exit(2);
    _exit(1);
}

START_TEST(a_process_that_dies_lets_go)
{
    int status, said[2], test[2];
    char byte;
    flr_file_store_unref(store);
    store = unopened("state");
    ck_assert_int_eq(pipe(said), 0);
    ck_assert_int_eq(pipe(test), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(test[1]);
        hold_until_killed(said[1], test[0]);
    }
    close(said[1]);
    close(test[0]);
    ck_assert_int_eq((int)read(said[0], &byte, 1), 1);
    close(said[0]);
    ck_assert_int_eq(flr_file_store_open(store), FLR_E_EXISTS);
    says("state.lock is held by another store");
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    close(test[1]);
    ck_assert_int_eq(flr_file_store_open(store), 0);
    ck_assert_int_eq(storedir_load(store, NULL), 9);
}
END_TEST

START_TEST(a_store_that_is_not_open)
{
    flr_file_store *other = unopened("other");
    flr_state *state = storedir_state(1);
    flr_value *model = storedir_model(1), *read = NULL;
    flr_blob *bytes = NULL;
    char detail[100];
    ck_assert_int_eq(flr_file_store_save(other, state), FLR_E_STATE);
    ck_assert_int_eq(flr_file_store_load(other, &bytes, NULL), FLR_E_STATE);
    ck_assert_int_eq(flr_file_store_remove(other), FLR_E_STATE);
    ck_assert_int_eq(flr_file_store_save_model(other, "m", model, NULL), FLR_E_STATE);
    ck_assert_int_eq(flr_file_store_load_model(other, "m", &read, NULL), FLR_E_STATE);
    ck_assert_ptr_null(bytes);
    ck_assert_ptr_null(read);
    ck_assert_int_eq(flr_file_store_get_detail(other, detail, sizeof detail), 0);
    ck_assert_str_eq(detail, "the store is not open");
    flr_value_unref(model);
    flr_state_unref(state);
    flr_file_store_unref(other);
}
END_TEST

/* ---- limits, strange files ---- */

/* The store again, for files of this size at the most. */
static void limit(uint64_t max_size)
{
    flr_file_store_options options;
    flr_file_store_unref(store);
    flr_file_store_options_init(&options, sizeof options);
    options.directory = directory;
    options.max_size = max_size;
    ck_assert_int_eq(flr_file_store_new(&options, &store), 0);
    ck_assert_int_eq(flr_file_store_open(store), 0);
}

START_TEST(a_file_larger_than_the_limit)
{
    flr_value *model = storedir_model(1), *read = NULL;
    size_t size;
    storedir_save(store, 1);
    free(storedir_read(directory, "state.flr", &size));
    limit(size);
    ck_assert_int_eq(storedir_load(store, NULL), 1);
    storedir_save(store, 2);
    limit(size - 1);
    ck_assert_int_eq(load(), FLR_E_LIMIT); /* and not the previous one */
    says("state.flr has ");
    ck_assert_int_eq(flr_file_store_save_model(store, "m", model, NULL), 0);
    free(storedir_read(directory, "m.safetensors", &size));
    limit(size);
    ck_assert_int_eq(flr_file_store_load_model(store, "m", &read, NULL), 0);
    flr_value_unref(read);
    read = NULL;
    limit(size - 1);
    ck_assert_int_eq(flr_file_store_load_model(store, "m", &read, NULL), FLR_E_LIMIT);
    ck_assert_ptr_null(read);
    says("m.safetensors has ");
    flr_value_unref(model);
}
END_TEST

START_TEST(something_else_in_the_place_of_a_state)
{
    char path[STOREDIR_MAX + 80];
    path_of(path, "state.flr");
    ck_assert_int_eq(_i == 0 ? mkdir(path, 0700) : mkfifo(path, 0600), 0);
    ck_assert_int_eq(load(), FLR_E_IO); /* and it does not wait for a writer */
    says("state.flr is no regular file");
    storedir_save(store, 1); /* it is kept like a state that cannot be read */
    ck_assert(storedir_has(directory, "state.flr"));
    ck_assert_int_eq(storedir_load(store, NULL), 1);
}
END_TEST

/* A directory where a file must go: the call says which, and the states stay. */
START_TEST(something_else_in_the_place_of_another_file)
{
    char path[STOREDIR_MAX + 80];
    flr_value *model = storedir_model(1), *read = NULL;
    flr_state *state = storedir_state(2);
    storedir_save(store, 1);
    path_of(path, "m.safetensors");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(flr_file_store_save_model(store, "m", model, NULL), FLR_E_IO);
    says("rename state.tmp: ");
    ck_assert(!storedir_has(directory, "state.tmp"));
    ck_assert_int_eq(flr_file_store_load_model(store, "m", &read, NULL), FLR_E_IO);
    says("m.safetensors is no regular file");
    path_of(path, "state.previous.flr");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(flr_file_store_save(store, state), FLR_E_IO);
    says("rename state.flr: ");
    ck_assert_int_eq(flr_file_store_remove(store), FLR_E_IO);
    says("remove state.previous.flr: ");
    ck_assert(!storedir_has(directory, "state.tmp"));
    ck_assert_int_eq(storedir_load(store, NULL), 1);
    ck_assert_int_eq(rmdir(path), 0);
    path_of(path, "state.tmp");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(flr_file_store_save(store, state), FLR_E_IO);
    says("open state.tmp: ");
    ck_assert_int_eq(storedir_load(store, NULL), 1);
    flr_file_store_unref(store);
    path_of(path, "state.lock");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    store = unopened("state");
    ck_assert_int_eq(flr_file_store_open(store), FLR_E_IO);
    says("open state.lock: ");
    flr_state_unref(state);
    flr_value_unref(model);
}
END_TEST

/* A call that fails before it comes to the directory says why, not what was said before. */
START_TEST(a_detail_is_of_the_last_call)
{
    flr_value *model = storedir_model(1), *text, *read = NULL;
    ck_assert_int_eq(flr_value_new_text("x", &text), 0);
    ck_assert_int_eq(load(), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_file_store_save_model(store, "a/b", model, NULL), FLR_E_INVAL);
    says("the name of the model cannot be that of a file");
    ck_assert_int_eq(load(), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_file_store_load_model(store, "a/b", &read, NULL), FLR_E_INVAL);
    says("the name of the model cannot be that of a file");
    ck_assert_int_eq(load(), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_file_store_save_model(store, "m", text, NULL), FLR_E_INVAL);
    says("a model is a map of text to tensor");
    ck_assert_int_eq(flr_file_store_save_model(store, "m", model, text), FLR_E_INVAL);
    says("metadata are one of text to text");
    ck_assert_int_eq(flr_file_store_save_model(store, "m", model, NULL), 0);
    says("");
    ck_assert_int_eq(flr_file_store_open(store), FLR_E_STATE);
    says("the store is open already");
    storedir_save(store, 1);
    says("");
    flr_value_unref(text);
    flr_value_unref(model);
}
END_TEST

START_TEST(remove_takes_all_generations_and_leaves_models)
{
    flr_value *model = storedir_model(1);
    ck_assert_int_eq(flr_file_store_remove(store), 0); /* nothing there */
    for (int i = 1; i <= 3; i++)
        storedir_save(store, i);
    damage("state.flr");
    flr_file_store_unref(store);
    store = storedir_open(directory);
    storedir_save(store, 4);
    ck_assert_int_eq(flr_file_store_save_model(store, "best", model, NULL), 0);
    ck_assert_int_eq(flr_file_store_remove(store), 0);
    ck_assert_int_eq(load(), FLR_E_NOTFOUND);
    ck_assert(!storedir_has(directory, "state.flr"));
    ck_assert(!storedir_has(directory, "state.previous.flr"));
    ck_assert(!storedir_has(directory, "state.damaged.flr"));
    ck_assert(storedir_has(directory, "best.safetensors"));
    storedir_save(store, 5);
    ck_assert_int_eq(storedir_load(store, NULL), 5);
    flr_value_unref(model);
}
END_TEST

static const char *const bad_names[] = {
    "",     ".",
    "..",   ".hidden",
    "a/b",  "/a",
    "a b",  "a\nb",
    "a\\b", "\xc3\xa4",
    "a*",   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 65 */};

START_TEST(names_that_are_none)
{
    bool is_long = strlen(bad_names[_i]) > 64;
    int expected = is_long ? FLR_E_LIMIT : FLR_E_INVAL;
    flr_value *model = storedir_model(1), *read = NULL;
    flr_file_store_options options;
    flr_file_store *other = NULL;
    flr_file_store_options_init(&options, sizeof options);
    options.directory = directory;
    options.name = bad_names[_i];
    ck_assert_int_eq(flr_file_store_new(&options, &other), expected);
    ck_assert_ptr_null(other);
    ck_assert_int_eq(flr_file_store_save_model(store, bad_names[_i], model, NULL), expected);
    ck_assert_int_eq(flr_file_store_load_model(store, bad_names[_i], &read, NULL), expected);
    ck_assert_ptr_null(read);
    flr_value_unref(model);
}
END_TEST

/* Its files would be another store's: of models there is no such thing. */
START_TEST(names_of_another_stores_files)
{
    static const char *const names[] = {"state.previous", "state.damaged", ".previous",
                                        "a.damaged"};
    flr_file_store_options options;
    flr_file_store *other = NULL;
    flr_value *model = storedir_model(1);
    flr_file_store_options_init(&options, sizeof options);
    options.directory = directory;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        options.name = names[i];
        ck_assert_int_eq(flr_file_store_new(&options, &other), FLR_E_INVAL);
    }
    ck_assert_ptr_null(other);
    options.name = "previous"; /* no ending */
    ck_assert_int_eq(flr_file_store_new(&options, &other), 0);
    flr_file_store_unref(other);
    ck_assert_int_eq(flr_file_store_save_model(store, "state.previous", model, NULL), 0);
    flr_value_unref(model);
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 4, SAVES = 25 };

static void *save_many(void *self)
{
    static int failed; /* the address says it */
    int64_t base = *(const int64_t *)self;
    void *result = NULL;
    flr_value *model = storedir_model((float)base);
    for (int i = 0; i < SAVES; i++) {
        flr_state *state = storedir_state(base + i);
        flr_value *read = NULL;
        flr_blob *bytes = NULL;
        char detail[100];
        if (flr_file_store_save(store, state) != 0 ||
            flr_file_store_load(store, &bytes, NULL) != 0 ||
            flr_file_store_save_model(store, "m", model, NULL) != 0 ||
            flr_file_store_load_model(store, "m", &read, NULL) != 0 ||
            flr_file_store_get_detail(store, detail, sizeof detail) != 0 || detail[0] != '\0')
            result = &failed;
        flr_value_unref(read);
        flr_blob_unref(bytes);
        flr_state_unref(state);
    }
    flr_value_unref(model);
    return result;
}

START_TEST(threads_take_turns)
{
    pthread_t threads[THREADS];
    int64_t bases[THREADS], last;
    for (int i = 0; i < THREADS; i++) {
        bases[i] = 100 * i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, save_many, &bases[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
        ck_assert_ptr_null(failed);
    }
    last = storedir_load(store, NULL);
    ck_assert_int_eq(last % 100, SAVES - 1); /* whoever saved last, it is whole */
    flr_value *read;
    ck_assert_int_eq(flr_file_store_load_model(store, "m", &read, NULL), 0);
    const float *numbers = flr_tensor_get_data(flr_map_get(read, "w"));
    for (int i = 1; i < 6; i++) /* of one thread's model */
        ck_assert(numbers[i] == numbers[0] + (float)i);
    flr_value_unref(read);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file store");
    TCase *tests = tcase_create("file store");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, nothing_was_saved);
    tcase_add_test(tests, the_newest_and_the_one_before);
    tcase_add_test(tests, half_a_file_of_a_save_before);
    tcase_add_test(tests, another_store_finds_what_was_saved);
    tcase_add_test(tests, files_are_for_their_owner);
    tcase_add_test(tests, a_directory_is_made_but_not_those_above);
    tcase_add_test(tests, a_damaged_newest_gives_way_to_the_previous);
    tcase_add_loop_test(tests, a_save_puts_the_damaged_one_aside, 0, 2);
    tcase_add_test(tests, the_newest_is_missing);
    tcase_add_test(tests, no_generation_is_whole);
    tcase_add_test(tests, a_newer_format_is_said_and_kept);
    tcase_add_test(tests, one_store_holds_a_name);
    tcase_add_test(tests, a_process_that_dies_lets_go);
    tcase_add_test(tests, a_store_that_is_not_open);
    tcase_add_test(tests, a_file_larger_than_the_limit);
    tcase_add_loop_test(tests, something_else_in_the_place_of_a_state, 0, 2);
    tcase_add_test(tests, something_else_in_the_place_of_another_file);
    tcase_add_test(tests, a_detail_is_of_the_last_call);
    tcase_add_test(tests, remove_takes_all_generations_and_leaves_models);
    tcase_add_loop_test(tests, names_that_are_none, 0,
                        (int)(sizeof bad_names / sizeof bad_names[0]));
    tcase_add_test(tests, names_of_another_stores_files);
    tcase_add_test(tests, threads_take_turns);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
