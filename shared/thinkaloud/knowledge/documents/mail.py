"""E-mail: who wrote when, the text, and the names of what is attached.

An attachment is a document of its own, with a kind and a size of its own: whoever wants it found uploads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from pathlib import Path

from thinkaloud.errors import DocumentEncrypted, DocumentMisnamed, DocumentTooLarge
from thinkaloud.knowledge.documents import webpage
from thinkaloud.knowledge.documents.block import Block
from thinkaloud.knowledge.documents.encoding import decoded
from thinkaloud.knowledge.documents.plain import blocks_of, cleaned

#: Bytes. Mail servers refuse more than half of it, and a mail is held as a whole.
MAX_BYTES = 50 * 1024 * 1024
_HEADERS = ("From", "To", "Cc", "Date")
_ENCRYPTED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")


def blocks(path: Path) -> Iterator[Block]:
    """The headers that a reader wants, the body, then the attachments' names."""
    message = _message(path)
    if message.get_content_type() in _ENCRYPTED:
        raise DocumentEncrypted("it is encrypted; save it decrypted from the mail program that can read it")
    said = [f"{name}: {value}" for name in _HEADERS if (value := _header(message, name))]
    yield from (Block("text", text) for text in cleaned(["\n".join(said)]))
    yield from _body(message)
    names = list(filter(None, map(_attached, message.walk())))
    yield from (Block("text", text) for text in cleaned(["Attachments: " + ", ".join(names)] if names else []))


def title(path: Path) -> str:
    """The subject."""
    return _header(_message(path), "Subject")


def _message(path: Path) -> EmailMessage:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise DocumentTooLarge(f"it has {size:,} bytes; the limit for a mail is {MAX_BYTES:,}")
    with path.open("rb") as file:
        message: EmailMessage = BytesParser(policy=policy.default).parse(file)
    if not any(name in message for name in ("From", "To", "Subject", "Received", "Message-ID")):
        raise DocumentMisnamed("it is not an e-mail: no line at its top says from whom, to whom or about what")
    return message


def _header(message: Message, name: str) -> str:
    """A header in plain words; as it was sent, where it is malformed."""
    try:
        return str(message.get(name) or "")
    except Exception:  # noqa: BLE001 - the library's own parser fails in many ways on headers that programs do send
        return next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")


def _body(message: EmailMessage) -> Iterator[Block]:
    """The text if there is one, else the HTML: they say the same."""
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        text = _text(part) if part else ""
        found = list(webpage.blocks_of(text) if kind == "html" else blocks_of(text.splitlines(keepends=True)))
        if found:
            yield from found
            return


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return decoded(payload, part.get_content_charset()) if isinstance(payload, bytes) else ""


def _attached(part: Message) -> str:
    """The name under which a part is attached; empty where it is none."""
    try:
        name = part.get_filename() or ""
    except Exception:  # noqa: BLE001 - as with headers
        name = ""
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        forwarded = inner[0] if isinstance(inner, list) and inner else None
        return name or (_header(forwarded, "Subject") if isinstance(forwarded, Message) else "")
    return name if part.get_content_disposition() == "attachment" or name else ""
