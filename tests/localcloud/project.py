"""A project folder of its own, with this checkout's code and a handbook of two pages, so that it starts quickly."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {"en": "refunds", "zh": "annual-leave"}


def small_project(folder: Path) -> Path:
    """Fill `folder`, and give it."""
    for name in ("template.yaml", "functions", "shared", "web"):
        (folder / name).symlink_to(ROOT / name)
    for language, page in PAGES.items():
        (folder / "samples/handbook" / language).mkdir(parents=True)
        path = Path("samples/handbook", language, f"{page}.md")
        (folder / path).symlink_to(ROOT / path)
    return folder
