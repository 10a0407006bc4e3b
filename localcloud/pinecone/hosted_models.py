"""The models that inference answers for: the service's names, each with a local stand-in that says that it is one.

The same code runs against the service and against this server, so the names are the service's; what answers here are
the local embedding (`localcloud/models/embedding.py`) and its terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from localcloud.pinecone.errors import invalid, not_found

Kind = Literal["dense", "sparse", "rerank"]

MAX_INPUTS = 96
MAX_DOCUMENTS = 100
_PROVIDER = "Thinkaloud, on localhost"
_INPUT_TYPE = {
    "parameter": "input_type",
    "type": "one_of",
    "value_type": "string",
    "required": True,
    "allowed_values": ["query", "passage"],
}
_ABOUT = {
    "dense": "hashed terms and static word vectors",
    "sparse": "hashed terms, weighted",
    "rerank": "shared terms and the closeness of local embeddings",
}


@dataclass(frozen=True, slots=True)
class HostedModel:
    """One model. `dimensions` are those a dense one can make, its default first."""

    name: str
    kind: Kind
    dimensions: tuple[int, ...] = ()

    def dimension(self, asked: int | None) -> int:
        """The length of an embedding: what was asked for, if the model can make it; 0 for a sparse one."""
        if not self.dimensions:
            return 0
        if asked is not None and asked not in self.dimensions:
            raise invalid(f"Model {self.name} makes embeddings of {list(self.dimensions)} dimensions, not {asked}")
        return self.dimensions[0] if asked is None else asked

    def info(self) -> dict[str, Any]:
        """What `GET /models` tells."""
        info: dict[str, Any] = {
            "model": self.name,
            "short_description": f"Stands in for {self.name} on localhost: {_ABOUT[self.kind]}.",
            "type": "rerank" if self.kind == "rerank" else "embed",
            "modality": "text",
            "provider_name": _PROVIDER,
            "max_batch_size": MAX_DOCUMENTS if self.kind == "rerank" else MAX_INPUTS,
            "supported_parameters": [] if self.kind == "rerank" else [_INPUT_TYPE],
        }
        if self.kind == "rerank":
            return info
        info |= {"vector_type": self.kind, "supported_metrics": ["dotproduct"]}
        if self.kind == "dense":
            info |= {
                "supported_metrics": ["cosine", "dotproduct", "euclidean"],
                "default_dimension": self.dimensions[0],
                "supported_dimensions": list(self.dimensions),
            }
        return info


MODELS = (
    HostedModel("llama-text-embed-v2", "dense", (1024, 384, 512, 768, 2048)),
    HostedModel("multilingual-e5-large", "dense", (1024,)),
    HostedModel("pinecone-sparse-english-v0", "sparse"),
    HostedModel("pinecone-sparse-multilingual-v0", "sparse"),
    HostedModel("bge-reranker-v2-m3", "rerank"),
    HostedModel("cohere-rerank-3.5", "rerank"),
)


def model_named(name: str, *kinds: Kind) -> HostedModel:
    """The model of this name, of one of these kinds; refused with NOT_FOUND where there is none."""
    known = {model.name: model for model in MODELS if model.kind in kinds}
    if name not in known:
        raise not_found(f"Model {name} not found. Supported models: {', '.join(known)}")
    return known[name]
