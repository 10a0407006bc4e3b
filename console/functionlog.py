"""What functions print, for whoever runs them: one readable line for each thing that needs a look.

Three kinds of lines come in. JSON objects, written by Powertools (`level`, `message`, `detail`, `exception`...) or by
the runtime client (`level`, `errorType`, `errorMessage`, `stackTrace`); Lambda's own words about an invocation
(`RequestId: ... Error: Task timed out after 3.00 seconds`); and whatever else is printed, tracebacks among it.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from typing import Any

from console.markdown import printable

_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_TRACEBACK = "Traceback (most recent call last):"
#: What a group of exceptions draws in front of its lines.
_BRANCH = re.compile(r"^ *[+|] ?")
#: What the runtime client says before every error of its own, in many words: the error is the next line.
_PREAMBLE = "LAMBDA_WARNING: Unhandled exception."
_PLATFORM = re.compile(r"RequestId: \S+ Error: (?P<problem>.+)")
#: Fields of a record that lead to the turn it is about.
_LEADS = ("code", "session", "turn", "trace")


class FunctionLog:
    """A sink for the lines of functions: `log(function, line)`.

    Warnings and errors go to `write`, a line each, control characters taken out; with `verbose` everything does, as it
    was printed. One traceback at a time is followed for each function, as that is all that lines can tell apart.
    """

    def __init__(self, write: Callable[[str], None], *, verbose: bool = False) -> None:
        self._write = write
        self._verbose = verbose
        self._tracebacks: dict[str, str] = {}

    def __call__(self, function: str, line: str) -> None:
        shown = line if self._verbose else self._shown(function, line)
        if shown is not None:
            self._write(printable(f"{function}  {' '.join(shown.splitlines())}"))

    def _shown(self, function: str, line: str) -> str | None:
        record = _json_object(line)
        if record is not None:
            return _of_record(record)
        if found := _PLATFORM.fullmatch(line):
            return f"ERROR  {found['problem']}"
        return self._of_traceback(function, line)

    def _of_traceback(self, function: str, line: str) -> str | None:
        """The last line of a traceback, which says what happened, with the place that the lines before it named."""
        if line.endswith(_TRACEBACK):
            self._tracebacks[function] = ""
            return None
        if function not in self._tracebacks:
            return None
        text = _BRANCH.sub("", line)
        if text.startswith(" "):
            self._tracebacks[function] = _place(text) or self._tracebacks[function]
            return None
        return f"ERROR  {text}{self._tracebacks.pop(function)}"


def _json_object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _of_record(record: dict[str, Any]) -> str | None:
    """A log record of level WARNING or above, in a line."""
    level, message = str(record.get("level")), str(record.get("message", ""))
    if message.startswith(_PREAMBLE) or logging.getLevelNamesMapping().get(level, 0) < logging.WARNING:
        return None
    error, trace = _error(record)
    detail = str(record.get("detail") or "")
    said = [message, "" if detail in error else detail, error]
    keys = "".join(f"  {name}={record[name]}" for name in _LEADS if record.get(name))
    return f"{level}  {': '.join(filter(None, said))}{_place(trace)}{keys}"


def _error(record: dict[str, Any]) -> tuple[str, str]:
    """The exception in a record, as `Type: message`, and its traceback; empty where there is none."""
    if record.get("exception"):
        trace = str(record["exception"])
        return trace.strip().rpartition("\n")[2], trace
    if record.get("errorType"):
        return f"{record['errorType']}: {record.get('errorMessage', '')}", str(record.get("stackTrace"))
    return "", ""


def _place(trace: str) -> str:
    """` (file:line)` of the innermost frame of a traceback."""
    frames = _FRAME.findall(trace)
    return f" ({frames[-1][0]}:{frames[-1][1]})" if frames else ""
