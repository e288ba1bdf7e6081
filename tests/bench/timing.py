"""Stopwatch, and the plain ways to read a file."""

import mmap
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from machinery import MIB


@dataclass
class Timer:
    seconds: float = 0.0


@contextmanager
def timed():
    timer = Timer()
    start = time.perf_counter()
    yield timer
    timer.seconds = time.perf_counter() - start


def read_through(path: Path, block: int = MIB) -> float:
    """Seconds to read all of a file, `block` bytes at a time."""
    buffer, total = bytearray(block), 0
    with timed() as timer, open(path, "rb", buffering=0) as file:
        while count := file.readinto(buffer):
            total += count
    if total != os.path.getsize(path):
        raise RuntimeError(f"{path} ends after {total} bytes")
    return timer.seconds


def read_directly(path: Path, block: int = MIB) -> float:
    """The same past the page cache."""
    total = 0
    with mmap.mmap(-1, block) as buffer, timed() as timer:  # aligned, as O_DIRECT may want it
        file = os.open(path, os.O_RDONLY | os.O_DIRECT)
        while count := os.preadv(file, [buffer], total):
            total += count
        os.close(file)
    if total != os.path.getsize(path):
        raise RuntimeError(f"{path} ends after {total} bytes")
    return timer.seconds


def open_and_read(path: Path, offset: int, length: int) -> tuple[float, bytes]:
    """Seconds from open to the bytes, and the bytes."""
    with timed() as timer:
        file = os.open(path, os.O_RDONLY)
        data = os.pread(file, length, offset)
    os.close(file)
    return timer.seconds, data


def warm_up_memory(size: int):
    """Touches as much free memory as is about to be filled. Virtual machines return what is free to their host:
    the first touch after that takes over a second for each GiB, whoever's memory it becomes."""
    with mmap.mmap(-1, size) as memory:
        chunk = bytes(4 * MIB)
        for offset in range(0, size - len(chunk) + 1, len(chunk)):
            memory[offset : offset + len(chunk)] = chunk
