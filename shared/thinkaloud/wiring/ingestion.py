"""What loads documents; apart from `wiring.knowledge`, so that a function that only asks does not import it."""

from __future__ import annotations

import os
from functools import cache

from thinkaloud.knowledge.ingest import Ingestor
from thinkaloud.knowledge.pacing import Pacing
from thinkaloud.knowledge.pinecone_index import PineconeIndex
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.settings import IngestSettings, read
from thinkaloud.wiring import knowledge


def ingestor(tenant: str, index: PineconeIndex, statistics: Lexicons | None = None) -> Ingestor:
    """What loads a tenant's documents, as the environment sets it up, into an index that whoever opened it closes.

    `statistics` are counted in, in the place of those in the table.
    """
    return Ingestor(tenant, knowledge.embedder("passage"), index, statistics or knowledge.lexicons(), _pacing())


@cache
def _pacing() -> Pacing:
    """One for all tenants: the rate is the model's."""
    return Pacing(read(IngestSettings, os.environ).tokens_per_minute)
