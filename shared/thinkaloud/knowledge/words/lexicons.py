"""The lexicons of all tenants: read for questions, changed by ingestion."""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Protocol

from thinkaloud.errors import KnowledgeError, StorageError
from thinkaloud.knowledge.words.lexicon import Lexicon
from thinkaloud.telemetry import logger

#: Seconds for which questions go by what was read: rarity changes slowly.
FRESH = 180.0
#: Tenants whose lexicons are held at a time; each takes half a megabyte.
HELD = 32
#: Tries to save a change that others were faster than.
TRIES = 8


class LexiconStore(Protocol):
    """Where lexicons are kept, each with a version. Synchronous, as boto3 is; may raise `StorageError`."""

    def load(self, tenant: str, *, consistent: bool = False) -> tuple[bytes, int] | None:
        """A tenant's lexicon and its version, or None."""

    def save(self, tenant: str, body: bytes, version: int) -> bool:
        """Store what follows `version` (0: the first); False where another one was faster."""


class Lexicons:
    """What is counted for each tenant, with a memory of what was read a moment ago."""

    def __init__(
        self,
        store: LexiconStore,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._held: OrderedDict[str, tuple[float, Lexicon]] = OrderedDict()

    async def of(self, tenant: str) -> Lexicon:
        """The tenant's lexicon, at most some minutes old; an empty one where there is none or it cannot be read."""
        held = self._held.get(tenant)
        if held is not None and self._clock() - held[0] < FRESH:
            self._held.move_to_end(tenant)
            return held[1]
        try:
            found = await asyncio.to_thread(self._store.load, tenant)
            lexicon = Lexicon() if found is None else Lexicon.from_bytes(found[0])
        except (StorageError, KnowledgeError) as error:
            logger().warning("term statistics not read", extra={"tenant": tenant, "detail": str(error)})
            return Lexicon() if held is None else held[1]
        if found is not None:  # the first document's terms are to count at once
            self._held[tenant] = (self._clock(), lexicon)
            self._held.move_to_end(tenant)
            while len(self._held) > HELD:
                self._held.popitem(last=False)
        return lexicon

    async def change(self, tenant: str, document: str, change: bytes, added: Lexicon, removed: Lexicon) -> bool:
        """Count a change of a document, of which `change` is the name; one that was counted already is left.

        Returns:
            Whether it is counted now. Statistics are not worth a failed ingestion: where storage does not answer, or
            others are faster time and again, the log has it, and `replace` counts afresh.
        """
        try:
            for attempt in range(TRIES):
                if await asyncio.to_thread(self._try, tenant, document, change, added, removed):
                    self._held.pop(tenant, None)
                    return True
                await self._sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - spreads, does not hide
            reason = f"others were faster {TRIES} times"
        except (StorageError, KnowledgeError) as error:
            reason = str(error)
        logger().warning("terms not counted", extra={"tenant": tenant, "document": document, "detail": reason})
        return False

    async def replace(self, tenant: str, lexicon: Lexicon) -> None:
        """Store a lexicon that was counted afresh.

        Raises:
            StorageError: storage does not answer, or another change was faster.
        """
        found = await asyncio.to_thread(self._store.load, tenant, consistent=True)
        if not await asyncio.to_thread(self._store.save, tenant, lexicon.to_bytes(), found[1] if found else 0):
            raise StorageError("the term statistics were changed meanwhile; count again")
        self._held.pop(tenant, None)

    def _try(self, tenant: str, document: str, change: bytes, added: Lexicon, removed: Lexicon) -> bool:
        found = self._store.load(tenant, consistent=True)
        lexicon, version = (Lexicon.from_bytes(found[0]), found[1]) if found else (Lexicon(), 0)
        if lexicon.knows(document, change):
            return True
        lexicon.change(added, removed)
        lexicon.note(document, change)
        return self._store.save(tenant, lexicon.to_bytes(), version)
