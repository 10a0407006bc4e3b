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

_PASSAGES = re.compile(r"<passages>(.*?)</passages>", re.DOTALL)
_PASSAGE = re.compile(r"<passage\b([^>]*)>(.*?)</passage>", re.DOTALL)
# With either quote: `quoteattr`, which writes them, chooses the one that the value does not hold.
_ATTRIBUTE = re.compile(r"""(\w+)=(?:"([^"]*)"|'([^']*)')""")
_QUESTION = re.compile(r"<question>(.*?)</question>", re.DOTALL)

_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_RULE = re.compile(r"\s*[-|:=*_\s]{3,}$")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)、])\s+")
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
    """The question and passages of a user message; a message in any other form is a question without passages."""
    questions = _QUESTION.findall(message)
    block = _PASSAGES.search(message)
    if block is None:
        return Prompt(html.unescape(questions[-1]).strip() if questions else message.strip(), None)
    passages = []
    for number, (head, text) in enumerate(_PASSAGE.findall(block[1]), start=1):
        attributes = {name: html.unescape(double or single) for name, double, single in _ATTRIBUTE.findall(head)}
        marker, title = attributes.get("id", str(number)), attributes.get("title", "")
        passages.append(Passage(marker, title, html.unescape(text).strip()))
    question = html.unescape(questions[-1]) if questions else message[block.end() :]
    return Prompt(question.strip(), tuple(passages))


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
            found += (
                Sentence(index, len(found) + position, text, context) for position, text in enumerate(sentences(block))
            )
    return found


def _blocks(markdown: str) -> list[str]:
    """Headings, paragraphs, list items and table rows, each on one line; fences and rules are left out."""
    blocks: list[list[str]] = [[]]
    for line in markdown.splitlines():
        if not line.strip() or _RULE.match(line) or _FENCE.match(line):
            blocks.append([])
        elif _HEADING.match(line):
            blocks += [[line.strip()], []]
        elif line.lstrip().startswith("|"):
            blocks += [[line.strip().strip("|").strip()], []]
        elif item := _ITEM.match(line):
            blocks.append([line[item.end() :].strip()])
        else:
            blocks[-1].append(line.strip())
    joined = ("\n".join(block) for block in blocks if block)
    return [_WIDE_SEAM.sub("", text).replace("\n", " ") for text in joined]
