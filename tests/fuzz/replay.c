/*
 * Gives each file of a corpus to a fuzz target once: the replay of `make check`, which needs no fuzzer. FLR_CORPUS is the folder
 * and FLR_TARGET the name, both set by the Makefile. Single-threaded.
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 0, or -1 if the file cannot be read. The bytes go into a block of their exact size, so that a sanitizer sees an over-read. */
static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    long size;
    int status = -1;

    if (!f)
        return -1;
    if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
        data = malloc(size ? (size_t)size : 1);
        if (data && fread(data, 1, (size_t)size, f) == (size_t)size) {
            LLVMFuzzerTestOneInput(data, (size_t)size);
            status = 0;
        }
    }
    free(data);
    fclose(f);
    return status;
}

int main(void)
{
    static const uint8_t nothing[1];
    DIR *folder = opendir(FLR_CORPUS);
    const struct dirent *entry;
    char path[4096];
    size_t files = 0;

    LLVMFuzzerTestOneInput(nothing, 0);
    if (!folder) {
        printf("not ok fuzz %s: no corpus in %s\n", FLR_TARGET, FLR_CORPUS);
        return 1;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", FLR_CORPUS, entry->d_name);
        if (replay_file(path) != 0) {
            printf("not ok fuzz %s: cannot read %s\n", FLR_TARGET, path);
            closedir(folder);
            return 1;
        }
        files++;
    }
    closedir(folder);
    if (files == 0) {
        printf("not ok fuzz %s: the corpus %s is empty\n", FLR_TARGET, FLR_CORPUS);
        return 1;
    }
    printf("ok fuzz %s: %zu files\n", FLR_TARGET, files);
    return 0;
}
