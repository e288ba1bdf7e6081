"""What blobmount is measured beside: the same bytes fetched by curl, or by a plain HTTP client."""

import http.client
import random
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

from machinery import MIB
from timing import timed

CONNECTIONS = 16
PART = 16 * MIB


def curl(*arguments: str) -> str:
    command = ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def curl_range(url: str, first: int, length: int, figure: str = "time_total") -> float:
    """Seconds, as curl tells them, for one range on a new connection."""
    return float(curl("--range", f"{first}-{first + length - 1}", "--output", "/dev/null",
                      "--write-out", f"%{{{figure}}}", url))


def curl_in_parallel(sizes: dict[str, int], ca_file: Path | None = None) -> float:
    """Seconds that a raw parallel download of these URLs takes: ranges of PART bytes on CONNECTIONS, thrown away."""
    trust = f'cacert = "{ca_file}"\n' if ca_file else ""
    ranges = [(url, first, min(first + PART, size) - 1)
              for url, size in sizes.items() for first in range(0, size, PART)]
    requests = [f'url = "{url}"\nrange = "{first}-{last}"\noutput = "/dev/null"\nno-progress-meter\nfail\nnoproxy = "*"\n{trust}'
                for url, first, last in ranges]
    with tempfile.NamedTemporaryFile("w", suffix=".curlrc") as config:
        config.write("next\n".join(requests))
        config.flush()
        with timed() as timer:
            subprocess.run(["curl", "--no-progress-meter", "--parallel", "--parallel-immediate",
                            "--parallel-max", str(CONNECTIONS), "--config", config.name], check=True)
    return timer.seconds


def random_gets(url: str, size: int, length: int, seconds: float, seed: int) -> int:
    """How many GETs of aligned ranges of `length` bytes one connection does in `seconds`."""
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port)
    chance, count, deadline = random.Random(seed), 0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        first = chance.randrange(size // length) * length
        connection.request("GET", address.path, headers={"Range": f"bytes={first}-{first + length - 1}"})
        if len(connection.getresponse().read()) != length:
            raise RuntimeError("the service sent too little")
        count += 1
    connection.close()
    return count
