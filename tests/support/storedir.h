/* A directory for a file store, and states and models that are told apart by a number. */
#ifndef FLR_TESTS_STOREDIR_H
#define FLR_TESTS_STOREDIR_H

#include <flrunner.h>
#include <stdbool.h>

#define STOREDIR_MAX 128

void storedir_new(char path[STOREDIR_MAX]);      /* a fresh one */
void storedir_remove(const char *path);          /* with all that is in it, directories too */
flr_file_store *storedir_open(const char *path); /* the store in it, open */

flr_state *storedir_state(int64_t number);
void storedir_save(flr_file_store *store, int64_t number);
/* The number of the state that a load finds; generation may be NULL. */
int64_t storedir_load(flr_file_store *store, int *generation);
flr_value *storedir_model(float number);

/* The bytes of a file in it; the caller frees them. */
unsigned char *storedir_read(const char *path, const char *name, size_t *size);
void storedir_write(const char *path, const char *name, const void *bytes, size_t size);
bool storedir_has(const char *path, const char *name);

#endif
