"""Reads the prompt that `thinkaloud.dialogue` writes: numbered passages and a question in the last user message.

<passages>
<passage id="1" title="Refunds › How long" uri="handbook/en/refunds.md">
text with &lt; &gt; &amp; escaped
</passage>
</passages>

<question>How long does a refund take?</question>
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from localcloud.models.text import sentences

# With either quote: `quoteattr`, which writes them, chooses the one that the value does not hold.
_ATTRIBUTE = re.compile(r"""(\w+)=(?:"([^"]*)"|'([^']*)')""")

_HEADING = re.compile(r"#{1,6}\s+(.*?)\s*#*$")
_FENCE = re.compile(r"```|~~~")
_RULE = re.compile(r"[-|:=*_\s]{3,}$")
_ITEM = re.compile(r"(?:[-*+•]|\d{1,3}[.)、])\s+")
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_WIDE_SEAM = re.compile(rf"(?<=[{_WIDE}])\n(?=[{_WIDE}])")


@dataclass(frozen=True)
class Passage:
    """One passage of the prompt; `marker` is what an answer cites it by, `[marker]`."""

    marker: str
    title: str
    text: str


@dataclass(frozen=True)
class Prompt:
    """A question with its passages; `passages` is None where the message has no such block at all."""

    question: str
    passages: tuple[Passage, ...] | None


@dataclass(frozen=True)
class Sentence:
    """A sentence that can be quoted, with the titles and headings it stands under."""

    passage: int
    position: int
    text: str
    context: str


def read_prompt(message: str) -> Prompt:
    """The question and passages of a user message; a message in any other form is a question without passages.

    Text inside is escaped, so the first closing tag is the right one, and no quadratic search is needed.
    """
    before, opened, rest = message.partition("<passages>")
    block, closed, after = rest.partition("</passages>")
    if not (opened and closed):
        return Prompt(_question(message), None)
    passages = [_passage(piece, number) for number, piece in enumerate(block.split("</passage>")[:-1], start=1)]
    return Prompt(_question(after or before), tuple(passages))


def _question(text: str) -> str:
    tagged = text.rpartition("<question>")[2].partition("</question>")[0]
    return html.unescape(tagged).strip()


def _passage(piece: str, number: int) -> Passage:
    head, _, text = piece.partition("<passage")[2].partition(">")
    attributes = {name: html.unescape(double or single) for name, double, single in _ATTRIBUTE.findall(head)}
    return Passage(attributes.get("id", str(number)), attributes.get("title", ""), html.unescape(text).strip())


def sentences_of(passages: tuple[Passage, ...]) -> list[Sentence]:
    """Every sentence of the passages' paragraphs, list items and table rows. Headings are context, never quoted."""
    found: list[Sentence] = []
    for index, passage in enumerate(passages):
        heading = ""
        for block in _blocks(passage.text):
            if match := _HEADING.match(block):
                heading = match[1]
                continue
            context = "\n".join(dict.fromkeys(line for line in (passage.title, heading) if line))
            for text in sentences(block):
                found.append(Sentence(index, len(found), text, context))
    return found


def _blocks(markdown: str) -> list[str]:
    """Headings, paragraphs, list items and table rows, each on one line; fences and rules are left out."""
    blocks: list[list[str]] = [[]]
    for line in map(str.strip, markdown.splitlines()):
        if not line or _RULE.match(line) or _FENCE.match(line):
            blocks.append([])
        elif _HEADING.match(line):
            blocks += [[line], []]
        elif line.startswith("|"):
            blocks += [[line.strip("|").strip()], []]
        elif item := _ITEM.match(line):
            blocks.append([line[item.end() :]])
        else:
            blocks[-1].append(line)
    joined = ("\n".join(block) for block in blocks if block)
    return [_WIDE_SEAM.sub("", text).replace("\n", " ") for text in joined]
