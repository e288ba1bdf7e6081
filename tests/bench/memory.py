"""Bench of the memory budget: everything that takes memory, at once."""

import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bars
from machinery import GIB, MIB, MODEL_A, Mount, blobs, service
from table import Row, at_most

NAMES = 1_000_000
SMALL_FOLDERS, SMALL_IN_FOLDER = 100, 100
SIZE = GIB


def everything(setting):
    """A million names listed, 10,000 small files copied, 1 GiB streamed, all kept on disk; then each once more."""
    names, size = setting.size(NAMES), setting.size(SIZE)
    content = ("--list-ms", "60", "--folder", f"bench/many/:{names}x1KiB",
               "--folder", f"bench/small/:{SMALL_FOLDERS}x{SMALL_IN_FOLDER}x16KiB", *blobs({"bench/large": size}))
    peak = 0
    with service(setting.build, MODEL_A, *content) as fake, tempfile.TemporaryDirectory() as cache:
        for _ in ("cold", "from the disk"):
            with Mount(setting.build, fake.url, "--cache-dir", cache, "--cache-size", "4GiB") as mount:
                for _ in range(2):
                    all_at_once(mount.path / "bench", names)
                peak = max(peak, mount.peak_memory())
    yield Row(f"peak memory, everything at once: {names:,} names, 10,000 × 16 KiB, {size // MIB:,} MiB, a disk tier",
              f"{peak / MIB:.0f} MiB", bars=at_most(bars.PEAK_MEMORY / MIB, peak / MIB, "MiB"), memory=peak)


def all_at_once(folder: Path, names: int):
    with tempfile.TemporaryDirectory() as target, ThreadPoolExecutor() as pool:
        work = [pool.submit(list_all, folder / "many", names),
                pool.submit(run, "cp", "-r", folder / "small", target),
                pool.submit(run, "cat", folder / "large")]
        for one in work:
            one.result()


def list_all(folder: Path, names: int):
    listing = subprocess.Popen(["ls", "-U", folder], stdout=subprocess.PIPE)
    shown = sum(1 for _ in listing.stdout)
    if listing.wait() != 0 or shown != names:
        raise RuntimeError(f"ls shows {shown} of {names} names")


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
