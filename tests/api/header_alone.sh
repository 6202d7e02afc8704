#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# include/edgeml.h alone, with every warning, in each language it promises and with each compiler that is here.
# Also freestanding: the firmware has no C library headers beyond the compiler's own.
set -u
header="$EDGEML_SOURCE_DIR/include/edgeml.h"
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsyntax-only"
tried=0
failed=0

compile() {
    tried=$((tried + 1))
    if ! "$@"; then
        failed=$((failed + 1))
        echo "FAILED: $*"
    fi
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# Twice: the include guard. The use of a macro and of an inline initialiser: they are only seen when expanded.
cat >"$dir/use.c" <<'END'
#include "edgeml.h"
#include "edgeml.h"
em_session_options use(void);
em_session_options use(void) {
    em_session_options options = EM_OPTIONS_INIT(em_session_options);
    return options;
}
END
cp "$dir/use.c" "$dir/use.cpp"

for cc in gcc clang; do
    command -v $cc >/dev/null || continue
    for std in c11 c17; do
        # shellcheck disable=SC2086 # a list of flags
        compile $cc -std=$std $warnings -Wstrict-prototypes -I"$(dirname "$header")" "$dir/use.c"
    done
    # shellcheck disable=SC2086
    compile $cc -std=c11 $warnings -ffreestanding -I"$(dirname "$header")" "$dir/use.c"
done
for cxx in g++ clang++; do
    command -v $cxx >/dev/null || continue
    for std in c++11 c++17 c++20; do
        # Values left out of a braced list are zero in C++ as in C, so that warning says nothing here.
        # shellcheck disable=SC2086
        compile $cxx -std=$std $warnings -Wno-missing-field-initializers -I"$(dirname "$header")" "$dir/use.cpp"
    done
done

echo "$tried compilations, $failed failed"
[ "$tried" -gt 0 ] && [ "$failed" -eq 0 ]
