"""Documents of strangers, read in a process of its own that has little memory, little time and no secrets.

A parser may loop, eat memory or crash on a file made for that, and PDFium is C++. Then only that process ends, and the
document has one more typed outcome. The process is `guard_process`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from thinkaloud import errors
from thinkaloud.errors import DocumentBomb, DocumentBroken, DocumentError, DocumentTooLarge, KnowledgeError
from thinkaloud.knowledge.documents.block import Block, Document
from thinkaloud.knowledge.documents.opening import shown

_MB = 1024 * 1024
_PROCESS = "thinkaloud.knowledge.documents.guard_process"
#: How a process ends that used up its time.
_OUT_OF_TIME = (-signal.SIGXCPU, -signal.SIGKILL)
#: How one in C++ ends that gets no more memory; Python says so by an error.
_OUT_OF_MEMORY = -signal.SIGABRT
#: A file that takes so many times its size was made for that.
_BOMB = 50
_Lines = Generator[dict[str, Any], None, None]
_BY_CODE = {
    kind.code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DocumentError)
}


@dataclass(frozen=True)
class Limits:
    """What reading a document may take: bytes of memory, seconds of processor time.

    300 pages of PDF take 10 s and 50,000 rows 6 s of one processor (`python -m benchmarks.documents`), in 100 MB; the
    ingest function has less than one. Whatever needs more than this would outlive the function.
    """

    memory: int = 1024 * _MB
    seconds: int = 600


def open_guarded(path: Path, uri: str, media: str | None = None, limits: Limits | None = None) -> Document:
    """`open_document` in a process of its own; so are the document's blocks read, each time anew.

    Raises:
        DocumentError: as of `open_document`, and where the document made the process die.
        KnowledgeError: the process does not work, whatever the document.
        OSError: there is no such file, or it may not be read.
    """
    path.stat()
    limits = limits or Limits()
    with closing(_lines(path, uri, media, limits, only_head=True)) as lines:
        head = next(lines)
    return Document(**head, source=partial(_blocks, path, uri, media, limits))


def _blocks(path: Path, uri: str, media: str | None, limits: Limits) -> Iterator[Block]:
    with closing(_lines(path, uri, media, limits, only_head=False)) as lines:
        next(lines)
        yield from (Block(**line) for line in lines)


def _lines(path: Path, uri: str, media: str | None, limits: Limits, *, only_head: bool) -> _Lines:
    """What the process says: the document, then its blocks; ends as it ends."""
    asked = {"path": str(path), "uri": uri, "media": media, "only_head": only_head, "limits": asdict(limits)}
    command = [sys.executable, "-P", "-m", _PROCESS, json.dumps(asked)]
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUTF8": "1"}
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)  # noqa: S603
    with process:
        try:
            yield from _said(process, shown(PurePosixPath(uri).name), path.stat().st_size, limits)
        finally:
            process.kill()


def _said(process: subprocess.Popen[bytes], called: str, size: int, limits: Limits) -> _Lines:
    for line in process.stdout or ():
        if not line.endswith(b"\n"):
            break  # it died while it said this
        said = json.loads(line)
        if said == "end":
            return
        if "error" in said:
            raise _BY_CODE[said["error"]](said["message"])
        yield said
    status = process.wait()
    if status in _OUT_OF_TIME:
        raise DocumentTooLarge(f"{called}: reading it takes more than {limits.seconds} s; split it")
    if status == _OUT_OF_MEMORY:
        memory = f"{limits.memory // _MB:,} MB of memory"
        if size * _BOMB < limits.memory:
            raise DocumentBomb(f"{called}: it has only {size:,} bytes, but unpacks to more than {memory}")
        raise DocumentTooLarge(f"{called}: reading it takes more than {memory}; split it")
    if status >= 0:  # by an exception of its own: no library, no room on the disk
        raise KnowledgeError(f"the process that reads documents ended with status {status}; its log says why")
    raise DocumentBroken(f"{called}: it is damaged in a way that ends its reader; save it again where it was made")
