"""What went wrong, in one line and an exit code; never a traceback for what a person can mend."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from thinkaloud.errors import ThinkaloudError


def fail(problem: object) -> NoReturn:
    """Say it on standard error, and end with exit code 1."""
    print(f"thinkaloud: {problem}", file=sys.stderr)
    raise typer.Exit(1)


@contextmanager
def plainly(*foreseen: type[Exception]) -> Iterator[None]:
    """Turn what Thinkaloud foresees, and the `foreseen`, into `fail`; a bug still shows its traceback."""
    kinds: tuple[type[Exception], ...] = (ThinkaloudError, *foreseen)
    try:
        yield
    except kinds as error:
        fail(error)
