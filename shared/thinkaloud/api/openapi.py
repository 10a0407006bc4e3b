"""The API's description as a file: `python -m thinkaloud.api.openapi > docs/openapi.json`."""

from __future__ import annotations

import json
import sys
from typing import Any

from thinkaloud.api.application import make_application
from thinkaloud.library.jobs import MemoryJobs
from thinkaloud.library.library import Library
from thinkaloud.library.uploads import MemoryUploads
from thinkaloud.state.audit import MemoryAudits
from thinkaloud.state.memory import MemoryConversations
from thinkaloud.state.memory_documents import MemoryDocuments


def document() -> dict[str, Any]:
    """What /openapi.json answers."""
    library = Library(MemoryDocuments(), MemoryUploads(), MemoryJobs(), most_bytes=1)
    return make_application(library, MemoryAudits(), MemoryConversations()).openapi()


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
