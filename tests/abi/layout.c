/*
 * Asserts that the public headers still say what frozen.h says: every member's offset, size and type, every function's type,
 * every constant's number. The compiler does nearly all of it; main compares texts and reals. No state.
 */
#include <flrunner.h>

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SAME_TYPE(a, b) __builtin_types_compatible_p(__typeof__(a), __typeof__(b))
#define MEMBER(type, member) (((type *)0)->member)
#define END_OF(type, member) (offsetof(type, member) + sizeof MEMBER(type, member))

#define FROZEN_MEMBER(type, member) \
    _Static_assert(offsetof(type, member) == offsetof(struct frozen_##type, member), \
                   #type "." #member " has moved"); \
    _Static_assert(sizeof MEMBER(type, member) == sizeof MEMBER(struct frozen_##type, member), \
                   #type "." #member " has another size"); \
    _Static_assert(SAME_TYPE(MEMBER(type, member), MEMBER(struct frozen_##type, member)), \
                   #type "." #member " has another type");

/* No holes where pointers have 64 bits: old and new layouts could not be told apart by their size. */
#define FROZEN_NEXT(type, member, next) \
    _Static_assert(sizeof(void *) != 8 || END_OF(type, member) == offsetof(type, next), \
                   #type ": a hole before " #next);

#define FROZEN_STRUCT(type, last) \
    _Static_assert(sizeof(type) == sizeof(struct frozen_##type), #type " has another size"); \
    _Static_assert(sizeof(void *) != 8 || END_OF(type, last) == sizeof(type), #type ": a hole at its end"); \
    _Static_assert(sizeof(type) % 8 == 0, #type ": not a multiple of 8 bytes"); \
    _Static_assert(offsetof(type, struct_size) == 0 && offsetof(type, flags) == 4, \
                   #type " does not begin with its size and flags"); \
    _Static_assert(SAME_TYPE(MEMBER(type, struct_size), (uint32_t)0) && \
                   SAME_TYPE(MEMBER(type, flags), (uint32_t)0), #type ": size or flags are no uint32_t");

#define FROZEN_TYPE(type) \
    _Static_assert(SAME_TYPE((type)0, (frozen_##type)0), #type " has another type");
#define FROZEN_FUNCTION(name) \
    _Static_assert(SAME_TYPE(name, frozen_##name), #name " has another type");
#define FROZEN_INT(name, value) \
    _Static_assert((name) == (value) && ((name) - (name)) - 1 < 0, #name " has another value");
#define FROZEN_UNSIGNED(name, value) \
    _Static_assert((name) == (value) && ((name) - (name)) - 1 > 0, #name " has another value");

#include "frozen.h"

#define CHECK_TEXT(name, value) \
    if (strcmp(name, value) != 0) { \
        printf("  %s is \"%s\", was \"%s\"\n", #name, name, value); \
        status = 1; \
    }
#define CHECK_REAL(name, value) \
    if ((name) < (value) || (name) > (value)) { \
        printf("  %s is %g, was %g\n", #name, (double)(name), (double)(value)); \
        status = 1; \
    }

int main(void)
{
    int status = 0;

    FROZEN_VALUES(CHECK_TEXT, CHECK_REAL)
    return status;
}
