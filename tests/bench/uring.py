"""Bench of cold reads whose requests come over io_uring, beside raw curl in turns."""

import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import bars
from machinery import GIB, MEMORY_BUDGET, MIB, MODEL_B, Mount, blobs, service
from raw import curl_in_parallel
from reading import WARM_UP, read_warm
from table import Row, Samples, at_least, at_most, digits
from timing import read_directly, read_through

BLOB = "bench/big.bin"
SWITCH = Path(__file__).parent.parent / "support/with_io_uring.sh"


def over_io_uring(setting):
    """1 GiB from beginning to end, through the page cache and past it; nothing where the kernel has no io_uring."""
    with io_uring() as offered:
        if offered:
            yield one_way(setting, "1 GiB sequentially, B, io_uring", read_through, bars.URING_RATIO, bars.URING_CPU)
            yield one_way(setting, "the same in 1 MiB reads with O_DIRECT", read_directly, bars.URING_DIRECT_RATIO, None)


def one_way(setting, work, read, ratio_bar, cpu_bar):
    samples, size = Samples(), setting.size(GIB)
    with service(setting.build, MODEL_B, *blobs({BLOB: size, WARM_UP: setting.size(2 * MEMORY_BUDGET)})) as fake:
        for _ in range(setting.runs):
            curl_seconds = curl_in_parallel({f"{fake.url}/{BLOB}": size})
            with Mount(setting.build, fake.url, "--io-uring", "on") as mount:
                seconds, cpu = read_warm(mount, {BLOB: size}, read)
                samples.add(ours=size / MIB / seconds, curl=size / MIB / curl_seconds, cpu=cpu, memory=mount.peak_memory())
    ratio, cpu = samples.ratio("ours", "curl"), samples.median("cpu")
    return Row(work, f"{digits(samples.median('ours'))} MiB/s", f"curl {digits(samples.median('curl'))} MiB/s", ratio,
               at_least(ratio_bar, ratio, "of curl") + at_most(cpu_bar, cpu, "CPU s/GiB"), f"{cpu:.2f} s/GiB",
               samples.largest("memory"))


@contextmanager
def io_uring():
    """Whether the kernel has FUSE over io_uring: switched on meanwhile, and then what it was."""
    with tempfile.TemporaryDirectory() as directory:
        before = Path(directory) / "before"
        subprocess.run([SWITCH, "--on", before], check=True)
        try:
            yield subprocess.run([SWITCH, "true"], check=False, stdout=subprocess.DEVNULL).returncode == 0
        finally:
            subprocess.run([SWITCH, "--back", before], check=True)
