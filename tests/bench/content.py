"""The bytes of synthetic blobs, to compare with what a mount shows. They repeat: see tests/fakes/synthetic_content.hpp."""

from machinery import Service

PERIOD = 1_048_573


class Content:
    """What a blob holds, known from one period of it that was fetched from the service directly."""

    def __init__(self, service: Service, name: str, size: int):
        self.name, self.size = name, size
        # startswith() at any place of the first period compares without a copy
        self._periods = 3 * service.get(name, 0, min(PERIOD, size))

    def is_read(self, offset: int, length: int, data: bytes) -> bool:
        """Whether a read of `length` bytes (up to 2 MiB) at `offset` has to give `data`."""
        return len(data) == min(length, self.size - offset) and self._periods.startswith(data, offset % PERIOD)


def contents(service: Service, sizes: dict[str, int]) -> list[Content]:
    return [Content(service, name, size) for name, size in sizes.items()]
