"""The parts of the `ingest` function."""

from __future__ import annotations

import asyncio
import os
from functools import cache, lru_cache

from thinkaloud.knowledge.ingest import Ingestor
from thinkaloud.knowledge.pinecone_index import PineconeIndex
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.library.clerk import Clerk
from thinkaloud.library.desk import Desk
from thinkaloud.settings import UploadSettings, read
from thinkaloud.telemetry import logger
from thinkaloud.wiring import knowledge, library
from thinkaloud.wiring.ingestion import ingestor


@cache
def runner() -> asyncio.Runner:
    """One event loop for all invocations: the clients' connections belong to it."""
    return asyncio.Runner()


@cache
def desk() -> Desk:
    """What works on batches of messages."""
    logger()  # quiets the libraries, before they are used
    settings = read(UploadSettings, os.environ)
    clerk = Clerk(library.documents(), library.uploads(), _ingestor, settings.bucket, settings.max_bytes)
    return Desk(clerk, library.jobs())


@lru_cache(maxsize=16)
def _ingestor(tenant: str) -> Ingestor:
    index, statistics = _shared()
    return ingestor(tenant, index, statistics)


@cache
def _shared() -> tuple[PineconeIndex, Lexicons]:
    """One index client, and one memory of term statistics, for all tenants."""
    return knowledge.index(), knowledge.lexicons()
