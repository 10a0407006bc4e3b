"""30% of the posts are refused with 429 while an answer streams."""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.gateway.faults import FaultPlan
from tests.scenarios.device import device
from tests.scenarios.stage import Stage, figure

#: Seconds of the storm, and of text.
STORM = 8


@dataclass(frozen=True)
class Run:
    text: str
    said: str
    attempts: int
    refused: int


async def run(stage: Stage, storm: FaultPlan | None) -> Run:
    question = stage.question({"do": "text", "tokens": 50 * STORM, "rate": 50})
    async with device(stage.cloud) as phone:
        if storm is not None:
            stage.cloud.gateway.faults.set(storm)
        told = await phone.ask(question)
        final = await phone.ends(question)
        stage.cloud.gateway.faults.clear_all()
        posts = phone.connection.posts
        assert (final["type"], final["finish"]) == ("complete", "stop")
        [call] = stage.calls(question)
        return Run(told.text, call["said"], posts.total(), posts[429])


async def test_a_storm_of_429_loses_nothing_and_costs_no_more_posts_than_calm(stage: Stage) -> None:
    calm = await run(stage, None)
    storm = await run(stage, FaultPlan(status=429, probability=0.3, seed=3, duration_s=STORM))

    figure(f"2: posts: {calm.attempts} in calm; {storm.attempts} in the storm, of which {storm.refused} were refused")
    assert storm.text == storm.said == calm.text == calm.said
    assert calm.refused == 0
    assert storm.refused > 0
    assert storm.attempts <= calm.attempts


async def test_a_client_that_was_refused_everything_for_seconds_gets_everything(stage: Stage) -> None:
    run_through = await run(stage, FaultPlan(status=429, after=10, duration_s=3))
    assert run_through.text == run_through.said
    assert run_through.refused > 0
