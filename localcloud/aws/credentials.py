"""The credentials that local clients sign with: the user's own where there are any, else ones that open nothing."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def signing_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The `AWS_*` credential variables for a client, taken from `environment` where it has a key and its secret.

    Without, a client would search the user's files and then the network for credentials.
    """
    if environment.get("AWS_ACCESS_KEY_ID") and environment.get("AWS_SECRET_ACCESS_KEY"):
        return {name: environment[name] for name in _NAMES if environment.get(name)}
    return dict.fromkeys(_NAMES, "local")
