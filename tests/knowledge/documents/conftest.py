from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from thinkaloud.errors import DocumentError
from thinkaloud.knowledge.documents import Block, Document, read_document

#: Reads a file of that name and content.
Read = Callable[[str, bytes | str], Document]
#: The blocks of such a file.
Blocks = Callable[[str, bytes | str], list[Block]]
#: (code, message) of the error that such a file ends in, whether at once or while its blocks are read.
Refusal = Callable[[str, bytes | str], tuple[str, str]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(name: str, content: bytes | str) -> Document:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_document(path, tmp_path)

    return read


@pytest.fixture
def blocks(read: Read) -> Blocks:
    return lambda name, content: list(read(name, content).blocks())


@pytest.fixture
def refusal(blocks: Blocks) -> Refusal:
    def refusal(name: str, content: bytes | str) -> tuple[str, str]:
        with pytest.raises(DocumentError) as caught:
            blocks(name, content)
        message = str(caught.value)
        assert "\n" not in message
        assert len(message) < 300
        return caught.value.code, message

    return refusal
