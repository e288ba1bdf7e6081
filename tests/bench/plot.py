#!/usr/bin/env python3
"""Draws the ratios of a table that run.py has printed, beside their bars.

    tests/bench/plot.py docs/performance.md > docs/images/performance.svg
"""

import re
import sys
from dataclasses import dataclass
from html import escape
from math import log10
from pathlib import Path

WIDTH, LABELS, ROW, TOP = 1080, 530, 22, 54
LEAST, MOST = 0.02, 3.0  # of the axis
FONT = "font-family='sans-serif' font-size='12'"


@dataclass(frozen=True)
class Measured:
    work: str
    beside: str
    ratio: float


def rows_of(page: str) -> list[Measured]:
    """Those of tables with a column "ratio", where there is one."""
    rows = []
    columns = []
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            columns = []
        elif not columns:
            columns = cells
        elif "ratio" in columns and re.fullmatch(r"[0-9.]+", cells[columns.index("ratio")]):
            beside = re.match(r"\D*", cells[columns.index("beside it")]).group().strip().removesuffix(" of")
            rows.append(Measured(cells[0], beside, float(cells[columns.index("ratio")])))
    return rows


def place(ratio: float) -> float:
    """On a logarithmic axis: twice as fast is as far from 1 as half as fast."""
    within = min(max(ratio, LEAST), MOST)
    return LABELS + (WIDTH - LABELS - 90) * (log10(within) - log10(LEAST)) / (log10(MOST) - log10(LEAST))


def bar(row: Measured, top: float) -> str:
    begin, end = sorted((place(1), place(row.ratio)))
    colour = "#2a7" if row.ratio >= 1 else "#58a"
    return (f"<text x='{LABELS - 8}' y='{top + 15}' text-anchor='end' {FONT}>{escape(row.work)}</text>"
            f"<rect x='{begin:.1f}' y='{top + 4}' width='{max(end - begin, 1):.1f}' height='14' fill='{colour}'/>"
            f"<text x='{max(end, place(1)) + 6:.1f}' y='{top + 15}' {FONT}>{row.ratio:g} of {escape(row.beside)}</text>")


def picture(rows: list[Measured]) -> str:
    height = TOP + ROW * len(rows) + 10
    lines = [f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' viewBox='0 0 {WIDTH} {height}'>",
             f"<rect width='{WIDTH}' height='{height}' fill='white'/>",
             f"<text x='10' y='20' {FONT} font-weight='bold'>blobmount relative to what was measured beside it, "
             "in the same run (right of 1: faster)</text>"]
    for tick in (0.02, 0.1, 0.5, 1, 2):
        x = place(tick)
        lines.append(f"<line x1='{x:.1f}' y1='{TOP - 6}' x2='{x:.1f}' y2='{height - 8}' stroke='#ccc'/>"
                     f"<text x='{x:.1f}' y='{TOP - 12}' text-anchor='middle' {FONT}>{tick:g}</text>")
    lines += [bar(row, TOP + ROW * number) for number, row in enumerate(rows)]
    return "\n".join([*lines, "</svg>", ""])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    rows = rows_of(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if not rows:
        sys.exit(f"{sys.argv[1]} has no table with ratios")
    sys.stdout.write(picture(rows))


if __name__ == "__main__":
    main()
