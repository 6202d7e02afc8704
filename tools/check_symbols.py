#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the built libraries show and hold.

usage: check_symbols.py <build folder> <include/edgeml.h>
- libedgeml.so and libedgeml.a define em_* for others, all that the header declares, and nothing else
- every internal symbol starts with eml_, so that no two modules meet by chance
- no object of the library has writable data
"""
import os
import pathlib
import re
import subprocess
import sys

# Generated from proto/onnx.proto, protobuf-c, 32-bit x86 code: not ours to name; inside the libraries they are hidden.
FOREIGN = re.compile(r"onnx__|protobuf_c_|__x86\.")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def defined(library, *options):
    lines = (line.split() for line in run(os.environ.get("NM", "nm"), "--defined-only", *options, str(library)).splitlines())
    return {fields[2].split("@")[0] for fields in lines if len(fields) == 3 and fields[1] != "A"}


def main():
    build, header = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    findings = []
    declared = set(re.findall(r"EM_API\b[^;(]*?\b(em_\w+)\(", header.read_text(encoding="utf-8")))
    checked = []
    for library, options in ((build / "libedgeml.so", ["-D"]), (build / "libedgeml.a", ["-g"])):
        if not library.exists():
            continue
        checked.append(library.name)
        symbols = defined(library, *options)
        findings += [f"{library.name}: {name} is visible" for name in sorted(symbols - declared)]
        findings += [f"{library.name}: {name} is declared and missing" for name in sorted(declared - symbols)]

    internal = build / "libedgeml_internal.a"
    for name in sorted(defined(internal, "-g")):
        if not re.match(r"eml?_", name) and not FOREIGN.match(name):
            findings.append(f"{internal.name}: {name} should start with eml_")
    member = ""
    for line in run(os.environ.get("OBJDUMP", "objdump"), "-t", str(internal)).splitlines():
        if ":     file format" in line:
            member = line.split(":")[0]
        # What has no name is a compiler's own: the pool of addresses on s390x lies in .data.
        symbol = re.match(r"[0-9a-f]+ .{6}O (\S+)\s+([0-9a-f]+)\s+(.+)", line)
        if symbol and re.match(r"\.(data(?!\.rel\.ro)|bss|tdata|tbss)|\*COM\*", symbol.group(1)):
            findings.append(f"{internal.name}({member}): {symbol.group(3)} is writable data in {symbol.group(1)}")

    for finding in findings:
        print(finding)
    print(f"{', '.join(checked)}: {len(declared)} public functions, {len(findings)} findings")
    return 1 if findings or not checked or not declared else 0


if __name__ == "__main__":
    sys.exit(main())
