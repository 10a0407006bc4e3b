"""A question over a WebSocket becomes a cited answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from localcloud.cloud import LocalCloud
from localcloud.models.controls import Override
from tests.cloud.conversation import ask
from thinkaloud.client import Client, new_id
from thinkaloud.state.dynamo_conversations import DynamoConversations
from thinkaloud.state.records import TurnKey

QUESTIONS = [
    ("How long does a refund take?", "handbook/en/refunds.md", "Searching the documents", "working days"),
    ("我们部门今年的年假额度是多少？", "handbook/zh/annual-leave.md", "正在检索资料", "年假"),
]


@pytest.mark.parametrize(("question", "page", "label", "words"), QUESTIONS)
async def test_an_answer_says_what_it_does_names_its_sources_and_cites_them(
    client: Client, session: str, question: str, page: str, label: str, words: str
) -> None:
    heard = await ask(client, question, session=session)

    kinds = [frame["type"] for frame in heard.frames if frame["type"] != "accepted"]
    assert kinds[:4] == ["status", "status", "source", "status"]
    assert kinds[-1] == "complete"
    assert set(kinds[4:-1]) == {"text"}
    assert heard.numbers == list(range(1, len(heard.numbers) + 1))
    assert heard.of("status")[0]["label"] == label
    assert all(status["latency"] >= 0 for status in heard.of("status") if status["state"] == "end")
    assert len({frame["trace"] for frame in heard.frames}) == 1

    assert words in heard.text
    cited = {citation["source"] for citation in heard.last["citations"]}
    uris = {doc["id"]: doc["uri"] for doc in heard.of("source")[0]["docs"]}
    assert page in {uris[source] for source in cited}


async def test_citations_point_at_their_markers(client: Client, session: str) -> None:
    heard = await ask(client, "How long does a refund take?", session=session)

    assert heard.last["citations"]
    for citation in heard.last["citations"]:
        assert heard.text[citation["start"] : citation["end"]] == f"[{citation['source']}]"
        [doc] = [doc for doc in heard.of("source")[0]["docs"] if doc["id"] == citation["source"]]
        assert citation["quote"] in doc["snippet"]


async def test_the_turn_is_stored_before_its_end_is_told(
    client: Client, session: str, conversations: DynamoConversations
) -> None:
    heard = await ask(client, "How long does a refund take?", session=session, metadata={"screen": "help"})

    turn = conversations.get(TurnKey("demo", session, heard.answer.turn))
    assert turn is not None
    assert turn.outcome is not None
    assert turn.question.metadata == {"screen": "help"}
    assert turn.outcome.answer == heard.text
    assert turn.outcome.sources == heard.of("source")[0]["docs"]
    assert turn.outcome.citations == heard.last["citations"]
    assert turn.outcome.usage == heard.last["usage"]
    assert turn.outcome.timings == heard.last["timings"]


async def test_the_next_question_may_come_right_after_the_end_and_knows_the_last_one(
    cloud: LocalCloud, client: Client, session: str
) -> None:
    first = await ask(client, "How long does a refund take?", session=session)
    await ask(client, "And for gift cards?", session=session)

    prompt = cloud.models.ledger.recent()[-1]["messages"]
    assert [message["role"] for message in prompt] == ["system", "user", "assistant", "user"]
    assert prompt[1]["content"] == "How long does a refund take?"
    assert prompt[2]["content"] == first.text


@pytest.mark.parametrize(
    ("first", "then", "page"),
    [
        (
            "How many days of annual leave does Customer Service get?",
            "And for contractors?",
            "handbook/en/contractors.md",
        ),
        ("年假要提前几天申请？", "那病假呢？", "handbook/zh/sick-leave.md"),
    ],
)
async def test_a_follow_up_finds_what_it_means(client: Client, session: str, first: str, then: str, page: str) -> None:
    await ask(client, first, session=session)
    heard = await ask(client, then, session=session)
    assert page in [doc["uri"] for doc in heard.of("source")[0]["docs"][:3]]
    assert heard.last["covered"] is True


async def test_a_greeting_is_returned_and_nothing_is_looked_up(client: Client, session: str) -> None:
    heard = await ask(client, "Hello!", session=session)
    assert [status["phase"] for status in heard.of("status")] == ["generation"]
    assert heard.of("source") == []
    assert heard.text.startswith("Hello!")


async def test_nothing_is_invented_where_the_documents_say_nothing(
    cloud: LocalCloud, client: Client, session: str
) -> None:
    before = len(cloud.models.ledger.recent())
    heard = await ask(client, "Which moons of Jupiter did Galileo discover?", session=session)

    assert (heard.last["type"], heard.last["covered"]) == ("complete", False)
    assert heard.text.startswith("The documents do not answer this question. Closest to it: ")
    named = {doc["id"] for doc in heard.of("source")[0]["docs"]}
    assert {citation["source"] for citation in heard.last["citations"]} == named
    paths = [exchange["path"] for exchange in cloud.models.ledger.recent()[before:]]
    assert not [path for path in paths if path.endswith("/chat/completions")], "no model was asked"


async def test_the_same_turn_asked_twice_runs_once(cloud: LocalCloud, client: Client, session: str) -> None:
    marker, turn = new_id("question"), new_id("t")
    async with Client(cloud.ws_url, cloud.token()) as second:
        asked = [ask(client, f"How long does a refund take? {marker}", session=session, turn=turn)]
        first = await asked[0]
        answer = second.ask(f"How long does a refund take? {marker}", session=session, turn=turn)
        again = (await anext(answer)).fields
        await answer.aclose()

    assert again["type"] == "accepted"
    assert again["trace"] == first.last["trace"]
    assert len(calls(cloud, marker)) == 1
    # and the session is free for the next question
    assert (await ask(client, "How long does shipping take?", session=session)).last["type"] == "complete"


async def test_twenty_at_once_with_one_id_run_once(cloud: LocalCloud, session: str) -> None:
    marker, turn = new_id("question"), new_id("t")
    async with Client(cloud.ws_url, cloud.token()) as client:

        async def first_frame() -> dict[str, Any]:
            async with Client(cloud.ws_url, cloud.token()) as other:
                answer = other.ask(f"refund {marker}", session=session, turn=turn)
                try:
                    return next(f.fields for f in [await anext(answer)])
                finally:
                    await answer.aclose()

        replies = await asyncio.gather(*(first_frame() for _ in range(8)))
        await ended(cloud, marker)
        assert (await ask(client, "How long does shipping take?", session=session)).last["type"] == "complete"

    assert {reply["type"] for reply in replies} <= {"accepted", "status"}
    assert len(calls(cloud, marker)) == 1


async def test_a_session_answers_one_question_at_a_time(cloud: LocalCloud, client: Client, session: str) -> None:
    marker = new_id("question")
    cloud.models.controls.put_override(Override(contains=marker, model="script:slow"))
    running = client.ask(f"refund {marker}", session=session)
    async for received in running:
        if received.type == "text":
            break

    busy = await ask(client, "How long does a refund take?", session=session, locale="zh-CN")
    assert busy.last["code"] == "busy"
    assert busy.last["retryable"] is True
    assert "回答" in busy.last["message"]

    await running.stop()
    rest = [received async for received in running]
    assert rest[-1].fields["finish"] == "stopped"
    assert (await ask(client, "How long does a refund take?", session=session)).last["finish"] == "stop"


async def test_a_session_of_another_user_is_refused_and_of_another_tenant_does_not_exist(
    cloud: LocalCloud, client: Client, session: str
) -> None:
    await ask(client, "How long does a refund take?", session=session)

    async with Client(cloud.ws_url, cloud.token(user="somebody-else")) as stranger:
        refused = await ask(stranger, "What was asked before?", session=session)
        assert refused.last["code"] == "forbidden"

    async with Client(cloud.ws_url, cloud.token(tenant="other")) as foreigner:
        heard = await ask(foreigner, "How long does a refund take?", session=session)
    assert heard.of("source") == []
    assert heard.last["covered"] is False


async def test_a_ping_is_answered(client: Client) -> None:
    assert await client.ping() < 5


def calls(cloud: LocalCloud, marker: str) -> list[dict[str, Any]]:
    """The chat requests whose question holds the marker."""
    return [
        exchange
        for exchange in cloud.models.ledger.recent()
        if exchange["path"].endswith("/chat/completions") and marker in exchange["messages"][-1]["content"]
    ]


async def ended(cloud: LocalCloud, marker: str) -> None:
    """Until the model's answer to the marked question is over."""
    async with asyncio.timeout(20):
        while not any(call["finished"] for call in calls(cloud, marker)):  # noqa: ASYNC110 - another process acts
            await asyncio.sleep(0.02)
