/* The result of a step, which server and clients have in common. */
#include "base/abi.h"
#include <flrunner/step.h>

void flr_step_result_init(flr_step_result *result, size_t size)
{
    flr__abi_init(result, size);
}
