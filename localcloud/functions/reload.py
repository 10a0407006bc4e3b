"""Which functions to restart when a file changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from watchfiles import awatch

from localcloud.template.model import Function

if TYPE_CHECKING:
    import asyncio


async def changed_functions(functions: Mapping[str, Function], stop: asyncio.Event) -> AsyncIterator[set[str]]:
    """The logical ids of the functions whose code or layers have changed, once for each burst of changes.

    Compiled files, hidden ones and the like do not count. Ends when `stop` is set.
    """
    folders = {folder for function in functions.values() for folder in (function.code, *function.layers)}
    async for changes in awatch(*folders, stop_event=stop, step=50, debounce=400):
        changed = affected(functions, {Path(path) for _, path in changes})
        if changed:
            yield changed


def affected(functions: Mapping[str, Function], changes: set[Path]) -> set[str]:
    """The logical ids of the functions that have one of `changes` in their code or in a layer."""
    return {
        logical_id
        for logical_id, function in functions.items()
        if any(change.is_relative_to(folder) for change in changes for folder in (function.code, *function.layers))
    }
