"""Loads the sample handbook into a tenant's namespace: `python -m localcloud.samples FOLDER TENANT [--when-told]`.

A process of its own: it runs with the functions' environment, so that it embeds and stores exactly as they retrieve.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from thinkaloud.errors import ThinkaloudError
from thinkaloud.knowledge.documents import MEDIA, read_document
from thinkaloud.knowledge.ingest import recount
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.state.lexicons import MemoryLexicons
from thinkaloud.wiring import ingestion, knowledge

#: Documents under way at once: enough to keep both the embedder and the index busy.
AT_ONCE = 4


def documents(folder: Path) -> list[Path]:
    """Every file below `folder` that can be read as a document, in a stable order."""
    return sorted(path for path in folder.rglob("*") if path.suffix in MEDIA)


async def load(paths: Sequence[Path], root: Path, tenant: str) -> None:
    """Ingest the documents. Those that did not change are only looked at."""
    index, lexicons = knowledge.index(), knowledge.lexicons()
    # The terms of all documents are counted at once, at the end: the local index outlives the local table anyway.
    ingestor = ingestion.ingestor(tenant, index, Lexicons(MemoryLexicons()))
    changes: list[bool] = []
    places = asyncio.Semaphore(AT_ONCE)

    async def ingest(path: Path) -> None:
        async with places:
            changes.append(not (await ingestor.ingest(read_document(path, root))).unchanged)

    try:
        async with asyncio.TaskGroup() as tasks:
            for path in paths:
                tasks.create_task(ingest(path))
        if any(changes) or (await lexicons.of(tenant)).passages != len(await index.ids(tenant)):
            await recount(tenant, index, lexicons)
    finally:
        await index.aclose()


def main(folder: Path, tenant: str) -> None:
    """Load what is below `folder`, and print how many documents that is; or end with why not, in a line."""
    paths = documents(folder)
    try:
        asyncio.run(load(paths, folder.parent, tenant))
    except ExceptionGroup as group:  # the first that failed cancelled the others
        [first, *_] = group.exceptions
        if isinstance(first, ThinkaloudError):
            sys.exit(str(first))
        raise first from None
    print(len(paths))  # noqa: T201 - how the parent learns the number


if __name__ == "__main__":
    if sys.argv[3:] == ["--when-told"]:
        sys.stdin.readline()  # the tables are being made meanwhile
    main(Path(sys.argv[1]), sys.argv[2])
