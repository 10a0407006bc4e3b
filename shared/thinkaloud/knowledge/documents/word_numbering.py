"""The marks before the items of a Word list: "-", "2.1" or 「第三条」, which Word computes and does not store."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PLACE = re.compile(r"%(\d)")
_CHINESE = "〇一二三四五六七八九"
_ROMAN = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


class Numbering:
    """Counts the lists of one document as its paragraphs go by."""

    def __init__(self, numbering: etree._Element | None, styles: Mapping[str, etree._Element]) -> None:
        root = etree.Element("none") if numbering is None else numbering
        self._styles = styles
        kinds = {item.get(f"{_W}abstractNumId"): item for item in root.iterfind(f"{_W}abstractNum")}
        self._lists = {}
        for item in root.iterfind(f"{_W}num"):
            kind = item.find(f"{_W}abstractNumId")
            if kind is not None and kind.get(f"{_W}val") in kinds:
                self._lists[item.get(f"{_W}numId")] = kinds[kind.get(f"{_W}val")]
        #: Kind of list -> the number of the last item at each level.
        self._counts: dict[str, dict[int, int]] = {}

    def mark(self, paragraph: etree._Element) -> str:
        """What stands before the paragraph; empty where it is no item of a list."""
        properties = paragraph.find(f"{_W}pPr/{_W}numPr")
        if properties is None:
            style = paragraph.find(f"{_W}pPr/{_W}pStyle")
            known = self._styles.get(style.get(f"{_W}val", "")) if style is not None else None
            properties = known.find(f"{_W}pPr/{_W}numPr") if known is not None else None
        kind = self._lists.get(_value(properties, "numId")) if properties is not None else None
        if kind is None:
            return ""
        said = _value(properties, "ilvl")
        return self._counted(kind, int(said) if said.isdecimal() else 0)

    def _counted(self, kind: etree._Element, level: int) -> str:
        levels = {item.get(f"{_W}ilvl"): item for item in kind.iterfind(f"{_W}lvl")}
        counts = self._counts.setdefault(kind.get(f"{_W}abstractNumId"), {})
        start = _value(levels.get(str(level)), "start")
        counts[level] = counts[level] + 1 if level in counts else (int(start) if start.isdecimal() else 1)
        for deeper in [other for other in counts if other > level]:
            del counts[deeper]
        indent = "  " * min(level, 8)
        if _value(levels.get(str(level)), "numFmt") in ("bullet", "none", ""):
            return f"{indent}-"

        def number(place: re.Match[str]) -> str:
            at = int(place.group(1)) - 1
            return _written(counts.get(at, 1), _value(levels.get(str(at)), "numFmt"))

        return indent + _PLACE.sub(number, _value(levels.get(str(level)), "lvlText") or "%1.")


def _value(element: etree._Element | None, name: str) -> str:
    found = element.find(f"{_W}{name}") if element is not None else None
    return str(found.get(f"{_W}val", "")) if found is not None else ""


def _written(number: int, form: str) -> str:
    """A number as a format of Word writes it; in digits, where the format is a rare one."""
    if form in ("lowerLetter", "upperLetter") and 0 < number <= 26:
        letter = chr(ord("a") + number - 1)
        return letter.upper() if form == "upperLetter" else letter
    if form in ("lowerRoman", "upperRoman") and 0 < number < 400:
        roman = _roman(number)
        return roman.upper() if form == "upperRoman" else roman
    if form in ("chineseCounting", "chineseCountingThousand", "taiwaneseCounting", "japaneseCounting"):
        return _chinese(number)
    return str(number)


def _roman(number: int) -> str:
    text = ""
    for value, letters in _ROMAN:
        text += letters * (number // value)
        number %= value
    return text


def _chinese(number: int) -> str:
    """二十一; from a hundred on in digits."""
    if not 0 < number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else _CHINESE[tens]) + "十" * (tens > 0) + (_CHINESE[ones] if ones else "")
