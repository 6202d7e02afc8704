#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs edgeml bench and its peers in turn and prints the table of bench_peers.sh.

    measure_peers.py EDGEML LIBEDGEML PEER_ORT PEER_TL2CGEN MODELS SECONDS ROUNDS

Each figure is the median over the rounds; in a round every program runs once, so that a slow moment of the machine
meets all of them. One thread everywhere.
"""
import json
import pathlib
import platform
import statistics
import subprocess
import sys

import onnxruntime

BATCHES = (1, 10000)


def output(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return json.loads(done.stdout)


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def main(edgeml, library, peer_ort, peer_tl2cgen, models, seconds, rounds):
    ort = next(pathlib.Path(onnxruntime.__file__).parent.glob("capi/libonnxruntime.so.*"))
    found = {}  # (model, rows, program) -> list of results
    names = [path.stem for path in sorted(pathlib.Path(models).glob("*.onnx"))]
    for number in range(int(rounds)):
        for name in names:
            model = pathlib.Path(models) / f"{name}.onnx"
            for rows in BATCHES:
                if sys.stderr.isatty():
                    print(f"\r\x1b[Kround {number + 1} of {rounds}: {name}, {rows} rows", end="", file=sys.stderr, flush=True)
                ours = output(edgeml, "bench", model, "--batch", rows, "--seconds", seconds, "--no-profile", "--json")
                ours["load_ms"] = ours["first_load_ms"] + ours["session_ms"]  # cold, as the peer's
                found.setdefault((name, rows, "edgeml"), []).append(ours)
                found.setdefault((name, rows, "ort"), []).append(output(peer_ort, ort, model, rows, seconds))
                if name == "xgboost":
                    compiled = output(peer_tl2cgen, model.with_suffix(".so"), 10, rows, seconds)
                    found.setdefault((name, rows, "tl2cgen"), []).append(compiled)
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)

    def median(name, rows, program, key):
        return statistics.median(result[key] for result in found[name, rows, program])

    print(f"{processor()}, one thread; ONNX Runtime {onnxruntime.__version__}; median of {rounds} rounds\n")
    print("Each cell: edgeml, ONNX Runtime, how many times as much.\n")
    figures = [("one row, us", 1, "median_us", 1.0, "{:.2f}"), ("10,000 rows, ms", 10000, "median_us", 1e-3, "{:.2f}"),
               ("load, ms", 1, "load_ms", 1.0, "{:.2f}"), ("peak memory, MB", 1, "peak_rss_kb", 1e-3, "{:.1f}")]
    print("| model |" + "".join(f" {title} |" for title, *_ in figures) + "\n|" + " --- |" * (len(figures) + 1))
    for name in names:
        cells = [name]
        for _, rows, key, scale, form in figures:
            ours, theirs = (median(name, rows, program, key) * scale for program in ("edgeml", "ort"))
            cells.append(f"{form.format(ours)}, {form.format(theirs)}, **{theirs / ours:.1f}**")
        print("| " + " | ".join(cells) + " |")
    if "xgboost" in names:
        one, many = (median("xgboost", rows, "tl2cgen", "median_us") for rows in BATCHES)
        print(f"\nxgboost compiled to C by tl2cgen (the trees only, no label, nothing to load): {one:.2f} us for one row, "
              f"{many * 1e-3:.2f} ms for 10,000")
    mine, other = pathlib.Path(library).resolve().stat().st_size, ort.stat().st_size
    print(f"\nshared library: {mine:,} and {other:,} bytes, {other / mine:.0f} times")


if __name__ == "__main__":
    main(*sys.argv[1:])
