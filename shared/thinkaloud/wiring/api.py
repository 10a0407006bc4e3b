"""The parts of the `api` function."""

from __future__ import annotations

from functools import cache

from mangum import Mangum

from thinkaloud.api.application import make_application


@cache
def gateway() -> Mangum:
    """What turns an event into a request to the application, and its response into an answer."""
    return Mangum(make_application(), lifespan="off")
