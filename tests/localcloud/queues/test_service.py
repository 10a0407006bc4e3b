"""Messages on their way from a queue to a function: delivered, tried again, given up, delivered too often."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import boto3
import pytest

from localcloud.aws.cloud import Aws
from localcloud.aws.storage import create_queues
from localcloud.functions.invocation import InvocationResult, failure
from localcloud.queues.faults import DeliveryFaults, DeliveryPlan
from localcloud.queues.service import EventSources
from localcloud.template.model import EventSourceMapping, Queue

PATIENCE_S = 20


def arn(name: str) -> str:
    return f"arn:aws:sqs:us-east-1:123456789012:{name}"


class Worker:
    """A function in this process: it remembers every batch, and answers with what `answer` makes of its bodies."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.receives: list[int] = []
        self.answer: Callable[[list[dict[str, Any]]], Any] = lambda records: None
        self.busy = 0
        self.most_busy = 0
        self._blocked = asyncio.Event()
        self._blocked.set()
        self._killed = asyncio.Event()
        self._changed = asyncio.Condition()

    async def invoke(self, function: str, event: Any) -> InvocationResult:
        records = event["Records"]
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        async with self._changed:
            self.batches.append([record["body"] for record in records])
            self.receives.append(int(records[0]["attributes"]["ApproximateReceiveCount"]))
            self._changed.notify_all()
        killed = self._killed
        waits = [asyncio.ensure_future(either.wait()) for either in (self._blocked, killed)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        self.busy -= 1
        if killed.is_set():
            return failure("Runtime.ExitError", "signal 9")
        try:
            return InvocationResult(json.dumps(self.answer(records)).encode())
        except RuntimeError as error:
            return failure("RuntimeError", str(error))

    def kill(self, function: str, payload: str = "") -> int:
        if not self.busy:
            return 0
        self._killed.set()
        self._killed = asyncio.Event()
        self._blocked.set()
        return 1

    def block(self) -> None:
        self._blocked.clear()

    def unblock(self) -> None:
        self._blocked.set()

    async def called(self, times: int) -> None:
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: len(self.batches) >= times)


class Stage:
    """A queue with a dead-letter queue, and the worker that serves it."""

    def __init__(self, sqs: Any, name: str, worker: Worker, sources: EventSources) -> None:
        self.worker = worker
        self.sources = sources
        self._sqs = sqs
        self._name = name

    def url(self, name: str) -> str:
        return str(self._sqs.get_queue_url(QueueName=name)["QueueUrl"])

    async def send(self, *bodies: str) -> None:
        url = self.url(self._name)
        for body in bodies:
            await asyncio.to_thread(self._sqs.send_message, QueueUrl=url, MessageBody=body)

    async def left(self) -> int:
        """How many messages are in the queue, seen or unseen."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = await asyncio.to_thread(
            self._sqs.get_queue_attributes, QueueUrl=self.url(self._name), AttributeNames=names
        )
        return sum(int(value) for value in answer["Attributes"].values())

    async def empty(self, but: int = 0) -> None:
        """Wait until no message is left, but for so many."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.left() != but:  # noqa: ASYNC110 - moto tells nobody
                await asyncio.sleep(0.02)

    async def given_up(self) -> list[str]:
        answer = await asyncio.to_thread(
            self._sqs.receive_message, QueueUrl=self.url(f"{self._name}-failed"), WaitTimeSeconds=10
        )
        return [message["Body"] for message in answer.get("Messages", [])]


@asynccontextmanager
async def playing(aws: Aws, name: str, worker: Worker | None = None, **options: Any) -> AsyncIterator[Stage]:
    sqs = boto3.client(
        "sqs",
        endpoint_url=aws.url,
        region_name="us-east-1",
        aws_access_key_id=aws.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws.environment["AWS_SECRET_ACCESS_KEY"],
    )
    redrive = {"deadLetterTargetArn": arn(f"{name}-failed"), "maxReceiveCount": 2}
    create_queues(
        sqs,
        [
            Queue(name, name, arn(name), {"VisibilityTimeout": "600"}, redrive),
            Queue("Failed", f"{name}-failed", arn(f"{name}-failed"), {}, None),
        ],
    )
    settings: dict[str, Any] = {"batch_size": 10, "window_s": 0, "partial": True, "max_concurrency": 2, **options}
    worker = worker or Worker()
    mapping = EventSourceMapping("Jobs", arn(name), "Worker", **settings)
    sources = EventSources([mapping], worker, aws.environment, redelivery_s=1)
    try:
        await sources.start()
        yield Stage(sqs, name, worker, sources)
    finally:
        await sources.stop()
        sqs.close()


async def test_a_message_that_is_done_is_deleted(aws: Aws):
    async with playing(aws, "done") as stage:
        await stage.send("one", "二")
        await stage.empty()
        assert sorted(body for batch in stage.worker.batches for body in batch) == ["one", "二"]


