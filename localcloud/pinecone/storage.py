"""One index on disk: a SQLite file in WAL mode.

Chosen over arrays replaced as a whole: a write costs what it changes, not the 40 MB the index holds; it is on disk or
not at all, whenever the process dies; and the standard library brings it. Writes are not flushed to the platter one by
one (`synchronous=NORMAL`): a power cut may lose the last ones, never the file. The file is locked for one process.

Reading everything back is one scan; searching happens in memory (`namespace.py`) and never touches the file.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import numpy as np

from localcloud.pinecone.records import Record, SparseVector
from localcloud.pinecone.schema import Declaration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SUFFIX = ".sqlite3"
_FORMAT = 1
_TABLES = """
CREATE TABLE declaration (wire TEXT NOT NULL);
CREATE TABLE namespaces (name TEXT PRIMARY KEY, fields TEXT);
CREATE TABLE records (
    namespace TEXT NOT NULL REFERENCES namespaces (name) ON DELETE CASCADE,
    id TEXT NOT NULL, dense BLOB, indices BLOB, weights BLOB, metadata TEXT,
    PRIMARY KEY (namespace, id)
);
"""


class StorageError(Exception):
    """A file cannot be read or is in use; the message names it and the way out."""


class IndexFile:
    """The file of one index. Every method that writes is one transaction."""

    def __init__(self, path: Path) -> None:
        """Opens `path`, and prepares it when it is new or its creation was cut short.

        Raises:
            StorageError: another process holds it, or it is not an index file of this version.
        """
        self.path = path
        # Opened in the thread that loads it, used by the event loop's.
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.5)
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            if "locked" in str(error):
                raise StorageError(f"{path} is in use by another process; stop it, or choose another folder") from error
            raise StorageError(f"{path} cannot be read ({error}); delete it to start this index afresh") from error
        except StorageError:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        for pragma in ("page_size=16384", "locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=NORMAL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("PRAGMA foreign_keys=ON")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            # DDL and the version commit together, so a file is either empty or complete.
            self._connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version={_FORMAT}; COMMIT")
        elif version != _FORMAT:
            raise StorageError(f"{self.path} is of format {version}, this version reads {_FORMAT}; delete it")

    def declaration(self) -> Declaration | None:
        """What the index is; None while its creation has not been finished."""
        row = self._connection.execute("SELECT wire FROM declaration").fetchone()
        return Declaration.model_validate_json(row[0]) if row else None

    def declare(self, declaration: Declaration) -> None:
        """Stores what the index is."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("DELETE FROM declaration")
            self._connection.execute("INSERT INTO declaration VALUES (?)", (json.dumps(declaration.to_wire()),))

    def namespaces(self) -> dict[str, tuple[str, ...] | None]:
        """Every namespace with the metadata fields it was created to filter by, None for all."""
        rows = self._connection.execute("SELECT name, fields FROM namespaces")
        return {name: None if fields is None else tuple(json.loads(fields)) for name, fields in rows}

    def add_namespace(self, name: str, fields: tuple[str, ...] | None) -> None:
        """Stores an empty namespace."""
        self._connection.execute(
            "INSERT INTO namespaces VALUES (?, ?)", (name, None if fields is None else json.dumps(fields))
        )

    def remove_namespace(self, name: str) -> None:
        """Removes a namespace with its records."""
        self._connection.execute("DELETE FROM namespaces WHERE name = ?", (name,))

    def put(self, namespace: str, records: Iterable[Record]) -> None:
        """Stores records, each in the place of the one with its id; all of them or none."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?)",
                ((namespace, *_to_row(record)) for record in records),
            )

    def remove(self, namespace: str, identifiers: Iterable[str]) -> None:
        """Removes records; all of them or none."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "DELETE FROM records WHERE namespace = ? AND id = ?",
                ((namespace, identifier) for identifier in identifiers),
            )

    def records(self) -> Iterator[tuple[str, Record]]:
        """Every record with its namespace."""
        query = "SELECT namespace, id, dense, indices, weights, metadata FROM records"
        for namespace, *row in self._connection.execute(query):
            yield namespace, _from_row(*row)

    def size_of(self, namespace: str) -> int:
        """About how many bytes the records of a namespace take."""
        (size,) = self._connection.execute(
            "SELECT sum(length(id) + coalesce(length(dense), 0) + coalesce(length(indices) + length(weights), 0)"
            " + coalesce(length(metadata), 0)) FROM records WHERE namespace = ?",
            (namespace,),
        ).fetchone()
        return size or 0

    def close(self) -> None:
        """Folds the write-ahead log into the file and lets go of it."""
        self._connection.close()

    def delete(self) -> None:
        """Closes and removes the file."""
        self.close()
        self.path.unlink(missing_ok=True)


def _to_row(record: Record) -> tuple[str, bytes | None, bytes | None, bytes | None, str | None]:
    sparse = record.sparse
    return (
        record.id,
        None if record.values is None else record.values.astype("<f4").tobytes(),
        None if sparse is None else sparse.indices.astype("<u4").tobytes(),
        None if sparse is None else sparse.values.astype("<f4").tobytes(),
        None if record.metadata is None else json.dumps(record.metadata, ensure_ascii=False),
    )


def _from_row(
    identifier: str, dense: bytes | None, indices: bytes | None, weights: bytes | None, metadata: str | None
) -> Record:
    sparse = None
    if indices is not None and weights is not None:
        sparse = SparseVector(
            np.frombuffer(indices, "<u4").astype(np.int64), np.frombuffer(weights, "<f4").astype(np.float32)
        )
    return Record(
        identifier,
        None if dense is None else np.frombuffer(dense, "<f4").astype(np.float32, copy=False),
        sparse,
        None if metadata is None else json.loads(metadata),
    )
