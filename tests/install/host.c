/* The least that a host can do with an installed library, in the common part of C and C++: versions agree, a value is made and read. */
#include <flrunner.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    flr_value *map = NULL;
    int good;

    if (flr_version_get() != FLR_VERSION_NUMBER || strcmp(flr_version_get_text(), FLR_VERSION_STRING) != 0) {
        fprintf(stderr, "headers %s, library %s\n", FLR_VERSION_STRING, flr_version_get_text());
        return 1;
    }
    if (flr_value_new_map(&map) < 0)
        return 1;
    good = flr_map_set_text(&map, "site", "Biscoe") == FLR_OK && flr_map_set_int(&map, "rows", 168) == FLR_OK &&
           strcmp(flr_value_get_text(flr_map_get(map, "site"), ""), "Biscoe") == 0 &&
           flr_value_get_int(flr_map_get(map, "rows"), 0) == 168;
    flr_value_unref(map);
    return good ? 0 : 1;
}
