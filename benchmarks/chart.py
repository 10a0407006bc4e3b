"""The chart of docs/performance.md: how late a token is against the model's speed, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmarks.stream.timeline import SYSTEMS, Run, System

_WIDTH, _HEIGHT = 760, 400
_PANEL, _GAP = 300, 74
_LEFT, _TOP, _BOTTOM = 66, 74, 340
_LABELS: dict[System, str] = {
    "thinkaloud": "Thinkaloud",
    "post-per-token": "one post per token",
    "fastapi": "FastAPI WebSocket",
}
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #3d3d3a }
  .title { font-size: 15px; font-weight: 600 }
  .tick { font-size: 12px; fill: #6b6a66; paint-order: stroke; stroke: #ffffff; stroke-width: 4px }
  .grid { stroke: #e4e2dc; stroke-width: 1 }
  .page { fill: #ffffff }
  .thinkaloud { stroke: #1f6fd1; fill: #1f6fd1 }
  .post-per-token { stroke: #c2410c; fill: #c2410c }
  .fastapi { stroke: #6b7280; fill: #6b7280 }
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6e4df }
    .tick { fill: #a3a199; stroke: #1b1b1a }
    .grid { stroke: #3a3936 }
    .page { fill: #1b1b1a }
    .thinkaloud { stroke: #6aa9f4; fill: #6aa9f4 }
    .post-per-token { stroke: #f28b55; fill: #f28b55 }
    .fastapi { stroke: #a8adb5; fill: #a8adb5 }
    .line { fill: none }
  }
"""


def chart(runs: Sequence[Run]) -> str:
    """One panel for each time a post takes; both axes are logarithmic. The height is the delay's 95th percentile."""
    posts = sorted({run.post_ms for run in runs})
    scale = _Scale([run.rate for run in runs], [run.delay_p95 for run in runs])
    body = [_legend(), *(line for number, ms in enumerate(posts) for line in _panel(number, ms, runs, scale))]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img" aria-labelledby="title">\n'
        f'<title id="title">Delay of a token, 95th percentile, against tokens a second</title>\n'
        f"<style>{_STYLE}</style>\n"
        f'<rect class="page" width="{_WIDTH}" height="{_HEIGHT}"/>\n'
        f'<text class="title" x="16" y="26">Delay of a token between model and reader, 95th percentile</text>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


class _Scale:
    """Rates and delays (ms) to distances in a panel, both logarithmic; delays reach over whole powers of ten."""

    def __init__(self, rates: Sequence[int], delays: Sequence[float]) -> None:
        self.rates = sorted(set(rates))
        self._low = math.floor(math.log10(max(min(delays), 0.1)))
        self._high = max(math.ceil(math.log10(max(delays))), self._low + 1)
        self.powers = [10.0**power for power in range(self._low, self._high + 1)]

    def x(self, rate: float) -> float:
        inset = 24
        span = math.log(self.rates[-1] / self.rates[0]) or 1.0
        return inset + (_PANEL - 2 * inset) * math.log(rate / self.rates[0]) / span

    def y(self, delay: float) -> float:
        share = (math.log10(max(delay, self.powers[0])) - self._low) / (self._high - self._low)
        return _BOTTOM - (_BOTTOM - _TOP - 42) * share


def _legend() -> str:
    parts: list[str] = []
    for number, system in enumerate(SYSTEMS):
        x = 16 + 190 * number
        parts.append(f'<circle class="{system}" cx="{x + 5}" cy="46" r="5"/>')
        parts.append(f'<text x="{x + 17}" y="51">{_LABELS[system]}</text>')
    return "\n".join(parts)


def _panel(number: int, post_ms: int, runs: Sequence[Run], scale: _Scale) -> list[str]:
    left = _LEFT + number * (_PANEL + _GAP)
    lines = [f'<text x="{left}" y="{_TOP + 10}">{post_ms} ms a post</text>']
    for power in scale.powers:
        y = scale.y(power)
        lines.append(f'<line class="grid" x1="{left}" x2="{left + _PANEL}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text class="tick" text-anchor="end" x="{left - 8}" y="{y + 4:.1f}">{_duration(power)}</text>')
    for rate in scale.rates:
        x = left + scale.x(rate)
        lines.append(f'<text class="tick" text-anchor="middle" x="{x:.1f}" y="{_BOTTOM + 20}">{rate}</text>')
    middle = left + _PANEL / 2
    lines.append(f'<text class="tick" text-anchor="middle" x="{middle:.1f}" y="{_BOTTOM + 42}">tokens a second</text>')
    for system in reversed(SYSTEMS):
        chosen = sorted((run.rate, run.delay_p95) for run in runs if (run.system, run.post_ms) == (system, post_ms))
        points = [(left + scale.x(rate), scale.y(delay)) for rate, delay in chosen]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        lines.append(f'<polyline class="line {system}" points="{path}"/>')
        lines += [
            f'<circle class="{system}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
            f'<text class="tick" text-anchor="middle" x="{x:.1f}" y="{y - 9:.1f}">{_duration(delay)}</text>'
            for (x, y), (_, delay) in zip(points, chosen, strict=True)
        ]
    return lines


def _duration(milliseconds: float) -> str:
    if milliseconds >= 1_000:
        return f"{milliseconds / 1_000:.3g} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.2g} ms"
