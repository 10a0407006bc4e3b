"""A small world around one session, in virtual time: a gateway that fails, workers that die, tabs that come and go.

What is tried is real: `Reception`, `Worker` and all below them. The world checks what must hold at every moment, and
`test_never_lost.py` what must hold at the end.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.builders import NOW, match, principal
from tests.dialogue.players import retrieval
from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.dialogue.entry.admission import BusyPolicy
from thinkaloud.dialogue.entry.authentication import Authentication
from thinkaloud.dialogue.entry.reception import Reception
from thinkaloud.dialogue.work.job import TurnJob
from thinkaloud.dialogue.work.means import Rhythm, Stores
from thinkaloud.dialogue.work.worker import Worker
from thinkaloud.errors import DispatchFailed, EndNotStored, Gone, LeaseHeld, PostFailed, StorageError, Throttled
from thinkaloud.gateway.events import Message
from thinkaloud.knowledge.retrieval.search import Retrieval, Search
from thinkaloud.models.chat import ChatMessage, Delta, Finish
from thinkaloud.protocol.encode import MAX_FRAME, encode
from thinkaloud.state.memory import MemoryControl, MemoryConversations, MemoryJournal
from thinkaloud.state.memory_connections import MemoryConnections
from thinkaloud.state.records import LEASE, TurnKey

SESSION = "session-1"
PRINCIPAL = principal(expires=int(NOW) + 10**6)
#: Seconds of silence after which a tab asks what has become of a turn.
PATIENCE = 13.0
#: Seconds after which Lambda tries an asynchronous invocation again.
RETRIES = (0.01, 60.0, 120.0)


@dataclass(frozen=True)
class Piece:
    """What the model says next, after a silence of so many seconds."""

    text: str
    gap: float


@dataclass(frozen=True)
class Death:
    """A process dies just before or just after its n-th call of that name to a store."""

    call: str
    number: int
    after: bool


@dataclass
class Plan:
    """Everything that is left to chance. What runs out goes well from then on.

    `faults` befall one post after another: "ok", "429", "late" (it arrives, but the sender gets a time-out), "lost"
    (5xx) or "gone" (a 410 though somebody is there). `deaths` befall one worker after another. `refusals` are of
    Lambda's invoke.
    """

    pieces: Sequence[Piece]
    faults: Sequence[str] = ()
    deaths: Sequence[Death | None] = ()
    refusals: Sequence[bool] = ()
    latency: float = 0.01
    busy: BusyPolicy = "reject"
    large_source: bool = False
    seconds: float = 900.0


class World:
    """One session of one user."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.loop = asyncio.get_running_loop()
        self.conversations = MemoryConversations()
        self.journal = MemoryJournal()
        self.control = MemoryControl()
        self.connections = MemoryConnections()
        self.worker_jump = 0.0
        self.reception_jump = 0.0
        self.tabs: list[Tab] = []
        self.open: dict[str, Tab] = {}
        self.processes: set[Process] = set()
        self.finished: Counter[TurnKey] = Counter()
        self.model_calls = 0
        self.streams = 0
        self.disturbed = False
        self.table_silent_until = 0.0
        self.ends_refused_until = 0.0
        self.silences = 0
        self.sent: dict[tuple[str, int, int], str] = {}
        self.trouble: list[str] = []
        self._faults: Iterator[str] = iter(plan.faults)
        self._deaths = iter(plan.deaths)
        self._refusals = iter(plan.refusals)
        self._invocations: set[asyncio.Task[None]] = set()
        self.reception = Reception(
            self.conversations,
            self.control,
            self,
            Authentication(MemoryConnections(), _no_verifier, self.reception_clock),
            busy=plan.busy,
            clock=self.reception_clock,
        )

    def worker_clock(self) -> float:
        return NOW + self.loop.time() + self.worker_jump

    def reception_clock(self) -> float:
        return NOW + self.loop.time() + self.reception_jump

    async def rest(self, at_most: float) -> None:
        """Wait until every tab has what it waits for and no worker works."""
        until = self.loop.time() + at_most
        while self._invocations or not all(tab.content for tab in self.tabs):
            if self.loop.time() > until:
                waiting = [follow for tab in self.tabs for follow in tab.follows.values() if not follow.settled]
                raise AssertionError(f"still waiting after {at_most} s: {waiting}, invocations {self._invocations}")
            await asyncio.sleep(1.0)

    # ---- Lambda ------------------------------------------------------------------------------------------------------

    def dispatch(self, job: TurnJob) -> None:
        if next(self._refusals, False):
            raise DispatchFailed("429")
        self.invoke(job)

    def invoke(self, job: TurnJob) -> None:
        """Deliver a job once, again after each failure, and to the failure destination in the end."""
        task = asyncio.create_task(self._invocation(job))
        self._invocations.add(task)
        task.add_done_callback(self._invocations.discard)

    async def _invocation(self, job: TurnJob) -> None:
        for destination in (False, True):
            for wait in RETRIES:
                await asyncio.sleep(wait)
                if await self.run(job, destination):
                    return

    async def run(self, job: TurnJob, destination: bool = False) -> bool:
        """One invocation; whether it ended without a failure."""
        process = Process(self, next(self._deaths, None))
        self.processes.add(process)
        try:
            work = process.worker.close(job) if destination else process.worker.work(job, self.plan.seconds)
            process.task = asyncio.create_task(work)
            await asyncio.wait({process.task}, timeout=self.plan.seconds)
            process.die()
            await asyncio.wait({process.task})
            if process.task.cancelled():
                self.disturbed = True
                return False
            if error := process.task.exception():
                if not isinstance(error, LeaseHeld | EndNotStored | StorageError):
                    self.trouble.append(f"a worker raised {error!r}")
                return False
            return True
        finally:
            self.processes.discard(process)

    def crash(self) -> None:
        """Every process that lives dies."""
        for process in list(self.processes):
            process.die()

    # ---- the gateway -------------------------------------------------------------------------------------------------

    async def post(self, connection: str, data: str) -> None:
        fault = next(self._faults, "ok")
        await asyncio.sleep(self.plan.latency)
        tab = self.open.get(connection)
        if tab is None or fault == "gone":
            raise Gone("410")
        if fault == "429":
            raise Throttled("429")
        if fault != "lost":
            tab.receive(data)
        if fault in ("lost", "late"):
            raise PostFailed(fault)

    # ---- the model and the index -------------------------------------------------------------------------------------

    name = "scripted"

    async def stream(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[Delta | Finish, None]:
        self.model_calls += 1
        self.streams += 1
        try:
            for piece in self.plan.pieces:
                await asyncio.sleep(piece.gap)
                yield Delta(piece.text)
            yield Finish("stop", None)
        finally:
            self.streams -= 1

    async def retrieve(self, tenant: str, search: Search) -> Retrieval:
        return retrieval([match(title="题" * 12_000)] if self.plan.large_source else [], covered=True)


class Process:
    """One invocation of a function: it may die at any moment, and does nothing from then on."""

    def __init__(self, world: World, death: Death | None) -> None:
        self.task: asyncio.Task[Any] | None = None
        self._world = world
        self._death = death
        self._alive = True
        self._calls: Counter[str] = Counter()
        self._leases: dict[TurnKey, float] = {}
        self._flying: set[str] = set()
        self._stale = False
        kept = (world.conversations, world.journal, world.control, world.connections)
        stores: Any = (_Watched(self, store) for store in kept)
        models: Any = world
        self.worker = Worker(
            Stores(*stores),
            self,
            Abilities(models, models, prompt_tokens=4_000),
            self,
            rhythm=Rhythm(),
            clock=world.worker_clock,
        )

    def die(self) -> None:
        self._alive = False
        if self.task is not None:
            self.task.cancel()

    def call(self, method: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """A call of a store."""
        name, now = method.__name__, self._world.loop.time()
        self._calls[name] += 1
        if self._death == Death(name, self._calls[name], after=False):
            self.die()
        if not self._alive:
            raise asyncio.CancelledError
        if now < self._world.table_silent_until and name in ("look", "write", "renew"):
            raise StorageError("no answer")
        if now < self._world.ends_refused_until and name == "finish":
            raise StorageError("no room")
        if name in ("renew", "finish"):
            self._is_fenced(name, *arguments[:2])
        result = method(*arguments, **options)
        if name in ("renew", "finish") and self._stale:
            self._world.trouble.append(f"an older epoch could {name}")
        match name:
            case "claim" if result is not None:
                self._leases[arguments[0]] = now + LEASE
            case "renew":
                self._leases[arguments[0]] = now + LEASE
            case "finish":
                self._leases[arguments[0]] = float("inf")
                self._world.finished[arguments[0]] += 1
        if self._death == Death(name, self._calls[name], after=True):
            self.die()
            raise asyncio.CancelledError
        return result

    def _is_fenced(self, name: str, key: TurnKey, epoch: int) -> None:
        """Note whether a write is of an older epoch, which the store must refuse."""
        stored = self._world.conversations.get(key)
        self._stale = stored is None or stored.epoch != epoch

    def dispatch(self, job: TurnJob) -> None:
        if not self._alive:
            raise asyncio.CancelledError
        self._world.dispatch(job)

    async def post(self, connection: str, data: str) -> None:
        """As on a thread: what was begun goes on, though nobody waits for it any more."""
        if not self._alive:
            raise asyncio.CancelledError
        self._may_post(connection, data)
        self._flying.add(connection)
        posting = asyncio.ensure_future(self._world.post(connection, data))
        posting.add_done_callback(lambda done: self._landed(connection, done))
        await asyncio.shield(posting)

    def _landed(self, connection: str, done: asyncio.Future[None]) -> None:
        self._flying.discard(connection)
        if not done.cancelled():
            done.exception()

    def _may_post(self, connection: str, data: str) -> None:
        world = self._world
        if connection in self._flying:
            world.trouble.append(f"two posts at once to {connection}")
        if len(data.encode()) > MAX_FRAME:
            world.trouble.append("a post over the gateway's limit")
        frame = json.loads(data)
        if (turn := frame.get("turn")) is None:
            return
        key = TurnKey(PRINCIPAL.tenant, SESSION, turn)
        if key in self._leases:
            if world.loop.time() >= self._leases[key]:
                world.trouble.append(f"posted without a lease: {data}")
        elif not ((stored := world.conversations.get(key)) and stored.ended):
            world.trouble.append(f"replayed a turn that has not ended: {data}")
        if "seq" in frame:
            numbers = (turn, frame.get("from", frame["seq"]), frame["seq"])
            body = json.dumps([frame["type"], frame.get("content"), frame.get("finish"), frame.get("code")])
            if world.sent.setdefault(numbers, body) != body:
                world.trouble.append(f"two frames of one number: {numbers}: {world.sent[numbers]} and {body}")


class _Watched:
    """A store as one process sees it."""

    def __init__(self, process: Process, store: Any) -> None:
        self._process = process
        self._store = store

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        return lambda *arguments, **options: self._process.call(method, arguments, options)


@dataclass
class Follow:
    """A turn as one tab knows it."""

    turn: str
    asked: bool
    heard: float
    known: bool = False
    refused: bool = False
    cursor: int = 0
    text: str = ""
    finals: list[dict[str, Any]] = field(default_factory=list)
    behind: bool = False
    again: bool = False

    @property
    def settled(self) -> bool:
        return self.refused or bool(self.finals)

    def take(self, frame: dict[str, Any]) -> None:
        """Fold the next frame, unless it is old; note where something lacks before it."""
        first, last = frame.get("from", frame["seq"]), frame["seq"]
        if last <= self.cursor:
            return
        if frame["type"] == "reset":
            self.text, self.finals = "", []
        elif first != self.cursor + 1:
            self.behind = True
            return
        self.cursor = last
        match frame["type"]:
            case "text":
                self.text += frame["content"]
            case "complete" | "error":
                self.finals.append(frame)


class Tab:
    """A client: it asks, and resumes by itself whatever it does not hear the end of."""

    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self.follows: dict[str, Follow] = {}
        self.here = True
        self.connection = ""
        #: The `id`s of the `resume`s that were not replied to.
        self.unanswered: set[str] = set()
        self._world = world
        self._numbers = count(1)
        self._fragments: dict[str, dict[int, str]] = {}
        world.tabs.append(self)
        self.connect()
        self._minding = asyncio.create_task(self._mind())

    @property
    def content(self) -> bool:
        return not self.here or all(follow.settled for follow in self.follows.values())

    # ---- what a person or the network does ---------------------------------------------------------------------------

    def connect(self) -> None:
        self.connection = f"{self.name}-{next(self._numbers)}"
        self._world.open[self.connection] = self

    def cut(self) -> None:
        """The network ends all its connections; the tab finds out by itself."""
        for connection in [connection for connection, tab in self._world.open.items() if tab is self]:
            del self._world.open[connection]

    def leave(self) -> None:
        self.here = False
        self.cut()

    def ask(self, turn: str) -> None:
        again = any(turn in tab.follows for tab in self._world.tabs)
        follow = self.follows.setdefault(turn, Follow(turn, True, self._world.loop.time()))
        follow.heard = self._world.loop.time()
        follow.again = again
        message = {"id": "m1", "text": "年假有几天？"}
        self._say({"action": "ask", "id": f"ask.{turn}".replace(".", "_"), "turn": turn, "message": message})

    def resume(self, turn: str) -> None:
        follow = self.follows.setdefault(turn, Follow(turn, False, self._world.loop.time()))
        follow.heard = self._world.loop.time()
        follow.behind = False
        frame_id = f"resume_{turn}_{next(self._numbers)}"
        self.unanswered.add(frame_id)
        self._say({"action": "resume", "id": frame_id, "turn": turn, "after": follow.cursor})

    def stop(self, turn: str) -> None:
        self._say({"action": "stop", "id": f"stop_{turn}", "turn": turn})

    def ping(self, turn: str) -> None:
        self._say({"action": "ping", "id": f"ping_{turn}", "turn": turn})

    # ---- what it does by itself --------------------------------------------------------------------------------------

    async def _mind(self) -> None:
        while True:
            await asyncio.sleep(2.0)
            for follow in self.follows.values():
                silent = self._world.loop.time() - follow.heard > PATIENCE
                if not self.here or follow.settled or not (silent or follow.behind):
                    continue
                self._world.silences += silent and follow.known
                if self.connection not in self._world.open:
                    self.connect()
                if follow.asked and not follow.known:
                    self.ask(follow.turn)
                else:
                    self.resume(follow.turn)

    def _say(self, frame: dict[str, Any]) -> None:
        if self.connection not in self._world.open:
            return
        body = json.dumps({"session": SESSION, **frame})
        reply = self._world.reception.receive(Message(self.connection, PRINCIPAL, body))
        if reply is not None and self.connection in self._world.open:
            self.receive(encode(reply))

    def receive(self, data: str) -> None:
        frame = json.loads(data)
        if frame["type"] == "fragment":
            pieces = self._fragments.setdefault(frame["id"], {})
            pieces[frame["index"]] = frame["data"]
            if len(pieces) == frame["count"]:
                self.receive("".join(pieces[index] for index in range(frame["count"])))
            return
        self.unanswered.discard(frame.get("re"))
        turn = frame.get("turn") or (frame.get("re") or "_").split("_")[1]
        follow = self.follows.get(turn)
        if follow is None:
            return
        follow.heard = self._world.loop.time()
        if "seq" in frame:
            follow.known = True
            follow.take(frame)
        elif frame["type"] == "accepted":
            follow.known = True
            if follow.again:  # the frames go to the connection that asked first
                self.resume(turn)
        elif frame["type"] == "resumed" and frame["turn"] is None:
            follow.refused = not follow.asked
            follow.known = False
        elif frame["type"] == "error" and frame["code"] == "busy":
            follow.refused = True
        elif frame["type"] == "error" and not frame["retryable"]:
            self._world.trouble.append(f"refused: {data}")


def _no_verifier() -> Any:
    raise AssertionError("nobody sends a token here")
