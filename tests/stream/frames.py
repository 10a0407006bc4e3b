"""Frames with plain values, and logs that hold some."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from thinkaloud.protocol.frames import (
    Complete,
    Reasoning,
    Reset,
    Source,
    SourceDocument,
    Status,
    Text,
    TurnFrame,
    Usage,
)
from thinkaloud.stream.log import TurnLog

STATUS = Status(id="retrieval", phase="retrieval", state="end", label="Found 5 passages", latency=0.25)
SOURCE = Source(docs=(SourceDocument(id="1", title="年假", uri="zh/leave.md", score=0.5, snippet="十四天"),))
COMPLETE = Complete(finish="stop", model="m", usage=Usage(prompt=3, completion=2), timings={"total": 1.5})
RESET = Reset(step=0)


def text(content: str, part: str = "answer", step: int = 1) -> Text:
    return Text(part=part, step=step, content=content)


def reasoning(content: str) -> Reasoning:
    return Reasoning(part="reasoning", step=1, content=content)


def log_of(frames: Iterable[TurnFrame], first: int = 1, limit: int = 10_000) -> TurnLog:
    """A log in which each frame has a number of its own."""
    log = TurnLog(first, limit)
    for frame in frames:
        log.push(frame)
        log.seal()
    return log


#: Characters that are awkward to cut, to quote or to count.
CONTENT = st.text(st.sampled_from('ab 年假额，。👍🏽👩‍👧\u0301\n"\\\x07'), min_size=1, max_size=6)
FRAMES = st.lists(
    st.one_of(
        CONTENT.map(text),
        CONTENT.map(text),
        CONTENT.map(lambda content: text(content, step=2)),
        CONTENT.map(reasoning),
        st.sampled_from([STATUS, SOURCE, RESET]),
    ),
    min_size=1,
    max_size=25,
)
