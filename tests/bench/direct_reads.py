#!/usr/bin/env python3
"""One job: 4 KiB reads of FILE at random places, past the page cache, for so many seconds. Prints how many.
direct_reads.py FILE SIZE SECONDS SEED"""

import mmap
import os
import random
import sys
import time

BLOCK = 4096


def main():
    file, size, seconds, seed = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    chance = random.Random(seed)
    buffer = mmap.mmap(-1, BLOCK)  # at the address of a page, as O_DIRECT wants it
    descriptor = os.open(file, os.O_RDONLY | os.O_DIRECT)
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        os.preadv(descriptor, [buffer], chance.randrange(size // BLOCK) * BLOCK)
        count += 1
    print(count)


if __name__ == "__main__":
    main()
