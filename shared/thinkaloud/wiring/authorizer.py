"""The parts of the `authorizer` function."""

from __future__ import annotations

import os
from functools import cache

from thinkaloud.errors import ConfigurationError
from thinkaloud.identity.tokens import JwksKeys, KeySource, SecretKey, TokenVerifier
from thinkaloud.settings import JwtSettings, read


@cache
def verifier() -> TokenVerifier:
    """The verifier for the configured algorithm."""
    settings = read(JwtSettings, os.environ)
    return TokenVerifier(settings, _keys(settings))


def _keys(settings: JwtSettings) -> KeySource:
    if settings.algorithm != "HS256":
        return JwksKeys(settings.jwks_url, settings.algorithm)
    if not settings.secret_arn:
        raise ConfigurationError("JWT_ALGORITHM is HS256, so JWT_SECRET_ARN must name a secret")
    # boto3 is most of a cold start, and only a shared secret needs it.
    from thinkaloud.wiring.aws import secret

    return SecretKey(secret(settings.secret_arn))
