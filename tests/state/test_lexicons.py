"""The contract of the shelf for term statistics: one suite over the one in memory and DynamoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from thinkaloud.knowledge.words.lexicons import LexiconStore
from thinkaloud.state.lexicons import DynamoLexicons, MemoryLexicons

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(params=["memory", "dynamodb"])
def lexicons(request: pytest.FixtureRequest) -> LexiconStore:
    if request.param == "memory":
        return MemoryLexicons()
    return DynamoLexicons(request.getfixturevalue("dynamodb"), request.getfixturevalue("table"))


@pytest.mark.parametrize("consistent", [False, True])
def test_what_was_stored_is_read_with_its_version(lexicons: LexiconStore, consistent: bool) -> None:
    assert lexicons.load("qinghe", consistent=consistent) is None
    assert lexicons.save("qinghe", b"\0\xffone", 0)
    assert lexicons.load("qinghe", consistent=consistent) == (b"\0\xffone", 1)
    assert lexicons.save("qinghe", b"two", 1)
    assert lexicons.load("qinghe", consistent=consistent) == (b"two", 2)


@pytest.mark.parametrize("version", [0, 1, 3])
def test_whoever_did_not_see_the_last_version_may_not_write(lexicons: LexiconStore, version: int) -> None:
    lexicons.save("qinghe", b"one", 0)
    lexicons.save("qinghe", b"two", 1)
    assert not lexicons.save("qinghe", b"lost", version)
    assert lexicons.load("qinghe", consistent=True) == (b"two", 2)


def test_the_first_one_has_nothing_before_it(lexicons: LexiconStore) -> None:
    assert not lexicons.save("qinghe", b"one", 1)
    assert lexicons.load("qinghe") is None


def test_tenants_have_their_own(lexicons: LexiconStore) -> None:
    lexicons.save("qinghe", b"ours", 0)
    lexicons.save("green-mountain", b"theirs", 0)
    assert lexicons.load("qinghe") == (b"ours", 1)


def test_as_many_bytes_fit_as_a_lexicon_has(dynamodb: DynamoDBClient, table: str) -> None:
    shelf = DynamoLexicons(dynamodb, table)
    assert shelf.save("qinghe", bytes(range(256)) * 1_200, 0)
    assert shelf.load("qinghe", consistent=True) == (bytes(range(256)) * 1_200, 1)
