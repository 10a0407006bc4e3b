"""The page's pure modules, tested in Node.js by tests/web/unit/*.test.mjs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import playwright
import pytest

from tests.browser import missing

UNIT = Path(__file__).parent / "unit"


def find_node() -> str | None:
    """The machine's Node.js, otherwise the one that Playwright brings along."""
    bundled = Path(playwright.__file__).parent / "driver" / "node"
    return shutil.which("node") or (str(bundled) if bundled.is_file() else None)


@pytest.mark.parametrize("file", sorted(UNIT.glob("*.test.mjs")), ids=lambda file: file.name)
def test_module(file: Path) -> None:
    node = find_node()
    if node is None:
        missing("Node.js is not installed")
    done = subprocess.run([node, "--test", file], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
