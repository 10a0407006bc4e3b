"""Pages of sorted names. A token is the last name of a page, so a page stays right while names come and go."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localcloud.pinecone.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class NamePage:
    """A page of sorted names, and the token of the next one, None on the last."""

    names: list[str]
    next: str | None


def page_of(names: Sequence[str], token: str | None, limit: int, prefix: str = "") -> NamePage:
    """At most `limit` of the sorted, ASCII `names` that start with `prefix`, after the one that `token` stands for."""
    start = bisect_left(names, prefix) if token is None else bisect_right(names, _name_of(token))
    end = bisect_left(names, prefix + "\x80")  # sorts after every ASCII character
    part = list(names[start : min(start + limit, end)])
    return NamePage(part, _token_of(part[-1]) if part and start + limit < end else None)


def _token_of(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _name_of(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise invalid(f"Invalid pagination token '{token[:80]}'") from None
