/* See storedir.h. */
#include "storedir.h"

#include "store/state.h"
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void storedir_new(char path[STOREDIR_MAX])
{
    const char *tmp = getenv("TMPDIR");
    snprintf(path, STOREDIR_MAX, "%s/flr-store-XXXXXX",
             tmp != NULL && strlen(tmp) < 64 ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(path));
}

void storedir_remove(const char *path)
{
    DIR *d = opendir(path);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char name[STOREDIR_MAX + 300];
        struct stat s;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (lstat(name, &s) == 0 && S_ISDIR(s.st_mode))
            storedir_remove(name);
        else
            unlink(name);
    }
    closedir(d);
    ck_assert_int_eq(rmdir(path), 0);
}

flr_file_store *storedir_open(const char *path)
{
    flr_file_store_options options;
    flr_file_store *store;
    flr_file_store_options_init(&options, sizeof options);
    options.directory = path;
    ck_assert_int_eq(flr_file_store_new(&options, &store), 0);
    ck_assert_int_eq(flr_file_store_open(store), 0);
    return store;
}

/* With a segment of its own. */
flr_state *storedir_state(int64_t number)
{
    static const char large[6000];
    flr_value *map, *bytes;
    flr_state *state;
    flr_blob *blob;
    ck_assert_int_eq(flr_value_new_map(&map), 0);
    ck_assert_int_eq(flr_map_set_int(&map, "number", number), 0);
    ck_assert_int_eq(flr_blob_new_copy(large, sizeof large, &blob), 0);
    ck_assert_int_eq(flr_value_new_bytes(blob, &bytes), 0);
    flr_blob_unref(blob);
    ck_assert_int_eq(flr_map_set(&map, "bytes", bytes), 0);
    ck_assert_int_eq(flr__state_new(map, &state), 0);
    flr_value_unref(map);
    return state;
}

void storedir_save(flr_file_store *store, int64_t number)
{
    flr_state *state = storedir_state(number);
    ck_assert_int_eq(flr_file_store_save(store, state), 0);
    flr_state_unref(state);
}

int64_t storedir_load(flr_file_store *store, int *generation)
{
    flr_blob *bytes;
    flr_value *map;
    ck_assert_int_eq(flr_file_store_load(store, &bytes, generation), 0);
    ck_assert_int_eq(flr__state_read(bytes, &map), 0);
    int64_t number = flr_value_get_int(flr_map_get(map, "number"), -1);
    flr_value_unref(map);
    flr_blob_unref(bytes);
    return number;
}

flr_value *storedir_model(float number)
{
    static const int64_t shape[] = {2, 3};
    float numbers[6];
    flr_value *model;
    for (int i = 0; i < 6; i++)
        numbers[i] = number + (float)i;
    ck_assert_int_eq(flr_value_new_map(&model), 0);
    ck_assert_int_eq(flr_map_set_tensor(&model, "w", FLR_TYPE_F32, 2, shape, numbers), 0);
    return model;
}

static FILE *open_file(const char *path, const char *name, const char *mode)
{
    char whole[STOREDIR_MAX + 80];
    snprintf(whole, sizeof whole, "%s/%s", path, name);
    return fopen(whole, mode);
}

unsigned char *storedir_read(const char *path, const char *name, size_t *size)
{
    static const size_t most = 1 << 20;
    unsigned char *bytes = malloc(most);
    FILE *f = open_file(path, name, "rb");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(bytes);
    *size = fread(bytes, 1, most, f);
    fclose(f);
    return bytes;
}

void storedir_write(const char *path, const char *name, const void *bytes, size_t size)
{
    FILE *f = open_file(path, name, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, size, f), size);
    ck_assert_int_eq(fclose(f), 0);
}

bool storedir_has(const char *path, const char *name)
{
    FILE *f = open_file(path, name, "rb");
    if (f != NULL)
        fclose(f);
    return f != NULL;
}
