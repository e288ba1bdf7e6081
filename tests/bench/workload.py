"""Four blobs wholly and 400 random pieces, shared by eight threads; each byte is verified."""

import os
import random
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from content import Content
from machinery import GIB, MIB
from timing import timed

WHOLE = {f"work/whole-{number}.bin": 64 * MIB for number in range(4)}
PIECEMEAL = {f"work/pieces-{number}.bin": GIB for number in range(4)}
PIECES = 400
THREADS = 8


@dataclass(frozen=True)
class Task:
    """One file to open, and what to read of it, in this order."""
    content: Content
    pieces: list[tuple[int, int]]  # offset, length


@dataclass
class Outcome:
    end: float = 0.0  # on the monotonic clock
    seconds: float = 0.0
    reads: list[float] = field(default_factory=list)  # how long each took, seconds
    errors: list[str] = field(default_factory=list)

    def slowest(self) -> float:
        return max(self.reads, default=0.0)


def tasks(known: list[Content], seed: int) -> list[Task]:
    """The whole blobs first, as they take longest."""
    chance = random.Random(seed)
    whole = [Task(content, [(offset, MIB) for offset in range(0, content.size, MIB)])
             for content in known if content.name in WHOLE]
    others = [content for content in known if content.name in PIECEMEAL]
    return whole + [Task(content, [random_piece(content, chance)]) for content in chance.choices(others, k=PIECES)]


def random_piece(content: Content, chance: random.Random) -> tuple[int, int]:
    length = chance.randint(4096, MIB)
    return chance.randrange(content.size - length), length


def run(folder: Path, known: list[Content], seed: int) -> Outcome:
    outcome, left = Outcome(), deque(tasks(known, seed))
    with timed() as timer, ThreadPoolExecutor(THREADS) as pool:
        workers = [pool.submit(work_off, folder, left, outcome) for _ in range(THREADS)]
    for worker in workers:
        worker.result()  # raises what it raised
    outcome.end, outcome.seconds = time.monotonic(), timer.seconds
    return outcome


def work_off(folder: Path, left: deque, outcome: Outcome):
    while True:
        try:
            task = left.popleft()
        except IndexError:  # nothing is left
            return
        try:
            read(folder, task, outcome)
        except OSError as error:
            outcome.errors.append(str(error))


def read(folder: Path, task: Task, outcome: Outcome):
    file = os.open(folder / task.content.name, os.O_RDONLY)
    try:
        for offset, length in task.pieces:
            with timed() as timer:
                data = os.pread(file, length, offset)
            outcome.reads.append(timer.seconds)
            if not task.content.is_read(offset, length, data):
                outcome.errors.append(f"wrong bytes: {length} at {offset} of {task.content.name}")
    finally:
        os.close(file)
