"""Benches of reading through a mount, beside raw downloads in the same run."""

import os
import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import bars
from content import contents
from machinery import GIB, MEMORY_BUDGET, MIB, MODEL_A, MODEL_B, Mount, blobs, service
from processes import Processes
from raw import curl_in_parallel, curl_range, random_gets
from table import Bar, Row, Samples, at_least, at_most, digits
from timing import open_and_read, read_through, timed, warm_up_memory

WARM_UP = "bench/warm-up.bin"
RANDOM_SECONDS = 10
JOBS = 16


def sequential(setting):
    """1 GiB from beginning to end, one reader."""
    for model in (MODEL_A, MODEL_B):
        work = f"1 GiB sequentially, {model.name}"
        bars_ = bars.SEQUENTIAL_RATIO[model.name], bars.SEQUENTIAL_CPU[model.name]
        yield streams(setting, model, work, {"bench/big.bin": setting.size(GIB)}, *bars_)


def parallel(setting):
    """Four streams at once."""
    sizes = {f"bench/stream-{number}.bin": setting.size(512 * MIB) for number in range(4)}
    yield streams(setting, MODEL_A, "4 × 512 MiB in parallel, A", sizes, bars.PARALLEL_RATIO, None)


def streams(setting, model, work, sizes, ratio_bar, cpu_bar):
    """Each blob by a thread of its own, raw curl and blobmount taking turns."""
    samples, total = Samples(), sum(sizes.values())
    with service(setting.build, model, *blobs(sizes | {WARM_UP: setting.size(2 * MEMORY_BUDGET)})) as fake:
        for _ in range(setting.runs):
            curl_seconds = curl_in_parallel({f"{fake.url}/{name}": size for name, size in sizes.items()})
            with Mount(setting.build, fake.url) as mount:
                seconds, cpu = read_warm(mount, sizes)
                samples.add(ours=total / MIB / seconds, curl=total / MIB / curl_seconds, cpu=cpu,
                            memory=mount.peak_memory())
    ratio, cpu = samples.ratio("ours", "curl"), samples.median("cpu")
    return Row(work, f"{digits(samples.median('ours'))} MiB/s", f"curl {digits(samples.median('curl'))} MiB/s", ratio,
               at_least(ratio_bar, ratio, "of curl") + at_most(cpu_bar, cpu, "CPU s/GiB"), f"{cpu:.2f} s/GiB",
               samples.largest("memory"))


def read_warm(mount: Mount, sizes: dict[str, int], read=read_through) -> tuple[float, float]:
    """Seconds for these blobs, each by a thread of its own, and CPU seconds of the daemon for each GiB."""
    total = sum(sizes.values())
    read_through(mount.path / WARM_UP)  # fills the budget
    warm_up_memory(total)  # the kernel's page cache will be as large
    cpu_before = mount.cpu_seconds()
    with timed() as timer, ThreadPoolExecutor(len(sizes)) as pool:
        list(pool.map(read, [mount.path / name for name in sizes]))
    return timer.seconds, (mount.cpu_seconds() - cpu_before) / (total / GIB)


