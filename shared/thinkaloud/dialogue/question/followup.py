"""Whether a question stands alone or leans on what was said before: "and for contractors?", 「那病假呢？」.

Rules over the words of the question itself, so that most questions are told apart before the conversation is loaded.
They know no grammar; where they cannot be sure they say so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from thinkaloud.dialogue.question.topics import english_words, topics
from thinkaloud.language import language_of

#: How a question is to be read. Who `leans` says nothing, or not all, without the conversation; of `unsure` either may
#: be true.
Stance = Literal["alone", "leans", "unsure"]

# English. A pronoun leans where nothing before it in the question could be what it stands for.
_OPENS = re.compile(r"(?:(?:and|but|or|so|also|plus|then|ok|okay)\b[\s,]*)+")
_ASKS_BACK = re.compile(
    r"(?:what|how) about\b|what if\b|(?:the )?same (?:for|with|goes)\b|and\b|what else\b|any(?:thing)? else\b"
)
_PRONOUN = re.compile(
    r"\b(?:it|its|it's|they|them|their|theirs|he|him|his|she|her|those|these|both|ones?|former|latter|that|this|there)\b"
)
# What only looks like one: "is it possible to", "it takes to", "the day that", "this year", "is there".
_EMPTY = re.compile(
    r"\b(?:is|was|it's) it (?:also )?(?:possible|allowed|ok|okay|true|necessary|enough|required|better|fine)\b"
    r"|\bit(?:'s)? (?:possible|allowed|ok|okay|true|necessary|enough|required|better|fine)\b"
    r"|\bit (?:takes?|costs?) (?:to|for)\b|\b(?:does|will|would) it (?:take|cost) (?:to|for|until|before|me|us)\b"
    r"|\b(?:this|that) (?:year|month|week|quarter|company|shop|store|morning|afternoon|evening|time|way)\b"
    r"|\b(?:is|are|was|were|be|will) there\b|\bthere (?:is|are|was|were|will|any|an?)\b"
    r"|\bthat (?:i|we|you|they|he|she|the|my|our|your|an?|are|were|can|cannot|have|has|do|don't|does|doesn't)\b"
    r"|\b(?:this|that|these|those|which|each|every|no|any|either) ones?\b(?= (?:of|for))"
    r"|\bone (?:of|day|week|month|year)\b"
)
_ANTECEDENT = re.compile(
    r"\b(?:my|your|our|the|an?|some|any|each|every|all|no|someone's)\s+(?:[\w'-]+\s+){0,2}?([\w'-]+)"
)
_SOMEBODY = re.compile(r"\b(?:some|any|every)(?:thing|one|body)\b")
_ASKED_FOR = re.compile(r"\b(?:what|which|how many|how much) [\w'-]+")
_PLURAL = re.compile(r"\b([a-z]{3,}s)\b")
_ALSO = re.compile(r"\b(?:too|also|as well|either|instead|then|likewise)$")
_VERBAL = re.compile(
    r"\b(?:is|are|was|were|am|do|does|did|can|could|may|might|must|shall|should|will|would|has|have|had|who|whom|whose"
    r"|what|when|where|which|why|how|tell|show|give|list|explain|describe|find|i'm|what's|who's|where's|when's|how's)\b"
)
#: Words of a question that is too short to be sure of, and of one that "too" can make lean.
_FEW, _SHORT = 4, 8

# Chinese.
_ZH_ENDS = re.compile(r"呢$")
_QUESTION_WORD = re.compile(
    r"几|多少|多久|多长|多大|怎|什么|如何|谁|哪|何|吗|是否|为啥|能不能|可不可以|有没有|是不是|会不会|要不要"
)
_ZH_OPENS = re.compile(
    r"(?:那么?(?![个些种样边里儿台款张件条笔次份项家位])|而|换成|换作|同样|还有呢|除此之外|除了这个)"
)
_ZH_PRONOUN = re.compile(
    r"它们?|他们|她们|[这那](?:个(?!月|星期|季度)|些|种|样|台|款|张|件|条|笔|份|项|位|类)|前者|后者|上述|上面说|刚才|其中|此外|另外[一几]"
)
_ZH_ALSO = re.compile(r"[也又](?:.{0,6})(?:吗|么|一样|可以|行|是|能|算|要|该|怎|有)")
_ZH_CONDITION = re.compile(r"的话")
_HAN = re.compile(r"[\u3400-\u9fff]")
#: Han characters of a short question, and of a bare name.
_ZH_SHORT, _ZH_FEW = 12, 6

_OUTER = " \t\n?？!！.。,，~～…、;；:：\"'“”‘’「」()（）"


@dataclass(frozen=True)
class Reading:
    """How a question is to be read, and what it names itself."""

    stance: Stance
    topics: tuple[str, ...]


def read_question(text: str) -> Reading:
    """How the question is to be read by itself, whatever was said before."""
    bare = text.strip(_OUTER)
    found = tuple(topics(bare))
    stance = _english(bare.lower().replace("’", "'"), found) if language_of(text) == "en" else _chinese(bare, found)
    return Reading(stance, found)


def _english(text: str, found: tuple[str, ...]) -> Stance:
    if not found:
        return "leans"
    words = english_words(text)
    rest = _OPENS.sub("", text, count=1) if (opened := _OPENS.match(text)) else text
    fragment = not _VERBAL.search(rest)
    if _ASKS_BACK.match(rest) or (opened and fragment) or _leaning_pronoun(rest):
        return "leans"
    if _ALSO.search(rest) and len(words) <= _SHORT:
        return "leans"
    if opened and len(found) <= 1:
        return "unsure"
    return "unsure" if fragment and len(words) <= _FEW else "alone"


def _leaning_pronoun(text: str) -> bool:
    """Whether a pronoun stands for something that the question does not name before it."""
    plain = _EMPTY.sub(lambda match: " " * len(match.group()), text)
    pronoun = _PRONOUN.search(plain)
    if pronoun is None:
        return False
    before = plain[: pronoun.start()]
    if _SOMEBODY.search(before):
        return False
    before = _ASKED_FOR.sub("", before)
    named = [match.group(1) for match in _ANTECEDENT.finditer(before)] + _PLURAL.findall(before)
    return not any(topics(name) for name in named)


def _chinese(text: str, found: tuple[str, ...]) -> Stance:
    if not found:
        return "leans"
    size = len(_HAN.findall(text))
    asks = _QUESTION_WORD.search(text)
    if _ZH_OPENS.match(text) or (_ZH_ENDS.search(text) and not asks):
        return "leans"
    pronoun = _ZH_PRONOUN.search(text)
    if pronoun and not topics(text[: pronoun.start()] + "吗"):
        return "leans"
    if size <= _ZH_SHORT and _ZH_ALSO.search(text):
        return "leans"
    unsure = _ZH_CONDITION.search(text) if size <= _ZH_SHORT else None
    return "unsure" if unsure or (size <= _ZH_FEW and not asks) else "alone"
