/* What every test program does with its tests. */
#ifndef FLR_TESTS_SUITE_H
#define FLR_TESTS_SUITE_H

#include <check.h>
#include <stddef.h>

/* Add a whole array of tests. */
#define SUITE_ADD(tcase, tests) suite_add((tcase), (tests), sizeof(tests) / sizeof *(tests))
void suite_add(TCase *tcase, const TTest *const *tests, size_t count);

/* Run and release it. What main returns. */
int suite_run(Suite *suite);

#endif
