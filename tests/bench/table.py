"""The table that the benches print, a row for each."""

import statistics
from dataclasses import dataclass

from machinery import MIB

HEAD = ("| work | blobmount | beside it | ratio | bar | met | daemon CPU | peak memory |\n"
        "|---|---|---|---|---|---|---|---|")


class Samples:
    """Figures by name, run by run."""

    def __init__(self):
        self._runs = []

    def add(self, **figures: float):
        self._runs.append(figures)

    def median(self, name: str) -> float:
        return statistics.median(run[name] for run in self._runs)

    def largest(self, name: str) -> float:
        return max(run[name] for run in self._runs)

    def ratio(self, over: str, under: str) -> float:
        """Of what was measured in the same run."""
        return statistics.median(run[over] / run[under] for run in self._runs)


@dataclass(frozen=True)
class Bar:
    text: str
    met: bool


def at_least(limit: float | None, figure: float, what: str) -> list[Bar]:
    """No bar where there is no limit."""
    return [] if limit is None else [Bar(f"≥ {digits(limit)} {what}", figure >= limit)]


def at_most(limit: float | None, figure: float, what: str) -> list[Bar]:
    return [] if limit is None else [Bar(f"≤ {digits(limit)} {what}", figure <= limit)]


@dataclass
class Row:
    work: str
    ours: str
    beside: str = ""
    ratio: float | None = None  # 1 is as good as what is beside it, more is better
    bars: list[Bar] | tuple = ()
    cpu: str = ""
    memory: float = 0

    def __str__(self):
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        bars = "; ".join(bar.text for bar in self.bars)
        met = ("yes" if all(bar.met for bar in self.bars) else "**no**") if self.bars else ""
        cells = (self.work, self.ours, self.beside, ratio, bars, met, self.cpu, f"{self.memory / MIB:.0f} MiB")
        return f"| {' | '.join(cells)} |"


def digits(number: float) -> str:
    """Three digits that count."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
