#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the build into a prefix of its own, moves that away, and builds a user's programs against it: with
# find_package and with pkg-config, shared and static, C11 and C++17. Every program must run.
# Environment: EDGEML_BINARY_DIR, EDGEML_SOURCE_DIR.
set -eu
consumer="$EDGEML_SOURCE_DIR/tests/api/consumer"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cmake --install "$EDGEML_BINARY_DIR" --prefix "$dir/staged" >"$dir/log"
mv "$dir/staged" "$dir/prefix"

cmake -S "$consumer" -B "$dir/build" "-DCMAKE_PREFIX_PATH=$dir/prefix" >"$dir/log" || { cat "$dir/log"; exit 1; }
cmake --build "$dir/build" >"$dir/log" || { cat "$dir/log"; exit 1; }
for program in shared_c shared_cpp static_c static_cpp; do
    echo "find_package, $program"
    "$dir/build/$program"
done
# The static program must not need the shared library: the prefix could be gone by then.
if ldd "$dir/build/static_c" | grep edgeml; then exit 1; fi
ldd "$dir/build/shared_c" | grep -q "$dir/prefix/.*libedgeml"

PKG_CONFIG_PATH=$(dirname "$(find "$dir/prefix" -name edgeml.pc)")
export PKG_CONFIG_PATH
library_dir=$(pkg-config --variable=libdir edgeml)
for language in c cpp; do
    if [ $language = c ]; then compiler="${CC:-cc} -std=c11"; else compiler="${CXX:-c++} -std=c++17"; fi
    echo "pkg-config, $language, shared"
    # shellcheck disable=SC2046,SC2086 # lists of flags
    $compiler $(pkg-config --cflags edgeml) "$consumer/consumer.$language" $(pkg-config --libs edgeml) -o "$dir/shared"
    LD_LIBRARY_PATH="$library_dir" "$dir/shared"
    echo "pkg-config, $language, static"
    # shellcheck disable=SC2046,SC2086
    $compiler -static $(pkg-config --static --cflags edgeml) "$consumer/consumer.$language" \
        $(pkg-config --static --libs edgeml) -o "$dir/static"
    "$dir/static"
done

if [ -x "$EDGEML_BINARY_DIR/edgeml" ]; then "$dir/prefix/bin/edgeml" --version; fi
