"""Bench of a long listing, beside the List calls that it takes and a native directory."""

import subprocess
import tempfile
from pathlib import Path

from machinery import MODEL_A, MODEL_B, Mount, service
from raw import curl
from table import Row, Samples, digits
from timing import timed

BLOBS = 10_000


def long_listing(setting):
    """ls -l of 10,000 blobs; beside it curl with the List calls that it takes, one after the other."""
    for model in (MODEL_A, MODEL_B):
        samples = Samples()
        with service(setting.build, model, "--folder", f"bench/many/:{BLOBS}x1KiB") as fake, \
                tempfile.TemporaryDirectory() as native:
            for number in range(BLOBS):
                Path(native, f"file-{number:06}").touch()
            for _ in range(setting.runs):
                raw = raw_listing(fake.url)
                with Mount(setting.build, fake.url) as mount:
                    samples.add(ours=ls(mount.path / "bench/many") * 1000, curl=raw * 1000, native=ls(native) * 1000,
                                cpu=mount.cpu_seconds(), memory=mount.peak_memory())
        beside = f"curl {digits(samples.median('curl'))} ms, native {digits(samples.median('native'))} ms"
        yield Row(f"ls -l of {BLOBS:,} blobs, {model.name}", f"{digits(samples.median('ours'))} ms", beside,
                  samples.ratio("curl", "ours"), cpu=f"{samples.median('cpu'):.2f} s", memory=samples.largest("memory"))


def raw_listing(url):
    marker, seconds = "", 0.0
    while True:
        query = "restype=container&comp=list&include=metadata&prefix=many/&delimiter=/&maxresults=5000"
        with timed() as timer:
            page = curl(f"{url}/bench?{query}{'&marker=' + marker if marker else ''}")
        seconds += timer.seconds
        marker = page.partition("<NextMarker>")[2].partition("</NextMarker>")[0]
        if not marker:
            return seconds


def ls(directory):
    with timed() as timer:
        listed = subprocess.run(["ls", "-l", directory], check=True, capture_output=True).stdout
    shown = listed.count(b"\n") - 1
    if shown != BLOBS:
        raise RuntimeError(f"ls shows {shown} of {BLOBS} names")
    return timer.seconds
