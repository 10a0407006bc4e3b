"""`post_to_connection` and what its answers mean, with the real client against prepared answers."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.config import Config
from botocore.response import StreamingBody
from botocore.stub import Stubber

from thinkaloud.errors import Gone, PayloadTooLarge, PostError, PostFailed, Throttled
from thinkaloud.gateway.poster import CLIENT_CONFIG, ManagementPoster, RecordingPoster

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

CONNECTION = "UXcB4dYzFiACJNw="


def management(url: str = "http://127.0.0.1:9", config: Config = CLIENT_CONFIG) -> ApiGatewayManagementApiClient:
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
        config=config,
    )


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with Stubber(management()) as stub:
        yield stub
        stub.assert_no_pending_responses()


async def post(stub: Stubber, data: str = "{}") -> None:
    await ManagementPoster(cast("Any", stub.client)).post(CONNECTION, data)


async def test_a_frame_is_posted_as_utf_8(stub: Stubber) -> None:
    stub.add_response("post_to_connection", {}, {"ConnectionId": CONNECTION, "Data": b'{"content":"\xe5\xb9\xb4"}'})
    await post(stub, '{"content":"年"}')


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (410, "GoneException", Gone),
        # Without the header x-amzn-ErrorType botocore knows no class and takes the status for the code.
        (410, "410", Gone),
        (429, "LimitExceededException", Throttled),
        (429, "429", Throttled),
        (413, "PayloadTooLargeException", PayloadTooLarge),
        (403, "ForbiddenException", PostFailed),
        (500, "InternalServerError", PostFailed),
        (502, "502", PostFailed),
        (503, "ServiceUnavailable", PostFailed),
    ],
)
async def test_a_status_says_what_became_of_the_post(
    stub: Stubber, status: int, code: str, meaning: type[PostError]
) -> None:
    stub.add_client_error("post_to_connection", code, http_status_code=status)
    with pytest.raises(meaning, match=str(status)) as caught:
        await post(stub)
    assert type(caught.value) is meaning


async def test_a_gateway_that_cannot_be_reached_is_a_failed_post() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        poster = ManagementPoster(management(f"http://127.0.0.1:{nobody.getsockname()[1]}"))
        with pytest.raises(PostFailed, match="EndpointConnectionError"):
            await poster.post(CONNECTION, "{}")


async def test_a_gateway_that_does_not_answer_is_a_failed_post_after_one_attempt() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        poster = ManagementPoster(management(url, CLIENT_CONFIG.merge(Config(read_timeout=0.05))))
        with pytest.raises(PostFailed, match="ReadTimeoutError"):
            await poster.post(CONNECTION, "{}")
        silent.settimeout(0.01)
        silent.accept()[0].close()
        with pytest.raises(TimeoutError):
            silent.accept()


def test_a_post_that_hangs_is_given_up_within_a_few_seconds() -> None:
    """botocore's defaults would hold the stream for minutes."""
    options: Any = CLIENT_CONFIG
    assert options.connect_timeout + options.read_timeout <= 5.0


async def test_the_event_loop_goes_on_while_a_post_is_under_way() -> None:
    entered, leave = threading.Event(), threading.Event()

    class Slow:
        def post_to_connection(self, **_: object) -> dict[str, StreamingBody]:
            entered.set()
            assert leave.wait(10)
            return {}

    poster = ManagementPoster(Slow())  # type: ignore[arg-type]
    posting = asyncio.create_task(poster.post(CONNECTION, "{}"))
    await asyncio.to_thread(entered.wait, 10)
    assert not posting.done()
    leave.set()
    await posting


async def test_a_slow_reader_does_not_hold_up_another() -> None:
    leave = threading.Event()

    class SlowForOne:
        def post_to_connection(self, **call: object) -> dict[str, object]:
            assert call["ConnectionId"] != CONNECTION or leave.wait(10)
            return {}

    poster = ManagementPoster(SlowForOne())  # type: ignore[arg-type]
    slow = asyncio.create_task(poster.post(CONNECTION, "{}"))
    await poster.post("another=", "{}")
    assert not slow.done()
    leave.set()
    await slow


async def test_a_recording_poster_keeps_what_it_did_not_refuse() -> None:
    def refuse(data: str) -> None:
        if data == "no":
            raise Gone("410")

    poster = RecordingPoster(refuse)
    await poster.post(CONNECTION, "yes")
    with pytest.raises(Gone):
        await poster.post(CONNECTION, "no")
    assert poster.sent == [(CONNECTION, "yes")]
