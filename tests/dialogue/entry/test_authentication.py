"""A connection lives as long as its newest token, which is its own user's."""

from __future__ import annotations

import logging
from typing import Any

import jwt
import pytest

from tests.builders import NOW, principal
from thinkaloud.client_codes import client_code
from thinkaloud.dialogue.entry.authentication import Authentication
from thinkaloud.dialogue.labels import error_message
from thinkaloud.errors import ForeignToken, IdentityError, KeysUnavailable
from thinkaloud.gateway.events import Message
from thinkaloud.identity.tokens import SecretKey, TokenVerifier
from thinkaloud.language import Language
from thinkaloud.protocol.frames import Notice
from thinkaloud.settings import JwtSettings
from thinkaloud.state.memory_connections import MemoryConnections
from thinkaloud.state.records import CONNECTION_LIFETIME, Connection

SECRET = "a-secret-of-thirty-two-bytes-or-more"
ISSUER = "https://login.example.com/"
CONNECTION = "UXcB4dYzFiACJNw="
#: Tokens are checked against the real time.
FOREVER = 4_102_444_800


def token(**claims: Any) -> str:
    known = {"iss": ISSUER, "aud": "thinkaloud", "sub": "lin", "tenant": "qinghe", "exp": FOREVER}
    return jwt.encode({**known, **claims}, SECRET, algorithm="HS256")


def verifier() -> TokenVerifier:
    return TokenVerifier(JwtSettings("HS256", ISSUER, "thinkaloud"), SecretKey(SECRET))


class Door:
    """A connection whose first token runs out at `NOW` + 60, and what guards it at the moment `now`."""

    def __init__(self) -> None:
        self.now = NOW
        self.made = 0
        self.connections = MemoryConnections()
        self.message = Message(CONNECTION, principal(expires=int(NOW) + 60), "{}")
        opened = Connection(CONNECTION, self.message.principal, int(NOW), int(NOW) + CONNECTION_LIFETIME)
        self.connections.put(opened, 10)
        self.guard = Authentication(self.connections, self._verifier, lambda: self.now)

    def _verifier(self) -> TokenVerifier:
        self.made += 1
        return verifier()

    def passes(self) -> bool:
        try:
            self.guard.check(self.message)
        except IdentityError:
            return False
        return True


@pytest.fixture
def door() -> Door:
    return Door()


# ---- how long a connection is good -----------------------------------------------------------------------------------


def test_the_first_token_is_good_without_a_look_at_the_table(door: Door) -> None:
    door.connections.items.clear()
    assert door.passes()
    assert door.made == 0, "a verifier costs a cold start its time"


def test_a_token_that_ran_out_ends_what_a_connection_may_do(door: Door) -> None:
    door.now = NOW + 60
    assert not door.passes()


def test_a_newer_token_is_good_from_then_on(door: Door) -> None:
    notice = door.guard.extend(door.message, token(), re="7")
    assert notice == Notice(re="7", code="authenticated", message="Your sign-in was renewed.")
    door.now = NOW + 6_000
    assert door.passes()
    door.now = FOREVER
    assert not door.passes()


def test_a_newer_token_may_come_late(door: Door) -> None:
    door.now = NOW + 90
    assert not door.passes()
    door.guard.extend(door.message, token())
    assert door.passes()


def test_a_connection_that_was_removed_is_not_brought_back(door: Door) -> None:
    door.connections.forget(CONNECTION)
    with pytest.raises(IdentityError, match="not known"):
        door.guard.extend(door.message, token())
    door.now = NOW + 60
    assert not door.passes()


# ---- whose token it is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [{"sub": "mei"}, {"tenant": "green-mountain"}], ids=["user", "tenant"])
def test_a_token_of_somebody_else_is_refused_and_noted(
    door: Door, caplog: pytest.LogCaptureFixture, who: dict[str, str]
) -> None:
    offered = token(**who)
    with caplog.at_level(logging.WARNING), pytest.raises(ForeignToken):
        door.guard.extend(door.message, offered)
    [line] = [record.__dict__ for record in caplog.records]
    assert line["message"].startswith("audit:")
    assert (line["tenant"], line["user"], line["connection"]) == ("qinghe", "lin", CONNECTION)
    assert next(iter(who.values())) in line["detail"]
    assert offered not in str(line)
    door.now = NOW + 60
    assert not door.passes(), "and nothing was extended"


@pytest.mark.parametrize(
    "offered", ["", "a.b.c", token(exp=1_600_000_000), token(iss="https://login.example.org/"), token()[:-3]]
)
def test_a_token_that_is_no_good_is_refused(door: Door, offered: str) -> None:
    with pytest.raises(IdentityError) as caught:
        door.guard.extend(door.message, offered)
    assert client_code(caught.value) == ("unauthorized", False)
    door.now = NOW + 60
    assert not door.passes()


# ---- what people read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "text"), [("en", "Your sign-in was renewed."), ("zh", "登录已续期。")])
def test_a_renewal_is_said_in_both_languages(door: Door, language: Language, text: str) -> None:
    assert door.guard.extend(door.message, token(), language=language).message == text


@pytest.mark.parametrize(
    ("error", "code", "retryable", "zh", "en"),
    [
        (
            ForeignToken("x"),
            "wrong_user",
            False,
            "该登录凭证属于其他用户，请为其新建连接。",
            "This sign-in belongs to someone else. Open a new connection for it.",
        ),
        (
            KeysUnavailable("x"),
            "sign_in_unavailable",
            True,
            "暂时无法验证登录，请稍后重试。",
            "Your sign-in cannot be checked right now. Please try again.",
        ),
    ],
    ids=["foreign", "no keys"],
)
def test_a_refusal_is_said_in_both_languages(error: Exception, code: str, retryable: bool, zh: str, en: str) -> None:
    assert client_code(error) == (code, retryable)
    assert (error_message(code, "zh"), error_message(code, "en")) == (zh, en)
