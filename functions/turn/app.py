"""The turn: invoked asynchronously by `default`, answers one question over the connection that asked it."""

from typing import Any

from thinkaloud.dialogue.job import decode_job
from thinkaloud.wiring.turn import runner, worker


def handler(event: dict[str, Any], context: object) -> dict[str, bool]:
    """Says whether this invocation ran the turn, or found it taken."""
    return {"ran": runner().run(worker().run(decode_job(event)))}
