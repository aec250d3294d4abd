"""Plots as inline SVG: a line chart and bars, so that the page needs nothing from anywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 16, 36
Series = tuple[str, Sequence[tuple[float, float]]]


def lines(series: Sequence[Series], x_label: str, y_label: str) -> str:
    """A line chart of (name, points); '' when no series has two points."""
    drawn = [(name, points) for name, points in series if len(points) > 1]
    if not drawn:
        return ""
    xs = [x for _, points in drawn for x, _ in points]
    ys = [y for _, points in drawn for _, y in points]
    x_ticks, y_ticks = ticks(min(xs), max(xs)), ticks(min(ys), _most(ys))
    x0, x1, y0, y1 = x_ticks[0], max(x_ticks[-1], max(xs)), y_ticks[0], y_ticks[-1]

    def at(x: float, y: float) -> tuple[float, float]:
        across = (x - x0) / ((x1 - x0) or 1)
        up = (min(max(y, y0), y1) - y0) / ((y1 - y0) or 1)
        return _LEFT + across * (WIDTH - _LEFT - _RIGHT), HEIGHT - _BOTTOM - up * (HEIGHT - _TOP - _BOTTOM)

    parts = [_open(f"{y_label} over {x_label}", HEIGHT)]
    for y in y_ticks:
        _, py = at(x0, y)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{py:.1f}" y2="{py:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{py + 4:.1f}" text-anchor="end">{short(y)}</text>')
    for x in x_ticks:
        px, _ = at(x, y0)
        parts.append(f'<text x="{px:.1f}" y="{HEIGHT - _BOTTOM + 18}" text-anchor="middle">{short(x)}</text>')
    parts.append(f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 4}" text-anchor="end">{escape(x_label)}</text>')
    for number, (name, points) in enumerate(drawn):
        path = " ".join("{:.1f},{:.1f}".format(*at(x, y)) for x, y in points)
        parts.append(
            f'<polyline class="line c{number}" points="{path}"><title>{escape(name)}</title></polyline>'
        )
        y = _TOP + 12 + 18 * number
        parts.append(
            f'<line class="line c{number}" x1="{WIDTH - 230}" x2="{WIDTH - 206}" y1="{y - 4}" y2="{y - 4}"/>'
        )
        parts.append(f'<text x="{WIDTH - 200}" y="{y}">{escape(name)}</text>')
    return "".join([*parts, "</svg>"])


def bars(rows: Sequence[tuple[str, float, str]]) -> str:
    """Horizontal bars of (label, value, what stands behind it)."""
    if not rows:
        return ""
    step, label, most = 26, 200, max(value for _, value, _ in rows) or 1
    parts = [_open("bars", step * len(rows) + 6)]
    for number, (name, value, told) in enumerate(rows):
        y = number * step + 4
        wide = max(1.0, (WIDTH - label - 110) * value / most)
        parts.append(f'<text x="{label - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect class="bar" x="{label}" y="{y}" width="{wide:.1f}" height="18" rx="3"/>')
        parts.append(f'<text x="{label + wide + 8:.1f}" y="{y + 14}">{escape(told)}</text>')
    return "".join([*parts, "</svg>"])


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers that span ``low`` to ``high``."""
    span = (high - low) or abs(high) or 1.0
    raw = span / about
    unit = 10.0 ** math.floor(math.log10(raw))
    step = min((m * unit for m in (1, 2, 2.5, 5, 10)), key=lambda s: abs(s - raw))
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(k * step, 12) for k in range(first, last + 1)]


def short(number: float) -> str:
    """12.5M, 300k, 1.25."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:g}{unit}"
    return f"{number:g}"


def _most(values: Sequence[float]) -> float:
    """The highest value, first spikes left out: a curve that falls from 5 to 1 is read at its end."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(0.97 * len(ordered)))]


def _open(title: str, height: int) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}"'
        ' xmlns="http://www.w3.org/2000/svg">'
    )
