"""Holding a document while it is worked on."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from thinkaloud.errors import DispatchFailed, LeaseLost, StorageError
from thinkaloud.state.documents import DocumentStore, StoredDocument
from thinkaloud.telemetry import logger

#: Seconds a claim holds without being renewed: what a dead worker left is taken up this much later.
LEASE = 30.0
#: Seconds between renewals, which also tell how far it is.
BEAT = 5.0
#: Seconds before its end, by this machine's clock, at which a claim that could not be renewed is given up.
_MARGIN = 5.0


class Tenure:
    """Renews a claim, and hides its message, for as long as the block lasts, then stops.

    On a thread of its own, as reading a file may keep the event loop busy. Once the claim is lost - a newer version was
    announced, the document is being deleted, another worker took it - what the block waits for is cancelled and the
    block ends with `LeaseLost`.

    Args:
        hide: keeps the job's message from being delivered again for so many seconds.
    """

    def __init__(
        self,
        documents: DocumentStore,
        claimed: StoredDocument,
        hide: Callable[[float], None],
        *,
        lease: float = LEASE,
        beat: float = BEAT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._documents = documents
        self._claimed = claimed
        self._hide = hide
        self._lease = lease
        self._beat = beat
        self._clock = clock
        self._left = threading.Event()
        self._lost = False
        self._cancelled = False
        self._loop: asyncio.AbstractEventLoop
        self._task: asyncio.Task[object] | None = None
        self._thread = threading.Thread(target=self._keep, name="tenure", daemon=True)
        #: Chunks stored so far.
        self.done = 0

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        await asyncio.to_thread(self._thread.join)
        if self._cancelled and self._task is not None:
            self._task.uncancel()
        if self._lost and (kind is None or issubclass(kind, asyncio.CancelledError)):
            raise LeaseLost(f"document {self._claimed.key.document}, version {self._claimed.version}")

    def progress(self, chunks: int) -> None:
        """So many chunks are stored."""
        self.done = chunks

    def _keep(self) -> None:
        until = self._clock() + self._lease
        self._hidden()
        while not self._left.wait(self._beat):
            now = self._clock()
            try:
                self._documents.renew(self._claimed, now, self._lease, self.done)
                until = now + self._lease
                self._hidden()
            except LeaseLost:
                return self._lose()
            except StorageError as error:
                logger().warning("a claim was not renewed", extra={"detail": str(error)})
                if self._clock() > until - _MARGIN:
                    return self._lose()
        return None

    def _hidden(self) -> None:
        try:
            self._hide(self._lease)
        except DispatchFailed as error:
            # At worst the message is delivered again, and its receiver finds the claim held.
            logger().warning("a message was not held", extra={"detail": str(error)})

    def _lose(self) -> None:
        self._lost = True
        self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        # On the loop's own thread: the block cannot end between the look and the cancellation.
        if self._task is not None and not self._left.is_set():
            self._cancelled = True
            self._task.cancel()
