"""Which connections are open, by the real client against prepared answers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import boto3
import pytest

from thinkaloud.gateway.presence import CLIENT_CONFIG, ManagementPresence, MemoryPresence

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient


def management(url: str) -> ApiGatewayManagementApiClient:
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
        config=CLIENT_CONFIG,
    )


class Stage:
    """A management API that answers each connection with a status, and notes what was looked at."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.statuses: dict[str, int] = {}
        self.error_types = True
        self.looked: list[str] = []


@pytest.fixture
def stage() -> Iterator[Stage]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            connection = unquote(self.path.rpartition("/")[2])
            prepared.looked.append(connection)
            status = prepared.statuses.get(connection, 200)
            body = b"{}" if status == 200 else json.dumps({"message": "no"}).encode()
            self.send_response(status)
            if status == 410 and prepared.error_types:
                self.send_header("x-amzn-ErrorType", "GoneException")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 50

    with Server(("127.0.0.1", 0), Handler) as server:
        prepared = Stage(f"http://127.0.0.1:{server.server_port}/live")
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield prepared
        server.shutdown()
        serving.join()


@pytest.mark.parametrize("error_types", [True, False], ids=["GoneException", "plain 410"])
def test_410_is_gone(stage: Stage, error_types: bool) -> None:
    stage.error_types = error_types
    stage.statuses = {"left=": 410, "gone=": 410}
    presence = ManagementPresence(lambda: management(stage.url))
    assert presence.gone(["left=", "here=", "gone="]) == ["left=", "gone="]
    assert sorted(stage.looked) == ["gone=", "here=", "left="]


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_what_cannot_be_looked_at_counts_as_open(stage: Stage, status: int) -> None:
    """To let one more in would break the limit; to turn one away is put right at the next attempt."""
    stage.statuses = {"left=": 410, "unclear=": status}
    assert ManagementPresence(lambda: management(stage.url)).gone(["left=", "unclear="]) == ["left="]


def test_a_stage_that_cannot_be_reached_makes_nobody_gone() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/live"
        assert ManagementPresence(lambda: management(url)).gone(["c1"]) == []


def test_more_connections_than_are_looked_at_at_once(stage: Stage) -> None:
    names = [f"connection-{number}=" for number in range(35)]
    stage.statuses = dict.fromkeys(names[::2], 410)
    assert ManagementPresence(lambda: management(stage.url)).gone(names) == names[::2]


def test_no_client_is_made_for_nothing() -> None:
    def refuse() -> ApiGatewayManagementApiClient:
        raise AssertionError

    assert ManagementPresence(refuse).gone([]) == []


def test_the_stand_in_knows_what_it_was_told() -> None:
    presence = MemoryPresence({"here="})
    assert presence.gone(["here=", "left="]) == ["left="]
    assert presence.asked == ["here=", "left="]


def test_a_handshake_does_not_wait_for_long() -> None:
    options: Any = CLIENT_CONFIG
    assert options.retries["total_max_attempts"] == 1
    assert options.connect_timeout + options.read_timeout <= 3.0
