#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over the library and the command, each file once: of the kernels' several compilations the first (scalar).

usage: check_tidy.py <build folder with compile_commands.json> [part of a path ...]; exits 1 on any finding.
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile


def main():
    build, parts = pathlib.Path(sys.argv[1]), sys.argv[2:]
    root = pathlib.Path(__file__).resolve().parent.parent
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
        if name.startswith(("src/", "tools/", "examples/")) and any(part in name for part in parts or [""]):
            commands.setdefault(str(path), entry)
    with tempfile.TemporaryDirectory() as once:
        pathlib.Path(once, "compile_commands.json").write_text(json.dumps(list(commands.values())))

        def check(file):
            # An unknown warning option is gcc's, not a finding.
            command = ["clang-tidy", "-quiet", "-p", once, "--extra-arg=-Wno-unknown-warning-option", file]
            done = subprocess.run(command, capture_output=True, text=True)
            return file, done.returncode, done.stdout + (done.stderr if done.returncode else "")

        failed = 0
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for file, code, output in pool.map(check, sorted(commands)):
                if code:
                    failed += 1
                    print(output)
    print(f"clang-tidy: {len(commands)} files, {failed} with findings")
    return 1 if failed or not commands else 0


if __name__ == "__main__":
    sys.exit(main())
