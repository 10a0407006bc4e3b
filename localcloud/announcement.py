"""`local.json`, by which the `thinkaloud` command finds the cloud that runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def announced(path: Path, said: Mapping[str, Any]) -> Iterator[None]:
    """Keep `said` in the file while the context is open. Its owner alone can read it: there may be AWS keys in it."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(said, indent=2), encoding="utf-8")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
