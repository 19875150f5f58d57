/* Models as bytes in safetensors layout, which stands in flrunner/snapshot.h. */
#ifndef FLR_LIB_SAFETENSORS_H
#define FLR_LIB_SAFETENSORS_H

#include "store/file.h"
#include <flrunner/value.h>

typedef struct flr__model_bytes {
    char *head;       /* the length, and the header */
    flr__chunk *parts; /* what is written: the head, and the tensors' own memory */
    size_t count;
} flr__model_bytes;

/* The file of a model, a map of text to tensor, and of its metadata, a map of text to text or NULL; both must live as long. 0,
 * FLR_E_INVAL, FLR_E_NOMEM. */
int flr__safetensors_write(const flr_value *model, const flr_value *metadata, flr__model_bytes *out);
void flr__model_bytes_free(flr__model_bytes *bytes);

/* What is wrong with a file, and where. */
typedef struct flr__model_fault {
    const char *why;
    size_t at;
} flr__model_fault;

/* The model of a file, its tensors as views; its metadata, maybe empty. 0, FLR_E_CORRUPT, FLR_E_NOTSUP or FLR_E_LIMIT with *fault, FLR_E_NOMEM. */
int flr__safetensors_read(flr_blob *file, flr_value **model, flr_value **metadata, flr__model_fault *fault);

/* The layout's name of a type, or NULL; FLR_TYPE_* of a name, or 0. */
const char *flr__safetensors_name(int type);
int flr__safetensors_type(const char *name);

#endif
