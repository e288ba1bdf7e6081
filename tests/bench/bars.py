"""What is asked of the read engine, of what the kernel reads by itself, and of the tree. None: the figure is printed without a verdict."""

from machinery import MIB

SEQUENTIAL_RATIO = {"A": 0.85, "B": 0.33}  # of raw curl's rate, at least
SEQUENTIAL_CPU = {"A": 1.0, "B": None}      # s/GiB, at most
PARALLEL_RATIO = 0.85
URING_RATIO, URING_CPU = 0.42, 0.8
URING_DIRECT_RATIO = 0.6
TLS_RATIO = 0.5                            # of raw curl's rate over TLS, at least
RANDOM_IOPS = 1200
RANDOM_P99_MS = 30
RANDOM_AMPLIFICATION = 24                  # network bytes for each byte read, at most
FIRST_BYTE_MS = {"A": 30, "B": None}
TAIL_MS = 24
TAIL_GETS = 1
TAIL_BYTES = 64 * 1024
REREAD_GETS = 0
REREAD_RATIO = 1.2                         # of the cold rate, at least
PASSTHROUGH_RATIO = 0.9                    # of the native file
PASSTHROUGH_CPU = 0.02                     # of the daemon for 1 GiB
DIRECT_RATIO = 0.8
OPEN_RATIO = 0.09
FAILING_SECONDS = 5                        # the workload while every 10th request fails
SLOWEST_AFTER_STALL = 3                    # seconds on top of the stall timeout
AFTER_OUTAGE_SECONDS = 5
PEAK_MEMORY = 320 * MIB

LS_SECONDS = 3                             # ls -l of 100,000 blobs
LS_LISTS = 21
LS_CPU = 1.2
HUGE_MIB = 300                             # above idle, for a million names
FIND_SECONDS = 0.6
FIND_LISTS = 5
LONG_WALK_GROWTH_MIB = 20                  # over the second half of ten million names
COPY_SECONDS = 1.2
GREP_SECONDS = 1.2
WASTED = 0.2                               # of the bytes, at most
