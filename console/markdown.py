"""Markdown of an answer, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from markdown_it import MarkdownIt
from rich.markdown import Heading, Markdown, MarkdownElement, Paragraph

from console.wrap import ReadingText

if TYPE_CHECKING:
    from rich.markdown import MarkdownContext

#: Control characters but line feed and tab, and the invisible ones that turn the direction of text. What a model or a
#: document says is shown, never obeyed: an escape sequence in it could rewrite the screen or the clipboard.
_UNPRINTABLE = dict.fromkeys(
    [*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
#: HTML is not rendered, so it is shown as the text it is instead of vanishing.
_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])


def printable(text: str) -> str:
    """`text` without what a terminal would act on instead of showing."""
    return text.translate(_UNPRINTABLE)


class _ReadingParagraph(Paragraph):
    def on_enter(self, context: MarkdownContext) -> None:
        super().on_enter(context)
        self.text = ReadingText(justify="left")


class _PlainHeading(Heading):
    """A heading to the left: an answer is no title page."""

    LEVEL_ALIGN: ClassVar = dict.fromkeys(Heading.LEVEL_ALIGN, "left")

    def on_enter(self, context: MarkdownContext) -> None:
        super().on_enter(context)
        self.text = ReadingText()


class AnswerMarkdown(Markdown):
    """An answer: both scripts wrap well, a line break is a line break, control characters are dropped."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "paragraph_open": _ReadingParagraph,
        "heading_open": _PlainHeading,
    }

    def __init__(self, text: str) -> None:
        super().__init__("")
        self.parsed = _PARSER.parse(printable(text))
        for block in self.parsed:
            for inline in block.children or ():
                if inline.type == "softbreak":  # rich would join the lines with a space, which Chinese does not use
                    inline.type = "hardbreak"
