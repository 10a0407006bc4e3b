"""A token proves who is calling, or is refused with a reason for the log that does not hold the token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from tests.identity.conftest import KeySet
from thinkaloud.errors import ConfigurationError, ForeignToken, IdentityError, KeysUnavailable
from thinkaloud.identity.principal import Principal
from thinkaloud.identity.tokens import LEEWAY, JwksKeys, SecretKey, TokenVerifier
from thinkaloud.settings import JwtSettings

SECRET = "a-secret-of-thirty-two-bytes-or-more"
ISSUER = "https://login.example.com/"
FOREVER = 4_102_444_800
CLAIMS = {"iss": ISSUER, "aud": "thinkaloud", "sub": "lin", "tenant": "qinghe", "exp": FOREVER}
LIN = Principal("qinghe", "lin", FOREVER)


def settings(algorithm: str = "HS256", **fields: Any) -> JwtSettings:
    return JwtSettings(algorithm=algorithm, issuer=ISSUER, audience="thinkaloud", **fields)


def token(key: Any = SECRET, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token that is as it should be, but for `claims`; a claim of None is left out."""
    present = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode(present, key, algorithm=algorithm, headers=headers)


def handmade(header: dict[str, Any], key: bytes = b"") -> str:
    """A token that PyJWT refuses to make."""

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    signed = f"{part(json.dumps(header).encode())}.{part(json.dumps(CLAIMS).encode())}"
    signature = hmac.digest(key, signed.encode(), hashlib.sha256) if key else b""
    return f"{signed}.{part(signature)}"


@pytest.fixture
def shared() -> TokenVerifier:
    """A verifier of HS256."""
    return TokenVerifier(settings(), SecretKey(SECRET))


@pytest.fixture
def published(key_set: KeySet, rsa_key: rsa.RSAPrivateKey) -> TokenVerifier:
    """A verifier of RS256, whose provider publishes `rsa_key` as `key-1`."""
    key_set.publish("key-1", rsa_key.public_key())
    return TokenVerifier(settings("RS256"), JwksKeys(key_set.url, "RS256"))


def refusal(verifier: TokenVerifier, presented: str | None) -> str:
    """Why the token is refused, in words that do not hold it."""
    with pytest.raises(IdentityError) as caught:
        verifier.verify(presented)
    reason = str(caught.value)
    if presented:
        assert presented not in reason
        assert all(part not in reason for part in presented.split(".") if len(part) > 3)
    return reason


# ---- one shared secret -----------------------------------------------------------------------------------------------


def test_a_token_proves_tenant_user_and_expiry(shared: TokenVerifier) -> None:
    assert shared.verify(token()) == LIN


def test_the_tenant_claim_is_configurable() -> None:
    verifier = TokenVerifier(settings(tenant_claim="https://example.com/org"), SecretKey(SECRET))
    claims: dict[str, Any] = {"https://example.com/org": "green-mountain", "tenant": "somebody-else"}
    presented = token(**claims)
    assert verifier.verify(presented).tenant == "green-mountain"


def test_one_of_several_audiences_is_enough(shared: TokenVerifier) -> None:
    assert shared.verify(token(aud=["billing", "thinkaloud"])) == LIN


def test_without_a_token_the_reason_says_where_one_is_expected(shared: TokenVerifier) -> None:
    reason = refusal(shared, None)
    assert "Sec-WebSocket-Protocol" in reason
    assert "Authorization" in reason


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": 1_600_000_000}, "ExpiredSignature"),
        ({"exp": None}, "MissingRequiredClaim"),
        ({"nbf": FOREVER}, "ImmatureSignature"),
        ({"iss": "https://login.example.org/"}, "InvalidIssuer"),
        ({"iss": None}, "MissingRequiredClaim"),
        ({"aud": "billing"}, "InvalidAudience"),
        ({"aud": None}, "MissingRequiredClaim"),
        ({"sub": None}, "MissingRequiredClaim"),
        ({"sub": ""}, "sub"),
        ({"sub": "li\nn"}, "sub"),
        ({"sub": "x" * 257}, "sub"),
        ({"tenant": None}, "tenant"),
        ({"tenant": ""}, "tenant"),
        ({"tenant": "qing#he"}, "tenant"),
        ({"tenant": "qinghe\n"}, "tenant"),
        ({"tenant": "青禾"}, "tenant"),
        ({"tenant": "x" * 65}, "tenant"),
        ({"tenant": ["qinghe"]}, "tenant"),
        ({"tenant": 7}, "tenant"),
        ({"exp": 4_102_444_800.5}, "exp"),
    ],
    ids=str,
)
def test_a_token_with_a_wrong_or_missing_claim_is_refused(
    shared: TokenVerifier, claims: dict[str, Any], reason: str
) -> None:
    assert reason in refusal(shared, token(**claims))


