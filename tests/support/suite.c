#include "support/suite.h"

#include <stdlib.h>

void suite_add(TCase *tcase, const TTest *const *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tcase_add_test(tcase, tests[i]);
    }
}

int suite_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
