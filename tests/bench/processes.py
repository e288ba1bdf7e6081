"""The same work in several processes at once, as users run their jobs."""

import multiprocessing
import time


class Processes:
    """Runs work(number) for the numbers below `count`, each in a fork of this process, from now on."""

    def __init__(self, count: int, work):
        context = multiprocessing.get_context("fork")
        self._readers = []
        for number in range(count):
            reader, writer = context.Pipe(duplex=False)
            context.Process(target=lambda: writer.send(work(number)), daemon=True).start()
            writer.close()  # so that the end of a process that failed is seen
            self._readers.append(reader)

    def results(self, timeout: float) -> list:
        """What each returned. Raises where one failed, or has not ended after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        for number, reader in enumerate(self._readers):
            if not reader.poll(max(deadline - time.monotonic(), 0)):
                raise RuntimeError(f"process {number} hangs")
        return [reader.recv() for reader in self._readers]
