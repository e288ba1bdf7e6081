#!/usr/bin/env python3
"""Benches of blobmount on a loopback service, beside raw curl and native files in the same run. See README.md."""

import argparse
import os
import platform
import statistics
import subprocess
import tempfile
from pathlib import Path

from machinery import (GIB, MIB, MODEL_A, MODEL_B, Mount, curl, curl_in_parallel, read_through, service, timed)

BLOBS_IN_FOLDER = 10_000


class Row:
    """One line of the table: the figures of blobmount and of what it is measured beside, run by run."""

    def __init__(self, work, unit, more_is_better):
        self.work, self.unit, self.more_is_better = work, unit, more_is_better
        self.ours, self.curl, self.native, self.cpu, self.memory = [], [], [], [], []

    def __str__(self):
        ours, curl_figure = statistics.median(self.ours), statistics.median(self.curl)
        pairs = [a / b if self.more_is_better else b / a for a, b in zip(self.ours, self.curl)]
        return (f"| {self.work} | {figure(ours)} {self.unit} | {figure(curl_figure)} {self.unit} | {statistics.median(pairs):.2f} "
                f"| {figure(statistics.median(self.native))} {self.unit} | {statistics.median(self.cpu):.2f} s "
                f"| {max(self.memory) / MIB:.0f} MiB |")


def figure(number):
    """Three digits that count."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def sequential(build, runs, model):
    """1 GiB from beginning to end, one reader."""
    row = Row(f"1 GiB sequentially, {model.name}", "MiB/s", more_is_better=True)
    with service(build, model, "--blob", "bench/big.bin:1GiB") as url, tempfile.NamedTemporaryFile() as native:
        native.write(os.urandom(MIB) * 1024)
        native.flush()
        for _ in range(runs):
            row.curl.append(1024 / curl_in_parallel(f"{url}/bench/big.bin", GIB))
            with Mount(build, url) as mount:
                row.ours.append(1024 / read_through(mount.path / "bench/big.bin"))
                row.cpu.append(mount.cpu_seconds())
                row.memory.append(mount.peak_memory())
            row.native.append(1024 / read_through(Path(native.name)))
    return row


def first_byte(build, runs, model):
    """From open to the first byte of a blob that nothing is known about."""
    row = Row(f"first byte of 1 GiB, {model.name}", "ms", more_is_better=False)
    with service(build, model, "--blob", "bench/big.bin:1GiB") as url, tempfile.NamedTemporaryFile() as native:
        native.write(os.urandom(MIB))
        native.flush()
        for _ in range(runs):
            seconds = curl("--range", "0-0", "--output", "/dev/null", "--write-out", "%{time_starttransfer}",
                           f"{url}/bench/big.bin")
            row.curl.append(float(seconds) * 1000)
            with Mount(build, url) as mount:
                row.ours.append(open_and_read_one(mount.path / "bench/big.bin") * 1000)
                row.cpu.append(mount.cpu_seconds())
                row.memory.append(mount.peak_memory())
            row.native.append(open_and_read_one(native.name) * 1000)
    return row


def open_and_read_one(path):
    with timed() as timer:
        file = os.open(path, os.O_RDONLY)
        os.read(file, 1)
    os.close(file)
    return timer.seconds


def long_listing(build, runs, model):
    """ls -l of 10,000 blobs; beside it curl with the List calls that it takes, one after the other."""
    row = Row(f"ls -l of {BLOBS_IN_FOLDER:,} blobs, {model.name}", "ms", more_is_better=False)
    with service(build, model, "--folder", f"bench/many/:{BLOBS_IN_FOLDER}x1KiB") as url, \
            tempfile.TemporaryDirectory() as native:
        for number in range(BLOBS_IN_FOLDER):
            Path(native, f"file-{number:06}").touch()
        for _ in range(runs):
            row.curl.append(raw_listing(url) * 1000)
            with Mount(build, url) as mount:
                row.ours.append(ls(mount.path / "bench/many") * 1000)
                row.cpu.append(mount.cpu_seconds())
                row.memory.append(mount.peak_memory())
            row.native.append(ls(native) * 1000)
    return row


def raw_listing(url):
    marker, seconds = "", 0.0
    while True:
        query = "restype=container&comp=list&include=metadata&prefix=many/&delimiter=/&maxresults=5000"
        with timed() as timer:
            page = curl(f"{url}/bench?{query}{'&marker=' + marker if marker else ''}")
        seconds += timer.seconds
        marker = page.partition("<NextMarker>")[2].partition("</NextMarker>")[0]
        if not marker:
            return seconds


def ls(directory):
    with timed() as timer:
        listed = subprocess.run(["ls", "-l", directory], check=True, capture_output=True).stdout
    shown = listed.count(b"\n") - 1
    if shown != BLOBS_IN_FOLDER:
        raise RuntimeError(f"ls shows {shown} of {BLOBS_IN_FOLDER} names")
    return timer.seconds


BENCHES = {"first-byte": first_byte, "sequential": sequential, "ls": long_listing}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build/bench"), help="where blobmount was built")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"of {', '.join(BENCHES)}; all by default")
    arguments = parser.parse_args()
    unknown = set(arguments.benches) - set(BENCHES)
    if unknown:
        parser.error(f"no bench called {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")

    print(f"{os.cpu_count()} cores, Linux {platform.release()}, medians of {arguments.runs}\n")
    print("| work | blobmount | raw curl | ratio | native file | daemon CPU | peak memory |")
    print("|---|---|---|---|---|---|---|")
    for name in arguments.benches or BENCHES:
        for model in (MODEL_A, MODEL_B):
            print(BENCHES[name](arguments.build.resolve(), arguments.runs, model), flush=True)


if __name__ == "__main__":
    main()
