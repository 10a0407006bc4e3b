"""What is written stays written: over a restart, a crash in the middle of a write, and a second server."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pinecone import AsyncPinecone, SparseValues, Vector

from localcloud.pinecone.catalog import Catalog
from localcloud.pinecone.records import Record, SparseVector
from localcloud.pinecone.schema import dense_declaration
from localcloud.pinecone.server import PineconeServer
from localcloud.pinecone.storage import IndexFile, StorageError

if TYPE_CHECKING:
    from pathlib import Path


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    metadata = {"title": "退款", "position": 2, "tags": ["a"], "reviewed": False}
    async with PineconeServer(tmp_path) as server, AsyncPinecone(api_key="local", host=server.url) as client:
        await client.indexes.create(name="movies", dimension=2, metric="dotproduct", tags={"team": "search"})
        async with await client.index(name="movies") as index:
            await index.create_namespace(name="empty", schema={"fields": {"genre": {"filterable": True}}})
            await index.upsert(
                vectors=[
                    Vector("both", [0.1, -2.0], SparseValues(indices=[4_294_967_295, 3], values=[0.5, 1.5]), metadata),
                    Vector("gone", [1.0, 1.0]),
                    Vector("plain", [1.0, 0.0]),
                ],
                namespace="qinghe",
            )
            await index.upsert(vectors=[Vector("default", [0.0, 1.0])])
            await index.delete(ids=["gone"], namespace="qinghe")
            await index.update(id="plain", set_metadata={"n": 1}, namespace="qinghe")
            stats = await index.describe_index_stats()
        described = await client.indexes.describe("movies")

    async with PineconeServer(tmp_path) as server, AsyncPinecone(api_key="local", host=server.url) as client:
        again = await client.indexes.describe("movies")
        assert (again.schema, again.tags, again.deployment) == (described.schema, described.tags, described.deployment)
        async with await client.index(name="movies") as index:
            assert (await index.describe_index_stats()).namespaces == stats.namespaces
            assert (await index.describe_namespace(name="empty")).indexed_fields.fields == ["genre"]
            both = (await index.fetch(ids=["both"], namespace="qinghe")).vectors["both"]
            assert both.values == [0.1, -2.0]
            assert both.sparse_values == SparseValues(indices=[4_294_967_295, 3], values=[0.5, 1.5])
            assert both.metadata == metadata
            plain = (await index.fetch(ids=["plain", "gone"], namespace="qinghe")).vectors
            assert {name: vector.metadata for name, vector in plain.items()} == {"plain": {"n": 1.0}}


CRASH = """
import os, sys
from pathlib import Path
import numpy as np
from localcloud.pinecone.records import Record
from localcloud.pinecone.storage import IndexFile

def records(prefix, crash_at=None):
    for number in range(1000):
        if number == crash_at:
            os._exit(9)
        yield Record(f"{prefix}{number}", np.full(256, 0.5, np.float32))

file = IndexFile(Path(sys.argv[1]))
file.put("n", records("kept"))
file.remove("n", ["kept0"])
file.put("n", records("lost", crash_at=900))
"""


def test_a_crash_in_the_middle_of_a_write_loses_that_write_alone(tmp_path: Path) -> None:
    path = tmp_path / "movies.sqlite3"
    file = IndexFile(path)
    file.declare(dense_declaration("movies", 256, "cosine"))
    file.add_namespace("n", None)
    file.close()

    assert subprocess.run([sys.executable, "-c", CRASH, str(path)], check=False, timeout=60).returncode == 9

    catalog = Catalog(tmp_path)
    assert catalog.get("movies").counts({}) == {"n": 999}
    catalog.close()


def test_an_index_whose_creation_was_cut_short_never_was(tmp_path: Path) -> None:
    IndexFile(tmp_path / "movies.sqlite3").close()
    (tmp_path / "books.sqlite3").touch()
    catalog = Catalog(tmp_path)
    assert catalog.names() == []
    assert list(tmp_path.iterdir()) == []
    catalog.create(dense_declaration("movies", 2, "cosine"))
    catalog.close()


def test_a_refused_write_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = IndexFile(tmp_path / "movies.sqlite3")
    file.add_namespace("n", None)
    good = Record("v", np.ones(2, np.float32), SparseVector(np.array([1]), np.ones(1, np.float32)), {"a": 1.0})

    def records() -> list[Record]:
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        file.put("n", (record for part in ([good], None) for record in (part or records())))
    assert list(file.records()) == []
    file.put("n", [good])
    assert [record.id for _, record in file.records()] == ["v"]
    assert file.size_of("n") == len("v") + 2 * 4 + 4 + 4 + len('{"a": 1.0}')
    file.close()


async def test_two_servers_do_not_share_a_folder(tmp_path: Path) -> None:
    async with PineconeServer(tmp_path) as first:
        first.open_index("movies", dimension=2)
        with pytest.raises(StorageError, match="is in use by another process"):
            await PineconeServer(tmp_path).start()
    async with PineconeServer(tmp_path) as second:
        assert second.open_index("movies", dimension=2)


def test_a_file_that_is_no_index_is_named(tmp_path: Path) -> None:
    path = tmp_path / "movies.sqlite3"
    path.write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(StorageError, match=r"movies\.sqlite3 cannot be read .* delete it"):
        Catalog(tmp_path)


def test_a_file_of_a_later_version_is_named(tmp_path: Path) -> None:
    path = tmp_path / "movies.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=2")
    connection.close()
    with pytest.raises(StorageError, match="is of format 2, this version reads 1"):
        Catalog(tmp_path)
