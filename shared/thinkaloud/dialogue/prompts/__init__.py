"""The prompts, each a file of this folder: `{name}.{version}.{language}.txt`.

A file is never changed once it was used: another wording is another version, so that the audits of turns stay true.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from thinkaloud.language import Language

_FOLDER = Path(__file__).parent


@cache
def load_prompt(name: str, version: str, language: Language) -> str:
    """The text of a prompt.

    Raises:
        FileNotFoundError: there is none of this name, version and language.
    """
    return (_FOLDER / f"{file_name(name, version, language)}.txt").read_text(encoding="utf-8").strip()


def file_name(name: str, version: str, language: Language) -> str:
    """What an audit calls a prompt: `answer.v1.en`."""
    return f"{name}.{version}.{language}"


def versions(name: str) -> tuple[str, ...]:
    """The versions of a prompt, in order of their names."""
    return tuple(sorted({path.name.split(".")[1] for path in _FOLDER.glob(f"{name}.*.txt")}))
