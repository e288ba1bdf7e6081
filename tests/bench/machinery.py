"""What the benches run against: the fake Blob service and mounts of it. Standard library only."""

import json
import os
import ssl
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
GIB = 1024 * MIB
ACCOUNT = "devstoreaccount1"
# The service does not check it; blobmount needs a credential to sign with.
KEY = "bm90IGEgc2VjcmV0"
MEMORY_BUDGET = 256 * MIB


@dataclass(frozen=True)
class Setting:
    """How the benches are run."""
    build: Path
    runs: int
    scale: int = 1  # divides sizes and times, to try the benches themselves

    def size(self, number: int) -> int:
        return number // self.scale


@dataclass(frozen=True)
class NetworkModel:
    name: str
    flags: tuple[str, ...]


MODEL_A = NetworkModel("A", ("--first-byte-ms", "8", "--jitter-ms", "2", "--mib-per-second", "60"))
MODEL_B = NetworkModel("B", ())


class Service:
    """A running fake service, and the orders it takes (tests/fakes/blob_service_orders.hpp)."""

    def __init__(self, port: int, ca_file: Path | None = None):
        """`ca_file`: of what it proves itself with, over TLS; None: over plain http."""
        self.ca_file = ca_file
        self._root = f"{'https' if ca_file else 'http'}://127.0.0.1:{port}"
        self.url = f"{self._root}/{ACCOUNT}"
        trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file))
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), trust)  # loopback needs no proxy

    def get(self, name: str, first: int, length: int) -> bytes:
        """Bytes of the blob `name`, straight from the service."""
        headers = {"Range": f"bytes={first}-{first + length - 1}"}
        with self._opener.open(urllib.request.Request(f"{self.url}/{name}", headers=headers)) as answer:
            return answer.read()

    def reset_stats(self):
        self._order("POST", "reset-stats")

    def stats(self) -> dict:
        return self._order("GET", "stats")

    def blob_gets(self) -> int:
        return self.stats()["requests"]["get_blob"]

    def set_faults(self, *rules: dict):
        """These and no others."""
        self._order("DELETE", "faults")
        self._order("POST", "faults", list(rules))

    def _order(self, method: str, what: str, order=None) -> dict:
        body = None if order is None else json.dumps(order).encode()
        request = urllib.request.Request(f"{self._root}/fake/{what}", data=body, method=method)
        with self._opener.open(request) as answer:
            return json.load(answer)


@contextmanager
def service(build: Path, model: NetworkModel, *content: str, tls: bool = False):
    """The fake service with `content` (its flags) behind `model`, over TLS or plain http; yields the Service."""
    with tempfile.TemporaryDirectory() as directory:
        port_file = Path(directory) / "port"
        certificate, key = certificate_in(Path(directory)) if tls else (None, None)
        proof = ("--tls-cert", certificate, "--tls-key", key) if tls else ()
        command = [build / "tests/blob-service", "--port-file", port_file, "--account", ACCOUNT, *model.flags,
                   *content, *proof]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 30
            while not port_file.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the fake service does not start")
                time.sleep(0.01)
            yield Service(int(port_file.read_text()), certificate)
        finally:
            process.terminate()
            process.wait()


def certificate_in(directory: Path) -> tuple[Path, Path]:
    """A certificate that vouches for itself, of the kind that the real service has, and its key."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "7", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key],
                   check=True, capture_output=True)
    return certificate, key


def blobs(sizes: dict[str, int]) -> list[str]:
    """The service's flags for blobs of these sizes."""
    return [flag for name, size in sizes.items() for flag in ("--blob", f"{name}:{size}")]


def environment():
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    return kept | {"AZURE_STORAGE_KEY": KEY}


class Mount:
    """A mount of `url` by the binary under test, fresh: nothing cached by it or by the kernel."""

    def __init__(self, build: Path, url: str, *options: str):
        self._directory = tempfile.TemporaryDirectory()
        self.path = Path(self._directory.name) / "mnt"
        self.path.mkdir()
        self._log = Path(self._directory.name) / "log"  # not a pipe: nobody would empty it
        command = [build / "blobmount", url, self.path, "-f", "--memory", f"{MEMORY_BUDGET // MIB}MiB", *options]
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(command, env=environment(), stderr=log)
        while not os.path.ismount(self.path):
            if self._process.poll() is not None:
                raise RuntimeError(self.log())
            time.sleep(0.005)

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        if subprocess.run(["umount", self.path], check=False).returncode != 0:
            # readers that hang keep it busy; let them go
            self._process.kill()
            subprocess.run(["umount", "--lazy", self.path], check=False)
        self._process.wait(timeout=30)
        if failure:
            print(self.log()[-2000:])
        self._directory.cleanup()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def cpu_seconds(self) -> float:
        """Of the daemon so far, user and system."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Of the daemon now, bytes."""
        return self._status("VmRSS")

    def peak_memory(self) -> int:
        return self._status("VmHWM")

    def _status(self, name: str) -> int:
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
        raise RuntimeError(f"the daemon has no {name}: it has ended")
