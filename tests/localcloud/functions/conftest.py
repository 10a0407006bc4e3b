"""Functions written in the test itself, and a service that runs them."""

from __future__ import annotations

import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from localcloud.functions.service import LambdaService
from localcloud.template.model import Application, Function

WriteFunction = Callable[..., Function]
StartService = Callable[..., Any]


@pytest.fixture
def function(tmp_path: Path) -> WriteFunction:
    """Writes `app.py` of a new function, and gives the function."""

    def write(code: str, name: str = "hello", **settings: Any) -> Function:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "app.py").write_text(textwrap.dedent(code), encoding="utf-8")
        defaults: dict[str, Any] = {
            "logical_id": name.capitalize(),
            "name": name,
            "handler": "app.handler",
            "runtime": "python3.13",
            "code": folder,
            "layers": (),
            "timeout_s": 5.0,
            "memory_mb": 128,
            "environment": {},
        }
        return Function(**{**defaults, **settings})

    return write


class Lines(list[tuple[str, str]]):
    """What functions print: a list of (function, line) that can be called as a sink."""

    def __call__(self, function: str, line: str) -> None:
        self.append((function, line))

    @property
    def text(self) -> str:
        return "\n".join(line for _, line in self)


@pytest.fixture
async def service() -> AsyncIterator[StartService]:
    """Starts a service for the given functions; it is stopped after the test. `service.log` are its lines."""
    async with AsyncExitStack() as stack:

        async def start(*functions: Function, **settings: Any) -> LambdaService:
            application = Application({}, {each.logical_id: each for each in functions}, {}, {}, {})
            settings.setdefault("inherited", {"PATH": "/usr/bin:/bin"})
            settings.setdefault("log", Lines())
            return await stack.enter_async_context(LambdaService(application, **settings))

        yield start
