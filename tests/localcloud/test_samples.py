from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from localcloud import samples
from thinkaloud.errors import KnowledgeError
from thinkaloud.knowledge.index import IndexQuery, Passage, PassageVector
from thinkaloud.knowledge.memory_index import MemoryIndex
from thinkaloud.knowledge.words.lexicons import Lexicons
from thinkaloud.knowledge.words.sparse import passage_vector
from thinkaloud.models.embedding import HashingEmbedder
from thinkaloud.state.lexicons import MemoryLexicons


class Embedder(HashingEmbedder):
    """Remembers what it was asked to embed."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.texts += texts
        return await super().embed(texts)


class Index(MemoryIndex):
    """Remembers what it was asked to change, and that it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[str] = []
        self.closed = 0

    async def upsert(self, tenant: str, passages: Sequence[Passage], vectors: Sequence[PassageVector]) -> None:
        self.changes += [f"put {passage.uri}" for passage in passages]
        await super().upsert(tenant, passages, vectors)

    async def delete(self, tenant: str, ids: Sequence[str]) -> None:
        self.changes += [f"delete {key.partition('#')[0]}" for key in ids]
        await super().delete(tenant, ids)

    async def aclose(self) -> None:
        self.closed += 1


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> Embedder:
    made = Embedder()
    monkeypatch.setattr(samples.knowledge, "embedder", lambda kind: made)
    return made


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Index:
    made = Index()
    monkeypatch.setattr(samples.knowledge, "index", lambda: made)
    return made


@pytest.fixture(autouse=True)
def lexicons(monkeypatch: pytest.MonkeyPatch) -> Lexicons:
    made = Lexicons(MemoryLexicons())
    monkeypatch.setattr(samples.knowledge, "lexicons", lambda: made)
    return made


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    for language, text in (("en", "# Refunds\n\nWithin five days.\n"), ("zh", "# 退款\n\n五天之内。\n")):
        (folder / language).mkdir(parents=True)
        (folder / language / "refunds.md").write_text(text, encoding="utf-8")
    (folder / "notes.txt").write_text("Plain notes.\n")
    (folder / "logo.png").write_bytes(b"\x89PNG")
    return folder


async def load(handbook: Path) -> None:
    await samples.load(samples.documents(handbook), handbook.parent, "demo")


async def test_documents_are_found_under_their_path(handbook: Path, embedder: Embedder, index: Index):
    await load(handbook)
    [dense] = await embedder.embed(["退款 五天之内。"])
    query = IndexQuery(dense, passage_vector("退款 五天之内。"), top_k=1)
    assert (await index.query("demo", query))[0].passage.uri == "handbook/zh/refunds.md"
    assert await index.query("other", query) == []
    assert sorted(index.changes) == [
        "put handbook/en/refunds.md",
        "put handbook/notes.txt",
        "put handbook/zh/refunds.md",
    ]


async def test_a_second_load_changes_nothing_and_embeds_nothing(handbook: Path, embedder: Embedder, index: Index):
    await load(handbook)
    embedder.texts.clear()
    index.changes.clear()
    await load(handbook)
    assert (embedder.texts, index.changes) == ([], [])
    assert index.closed == 2


async def test_the_terms_are_counted_afresh_where_the_table_forgot_them(
    handbook: Path, embedder: Embedder, index: Index, lexicons: Lexicons, monkeypatch: pytest.MonkeyPatch
):
    await load(handbook)
    assert (await lexicons.of("demo")).passages == 3
    restarted = Lexicons(MemoryLexicons())
    monkeypatch.setattr(samples.knowledge, "lexicons", lambda: restarted)
    await load(handbook)
    assert (await restarted.of("demo")).passages == 3


async def test_only_what_changed_is_loaded_again(handbook: Path, embedder: Embedder, index: Index):
    await load(handbook)
    index.changes.clear()
    (handbook / "en" / "refunds.md").write_text("# Refunds\n\nWithin six days.\n")
    await load(handbook)
    assert [change.partition(" ")[0] for change in index.changes] == ["put", "delete"]


def test_the_number_is_printed(handbook: Path, embedder: Embedder, index: Index, capsys: pytest.CaptureFixture[str]):
    samples.main(handbook, "demo")
    assert capsys.readouterr().out == "3\n"


def test_what_fails_is_one_line(handbook: Path, embedder: Embedder, index: Index, monkeypatch: pytest.MonkeyPatch):
    async def down(texts: Sequence[str]) -> list[list[float]]:
        raise KnowledgeError("the embedding model did not answer: refused")

    monkeypatch.setattr(embedder, "embed", down)
    with pytest.raises(SystemExit, match=r"^the embedding model did not answer: refused$"):
        samples.main(handbook, "demo")
    assert index.closed == 1


def test_a_bug_shows_itself(handbook: Path, embedder: Embedder, index: Index, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(embedder, "embed", None)
    with pytest.raises(TypeError, match="not callable"):
        samples.main(handbook, "demo")
