"""Bench of what TLS costs: blobmount and raw curl over it, and blobmount over plain http, in turns."""

import bars
from machinery import GIB, MEMORY_BUDGET, MIB, MODEL_B, Mount, blobs, service
from raw import curl_in_parallel
from reading import WARM_UP, read_warm
from table import Row, Samples, at_least, digits
from uring import io_uring

BLOB = "bench/big.bin"


def over_tls(setting):
    """1 GiB from beginning to end, over /dev/fuse and, where the kernel has it, over io_uring."""
    yield one_way(setting, "1 GiB sequentially over TLS, B", "--io-uring", "off")
    with io_uring() as offered:
        if offered:
            yield one_way(setting, "the same over io_uring", "--io-uring", "on")


def one_way(setting, work, *options):
    samples, size = Samples(), setting.size(GIB)
    content = blobs({BLOB: size, WARM_UP: setting.size(2 * MEMORY_BUDGET)})
    with service(setting.build, MODEL_B, *content, tls=True) as secured, service(setting.build, MODEL_B, *content) as plain:
        for _ in range(setting.runs):
            curl_seconds = curl_in_parallel({f"{secured.url}/{BLOB}": size}, secured.ca_file)
            with Mount(setting.build, plain.url, *options) as mount:
                plain_seconds, plain_cpu = read_warm(mount, {BLOB: size})
            before = secured.stats()
            with Mount(setting.build, secured.url, "--ca-file", str(secured.ca_file), *options) as mount:
                seconds, cpu = read_warm(mount, {BLOB: size})
                after, memory = secured.stats(), mount.peak_memory()
            resumed = after["tls_resumed"] - before["tls_resumed"]
            samples.add(ours=size / MIB / seconds, curl=size / MIB / curl_seconds, plain=size / MIB / plain_seconds,
                        cpu=cpu, plain_cpu=plain_cpu, resumed=resumed, memory=memory,
                        full=after["tls_handshakes"] - before["tls_handshakes"] - resumed - 1)  # the last question for stats
    ratio = samples.ratio("ours", "curl")
    return Row(work, f"{digits(samples.median('ours'))} MiB/s, handshakes: {samples.median('full'):.0f} full, "
                     f"{samples.median('resumed'):.0f} resumed",
               f"curl over TLS {digits(samples.median('curl'))} MiB/s, blobmount over http {digits(samples.median('plain'))} MiB/s",
               ratio, at_least(bars.TLS_RATIO, ratio, "of curl"),
               f"{samples.median('cpu'):.2f} s/GiB, over http {samples.median('plain_cpu'):.2f}", samples.largest("memory"))
