"""One index: what the data plane does to it, on disk first and then in memory.

Everything runs on the event loop's thread and never yields inside an operation, so each request sees the index before
or after another one, never between. A request is at most 2 MB and a search about a millisecond, so the loop can wait.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localcloud.pinecone.admission import changed, record_of, target_of
from localcloud.pinecone.errors import Code, ServiceError, invalid, not_found
from localcloud.pinecone.filters import compile_filter
from localcloud.pinecone.namespace import Namespace, Query
from localcloud.pinecone.paging import NamePage, page_of
from localcloud.pinecone.records import DEFAULT_NAMESPACE, Record, check_id, check_namespace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from localcloud.pinecone import requests
    from localcloud.pinecone.schema import Declaration, Schema
    from localcloud.pinecone.storage import IndexFile


@dataclass(frozen=True, slots=True)
class NamespaceFacts:
    """What is told of a namespace. `fields` are those it was created to filter by, `size_bytes` is about right."""

    name: str
    record_count: int
    fields: tuple[str, ...] | None
    size_bytes: int


@dataclass(slots=True)
class _Write:
    """What was written and is not seen yet, by so many reads."""

    reads: int
    apply: Callable[[], None]


class Index:
    """An index and its file. Bodies come parsed; what they ask for may still be refused with a ServiceError.

    Attributes:
        stale_reads: how many reads do not see a write that is made now.
    """

    stale_reads = 0

    def __init__(self, declaration: Declaration, file: IndexFile) -> None:
        """Reads everything that `file` holds."""
        self.declaration = declaration
        self._file = file
        self._namespaces = {name: Namespace(self.schema, fields) for name, fields in file.namespaces().items()}
        for name, record in file.records():
            self._namespaces[name].put(record)
        self._unseen: deque[_Write] = deque()

    @property
    def schema(self) -> Schema:
        """What the index holds."""
        return self.declaration.fields_schema

    def configure(self, declaration: Declaration) -> None:
        """Takes a new declaration, of the same schema."""
        self._file.declare(declaration)
        self.declaration = declaration

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def delete_file(self) -> None:
        """Closes and removes the file."""
        self._file.delete()

    def upsert(self, body: requests.Upsert) -> int:
        """Stores every vector or, if one is refused, none; how many there were."""
        name = check_namespace(body.namespace)
        self._store(name, [record_of(self.schema, vector) for vector in body.vectors])
        return len(body.vectors)

    def query(self, body: requests.QueryVectors) -> list[tuple[float, Record]]:
        """The nearest records with their scores; none where the namespace, or the record asked about, is not there."""
        self._read()
        namespace = self._namespaces.get(check_namespace(body.namespace))
        matches = compile_filter(body.filter) if body.filter else None
        dense, sparse = target_of(self.schema, body)
        if body.id is not None:
            stored = self._held(body.namespace, [body.id])
            if not stored:
                return []
            dense, sparse = stored[0].values, stored[0].sparse
        return namespace.search(Query(dense, sparse, body.top_k, matches)) if namespace else []

    def fetch(self, namespace: str, identifiers: Sequence[str]) -> list[Record]:
        """The records with these ids, without those that are not there."""
        self._read()
        return self._held(namespace, identifiers)

    def _held(self, namespace: str, identifiers: Sequence[str]) -> list[Record]:
        rows = self._namespaces.get(check_namespace(namespace), Namespace(self.schema))
        found = [rows.get(check_id(identifier)) for identifier in identifiers]
        return [record for record in found if record is not None]

    def fetch_where(self, body: requests.FetchByMetadata) -> tuple[list[Record], str | None]:
        """One page of the records that a filter matches, in the order of their ids, and the next page's token."""
        if not body.filter:
            raise invalid("Empty filter provided for fetch by metadata request")
        page = page_of(self._matching(body.namespace, body.filter), body.pagination_token, body.limit)
        return self.fetch(body.namespace, page.names), page.next

    def list_ids(self, page: requests.Page) -> NamePage:
        """One page of the ids that start with a prefix, sorted."""
        self._read()
        namespace = self._namespaces.get(check_namespace(page.namespace))
        ids = namespace.sorted_ids() if namespace else []
        return page_of(ids, page.pagination_token, page.limit, page.prefix)

    def delete(self, body: requests.Delete) -> None:
        """Deletes records; ids that are not there are no error, a namespace that is not there is one."""
        if sum((body.ids is not None, body.delete_all, body.filter is not None)) != 1:
            raise invalid("Specify exactly one of ids, deleteAll and filter")
        name = check_namespace(body.namespace)
        namespace = self._existing(name)
        if body.ids is not None:
            doomed = [check_id(identifier) for identifier in body.ids]
        elif body.filter is not None:
            if not body.filter:
                raise invalid("Delete with empty metadata filter is not allowed")
            doomed = self._matching(name, body.filter)
        else:
            doomed = list(namespace.sorted_ids())
        self._file.remove(name, doomed)

        def apply() -> None:
            for identifier in doomed:
                namespace.remove(identifier)

        self._written(apply)

    def update(self, body: requests.Update) -> int | None:
        """Changes one record by id, or the metadata of all that a filter matches.

        Returns how many matched the filter, None for an update by id. An id that is not there changes nothing.
        """
        name = check_namespace(body.namespace)
        if (body.id is None) == (body.filter is None):
            raise invalid("Specify either the id of the record to update or a filter")
        if body.id is not None:
            stored = self._held(name, [body.id])
            updated = [changed(self.schema, record, body) for record in stored or [Record(body.id)]]
            if stored:
                self._store(name, updated)
            return None
        if body.values is not None or body.sparse_values is not None:
            raise invalid("Update by metadata request does not support updating vector values.")
        if not body.filter:
            raise invalid("Update with empty metadata filter is not allowed")
        records = self._held(name, self._matching(name, body.filter))
        if records and not body.dry_run:
            self._store(name, [changed(self.schema, record, body) for record in records])
        return len(records)

    def counts(self, expression: Mapping[str, Any]) -> dict[str, int]:
        """How many records of each namespace match a filter; an empty one matches all."""
        self._read()
        matches = compile_filter(expression)
        return {
            name: namespace.count_where(matches) if expression else len(namespace)
            for name, namespace in sorted(self._namespaces.items())
        }

    def create_namespace(self, body: requests.CreateNamespace) -> NamespaceFacts:
        """Makes an empty namespace; one that exists is a conflict."""
        name = check_namespace(body.name)
        if name == DEFAULT_NAMESPACE:
            raise invalid(f"Namespace name '{name}' is reserved")
        if name in self._namespaces:
            raise ServiceError(Code.ALREADY_EXISTS, f"Namespace '{name}' already exists")
        self._add_namespace(name, None if body.fields_schema is None else tuple(sorted(body.fields_schema.fields)))
        return self.describe_namespace(name)

    def describe_namespace(self, name: str) -> NamespaceFacts:
        """What is known of a namespace. The default one always exists."""
        name = check_namespace(name)
        namespace = self._existing(name)
        return NamespaceFacts(name, len(namespace), namespace.fields, self._file.size_of(name))

    def delete_namespace(self, name: str) -> None:
        """Removes a namespace with its records."""
        name = check_namespace(name)
        self._existing(name)
        self._file.remove_namespace(name)
        self._namespaces.pop(name, None)

    def list_namespaces(self, page: requests.Page) -> tuple[list[NamespaceFacts], str | None, int]:
        """One page of namespaces by name, the next page's token, and how many there are over all pages."""
        names = [name for name in sorted(self._namespaces) if name.startswith(page.prefix)]
        part = page_of(names, page.pagination_token, page.limit)
        return [self.describe_namespace(name) for name in part.names], part.next, len(names)

    def _matching(self, name: str, expression: Mapping[str, Any]) -> list[str]:
        """The sorted ids of the records that a filter matches."""
        matches = compile_filter(expression)
        namespace = self._namespaces.get(check_namespace(name))
        return list(namespace.ids_where(matches)) if namespace else []

    def _existing(self, name: str) -> Namespace:
        namespace = self._namespaces.get(name)
        if namespace is not None:
            return namespace
        if name == DEFAULT_NAMESPACE:
            return Namespace(self.schema)
        raise not_found("Namespace not found")

    def _add_namespace(self, name: str, fields: tuple[str, ...] | None = None) -> None:
        self._file.add_namespace(name, fields)
        self._namespaces[name] = Namespace(self.schema, fields)

    def _store(self, name: str, records: Sequence[Record]) -> None:
        if name not in self._namespaces:
            self._add_namespace(name)
        self._file.put(name, records)
        namespace = self._namespaces[name]

        def apply() -> None:
            for record in records:
                namespace.put(record)

        self._written(apply)

    def _written(self, apply: Callable[[], None]) -> None:
        """Show a write, now or after so many reads; writes are seen in their order."""
        if self.stale_reads or self._unseen:
            self._unseen.append(_Write(self.stale_reads, apply))
        else:
            apply()

    def _read(self) -> None:
        """One more read: shows the writes that enough reads have missed."""
        while self._unseen and not self._unseen[0].reads:
            self._unseen.popleft().apply()
        for write in self._unseen:
            write.reads = max(0, write.reads - 1)
