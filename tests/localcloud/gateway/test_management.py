"""The management API, called by the real client, as a function calls it."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.gateway.faults import FaultPlan
from localcloud.gateway.limits import KIB
from tests.localcloud.gateway.stage import (
    Functions,
    boto_client,
    closed,
    connection_id,
    disconnect,
    playing,
    raw_client,
    received,
)

UNKNOWN = "BFaT_fALIAMCKug="


def code_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


async def test_a_post_is_delivered_as_one_text_message() -> None:
    async with playing() as play, play.client() as client:
        await play.post(await connection_id(play), '{"type":"text","content":"年假"}'.encode())
        assert await received(client) == '{"type":"text","content":"年假"}'


async def test_posts_made_one_after_the_other_arrive_in_order() -> None:
    async with playing() as play, play.client() as client:
        target = await connection_id(play)
        for number in range(50):
            await play.post(target, str(number).encode())
        assert [await received(client) for _ in range(50)] == [str(number) for number in range(50)]


async def test_the_equals_sign_arrives_encoded_and_the_stage_may_be_left_out() -> None:
    seen = []
    async with playing() as play, play.client() as client:
        target = await connection_id(play)
        for endpoint in (play.gateway.management_url, f"{play.gateway.management_url}/", play.gateway.admin_url):
            management = boto_client(endpoint)
            management.meta.events.register("before-send", lambda request, **_: seen.append(request.url))
            await asyncio.to_thread(management.post_to_connection, ConnectionId=target, Data=b"x")
            management.close()
            assert await received(client) == "x"
    assert all(url.endswith("/@connections/" + target.replace("=", "%3D")) for url in seen)


async def test_get_tells_of_the_connection() -> None:
    async with playing() as play, play.client(user_agent_header="a browser"):
        target = await connection_id(play)
        found = await asyncio.to_thread(play.management.get_connection, ConnectionId=target)
        assert found["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "a browser"}
        assert datetime.now(UTC) - found["ConnectedAt"] < timedelta(seconds=30)
        await play.post(target)
        later = await asyncio.to_thread(play.management.get_connection, ConnectionId=target)
        assert later["LastActiveAt"] > found["LastActiveAt"]
        assert later["ConnectedAt"] == found["ConnectedAt"]


async def test_delete_closes_with_1000_and_the_connection_is_gone_at_once() -> None:
    async with playing() as play, play.client() as client:
        target = await connection_id(play)
        answer = await asyncio.to_thread(play.management.delete_connection, ConnectionId=target)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
        with pytest.raises(play.management.exceptions.GoneException):
            await play.post(target)
        assert await closed(client) == (1000, "Connection Closed Normally")
        assert await disconnect(play) == (1000, "Connection Closed Normally")


@pytest.mark.parametrize("call", ["post_to_connection", "get_connection", "delete_connection"])
async def test_every_call_raises_the_modelled_gone_exception_for_an_unknown_id(call: str) -> None:
    arguments = {"Data": b"x"} if call == "post_to_connection" else {}
    async with playing() as play:
        with pytest.raises(play.management.exceptions.GoneException) as error:
            await asyncio.to_thread(getattr(play.management, call), ConnectionId=UNKNOWN, **arguments)
        assert code_of(error) == ("GoneException", 410)
        assert error.value.response["ResponseMetadata"]["RequestId"]


async def test_a_client_that_left_is_gone() -> None:
    async with playing() as play:
        async with play.client():
            target = await connection_id(play)
        await play.functions.event("disconnect")
        with pytest.raises(play.management.exceptions.GoneException):
            await play.post(target)


async def test_a_post_before_connect_has_returned_is_gone() -> None:
    gone: list[bool] = []

    async def connect(event: dict[str, Any]) -> Any:
        try:
            await play.post(event["requestContext"]["connectionId"])
        except play.management.exceptions.GoneException:
            gone.append(True)
        return {"statusCode": 200}

    async with playing(functions=Functions(connect=connect)) as play, play.client():
        assert gone == [True]


async def test_128_kb_are_delivered_and_one_byte_more_is_413() -> None:
    async with playing() as play, play.client(max_size=None) as client:
        target = await connection_id(play)
        await play.post(target, b"x" * 128 * KIB)
        assert await received(client) == "x" * 128 * KIB
        for size in (128 * KIB + 1, 2000 * KIB):
            with pytest.raises(play.management.exceptions.PayloadTooLargeException) as error:
                await play.post(target, b"x" * size)
            assert code_of(error) == ("PayloadTooLargeException", 413)
        await play.post(target, b"the socket is still open")
        assert await received(client) == "the socket is still open"


async def test_a_client_that_reads_too_slowly_is_429_until_it_reads_again() -> None:
    chunk = b"x" * 64 * KIB
    async with playing() as play, raw_client(play, receive_buffer=4 * KIB) as raw:
        target = await connection_id(play)
        with pytest.raises(play.management.exceptions.LimitExceededException) as error:
            for _ in range(1000):
                await play.post(target, chunk)
        assert code_of(error) == ("LimitExceededException", 429)
        (connection,) = play.gateway.connections
        unread = connection.posts[200] * len(chunk)
        while unread > 0:
            unread -= len(await asyncio.get_running_loop().sock_recv(raw, 1024 * KIB))
        await play.post(target, b"welcome back")


async def test_bytes_that_are_not_utf8_are_replaced() -> None:
    async with playing() as play, play.client() as client:
        await play.post(await connection_id(play), b"a\xffb")
        assert await received(client) == "a\ufffdb"


async def test_a_strange_stage_is_403() -> None:
    async with playing() as play:
        management = boto_client(f"{play.gateway.admin_url}/prod")
        with pytest.raises(management.exceptions.ForbiddenException):
            await asyncio.to_thread(management.get_connection, ConnectionId=UNKNOWN)
        management.close()


async def test_a_call_without_a_signature_is_403() -> None:
    async with playing() as play, play.client():
        unsigned: Any = boto3.client(
            "apigatewaymanagementapi",
            endpoint_url=play.gateway.management_url,
            region_name="us-east-1",
            config=Config(signature_version=UNSIGNED),
        )
        target = await connection_id(play)
        with pytest.raises(ClientError) as error:
            await asyncio.to_thread(unsigned.post_to_connection, ConnectionId=target, Data=b"x")
        unsigned.close()
        assert code_of(error) == ("MissingAuthenticationTokenException", 403)


async def test_an_id_that_the_service_cannot_have_given_is_400() -> None:
    async with playing() as play:
        with pytest.raises(ClientError, match="Invalid connectionId: nonsense") as error:
            await play.post("nonsense")
        assert code_of(error) == ("BadRequestException", 400)


async def test_any_other_path_is_403() -> None:
    async with (
        playing() as play,
        aiohttp.ClientSession() as session,
        session.get(f"{play.gateway.management_url}/elsewhere") as response,
    ):
        assert response.status == 403
        assert response.headers["x-amzn-ErrorType"] == "ForbiddenException"


async def test_an_event_names_the_host_that_answers_callbacks() -> None:
    async with playing() as play, play.client() as client:
        context = (await play.functions.event("connect"))["requestContext"]
        management = boto_client(f"http://{context['domainName']}/{context['stage']}")
        await asyncio.to_thread(management.post_to_connection, ConnectionId=context["connectionId"], Data=b"found it")
        management.close()
        assert await received(client) == "found it"


async def test_a_post_takes_as_long_as_a_benchmark_wants() -> None:
    async with playing(post_latency_ms=50) as play, play.client() as client:
        target = await connection_id(play)
        started = time.perf_counter()
        await play.post(target)
        assert time.perf_counter() - started >= 0.05
        assert await received(client) == "{}"


# Faults


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "ForbiddenException"),
        (410, "GoneException"),
        (413, "PayloadTooLargeException"),
        (429, "LimitExceededException"),
        (500, "InternalServerErrorException"),
        (502, "InternalServerErrorException"),
        (503, "ServiceUnavailableException"),
        (504, "InternalServerErrorException"),
    ],
)
async def test_a_fault_answers_with_its_status_and_delivers_nothing(status: Any, code: str) -> None:
    async with playing() as play, play.client() as client:
        target = await connection_id(play)
        play.gateway.faults.set(FaultPlan(status=status, count=1))
        with pytest.raises(ClientError) as error:
            await play.post(target, b"lost")
        assert code_of(error) == (code, status)
        await play.post(target, b"kept")
        assert await received(client) == "kept"


async def test_a_fault_may_deliver_and_still_answer_gone() -> None:
    async with playing() as play, play.client() as client:
        target = await connection_id(play)
        play.gateway.faults.set(FaultPlan(status=410, deliver=True))
        with pytest.raises(play.management.exceptions.GoneException):
            await play.post(target, b"delivered all the same")
        assert await received(client) == "delivered all the same"


async def test_a_dropped_post_is_accepted_and_never_delivered() -> None:
    async with playing() as play, play.client() as client:
        target = await connection_id(play)
        play.gateway.faults.set(FaultPlan(drop=True, count=1), target)
        await play.post(target, b"dropped")
        await play.post(target, b"kept")
        assert await received(client) == "kept"


async def test_a_delayed_post_arrives_later() -> None:
    async with playing() as play, play.client() as client:
        target = await connection_id(play)
        play.gateway.faults.set(FaultPlan(delay_ms=60))
        started = time.perf_counter()
        await play.post(target, b"at last")
        assert time.perf_counter() - started >= 0.06
        assert await received(client) == "at last"


async def test_a_cut_post_ends_the_clients_connection_without_a_close_frame() -> None:
    async with playing() as play, play.client() as client:
        target = await connection_id(play)
        play.gateway.faults.set(FaultPlan(cut=True, after=1))
        await play.post(target, b"one goes through")
        with pytest.raises(play.management.exceptions.GoneException):
            await play.post(target, b"the line breaks")
        assert await received(client) == "one goes through"
        assert (await closed(client))[0] == 1006
        assert (await disconnect(play))[0] == 1006
        assert play.gateway.faults.get(target) is None


async def test_cutting_twice_does_no_harm() -> None:
    async with playing() as play, play.client() as client:
        (connection,) = play.gateway.connections
        connection.cut()
        connection.cut()
        assert (await closed(client))[0] == 1006


async def test_a_connections_own_plan_is_forgotten_with_it() -> None:
    async with playing() as play:
        async with play.client():
            target = await connection_id(play)
            play.gateway.faults.set(FaultPlan(drop=True), target)
        await play.functions.event("disconnect")
        assert play.gateway.faults.get(target) is None


async def test_times_are_written_as_the_service_writes_them() -> None:
    async with playing() as play, play.client(), aiohttp.ClientSession() as session:
        target = await connection_id(play)
        url = f"{play.gateway.management_url}/@connections/{target}"
        async with session.get(url, headers={"Authorization": "AWS4-HMAC-SHA256 ..."}) as response:
            answer = await response.json()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["connectedAt"])
