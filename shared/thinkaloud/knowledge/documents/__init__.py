"""Files -> documents: one module for each kind of file, and one outcome for each way in which a file can disappoint."""

from thinkaloud.knowledge.documents.block import GAP, Block, Document
from thinkaloud.knowledge.documents.guard import Limits, open_guarded
from thinkaloud.knowledge.documents.kinds import MEDIA
from thinkaloud.knowledge.documents.opening import MAX_BYTES, open_document, read_document, text_document

__all__ = [
    "GAP",
    "MAX_BYTES",
    "MEDIA",
    "Block",
    "Document",
    "Limits",
    "open_document",
    "open_guarded",
    "read_document",
    "text_document",
]
