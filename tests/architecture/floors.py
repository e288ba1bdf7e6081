#!/usr/bin/env python3
"""Keeps the house in order: a folder of src/ includes itself, include/blobmount and the floors below it, a third-party
header has one home, headers form no cycles, and every header compiles alone. Usage: floors.py ROOT COMPILER [FLAG...]"""
import pathlib
import re
import subprocess
import sys

FLOORS = ["base", "http", "auth", "blob", "cache", "file", "tree", "fuse", "app"]
HOMES = {
    "curl/": {"http"}, "pugixml": {"blob"}, "nlohmann/": {"auth", "app"}, "fuse": {"fuse"},
    "CLI/": {"app"}, "openssl/": {"http", "auth"}, "isa-l": {"cache"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def complaints_about(floor, quoted, header):
    """`floor` is None for the public headers, which stand below all floors."""
    below = FLOORS[: FLOORS.index(floor) + 1] if floor else []
    if quoted and header.split("/")[0] not in ["blobmount", *below]:
        yield "is not on a floor below"
    for name, homes in HOMES.items():
        if not quoted and header.startswith(name) and floor not in homes:
            yield f"belongs to {' and '.join(sorted(homes))} only"


def complaints(root):
    for path in sorted([*root.glob("src/**/*.[ch]pp"), *root.glob("include/**/*.hpp")]):
        place = path.relative_to(root)
        floor = place.parts[1] if place.parts[0] == "src" else None
        if floor and floor not in FLOORS:
            yield f"{place}: '{floor}' is no floor of the house"
            continue
        for bracket, header in INCLUDE.findall(path.read_text()):
            for complaint in complaints_about(floor, bracket == '"', header):
                yield f"{place}: {header} {complaint}"


def depends_on_itself(root):
    """Floors rule out cycles between folders; this finds those between the headers of one."""
    headers = {str(path.relative_to(base)): path for base in (root / "src", root / "include")
               for path in base.glob("**/*.hpp")}
    finished = set()

    def visit(name, above):
        if name in above:
            yield "headers include each other: " + " -> ".join([*above[above.index(name):], name])
        elif name in headers and name not in finished:
            for _, included in INCLUDE.findall(headers[name].read_text()):
                yield from visit(included, [*above, name])
            finished.add(name)

    for name in sorted(headers):
        yield from visit(name, [])


def compiles_alone(root, compiler):
    """Where NAME.cpp begins with NAME.hpp, the build has proved it already."""
    for path in sorted([*root.glob("include/**/*.hpp"), *root.glob("src/**/*.hpp")]):
        source = path.with_suffix(".cpp")
        if source.exists():
            first = INCLUDE.search(source.read_text())
            if not first or first[2] != str(path.relative_to(root / "src")):
                yield f"{source.relative_to(root)}: its own header comes first"
            continue
        command = [*compiler, "-std=c++20", "-fsyntax-only", "-x", "c++", "-I", root / "include", "-I", root / "src", path]
        said = subprocess.run(command, capture_output=True, text=True)
        if said.returncode != 0:
            yield f"{path.relative_to(root)} does not compile alone:\n{said.stderr}"


if __name__ == "__main__":
    house = pathlib.Path(sys.argv[1])
    found = [*complaints(house), *depends_on_itself(house), *compiles_alone(house, sys.argv[2:])]
    print("\n".join(found))
    sys.exit(1 if found else 0)
