"""Whether a process is still there, for tests that end one."""

from __future__ import annotations

import asyncio
import os
import subprocess


def alive(pid: int) -> bool:
    """A zombie, which only waits for its exit code to be read, is not alive."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


async def gone(pid: int, within_s: float = 10.0) -> bool:
    """Waits until the process is gone; False if it is still there after `within_s`."""
    try:
        async with asyncio.timeout(within_s):
            while alive(pid):  # noqa: ASYNC110  # nothing tells of the end of a process that is no child of ours
                await asyncio.sleep(0.02)
    except TimeoutError:
        return False
    return True


def children(pid: int) -> set[int]:
    """The ids of the processes that `pid` has started and that still run."""
    with subprocess.Popen(["ps", "-A", "-o", "pid=,ppid=,stat="], stdout=subprocess.PIPE, text=True) as ps:
        rows = [line.split() for line in ps.communicate()[0].splitlines()]
    found = {int(child) for child, parent, state in rows if int(parent) == pid and not state.startswith("Z")}
    return found - {ps.pid}
