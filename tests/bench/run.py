#!/usr/bin/env python3
"""Benches of blobmount on a loopback service, beside raw downloads in the same run. See README.md."""

import argparse
import os
import platform
from pathlib import Path

import bars
from disk import reread
from faults import faults
from kernel import passthrough, small_files
from listing import long_listing
from machinery import MIB, Setting
from memory import everything
from reading import first_byte, parallel, random_pieces, sequential, tails
from table import HEAD, Row, at_most
from tls import over_tls
from tree import long_walk, tree
from uring import over_io_uring

BENCHES = {"sequential": sequential, "parallel": parallel, "random": random_pieces, "first-byte": first_byte,
           "tails": tails, "reread": reread, "passthrough": passthrough, "small": small_files, "faults": faults,
           "ls": long_listing, "tree": tree, "memory": everything, "uring": over_io_uring, "tls": over_tls}
ONLY_WHEN_NAMED = {"long-walk": long_walk}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build/bench"), help="where blobmount was built")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scale", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("benches", nargs="*", metavar="BENCH",
                        help=f"of {', '.join(BENCHES)}, which are the default, and {', '.join(ONLY_WHEN_NAMED)}")
    arguments = parser.parse_args()
    known = BENCHES | ONLY_WHEN_NAMED
    unknown = set(arguments.benches) - set(known)
    if unknown:
        parser.error(f"no bench called {', '.join(sorted(unknown))}; there are {', '.join(known)}")

    setting = Setting(arguments.build.resolve(), arguments.runs, arguments.scale)
    print(f"{os.cpu_count()} cores, Linux {platform.release()}, medians of {setting.runs}\n\n{HEAD}", flush=True)
    peak = 0
    for name in arguments.benches or BENCHES:
        for row in known[name](setting):
            print(row, flush=True)
            peak = max(peak, row.memory)
    memory_bar = at_most(bars.PEAK_MEMORY / MIB, peak / MIB, "MiB")
    print(Row("peak memory over all of these", f"{peak / MIB:.0f} MiB", bars=memory_bar, memory=peak))


if __name__ == "__main__":
    main()
