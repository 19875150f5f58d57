/*
 * What of a job outlives this process: its state after each round, and its model at the end, in a
 * directory. A server that was killed at any moment and is started again goes on from there.
 *
 * The state is removed when the job has completed and its clients were told; the model stays, and
 * says that the job is done.
 */
#ifndef TCP_KEEPER_H
#define TCP_KEEPER_H

#include <flrunner/runner.h>
#include <flrunner/snapshot.h>

/* What was found. */
enum keeper_found { KEEPER_NOTHING, KEEPER_NEWEST, KEEPER_PREVIOUS, KEEPER_DONE };

/* Take hold of the directory for a job. 0, or a code with one line of text. */
int keeper_open(const char *directory, const char *job, flr_file_store **store, char *error,
                unsigned error_size);
/*
 * Return the runner to the state that was kept, if there is one. 0, or a code with one line of text:
 * what is there cannot be used, and was not changed.
 */
int keeper_resume(flr_file_store *store, const char *job, uint64_t rounds, flr_runner *runner,
                  enum keeper_found *found, char *error, unsigned error_size);

#endif
