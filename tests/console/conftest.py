from pathlib import Path

import pytest


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder of its own, in which no local cloud runs."""
    (tmp_path / "template.yaml").touch()
    return tmp_path
