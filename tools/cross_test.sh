#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds for another machine and runs the tests there: sh tools/cross_test.sh [machine] [ctest arguments ...]
#   i686     32-bit, runs natively on x86-64 (the default)
#   aarch64  64-bit Arm with the NEON kernels, under qemu-user; the kernel checks also on processors that have fewer
#            instructions: with products of bytes (Cortex-A76), and without (Cortex-A72)
#   armv7    32-bit Arm, under qemu-user
#   s390x    big-endian, under qemu-user
# Debian and Ubuntu on x86-64 only: takes the cross compiler from the distribution, and protobuf-c and cmocka of that
# machine from its archive, unpacked into build-<machine>/sysroot. Nothing of another architecture is installed.
set -eu
cd "$(dirname "$0")/.."

machine=${1:-i686}
[ $# -eq 0 ] || shift
emulator=""
flags=""
case $machine in
i686) triplet=i686-linux-gnu arch=i386 libdir=i386-linux-gnu flags="-msse2 -mfpmath=sse" ;;
aarch64) triplet=aarch64-linux-gnu arch=arm64 libdir=$triplet emulator=qemu-aarch64-static ;;
armv7) triplet=arm-linux-gnueabihf arch=armhf libdir=$triplet emulator=qemu-arm-static ;;
s390x) triplet=s390x-linux-gnu arch=s390x libdir=$triplet emulator=qemu-s390x-static ;;
*)
    echo "cross_test.sh: unknown machine '$machine'" >&2
    exit 2
    ;;
esac
build=$PWD/build-$machine
sysroot=$build/sysroot

sh tools/deps.sh build test
missing=""
command -v $triplet-gcc >/dev/null || missing="gcc-$triplet libc6-dev-$arch-cross"
[ -z "$emulator" ] || command -v $emulator >/dev/null || missing="$missing qemu-user-static"
if [ -n "$missing" ]; then
    echo "Installing: $missing"
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get -qq update
    # shellcheck disable=SC2086 # a list of packages
    DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq install --no-install-recommends -y $missing >/dev/null
fi

if [ ! -e "$sysroot/complete" ]; then
    apt=$build/apt # its own package lists, so that the system's stay as they are
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$sysroot"
    options="-qq -o Dir::State=$apt/state -o Dir::State::status=/dev/null -o Dir::Cache=$apt/cache
        -o APT::Architecture=$arch -o APT::Architectures=$arch -o APT::Sandbox::User="
    # shellcheck disable=SC2086 # a list of options
    apt-get $options update || true # an index that was left out shows below, if it is needed
    # shellcheck disable=SC2086
    (cd "$apt" && apt-get $options download libprotobuf-c-dev libcmocka-dev libcmocka0)
    for package in "$apt"/*.deb; do
        dpkg -x "$package" "$sysroot"
    done
    rm -rf "$apt"
    touch "$sysroot/complete"
fi

if [ -z "${CMAKE_C_COMPILER_LAUNCHER:-}" ] && command -v ccache >/dev/null 2>&1; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache
fi
loader=$(find /usr/$triplet/lib -name 'ld-linux*.so.*' -o -name 'ld64.so.*' | head -n 1)
lib=$sysroot/usr/lib/$libdir
export PKG_CONFIG_LIBDIR="$lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$sysroot"
cmake --preset test -B "$build" --log-level=WARNING \
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="$machine" -DCMAKE_C_COMPILER=$triplet-gcc -DCMAKE_C_FLAGS="$flags" \
    -DCMAKE_CROSSCOMPILING_EMULATOR="$(command -v "$emulator" || true)" \
    -DCMAKE_EXE_LINKER_FLAGS="-Wl,--dynamic-linker=$loader,--disable-new-dtags,-rpath,/usr/$triplet/lib,-rpath,$lib" \
    -DEDGEML_PROTOBUF_C_LIBRARY="$lib/libprotobuf-c.a" -DEDGEML_PROTOBUF_C_INCLUDE="$sysroot/usr/include" >/dev/null
cmake --build "$build"
ctest --test-dir "$build" --output-on-failure --parallel "$(getconf _NPROCESSORS_ONLN)" "$@"
[ "$machine" = aarch64 ] && [ $# -eq 0 ] || exit 0
for processor in cortex-a76 cortex-a72; do
    echo "== $processor"
    QEMU_CPU=$processor ctest --test-dir "$build" --output-on-failure --parallel "$(getconf _NPROCESSORS_ONLN)" \
        -R '^kernels/|^ops/test_(qlinear_conv|product_i8)$'
done
