"""Pages of names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from localcloud.pinecone.paging import page_of

NAMES = st.lists(st.text("ab#~\x01\x7f", min_size=1, max_size=4), unique=True).map(sorted)


@given(names=NAMES, prefix=st.text("ab#~\x7f", max_size=2), limit=st.integers(1, 5))
def test_pages_together_are_all_the_names_with_the_prefix(names: list[str], prefix: str, limit: int) -> None:
    collected: list[str] = []
    token: str | None = None
    while True:
        page = page_of(names, token, limit, prefix)
        collected += page.names
        assert len(page.names) == limit or page.next is None
        token = page.next
        if token is None:
            break
    assert collected == [name for name in names if name.startswith(prefix)]


def test_a_token_stays_good_when_its_name_is_gone() -> None:
    first = page_of(["a", "b", "c"], None, 2)
    assert first.names == ["a", "b"]
    assert page_of(["a", "bb", "c"], first.next, 2).names == ["bb", "c"]
