"""What a client may restrict its search by: `ask.metadata.filter`, over the metadata of documents.

    {"department": "hr", "year": {"$in": [2024, 2025]}}

Flat, and equality only. A filter narrows what the tenant's own documents are searched for; whose documents those are is
never in it, nor in anything else a message says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from thinkaloud.errors import InvalidFrame

#: Conditions of a filter, values of one condition, and characters of a value.
MOST_CONDITIONS, MOST_VALUES, LONGEST = 10, 50, 256
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_FIELD = "metadata.filter"


def read_filter(metadata: Mapping[str, Any]) -> dict[str, Any] | None:
    """The filter of a question in Pinecone's words, each condition an `$eq` or `$in`; None where it has none.

    https://docs.pinecone.io/guides/search/filter-by-metadata

    Raises:
        InvalidFrame: it is not of the form above; the message says what is wrong, for the client.
    """
    wanted = metadata.get("filter")
    if wanted is None:
        return None
    if not isinstance(wanted, dict):
        raise InvalidFrame(f'{_FIELD} must be an object like {{"department": "hr"}}')
    if len(wanted) > MOST_CONDITIONS:
        raise InvalidFrame(f"{_FIELD} has {len(wanted)} conditions; at most {MOST_CONDITIONS} are allowed")
    return {name: _condition(name, value) for name, value in wanted.items()} or None


def _condition(name: str, value: Any) -> dict[str, Any]:
    if not _NAME.fullmatch(name):
        raise InvalidFrame(f"{_FIELD}: {name[:64]!r} is no field's name")
    match value:
        case {"$eq": single} if len(value) == 1:
            return {"$eq": _value(name, single)}
        case {"$in": [_, *_] as several} if len(value) == 1:
            if len(several) > MOST_VALUES:
                raise InvalidFrame(f"{_FIELD}.{name} has {len(several)} values; at most {MOST_VALUES} are allowed")
            return {"$in": [_value(name, single) for single in several]}
        case dict() | list() | None:
            raise InvalidFrame(f'{_FIELD}.{name} must be a value, {{"$eq": value}} or {{"$in": [values]}}')
    return {"$eq": _value(name, value)}


def _value(name: str, value: Any) -> str | int | float | bool:
    if not isinstance(value, str | int | float | bool):
        raise InvalidFrame(f"{_FIELD}.{name} must be a text, a number, true or false")
    if isinstance(value, str) and len(value) > LONGEST:
        raise InvalidFrame(f"{_FIELD}.{name} has {len(value)} characters; at most {LONGEST} are allowed")
    return value