def test_clocks_may_differ_by_a_few_seconds(shared: TokenVerifier) -> None:
    now = int(time.time())
    assert shared.verify(token(exp=now - LEEWAY + 2)).expires == now - LEEWAY + 2
    refusal(shared, token(exp=now - LEEWAY - 1))


def test_a_token_signed_with_another_secret_is_refused(shared: TokenVerifier) -> None:
    assert "InvalidSignature" in refusal(shared, token(key="another-secret-of-thirty-two-bytes!"))


def test_a_changed_claim_breaks_the_signature(shared: TokenVerifier) -> None:
    header, _, signature = token().split(".")
    _, claims, _ = token(tenant="somebody-else").split(".")
    assert "InvalidSignature" in refusal(shared, f"{header}.{claims}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, "HS512", 256])
def test_the_algorithm_is_ours_and_never_the_tokens(shared: TokenVerifier, algorithm: object) -> None:
    """`alg: none` above all: https://www.rfc-editor.org/rfc/rfc8725#section-3.1"""
    refusal(shared, handmade({"alg": algorithm, "typ": "JWT"}))
    refusal(shared, handmade({"alg": algorithm, "typ": "JWT"}, SECRET.encode()))


def test_a_token_without_an_algorithm_is_refused(shared: TokenVerifier) -> None:
    refusal(shared, handmade({"typ": "JWT"}, SECRET.encode()))


@pytest.mark.parametrize(
    "presented", ["", ".", "..", "a.b.c", "x" * 8_000, "年假.年假.年假", token()[:-2], token() + ".x"]
)
def test_what_is_no_token_is_refused(shared: TokenVerifier, presented: str) -> None:
    refusal(shared, presented)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_is_a_token_by_accident(presented: str) -> None:
    with pytest.raises(IdentityError):
        TokenVerifier(settings(), SecretKey(SECRET)).verify(presented)


def test_a_short_secret_is_a_fault_of_the_deployment() -> None:
    with pytest.raises(ConfigurationError, match="31 bytes; HS256 needs 32"):
        SecretKey("x" * 31)
    SecretKey("年" * 11)


@pytest.mark.parametrize("who", [{"sub": "mei"}, {"tenant": "green-mountain"}], ids=str)
def test_a_newer_token_must_be_the_same_users(shared: TokenVerifier, who: dict[str, Any]) -> None:
    assert shared.renew(LIN, token(exp=FOREVER - 1)) == FOREVER - 1
    with pytest.raises(ForeignToken):
        shared.renew(LIN, token(**who))
    with pytest.raises(IdentityError):
        shared.renew(LIN, token(exp=1_600_000_000))


# ---- published keys --------------------------------------------------------------------------------------------------


def test_a_token_signed_with_a_published_key_is_verified(published: TokenVerifier, rsa_key: rsa.RSAPrivateKey) -> None:
    assert published.verify(token(rsa_key, "RS256", {"kid": "key-1"})) == LIN


def test_elliptic_curves_serve_as_well(key_set: KeySet, ec_key: ec.EllipticCurvePrivateKey) -> None:
    key_set.publish("key-1", ec_key.public_key())
    verifier = TokenVerifier(settings("ES256"), JwksKeys(key_set.url, "ES256"))
    assert verifier.verify(token(ec_key, "ES256", {"kid": "key-1"})) == LIN


def test_the_key_set_is_fetched_once_for_many_tokens(
    published: TokenVerifier, rsa_key: rsa.RSAPrivateKey, key_set: KeySet
) -> None:
    for user in ("lin", "mei", "tom"):
        assert published.verify(token(rsa_key, "RS256", {"kid": "key-1"}, sub=user)).user == user
    assert key_set.asked == ["/keys.json"]


def test_a_public_key_is_no_shared_secret(published: TokenVerifier, rsa_key: rsa.RSAPrivateKey) -> None:
    """The key is public, so anyone could sign with its bytes if the token might choose HS256."""
    public = rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    refusal(published, handmade({"alg": "HS256", "kid": "key-1"}, public))
    refusal(published, handmade({"alg": "RS256", "kid": "key-1"}, public))


def test_a_token_of_another_key_under_a_known_name_is_refused(published: TokenVerifier) -> None:
    another = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    assert "InvalidSignature" in refusal(published, token(another, "RS256", {"kid": "key-1"}))


@pytest.mark.parametrize(
    "kid",
    [
        "key-2",
        "",
        "../../../../dev/null",
        "/etc/passwd",
        "file:///etc/passwd",
        "http://127.0.0.1:1/evil.json",
        "key-1' OR '1'='1",
    ],
)
def test_an_unknown_kid_is_looked_up_in_the_one_key_set_and_nowhere_else(
    published: TokenVerifier, rsa_key: rsa.RSAPrivateKey, key_set: KeySet, kid: str
) -> None:
    refusal(published, token(rsa_key, "RS256", {"kid": kid}))
    assert set(key_set.asked) == {"/keys.json"}


@pytest.mark.parametrize("kid", [7, ["key-1"], {"key-1": 1}, None, True])
def test_a_kid_is_a_text(published: TokenVerifier, kid: object) -> None:
    refusal(published, handmade({"alg": "RS256", "kid": kid}, SECRET.encode()))


def test_addresses_in_a_token_are_not_followed(
    published: TokenVerifier, rsa_key: rsa.RSAPrivateKey, key_set: KeySet
) -> None:
    elsewhere = key_set.url.replace("keys.json", "evil.json")
    headers = {"kid": "evil", "jku": elsewhere, "x5u": elsewhere, "jwk": {"kty": "oct", "k": "AAAA"}}
    refusal(published, token(rsa_key, "RS256", headers))
    assert set(key_set.asked) == {"/keys.json"}


def test_unknown_kids_do_not_make_us_hammer_the_provider(
    published: TokenVerifier, rsa_key: rsa.RSAPrivateKey, key_set: KeySet
) -> None:
    for number in range(20):
        refusal(published, token(rsa_key, "RS256", {"kid": f"made-up-{number}"}))
    assert len(key_set.asked) == 1


def test_a_token_without_a_kid_is_refused(published: TokenVerifier, rsa_key: rsa.RSAPrivateKey) -> None:
    refusal(published, token(rsa_key, "RS256"))


def test_a_provider_that_is_down_is_not_the_callers_fault(
    published: TokenVerifier, rsa_key: rsa.RSAPrivateKey, key_set: KeySet
) -> None:
    """The handshake then fails with 500 and an alarm counts it; 401 would send people to sign in again."""
    key_set.status = 503
    with pytest.raises(KeysUnavailable):
        published.verify(token(rsa_key, "RS256", {"kid": "key-1"}))


def test_a_provider_that_cannot_be_reached_is_not_the_callers_fault(rsa_key: rsa.RSAPrivateKey) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        keys = JwksKeys(f"http://127.0.0.1:{nobody.getsockname()[1]}/keys.json", "RS256")
        with pytest.raises(KeysUnavailable):
            TokenVerifier(settings("RS256"), keys).verify(token(rsa_key, "RS256", {"kid": "key-1"}))


@pytest.mark.parametrize("url", ["", "http://login.example.com/keys", "file:///etc/keys.json", "ftp://x/keys"])
def test_keys_come_over_https_only(url: str) -> None:
    with pytest.raises(ConfigurationError, match="JWT_JWKS_URL"):
        JwksKeys(url, "RS256")
