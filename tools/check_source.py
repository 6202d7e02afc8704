#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The laws of the source tree that no compiler checks (src/README.md says why): who may include whom, who may call what.

usage: check_source.py [root of the repository]; prints file:line: finding, exits 1 when there is one.
"""
import collections
import pathlib
import re
import sys

# A folder may include its own headers and those of the folders below it, never those beside or above.
RANK = {"base": 0, "tensor": 1, "graph": 2, "load": 3, "ops": 3, "passes": 4, "plan": 5, "exec": 6, "api": 7}
ISLANDS = {"kernels", "cpu"}  # see only each other and the compiler; ops and everything above may see them

COMPILER_HEADERS = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdalign.h", "limits.h", "float.h", "string.h",
                    "math.h", "tgmath.h", "inttypes.h", "stdatomic.h", "assert.h"}
# Headers beyond those: the only files that may include them.
SYSTEM_HEADERS = {
    "stdlib.h": ["src/base/alloc.c", "src/cpu/select.c"],
    "fcntl.h": ["src/load/file.c"],
    "unistd.h": ["src/load/file.c", "src/exec/"],
    "errno.h": ["src/load/file.c"],
    "io.h": ["src/load/file.c"],
    "sys/": ["src/base/alloc.c", "src/load/file.c", "src/cpu/"],
    "windows.h": ["src/load/file.c", "src/exec/"],
    "pthread.h": ["src/exec/"],
    "time.h": ["src/exec/"],
    "onnx.pb-c.h": ["src/load/"],
    "protobuf-c/": ["src/load/"],
    "eml_ops_enabled.def": ["src/ops/registry.c"],
}
INTRINSICS = re.compile(r"(mmintrin|immintrin|x86intrin|intrin|arm_neon|arm_mve|arm_sve|wasm_simd128|cpuid)\.h$")

# Calls and names that only the listed places may have.
FORBIDDEN = [
    (r"\b(malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup|alloca)\s*\(", ["src/base/alloc.c"],
     "memory comes from base/alloc"),
    (r"\b(abort|exit|_Exit|quick_exit|longjmp|setjmp)\s*\(", [], "the library never ends the program"),
    (r"\b(f|s|sn|v|vf|vs|vsn|)printf\s*\(|\b(puts|putchar|fputs|perror|fopen|fread|fwrite)\s*\(", [],
     "the library neither prints nor uses stdio"),
    (r"\bstrerror\s*\(", ["src/load/file.c"], "the reason of a failed system call, where files are read"),
    (r"\b(getenv|secure_getenv)\s*\(", ["src/cpu/"], "the environment is read in cpu only"),
    (r"\b(setlocale|strtok|rand|srand)\s*\(", [], "hidden global state"),
    (r"\b(strtod|strtof|strtold|atof)\s*\(", [], "depends on the locale"),
    (r"\b[Oo]nnx__\w+|\bprotobuf_c_\w+|\bProtobufC\w+", ["src/load/"], "protobuf is seen in load only"),
]
ISA_WORDS = {"avx", "avx2", "avx512", "avx512f", "avx512bw", "avx512vl", "avx512vnni", "vnni", "sse", "sse2", "sse41",
             "sse42", "neon", "sve", "helium", "mve", "simd128", "mm256", "mm512"}
MARKERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MAX_LINES = 600
SPDX = "SPDX-License-Identifier: Apache-2.0"


def blank(text):
    """The text with comments blanked, and with strings and characters blanked too (second result)."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    space = lambda m: re.sub(r"[^\n]", " ", m.group())
    no_comments = token.sub(lambda m: space(m) if m.group()[0] == "/" else m.group(), text)
    return no_comments, token.sub(space, text)


def allowed(path, places):
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in places)


def check_include(path, folder, name):
    """None, or what is wrong with this file including that header."""
    if INTRINSICS.search(name):
        return None if folder in ISLANDS else f"{name}: intrinsics are for kernels and cpu"
    for header, places in SYSTEM_HEADERS.items():
        if name == header or (header.endswith("/") and name.startswith(header)):
            return None if allowed(path, places) else f"{name} is only for {', '.join(places)}"
    if name in COMPILER_HEADERS:
        return None
    if name == "edgeml.h":
        return "edgeml.h: kernels and cpu see the compiler only" if folder in ISLANDS else None
    if "/" not in name and name.endswith(".h"):
        return f"{name}: neither a header of this project (written folder/name.h) nor one it may use"
    target = name.split("/")[0]
    if folder in ISLANDS:
        return None if target in ISLANDS else f"{name}: {folder} sees only kernels, cpu and the compiler"
    if target in ISLANDS:
        return None if RANK[folder] >= RANK["ops"] else f"{name}: {folder} is below the kernels' users"
    if target not in RANK and "/" in name:
        return f"{name}: no such folder in src"
    if target in RANK and target != folder and RANK[target] >= RANK[folder]:
        return f"{name}: {folder} must not see {target}"
    return None


def check_library_file(path, text):
    folder = path.split("/")[1]
    code, bare = blank(text)
    for number, line in enumerate(code.split("\n"), 1):
        include = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if include:
            finding = check_include(path, folder, include.group(1))
            if finding:
                yield number, finding
    depth = 0
    for number, line in enumerate(bare.split("\n"), 1):
        is_directive = line.lstrip().startswith("#")
        if not is_directive or "define" in line:
            for pattern, places, why in FORBIDDEN:
                for match in re.finditer(pattern, line):
                    before = line[: match.start()].rstrip()
                    if not before.endswith((".", "->")) and not allowed(path, places):
                        yield number, f"{match.group().strip('( ')}: {why}"
        if folder not in ISLANDS:
            words = {w for w in re.split(r"[^a-z0-9]+", line.lower())}
            for word in sorted(words & ISA_WORDS):
                yield number, f"{word}: instruction sets are named in cpu and kernels only"
            if is_directive and path.endswith(".c"):
                if depth > 0 and re.match(r"\s*#\s*if", line):
                    yield number, "#if inside a function: choose between functions or files instead"
            elif not is_directive:
                depth += line.count("{") - line.count("}")


def check_any_file(path, text):
    lines = text.split("\n")
    if not any(SPDX in line for line in lines[:2]):
        yield 1, f"the first line must say {SPDX}"
    if path.startswith("src/") and path.endswith((".c", ".h")) and len(lines) > MAX_LINES:
        yield len(lines), f"longer than {MAX_LINES} lines: is there one noun in it?"
    for number, line in enumerate(lines, 1):
        if MARKERS.search(line) and not path.endswith("check_source.py"):
            yield number, f"{MARKERS.search(line).group()}: do it, or open an issue"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    suffixes = {".c", ".h", ".inc", ".def", ".py", ".sh", ".cmake"}
    files = sorted(p for top in ("src", "include", "tests", "tools", "examples", ".ci") for p in (root / top).rglob("*")
                   if p.is_file() and p.suffix in suffixes)
    findings = 0
    stems = collections.defaultdict(list)
    for file in files:
        path = file.relative_to(root).as_posix()
        text = file.read_text(encoding="utf-8")
        found = list(check_any_file(path, text))
        if path.startswith("src/") and file.suffix != ".md":
            stems[file.name].append(path)
            found += check_library_file(path, text)
        for number, finding in sorted(found):
            print(f"{path}:{number}: {finding}")
            findings += 1
    for name, paths in stems.items():
        if len(paths) > 1:
            print(f"{paths[0]}:1: another file is called {name}: {', '.join(paths[1:])}")
            findings += 1
    print(f"{len(files)} files, {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
