"""A token becomes a policy, or the one exception that API Gateway turns into a 401."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.functions.conftest import SECRET, event, load
from thinkaloud.errors import ConfigurationError, KeysUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CLAIMS = {
    "iss": "https://login.example.com/",
    "aud": "thinkaloud",
    "sub": "lin",
    "tenant": "qinghe",
    "exp": 4_102_444_800,
}


def handshake(token: str | None) -> dict[str, Any]:
    """The browser's event with another token, or none."""
    changed = event("authorizer-browser")
    changed["headers"]["Sec-WebSocket-Protocol"] = f"thinkaloud.v1, bearer.{token}" if token else "thinkaloud.v1"
    return changed


def refusal(token: str | None) -> Exception:
    with pytest.raises(Exception) as caught:
        load("authorizer").handler(handshake(token), None)
    return caught.value


@pytest.mark.parametrize("name", ["authorizer-browser", "authorizer-native"])
def test_a_good_token_is_let_in_with_its_principal(aws: DynamoDBClient, name: str) -> None:
    policy = load("authorizer").handler(event(name), None)
    assert policy["principalId"] == "lin"
    assert policy["context"] == {"tenant": "qinghe", "user": "lin", "expires": "4102444800", "scope": ""}
    assert policy["policyDocument"]["Statement"][0]["Effect"] == "Allow"


@pytest.mark.parametrize(
    "token",
    [
        None,
        "not-a-token",
        jwt.encode({**CLAIMS, "exp": 1_600_000_000}, SECRET, "HS256"),
        jwt.encode({**CLAIMS, "aud": "billing"}, SECRET, "HS256"),
        jwt.encode({**CLAIMS, "tenant": "a#b"}, SECRET, "HS256"),
        jwt.encode(CLAIMS, "another-secret-of-thirty-two-bytes!", "HS256"),
        jwt.encode(CLAIMS, "", "none"),
    ],
    ids=["none", "garbage", "expired", "audience", "tenant", "signature", "alg none"],
)
def test_a_bad_token_raises_exactly_what_the_gateway_reads(
    aws: DynamoDBClient, token: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    error = refusal(token)
    assert type(error) is Exception
    assert error.args == ("Unauthorized",)
    assert error.__suppress_context__, "a traceback in the log would show more"
    if token:
        assert token not in capsys.readouterr().out


def request(token: str | None) -> dict[str, Any]:
    """A request to the HTTP API with another token, or none."""
    changed = event("authorizer-http")
    changed["headers"]["authorization"] = f"Bearer {token}" if token else ""
    return changed


def test_a_request_is_let_in_with_what_its_token_is_for(aws: DynamoDBClient) -> None:
    answer = load("authorizer").handler(event("authorizer-http"), None)
    assert answer == {
        "isAuthorized": True,
        "context": {
            "tenant": "qinghe",
            "user": "lin",
            "expires": "4102444800",
            "scope": "audit:read documents:read documents:write",
        },
    }


@pytest.mark.parametrize(
    "token",
    [
        None,
        "not-a-token",
        jwt.encode({**CLAIMS, "exp": 1_600_000_000}, SECRET, "HS256"),
        jwt.encode({**CLAIMS, "scope": {"documents": "write"}}, SECRET, "HS256"),
        jwt.encode(CLAIMS, "", "none"),
    ],
    ids=["none", "garbage", "expired", "scope", "alg none"],
)
def test_a_request_with_a_bad_token_is_refused_without_an_error(aws: DynamoDBClient, token: str | None) -> None:
    """An exception would be a 500 here: the simple answers know yes and no."""
    assert load("authorizer").handler(request(token), None) == {"isAuthorized": False}


def test_a_request_counts_by_the_header_that_its_answer_is_kept_by(aws: DynamoDBClient) -> None:
    """With a token of another header, somebody could have the answer for a stranger's token made out to himself."""
    changed = request("a-strangers-token")
    changed["headers"]["sec-websocket-protocol"] = f"thinkaloud.v1, bearer.{jwt.encode(CLAIMS, SECRET, 'HS256')}"
    assert load("authorizer").handler(changed, None) == {"isAuthorized": False}


def test_a_provider_that_is_down_is_no_401(aws: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> None:
    token = jwt.encode(CLAIMS, ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "key-1"})
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("JWT_ALGORITHM", "ES256")
        monkeypatch.setenv("JWT_JWKS_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}/keys.json")
        assert isinstance(refusal(token), KeysUnavailable)


@pytest.mark.parametrize("variable", ["JWT_ALGORITHM", "JWT_ISSUER", "JWT_AUDIENCE", "JWT_SECRET_ARN"])
def test_a_deployment_without_a_variable_says_which(
    aws: DynamoDBClient, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv(variable)
    error = refusal("any")
    assert isinstance(error, ConfigurationError)
    assert variable in str(error)


def test_there_is_no_default_secret(aws: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:no-such-AbCdEf")
    assert "ResourceNotFoundException" in str(refusal("any"))
