"""The little that must be known of a text's language: which one, its sentences, about how many tokens."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Language = Literal["en", "zh"]

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_HAN_CHARACTER = re.compile(f"[{_HAN}]")
_LATIN_WORD = re.compile(r"[A-Za-z]+")
# Closing quotes and brackets belong to the sentence before them. A Latin mark ends one only before white space (3.5,
# example.com/?q=1 and a != b do not), or where somebody writes ? and ! in Chinese.
_CLOSERS = r"[”’」』）】)\]\"']*"
_SENTENCE_END = re.compile(
    rf"[。！？；]+{_CLOSERS}\s*|(?<![.!?;])[.!?;]+{_CLOSERS}(?:\s+|$)|(?<![!?])[!?]+{_CLOSERS}(?=[{_HAN}])|\n+"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_DIGITS = re.compile(r"\d{1,3}")
_SYMBOL = re.compile(r"[^\sA-Za-z\d]+")
_TOKEN = re.compile(rf"[{_HAN}]|[A-Za-z]+|\d{{1,3}}|\s+|[^\sA-Za-z\d]")


def language_of(text: str) -> Language:
    """`zh` where there are more Han characters than Latin words, else `en`: 「VPN 怎么用」 is Chinese."""
    return "zh" if len(_HAN_CHARACTER.findall(text)) > len(_LATIN_WORD.findall(text)) else "en"


def language_of_locale(locale: str | None, text: str) -> Language:
    """The language for labels: what `locale` asks for (`zh-CN`, `en_GB`), else that of `text`; English for others."""
    if locale is None:
        return language_of(text)
    return "zh" if locale.lower().startswith("zh") else "en"


def normalise(text: str) -> str:
    """NFC, lines ended by \\n, no control characters, no outer white space: how questions are embedded and stored.

    Halves of surrogate pairs are left out too: JSON can smuggle them in, and no encoding takes them.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _CONTROL.sub("", lines)).strip()


def sentences(text: str) -> list[str]:
    """The sentences of a text in either language, stripped, without empty ones."""
    return [sentence for piece in split_sentences(text) if (sentence := piece.strip())]


def split_sentences(text: str) -> list[str]:
    """The text cut after each sentence and line: the pieces join to the whole again."""
    pieces, start = [], 0
    for end in _SENTENCE_END.finditer(text):
        pieces.append(text[start : end.end()])
        start = end.end()
    return [*pieces, text[start:]] if start < len(text) else pieces


def estimate_tokens(text: str) -> int:
    """About how many tokens a current model makes of `text`; meant to err on the high side.

    One for each Han character, each symbol and each three digits, one for each five letters of a word: against the
    o200k vocabulary this is 1.0 to 1.4 times the true count on the sample handbook (tests/test_language.py).
    """
    words = sum((len(word) + 4) // 5 for word in _LATIN_WORD.findall(text))
    symbols = len(text) - len(_SYMBOL.sub("", text))
    return words + symbols + len(_DIGITS.findall(text)) + text.count("\n")


def shortened(text: str, tokens: int) -> str:
    """The text, or as much of its beginning as is within so many estimated tokens, with an ellipsis behind it."""
    left = tokens
    for token in _TOKEN.finditer(text):
        left -= _cost(token.group())
        if left < 0:
            # Between two words, but for a text that is one endless word.
            return (text[: token.start()].rstrip() or text[: 5 * tokens]) + "…"
    return text


def _cost(token: str) -> int:
    if token.isspace():
        return token.count("\n")
    return -(-len(token) // 5) if token.isascii() and token.isalpha() else 1
