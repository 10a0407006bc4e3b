"""The parts of the `settle` function."""

from __future__ import annotations

from functools import cache

from thinkaloud.dialogue.work.worker import Worker
from thinkaloud.wiring.stream import make_worker


@cache
def worker() -> Worker:
    """What closes turns. It has no model: theirs may be what the turn function died of."""
    return make_worker(None)
