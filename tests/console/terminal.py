"""A program on a pseudo-terminal, and what its screen shows."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import termios
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from rich.cells import cell_len

ESCAPE = re.compile(r"\x1b(?:\[([?\d;]*)([A-Za-z])|\][^\x07\x1b]*(?:\x07|\x1b\\))")


class Screen:
    """Rows of a terminal that scrolls without end: enough of one to read what rich and readline draw."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = [[]]
        self.row = self.column = 0

    def feed(self, text: str) -> None:
        position = 0
        while position < len(text):
            escape = ESCAPE.match(text, position)
            if escape:
                self._control(escape.group(1) or "", escape.group(2) or "")
                position = escape.end()
                continue
            self._character(text[position])
            position += 1

    def _character(self, character: str) -> None:
        if character == "\n":
            self.row += 1
            if self.row == len(self.rows):
                self.rows.append([])
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif character >= " ":
            cells = [character, *[""] * (cell_len(character) - 1)]
            row = self.rows[self.row]
            row += [" "] * (self.column - len(row))
            row[self.column : self.column + len(cells)] = cells
            self.column += len(cells)

    def _control(self, parameters: str, name: str) -> None:
        count = int(parameters) if parameters.isdecimal() else 1
        match name:
            case "A":
                self.row = max(0, self.row - count)
            case "C":
                self.column += count
            case "D":
                self.column = max(0, self.column - count)
            case "K" if parameters == "2":
                self.rows[self.row].clear()
            case "K":
                del self.rows[self.row][self.column :]
            case "J":
                del self.rows[self.row][self.column :]
                del self.rows[self.row + 1 :]

    @property
    def text(self) -> str:
        return "\n".join("".join(row).rstrip() for row in self.rows)


class Terminal:
    """A program that believes a person sits before it. Use it as an async context manager."""

    def __init__(self, *command: str, cwd: Path, env: Mapping[str, str], columns: int = 72, lines: int = 30) -> None:
        self.command = command
        self.cwd = cwd
        self.env = {**env, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(lines)}
        self.size = struct.pack("HHHH", lines, columns, 0, 0)
        self.screen = Screen()
        self.output = b""
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, self.size)
        self.process = await asyncio.create_subprocess_exec(
            *self.command,
            cwd=self.cwd,
            env=self.env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(slave)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        return self

    async def __aexit__(self, *error: object) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)

    def type(self, text: str) -> None:
        """Keys; `\\x03` is Ctrl-C and `\\x04` Ctrl-D."""
        os.write(self._master, text.encode())

    async def until(self, *expected: str, patience: float = 20.0) -> str:
        """Wait until the screen shows every expected text, and give the screen."""
        return await self.until_true(lambda shown: all(text in shown for text in expected), patience, expected)

    async def until_true(self, met: Callable[[str], bool], patience: float = 20.0, what: object = "it") -> str:
        try:
            async with asyncio.timeout(patience):
                while not met(self.screen.text):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"{what!r} never showed:\n{self.screen.text}") from None
        return self.screen.text

    async def end(self, patience: float = 20.0) -> int:
        """Wait for the program's end, and give its exit code."""
        async with asyncio.timeout(patience):
            return await self.process.wait()

    def _read(self) -> None:
        try:
            piece = os.read(self._master, 65536)
        except OSError:  # Linux says EIO once the last program has left
            piece = b""
        if not piece:
            asyncio.get_running_loop().remove_reader(self._master)
        self.output += piece
        self.screen = Screen()
        self.screen.feed(self.output.decode(errors="ignore"))
        self._changed.set()


def _take_terminal() -> None:
    """In the child, after its session has begun: its standard input becomes the terminal that Ctrl-C comes from."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
