# shellcheck shell=sh
# Builds the library for its ABI dump and makes the dump; read by check.sh and refresh.sh. Always the same options and compiler
# flags: dumps made in different ways are not comparable.

# abi_build ROOT: the shared library of the tree at ROOT, unoptimised and with debug information.
abi_build() {
    "${MAKE:-make}" --no-print-directory -C "$1" VARIANT=abi CFLAGS="-O0 -g -gdwarf-4" CPPFLAGS= LDFLAGS= WERROR=0 lib >/dev/null
}

# abi_dump ROOT OUTPUT
abi_dump() {
    (cd "$1" && abidw --headers-dir include --drop-private-types --no-corpus-path --no-comp-dir-path --no-show-locs \
        --type-id-style hash build/abi/libflrunner.so) >"$2"
}
