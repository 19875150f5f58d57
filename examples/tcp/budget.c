#include "budget.h"

int budget_take(struct budget *budget, size_t bytes)
{
    if (bytes > budget->limit - budget->used)
        return 0;
    budget->used += bytes;
    return 1;
}

void budget_give_back(struct budget *budget, size_t bytes)
{
    budget->used -= bytes;
}
