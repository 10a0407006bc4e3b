"""What the tables hold for good, kept from one run to the next: moto has everything in memory.

An item with a time to live is of the moment, and ends with the run: a connection, a turn, a journal.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localcloud.template.model import Table

LOG = logging.getLogger(__name__)


def save(dynamodb: Any, tables: Iterable[Table], path: Path) -> None:
    """Write the lasting items of the tables to the file, a line each, in the place of what is there."""
    written = path.with_suffix(".new")
    written.touch(mode=0o600)
    with written.open("w", encoding="utf-8") as lines:
        for table in tables:
            for item in _items(dynamodb, table):
                lines.write(json.dumps({"table": table.name, "item": item}, default=_text, ensure_ascii=False) + "\n")
    written.replace(path)


def restore(dynamodb: Any, tables: Iterable[Table], path: Path) -> None:
    """Put the file's items, if there is one, into the tables. One that no longer fits its table is left out."""
    names = {table.name for table in tables}
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            kept = json.loads(line, object_hook=_with_bytes)
            if kept["table"] not in names:
                continue
            try:
                dynamodb.put_item(TableName=kept["table"], Item=kept["item"])
            except ClientError as error:
                LOG.warning("%s: an item of the last run does not fit any more: %s", kept["table"], error)


def _items(dynamodb: Any, table: Table) -> Iterator[dict[str, Any]]:
    lasting: dict[str, Any] = {}
    if table.ttl_attribute is not None:
        lasting = {
            "FilterExpression": "attribute_not_exists(#ttl)",
            "ExpressionAttributeNames": {"#ttl": table.ttl_attribute},
        }
    for page in dynamodb.get_paginator("scan").paginate(TableName=table.name, **lasting):
        yield from page["Items"]


def _text(value: object) -> str:
    """Binary values as base64, as DynamoDB has them on the wire."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is no value of an item")


def _with_bytes(node: dict[str, Any]) -> dict[str, Any]:
    """Binary values are told by their type, `{"B": "..."}`: a field of that name would hold a map."""
    match node:
        case {"B": str(text)} if len(node) == 1:
            return {"B": base64.b64decode(text)}
        case {"BS": [str(), *_] as texts} if len(node) == 1:
            return {"BS": [base64.b64decode(text) for text in texts]}
    return node
