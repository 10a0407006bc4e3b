"""Runs `localcloud.samples` in a process of its own, so that its clients do not slow the start of everything else."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Mapping
from pathlib import Path


class SamplesNotLoaded(Exception):
    """The sample pages are not in the index. `str()` is one line that says why."""


async def load_apart(folder: Path, tenant: str, environment: Mapping[str, str], tables: Awaitable[object]) -> int:
    """Load what is below `folder` for `tenant`, with the functions' `environment`; how many documents that is.

    The process starts at once and begins when `tables`, which it needs, are there.

    Raises:
        SamplesNotLoaded: one could not be read, embedded or stored.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "localcloud.samples",
        str(folder),
        tenant,
        "--when-told",
        env={"PATH": os.defpath, **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await tables
        count, complaint = await process.communicate(b"\n")
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        reason = complaint.decode(errors="replace").strip().splitlines()
        raise SamplesNotLoaded(f"the sample handbook was not loaded: {reason[-1] if reason else 'no reason given'}")
    return int(count)
