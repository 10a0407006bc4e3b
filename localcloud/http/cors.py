"""Which pages may call an HTTP API. Where that is set, the API alone speaks of it: what functions say is dropped.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from localcloud.http.reply import Reply
from localcloud.template.model import Cors


def preflight(cors: Cors, origin: str | None) -> Reply:
    """The answer to OPTIONS; to a page of an origin that may not call, one without a permission."""
    headers = list(_granted(cors, origin))
    if headers:
        headers += [
            (f"access-control-allow-{name}", ",".join(allowed))
            for name, allowed in (("methods", cors.methods), ("headers", cors.headers))
            if allowed
        ]
        if cors.max_age_s is not None:
            headers.append(("access-control-max-age", str(cors.max_age_s)))
    return Reply(204, tuple(headers))


def permitted(reply: Reply, cors: Cors, origin: str | None) -> Reply:
    """A response with the API's permissions in the place of the function's own."""
    kept = [pair for pair in reply.headers if not pair[0].startswith("access-control-")]
    granted = list(_granted(cors, origin))
    if granted and cors.exposed:
        granted.append(("access-control-expose-headers", ",".join(cors.exposed)))
    return replace(reply, headers=(*kept, *granted))


def _granted(cors: Cors, origin: str | None) -> Iterable[tuple[str, str]]:
    if origin is None or not any(fnmatchcase(origin, pattern) for pattern in cors.origins):
        return
    yield "access-control-allow-origin", "*" if "*" in cors.origins else origin
    if cors.credentials:
        yield "access-control-allow-credentials", "true"
    if "*" not in cors.origins:
        yield "vary", "Origin"  # [?]
