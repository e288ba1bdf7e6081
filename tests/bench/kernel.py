"""Bench of files that the kernel reads by itself (passthrough), beside the same bytes in a file of the disk; and of what it
costs to open them."""

import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import bars
from disk import wait_until_written
from machinery import MIB, MODEL_B, Mount, blobs, service
from table import Row, Samples, at_least, at_most, digits
from timing import read_through, warm_up_memory

BLOB = "bench/kept.bin"
SMALL = 1000
SMALL_SIZE = 16 * 1024
JOBS = 4
JOB_SECONDS = 3


@contextmanager
def kept(setting, *flags: str):
    """A mount with a cache directory, the directory, and the fake service."""
    with tempfile.TemporaryDirectory() as directory:
        with service(setting.build, MODEL_B, *flags) as fake:
            options = ("--cache-dir", directory, "--cache-size", "4GiB", "--consistency", "cached:1h")
            with Mount(setting.build, fake.url, *options) as mount:
                yield mount, Path(directory), fake


def complete(mount, directory: Path, size: int) -> Path:
    """Have BLOB on the disk, checked; where it is."""
    for _ in range(5):
        read_through(mount.path / BLOB)
        wait_until_written(directory)
    return next(file for file in directory.glob("*.data") if file.stat().st_size == size)


def passthrough(setting):
    """1 GiB that is on the disk: from the page cache, from the disk, and at random past the page cache."""
    samples, size = Samples(), setting.size(1024 * MIB)
    with kept(setting, *blobs({BLOB: size})) as (mount, directory, fake):
        warm_up_memory(3 * size)
        native = complete(mount, directory, size)
        fake.reset_stats()
        for _ in range(setting.runs):
            read_through(native)
            cpu = mount.cpu_seconds()
            run = {"warm": size / MIB / read_through(mount.path / BLOB)}
            run["cpu"] = mount.cpu_seconds() - cpu
            run["native"] = size / MIB / read_through(native)
            for name, file in (("cold", mount.path / BLOB), ("native_cold", native)):
                drop_caches()
                run[name] = size / MIB / read_through(file)
            run["iops"], run["native_iops"] = direct_iops(mount.path / BLOB, size), direct_iops(native, size)
            samples.add(**run)
        gets, memory = fake.blob_gets(), mount.peak_memory()
    ratio = samples.ratio("warm", "native")
    yield Row("1 GiB from the disk tier, page cache warm", f"{digits(samples.median('warm'))} MiB/s, {gets} GETs",
              f"native file {digits(samples.median('native'))} MiB/s", ratio,
              at_least(bars.PASSTHROUGH_RATIO, ratio, "of native") +
              at_most(bars.PASSTHROUGH_CPU, samples.median("cpu"), "CPU s"), f"{samples.median('cpu'):.2f} s", memory)
    ratio = samples.ratio("cold", "native_cold")
    yield Row("the same after drop_caches", f"{digits(samples.median('cold'))} MiB/s",
              f"native file {digits(samples.median('native_cold'))} MiB/s", ratio,
              at_least(bars.PASSTHROUGH_RATIO, ratio, "of native"))
    ratio = samples.ratio("iops", "native_iops")
    yield Row(f"4 KiB at random, O_DIRECT, {JOBS} jobs, from the disk tier", f"{digits(samples.median('iops'))} IOPS",
              f"native file {digits(samples.median('native_iops'))} IOPS", ratio,
              at_least(bars.DIRECT_RATIO, ratio, "of native"))


def small_files(setting):
    """Opening, reading and closing small files that are cached, one after the other, again and again."""
    samples = Samples()
    with kept(setting, "--folder", f"bench/small/:{SMALL}x{SMALL_SIZE}") as (mount, directory, fake):
        folder = mount.path / "bench/small"
        files = sorted(folder / name for name in os.listdir(folder))
        for _ in range(4):  # fetched, written, checked
            rate_of_opens(files)
            wait_until_written(directory)
        natives = [file for file in directory.glob("*.data") if file.stat().st_size == SMALL_SIZE]
        assert len(natives) == SMALL
        for _ in range(setting.runs):
            cpu, rate = mount.cpu_seconds(), rate_of_opens(files)
            samples.add(ours=rate, cpu=mount.cpu_seconds() - cpu, native=rate_of_opens(natives),
                        memory=mount.peak_memory())
    ratio = samples.ratio("ours", "native")
    yield Row(f"opening, reading, closing {SMALL:,} × 16 KiB again and again", f"{digits(samples.median('ours'))}/s",
              f"native files {digits(samples.median('native'))}/s", ratio,
              at_least(bars.OPEN_RATIO, ratio, "of native"), f"{samples.median('cpu'):.2f} s for {5 * SMALL:,}",
              samples.largest("memory"))


def rate_of_opens(files: list[Path]) -> float:
    names, rounds = [os.fspath(file) for file in files], 5
    began = time.perf_counter()
    for _ in range(rounds):
        for name in names:
            descriptor = os.open(name, os.O_RDONLY)
            os.read(descriptor, SMALL_SIZE)
            os.close(descriptor)
    return rounds * len(names) / (time.perf_counter() - began)


def direct_iops(file: Path, size: int) -> float:
    """4 KiB reads past the page cache by several processes."""
    script = Path(__file__).with_name("direct_reads.py")
    jobs = [subprocess.Popen(["python3", script, file, str(size), str(JOB_SECONDS), str(job)], stdout=subprocess.PIPE,
                             text=True) for job in range(JOBS)]
    return sum(int(job.communicate(timeout=60)[0]) for job in jobs) / JOB_SECONDS


def drop_caches():
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")
