"""How an answer looks while it forms: the phases with their times, the sources, the text, and how it ended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from rich.cells import cell_len
from rich.console import Group
from rich.live import Live
from rich.segment import Segment
from rich.spinner import Spinner
from rich.text import Text

from console.markdown import AnswerMarkdown, printable
from thinkaloud.protocol.frames import Complete, Reset, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from console.words import Words
    from thinkaloud.client import Message, Received
    from thinkaloud.protocol.frames import SourceDocument

#: Redraws a second: smooth to the eye, and a few percent of a core.
REDRAWS = 12


@dataclass(slots=True)
class Phase:
    """One thing the system does or did, `name` for the protocol. `latency` is in seconds, as the server measured it."""

    began: float
    name: str
    label: str = ""
    state: str = "start"
    latency: float | None = None


class AnswerView:
    """Draws one answer on a terminal; elsewhere it draws once, at the end.

    While the answer forms and is taller than the screen, its end is shown; when it is done, all of it stands.
    """

    def __init__(self, console: Console, words: Words, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._words = words
        self._clock = clock
        self._phases: dict[str, Phase] = {}
        self._message: Message | None = None
        self._note = ""
        self._done = False
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(
            console=console,
            get_renderable=lambda: self,
            refresh_per_second=REDRAWS,
            vertical_overflow="visible",
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done = True
        self._live.stop()

    def show(self, received: Received, message: Message) -> None:
        """Take in the next frame; `message` is the answer as far as it has come."""
        self._message = message
        if isinstance(received.frame, Status):
            status = received.frame
            phase = self._phases.setdefault(status.id, Phase(self._clock(), status.phase))
            phase.label, phase.state, phase.latency = printable(status.label), status.state, status.latency
        elif isinstance(received.frame, Reset):
            # Whoever began these is gone, and will not end them.
            self._phases = {id_: phase for id_, phase in self._phases.items() if phase.state != "start"}
        elif isinstance(received.frame, Complete) and received.frame.finish != "stopped":
            for phase in self._phases.values():
                if phase.state == "start":
                    phase.state, phase.latency = "end", received.frame.timings.get(phase.name)

    def say(self, note: str) -> None:
        """A line below the answer: that it is being stopped, that it failed."""
        self._note = note

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        whole = Group(*self._blocks())
        room = console.height - 1
        if self._done or not console.is_terminal:
            yield whole
            return
        lines = console.render_lines(whole, options, pad=False)
        for line in lines[-room:]:
            yield from line
            yield Segment.line()

    def _blocks(self) -> Iterable[RenderableType]:
        yield from self._phase_line()
        message = self._message
        if message is not None:
            if message.sources:
                yield from self._sources(message.sources, message.cited)
            if message.text:
                yield ""
                yield AnswerMarkdown(message.text)
            if ending := self._ending(message):
                yield ""
                yield Text(ending, style="dim")
        if self._note:
            yield Text(printable(self._note), style="yellow")

    def _phase_line(self) -> Iterable[RenderableType]:
        done = Text(style="dim")
        running = ""
        for phase in tuple(self._phases.values()):  # frames come from another thread
            if phase.state == "start":
                running = f"{phase.label}  {self._clock() - phase.began:.1f} s"
                continue
            mark, style = ("✗ ", "red") if phase.state == "error" else ("✓ ", "green")
            done.append("   " if done else "").append(mark, style).append(phase.label)
            if phase.latency is not None:
                done.append(f" {duration(phase.latency)}")
        if done:
            yield done
        if not self._done and (running or not self._phases):
            self._spinner.update(text=Text(running or self._words.asking))
            yield self._spinner

    def _sources(self, documents: tuple[SourceDocument, ...], cited: frozenset[str]) -> Iterable[RenderableType]:
        numbers = [f"[{printable(document.id)}] " for document in documents]
        titles = [Text(printable(self._title(document))) for document in documents]
        # One line each, in columns; where it is narrow the path is cut first, then a title.
        room = max(8, self._live.console.width - cell_len(max(numbers, key=cell_len)))
        column = min(room, max(title.cell_len for title in titles))
        for document, number, title in zip(documents, numbers, titles, strict=True):
            title.truncate(column, overflow="ellipsis", pad=True)
            style = "bold green" if document.id in cited else "dim"
            line = Text(number, style=style, no_wrap=True, overflow="ellipsis").append_text(title)
            yield line.append(f" {printable(document.uri)}", "dim not bold default")

    def _ending(self, message: Message) -> str:
        metadata = message.metadata
        if "finish" not in metadata:
            return ""
        said = {"stopped": self._words.stopped, "length": self._words.cut, "content_filter": self._words.filtered}
        pieces = [said.get(metadata["finish"], "")]
        if metadata.get("covered") is False:
            pieces.append(self._words.uncovered)
        if total := metadata.get("timings", {}).get("total"):
            pieces.append(duration(total))
        if usage := metadata.get("usage"):
            estimated = f" ({self._words.estimated})" if usage.get("estimated") else ""
            pieces.append(self._words.tokens.format(usage["prompt"], usage["completion"]) + estimated)
        pieces.append(printable(metadata.get("model", "")))
        return " · ".join(filter(None, pieces))

    def _title(self, document: SourceDocument) -> str:
        page = "" if document.page is None else self._words.page.format(document.page)
        place = [part for part in (document.title, document.section, page) if part]
        return " › ".join(dict.fromkeys(place))  # a section may be called as its document


def duration(seconds: float) -> str:
    """`12 ms`, `1.3 s`: two digits that say something."""
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.1f} s"
