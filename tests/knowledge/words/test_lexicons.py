"""Term statistics by tenant: read now and then, changed one after the other, and never worth a failure."""

from __future__ import annotations

import asyncio

import pytest

from thinkaloud.errors import StorageError, StorageThrottled
from thinkaloud.knowledge.words.lexicon import Lexicon
from thinkaloud.knowledge.words.lexicons import FRESH, HELD, TRIES, Lexicons
from thinkaloud.state.lexicons import MemoryLexicons


def counted(*passages: list[int]) -> Lexicon:
    lexicon = Lexicon()
    for passage in passages:
        lexicon.count(passage)
    return lexicon


class Shelf(MemoryLexicons):
    """Notes each read, and fails or is slow when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[str] = []
        self.down = False
        self.refusals = 0

    def load(self, tenant: str, *, consistent: bool = False) -> tuple[bytes, int] | None:
        self.reads.append(tenant)
        if self.down:
            raise StorageThrottled("DynamoDB answered ThrottlingException")
        return super().load(tenant, consistent=consistent)

    def save(self, tenant: str, body: bytes, version: int) -> bool:
        self.refusals -= 1
        return self.refusals < 0 and super().save(tenant, body, version)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lexicons(shelf: Shelf, clock: Clock) -> Lexicons:
    return Lexicons(shelf, clock, sleep=at_once)


async def at_once(_seconds: float) -> None:
    await asyncio.sleep(0)


async def add(lexicons: Lexicons, document: str = "d0c5", change: bytes = b"1", tenant: str = "qinghe") -> bool:
    return await lexicons.change(tenant, document, change, counted([1, 2]), Lexicon())


async def test_what_is_counted_is_read(lexicons: Lexicons) -> None:
    assert (await lexicons.of("qinghe")).passages == 0
    assert await add(lexicons)
    lexicon = await lexicons.of("qinghe")
    assert (lexicon.passages, lexicon.held_by(1)) == (1, 1)
    assert (await lexicons.of("green-mountain")).passages == 0


async def test_a_change_that_is_made_again_is_counted_once(lexicons: Lexicons) -> None:
    assert [await add(lexicons), await add(lexicons)] == [True, True]
    assert (await lexicons.of("qinghe")).passages == 1
    await add(lexicons, change=b"2")
    await add(lexicons, change=b"1")
    assert (await lexicons.of("qinghe")).passages == 3


async def test_it_is_read_once_in_a_while(lexicons: Lexicons, shelf: Shelf, clock: Clock) -> None:
    await add(lexicons)
    shelf.reads.clear()
    for _ in range(3):
        await lexicons.of("qinghe")
    assert shelf.reads == ["qinghe"]
    clock.now = FRESH
    await lexicons.of("qinghe")
    assert shelf.reads == ["qinghe", "qinghe"]


async def test_a_tenant_without_documents_is_asked_about_each_time(lexicons: Lexicons, shelf: Shelf) -> None:
    await lexicons.of("qinghe")
    await add(Lexicons(shelf))
    assert (await lexicons.of("qinghe")).passages == 1


async def test_only_so_many_are_held(lexicons: Lexicons, shelf: Shelf) -> None:
    for number in range(HELD + 1):
        await add(lexicons, tenant=f"tenant-{number}")
    for number in range(HELD + 1):
        await lexicons.of(f"tenant-{number}")
    shelf.reads.clear()
    await lexicons.of(f"tenant-{HELD}")
    assert shelf.reads == []
    await lexicons.of("tenant-0")
    assert shelf.reads == ["tenant-0"]


async def test_storage_that_is_down_costs_the_statistics_and_not_the_question(
    lexicons: Lexicons, shelf: Shelf, clock: Clock
) -> None:
    shelf.down = True
    assert (await lexicons.of("qinghe")).passages == 0
    assert not await add(lexicons)
    shelf.down = False
    await add(lexicons)
    await lexicons.of("qinghe")
    shelf.down, clock.now = True, 2 * FRESH
    assert (await lexicons.of("qinghe")).passages == 1, "an old one is better than none"


async def test_a_lexicon_that_is_broken_is_none(lexicons: Lexicons, shelf: Shelf) -> None:
    shelf.save("qinghe", b"what?", 0)
    assert (await lexicons.of("qinghe")).passages == 0
    assert not await add(lexicons)


async def test_whoever_is_slower_tries_again(lexicons: Lexicons, shelf: Shelf) -> None:
    shelf.refusals = TRIES - 1
    assert await add(lexicons)
    shelf.refusals = TRIES
    assert not await add(lexicons, change=b"2")
    assert (await lexicons.of("qinghe")).passages == 1


async def test_many_at_once_lose_nothing(shelf: Shelf) -> None:
    lexicons = Lexicons(shelf)
    changes = (add(lexicons, f"document-{number}") for number in range(5))
    assert all(await asyncio.gather(*changes))
    assert (await lexicons.of("qinghe")).passages == 5


async def test_all_can_be_counted_afresh(lexicons: Lexicons, shelf: Shelf) -> None:
    await add(lexicons)
    await lexicons.of("qinghe")
    await lexicons.replace("qinghe", counted([1], [2], [3]))
    assert (await lexicons.of("qinghe")).passages == 3
    shelf.refusals = 1
    with pytest.raises(StorageError, match="count again"):
        await lexicons.replace("qinghe", Lexicon())
