#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs edgeml bench and ONNX Runtime in turn on real models and prints a table.

    measure_models.py EDGEML PEER_ORT SECONDS ROUNDS MODEL_FOLDER ...

A model folder is laid out as ONNX's own tests: model.onnx and test_data_set_0/input_0.pb, ... In a round each program
runs each model once, so that a slow moment of the machine meets both. One thread; the smallest time of all rounds,
which other work on the machine touches least.
"""
import pathlib
import sys

import onnxruntime
from measure_peers import output, processor


def main(edgeml, peer_ort, seconds, rounds, *folders):
    ort = next(pathlib.Path(onnxruntime.__file__).parent.glob("capi/libonnxruntime.so.*"))
    best = {}
    refused = {}
    for number in range(int(rounds)):
        for folder in map(pathlib.Path, folders):
            if folder.name in refused:
                continue
            if sys.stderr.isatty():
                print(f"\r\x1b[Kround {number + 1} of {rounds}: {folder.name}", end="", file=sys.stderr, flush=True)
            model, data = folder / "model.onnx", folder / "test_data_set_0"
            try:
                ours = output(edgeml, "bench", model, "--test-data", data, "--seconds", seconds, "--no-profile", "--json")
                theirs = output(peer_ort, ort, model, data, seconds)
            except SystemExit as failed:
                refused[folder.name] = str(failed).splitlines()[-1]
                continue
            ours["load_ms"] = ours["first_load_ms"] + ours["session_ms"]  # cold, as the peer's
            for program, result in (("edgeml", ours), ("ort", theirs)):
                known = best.setdefault((folder.name, program), dict(result))
                for key in ("min_us", "load_ms", "peak_rss_kb"):
                    known[key] = min(known[key], result[key])
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)

    print(f"{processor()}, one thread; ONNX Runtime {onnxruntime.__version__}; smallest of {rounds} rounds\n")
    print("Each cell: edgeml, ONNX Runtime, how many times as much.\n")
    figures = [("run, us", "min_us", 1.0, "{:.1f}"), ("load, ms", "load_ms", 1.0, "{:.2f}"),
               ("peak memory, MB", "peak_rss_kb", 1e-3, "{:.1f}")]
    print("| model |" + "".join(f" {title} |" for title, *_ in figures) + "\n|" + " --- |" * (len(figures) + 1))
    for name in (pathlib.Path(folder).name for folder in folders):
        if name in refused:
            continue
        cells = [name]
        for _, key, scale, form in figures:
            ours, theirs = (best[name, program][key] * scale for program in ("edgeml", "ort"))
            cells.append(f"{form.format(ours)}, {form.format(theirs)}, **{theirs / ours:.2f}**")
        print("| " + " | ".join(cells) + " |")
    for name, reason in refused.items():
        print(f"\nnot measured: {name}: {reason}")


if __name__ == "__main__":
    main(*sys.argv[1:])
