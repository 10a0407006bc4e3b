"""The tree of exceptions, and what a client sees of each."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from thinkaloud import errors
from thinkaloud.client_codes import CLIENT_CODES, client_code
from thinkaloud.errors import ThinkaloudError


def tree(kind: type[Exception], depth: int = 0) -> Iterator[tuple[int, str]]:
    yield depth, kind.__name__
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child, depth + 1)


def drawn() -> list[tuple[int, str]]:
    """(depth, name) of each line of the tree in the module's docstring."""
    lines = re.findall(r"^([ │├└─]*)([A-Z][A-Za-z]+)(?:  .*)?$", errors.__doc__ or "", re.MULTILINE)
    return [(len(indent) // 4, name) for indent, name in lines]


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    assert sorted(drawn()) == sorted(tree(ThinkaloudError))
    for (depth, name), (next_depth, next_name) in zip(drawn(), drawn()[1:], strict=False):
        if next_depth > depth:
            assert issubclass(getattr(errors, next_name), getattr(errors, name))


def every_error() -> list[type[Exception]]:
    return [getattr(errors, name) for _, name in tree(ThinkaloudError)]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_says_what_it_is_for(kind: type[Exception]) -> None:
    assert kind.__doc__


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        (errors.BadJson("x"), "bad_json", False),
        (errors.FrameTooLarge("x"), "too_large", False),
        (errors.FrameTooDeep("x"), "too_deep", False),
        (errors.UnknownAction("x"), "unknown_action", False),
        (errors.InvalidFrame("x"), "invalid_frame", False),
        (errors.NotYours("x"), "forbidden", False),
        (errors.SessionBusy("turn-0001"), "busy", True),
        (errors.StorageThrottled("x"), "throttled", True),
        (errors.StorageError("x"), "storage_unavailable", True),
        (errors.DispatchFailed("x"), "throttled", True),
        (errors.DocumentError("x"), "knowledge_unavailable", True),
        (errors.ModelRefused("x"), "model_refused", False),
        (errors.ModelBusy("x"), "model_busy", True),
        (errors.ModelUnavailable("x"), "model_unavailable", True),
        (errors.ModelBroken("x"), "model_broken", True),
        (errors.ModelStalled("x"), "model_stalled", True),
        (errors.ModelError("x"), "model_unavailable", True),
        (errors.ForeignToken("x"), "wrong_user", False),
        (errors.KeysUnavailable("x"), "sign_in_unavailable", True),
        (errors.IdentityError("x"), "unauthorized", False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_client_sees_one_code(error: Exception, code: str, retryable: bool) -> None:
    assert client_code(error) == (code, retryable)


@pytest.mark.parametrize("error", [errors.ConfigurationError("CHAT_MODEL"), ValueError("x"), KeyboardInterrupt()])
def test_what_is_ours_alone_is_internal(error: BaseException) -> None:
    assert client_code(error) == ("internal", True)


def test_codes_are_words_a_program_can_compare() -> None:
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code, _ in CLIENT_CODES.values())


def test_a_busy_session_says_with_which_turn() -> None:
    assert "turn-0001" in str(errors.SessionBusy("turn-0001"))
