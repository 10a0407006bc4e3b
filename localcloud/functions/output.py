"""What a function prints, as lines."""

from __future__ import annotations

from asyncio import StreamReader
from collections.abc import AsyncIterator

_LONGEST_LINE = 256 * 1024
"""Longer lines are cut in pieces of this many bytes, as CloudWatch does with log events."""


async def lines(stream: StreamReader) -> AsyncIterator[str]:
    """Every line of `stream` without its end, until it closes. The runtime client ends inner lines of one with \\r."""
    rest = b""
    while chunk := await stream.read(65_536):
        *whole, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            if line:
                yield line.decode("utf-8", errors="replace")
        if len(rest) > _LONGEST_LINE:
            yield rest.decode("utf-8", errors="replace")
            rest = b""
    if rest:
        yield rest.decode("utf-8", errors="replace")
