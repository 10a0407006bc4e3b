"""Events, on a virtual clock: nothing here takes the minutes it tells of."""

from __future__ import annotations

import json
from pathlib import Path

from localcloud.functions.asynchronous import AsyncInvocations
from localcloud.functions.invocation import Invocation, InvocationResult, failure
from localcloud.template.model import AsyncInvocation, Function

OK = InvocationResult(b"null")
FAILED = failure("ValueError", "no")


class World:
    """Answers attempts from a list, each after `takes` seconds, and lets the clock run while somebody sleeps."""

    def __init__(self, *results: InvocationResult, takes_s: float = 1.0) -> None:
        self.results = list(results)
        self.takes_s = takes_s
        self.now = 0.0
        self.attempts: list[tuple[float, str]] = []
        self.sent: list[tuple[str, dict[str, object]]] = []
        self.invocations = AsyncInvocations(self.run, self.send_on, clock=lambda: self.now, sleep=self.sleep)

    async def run(self, function: Function, invocation: Invocation) -> InvocationResult:
        self.attempts.append((self.now, invocation.request_id))
        self.now += self.takes_s
        return self.results.pop(0)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def send_on(self, destination: str, record: bytes) -> None:
        self.sent.append((destination, json.loads(record)))

    async def deliver(self, **settings: object) -> None:
        function = Function(
            "Turn", "turn", "app.handler", "python3.13", Path(), (), 3, 128, {},
            invocation=AsyncInvocation(**settings),  # type: ignore[arg-type]
        )  # fmt: skip
        self.invocations.accept(function, Invocation(b'{"turn": "\xe9\x97\xae"}', "arn:turn", request_id="r1"))
        await self.invocations.settled()


async def test_a_success_is_run_once() -> None:
    world = World(OK)
    await world.deliver()
    assert world.attempts == [(0, "r1")]
    assert not world.invocations.failures


async def test_an_error_is_tried_again_after_one_and_two_minutes_under_the_same_id() -> None:
    world = World(FAILED, FAILED, OK)
    await world.deliver()
    assert world.attempts == [(0, "r1"), (61, "r1"), (182, "r1")]
    assert not world.invocations.failures


async def test_after_the_last_retry_the_event_is_given_up_and_sent_on() -> None:
    world = World(FAILED, FAILED)
    await world.deliver(max_retries=1, on_failure="arn:failures")
    assert len(world.attempts) == 2
    [(destination, record)] = world.sent
    assert destination == "arn:failures"
    assert record["requestContext"] == {
        "requestId": "r1",
        "functionArn": "arn:turn",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 2,
    }
    assert record["requestPayload"] == {"turn": "问"}
    assert record["responsePayload"] == {"errorType": "ValueError", "errorMessage": "no"}
    [failure_kept] = world.invocations.failures
    assert (failure_kept.function, failure_kept.destination, failure_kept.record) == ("Turn", destination, record)


async def test_without_retries_there_is_one_attempt() -> None:
    world = World(FAILED)
    await world.deliver(max_retries=0)
    assert len(world.attempts) == 1
    assert len(world.invocations.failures) == 1
    assert not world.sent


async def test_an_event_that_would_grow_too_old_is_given_up_at_once() -> None:
    world = World(FAILED)
    await world.deliver(max_age_s=60.0)
    assert world.now == 1
    [given_up] = world.invocations.failures
    assert given_up.record["requestContext"]["condition"] == "EventAgeExceeded"


async def test_an_age_that_allows_one_retry() -> None:
    world = World(FAILED, FAILED)
    await world.deliver(max_age_s=90.0)
    assert [when for when, _ in world.attempts] == [0, 61]
