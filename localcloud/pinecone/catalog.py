"""The indexes of one folder: one file each, named for the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.pinecone.errors import Code, ServiceError, not_found
from localcloud.pinecone.index import Index
from localcloud.pinecone.storage import SUFFIX, IndexFile

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud.pinecone.schema import ConfigureIndex, Declaration


class Catalog:
    """Every index there is, by name. Use from one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """Loads what `folder` holds; it is made where it is missing.

        Raises:
            StorageError: a file is in use by another process, or cannot be read.
        """
        self._folder = folder
        self._indexes: dict[str, Index] = {}
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for path in sorted(folder.glob(f"*{SUFFIX}")):
                self._load(path)
        except BaseException:
            self.close()
            raise

    def _load(self, path: Path) -> None:
        file = IndexFile(path)
        try:
            declaration = file.declaration()
            if declaration is None:
                file.delete()  # its creation was cut short, and nobody was told that it exists
            else:
                self._indexes[declaration.name] = Index(declaration, file)
        except BaseException:
            file.close()
            raise

    def close(self) -> None:
        """Closes every file."""
        for index in self._indexes.values():
            index.close()
        self._indexes.clear()

    def names(self) -> list[str]:
        """The names of all indexes, sorted."""
        return sorted(self._indexes)

    def get(self, name: str) -> Index:
        """The index of this name; refused with NOT_FOUND where there is none."""
        if name not in self._indexes:
            raise not_found(f"Index {name} not found.")
        return self._indexes[name]

    def create(self, declaration: Declaration) -> Index:
        """Makes an empty index; a name that is taken is a conflict."""
        if declaration.name in self._indexes:
            raise ServiceError(Code.ALREADY_EXISTS, f"Index {declaration.name} already exists.")
        file = IndexFile(self._folder / f"{declaration.name}{SUFFIX}")
        file.declare(declaration)
        index = self._indexes[declaration.name] = Index(declaration, file)
        return index

    def configure(self, name: str, changes: ConfigureIndex) -> Index:
        """Applies `changes` to an index."""
        index = self.get(name)
        index.configure(changes.applied_to(index.declaration))
        return index

    def delete(self, name: str) -> None:
        """Removes an index with its file, unless it is protected."""
        index = self.get(name)
        if index.declaration.deletion_protection == "enabled":
            raise ServiceError(
                Code.FORBIDDEN,
                "Deletion protection is enabled for this index. Disable deletion protection before retrying.",
            )
        index.delete_file()
        del self._indexes[name]