async def test_the_ones_that_failed_stay_and_the_others_go(aws: Aws):
    def second_fails(records: list[dict[str, Any]]) -> Any:
        return {
            "batchItemFailures": [{"itemIdentifier": each["messageId"]} for each in records if each["body"] == "bad"]
        }

    async with playing(aws, "partial") as stage:
        stage.worker.answer = second_fails
        await stage.send("good", "bad", "good")
        await stage.worker.called(1)
        await stage.empty(but=1)


async def test_a_function_that_fails_is_tried_again_and_then_given_up(aws: Aws):
    def fails(records: list[dict[str, Any]]) -> Any:
        raise RuntimeError("no")

    async with playing(aws, "failing") as stage:
        stage.worker.answer = fails
        await stage.send("hopeless")
        await stage.worker.called(2)
        assert await stage.given_up() == ["hopeless"]
        assert stage.worker.receives == [1, 2]


async def test_no_more_batches_at_once_than_the_template_says(aws: Aws):
    async with playing(aws, "concurrency", batch_size=1) as stage:
        stage.worker.block()
        await stage.send(*"abcde")
        await stage.worker.called(2)
        assert stage.worker.busy == 2
        stage.worker.unblock()
        await stage.empty()
        assert stage.worker.most_busy == 2
        assert len(stage.worker.batches) == 5


async def test_a_window_collects(aws: Aws):
    async with playing(aws, "window", window_s=600, batch_size=3) as stage:
        await stage.send("a", "b", "c")
        await stage.empty()
        assert [len(batch) for batch in stage.worker.batches] == [3]


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_message_may_come_more_than_once(aws: Aws, at_once: bool):
    async with playing(aws, f"often-{at_once}") as stage:
        stage.sources.faults.set(DeliveryPlan(deliveries=3, at_once=at_once, contains="x", count=1))
        stage.worker.block()
        await stage.send("x")
        await stage.worker.called(3 if at_once else 1)
        stage.worker.unblock()
        await stage.empty()
        assert stage.worker.batches == [["x"]] * 3
        assert stage.worker.most_busy == (3 if at_once else 1)
        await stage.send("x")
        await stage.empty()
        assert len(stage.worker.batches) == 4, "one batch was to be struck"


async def test_the_process_may_be_killed_over_it(aws: Aws):
    async with playing(aws, "killed") as stage:
        stage.worker.block()
        stage.sources.faults.set(DeliveryPlan(kill_after_ms=1, count=1))
        await stage.send("x")
        await stage.worker.called(2)
        await stage.empty()
        assert stage.worker.batches == [["x"], ["x"]]


async def test_stopping_leaves_what_is_under_way(aws: Aws):
    async with playing(aws, "stopped") as stage:
        stage.worker.block()
        await stage.send("x")
        await stage.worker.called(1)
        await stage.sources.stop()
        assert await stage.left() == 1


async def test_a_plan_is_set_seen_and_taken_back_over_http(aws: Aws):
    async with playing(aws, "admin") as stage, aiohttp.ClientSession() as http:
        url = f"{stage.sources.admin_url}/deliveries"
        async with http.put(url, json={"deliveries": 2}) as answer:
            assert answer.status == 200
        async with http.get(url) as answer:
            assert (await answer.json())["plan"]["deliveries"] == 2
        await stage.send("x")
        await stage.empty()
        assert stage.worker.batches == [["x"], ["x"]]
        async with http.delete(url) as answer:
            assert answer.status == 204
        async with http.put(url, json={"kill_after_ms": -1}) as answer:
            said = await answer.json()
        assert (answer.status, said["error"]["code"]) == (400, "invalid_plan")
        assert said["error"]["message"] == "kill_after_ms: Input should be greater than or equal to 0."
        async with http.get(url) as answer:
            assert await answer.json() == {"plan": None}


def test_a_plan_must_do_something():
    with pytest.raises(ValueError, match="does nothing"):
        DeliveryPlan(contains="x")
    with pytest.raises(ValueError, match="goes with a kill_after_ms"):
        DeliveryPlan(delay_ms=1, kill_before_ms=5)


def test_the_same_seed_gives_the_same_moments():
    faults = DeliveryFaults()

    def moments(plan: DeliveryPlan) -> list[float | None]:
        faults.set(plan)
        return [faults.moment_s(plan) for _ in range(5)]

    plan = DeliveryPlan(kill_after_ms=100, kill_before_ms=900, seed=7)
    first = moments(plan)
    assert first == moments(plan)
    assert len(set(first)) == 5
    assert all(each is not None and 0.1 <= each <= 0.9 for each in first)
    assert moments(DeliveryPlan(kill_after_ms=50)) == [0.05] * 5
    assert moments(DeliveryPlan(deliveries=2)) == [None] * 5
