"""What the benches run against: the fake Blob service, mounts of it, curl, and native files. Standard library only."""

import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
GIB = 1024 * MIB
ACCOUNT = "devstoreaccount1"
# The service does not check it; blobmount needs a credential to sign with.
KEY = "bm90IGEgc2VjcmV0"


@dataclass(frozen=True)
class NetworkModel:
    name: str
    flags: tuple[str, ...]


MODEL_A = NetworkModel("A", ("--first-byte-ms", "8", "--jitter-ms", "2", "--mib-per-second", "60"))
MODEL_B = NetworkModel("B", ())


def environment():
    """Loopback needs no proxy."""
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    return kept | {"AZURE_STORAGE_KEY": KEY}


@contextmanager
def service(build: Path, model: NetworkModel, *content: str):
    """The fake service with `content` (its flags) behind `model`; yields the URL of the account."""
    with tempfile.TemporaryDirectory() as directory:
        port_file = Path(directory) / "port"
        command = [build / "tests/blob-service", "--port-file", port_file, "--account", ACCOUNT, *model.flags, *content]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 30
            while not port_file.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the fake service does not start")
                time.sleep(0.01)
            yield f"http://127.0.0.1:{port_file.read_text().strip()}/{ACCOUNT}"
        finally:
            process.terminate()
            process.wait()


class Mount:
    """A mount of `url` by the binary under test, fresh: nothing cached by it or by the kernel."""

    def __init__(self, build: Path, url: str, *options: str):
        self._directory = tempfile.TemporaryDirectory()
        self.path = Path(self._directory.name) / "mnt"
        self.path.mkdir()
        command = [build / "blobmount", url, self.path, "-f", *options]
        self._process = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True)
        while not os.path.ismount(self.path):
            if self._process.poll() is not None:
                raise RuntimeError(self._process.stderr.read())
            time.sleep(0.005)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", self.path], check=True)
        self._process.wait(timeout=30)
        self._process.stderr.close()
        self._directory.cleanup()

    def cpu_seconds(self) -> float:
        """Of the daemon so far, user and system."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_memory(self) -> int:
        """Of the daemon so far, bytes."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("no VmHWM")


@dataclass
class Timer:
    seconds: float = 0.0


@contextmanager
def timed():
    timer = Timer()
    start = time.perf_counter()
    yield timer
    timer.seconds = time.perf_counter() - start


def curl(*arguments: str) -> str:
    command = ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def curl_in_parallel(url: str, size: int, connections: int = 16, part: int = 16 * MIB) -> float:
    """Seconds that a raw parallel download takes: ranges of `part` bytes on `connections`, thrown away."""
    ranges = (f"{start}-{min(start + part, size) - 1}" for start in range(0, size, part))
    requests = [f'url = "{url}"\nrange = "{r}"\noutput = "/dev/null"\nno-progress-meter\nfail\nnoproxy = "*"\n' for r in ranges]
    with tempfile.NamedTemporaryFile("w", suffix=".curlrc") as config:
        config.write("next\n".join(requests))
        config.flush()
        with timed() as timer:
            subprocess.run(["curl", "--no-progress-meter", "--parallel", "--parallel-immediate", "--parallel-max", str(connections),
                            "--config", config.name], check=True)
    return timer.seconds


def read_through(path: Path, block: int = MIB) -> float:
    """Seconds to read all of a file, `block` bytes at a time."""
    buffer = bytearray(block)
    with timed() as timer, open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
    return timer.seconds
