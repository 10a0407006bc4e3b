"""Bytes -> text: UTF-8, UTF-16 and GB18030, told apart by what can be decoded and looks like writing."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from thinkaloud.errors import DocumentMisnamed, DocumentUnsupported
from thinkaloud.knowledge.documents.block import BLOCK_CHARACTERS

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Bytes read at a time.
_PIECE = 1 << 16
#: Characters outside of ASCII by which a guess is judged.
_JUDGED = 4_000
#: Of those, the share that has to be common in Chinese writing. Simplified Chinese has 0.95 and more; Big5 read as
#: GB18030 has 0.2 to 0.5, Shift JIS and Latin-1 less.
_PLAUSIBLE = 0.7
#: The share of control characters from which on a file is no text.
_BINARY = 0.02
#: Where a page names its encoding.
_TAG = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
#: Bytes in which a page has to name its encoding.
_TAG_BYTES = 4_096
_SPOKEN = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252"}


def text_lines(path: Path) -> Iterator[str]:
    """The lines of a text file with their ends; one that never ends comes in pieces.

    Raises:
        DocumentUnsupported: the encoding is none of those known.
        DocumentMisnamed: it is no text at all.
    """
    with path.open(encoding=detect(path), newline=None) as file:
        yield from iter(lambda: file.readline(BLOCK_CHARACTERS), "")


def detect(path: Path) -> str:
    """The codec that reads the whole file without an error, and makes writing of it.

    A byte order mark decides. Without one: zero bytes mean UTF-16, as nothing else has them; then UTF-8, which no
    other encoding passes for by chance; then whichever of GB18030 and UTF-16 reads as Chinese.

    Raises:
        DocumentUnsupported: the encoding is none of those known.
        DocumentMisnamed: it is no text at all.
    """
    with path.open("rb") as file:
        head = file.read(_PIECE)
    marked = next((codec for mark, codec in _MARKS if head.startswith(mark)), None)
    if marked:
        candidates = [marked] if _decodes(path, marked) else []
    elif b"\0" in head:
        candidates = [codec for codec in _by_zeros(head) if _decodes(path, codec) and _is_writing(path, codec)]
    elif _decodes(path, "utf-8"):
        candidates = ["utf-8"]
    else:
        guesses = ("gb18030", "utf-16-le", "utf-16-be")
        candidates = [codec for codec in guesses if _decodes(path, codec) and _is_writing(path, codec)]
    if candidates and not _is_binary(path, candidates[0]):
        return candidates[0]
    if candidates or b"\0" in head:
        raise DocumentMisnamed("it is not text but binary data; give it the name of what it is")
    raise DocumentUnsupported("its text is not in UTF-8, UTF-16 or GB18030; save it as UTF-8")


def is_text(path: Path) -> bool:
    """Whether the file can be read as text."""
    try:
        detect(path)
    except (DocumentMisnamed, DocumentUnsupported):
        return False
    return True


def _by_zeros(head: bytes) -> tuple[str, str]:
    """Both orders of UTF-16, the likelier first: zeros are the high bytes of ASCII, the low ones of little else."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    return ("utf-16-be", "utf-16-le") if even > odd else ("utf-16-le", "utf-16-be")


def _pieces(path: Path, codec: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _decodes(path: Path, codec: str) -> bool:
    try:
        return all(True for _ in _pieces(path, codec))
    except UnicodeDecodeError:
        return False


def _is_writing(path: Path, codec: str) -> bool:
    """Whether what is not ASCII is mostly common Chinese; of text that is all ASCII there is nothing to doubt."""
    seen: list[str] = []
    for piece in _pieces(path, codec):
        seen += [character for character in piece if not character.isascii()][: _JUDGED - len(seen)]
        if len(seen) >= _JUDGED:
            break
    return not seen or sum(map(_is_common, seen)) / len(seen) >= _PLAUSIBLE


def _is_common(character: str) -> bool:
    """Punctuation of Chinese, or one of the 3,755 characters of GB 2312's first level, which are by frequency."""
    if "\u3000" <= character <= "\u3011" or "\uff01" <= character <= "\uff5e" or character in "“”‘’…—·":
        return True
    try:
        code = character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and 0xB0 <= code[0] <= 0xD7


def _is_binary(path: Path, codec: str) -> bool:
    head = next(_pieces(path, codec), "")
    controls = sum(character < " " and character not in "\t\n\r\f\b\x1b" for character in head)
    return controls > _BINARY * len(head)


def decoded(content: bytes, charset: str | None = None) -> str:
    """The text of a page or a mail, which say their encoding themselves: a mark, a header, or a tag in the page.

    What they say may be wrong, or too narrow: GB 2312 means GB18030, Latin-1 means Windows-1252. Where nothing fits,
    what cannot be decoded becomes a replacement character, as in a browser.
    https://encoding.spec.whatwg.org/#names-and-labels
    """
    marked = next((codec for mark, codec in _MARKS if content.startswith(mark)), None)
    tagged = _TAG.search(content[:_TAG_BYTES])
    said = [marked, charset, tagged.group(1).decode("ascii") if tagged else None]
    for codec in (*filter(None, said), "utf-8", "gb18030"):
        try:
            return content.decode(_SPOKEN.get(codec.lower(), codec))
        except (LookupError, UnicodeDecodeError):
            continue
    return content.decode("utf-8", errors="replace")
