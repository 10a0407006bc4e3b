"""Addresses that API Gateway would give, rewritten to the local gateway's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from localcloud.template.model import Application

Value = TypeVar("Value")

_ADDRESS = re.compile(r"(https|wss)://([A-Za-z0-9-]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?", re.IGNORECASE)


@dataclass(frozen=True)
class LocalUrls:
    """Where one API is served on localhost.

    `https` stands for `https://{api host}`, which is an HTTP API itself, and the management API of a WebSocket API;
    `wss` for `wss://{api host}`. What follows the host, such as the stage, is kept.
    """

    https: str
    wss: str = ""


def localise(value: Value, urls: Mapping[str, LocalUrls]) -> Value:
    """`value` with the address of every API in `urls` (keyed by logical id) replaced by the local one.

    Works on a text anywhere in mappings, lists and tuples. The address of an API that is not in `urls` is somebody
    else's and stays.
    """
    by_id = {api.lower(): local for api, local in urls.items()}

    def local_address(match: re.Match[str]) -> str:
        local = by_id.get(match[2].lower())
        if local is None:
            return match[0]
        return (local.https if match[1].lower() == "https" else local.wss).rstrip("/")

    def rewrite(node: object) -> object:
        if isinstance(node, str):
            return _ADDRESS.sub(local_address, node)
        if isinstance(node, dict):
            return {key: rewrite(item) for key, item in node.items()}
        if isinstance(node, (list, tuple)):
            return type(node)(rewrite(item) for item in node)
        return node

    return rewrite(value)  # type: ignore[return-value]  # every branch keeps the type


def localised(application: Application, urls: Mapping[str, LocalUrls]) -> Application:
    """The application as the local cloud runs it: every function's environment and every output localised."""
    functions = {
        logical_id: replace(function, environment=localise(function.environment, urls))
        for logical_id, function in application.functions.items()
    }
    return replace(application, functions=functions, outputs=localise(application.outputs, urls))
