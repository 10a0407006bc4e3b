"""What goes wrong with a template, in one line."""

from __future__ import annotations

from pathlib import Path


class TemplateError(Exception):
    """A template that cannot be served.

    `str()` is one line, `file[:line]: [LogicalId:] what is wrong, and what to do`, made to be shown as it is.
    """

    def __init__(self, path: Path, problem: str, *, logical_id: str | None = None, line: int | None = None) -> None:
        place = f"{path}:{line}" if line else str(path)
        subject = f"{logical_id}: " if logical_id else ""
        super().__init__(f"{place}: {subject}{' '.join(problem.split())}")
        self.path = path
        self.logical_id = logical_id
        self.line = line
