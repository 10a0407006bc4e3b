"""The process in which `guard` has a document read: it takes its limits on, then says the document line by line."""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from thinkaloud.errors import DocumentError
from thinkaloud.knowledge.documents.opening import open_document


def _serve(asked: dict[str, Any], out: IO[str]) -> None:
    """Read the document and say it, line by line."""
    try:
        document = open_document(Path(asked["path"]), asked["uri"], asked["media"])
        fields = ("uri", "title", "media", "language")
        print(json.dumps({field: getattr(document, field) for field in fields}), file=out)
        for block in document.blocks() if not asked["only_head"] else ():
            print(json.dumps(asdict(block)), file=out)
    except DocumentError as error:
        _trace(error.__cause__)
        print(json.dumps({"error": error.code, "message": str(error)}), file=out)
    else:
        print(json.dumps("end"), file=out)


def _trace(cause: BaseException | None) -> None:
    """Tell the log where a library stumbled, but nothing of the document: what it said may be in the error's text."""
    if cause is not None and cause.__traceback__ is not None and not isinstance(cause, DocumentError):
        place = traceback.extract_tb(cause.__traceback__)[-1]
        sys.stderr.write(f"{type(cause).__name__} at {place.filename}:{place.lineno}\n")


def _limit(memory: int, seconds: int) -> None:
    """Take the limits on. macOS has none on memory."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def main() -> None:
    """Be the process: what a library prints by itself goes where errors go."""
    asked = json.loads(sys.argv[1])
    _limit(**asked["limits"])
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as out:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        _serve(asked, out)


if __name__ == "__main__":
    main()
