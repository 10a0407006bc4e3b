"""A document ten times as long is read in hardly more memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import documents

#: MB by which a reader may grow: pages and rows are kept by nobody, what the allocator keeps is its own affair.
_GROWTH = 12


@pytest.mark.parametrize(
    ("file", "write", "small", "large"),
    [
        ("handbook.pdf", documents.pages, 8, 80),
        ("orders.xlsx", documents.rows, 500, 10_000),
        ("orders.csv", documents.lines, 500, 10_000),
    ],
)
def test_memory_is_flat(tmp_path: Path, file: str, write: Callable[[Path, int], None], small: int, large: int) -> None:
    peaks = []
    for size in (small, large):
        write(tmp_path / file, size)
        reading = documents.measured(file, tmp_path / file)
        assert reading.chunks > size / 50
        peaks.append(reading.peak)
    assert peaks[1] - peaks[0] < _GROWTH
