"""Benches of a service that fails: the workload's bytes must be right, its time bounded. Network model A."""

import threading
import time

import bars
import workload
from content import contents
from machinery import MODEL_A, Mount, blobs, service
from table import Bar, Row, Samples, at_most, digits

# The default. One resumed read in twenty meets another stall.
STALL_TIMEOUT = 10
FAILING = {"fault": "status", "status": 500, "first": 10, "every": 10}
STALLING = {"fault": "stall", "request": "get_blob", "bytes": 32768, "time_ms": 60_000, "first": 20, "every": 20}
OUTAGE = {"fault": "status", "status": 503, "code": "ServerBusy", "first": 1, "every": 1}
OUTAGE_BEGINS, OUTAGE_SECONDS = 0.2, 20


def faults(setting):
    with service(setting.build, MODEL_A, *blobs(workload.WHOLE | workload.PIECEMEAL)) as fake:
        known = contents(fake, workload.WHOLE | workload.PIECEMEAL)
        run = Runs(setting, fake, known)
        calm = run.workload()
        yield row("no faults", calm)

        failing = run.workload(FAILING)
        yield row("every 10th request fails", failing, calm,
                  at_most(bars.FAILING_SECONDS, failing.median("seconds"), "s"))

        stalling = run.workload(STALLING)
        slowest_bar = STALL_TIMEOUT + bars.SLOWEST_AFTER_STALL
        yield row(f"every 20th body stalls, stall timeout {STALL_TIMEOUT} s", stalling, calm,
                  at_most(slowest_bar, stalling.largest("slowest"), "s for a read"))

        outage = run.outage()
        yield row(f"outage of {OUTAGE_SECONDS} s", outage, calm,
                  at_most(bars.AFTER_OUTAGE_SECONDS, outage.median("after"), "s after it"),
                  f", {digits(outage.median('after'))} s after its end")


class Runs:
    """The workload on fresh mounts of one service."""

    def __init__(self, setting, fake, known):
        self._setting, self._fake, self._known = setting, fake, known

    def workload(self, *rules) -> Samples:
        samples = Samples()
        for seed in range(self._setting.runs):
            with self._mount() as mount:
                self._fake.set_faults(*rules)
                add(samples, mount, workload.run(mount.path, self._known, seed))
        return samples

    def outage(self) -> Samples:
        samples = Samples()
        for seed in range(self._setting.runs):
            with self._mount() as mount:
                outage = threading.Thread(target=self._break_and_mend)
                outage.start()
                outcome = workload.run(mount.path, self._known, seed)
                outage.join()
                if outcome.end < self._mended and not outcome.errors:
                    raise RuntimeError("the workload was over before the outage")
                add(samples, mount, outcome, after=outcome.end - self._mended)
        return samples

    def _mount(self):
        self._fake.set_faults()
        return Mount(self._setting.build, self._fake.url, "--stall-timeout", str(STALL_TIMEOUT))

    def _break_and_mend(self):
        time.sleep(OUTAGE_BEGINS)
        self._fake.set_faults(OUTAGE)
        time.sleep(OUTAGE_SECONDS)
        self._fake.set_faults()
        self._mended = time.monotonic()


def add(samples, mount, outcome, **more):
    for error in outcome.errors[:3]:
        print(f"<!-- {error} -->")
    samples.add(seconds=outcome.seconds, slowest=outcome.slowest(), errors=len(outcome.errors),
                cpu=mount.cpu_seconds(), memory=mount.peak_memory(), **more)


def row(what, samples, calm=None, bars_=(), more=""):
    seconds, errors = samples.median("seconds"), samples.largest("errors")
    calm_seconds = calm and calm.median("seconds")
    return Row(f"4 × 64 MiB and {workload.PIECES} pieces, {workload.THREADS} threads, {what}, A",
               f"{digits(seconds)} s{more}, slowest read {digits(samples.largest('slowest'))} s, {errors} errors",
               f"no faults {digits(calm_seconds)} s" if calm else "", calm_seconds / seconds if calm else None,
               [Bar("no error", errors == 0), *bars_], f"{samples.median('cpu'):.2f} s", samples.largest("memory"))
