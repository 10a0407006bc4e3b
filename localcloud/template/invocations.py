"""The functions that APIs call, by the address that API Gateway invokes them at."""

from __future__ import annotations

import re

from localcloud.template.intrinsics import Resolver
from localcloud.template.lambdas import Lambdas

_INVOCATION_URI = re.compile(r":lambda:path/2015-03-31/functions/(?P<function>[^/]+)/invocations$")


def called_function(uri: object, user: str, resolver: Resolver, lambdas: Lambdas) -> str:
    """The logical id of the function that an invocation URI names; `user` is who calls it, for the error."""
    text = resolver.text(uri)
    found = _INVOCATION_URI.search(text)
    if found is None:
        raise resolver.problem(f"{user} calls {text!r}, which is not the URI of a Lambda function")
    return named_function(found["function"], user, resolver, lambdas)


def named_function(identifier: str, user: str, resolver: Resolver, lambdas: Lambdas) -> str:
    """The logical id of the function with this name or ARN."""
    logical_id = lambdas.logical_id(identifier)
    if logical_id is None:
        raise resolver.problem(f"{user} calls {identifier}, which cannot run: {lambdas.reason(identifier)}")
    return logical_id
