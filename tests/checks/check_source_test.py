#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that tools/check_source.py finds what it is there for: each law is broken once, in a tree of its own."""
import pathlib
import subprocess
import sys
import tempfile

CHECK = pathlib.Path(__file__).resolve().parent.parent.parent / "tools/check_source.py"
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"

BROKEN = {  # path: (text, a part of the finding)
    "src/base/upward.c": ('#include "graph/graph.h"\n', "base must not see graph"),
    "src/ops/sideways.c": ('#include "load/model.h"\n', "ops must not see load"),
    "src/tensor/fast.c": ('#include "kernels/kernels.h"\n', "below the kernels' users"),
    "src/kernels/status.c": ('#include "base/status.h"\n', "sees only kernels, cpu and the compiler"),
    "src/plan/print.c": ("#include <stdio.h>\n", "nor one it may use"),
    "src/ops/proto.c": ('#include "onnx.pb-c.h"\n', "only for src/load/"),
    "src/exec/vector.c": ("#include <immintrin.h>\n", "intrinsics are for kernels and cpu"),
    "src/exec/named.c": ("int x_avx2;\n", "instruction sets are named"),
    "src/graph/heap.c": ("void f(void) { void *p = malloc(3); }\n", "memory comes from base/alloc"),
    "src/graph/stop.c": ("void f(void) { abort(); }\n", "never ends the program"),
    "src/graph/branch.c": ("void f(void) {\n#if X\n    g();\n#endif\n}\n", "#if inside a function"),
    "src/graph/later.c": ("/* TO" + "DO: think */\n", "do it, or open an issue"),
    "src/graph/long.c": ("int x;\n" * 601, "longer than 600 lines"),
    "src/ops/twin.c": ("", "another file is called twin.c"),
}
SOUND = {
    "src/exec/sound.c": '#include "base/status.h"\n#include "plan/plan.h"\n#include <string.h>\n'
                        '/* never abort(), never malloc( */\n#if Y\nint f(void) { return hooks.free(1), p->exit(1); }\n#endif\n',
    "src/load/reader.c": '#include "onnx.pb-c.h"\n#include "graph/graph.h"\n',
    "src/kernels/vector.c": '#include <immintrin.h>\n#include "kernels/kernels.h"\n',
}


def check(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            file = pathlib.Path(root, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(SPDX + text)
        return subprocess.run([sys.executable, str(CHECK), root], capture_output=True, text=True)


def main():
    failed = 0
    sound = check(SOUND)
    if sound.returncode != 0:
        failed += 1
        print(f"sound files are refused:\n{sound.stdout}")
    for path, (text, finding) in BROKEN.items():
        files = {path: text, **({"src/plan/twin.c": ""} if "twin" in path else {})}
        done = check(files)
        if done.returncode != 1 or finding not in done.stdout:
            failed += 1
            print(f"{path} should give '{finding}', gave {done.returncode}:\n{done.stdout}{done.stderr}")
    with tempfile.TemporaryDirectory() as root:
        file = pathlib.Path(root, "src/base/bare.c")
        file.parent.mkdir(parents=True)
        file.write_text("int x;\n")
        done = subprocess.run([sys.executable, str(CHECK), root], capture_output=True, text=True)
        if "SPDX" not in done.stdout:
            failed += 1
            print("a file without its licence line passes")
    print(f"{len(BROKEN) + 1} laws, {failed} not kept by the check")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
