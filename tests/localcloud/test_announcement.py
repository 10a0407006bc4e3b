"""`local.json` while the cloud runs."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from localcloud.announcement import announced


def test_it_is_there_for_its_owner_alone_and_then_gone(tmp_path: Path):
    path = tmp_path / "local.json"
    path.write_text("of a cloud that was killed")
    path.chmod(0o644)
    with announced(path, {"page": "http://127.0.0.1:1/"}):
        assert json.loads(path.read_text()) == {"page": "http://127.0.0.1:1/"}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_it_goes_when_something_fails_too(tmp_path: Path):
    path = tmp_path / "local.json"
    with pytest.raises(RuntimeError), announced(path, {}):
        raise RuntimeError
    assert not path.exists()
