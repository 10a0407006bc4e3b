"""Text in pieces, and when each is due."""

from __future__ import annotations

import asyncio
import itertools
import re
from typing import TYPE_CHECKING, Protocol

from localcloud.models.performance import Pause, Say
from localcloud.models.text import HAN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from thinkaloud.language import Language

# About as fast as a quick reader follows; a token is a word in English, one or two characters in Chinese.
READING_PACE = 30.0

_TOKEN = re.compile(rf"\s*(?:[{HAN}]{{1,2}}[，。！？；：、）」』”…]*|[^\s{HAN}]{{1,24}})|\s+")

_FILLER: dict[Language, str] = {
    "en": (
        "The river starts as a thread of water between stones, and nobody who steps over it would call it a river. "
        "It takes a day's walk until the first bridge is needed, and another until the first boat is of any use."
    ),
    "zh": (
        "河的源头只是石缝里的一线水，跨过去的人谁也不会叫它河。走上一天才需要第一座桥，再走一天才用得上第一条船。"
        "到了平原，它慢下来，拐的弯比需要的多，好像还在想要不要去海边。"
    ),
}


class Clock(Protocol):
    """Time as playback needs it, so that a test can bring its own."""

    def now(self) -> float:
        """Seconds, from any starting point, never going back."""

    async def sleep(self, seconds: float) -> None:
        """Return once `now` has advanced by `seconds`."""


class LoopClock:
    """The running event loop's clock."""

    def now(self) -> float:
        """The loop's monotonic time."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the loop; 0 lets others run once."""
        await asyncio.sleep(seconds)


def tokens(text: str) -> list[str]:
    """`text` in pieces the size of a language model's: words with the space before them, one or two Chinese characters.

    Joined they give `text` again. Limits, usage and rates all count these.
    """
    return _TOKEN.findall(text)


def paced(text: str, rate: float, sizes: Sequence[int] = (1,)) -> Iterator[Say | Pause]:
    """`text` said at `rate` tokens a second (0: all at once), in chunks of `sizes` tokens, over and over.

    The first chunk comes without a pause; 300 tokens at 100 a second end 2.99 s after it.
    """
    rest = iter(tokens(text))
    previous = 0
    for size in itertools.cycle(sizes):
        chunk = list(itertools.islice(rest, size))
        if not chunk:
            return
        if previous and rate:
            yield Pause(previous / rate)
        yield Say("".join(chunk))
        previous = len(chunk)


def filler(count: int, language: Language = "en") -> str:
    """The first `count` tokens of a text that goes on for ever, the same at every call."""
    paragraph = _FILLER[language]
    whole = ("" if language == "zh" else " ").join([paragraph] * (count // len(tokens(paragraph)) + 1))
    return "".join(tokens(whole)[:count])
