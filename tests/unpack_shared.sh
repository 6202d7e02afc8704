#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: unpack_shared.sh SHARED_DIR INTO
# Unpacks the test archives that lie beside the source (ONNX's operator tests, tabular models) into INTO/data and
# INTO/tabular, once; tests that run at the same time wait for each other. 77 (skipped) when they are absent.
set -eu
shared=$1
into=$2

set -- "$shared"/conformance/*.tar.xz "$shared"/tabular/*.tar.xz
[ -e "$1" ] || exit 77
mkdir -p "$into"
tries=0
until mkdir "$into/lock" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -le 120 ] || { echo "unpack_shared: $into/lock is still there after two minutes" >&2; exit 1; }
    sleep 1
done
trap 'rmdir "$into/lock"' EXIT
for archive in "$@"; do
    stamp=$into/$(basename "$archive").unpacked
    [ -e "$stamp" ] || { tar -xJf "$archive" -C "$into" && : >"$stamp"; }
done
