"""A `source` frame of 200 KB: split for the wire, joined by clients, kept and replayed."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from localcloud.gateway.faults import FaultPlan
from tests.scenarios.device import Told, device
from tests.scenarios.stage import ROOT, Stage, opened
from thinkaloud.protocol.encode import MAX_FRAME

DOCUMENTS = 110
SENTENCE = "青禾户外的客户在退款之前需要说明购买日期、订单号码、商品状况与希望的处理方式，客服会在两个工作日之内答复。"
WORDS = [SENTENCE[at : at + 2] for at in range(0, len(SENTENCE) - 1, 2)]


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A cloud that finds a hundred long passages for a question."""
    handbook = tmp_path_factory.mktemp("handbook")
    folder = handbook.joinpath(*[SENTENCE] * 9)  # every source names its way there
    folder.mkdir(parents=True)
    for number in range(DOCUMENTS):
        # No two alike: near-duplicates are dropped.
        words = random.Random(number).choices(WORDS, k=140)
        page = f"# 第{number}号退款：{''.join(words[:90])}\n\n{''.join(words[90:])}。\n"
        (folder / f"refunds-{number}.md").write_text(page, encoding="utf-8")
    environ = {"TOP_K": "100", "MATCH_SHARE": "0", "PROMPT_TOKENS": "500000"}
    async with opened(tmp_path_factory.mktemp("large"), environ, samples=False) as stage:
        await load(stage, handbook)
        yield stage


async def load(stage: Stage, folder: Path) -> None:
    """Put the documents of a folder into the index, as the samples are."""
    environment = json.loads((stage.cloud.state / "local.json").read_text())["environment"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "localcloud.samples", str(folder), "demo"),
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT / 'shared'}:{ROOT}", **environment},
        stdout=PIPE,
        stderr=PIPE,
    )
    count, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    assert int(count) == DOCUMENTS


async def test_a_large_frame_is_split_and_joined_and_replayed(stage: Stage) -> None:
    question = stage.question({"do": "text", "tokens": 50, "rate": 50})
    async with device(stage.cloud) as phone:
        told = await phone.ask(question)
        await phone.ends(question, 60)
        pieces = phone.of("fragment")
        [whole] = phone.joined
        assert phone.longest <= MAX_FRAME
    assert whole["type"] == "source"
    assert len(json.dumps(whole, ensure_ascii=False).encode()) > 200_000
    assert len(pieces) > 6
    assert len({piece["id"] for piece in pieces}) == 1
    assert "\N{REPLACEMENT CHARACTER}" not in json.dumps(whole, ensure_ascii=False)
    assert len(told.sources) == 100

    outcome = (await stage.stored(question)).outcome
    assert outcome is not None
    assert outcome.sources == told.sources

    await stage.free(question.session)
    async with device(stage.cloud) as later:
        again = Told()
        assert (await later.resume(question, again))["state"] == "done"
        await later.ends(question)
        assert later.longest <= MAX_FRAME
    assert (again.sources, again.text) == (told.sources, told.text)


async def test_the_client_library_joins_it(stage: Stage) -> None:
    question = stage.question({"do": "text", "text": "Fourteen days."})
    async with stage.client() as client:
        answer = client.ask(question.text, session=question.session, turn=question.turn)
        async for _ in answer:
            pass
    assert len(answer.message.sources) == 100
    assert answer.message.text == "Fourteen days."


async def test_a_piece_that_is_lost_comes_again(stage: Stage) -> None:
    """The frame lacks its number then, and the client resumes before it."""
    question = stage.question({"do": "text", "tokens": 50, "rate": 50})
    async with stage.client() as client:
        answer = client.ask(question.text, session=question.session, turn=question.turn)
        [connection] = stage.cloud.gateway.connections
        # Two statuses come first; the fourth piece is taken by the gateway and never delivered.
        stage.cloud.gateway.faults.set(FaultPlan(drop=True, after=5, count=1), connection.id)
        async for _ in answer:
            pass
    assert len(answer.message.sources) == 100
    assert answer.message.text == stage.calls(question)[0]["said"]
