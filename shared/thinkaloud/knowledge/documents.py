"""Files -> documents: Markdown and plain text in UTF-8."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from thinkaloud.errors import DocumentError
from thinkaloud.language import Language, language_of, normalise

#: Suffix -> media type.
MEDIA = {".md": "text/markdown", ".markdown": "text/markdown", ".txt": "text/plain"}
#: Bytes. Longer text belongs into several documents, each with a title of its own.
MAX_BYTES = 10 * 1024 * 1024
_TITLE = re.compile(r"^#[ \t]+(\S.*?)(?:[ \t]+#+)?[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """A text to be found again. `uri` is its stable name: the same one again replaces the document."""

    uri: str
    title: str
    media: str
    language: Language
    text: str

    @property
    def id(self) -> str:
        """32 hexadecimal digits of `uri`: Pinecone lists ids by an ASCII prefix, and a file name may be Chinese."""
        return hashlib.blake2b(self.uri.encode(), digest_size=16).hexdigest()


def read_document(path: Path, root: Path) -> Document:
    """Read a file below `root`; its path relative to `root` is its uri.

    Raises:
        DocumentError: of an unknown kind, empty, too large or not UTF-8; the message is one line for a person.
    """
    uri = _uri(path, root)
    media = MEDIA.get(path.suffix.lower())
    if media is None:
        kind = path.suffix or "(none)"
        raise DocumentError(f"{path.name}: files of type {kind} are not supported; use {', '.join(MEDIA)}")
    content = path.read_bytes()
    if len(content) > MAX_BYTES:
        raise DocumentError(f"{path.name} has {len(content):,} bytes; the limit is {MAX_BYTES:,}")
    try:
        text = normalise(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path.name} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    if not text:
        raise DocumentError(f"{path.name} is empty")
    heading = _TITLE.search(text) if media == "text/markdown" else None
    return Document(uri, heading.group(1) if heading else path.stem, media, language_of(text), text)


def _uri(path: Path, root: Path) -> str:
    """The path below `root`, spelt the same on every system: macOS may hand out é as two characters."""
    uri = unicodedata.normalize("NFC", path.relative_to(root).as_posix())
    try:
        uri.encode()
    except UnicodeEncodeError:
        raise DocumentError(f"the name {path.name!a} is not UTF-8; rename the file") from None
    return uri