def random_pieces(setting):
    """4 KiB at random places by 16 jobs; beside it GETs of a page of the cache each, by as many connections."""
    samples, size, seconds = Samples(), setting.size(GIB), RANDOM_SECONDS / setting.scale
    sizes = {f"bench/random-{number}.bin": size for number in range(4)}
    with service(setting.build, MODEL_A, *blobs(sizes)) as fake:
        known = contents(fake, sizes)
        for run in range(setting.runs):
            url = f"{fake.url}/{known[0].name}"
            gets = Processes(JOBS, lambda job: random_gets(url, size, 64 * 1024, seconds, seed=run * JOBS + job))
            raw = sum(gets.results(timeout=seconds + 60)) / seconds
            with Mount(setting.build, fake.url) as mount:
                fake.reset_stats()
                reads = Processes(JOBS, partial(read_at_random, mount.path, known, seconds, run * JOBS))
                times = sorted(sum(reads.results(timeout=seconds + 60), []))
                samples.add(iops=len(times) / seconds, raw=raw, p50=statistics.median(times) * 1000,
                            p99=times[len(times) * 99 // 100] * 1000,
                            amplification=fake.stats()["body_bytes"] / (len(times) * 4096),
                            cpu=mount.cpu_seconds(), memory=mount.peak_memory())
    iops, p50, p99, amplification = (samples.median(name) for name in ("iops", "p50", "p99", "amplification"))
    yield Row(f"4 KiB at random, {JOBS} jobs, 4 × 1 GiB, A",
              f"{digits(iops)} IOPS, p50 {digits(p50)} ms, p99 {digits(p99)} ms, network × {amplification:.1f}",
              f"raw GETs of 64 KiB {digits(samples.median('raw'))}/s", samples.ratio("iops", "raw"),
              at_least(bars.RANDOM_IOPS, iops, "IOPS") + at_most(bars.RANDOM_P99_MS, p99, "ms p99") +
              at_most(bars.RANDOM_AMPLIFICATION, amplification, "× network"),
              f"{samples.median('cpu'):.2f} s in {digits(seconds)} s", samples.largest("memory"))


def read_at_random(folder, known, seconds, first_seed, job):
    """How long each read took."""
    chance, times = random.Random(first_seed + job), []
    files = [(content, os.open(folder / content.name, os.O_RDONLY)) for content in known]
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        content, file = chance.choice(files)
        offset = chance.randrange(content.size // 4096) * 4096
        with timed() as timer:
            data = os.pread(file, 4096, offset)
        if not content.is_read(offset, 4096, data):
            raise RuntimeError(f"wrong bytes at {offset} of {content.name}")
        times.append(timer.seconds)
    return times


def first_byte(setting):
    """From open to the first byte of a blob that nothing is known about."""
    for model in (MODEL_A, MODEL_B):
        samples = Samples()
        with service(setting.build, model, *blobs({"bench/big.bin": GIB})) as fake:
            for _ in range(setting.runs):
                raw = curl_range(f"{fake.url}/bench/big.bin", 0, 1, figure="time_starttransfer")
                with Mount(setting.build, fake.url) as mount:
                    seconds, _ = open_and_read(mount.path / "bench/big.bin", 0, 1)
                    samples.add(ours=seconds * 1000, curl=raw * 1000, cpu=mount.cpu_seconds(),
                                memory=mount.peak_memory())
        ours = samples.median("ours")
        yield Row(f"first byte of 1 GiB, {model.name}", f"{digits(ours)} ms", f"curl {digits(samples.median('curl'))} ms",
                  samples.ratio("curl", "ours"), at_most(bars.FIRST_BYTE_MS[model.name], ours, "ms"),
                  f"{samples.median('cpu'):.2f} s", samples.largest("memory"))


def tails(setting):
    """The last 4 KiB of four blobs, where the indexes of archives and columns stand."""
    samples, sizes = Samples(), {f"bench/tail-{number}.bin": GIB for number in range(4)}
    with service(setting.build, MODEL_A, *blobs(sizes)) as fake:
        known = contents(fake, sizes)
        for _ in range(setting.runs):
            with Mount(setting.build, fake.url) as mount:
                for content in known:
                    read_tail(fake, mount, content, samples)
    gets, size = samples.largest("gets"), samples.largest("bytes")
    yield Row("last 4 KiB of each of four 1 GiB, A",
              f"{digits(samples.median('ours'))} ms, {gets} GET, {digits(size / 1024)} KiB",
              f"curl {digits(samples.median('curl'))} ms", samples.ratio("curl", "ours"),
              at_most(bars.TAIL_MS, samples.median("ours"), "ms") + [Bar(f"{bars.TAIL_GETS} GET", gets == bars.TAIL_GETS)] +
              at_most(bars.TAIL_BYTES / 1024, size / 1024, "KiB"),
              f"{samples.median('cpu'):.2f} s", samples.largest("memory"))


def read_tail(fake, mount, content, samples):
    offset = content.size - 4096
    raw = curl_range(f"{fake.url}/{content.name}", offset, 4096)
    fake.reset_stats()
    seconds, data = open_and_read(mount.path / content.name, offset, 4096)
    if not content.is_read(offset, 4096, data):
        raise RuntimeError(f"wrong bytes at the end of {content.name}")
    time.sleep(0.1)  # what is fetched needlessly comes later
    stats = fake.stats()
    samples.add(ours=seconds * 1000, curl=raw * 1000, gets=stats["requests"]["get_blob"], bytes=stats["body_bytes"],
                cpu=mount.cpu_seconds(), memory=mount.peak_memory())
