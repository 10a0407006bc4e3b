from __future__ import annotations

import asyncio

from localcloud.functions.output import lines


async def read(*chunks: bytes) -> list[str]:
    stream = asyncio.StreamReader()
    for chunk in chunks:
        stream.feed_data(chunk)
    stream.feed_eof()
    return [line async for line in lines(stream)]


async def test_lines_are_put_together_from_chunks() -> None:
    question = "年假\n".encode()
    assert await read(b"one\ntw", b"o\n", question[:2], question[2:], b"last") == ["one", "two", "年假", "last"]


async def test_empty_lines_are_left_out_and_inner_ends_count() -> None:
    assert await read(b"[ERROR] x\rTraceback\r  line\n\n\nend\n") == ["[ERROR] x", "Traceback", "  line", "end"]


async def test_a_line_without_an_end_is_cut() -> None:
    pieces = await read(b"x" * 600_000)
    assert len(pieces) > 1
    assert "".join(pieces) == "x" * 600_000
