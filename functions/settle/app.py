"""Closes a turn that the turn function gave up: the on-failure destination of its asynchronous invocations."""

from typing import Any

from thinkaloud.dialogue.work.job import decode_job
from thinkaloud.wiring.settle import worker
from thinkaloud.wiring.stream import runner


def handler(event: dict[str, Any], context: object) -> None:
    """Raises while the dead worker's lease still runs: Lambda tries again a minute later, when it is over."""
    runner().run(worker().close(decode_job(event)))
