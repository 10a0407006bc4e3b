"""Structured logs: one JSON object a line, with the trace of the turn they belong to.

Never the text of a question or an answer, never a token or a key: ids, counts and seconds only.
"""

from __future__ import annotations

import logging
from functools import cache

from aws_lambda_powertools import Logger

#: Libraries that log every request at INFO, which CloudWatch would bill.
_CHATTY = ("botocore", "mangum", "httpx", "httpx2", "openai", "pinecone")


@cache
def logger() -> Logger:
    """The function's logger; POWERTOOLS_SERVICE_NAME and LOG_LEVEL set its name and level."""
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    return Logger(utc=True, log_uncaught_exceptions=False)


def audit(event: str, **facts: object) -> None:
    """Log that somebody tried what they may not, or what cannot be: an operator finds these lines by `audit:`."""
    logger().warning(f"audit: {event}", stacklevel=3, extra=facts)
