"""The gateway takes the last frame and never delivers it: the client settles within one heartbeat."""

from __future__ import annotations

import time

from localcloud.gateway.faults import FaultPlan
from tests.scenarios.stage import HEARTBEAT, Stage, figure
from thinkaloud.client import Client


async def test_the_client_settles_within_a_heartbeat(stage: Stage) -> None:
    question = stage.question({"do": "text", "tokens": 100, "rate": 50})
    async with Client(stage.cloud.ws_url, stage.cloud.token()) as client:
        answer = client.ask(question.text, session=question.session, turn=question.turn)
        lost = 0.0
        async for received in answer:
            if received.type == "text" and not lost and len(answer.message.text) > 100:
                # Everything from here on is accepted and thrown away, the final frame among it.
                [connection] = stage.cloud.gateway.connections
                stage.cloud.gateway.faults.set(FaultPlan(drop=True), connection.id)
                await stage.stored(question)
                await stage.free(question.session)
                lost = time.monotonic()
                stage.cloud.gateway.faults.clear_all()
        settled = time.monotonic() - lost

    figure(f"settled {settled:.2f} s after the turn's end, with a heartbeat of {HEARTBEAT} s")
    [call] = stage.calls(question)
    assert answer.message.text == call["said"]
    assert answer.message.metadata["finish"] == "stop"
    # A heartbeat, a fifth of one for the way, and the replay itself on a busy machine.
    assert settled < 1.2 * HEARTBEAT + 2.0
