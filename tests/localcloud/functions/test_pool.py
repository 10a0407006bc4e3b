"""Which worker takes which call. The workers are fakes that do what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from localcloud.functions.invocation import Invocation, InvocationResult, failure
from localcloud.functions.pool import Pool
from localcloud.functions.runtime_api import InitFailed

OK = InvocationResult(b"1")


@dataclass(eq=False)
class FakeWorker:
    number: int
    calls: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    exit: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    stopped: bool = False

    async def invoke(self, invocation: Invocation) -> InvocationResult:
        self.calls.append(invocation.request_id)
        await self.gate.wait()
        return OK

    def kill(self) -> None:
        self.gate.set()
        self.exit.set_result(-9)

    async def stop(self) -> None:
        self.stopped = True
        self.gate.set()
        if not self.exit.done():
            self.exit.set_result(-9)


class Workshop:
    """Starts fake workers; `open` lets their calls end at once, `problem` makes starts fail."""

    def __init__(self) -> None:
        self.workers: list[FakeWorker] = []
        self.open = True
        self.problem: InitFailed | None = None

    async def start(self) -> FakeWorker:
        await asyncio.sleep(0)
        if self.problem:
            raise self.problem
        worker = FakeWorker(len(self.workers))
        if self.open:
            worker.gate.set()
        self.workers.append(worker)
        return worker


@pytest.fixture
def workshop() -> Workshop:
    return Workshop()


def call(name: str) -> Invocation:
    return Invocation(b"{}", "arn", request_id=name)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # the fakes act within a few turns of the loop
            await asyncio.sleep(0)


async def test_one_after_the_other_is_served_by_one_worker(workshop: Workshop) -> None:
    pool = Pool(workshop.start, most=10)
    for name in "abc":
        assert await pool.run(call(name)) is OK
    assert [worker.calls for worker in workshop.workers] == [["a", "b", "c"]]
    await pool.stop()
    assert workshop.workers[0].stopped


async def test_at_once_means_a_worker_each(workshop: Workshop) -> None:
    workshop.open = False
    pool = Pool(workshop.start, most=10)
    runs = [asyncio.create_task(pool.run(call(name))) for name in "abcde"]
    await until(lambda: sum(len(worker.calls) for worker in workshop.workers) == 5)
    assert [len(worker.calls) for worker in workshop.workers] == [1] * 5
    for worker in workshop.workers:
        worker.gate.set()
    assert await asyncio.gather(*runs) == [OK] * 5
    assert (pool.size, pool.idle) == (5, 5)
    await pool.stop()


async def test_only_the_worker_of_a_doomed_call_is_killed(workshop: Workshop) -> None:
    workshop.open = False
    pool = Pool(workshop.start, most=10)
    runs = [asyncio.create_task(pool.run(call(name))) for name in "abc"]
    await until(lambda: sum(len(worker.calls) for worker in workshop.workers) == 3)
    assert pool.kill(lambda invocation: invocation.request_id == "b") == 1
    [doomed] = [worker for worker in workshop.workers if worker.calls == ["b"]]
    assert [worker.exit.done() for worker in workshop.workers if worker is not doomed] == [False, False]
    await runs[1]
    assert pool.size == 2
    assert pool.kill(lambda invocation: invocation.request_id == "b") == 0
    await pool.stop()
    await asyncio.gather(*runs)


async def test_beyond_the_most_calls_wait_their_turn(workshop: Workshop) -> None:
    workshop.open = False
    pool = Pool(workshop.start, most=2)
    runs = [asyncio.create_task(pool.run(call(name))) for name in "abcd"]
    await until(lambda: pool.size == 2)
    for worker in workshop.workers:
        worker.gate.set()
    assert await asyncio.gather(*runs) == [OK] * 4
    assert len(workshop.workers) == 2
    assert sorted(sum((worker.calls for worker in workshop.workers), [])) == ["a", "b", "c", "d"]  # noqa: RUF017
    await pool.stop()


async def test_a_worker_that_gets_free_is_quicker_than_a_new_one(workshop: Workshop) -> None:
    pool = Pool(workshop.start, most=50)
    await pool.warm(1)
    runs = [pool.run(call(str(number))) for number in range(50)]
    assert await asyncio.gather(*runs) == [OK] * 50
    assert pool.size < 50
    await pool.stop()


async def test_a_function_that_cannot_be_loaded_answers_with_its_error_and_is_tried_again(workshop: Workshop) -> None:
    broken = failure("Runtime.ImportModuleError", "no module")
    workshop.problem = InitFailed("hello", broken)
    pool = Pool(workshop.start, most=10)
    assert await asyncio.gather(*(pool.run(call(name)) for name in "ab")) == [broken, broken]
    with pytest.raises(InitFailed):
        await pool.warm(1)
    workshop.problem = None
    assert await pool.run(call("c")) is OK
    await pool.stop()


async def test_a_dead_worker_is_not_used_again(workshop: Workshop) -> None:
    pool = Pool(workshop.start, most=10)
    await pool.run(call("a"))
    workshop.workers[0].exit.set_result(1)
    await until(lambda: pool.size == 0)
    await pool.run(call("b"))
    assert [worker.calls for worker in workshop.workers] == [["a"], ["b"]]
    await pool.stop()


async def test_idle_workers_go_but_the_warm_ones_stay(workshop: Workshop) -> None:
    now = 0.0
    pool = Pool(workshop.start, most=10, clock=lambda: now)
    await pool.warm(3)
    await pool.warm(1)
    now = 599
    pool.reap(600)
    assert pool.size == 3
    now = 600
    pool.reap(600)
    assert (pool.size, pool.idle) == (1, 1)
    await until(lambda: sum(worker.stopped for worker in workshop.workers) == 2)
    await pool.stop()


async def test_a_restart_replaces_idle_workers_now_and_busy_ones_after_their_call(workshop: Workshop) -> None:
    pool = Pool(workshop.start, most=10)
    await pool.warm(2)
    idle, busy = workshop.workers
    busy.gate.clear()
    run = asyncio.create_task(pool.run(call("a")))
    await until(lambda: bool(busy.calls))
    await pool.restart()
    assert idle.stopped
    assert not busy.stopped
    busy.gate.set()
    assert await run is OK
    await until(lambda: busy.stopped)
    await pool.run(call("b"))
    assert "b" not in idle.calls + busy.calls
    await pool.stop()


async def test_a_call_given_up_while_it_waits_takes_no_worker(workshop: Workshop) -> None:
    workshop.open = False
    pool = Pool(workshop.start, most=1)
    first = asyncio.create_task(pool.run(call("a")))
    await until(lambda: pool.size == 1)
    second = asyncio.create_task(pool.run(call("b")))
    await asyncio.sleep(0)
    second.cancel()
    third = asyncio.create_task(pool.run(call("c")))
    workshop.workers[0].gate.set()
    assert (await first, await third) == (OK, OK)
    assert workshop.workers[0].calls == ["a", "c"]
    await pool.stop()


async def test_stop_ends_busy_and_starting_workers_and_refuses_calls(workshop: Workshop) -> None:
    workshop.open = False
    pool = Pool(workshop.start, most=1)
    runs = [asyncio.create_task(pool.run(call(name))) for name in "ab"]
    await until(lambda: pool.size == 1)
    await pool.stop()
    assert all(worker.stopped for worker in workshop.workers)
    outcomes = await asyncio.gather(*runs, return_exceptions=True)
    assert isinstance(outcomes[1], asyncio.CancelledError)
    with pytest.raises(asyncio.CancelledError):
        await pool.run(call("c"))
