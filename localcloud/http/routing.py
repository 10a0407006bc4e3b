"""Which route a request takes.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from localcloud.template.model import HttpRoute

DEFAULT: Final = "$default"
_VARIABLE: Final = re.compile(r"\{(?P<name>[^{}+]+)(?P<greedy>\+)?\}")


@dataclass(frozen=True)
class Matched:
    """A request's route, and the values of the variables in its path."""

    route: HttpRoute
    parameters: dict[str, str] = field(default_factory=dict)


class Router:
    """Selects the route of a request: the most specific one that fits, `$default` where none does. [doc]"""

    def __init__(self, routes: Iterable[HttpRoute]) -> None:
        routes = list(routes)
        patterns = [_Pattern(route) for route in routes if route.key != DEFAULT]
        self._patterns = sorted(patterns, key=lambda pattern: pattern.vagueness)
        self._default = next((route for route in routes if route.key == DEFAULT), None)

    def match(self, method: str, path: str) -> Matched | None:
        """The route for a method and a decoded path; None where there is not even a `$default`."""
        for pattern in self._patterns:
            parameters = pattern.match(method, path)
            if parameters is not None:
                return Matched(pattern.route, parameters)
        return None if self._default is None else Matched(self._default)


class _Pattern:
    def __init__(self, route: HttpRoute) -> None:
        self.route = route
        self._method, _, path = route.key.partition(" ")
        segments = path.strip("/").split("/")
        variables = [_VARIABLE.fullmatch(segment) for segment in segments]
        # Fixed segments before variables before the greedy one, from the left; then the method before ANY.
        self.vagueness = (
            [0 if found is None else 2 if found["greedy"] else 1 for found in variables],
            self._method == "ANY",
        )
        self._names = [found["name"] for found in variables if found is not None]
        parts = [
            re.escape(segment) if found is None else "(.+)" if found["greedy"] else "([^/]+)"
            for segment, found in zip(segments, variables, strict=True)
        ]
        self._path = re.compile("/" + "/".join(parts), re.DOTALL)

    def match(self, method: str, path: str) -> dict[str, str] | None:
        if self._method not in ("ANY", method):
            return None
        found = self._path.fullmatch(path)
        return None if found is None else dict(zip(self._names, found.groups(), strict=True))
