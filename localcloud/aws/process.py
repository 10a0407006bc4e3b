"""The moto process: started, listened to, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from asyncio import StreamReader
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from typing import cast

from localcloud.aws.errors import AwsUnavailable

LOG = logging.getLogger(__name__)

_START_LIMIT_S = 30.0
_STOP_LIMIT_S = 2.0
_LONGEST_LINE = 1 << 20


class MotoProcess:
    """`localcloud.aws.server` as a child process. It ends by itself when this process is gone."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._stderr = cast("StreamReader", process.stderr)
        self._complaints: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @classmethod
    async def start(cls, port: int, credentials: Mapping[str, str]) -> tuple[MotoProcess, str]:
        """The process and its URL, once it listens. AwsUnavailable if it does not.

        `credentials` are the variables that clients sign with: presigned URLs are checked against them.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "localcloud.aws.server",
            f"--port={port}",
            "--exit-with-stdin",
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=_LONGEST_LINE,
            # No web page is to read a table or a secret; of S3, `Buckets` says which pages may call.
            env={**os.environ, **credentials, "MOTO_DISABLE_GLOBAL_CORS": "true"},
            start_new_session=True,  # Ctrl-C reaches this process alone, which then stops moto in its turn
        )
        started = cls(process)
        try:
            line = await asyncio.wait_for(cast("StreamReader", process.stdout).readline(), _START_LIMIT_S)
            if not line:
                complaint = (await started._stderr.read()).decode(errors="replace").strip()
                reason = complaint.splitlines()[-1] if complaint else "it gave no reason"
                raise AwsUnavailable(f"moto did not start: {reason}")
        except TimeoutError:
            await started.stop()
            raise AwsUnavailable(f"moto did not start within {_START_LIMIT_S:.0f} s") from None
        except BaseException:
            await started.stop()
            raise
        started._complaints = asyncio.create_task(started._log_complaints())
        return started, f"http://127.0.0.1:{int(line)}"

    async def stop(self) -> None:
        """Ends the process."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_LIMIT_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._complaints is not None:
            await self._complaints

    async def _log_complaints(self) -> None:
        async for line in self._stderr:
            LOG.warning("moto: %s", line.decode(errors="replace").rstrip())
