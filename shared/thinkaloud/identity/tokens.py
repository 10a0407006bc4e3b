"""JSON Web Tokens -> principals.

The algorithm comes from the configuration and never from the token, which shuts out `alg: none` and the confusion of a
public RSA key with an HMAC secret (https://www.rfc-editor.org/rfc/rfc8725, 3.1). Keys are found by an exact `kid` in a
set fetched from the one configured URL; nothing in a token is ever opened as a path or an address.
"""

from __future__ import annotations

from typing import Any, Protocol

import jwt

from thinkaloud.errors import ConfigurationError, ForeignToken, IdentityError, KeysUnavailable
from thinkaloud.identity.principal import Principal
from thinkaloud.settings import JwtSettings

#: Clocks differ: seconds by which `exp`, `nbf` and `iat` may be off.
LEEWAY = 5
#: HS256 needs a secret as long as its hash, https://www.rfc-editor.org/rfc/rfc7518#section-3.2
MIN_SECRET = 32
#: Seconds a fetched key set is kept.
JWKS_LIFETIME = 600


class KeySource(Protocol):
    """Finds the key that must have signed a token."""

    def key_for(self, token: str) -> Any:
        """The key for PyJWT.

        Raises:
            IdentityError: the token names no key of ours.
            KeysUnavailable: the keys cannot be fetched.
        """


class SecretKey:
    """One shared secret, for HS256."""

    def __init__(self, secret: str) -> None:
        if len(secret.encode()) < MIN_SECRET:
            raise ConfigurationError(
                f"the JWT secret has {len(secret.encode())} bytes; HS256 needs {MIN_SECRET} or more"
            )
        self._secret = secret

    def key_for(self, token: str) -> Any:
        return self._secret


class JwksKeys:
    """The public keys an identity provider publishes, fetched when first needed and kept for ten minutes.

    An unknown `kid` makes PyJWT fetch the set again, but not within 30 s of the last time: a rotated key is found soon,
    and made-up names do not hammer the provider.
    """

    def __init__(self, url: str, algorithm: str) -> None:
        # https only, but for an identity provider on this very machine.
        if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise ConfigurationError(f"JWT_JWKS_URL is {url!r}; {algorithm} needs an https address of a key set")
        self._keys = jwt.PyJWKClient(url, cache_jwk_set=True, lifespan=JWKS_LIFETIME, timeout=3)

    def key_for(self, token: str) -> Any:
        try:
            return self._keys.get_signing_key_from_jwt(token).key
        except jwt.PyJWKClientConnectionError as error:
            # Not the caller's fault: the authoriser fails on it, so that the handshake says 500 and an alarm counts it.
            raise KeysUnavailable(f"the key set cannot be fetched: {error}") from error
        except jwt.PyJWTError as error:
            raise IdentityError(f"no key of the set fits the token: {type(error).__name__}") from None


class TokenVerifier:
    """Checks signature, issuer, audience, expiry, `sub` and the tenant claim."""

    def __init__(self, settings: JwtSettings, keys: KeySource) -> None:
        self._settings = settings
        self._keys = keys

    def verify(self, token: str | None) -> Principal:
        """The principal that `token` proves.

        Raises:
            IdentityError: anything about the token is wrong; the message says what and does not hold the token.
            KeysUnavailable: it cannot be checked.
        """
        if token is None:
            raise IdentityError("there is no token in Sec-WebSocket-Protocol (bearer.<jwt>) or Authorization")
        settings = self._settings
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != settings.algorithm:
                raise IdentityError(f"the token is not signed with {settings.algorithm}")
            claims = jwt.decode(
                token,
                key=self._keys.key_for(token),
                algorithms=[settings.algorithm],
                audience=settings.audience,
                issuer=settings.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise IdentityError(f"the token is not valid: {type(error).__name__}") from None
        return Principal.checked(
            claims.get(settings.tenant_claim), claims.get("sub"), claims.get("exp"), claims.get("scope")
        )

    def renew(self, principal: Principal, token: str) -> int:
        """Until when `token` is good, in seconds since 1970, for a connection that `principal` opened.

        Raises:
            ForeignToken: it proves somebody else.
            IdentityError, KeysUnavailable: as `verify`.
        """
        proven = self.verify(token)
        if (proven.tenant, proven.user) != (principal.tenant, principal.user):
            raise ForeignToken(f"the token is of {proven.user!r} of tenant {proven.tenant!r}")
        return proven.expires
