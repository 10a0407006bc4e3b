"""What the three kinds of Office file share: how parts refer to each other, and the title in their properties."""

from __future__ import annotations

import posixpath
from pathlib import Path
from zipfile import ZipFile

from lxml import etree

from thinkaloud.knowledge.documents.archive import opened

_CORE = "docProps/core.xml"
#: What programs write as the title of a new file.
_NO_TITLES = (
    "word document",
    "powerpoint presentation",
    "powerpoint 演示文稿",
    "untitled",
    "presentation title",
    "title",
)


def title(path: Path) -> str:
    """The title among the file's properties; empty where nobody wrote one."""
    with opened(path) as archive:
        root = parsed(archive, _CORE)
    found = root.findtext("{*}title") if root is not None else None
    return "" if (found or "").strip().lower() in _NO_TITLES else (found or "")


def parsed(archive: ZipFile, name: str) -> etree._Element | None:
    """A part as a tree; None where there is no such part. Entities were refused by `archive.check`."""
    if name not in archive.NameToInfo:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(archive.read(name), parser)


def related(archive: ZipFile, name: str) -> dict[str, tuple[str, str]]:
    """The parts that a part refers to: id -> (the last word of the relationship's type, name)."""
    folder, base = posixpath.split(name)
    root = parsed(archive, f"{folder}/_rels/{base}.rels".lstrip("/"))
    found = {}
    for item in root if root is not None else ():
        kind = item.get("Type", "").rpartition("/")[2]
        target = item.get("Target", "")
        place = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        if item.get("TargetMode") != "External":
            found[item.get("Id", "")] = (kind, place)
    return found
