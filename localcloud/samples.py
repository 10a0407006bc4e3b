"""Loads the sample handbook into a tenant's namespace. A process of its own: `python -m localcloud.samples FOLDER TENANT`.

It runs with the functions' environment, so that it embeds and stores exactly as they retrieve.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from thinkaloud.knowledge.documents import MEDIA, read_document
from thinkaloud.knowledge.ingest import Ingestor
from thinkaloud.wiring import knowledge

#: Documents under way at once: enough to keep both the embedder and the index busy.
AT_ONCE = 4


async def load(folder: Path, tenant: str) -> int:
    """Ingest every document below `folder`; how many there are. Those that did not change are only looked at."""
    index = knowledge.index()
    ingestor = Ingestor(tenant, knowledge.embedder(), index)
    places = asyncio.Semaphore(AT_ONCE)

    async def ingest(path: Path) -> None:
        async with places:
            await ingestor.ingest(read_document(path, folder.parent))

    paths = sorted(path for path in folder.rglob("*") if path.suffix in MEDIA)
    try:
        async with asyncio.TaskGroup() as tasks:
            for path in paths:
                tasks.create_task(ingest(path))
    finally:
        await index.aclose()
    return len(paths)


if __name__ == "__main__":
    print(asyncio.run(load(Path(sys.argv[1]), sys.argv[2])))  # noqa: T201 - how the parent learns the number
