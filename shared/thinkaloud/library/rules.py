"""What a document may be called, and what may be said of it."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import fields
from pathlib import PurePosixPath

from thinkaloud.errors import DocumentUnsupported, InvalidRequest
from thinkaloud.knowledge.documents import MEDIA
from thinkaloud.knowledge.index import Passage
from thinkaloud.state.documents import Value

#: Bytes of a name in UTF-8: what a file may be called nearly everywhere.
NAME_BYTES = 255
#: Bytes of metadata as JSON. It is kept with every chunk, of whose 40 KB the text needs most.
#: https://docs.pinecone.io/guides/index-data/indexing-overview#metadata
METADATA_BYTES = 8_192
#: Characters of a media type, https://www.rfc-editor.org/rfc/rfc6838#section-4.2
_MEDIA = re.compile(r"[\w.+-]{1,127}/[\w.+-]{1,127}(?:; ?[\w-]+=[\w.+-]+)*", re.ASCII)
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
#: What chunks carry of their own.
_TAKEN = frozenset(field.name for field in fields(Passage))
#: Whole numbers that a float holds exactly, as Pinecone keeps them.
_EXACT = 2**53


def checked_name(name: str) -> str:
    """The name in NFC. Folders below one another are part of a name, and nothing is ever opened by it.

    Raises:
        InvalidRequest: it is empty, too long, or leads somewhere: `..`, a root, a drive, a control character.
        DocumentUnsupported: by its suffix nothing here reads it.
    """
    normal = unicodedata.normalize("NFC", name)
    try:
        size = len(normal.encode())
    except UnicodeEncodeError:
        raise InvalidRequest("name holds half a character (a lone surrogate)") from None
    if not 0 < size <= NAME_BYTES:
        raise InvalidRequest(f"name has {size} bytes; it must have 1 to {NAME_BYTES}")
    if any(unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp") for each in normal):
        raise InvalidRequest("name holds a control character, or a mark that hides text")
    if "\\" in normal or ":" in normal.split("/")[0][1:2]:
        raise InvalidRequest("name holds a backslash or a drive; folders are parted by /")
    if any(part.strip() in ("", ".", "..") for part in normal.split("/")):
        raise InvalidRequest("name leads outside of its folder; it must be a file's name, or a path below a folder")
    suffix = PurePosixPath(normal).suffix
    if suffix.lower() not in MEDIA:
        raise DocumentUnsupported(f"files of type {suffix or '(none)'} are not supported; use {', '.join(MEDIA)}")
    return normal


def checked_media(media: str | None, name: str) -> str:
    """The media type that the upload will have: what was said, else what the name says.

    Raises:
        InvalidRequest: it is no media type.
    """
    if media is None or not media.strip():
        return MEDIA[PurePosixPath(name).suffix.lower()]
    if not _MEDIA.fullmatch(media):
        raise InvalidRequest("media is not a media type such as application/pdf")
    return media


def checked_metadata(metadata: Mapping[str, object]) -> dict[str, Value]:
    """The metadata, which is flat: text, whole or other numbers, true or false, or lists of text.

    Raises:
        InvalidRequest: too large, a key that is taken or no word, or a value of another kind; the message says which.
    """
    try:
        size = len(json.dumps(metadata, ensure_ascii=False, allow_nan=False).encode())
    except (ValueError, TypeError, RecursionError):
        raise InvalidRequest("metadata holds something that JSON has no word for") from None
    if size > METADATA_BYTES:
        raise InvalidRequest(f"metadata has {size:,} bytes; the limit is {METADATA_BYTES:,}")
    checked: dict[str, Value] = {}
    for key, value in metadata.items():
        if not _KEY.fullmatch(key):
            raise InvalidRequest(f"metadata: the key {key[:64]!a} is not a letter and up to 63 of A-Z a-z 0-9 _ . -")
        if key in _TAKEN:
            raise InvalidRequest(f"metadata: {key} is what chunks carry of their own; take another key")
        checked[key] = _value(key, value)
    return checked


def _value(key: str, value: object) -> Value:
    if isinstance(value, (str, bool)):
        return value
    if isinstance(value, int) and abs(value) <= _EXACT:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    raise InvalidRequest(f"metadata: {key} must be text, a number, true or false, or a list of text")
