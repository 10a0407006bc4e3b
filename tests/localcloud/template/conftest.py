from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Project = Callable[[str], Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Writes a template beside an empty `functions/hello`, `functions/gate` and `shared`, and gives its path."""

    def write(template: str) -> Path:
        for folder in ("functions/hello", "functions/gate", "shared"):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        path = tmp_path / "template.yaml"
        path.write_text(template, encoding="utf-8")
        return path

    return write
