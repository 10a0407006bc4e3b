"""What is done about a job: an upload is read into the index, or a document is removed from it.

Every job may come twice, late, or after its worker died. What it says is held against the register first, and what it
does may be done again: the index then holds exactly the chunks of the newest version that was read.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from thinkaloud.client_codes import client_code
from thinkaloud.errors import DocumentError, KnowledgeError, LeaseLost, StorageError
from thinkaloud.knowledge.documents import open_guarded
from thinkaloud.knowledge.ingest import Ingestor
from thinkaloud.library.jobs import Arrival, Removal
from thinkaloud.library.tenure import BEAT, LEASE, Tenure
from thinkaloud.library.uploads import Uploads, read_object_key
from thinkaloud.state.documents import DocumentStore, Failure, StoredDocument
from thinkaloud.telemetry import audit, logger

#: Times that a version, or a removal, is begun. A document that takes the whole function down each time ends here.
MOST_ATTEMPTS = 4
#: Seconds before another attempt, times the attempts so far, where a model or the index did not answer.
BACKOFF = 20.0
#: Seconds until a message is looked at again while another worker has its document.
HELD = 60.0
#: What is our fault and not the document's: its message is left to the dead-letter queue, where an operator finds it.
OURS = frozenset({"crashed", "knowledge_unavailable", "storage_unavailable", "throttled"})

#: Seconds until a job is to be tried again; None once there is nothing left to do.
Again = float | None
Hide = Callable[[float], None]


class Clerk:
    """Does the jobs of one bucket.

    Args:
        ingestor: what loads a tenant's documents.
        bucket: whose uploads are read.
        most_bytes: of an upload.
        beat: seconds between the renewals of a claim.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        documents: DocumentStore,
        uploads: Uploads,
        ingestor: Callable[[str], Ingestor],
        bucket: str,
        most_bytes: int,
        *,
        beat: float = BEAT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._documents = documents
        self._uploads = uploads
        self._ingestor = ingestor
        self._bucket = bucket
        self._most_bytes = most_bytes
        self._beat = beat
        self._clock = clock

    async def read(self, arrival: Arrival, hide: Hide, seconds: float) -> Again:
        """Read an upload, within so many seconds; past them it goes on where it was in another attempt.

        Raises:
            StorageError: the register does not answer.
        """
        named = read_object_key(arrival.object)
        if arrival.bucket != self._bucket or named is None:
            audit("an object that is no upload", bucket=arrival.bucket, object=arrival.object)
            return None
        key, version = named
        claim = await asyncio.to_thread(self._documents.claim, key, version, self._clock(), LEASE)
        document = claim.document
        if claim.outcome == "held" and document is not None:
            return self._held(document)
        if claim.outcome == "over" and document is not None and document.failure and document.failure.code in OURS:
            return BACKOFF
        if claim.outcome != "taken" or document is None:
            if claim.outcome == "unknown":
                audit("an upload that nobody announced", tenant=key.tenant, object=arrival.object)
            return await self._discard(arrival)
        if arrival.bytes != document.announced.bytes:
            audit("an upload of another size", tenant=key.tenant, object=arrival.object, bytes=arrival.bytes)
            said = f"{document.announced.name}: {document.announced.bytes:,} bytes were announced"
            return await self._fail(document, Failure("wrong_size", f"{said}, and {arrival.bytes:,} came"), arrival)
        return await self._attempt(document, hide, seconds, arrival)

    async def remove(self, removal: Removal, hide: Hide, seconds: float) -> Again:
        """Remove a document's chunks, see that none is found any more, and forget it. Raises as `read`."""
        claim = await asyncio.to_thread(
            self._documents.claim, removal.key, removal.version, self._clock(), LEASE, removing=True
        )
        if claim.outcome == "held" and claim.document is not None:
            return self._held(claim.document)
        if claim.outcome != "taken" or claim.document is None:
            return None
        return await self._attempt(claim.document, hide, seconds, None)

    async def _attempt(self, document: StoredDocument, hide: Hide, seconds: float, arrival: Arrival | None) -> Again:
        """One attempt at a document that is ours; without an upload it is its removal."""
        try:
            return await self._tried(document, hide, seconds, arrival)
        except LeaseLost:
            # Whatever took its place need not wait for the claim's end; this message finds out what that is.
            await asyncio.to_thread(self._documents.let_go, document)
            return 0.0

    async def _tried(self, document: StoredDocument, hide: Hide, seconds: float, arrival: Arrival | None) -> Again:
        """What came of the attempt.

        Raises:
            LeaseLost: a newer version or a removal took its place.
        """
        if document.attempts > MOST_ATTEMPTS:
            return await self._give_up(document, Failure("crashed", f"{document.announced.name}: it cannot be read"))
        try:
            tenure = Tenure(self._documents, document, hide, beat=self._beat, clock=self._clock)
            async with asyncio.timeout(seconds), tenure:
                if arrival is None:
                    await self._ingestor(document.key.tenant).delete(document.key.document)
                else:
                    chunks = await self._load(document, arrival, tenure)
        except TimeoutError:
            logger().warning("out of time", extra=_facts(document))
            await asyncio.to_thread(self._documents.put_back, document, self._clock())
            return 0.0
        except DocumentError as error:
            return await self._fail(document, Failure(error.code, str(error)), arrival)
        except (KnowledgeError, StorageError) as error:
            return await self._again(document, error)
        if arrival is None:
            await asyncio.to_thread(self._documents.forget, document)
            return None
        await asyncio.to_thread(self._documents.finish, document, self._clock(), chunks)
        logger().info("document read", extra={**_facts(document), "chunks": chunks})
        return await self._discard(arrival)

    async def _load(self, document: StoredDocument, arrival: Arrival, tenure: Tenure) -> int:
        announced = document.announced
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "upload"
            await asyncio.to_thread(self._uploads.fetch, arrival.object, file, self._most_bytes)
            opened = await asyncio.to_thread(open_guarded, file, announced.name, announced.media)
            ingestor = self._ingestor(document.key.tenant)
            outcome = await ingestor.ingest(
                opened, dict(announced.metadata), tenure.progress, resumed=document.attempts > 1
            )
        return outcome.chunks

    async def _again(self, document: StoredDocument, error: Exception) -> Again:
        code, _ = client_code(error)
        logger().warning("not done this time", extra={**_facts(document), "detail": str(error)})
        if document.attempts >= MOST_ATTEMPTS:
            said = f"{document.announced.name}: it could not be read, as a service did not answer; upload it again"
            return await self._give_up(document, Failure(code, said))
        await asyncio.to_thread(self._documents.put_back, document, self._clock())
        return BACKOFF * document.attempts

    async def _give_up(self, document: StoredDocument, failure: Failure) -> Again:
        """The end, for a reason of ours: the message is kept, and ends where an operator finds it."""
        logger().error("given up", extra={**_facts(document), "code": failure.code})
        if document.status == "deleting":
            await asyncio.to_thread(self._documents.put_back, document, self._clock())
        else:
            await asyncio.to_thread(self._documents.fail, document, self._clock(), failure)
        return BACKOFF

    async def _fail(self, document: StoredDocument, failure: Failure, arrival: Arrival | None) -> Again:
        logger().info("document failed", extra={**_facts(document), "code": failure.code})
        await asyncio.to_thread(self._documents.fail, document, self._clock(), failure)
        return None if arrival is None else await self._discard(arrival)

    async def _discard(self, arrival: Arrival) -> Again:
        """Delete an upload that is not needed any more. What remains is deleted by the bucket a day later."""
        try:
            await asyncio.to_thread(self._uploads.discard, arrival.object)
        except StorageError as error:
            logger().warning("an upload was not deleted", extra={"object": arrival.object, "detail": str(error)})
        return None

    def _held(self, document: StoredDocument) -> Again:
        """Until the claim of an older version is over, or for a while where this very version is being read."""
        if document.status in ("reading", "deleting") and document.attempts:
            return HELD
        return max(document.lease_until - self._clock(), 1.0)


def _facts(document: StoredDocument) -> dict[str, object]:
    key = document.key
    return {
        "tenant": key.tenant,
        "document": key.document,
        "version": document.version,
        "attempt": document.attempts,
        "removing": document.status == "deleting",
    }
