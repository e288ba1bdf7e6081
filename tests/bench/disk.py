"""Bench of the disk tier: what a remount reads without the network."""

import os
import tempfile
import time
from pathlib import Path

import bars
from machinery import MIB, MODEL_A, Mount, blobs, service
from table import Bar, Row, Samples, at_least, digits
from timing import read_through, warm_up_memory

BLOB = "bench/kept.bin"


def reread(setting):
    """512 MiB again after a remount; beside it the cold read that filled the disk tier."""
    samples, size = Samples(), setting.size(512 * MIB)
    with service(setting.build, MODEL_A, *blobs({BLOB: size})) as fake:
        for _ in range(setting.runs):
            with tempfile.TemporaryDirectory() as directory:
                options = ("--cache-dir", directory, "--cache-size", "2GiB")
                warm_up_memory(3 * size)  # for the daemon, the page cache of the mount, and that of the disk
                with Mount(setting.build, fake.url, *options) as mount:
                    cold = read_through(mount.path / BLOB)
                    wait_until_written(Path(directory))
                os.sync()  # or the disk is busy with it while we measure
                with Mount(setting.build, fake.url, *options) as mount:
                    fake.reset_stats()
                    again = read_through(mount.path / BLOB)
                    samples.add(ours=size / MIB / again, cold=size / MIB / cold, gets=fake.blob_gets(),
                                cpu=mount.cpu_seconds(), memory=mount.peak_memory())
    gets, ratio = samples.largest("gets"), samples.ratio("ours", "cold")
    yield Row("512 MiB again after a remount, from disk, A", f"{digits(samples.median('ours'))} MiB/s, {gets} GETs",
              f"cold {digits(samples.median('cold'))} MiB/s", ratio,
              [Bar(f"{bars.REREAD_GETS} GETs", gets == bars.REREAD_GETS)] +
              at_least(bars.REREAD_RATIO, ratio, "of cold"),
              f"{samples.median('cpu'):.2f} s", samples.largest("memory"))


def wait_until_written(directory: Path):
    """Until the disk tier, which is filled behind the reader's back, has not grown for a second."""
    size, since, deadline = -1, time.monotonic(), time.monotonic() + 60
    while time.monotonic() < min(since + 1, deadline):
        time.sleep(0.1)
        if size != (now := allocated(directory)):
            size, since = now, time.monotonic()


def allocated(directory: Path) -> int:
    """Bytes that the files below `directory` take on the disk."""
    total = 0
    for file in directory.rglob("*"):
        try:
            total += file.stat().st_blocks * 512
        except FileNotFoundError:  # evicted or renamed just now
            pass
    return total
