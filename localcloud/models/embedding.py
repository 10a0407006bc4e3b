"""The local embedding models: deterministic, offline.

`StaticEmbedder` is what `/v1/embeddings` serves: WordLlama's static token vectors added up. They find, mostly in
English, what is said in other words; what is said in the same words the index finds by itself.

`LocalEmbedder` must do without an index: two unit vectors side by side, of which the larger one hashes the text's terms
(Weinberger et al. 2009, https://arxiv.org/abs/0902.2206), so that a cosine alone compares two texts in both languages.
The extractive model and the stand-ins for Pinecone's own models use it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
import threading
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from safetensors import safe_open
from tokenizers import Tokenizer

from localcloud.models.text import terms
from thinkaloud.knowledge.words.terms import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Vector = npt.NDArray[np.float32]
    Vectors = npt.NDArray[np.float32]

MODEL = "local-embedding"
DIMENSIONS = 1024
#: What `/v1/embeddings` makes: 256 numbers, or the first ones of them.
STATIC_DIMENSIONS, MIN_DIMENSIONS = 256, 64

# What the static half counts for beside the hashed one; between 0.5 and 1 retrieval hardly changes.
STATIC_WEIGHT = 0.7


class Embedder(Protocol):
    """Texts to unit vectors whose dot product says how alike the texts are."""

    def embed(self, texts: Sequence[str], dimensions: int = DIMENSIONS) -> Vectors:
        """One row of `dimensions` float32 for each text, of length 1; all zeros for a text without a single term."""


class LocalEmbedder:
    """`Embedder` without a network; safe to use from several threads.

    WordLlama's 16 MB of weights are read at the first use, which takes a few hundred milliseconds; `load` reads them
    ahead of it.
    """

    def __init__(self) -> None:
        self._loading = threading.Lock()
        self._loaded: StaticVectors | None = None

    def load(self) -> StaticVectors:
        """The static vectors, read now if they were not before."""
        with self._loading:
            if self._loaded is None:
                self._loaded = StaticVectors()
            return self._loaded

    def embed(self, texts: Sequence[str], dimensions: int = DIMENSIONS) -> Vectors:
        """Three sixteenths of the dimensions (192 of 1024) are static, which may be cut short; the rest is hashed."""
        table = self.load()
        static = min(StaticVectors.WIDTH, dimensions * 3 // 16)
        vectors = np.zeros((len(texts), dimensions), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            row[static:] = unit(hashed(text, dimensions - static))
            row[:static] = math.sqrt(STATIC_WEIGHT) * unit(table.pooled(text)[:static])
            row[:] = unit(row)
        return vectors


class StaticEmbedder:
    """`Embedder` by static vectors alone, over the table of a `LocalEmbedder`."""

    def __init__(self, local: LocalEmbedder) -> None:
        self._local = local

    def embed(self, texts: Sequence[str], dimensions: int = STATIC_DIMENSIONS) -> Vectors:
        table = self._local.load()
        vectors = [unit(table.pooled(text)[:dimensions]) for text in texts]
        return np.stack(vectors) if vectors else np.zeros((0, dimensions), dtype=np.float32)


class StaticVectors:
    """The token vectors that ship inside the `wordllama` package, read without importing it.

    Importing it configures the root logger (`logging.basicConfig`) and loads `requests`, which a server that prints one
    line when it is ready does not want; what is needed of it is a table and a tokenizer.
    """

    WIDTH = 256

    def __init__(self) -> None:
        package = _package_folder("wordllama")
        with safe_open(package / "weights" / "l2_supercat_256.safetensors", framework="numpy") as weights:
            self._table: Vectors = weights.get_tensor("embedding.weight").astype(np.float32)
        self._tokenizer = Tokenizer.from_file(str(package / "tokenizers" / "l2_supercat_tokenizer_config.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def pooled(self, text: str) -> Vector:
        """The text's token vectors added up, a token's second and later mentions counting ever less."""
        ids = Counter(self._tokenizer.encode(plain(text), add_special_tokens=False).ids)
        counts = np.fromiter((_damped(count) for count in ids.values()), dtype=np.float32, count=len(ids))
        pooled: Vector = counts @ self._table[list(ids)]
        return pooled


def hashed(text: str, width: int) -> Vector:
    """The text's terms, each added to one of `width` places with a sign, both given by its hash."""
    vector = np.zeros(width, dtype=np.float32)
    for term, count in Counter(terms(text)).items():
        number = _hash(term.text)
        vector[(number >> 1) % width] += (1 if number & 1 else -1) * term.weight * _damped(count)
    return vector


def unit(vector: Vector) -> Vector:
    """`vector` at length 1, or as it is where it has no direction."""
    length = float(np.linalg.norm(vector))
    return (vector / length).astype(np.float32) if length else vector


def _damped(count: int) -> float:
    return 1.0 + math.log(count)


@lru_cache(maxsize=200_000)
def _hash(term: str) -> int:
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "big")


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"The local embedding model needs the package {name!r}: run `make dev`", name=name)
    return Path(spec.origin).parent
