"""Which route a message takes.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from localcloud.gateway.errors import UnknownSelection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.template.model import Route

CONNECT: Final = "$connect"
DEFAULT: Final = "$default"
DISCONNECT: Final = "$disconnect"

_EXPRESSION: Final = re.compile(r"\$(?P<brace>\{)?request\.body\.(?P<path>[\w-]+(?:\.[\w-]+)*)(?(brace)\})")


class Router:
    """Selects the route of a message from its body. Pure: the same body always takes the same route."""

    def __init__(self, expression: str, routes: Mapping[str, Route]) -> None:
        """Raise `UnknownSelection` for anything but `$request.body.a.b`, with or without braces."""
        found = _EXPRESSION.fullmatch(expression)
        if found is None:
            raise UnknownSelection(expression)
        self._path = found["path"].split(".")
        self._routes = routes

    def select(self, body: str) -> Route | None:
        """The route of the same key, else `$default`, else None: then the client is told "Forbidden". [doc]"""
        key = self._key(body)
        # A message must not reach $connect or $disconnect by naming them. [?]
        if key is not None and not key.startswith("$") and key in self._routes:
            return self._routes[key]
        return self._routes.get(DEFAULT)

    def _key(self, body: str) -> str | None:
        """The selected property if it is text; None too where the body is not JSON, or nested beyond reason."""
        try:
            value: Any = json.loads(body)
        except (ValueError, RecursionError):
            return None
        for name in self._path:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value if isinstance(value, str) else None
