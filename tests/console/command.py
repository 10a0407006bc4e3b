"""The installed `thinkaloud` command as a process."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

THINKALOUD = str(Path(sys.executable).with_name("thinkaloud"))


def environment(**changes: str) -> dict[str, str]:
    """This environment without what would change what the command says or whom it asks."""
    names = {"LC_ALL", "LC_MESSAGES", "LANG", "THINKALOUD_TOKEN", "PYTHONIOENCODING", "PYTHONUTF8", "NO_COLOR"}
    return {name: value for name, value in os.environ.items() if name not in names} | changes


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str

    @property
    def frames(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


async def start(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        THINKALOUD,
        *arguments,
        cwd=cwd,
        env=env or environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def finish(process: asyncio.subprocess.Process) -> Finished:
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Finished(process.returncode, out.decode(), err.decode())


async def thinkaloud(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Finished:
    return await finish(await start(*arguments, cwd=cwd, env=env))
