"""A measured figure and how a table of them is printed."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median

_PACKAGES = ("boto3", "fastapi", "openai", "pinecone", "pydantic", "uvicorn", "websockets")


@dataclass(frozen=True)
class Figure:
    """What was measured: the runs, in `unit`, and the most that their median may be (None: reported only)."""

    name: str
    runs: tuple[float, ...]
    unit: str
    bar: float | None = None

    @property
    def value(self) -> float:
        """The median."""
        return median(self.runs)

    @property
    def met(self) -> bool | None:
        """Whether the bar is met; None where there is none."""
        return None if self.bar is None else self.value <= self.bar


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table: median, smallest and largest run, the bar and whether it was met."""
    rows = ["| figure | median | min | max | bar | |", "| --- | ---: | ---: | ---: | ---: | --- |"]
    for figure in figures:
        bar = "" if figure.bar is None else f"{figure.bar:g} {figure.unit}"
        verdict = {True: "met", False: "missed", None: ""}[figure.met]
        low, high = min(figure.runs), max(figure.runs)
        rows.append(
            f"| {figure.name} | {figure.value:.1f} {figure.unit} | {low:.1f} | {high:.1f} | {bar} | {verdict} |"
        )
    return "\n".join(rows)


def machine() -> str:
    """The machine, how busy it is (the load of the last minute) and the versions that matter, in one line."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    return f"{system}, Python {platform.python_version()}, {packages}"
