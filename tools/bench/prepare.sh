# SPDX-License-Identifier: Apache-2.0
# Sourced by the benchmark scripts, with $tools the folder above: a release build in $build, the peer's program and its
# Python ($PYTHON, tools/bench/requirements.txt installed) in $out.
build=$tools/../build out=$tools/../build-bench
mkdir -p "$out"
if [ -z "${PYTHON:-}" ]; then
    [ -x "$out/venv/bin/python" ] || python3 -m venv "$out/venv"
    PYTHON=$out/venv/bin/python
    "$PYTHON" -m pip install --quiet --disable-pip-version-check -r "$tools/bench/requirements.txt"
fi
(cd "$tools/.." && cmake --preset release --log-level=WARNING >/dev/null && cmake --build --preset release >/dev/null)
${CC:-cc} -O2 "$tools/bench/peer_ort.c" -o "$out/peer_ort" -ldl
