"""`thinkaloud dev`: the local cloud in the foreground, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from console.functionlog import FunctionLog
from console.local import NoLocalCloud, running_cloud
from localcloud.aws.errors import AwsUnavailable
from localcloud.cloud import LocalCloud
from localcloud.deployer import StartFailed
from localcloud.functions.runtime_api import InitFailed
from localcloud.gateway.errors import PortTaken
from localcloud.pinecone.storage import StorageError
from localcloud.providers import ProviderError
from localcloud.queues.sqs import QueueUnavailable
from localcloud.template.errors import TemplateError
from thinkaloud.errors import ConfigurationError, ThinkaloudError

#: What a person can mend; each says how in one line.
FORESEEN = (
    AwsUnavailable,
    InitFailed,
    PortTaken,
    ProviderError,
    QueueUnavailable,
    StartFailed,
    StorageError,
    TemplateError,
)


class AlreadyRunning(ThinkaloudError):
    """Another `thinkaloud dev` serves this project."""

    def __init__(self, page: str) -> None:
        super().__init__(f"the local cloud of this project is running already, at {page}; stop that one first")


def dev(project: Path, *, port: int, samples: bool, pace: float | None, verbose: bool) -> None:
    """Start everything, say so, and end all of it on SIGINT or SIGTERM.

    What happens goes to standard output until it is ready, then warnings and errors of functions to standard error,
    with `verbose` everything that they print.

    Raises:
        AlreadyRunning: this project's cloud runs; two would share one state.
        ConfigurationError: `.env` cannot be read.
        FORESEEN: something could not start; what had started is stopped again.
    """
    _check_alone(project)
    began = time.monotonic()

    def progress(line: str) -> None:
        print(f"{time.monotonic() - began:5.1f} s  {line}", flush=True)

    _show_log()
    log = FunctionLog(partial(print, file=sys.stderr, flush=True), verbose=verbose)
    environ = {**read_env(project / ".env"), **os.environ}
    cloud = LocalCloud(project, port, environ=environ, samples=samples, pace=pace, progress=progress, log=log)
    try:
        asyncio.run(_until_told(cloud))
    except BaseExceptionGroup as group:  # parts start side by side; the first that failed cancelled the others
        raise _first(group) from None


def _check_alone(project: Path) -> None:
    with contextlib.suppress(NoLocalCloud):
        cloud = running_cloud(project)
        cloud.config()  # one that was killed left its file behind, and does not answer
        raise AlreadyRunning(cloud.page)


def _show_log() -> None:
    """The local cloud's own warnings, and which functions start again because their source changed."""
    logging.basicConfig(level=logging.WARNING, format="local cloud  %(levelname)s  %(message)s")
    logging.getLogger("localcloud.functions").setLevel(logging.INFO)


async def _until_told(cloud: LocalCloud) -> None:
    work = asyncio.create_task(_serve(cloud))

    def end() -> None:
        if not work.cancelling():  # a second Ctrl-C must not break off the stopping of the children
            work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end)
    with contextlib.suppress(asyncio.CancelledError):
        await work


async def _serve(cloud: LocalCloud) -> None:
    async with cloud:
        print(f"ready  page {cloud.page_url}  ws {cloud.ws_url}  http {cloud.http_url}", flush=True)
        await asyncio.Event().wait()


def read_env(path: Path) -> dict[str, str]:
    """The variables of a `.env` file, in python-dotenv's syntax; nothing where there is no file.

    Raises:
        ConfigurationError: a line cannot be read. It is named by its number, as it may hold a key.
    """
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8") from None
    for found in parse_stream(io.StringIO(text)):  # dotenv_values only logs what it cannot read
        if found.error or (found.key is not None and found.value is None):
            blank = len(found.original.string) - len(found.original.string.lstrip())
            line = found.original.line + found.original.string.count("\n", 0, blank)
            raise ConfigurationError(f"{path}, line {line}: write NAME=value, or NAME='value'")
    return {name: value or "" for name, value in dotenv_values(stream=io.StringIO(text)).items()}


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
