"""What fails behind the turn: the client hears of it, and what was said is kept."""

from __future__ import annotations

import asyncio

import pytest

from localcloud.cloud import LocalCloud
from localcloud.gateway.faults import FaultPlan
from localcloud.models.controls import Fault as ModelFault
from localcloud.models.controls import Override
from localcloud.pinecone.faults import Fault as PineconeFault
from tests.cloud.conversation import Heard, ask
from tests.cloud.test_answer import calls
from thinkaloud.client import Client, new_id
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.state.records import Outcome, Turn, TurnKey


async def ask_script(cloud: LocalCloud, client: Client, session: str, script: str, words: str = "refund") -> Heard:
    """Ask a question that this script answers."""
    marker = new_id("question")
    cloud.models.controls.put_override(Override(contains=marker, model=f"script:{script}"))
    return await ask(client, f"{words} {marker}", session=session)


async def stored(conversations: DynamoConversations, session: str, turn: str) -> Outcome:
    """How the turn ended, once it has."""
    async with asyncio.timeout(30):
        while True:
            found: Turn | None = await asyncio.to_thread(conversations.get, TurnKey("demo", session, turn))
            if found is not None and found.outcome is not None:
                return found.outcome
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("script", "code", "retryable"),
    [
        ("unauthorized", "model_refused", False),
        ("bad-request", "model_refused", False),
        ("rate-limited", "model_busy", True),
        ("server-error", "model_unavailable", True),
        ("nothing", "model_broken", True),
        ("empty-answer", "model_broken", True),
        ("half-a-stream", "model_broken", True),
        ("no-finish", "model_broken", True),
        ("broken-json", "model_broken", True),
    ],
)
async def test_a_model_that_fails_ends_the_turn_with_a_typed_error(
    cloud: LocalCloud,
    client: Client,
    session: str,
    conversations: DynamoConversations,
    script: str,
    code: str,
    retryable: bool,
) -> None:
    heard = await ask_script(cloud, client, session, script)

    assert (heard.last["type"], heard.last["code"], heard.last["retryable"]) == ("error", code, retryable)
    assert heard.of("status")[-1]["state"] == "error"
    outcome = await stored(conversations, session, heard.answer.turn)
    assert (outcome.state, outcome.error) == ("failed", code)
    assert outcome.answer == heard.text
    assert (await ask(client, "How long does a refund take?", session=session)).last["type"] == "complete"


async def test_an_error_speaks_the_language_of_the_question(cloud: LocalCloud, client: Client, session: str) -> None:
    heard = await ask_script(cloud, client, session, "rate-limited", words="青禾户外的退款一般需要多久才能到账")
    assert "语言模型繁忙" in heard.last["message"]


async def test_reasoning_and_halves_of_characters_arrive_whole(cloud: LocalCloud, client: Client, session: str) -> None:
    assert (await ask_script(cloud, client, session, "reasoning")).of("reasoning")
    assert "\N{REPLACEMENT CHARACTER}" not in (await ask_script(cloud, client, session, "surrogates")).text


async def test_usage_that_the_provider_does_not_say_is_estimated_and_marked(
    cloud: LocalCloud, client: Client, session: str
) -> None:
    assert (await ask_script(cloud, client, session, "no-usage")).last["usage"]["estimated"] is True
    assert (await ask(client, "How long does a refund take?", session=session)).last["usage"]["estimated"] is False


@pytest.mark.parametrize("broken", ["index", "embedding"])
async def test_a_search_that_fails_costs_the_sources_and_not_the_answer(
    cloud: LocalCloud, client: Client, session: str, broken: str
) -> None:
    if broken == "index":
        cloud.pinecone.faults.set(PineconeFault(status=503))
    else:
        cloud.models.controls.put_fault(ModelFault(path="/v1/embeddings", status=503, count=None))
    heard = await ask(client, "How long does a refund take?", session=session)

    [failed] = [status for status in heard.of("status") if status["state"] == "error"]
    assert failed["phase"] == "retrieval"
    assert heard.of("source") == []
    assert heard.text
    assert heard.last["type"] == "complete"


async def test_a_client_gone_in_mid_answer_finds_it_stored(
    cloud: LocalCloud, session: str, conversations: DynamoConversations
) -> None:
    marker = new_id("question")
    cloud.models.controls.put_override(Override(contains=marker, model="script:tokens-100"))
    async with Client(cloud.ws_url, cloud.token()) as client:
        answer = client.ask(f"refund {marker}", session=session)
        async for received in answer:
            if received.type == "text":
                break
        await answer.aclose()
        for connection in cloud.gateway.connections:
            connection.cut()
    outcome = await stored(conversations, session, answer.turn)

    [call] = calls(cloud, marker)
    assert outcome.answer == call["said"]
    assert outcome.state == "done"


async def test_posts_that_are_refused_or_lost_in_doubt_change_nothing_in_the_text(
    cloud: LocalCloud, client: Client, session: str
) -> None:
    marker = new_id("question")
    cloud.models.controls.put_override(Override(contains=marker, model="script:tokens-100"))
    cloud.gateway.faults.set(FaultPlan(status=429, probability=0.3, seed=7))
    heard = await ask(client, f"refund {marker}", session=session)
    cloud.gateway.faults.set(FaultPlan(status=503, deliver=True, probability=0.3, seed=7))
    again = await ask(client, f"refund {marker}", session=session)

    for each in (heard, again):
        assert each.numbers == list(range(1, len(each.numbers) + 1))
        assert each.last["finish"] == "stop"
    assert [call["said"] for call in calls(cloud, marker)] == [heard.text, again.text]


async def test_stop_closes_the_model_and_keeps_what_was_said(
    cloud: LocalCloud, client: Client, session: str, conversations: DynamoConversations
) -> None:
    marker = new_id("question")
    cloud.models.controls.put_override(Override(contains=marker, model="script:slow"))
    answer = client.ask(f"refund {marker}", session=session)
    text = ""
    async for received in answer:
        if received.type == "text":
            text += received.fields["content"]
            if len(text) < 200:
                await answer.stop()
    assert (received.fields["finish"], received.fields["reason"]) == ("stopped", "user")
    assert received.fields["usage"]["estimated"] is True

    [call] = calls(cloud, marker)
    assert call["outcome"] == "aborted"
    assert call["said"].startswith(text)
    outcome = await stored(conversations, session, answer.turn)
    assert (outcome.state, outcome.finish, outcome.answer) == ("done", "stopped", text)
