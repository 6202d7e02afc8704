#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that each operator of src/ops/ops.def builds alone (EDGEML_OPS=that): the library made of the common objects,
that operator's file and a registry with that one line links with nothing undefined. Only the registry is compiled again.

usage: check_single_ops.py <build folder>; exits 1 when an operator needs another one's file.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

LINE = re.compile(r"^\s*EML_OP\(\s*(\w+)\s*,\s*(\w+)\s*,\s*([\w/]+)\s*,\s*\d+\s*\)", re.M)


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(__file__).resolve().parent.parent
    operators = list(LINE.finditer((root / "src/ops/ops.def").read_text()))
    families = {(root / "src/ops" / (match.group(3) + ".c")) for match in operators}
    cache = (build / "CMakeCache.txt").read_text()

    common, family_object, registry = [], {}, None
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        words = shlex.split(entry["command"])
        output = str(pathlib.Path(entry["directory"], words[words.index("-o") + 1]))
        if path in families:
            family_object[path] = output
        elif path == root / "src/ops/registry.c":
            registry = entry
        elif path.is_relative_to(root / "src"):
            common.append(output)
    if not registry or not operators:
        print("no registry in the build, or no operator in the table")
        return 1
    symbols = root / "tools/cmake/edgeml.map"
    compiler = re.search(r"^CMAKE_C_COMPILER:\w+=(.+)$", cache, re.M).group(1)

    with tempfile.TemporaryDirectory() as folder:
        archive = pathlib.Path(folder, "common.a")
        error = run(["ar", "qc", str(archive), *common], folder)
        if error:
            print(error)
            return 1

        def check(match):
            tag, name, stem = match.groups()
            place = pathlib.Path(folder, f"{tag}.{name}")
            place.mkdir()
            (place / "eml_ops_enabled.def").write_text(match.group().strip() + "\n")
            command = shlex.split(registry["command"])
            if pathlib.Path(command[0]).name == "ccache":
                command = command[1:]
            command[command.index("-o") + 1] = str(place / "registry.o")
            command.insert(1, f"-I{place}")
            library = place / "lib.so"
            error = run(command, registry["directory"]) or run(
                [compiler, "-shared", "-o", str(library), "-Wl,--no-undefined", f"-Wl,--version-script={symbols}",
                 str(place / "registry.o"), family_object[root / "src/ops" / (stem + ".c")],
                 "-Wl,--whole-archive", str(archive), "-Wl,--no-whole-archive", "-lm", "-pthread"], folder)
            library.unlink(missing_ok=True)
            return f"{tag}.{name}", error

        failed = 0
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for name, error in pool.map(check, operators):
                if error:
                    failed += 1
                    print(f"{name} does not build alone:\n{error}")
    print(f"{len(operators)} operators built alone, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
