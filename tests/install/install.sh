#!/bin/bash
# Installs to places of its own, builds hosts against the installed copy in C and C++, shared and static, runs them, and checks
# that uninstall leaves nothing. Environment: MAKE, CC, CXX, PKG_CONFIG.
# shellcheck disable=SC2317  # functions are called through check
set -u
cd "$(dirname "$0")/../.." || exit 1

status=0
pkg_config=${PKG_CONFIG:-pkg-config}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

check() { # check NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$scratch/out" 2>&1; then
        echo "ok install: $name"
    else
        echo "not ok install: $name"
        tail -n 40 "$scratch/out"
        status=1
    fi
}

make_with() {
    "${MAKE:-make}" --no-print-directory VARIANT=default "$@"
}

# host SOURCE MODE: build a host as its author would and run it; MODE is shared or static.
host() {
    local source=$1 mode=$2 program=$scratch/host compiler=${CC:-cc} flags
    [[ $source == *.cpp || ${3-} == c++ ]] && compiler="${CXX:-c++} -std=c++11 ${3:+-x c++}"
    if [ "$mode" = static ]; then
        flags=$($pkg_config --static --cflags --libs libflrunner) || return 1
        flags="-static $flags"
    else
        flags=$($pkg_config --cflags --libs libflrunner) || return 1
    fi
    # shellcheck disable=SC2086  # words
    $compiler "$source" -x none $flags -o "$program" || return 1
    if [ "$mode" = static ]; then
        ! readelf -d "$program" | grep -q 'NEEDED.*libflrunner' || return 1
    else
        readelf -d "$program" | grep -q 'NEEDED.*libflrunner\.so\.1\]' || return 1
    fi
    (cd "$scratch" && timeout 120 "$program")
}

hosts() { # hosts WHERE LIBDIR
    local mode
    export PKG_CONFIG_PATH=$2/pkgconfig LD_LIBRARY_PATH=$2
    for mode in shared static; do
        check "$1: host.c, C, $mode" host tests/install/host.c $mode
        check "$1: host.c, C++, $mode" host tests/install/host.c $mode c++
        check "$1: the host of the README, C, $mode" host "$scratch/readme.c" $mode
        check "$1: the host of the README is examples/minimal.c" cmp "$scratch/readme.c" examples/minimal.c
        check "$1: minimal.c runs a federation, $mode" host "$PWD/examples/minimal.c" $mode
        check "$1: minimal.cpp runs a federation, $mode" host "$PWD/examples/minimal.cpp" $mode
    done
}

# complete ROOT INCLUDEDIR LIBDIR: exactly what shall be there is there.
complete() {
    {
        (cd include && find . -name '*.h' | sed "s|^\.|$2|")
        for name in libflrunner.a libflrunner.so libflrunner.so.1 libflrunner.so.1.0.0 pkgconfig/libflrunner.pc; do
            echo "$3/$name"
        done
    } | sort >"$scratch/wanted"
    (cd "$1" && find . -type f -o -type l | sed 's|^\.||') | sort >"$scratch/found"
    diff "$scratch/wanted" "$scratch/found" &&
        readelf -d "$1$3/libflrunner.so" | grep -q 'SONAME.*\[libflrunner\.so\.1\]'
}

nothing_left() {
    [ -z "$(find "$1" ! -type d -o -name flrunner)" ] || { find "$1"; return 1; }
}

# The first C block of the README, as a reader would copy it.
awk '/^```c$/ {inside = !done; next} /^```$/ {if (inside) done = 1; inside = 0} inside' README.md >"$scratch/readme.c"
one=$scratch/one
check "prefix: install" make_with install DESTDIR= prefix="$one"
check "prefix: files" complete "$one" /include /lib
hosts prefix "$one/lib"
check "prefix: uninstall" make_with uninstall DESTDIR= prefix="$one"
check "prefix: nothing is left" nothing_left "$one"

# A package's build: staged elsewhere, with folders of its own; what is installed speaks of the final place only.
two=$scratch/two
places=(DESTDIR="$two" prefix=/opt/flr libdir=/opt/flr/lib64 includedir=/opt/flr/inc)
check "DESTDIR: install" make_with install "${places[@]}"
check "DESTDIR: files" complete "$two" /opt/flr/inc /opt/flr/lib64
export PKG_CONFIG_SYSROOT_DIR=$two
hosts DESTDIR "$two/opt/flr/lib64"
unset PKG_CONFIG_SYSROOT_DIR
check "DESTDIR: the .pc file does not name it" bash -c "! grep -q '$two' '$two/opt/flr/lib64/pkgconfig/libflrunner.pc'"
check "DESTDIR: uninstall" make_with uninstall "${places[@]}"
check "DESTDIR: nothing is left" nothing_left "$two"
exit $status
