"""The turn: invoked asynchronously by `default`, answers one question over the connections that listen."""

from typing import Any

from thinkaloud.dialogue.work.job import decode_job
from thinkaloud.wiring.stream import runner
from thinkaloud.wiring.turn import worker


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Says how many turns this invocation ran: none where another worker has it, more where some waited."""
    seconds = context.get_remaining_time_in_millis() / 1000
    return {"ran": runner().run(worker().work(decode_job(event), seconds))}
