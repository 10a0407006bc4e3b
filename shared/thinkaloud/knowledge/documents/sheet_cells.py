"""Cells of a sheet -> text, as the sheet shows it: dates as dates, shares as percentages, results of formulas."""

from __future__ import annotations

import re
from array import array
from datetime import datetime, timedelta
from typing import IO
from zipfile import ZipFile

from lxml import etree

#: Numbers of formats that are built in and show a date or a time.
_DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_PERCENT = frozenset((9, 10))
#: What in a format is text to show, a colour, or a currency.
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
#: Characters of a format; Excel's longest is 255.
_FORMAT_CHARACTERS = 255
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class SharedStrings:
    """The texts that cells refer to by number, in a file: a workbook may have a million of them."""

    def __init__(self, file: IO[bytes], archive: ZipFile, part: str) -> None:
        self._ends = array("Q")
        self._file = file
        end = 0
        if part in archive.NameToInfo:
            with archive.open(part) as stream:
                for _, item in etree.iterparse(stream, tag="{*}si", resolve_entities=False, huge_tree=True):
                    end += file.write(shown_text(item).encode(errors="ignore"))
                    self._ends.append(end)
                    item.clear()
                    while item.getprevious() is not None:
                        del item.getparent()[0]
        file.flush()

    def __getitem__(self, number: int) -> str:
        start = self._ends[number - 1] if number else 0
        self._file.seek(start)
        return self._file.read(self._ends[number] - start).decode()


class Cells:
    """Says cells of one workbook."""

    def __init__(self, strings: SharedStrings, styles: etree._Element | None, *, is_1904: bool) -> None:
        self._strings = strings
        self._formats = _formats(styles)
        # Excel takes 1900 for a leap year, as Lotus 1-2-3 did.
        self._epoch = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - a cell has no zone

    def text(self, cell: etree._Element) -> str:
        """What the cell shows; of a formula that was never computed, the formula. Nothing is computed here."""
        kind, value, formula = cell.get("t", "n"), "", ""
        for child in cell:
            tag = child.tag.rpartition("}")[2]
            if tag == "v":
                value = child.text or ""
            elif tag == "f":
                formula = child.text or ""
            elif tag == "is":
                return shown_text(child)
        if not value:
            return f"={formula}" if formula else ""
        if kind == "s":
            return self._strings[int(value)]
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        if kind == "n":
            return self._number(value, self._formats.get(int(cell.get("s", "0")), ""))
        return _unescaped(value)

    def _number(self, value: str, form: str) -> str:
        number = float(value)
        if form == "date":
            return self._date(number)
        if form == "percent":
            return f"{number * 100:.10g}%"
        return str(int(number)) if number.is_integer() and abs(number) < 1e21 else f"{number:.15g}"

    def _date(self, days: float) -> str:
        if not 0 <= days < 2_958_466:  # the year 9999 is Excel's last
            return f"{days:.15g}"
        moment = self._epoch + timedelta(seconds=round(days * 86_400))
        if days < 1:
            return moment.strftime("%H:%M:%S").removesuffix(":00")
        return moment.date().isoformat() if days == int(days) else moment.isoformat(" ").removesuffix(":00")


def shown_text(item: etree._Element) -> str:
    """The text of a string in runs, without how it is pronounced."""
    runs = (t.text or "" for t in item.iter("{*}t") if t.getparent().tag.rpartition("}")[2] != "rPh")
    return _unescaped("".join(runs))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda code: chr(int(code.group(1), 16)), text) if "_x" in text else text


def _formats(styles: etree._Element | None) -> dict[int, str]:
    """Style of a cell -> `date` or `percent`; what is neither is not in it."""
    if styles is None:
        return {}
    own = {item.get("numFmtId"): _form(item.get("formatCode", "")) for item in styles.iterfind("{*}numFmts/{*}numFmt")}
    found = {}
    for place, style in enumerate(styles.iterfind("{*}cellXfs/{*}xf")):
        code = style.get("numFmtId", "0")
        number = int(code) if code.isdecimal() else 0
        built_in = "date" if number in _DATES else "percent" if number in _PERCENT else ""
        if form := own.get(code, built_in):
            found[place] = form
    return found


def _form(code: str) -> str:
    shown = _LITERAL.sub("", code.partition(";")[0][:_FORMAT_CHARACTERS])
    if "%" in shown:
        return "percent"
    return "date" if re.search(r"[dmyhs]", shown, re.IGNORECASE) and "general" not in shown.lower() else ""
