"""Answers for the stage to play, in the words of the sample handbook."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.web.stage import Frame, Turn

QUESTION = "How long does a refund take?"
ANSWER = (
    "A refund takes **at most 5 working days** from the day your parcel reaches our warehouse [1].\n\n"
    "- 2 days for inspecting the goods\n- 3 days for paying you [2]\n\n"
    "| Way of paying | Usual wait |\n|---|---:|\n| Alipay | 24 hours |\n"
)
REFUNDS: Frame = {
    "id": "1",
    "title": "Refunds",
    "uri": "handbook/en/refunds.md",
    "media": "text/markdown",
    "score": 0.8314,
    "snippet": "A refund takes at most 5 working days from the day your parcel reaches our warehouse.",
    "section": "When the money arrives",
}
RETURNS: Frame = {
    "id": "2",
    "title": "Returns",
    "uri": "https://handbook.example/en/returns",
    "media": "text/markdown",
    "score": 0.6122,
    "snippet": "Print the label from your order page.",
    "section": "Sending a parcel back",
}

QUESTION_ZH = "我们部门今年的年假额度是多少？"
ANSWER_ZH = "今年的年假额度按部门确定：**门店和仓储物流部 12 天，客服部 11 天。**以上额度已包含法定年休假 [1]。"
LEAVE: Frame = {
    "id": "1",
    "title": "年假",
    "uri": "handbook/zh/annual-leave.md",
    "media": "text/markdown",
    "score": 0.79,
    "snippet": "今年的年假额度按部门确定：门店和仓储物流部 12 天，客服部 11 天。",
    "section": "今年的额度",
}


async def find(turn: Turn) -> None:
    """Everything before the first word."""
    chinese = turn.ask["locale"].startswith("zh")
    docs = (LEAVE,) if turn.question == QUESTION_ZH else (REFUNDS, RETURNS)
    await turn.accepted()
    await turn.status("retrieval", "start", "正在检索资料" if chinese else "Searching the documents")
    found = f"找到 {len(docs)} 段相关资料" if chinese else f"Found {len(docs)} passages"
    await turn.status("retrieval", "end", found, latency=0.021)
    await turn.source(*docs)
    await turn.status("generation", "start", "撰写回答" if chinese else "Writing the answer")


async def finish(turn: Turn) -> None:
    """Everything after the last word."""
    citation = {"part": "answer", "start": 0, "end": 3, "source": "1", "quote": "..."}
    await turn.complete(citations=[citation])


async def whole(turn: Turn) -> None:
    """A whole answer at once, in pieces of a few characters."""
    text = ANSWER_ZH if turn.question == QUESTION_ZH else ANSWER
    await find(turn)
    await turn.text(*(text[at : at + 7] for at in range(0, len(text), 7)))
    await finish(turn)


def halting(gate: asyncio.Event, first: str, rest: str = "") -> Callable[[Turn], Awaitable[None]]:
    """Says `first`, and `rest` once the gate opens."""

    async def play(turn: Turn) -> None:
        await find(turn)
        await turn.text(first)
        await gate.wait()
        await turn.text(rest)
        await finish(turn)

    return play
