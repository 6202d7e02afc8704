#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes sure that what a purpose needs is installed: sh tools/deps.sh [build] [test] [ci] (build when none is given).
# Debian and Ubuntu: installs what is missing, with sudo when it is not root. Elsewhere: says what is missing and fails.
set -eu

[ $# -gt 0 ] || set -- build

# Probes: a command, or a header that the C compiler finds.
has_command() { command -v "$1" >/dev/null 2>&1; }
has_header() {
    has_command cc && printf '#include <stdarg.h>\n#include <stddef.h>\n#include <setjmp.h>\n#include <stdint.h>\n#include <%s>\n' "$1" |
        cc -E -x c - >/dev/null 2>&1
}

# The runtime of sanitizers; nothing to ask for while there is no clang, whose version names the package.
has_sanitizers() {
    ! has_command "$1" || echo 'int main(void) { return 0; }' | "$1" -fsanitize=address,undefined -x c -o /dev/null - 2>/dev/null
}
clang_version() {
    echo __clang_major__ | clang -E -P -x c - 2>/dev/null || true
}

has_newlib() {
    [ "$(arm-none-eabi-gcc --print-file-name="$1" 2>/dev/null)" != "$1" ]
}

# want <probe> <what is probed> <Debian packages, joined by commas> <in words>
missing_packages=""
missing_words=""
want() {
    if "$1" "$2"; then return 0; fi
    missing_packages="$missing_packages $(echo "$3" | tr , ' ')"
    missing_words="$missing_words
    $4"
}

probe() {
    missing_packages=""
    missing_words=""
    for purpose in "$@"; do
        case $purpose in
        build)
            want has_command cc gcc,libc6-dev "a C11 compiler, as cc"
            want has_header stdlib.h libc6-dev "the C library's headers"
            want has_command cmake cmake "CMake 3.21 or newer"
            want has_command ninja ninja-build "Ninja"
            want has_command protoc-c protobuf-c-compiler "protoc-c, protobuf-c's compiler"
            want has_header protobuf-c/protobuf-c.h libprotobuf-c-dev "protobuf-c's headers"
            ;;
        test)
            want has_header cmocka.h libcmocka-dev "cmocka"
            want has_command pkg-config pkg-config "pkg-config"
            want has_command c++ g++ "a C++17 compiler, as c++"
            want has_command python3 python3 "Python 3, its standard library only"
            ;;
        ci)
            want has_command clang clang "clang"
            want has_sanitizers clang "libclang-rt-$(clang_version)-dev" "the runtime of clang's sanitizers"
            want has_command clang-format clang-format "clang-format 14"
            want has_command clang-tidy clang-tidy "clang-tidy"
            want has_command git git "git"
            want has_command xz xz-utils "xz"
            ;;
        firmware)
            want has_command arm-none-eabi-gcc gcc-arm-none-eabi "GCC for bare-metal Arm, as arm-none-eabi-gcc"
            want has_newlib nano.specs libnewlib-arm-none-eabi "newlib for it"
            want has_command qemu-system-arm qemu-system-arm "QEMU with the Arm MPS boards"
            ;;
        *)
            echo "deps.sh: unknown purpose '$purpose' (build, test, ci, firmware)" >&2
            exit 2
            ;;
        esac
    done
}

probe "$@"
[ -n "$missing_words" ] || exit 0

if ! has_command apt-get; then
    printf 'Missing on this system:%s\nInstall them with your package manager and run this again.\n' "$missing_words" >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
    if ! has_command sudo; then
        printf 'Missing on this system:%s\nAs root, run: apt-get install%s\n' "$missing_words" "$missing_packages" >&2
        exit 1
    fi
    as_root=sudo
fi

# Twice: what one package lacks may show only once it is there.
$as_root apt-get -qq update
for _ in 1 2; do
    [ -n "$missing_words" ] || break
    echo "Installing:$missing_packages"
    # shellcheck disable=SC2086 # a list of packages
    DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq install --no-install-recommends -y $missing_packages >/dev/null
    probe "$@"
done
if [ -n "$missing_words" ]; then
    printf 'Still missing after the installation:%s\n' "$missing_words" >&2
    exit 1
fi
