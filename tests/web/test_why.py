"""Why an answer says what it says, as far as the page can tell."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.http_api import HttpApi
from tests.web import scenes
from tests.web.conftest import OpenPage
from tests.web.stage import Stage, Turn
from tests.web.test_use import CONTRASTS, FITS, PHONE, ask

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("markdown")]


def weighed(title: str, score: float, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"{title}#1",
        "uri": "handbook/en/refunds.md",
        "title": title,
        "section": title,
        "score": score,
        **fields,
    }


AUDIT: dict[str, Any] = {
    "question": "and for gift cards?",
    "asked_at": 1_795_000_000.0,
    "kind": "follow_up",
    "search": "How long does a refund take for gift cards?",
    "context": "Refunds, parcels, working days",
    "rewritten": "rules",
    "candidates": [
        weighed("Gift cards", 0.8314, section="Refunds to a card", page=12, reranked=0.97, number="1"),
        weighed("Refunds", 0.7121, section="When the money arrives", reranked=0.61, number="2"),
        weighed("Refunds", 0.7, page=3, dropped="duplicate"),
        weighed("Returns", 0.31, reranked=0.02, dropped="score"),
        weighed("<b>Prices</b>", 0.3, dropped="from_the_future"),
    ],
    "threshold": 0.42,
    "covered": True,
    "variant": "plain",
    "prompt": "answer.v3",
    "models": {"chat": "gpt-x", "embedding": "wordllama", "rerank": "bge-reranker-v2-m3"},
    "cited": ["1", "2", "1"],
    "removed": ["7"],
    "timings": {"embed": 0.004, "search": 0.021, "rerank": 0.18, "first_token": 0.3, "generation": 1.31, "total": 1.5},
    "usage": {"prompt": 812, "completion": 96, "estimated": False},
    "finish": "stop",
}


async def answered(page: Page, stage: Stage, question: str = scenes.QUESTION) -> Locator:
    stage.on_ask = stage.on_ask or scenes.whole
    await ask(page, question)
    turn = page.get_by_role("article")
    await expect(turn).to_have_attribute("data-state", "done")
    return turn


async def opened(
    turn: Locator, stage: Stage, api: HttpApi, audit: dict[str, Any] | None, name: str = "Why this answer"
) -> Locator:
    asked = await stage.wait_for("ask")
    if audit is not None:
        api.audits[(asked["session"], asked["turn"])] = audit
    await turn.get_by_text(name).click()
    return turn.locator(".why-body")


async def test_an_answer_is_explained(open_page: OpenPage, stage: Stage, api: HttpApi) -> None:
    page = await open_page()
    turn = await answered(page, stage)
    assert not any("audit" in request for request in api.requests)
    why = await opened(turn, stage, api, AUDIT)

    await expect(why).to_contain_text("How long does a refund take for gift cards?")
    await expect(why).to_contain_text("the rules for them worked out what it means")
    await expect(why).to_contain_text("Refunds, parcels, working days")
    await expect(why).to_contain_text("The documents cover the question: the re-ranker gives the best passage 0.970.")
    rows = why.get_by_role("row")
    await expect(rows).to_have_count(5)
    await why.get_by_role("button", name="Show 1 more").click()
    await expect(rows).to_have_count(6)
    await expect(rows.nth(1)).to_contain_text("Refunds to a card · p. 12")
    await expect(rows.nth(1)).to_contain_text("Given to the answer as [1]")
    await expect(rows.nth(1).get_by_role("cell")).to_have_text(["0.831", "0.970"])
    await expect(rows.nth(3)).to_contain_text("p. 3")
    await expect(rows.nth(3)).to_contain_text("it says what another one says")
    await expect(rows.nth(3).get_by_role("cell")).to_have_text(["0.700", "–"])
    await expect(rows.nth(4)).to_contain_text("its score is too low")
    await expect(rows.nth(5)).to_contain_text("<b>Prices</b>")
    await expect(rows.nth(5)).to_contain_text("from_the_future")
    await expect(why.locator(".bars > div")).to_have_text(
        ["Embedding4 ms", "Index21 ms", "Re-ranking180 ms", "First words after300 ms", "Writing1.3 s", "Total1.5 s"]
    )
    widths = [(await bar.bounding_box() or {})["width"] for bar in await why.locator(".bar-length").all()]
    assert widths == sorted(widths)
    assert widths[-1] > 5 * widths[2]
    for words in ("answer.v3", "plain", "gpt-x", "wordllama", "bge-reranker-v2-m3", "812 in, 96 out", "[1] [2]", "[7]"):
        await expect(why.locator(".why-facts")).to_contain_text(words)

    await page.get_by_role("button", name="中文").click()
    await expect(why).to_contain_text("这是追问，其含义由规则补全。")
    await expect(why).to_contain_text("第 12 页")
    assert sum("audit" in request for request in api.requests if request.startswith("GET")) == 1


async def test_without_a_re_ranker_the_score_decides(open_page: OpenPage, stage: Stage, api: HttpApi) -> None:
    page = await open_page()
    turn = await answered(page, stage)
    candidates = [weighed("Refunds", 0.31, number="1"), weighed("Returns", 0.2, dropped="score")]
    why = await opened(turn, stage, api, {**AUDIT, "candidates": candidates, "covered": False})
    await expect(why).to_contain_text(
        "do not cover the question: the best passage scores 0.310, and 0.420 is asked for."
    )
    await expect(why.get_by_role("row").nth(1)).to_contain_text("Named as close, as [1]")
    await expect(why.get_by_role("columnheader")).to_have_text(["Passage", "Score"])


async def test_talk_is_explained_without_a_search(open_page: OpenPage, stage: Stage, api: HttpApi) -> None:
    page = await open_page()
    turn = await answered(page, stage)
    why = await opened(
        turn, stage, api, {"question": "Thanks!", "asked_at": 1.0, "kind": "talk", "timings": {"total": 0.2}}
    )
    await expect(why).to_contain_text("Nothing: this was about the conversation itself.")
    await expect(why.get_by_role("table")).to_have_count(0)


async def test_an_answer_without_a_record_says_so(open_page: OpenPage, stage: Stage, api: HttpApi) -> None:
    page = await open_page(tolerate=("404",))
    turn = await answered(page, stage)
    why = await opened(turn, stage, api, None)
    await expect(why).to_contain_text("There is no record")
    asked = await stage.wait_for("ask")
    api.audits[(asked["session"], asked["turn"])] = AUDIT
    await why.get_by_role("button", name="Try again").click()
    await expect(why).to_contain_text("answer.v3")


async def test_without_the_http_api_it_is_not_offered(open_page: OpenPage, stage: Stage) -> None:
    page = await open_page()
    turn = await answered(page, stage)
    await expect(turn.get_by_text("Details")).to_be_visible()
    await expect(turn.get_by_text("Why this answer")).to_be_hidden()


async def uncovered(turn: Turn) -> None:
    await turn.accepted()
    await turn.source({**scenes.REFUNDS, "page": 4}, {**scenes.RETURNS, "section": None, "page": 9})
    await turn.text("The documents do not answer this. The closest are Refunds and Returns.")
    await turn.complete(covered=False)


async def test_an_answer_that_the_documents_do_not_give_is_marked(open_page: OpenPage, stage: Stage) -> None:
    stage.on_ask = uncovered
    page = await open_page()
    turn = await answered(page, stage)
    await expect(turn.get_by_text("Not covered by the documents")).to_be_visible()
    await expect(turn.get_by_role("heading", name="Closest documents")).to_be_visible()
    await expect(turn.locator(".source-section")).to_have_text(["When the money arrives · p. 4", "p. 9"])
    await expect(page.locator("#announcer")).to_contain_text("Not covered by the documents")
    await page.reload()
    await expect(page.get_by_text("Not covered by the documents")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
async def test_it_can_be_read_anywhere(
    open_page: OpenPage, stage: Stage, api: HttpApi, scheme: str, locale: str, phone: bool
) -> None:
    chinese = locale == "zh-CN"
    stage.on_ask = uncovered
    size = PHONE if phone else {"viewport": {"width": 1300, "height": 1200}}
    page = await open_page(locale=locale, color_scheme=scheme, **size)
    turn = await answered(page, stage)
    audit = {**AUDIT, "covered": False, "threshold": 0.99, "filter": {"kind": {"$in": ["handbook"] * 6}}}
    why = await opened(turn, stage, api, audit, "为何这样回答" if chinese else "Why this answer")
    await expect(why.get_by_role("row")).to_have_count(5)
    assert await page.evaluate(FITS)
    worst = await page.evaluate(CONTRASTS)
    assert worst[0][0] >= 4.5, worst[:3]
    if folder := os.environ.get("THINKALOUD_SCREENSHOTS"):
        name = f"why-{locale}-{scheme}-{'phone' if phone else 'desktop'}.png"
        await page.screenshot(path=Path(folder) / name, full_page=True)
