"""All answers of a benchmark: every system under every load, several answers each, two at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from benchmarks.stream import fastapi_app, gateway
from benchmarks.stream.processes import SPAWN, serving
from benchmarks.stream.reader import Heard, hear, opened
from benchmarks.stream.script import THINKING, Language, script
from benchmarks.stream.senders import Task, prepare, send
from benchmarks.stream.table import create_table
from benchmarks.stream.timeline import SYSTEMS, Run, System, Timeline, shown_times
from localcloud.aws.cloud import Aws

POST_MS = (10, 25)
RATES = (50, 100, 250)
#: Answers of one system under one load, half of them English and half Chinese. The baselines get fewer, since one
#: post per token takes its time and FastAPI hardly varies.
ANSWERS: dict[System, int] = {"thinkaloud": 4, "post-per-token": 2, "fastapi": 2}
#: Answers at a time, each from a process of its own. More would measure how they share two cores.
LANES = 2
#: Seconds between the starts of the lanes, so that their tokens do not fall due together.
_STAGGER = 0.137
#: The load the cost is reckoned for: no time passes before the first token, since model and retrieval are left out.
COST_RATE, COST_POST_MS = 60, 10


@dataclass(frozen=True)
class Streams:
    """Every run, and those at the load that the cost is reckoned for."""

    runs: list[Run]
    cost: dict[System, Run]


def measure(say: Callable[[str], None]) -> Streams:
    """Run them all, which takes about two minutes; `say` hears what is measured now."""
    return asyncio.run(_measure(say))


async def _measure(say: Callable[[str], None]) -> Streams:
    runs: list[Run] = []
    cost: dict[System, Run] = {}
    with serving(fastapi_app.serve) as url:
        for rate in RATES:
            say(f"fastapi at {rate} tokens/s")
            answers = await _in_lanes(ANSWERS["fastapi"], partial(_fastapi, url, rate))
            # It makes no posts: what a post takes changes nothing for it.
            runs += [Run("fastapi", post_ms, rate, answers) for post_ms in POST_MS]
    async with _senders() as senders:
        for post_ms in POST_MS:
            with serving(gateway.serve, post_ms) as urls:
                ws_url, management_url = urls.split()
                measured = _Gateway(ws_url, management_url, senders, post_ms)
                await measured.run("thinkaloud", max(RATES), LANES)  # clients and connections are built
                for system in ("thinkaloud", "post-per-token"):
                    for rate in RATES:
                        say(f"{system} at {rate} tokens/s, {post_ms} ms a post")
                        runs.append(await measured.run(system, rate, ANSWERS[system]))
                    if post_ms == COST_POST_MS:
                        say(f"{system} at {COST_RATE} tokens/s, for its cost")
                        cost[system] = await measured.run(system, COST_RATE, LANES, thinking=0.0)
    order = [(run.post_ms, run.rate, SYSTEMS.index(run.system)) for run in runs]
    return Streams([run for _, run in sorted(zip(order, runs, strict=True), key=lambda pair: pair[0])], cost)


@dataclass(frozen=True)
class _Gateway:
    """A gateway that takes `post_ms` a post, and those who send through it."""

    ws_url: str
    management_url: str
    senders: ProcessPoolExecutor
    post_ms: int

    async def run(self, system: System, rate: int, answers: int, thinking: float = THINKING) -> Run:
        task = Task(system, "", self.management_url, "en", rate, thinking)
        measured = await _in_lanes(answers, lambda language: self._answer(replace(task, language=language)))
        return Run(system, self.post_ms, rate, measured)

    async def _answer(self, task: Task) -> Timeline:
        tokens = script(task.language)
        length = sum(map(len, tokens))

        def over(heard: Heard) -> bool:
            if task.system == "thinkaloud":
                return heard.last.get("type") == "complete"
            return heard.characters == length

        async with opened(self.ws_url) as socket:
            await socket.send("Who am I?")
            task = replace(task, connection=str(await socket.recv()))
            sending = asyncio.get_running_loop().run_in_executor(self.senders, send, task)
            hearing = asyncio.create_task(hear(socket, over))
            try:
                sent = await sending
                heard = await asyncio.wait_for(hearing, 10.0)
            finally:
                hearing.cancel()
        return Timeline(sent.said, shown_times(tokens, heard.pieces), heard.posts, sent.seconds)


async def _fastapi(url: str, rate: int, language: Language) -> Timeline:
    async with opened(url) as socket:
        await socket.send(f'{{"language": "{language}", "rate": {rate}}}')
        heard = await hear(socket, lambda heard: "said" in heard.last)
    # The last message says when the tokens were said, and is no part of the answer.
    return Timeline(tuple(heard.last["said"]), shown_times(script(language), heard.pieces), heard.posts - 1)


async def _in_lanes(answers: int, answer: Callable[[Language], Awaitable[Timeline]]) -> tuple[Timeline, ...]:
    """So many answers, `LANES` at a time, in English and Chinese by turns."""

    async def lane(number: int) -> list[Timeline]:
        await asyncio.sleep(number * _STAGGER)
        turns = range(number, answers, LANES)
        return [await answer("en" if index // LANES % 2 == number % 2 else "zh") for index in turns]

    done = await asyncio.gather(*(lane(number) for number in range(LANES)))
    return tuple(timeline for timelines in done for timeline in timelines)


@asynccontextmanager
async def _senders() -> AsyncIterator[ProcessPoolExecutor]:
    """Processes that send, with a table of their own to keep their turns in."""
    async with Aws({}) as aws:
        environment = {**aws.environment, "POWERTOOLS_SERVICE_NAME": "benchmark", "LOG_LEVEL": "CRITICAL"}
        with ProcessPoolExecutor(LANES, mp_context=SPAWN, initializer=prepare, initargs=(environment,)) as senders:
            await asyncio.get_running_loop().run_in_executor(senders, create_table)
            yield senders
