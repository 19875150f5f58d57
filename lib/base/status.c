/* Version and status codes as text. Constant tables only. */
#include <flrunner/base.h>

int32_t flr_version_get(void)
{
    return FLR_VERSION_NUMBER;
}
const char *flr_version_get_text(void)
{
    return FLR_VERSION_STRING;
}

static const struct {
    int status;
    const char *name, *text;
} codes[] = {
    {FLR_OK, "FLR_OK", "success"},
    {FLR_E_INVAL, "FLR_E_INVAL",
     "an argument is missing, empty, out of range or contradicts another"},
    {FLR_E_STATE, "FLR_E_STATE", "the right call at the wrong time"},
    {FLR_E_REENTRANT, "FLR_E_REENTRANT",
     "the call would wait for a callback that its own thread is inside of"},
    {FLR_E_ABI, "FLR_E_ABI",
     "a struct has a size or content that this version of the library cannot read"},
    {FLR_E_NOTSUP, "FLR_E_NOTSUP",
     "not supported by this component, in this mode, or in this version"},
    {FLR_E_NOMEM, "FLR_E_NOMEM", "out of memory; nothing has changed"},
    {FLR_E_LIMIT, "FLR_E_LIMIT", "a documented or configured limit would be exceeded"},
    {FLR_E_THREAD, "FLR_E_THREAD", "a thread could not be started"},
    {FLR_E_TIMEDOUT, "FLR_E_TIMEDOUT", "the deadline has passed"},
    {FLR_E_ABORTED, "FLR_E_ABORTED", "ended by an abort"},
    {FLR_E_NOTFOUND, "FLR_E_NOTFOUND", "there is no such thing"},
    {FLR_E_EXISTS, "FLR_E_EXISTS", "there is such a thing already"},
    {FLR_E_CORRUPT, "FLR_E_CORRUPT",
     "the bytes are truncated, altered or not what they claim to be"},
    {FLR_E_IO, "FLR_E_IO", "input or output failed"},
    {FLR_E_NOT_READY, "FLR_E_NOT_READY", "not ready to end the run yet"},
    {FLR_E_UNSAFE_JOB, "FLR_E_UNSAFE_JOB", "the job is unsafe"},
    {FLR_E_DENIED, "FLR_E_DENIED", "this client or session is refused for good"},
    {FLR_E_CALLBACK, "FLR_E_CALLBACK", "a callback of the host failed"},
};

#define COUNT (sizeof codes / sizeof codes[0])

const char *flr_status_get_name(int status)
{
    for (size_t i = 0; i < COUNT; i++)
        if (codes[i].status == status)
            return codes[i].name;
    return status <= FLR_E_HOST ? "FLR_E_HOST" : "FLR_E_?";
}

const char *flr_status_get_text(int status)
{
    for (size_t i = 0; i < COUNT; i++)
        if (codes[i].status == status)
            return codes[i].text;
    return status <= FLR_E_HOST ? "a code of the host's own" : "an undefined code";
}
