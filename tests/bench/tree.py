"""Benches of the tree: listings, walks, small files."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import bars
from listing import raw_listing
from machinery import MIB, MODEL_A, Mount, blobs, service
from table import Bar, Row, Samples, at_most, digits
from timing import timed

LIST_LATENCY = ("--list-ms", "60")
SLOW_LISTS = "A, lists 60 ms"
MANY, HUGE = 100_000, 1_000_000
FOLDERS, IN_FOLDER = 100, 100
SMALL_FOLDERS, SMALL_IN_FOLDER, SMALL_SIZE = 10, 100, "16KiB"
LONG_FOLDERS, IN_LONG_FOLDER = 1000, 10_000


def tree(setting):
    yield from long_listing(setting)
    yield huge_listing(setting)
    yield walk(setting)
    yield small_files(setting, "cp -r of 1,000 × 16 KiB in 10 directories", copy_all, bars.COPY_SECONDS)
    yield small_files(setting, "grep -r over the same", grep_all, bars.GREP_SECONDS)
    yield absent_names(setting)
    yield stat_among_siblings(setting)
    yield repeated_walk(setting)


def long_listing(setting):
    """ls -l of 100,000 blobs, and again while it is fresh."""
    cold, again = Samples(), Samples()
    with tree_service(setting, f"bench/many/:{setting.size(MANY)}x1KiB") as fake:
        for _ in range(setting.runs):
            raw = raw_listing(fake.url)
            with Mount(setting.build, fake.url, "--consistency", "cached:10m") as mount:
                for samples in (cold, again):
                    before = mount.cpu_seconds()
                    fake.reset_stats()
                    with timed() as timer:
                        lines = run("ls", "-l", mount.path / "bench/many").count(b"\n") - 1
                    expect(lines, setting.size(MANY), "lines")
                    samples.add(seconds=timer.seconds, curl=raw, lists=lists(fake), requests=requests(fake),
                                cpu=mount.cpu_seconds() - before, memory=mount.peak_memory())
    seconds, most_lists, cpu = cold.median("seconds"), cold.largest("lists"), cold.median("cpu")
    yield Row(f"ls -l of {MANY:,} blobs, {SLOW_LISTS}", f"{digits(seconds)} s, {most_lists} List",
              f"curl {digits(cold.median('curl'))} s", cold.ratio("curl", "seconds"),
              at_most(bars.LS_SECONDS, seconds, "s") + at_most(bars.LS_LISTS, most_lists, "List") +
              at_most(bars.LS_CPU, cpu, "CPU s"), f"{cpu:.2f} s", cold.largest("memory"))
    yield Row("the same again within its age", f"{digits(again.median('seconds'))} s, "
              f"{again.largest('requests')} requests", "", None, no_requests(again),
              f"{again.median('cpu'):.2f} s", again.largest("memory"))


def huge_listing(setting):
    samples, count = Samples(), setting.size(HUGE)
    with tree_service(setting, f"bench/huge/:{count}x1KiB") as fake:
        with Mount(setting.build, fake.url) as mount:
            idle = mount.peak_memory()
            with timed() as timer:
                names = run("ls", mount.path / "bench/huge").count(b"\n")
            expect(names, count, "names")
            samples.add(seconds=timer.seconds, memory=mount.peak_memory(), growth=mount.peak_memory() - idle,
                        cpu=mount.cpu_seconds())
    growth = samples.largest("growth")
    return Row(f"ls of {HUGE:,} blobs, {SLOW_LISTS}, one run", f"{digits(samples.median('seconds'))} s, "
               f"{growth / MIB:.0f} MiB above idle", "", None, at_most(bars.HUGE_MIB, growth / MIB, "MiB"),
               f"{samples.median('cpu'):.2f} s", samples.largest("memory"))


def walk(setting):
    """find with sizes."""
    samples = Samples()
    with tree_service(setting, f"bench/tree/:{FOLDERS}x{IN_FOLDER}x1KiB") as fake:
        for _ in range(setting.runs):
            with Mount(setting.build, fake.url) as mount:
                fake.reset_stats()
                with timed() as timer:
                    names = run("find", mount.path / "bench/tree", "-type", "f", "-size", "+0").count(b"\n")
                expect(names, FOLDERS * IN_FOLDER, "names")
                samples.add(seconds=timer.seconds, lists=lists(fake), cpu=mount.cpu_seconds(),
                            memory=mount.peak_memory())
    seconds, most = samples.median("seconds"), samples.largest("lists")
    return Row(f"find with sizes over {FOLDERS} × {IN_FOLDER} blobs, {SLOW_LISTS}", f"{digits(seconds)} s, {most} List",
               "", None, at_most(bars.FIND_SECONDS, seconds, "s") + at_most(bars.FIND_LISTS, most, "List"),
               f"{samples.median('cpu'):.2f} s", samples.largest("memory"))


def long_walk(setting):
    """find with sizes over ten million blobs, once: the daemon's memory is looked at each million of names."""
    in_folder = setting.size(IN_LONG_FOLDER)
    count, names, memory = LONG_FOLDERS * in_folder, 0, []
    with tree_service(setting, f"bench/long/:{LONG_FOLDERS}x{in_folder}x1KiB") as fake:
        # else a name whose turn comes ten seconds after its page costs a HEAD and a List
        with Mount(setting.build, fake.url, "--consistency", "cached:1h") as mount:
            command = ["nice", "find", mount.path / "bench/long", "-type", "f", "-size", "+0"]
            with timed() as timer, subprocess.Popen(command, stdout=subprocess.PIPE) as find:
                for names, _ in enumerate(find.stdout, 1):
                    if names % (count // 10) == 0:
                        memory.append(mount.memory())
                        print(f"{names:,} names: {memory[-1] / MIB:.0f} MiB", file=sys.stderr, flush=True)
            expect(find.returncode, 0, "find")
            expect(names, count, "names")
            lists_made, cpu, peak = lists(fake), mount.cpu_seconds(), mount.peak_memory()
    curve = ", ".join(f"{bytes_then / MIB:.0f}" for bytes_then in memory)
    growth = (memory[-1] - max(memory[:5])) / MIB
    yield Row(f"find with sizes over {LONG_FOLDERS:,} × {in_folder:,} blobs, {SLOW_LISTS}, cached:1h, one run",
              f"{digits(timer.seconds)} s, {lists_made:,} List; after each tenth {curve} MiB", "", None,
              at_most(bars.LONG_WALK_GROWTH_MIB, growth, "MiB more at the end than in the first half"),
              f"{digits(cpu)} s", peak)


def small_files(setting, work, job, bar):
    samples, files = Samples(), SMALL_FOLDERS * SMALL_IN_FOLDER
    with tree_service(setting, f"bench/small/:{SMALL_FOLDERS}x{SMALL_IN_FOLDER}x{SMALL_SIZE}") as fake:
        for _ in range(setting.runs):
            with Mount(setting.build, fake.url) as mount:
                fake.reset_stats()
                with timed() as timer:
                    job(mount.path / "bench/small", files)
                wasted = fake.stats()["body_bytes"] / (files * 16 * 1024) - 1
                samples.add(seconds=timer.seconds, requests=requests(fake), wasted=wasted, cpu=mount.cpu_seconds(),
                            memory=mount.peak_memory())
    seconds, wasted = samples.median("seconds"), samples.largest("wasted")
    return Row(f"{work}, {SLOW_LISTS}", f"{digits(seconds)} s, {samples.median('requests'):.0f} requests, "
               f"{wasted:.0%} of the bytes in vain", "", None,
               at_most(bar, seconds, "s") + at_most(bars.WASTED, wasted, "in vain"),
               f"{samples.median('cpu'):.2f} s", samples.largest("memory"))


def copy_all(source, files):
    with tempfile.TemporaryDirectory() as target:
        run("cp", "-r", source, target)
        expect(sum(len(names) for _, _, names in os.walk(target)), files, "copies")


def grep_all(source, _):
    found = subprocess.run(["grep", "-r", "no such text", source], capture_output=True)
    expect(found.returncode, 1, "grep")


def absent_names(setting):
    samples = Samples()
    with tree_service(setting, f"bench/some/:{IN_FOLDER}x1KiB") as fake:
        for _ in range(setting.runs):
            with Mount(setting.build, fake.url) as mount:
                os.listdir(mount.path / "bench/some")
                fake.reset_stats()
                with timed() as timer:
                    for number in range(300):
                        expect(os.path.exists(mount.path / f"bench/some/absent-{number}"), False, "absent name")
                samples.add(seconds=timer.seconds, requests=requests(fake), cpu=mount.cpu_seconds(),
                            memory=mount.peak_memory())
    return Row("300 absent names in a listed directory", f"{digits(samples.median('seconds') * 1000)} ms, "
               f"{samples.largest('requests')} requests", "", None, no_requests(samples),
               f"{samples.median('cpu'):.2f} s", samples.largest("memory"))


def stat_among_siblings(setting):
    """One blob in a directory of 10,000 whose names begin with its name."""
    samples = Samples()
    names = ["bench/d/name"] + [f"bench/d/name-{number:05}" for number in range(10_000)]
    with service(setting.build, MODEL_A, *LIST_LATENCY, *blobs({name: 1024 for name in names})) as fake:
        for _ in range(setting.runs):
            with Mount(setting.build, fake.url) as mount:
                os.stat(mount.path / "bench/d")
                fake.reset_stats()
                with timed() as timer:
                    os.stat(mount.path / "bench/d/name")
                stats = fake.stats()["requests"]
                samples.add(seconds=timer.seconds, heads=stats["head_blob"], lists=stats["list_blobs"],
                            cpu=mount.cpu_seconds(), memory=mount.peak_memory())
    heads, most = samples.largest("heads"), samples.largest("lists")
    return Row(f"stat of one blob among 10,000 whose names begin with its name, {SLOW_LISTS}",
               f"{digits(samples.median('seconds') * 1000)} ms, {heads} HEAD, {most} List", "", None,
               at_most(1, heads, "HEAD") + at_most(1, most, "List"), f"{samples.median('cpu'):.2f} s",
               samples.largest("memory"))


def repeated_walk(setting):
    """find, stat and read of 2,000 small files, as git status does it, once more."""
    samples = Samples()
    with tree_service(setting, "bench/sources/:20x100x1KiB") as fake:
        for _ in range(setting.runs):
            with Mount(setting.build, fake.url, "--consistency", "cached:10m") as mount:
                read_all(mount.path / "bench/sources")
                fake.reset_stats()
                with timed() as timer:
                    read_all(mount.path / "bench/sources")
                samples.add(seconds=timer.seconds, requests=requests(fake), cpu=mount.cpu_seconds(),
                            memory=mount.peak_memory())
    return Row("find, stat and read of 2,000 files again while fresh", f"{digits(samples.median('seconds'))} s, "
               f"{samples.largest('requests')} requests", "", None, no_requests(samples),
               f"{samples.median('cpu'):.2f} s", samples.largest("memory"))


def read_all(folder):
    files = 0
    for directory, _, names in os.walk(folder):
        for name in names:
            path = Path(directory, name)
            expect(len(path.read_bytes()), path.stat().st_size, "bytes")
            files += 1
    expect(files, 2000, "files")


def tree_service(setting, folder):
    return service(setting.build, MODEL_A, *LIST_LATENCY, "--folder", folder)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout


def expect(found, wanted, what):
    if found != wanted:
        raise RuntimeError(f"{what}: {found}, not {wanted}")


def lists(fake):
    return fake.stats()["requests"]["list_blobs"]


def requests(fake):
    return sum(fake.stats()["requests"].values())


def no_requests(samples):
    return [Bar("0 requests", samples.largest("requests") == 0)]
