"""Holding a document: for as long as it is worked on, and no longer than that is right."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from tests.builders import NOW
from thinkaloud.errors import DispatchFailed, LeaseLost, StorageError
from thinkaloud.library.tenure import Tenure
from thinkaloud.state.documents import Announced, DocumentKey, StoredDocument
from thinkaloud.state.memory_documents import MemoryDocuments

KEY = DocumentKey("qinghe", "0123456789abcdef0123456789abcdef")


class Register(MemoryDocuments):
    """Counts renewals, and may fail them; `renewed` is set at each."""

    def __init__(self) -> None:
        super().__init__()
        self.renewals = 0
        self.error: Exception | None = None
        self.loop = asyncio.get_running_loop()
        self.renewed = asyncio.Event()

    def renew(self, claimed: StoredDocument, now: float, lease: float, done: int) -> None:
        self.renewals += 1
        self.loop.call_soon_threadsafe(self.renewed.set)
        if self.error is not None:
            raise self.error
        super().renew(claimed, now, lease, done)


@pytest.fixture
async def register() -> Register:
    return Register()


def claim(register: Register) -> StoredDocument:
    register.announce(KEY, Announced("a.txt", "text/plain", 1, "lin", NOW), NOW)
    claimed = register.claim(KEY, 1, NOW, 30).document
    assert claimed is not None
    return claimed


def tenure(register: Register, claimed: StoredDocument, hide: Callable[[float], None] = lambda seconds: None) -> Tenure:
    return Tenure(register, claimed, hide, beat=0.001, clock=lambda: NOW)


async def test_it_is_renewed_with_its_progress_and_its_message_hidden(register: Register) -> None:
    claimed, hidden = claim(register), list[float]()
    async with tenure(register, claimed, hidden.append) as held:
        held.progress(64)
        register.renewed.clear()
        await register.renewed.wait()
        register.renewed.clear()
        await register.renewed.wait()
    found = register.get(KEY)
    assert found is not None
    assert found.done == 64
    assert set(hidden) == {30.0}
    renewals = register.renewals
    assert not [thread for thread in threading.enumerate() if thread.name == "tenure"]
    assert register.renewals == renewals, "nothing is renewed once it is over"


async def test_what_is_lost_ends_the_work_at_once(register: Register) -> None:
    claimed = claim(register)
    with pytest.raises(LeaseLost):
        async with tenure(register, claimed):
            register.remove(KEY, NOW)
            await asyncio.Event().wait()
    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]


async def test_an_error_of_the_work_comes_first(register: Register) -> None:
    claimed = claim(register)
    with pytest.raises(ValueError, match="broken"):
        async with tenure(register, claimed):
            raise ValueError("broken")


async def test_a_cancellation_from_outside_is_one(register: Register) -> None:
    claimed, begun = claim(register), asyncio.Event()

    async def work() -> None:
        async with tenure(register, claimed):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_register_that_is_silent_ends_it_before_its_claim_does(register: Register) -> None:
    claimed, now = claim(register), NOW

    def clock() -> float:
        return now

    register.error = StorageError("DynamoDB cannot be reached")
    with pytest.raises(LeaseLost):
        async with Tenure(register, claimed, lambda seconds: None, beat=0.001, clock=clock):
            await register.renewed.wait()
            now = NOW + 24
            register.renewed.clear()
            await register.renewed.wait()
            now = NOW + 26
            await asyncio.Event().wait()


async def test_a_message_that_cannot_be_hidden_ends_nothing(register: Register) -> None:
    claimed = claim(register)

    def broken(seconds: float) -> None:
        raise DispatchFailed("SQS did not hold a message")

    async with tenure(register, claimed, broken):
        await register.renewed.wait()
