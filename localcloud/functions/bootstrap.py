"""The first thing a worker process runs: `python -I -S bootstrap.py SETTINGS`.

It makes the process what Lambda makes it: only the given folders can be imported from, and the runtime client is there
without being importable from the function's own dependencies. It runs alone, without this package.

SETTINGS is JSON: `handler`; `client`, folders with the runtime client; `path`, what the function may import from beside
the standard library; `parent`, a file descriptor that closes when the parent is gone.
"""

import _thread
import json
import os
import select
import signal
import sys
from typing import Any


def end_with_parent(descriptor: int) -> None:
    """Ends this process and all it started once the parent has closed its end, however it went."""
    while os.read(descriptor, 1):
        pass
    os.killpg(0, signal.SIGKILL)


def run(settings: dict[str, Any]) -> None:
    """Imports the runtime client, gives the function its own import path, and serves invocations."""
    standard_library = list(sys.path)
    sys.path[:0] = settings["client"]
    from awslambdaric import lambda_runtime_hooks_runner  # noqa: F401  # Lambda offers snapshot_restore_py to all
    from awslambdaric.__main__ import main

    sys.path[:] = [*settings["path"], *standard_library]
    main([sys.argv[0], settings["handler"]])


if __name__ == "__main__":
    given = json.loads(sys.argv.pop())
    _thread.start_new_thread(end_with_parent, (given["parent"],))
    try:
        run(given)
    finally:
        # A parent that dies takes the runtime API with it, and the client may notice before the thread does. What this
        # process has started must go all the same.
        if select.select([given["parent"]], [], [], 0.2)[0]:
            end_with_parent(given["parent"])
