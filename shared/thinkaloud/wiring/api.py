"""The parts of the `api` function."""

from __future__ import annotations

import asyncio
import os
from functools import cache
from typing import Any

import boto3
from mangum import Mangum

from thinkaloud.api.application import make_application
from thinkaloud.library.library import Library
from thinkaloud.settings import TableSettings, UploadSettings, read
from thinkaloud.state.dynamo_audits import DynamoAudits
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.state.items import CLIENT_CONFIG
from thinkaloud.telemetry import logger
from thinkaloud.wiring import library


def answer(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The answer to a request, as API Gateway takes it. Mangum runs on whatever loop the thread has."""
    asyncio.set_event_loop(loop())
    return gateway()(event, context)


@cache
def loop() -> asyncio.AbstractEventLoop:
    """One event loop for all requests."""
    return asyncio.new_event_loop()


@cache
def gateway() -> Mangum:
    """What turns an event into a request to the application, and its response into an answer."""
    logger()  # quiets the libraries, whatever a request comes to log
    client = boto3.client("dynamodb", config=CLIENT_CONFIG)
    table = read(TableSettings, os.environ).name
    shelves = Library(
        library.documents(), library.uploads(), library.jobs(), read(UploadSettings, os.environ).max_bytes
    )
    # Audits are read only, so that for how long they are kept does not matter.
    application = make_application(shelves, DynamoAudits(client, table, days=0), DynamoConversations(client, table))
    return Mangum(application, lifespan="off")
