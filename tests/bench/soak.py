#!/usr/bin/env python3
"""Minutes of mixed readers on a failing service: right bytes, no error, flat memory, or exit status 1. See README.md."""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from content import Content, contents
from disk import allocated
from machinery import GIB, MEMORY_BUDGET, MIB, MODEL_A, MODEL_B, Mount, blobs, service
from processes import Processes

SIZES = {"soak/large-0.bin": GIB, "soak/large-1.bin": GIB, "soak/middle.bin": 100 * MIB + 4097,
         "soak/small.bin": 200_001, "soak/tiny.bin": 1}
FAULTS = ({"fault": "status", "status": 500, "first": 50, "every": 50},
          {"fault": "reset", "request": "get_blob", "bytes": 40_000, "first": 100, "every": 100},
          {"fault": "truncate", "request": "get_blob", "bytes": 30_001, "first": 70, "every": 70},
          {"fault": "stall", "request": "get_blob", "bytes": 20_000, "time_ms": 3000, "first": 150, "every": 150})
STALL_TIMEOUT = 1
DISK_TIER = 300 * MIB  # so small that blobs are evicted all the time
LARGEST_GROWTH = 1.05
MOST_RESIDENT = MEMORY_BUDGET + 64 * MIB  # at any moment
PRINTED_EVERY = 10  # seconds
PATIENCE = 90       # seconds that a last read may take: blobmount gives up after a minute


def from_the_beginning(file: int, content: Content, _):
    for offset in range(0, content.size, MIB):
        yield offset, MIB, os.pread(file, MIB, offset)


def anywhere(file: int, content: Content, chance: random.Random):
    for _ in range(200):
        offset, length = chance.randrange(content.size), chance.choice((1, 4096, 65536, 300_000, MIB))
        yield offset, length, os.pread(file, length, offset)


def the_end(file: int, content: Content, chance: random.Random):
    length = min(chance.choice((1, 4096, 100_000)), content.size)
    yield content.size - length, length, os.pread(file, length, content.size - length)


def the_first_bytes(file: int, _, __):
    yield 0, 4096, os.pread(file, 4096, 0)


READERS = (from_the_beginning, from_the_beginning, anywhere, anywhere, anywhere, the_end, the_first_bytes)


class Findings:
    """What a reader saw."""

    def __init__(self):
        self.reads, self.bytes, self.slowest, self.faults = 0, 0, 0.0, []


def read_on(folder: Path, known: list[Content], deadline: float, number: int) -> Findings:
    """Reader `number`: a file after the other, in its own way, until `deadline`."""
    chance, findings = random.Random(number), Findings()
    while time.monotonic() < deadline:
        content = chance.choice(known)
        try:
            read_file(folder, content, READERS[number], chance, deadline, findings)
        except OSError as error:
            findings.faults.append(str(error))
        time.sleep(0.01)  # leave something of the processors to the daemon
    return findings


def read_file(folder, content, reader, chance, deadline, findings):
    file = os.open(folder / content.name, os.O_RDONLY)
    try:
        before = time.monotonic()
        for offset, length, data in reader(file, content, chance):
            if not content.is_read(offset, length, data):
                findings.faults.append(f"wrong bytes: {length} at {offset} of {content.name}")
            findings.reads, findings.bytes = findings.reads + 1, findings.bytes + len(data)
            now = time.monotonic()
            findings.slowest, before = max(findings.slowest, now - before), now
            if now > deadline:
                return
    finally:
        # or soon the kernel has all of it, and asks blobmount for nothing
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)


def watch(mount: Mount, directory: Path, deadline: float) -> list[int]:
    """Resident memory of the daemon, second by second."""
    sizes, start = [], time.monotonic()
    while (now := time.monotonic()) < deadline:
        if len(sizes) % PRINTED_EVERY == 0:
            print(f"{now - start:5.0f} s  resident {mount.memory() / MIB:6.1f} MiB  "
                  f"disk {allocated(directory) / MIB:6.1f} MiB  CPU {mount.cpu_seconds():6.1f} s", flush=True)
        sizes.append(mount.memory())
        time.sleep(1)
    return sizes


def complaints(findings: list[Findings], sizes: list[int], peak: int) -> list[str]:
    faults = sum((found.faults for found in findings), [])
    third = len(sizes) // 3
    middle, last = statistics.median(sizes[third:2 * third]), statistics.median(sizes[2 * third:])
    print(f"middle third {middle / MIB:.1f} MiB, last third {last / MIB:.1f} MiB, peak {peak / MIB:.1f} MiB")
    if peak > MOST_RESIDENT:
        faults.append(f"had {peak / MIB:.0f} MiB resident")
    if last > middle * LARGEST_GROWTH:
        faults.append("memory grows")
    return faults


def soak(build: Path, model, seconds: float, with_disk: bool) -> list[str]:
    """Run, and return what went wrong."""
    print(f"{'with' if with_disk else 'without'} a disk tier", flush=True)
    with service(build, model, *blobs(SIZES)) as fake, tempfile.TemporaryDirectory() as directory:
        known = contents(fake, SIZES)
        disk = ("--cache-dir", directory, "--cache-size", f"{DISK_TIER // MIB}MiB") if with_disk else ()
        with Mount(build, fake.url, *disk, "--stall-timeout", str(STALL_TIMEOUT)) as mount:
            fake.set_faults(*FAULTS)
            deadline = time.monotonic() + seconds
            readers = Processes(len(READERS), partial(read_on, mount.path, known, deadline))
            sizes = watch(mount, Path(directory), deadline)
            findings = readers.results(PATIENCE)
            for reader, found in zip(READERS, findings):
                print(f"{reader.__name__}: {found.reads:,} reads, {found.bytes / MIB:,.0f} MiB, "
                      f"slowest {found.slowest:.1f} s, {len(found.faults)} faults")
            stats = fake.stats()
            print(f"service: {stats['requests']}, {stats['body_bytes'] / MIB:,.0f} MiB, {stats['faults']} faults")
            return complaints(findings, sizes, mount.peak_memory())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build/bench"), help="where blobmount was built")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--network", choices="AB", default="A", help="the network's model")
    arguments = parser.parse_args()

    model = {"A": MODEL_A, "B": MODEL_B}[arguments.network]
    found = []
    for with_disk in (False, True):  # for half of the time each
        found += soak(arguments.build.resolve(), model, arguments.minutes * 30, with_disk)
    for fault in found[:20]:
        print(f"FAULT: {fault}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
