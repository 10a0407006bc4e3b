"""A question and its answer, as one sees it."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.web import scenes
from tests.web.conftest import OpenPage
from tests.web.stage import Stage, Turn

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("markdown")]


async def ask(page: Page, question: str) -> None:
    await page.get_by_role("textbox").fill(question)
    await page.keyboard.press("Enter")


async def test_english_question(open_page: OpenPage, stage: Stage) -> None:
    stage.on_ask = scenes.whole
    page = await open_page()
    await expect(page.get_by_text("Connected")).to_be_visible()
    await page.get_by_role("button", name=scenes.QUESTION).click()

    turn = page.get_by_role("article", name=scenes.QUESTION)
    await expect(turn).to_have_attribute("data-state", "done")
    await expect(turn.get_by_role("heading", name=scenes.QUESTION)).to_be_visible()
    await expect(turn.locator("strong")).to_have_text("at most 5 working days")
    await expect(turn.locator(".prose li")).to_have_text(["2 days for inspecting the goods", "3 days for paying you 2"])
    await expect(turn.get_by_role("cell", name="24 hours")).to_be_visible()
    await expect(turn.locator(".trail li")).to_have_text(["Found 2 passages21 ms", "Writing the answer1.3 s"])
    await expect(turn.locator(".trail li")).to_have_count(2)

    sent = await stage.wait_for("ask")
    assert sent["message"]["text"] == scenes.QUESTION
    assert sent["locale"] == "en"
    assert stage.subprotocols == ["thinkaloud.v1", "bearer.token-1"]


async def test_chinese_question(open_page: OpenPage, stage: Stage) -> None:
    stage.on_ask = scenes.whole
    page = await open_page(locale="zh-CN")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await page.get_by_role("button", name=scenes.QUESTION_ZH).click()

    turn = page.get_by_role("article", name=scenes.QUESTION_ZH)
    await expect(turn).to_have_attribute("data-state", "done")
    # CommonMark alone would leave these stars in the text: a full stop inside, a character outside.
    await expect(turn.locator("strong")).to_have_text("门店和仓储物流部 12 天，客服部 11 天。")
    await expect(turn.locator(".trail li").first).to_have_text("找到 1 段相关资料21 ms")
    await expect(turn.get_by_role("button", name="来源 1：年假")).to_be_visible()
    await expect(turn.locator(".answer")).to_have_attribute("lang", "zh-CN")
    assert (await stage.wait_for("ask"))["locale"] == "zh-CN"


async def test_thinking_shows_at_once_and_text_as_it_forms(open_page: OpenPage, stage: Stage) -> None:
    gate = asyncio.Event()

    async def play(turn: Turn) -> None:
        await turn.accepted()
        await gate.wait()
        gate.clear()
        await scenes.halting(gate, "A refund takes **at most 5 wor", "king days** [1].")(turn)

    stage.on_ask = play
    page = await open_page()
    await ask(page, scenes.QUESTION)
    trail = page.locator(".trail li")
    await expect(trail).to_have_text(["Thinking"])
    gate.set()
    await expect(page.locator("strong")).to_have_text("at most 5 wor")
    await expect(trail).to_have_text(["Found 2 passages21 ms", "Writing the answer"])
    await expect(page.locator(".answer")).to_have_attribute("aria-busy", "true")
    await expect(page.locator(".growing")).to_be_visible()
    gate.set()
    await expect(page.locator("strong")).to_have_text("at most 5 working days")
    await expect(page.locator(".answer")).to_have_attribute("aria-busy", "false")
    await expect(page.locator(".growing")).to_have_count(0)


async def test_sources_open_and_citations_lead_to_them(open_page: OpenPage, stage: Stage) -> None:
    stage.on_ask = scenes.whole
    page = await open_page()
    await ask(page, scenes.QUESTION)
    first, second = page.locator(".source").nth(0), page.locator(".source").nth(1)
    snippet = first.get_by_text(scenes.REFUNDS["snippet"])
    await expect(first).to_contain_text("Refunds")
    await expect(first).to_contain_text("When the money arrives")
    await expect(snippet).to_be_hidden()

    await first.locator("summary").click()
    await expect(snippet).to_be_visible()
    await expect(first).to_contain_text("Match 0.83")
    await expect(first.get_by_text("handbook/en/refunds.md")).to_be_visible()
    await expect(first.get_by_role("link")).to_have_count(0)
    await first.locator("summary").click()
    await expect(snippet).to_be_hidden()

    citation = page.get_by_role("button", name="Source 2: Returns")
    await citation.hover()
    await expect(second).to_have_class("source pointed")
    await citation.click()
    await expect(second.locator("details")).to_have_attribute("open", "")
    await expect(second.locator("summary")).to_be_focused()
    link = second.get_by_role("link", name=scenes.RETURNS["uri"])
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await expect(link).to_have_attribute("target", "_blank")
    # The first is the one `complete` lists as cited.
    await expect(first).to_have_class("source cited")


async def test_details_name_model_tokens_times_and_trace(open_page: OpenPage, stage: Stage) -> None:
    stage.on_ask = scenes.whole
    page = await open_page()
    await expect(page.locator("#model")).to_contain_text("Model: extractive")
    await expect(page.locator("#model")).to_contain_text("quotes the best-matching sentences")
    await ask(page, scenes.QUESTION)
    details = page.locator(".facts details")
    await details.get_by_text("Details (1.4 s)").click()
    for fact in ("extractive", "812 in, 96 out", "First words after", "94 ms", "4bf92f3577b34da6a3ce929d0e0e4736"):
        await expect(details.get_by_text(fact)).to_be_visible()


@pytest.mark.parametrize(
    ("finish", "reason", "remark"),
    [
        ("length", None, "The answer reached its length limit and ends here."),
        ("content_filter", None, "The model's content filter ended this answer."),
        ("stopped", "deadline", "The answer ran out of time and ends here."),
        ("stopped", "a new reason", "The answer was stopped."),
        ("a new finish", None, "The model ended this answer early."),
    ],
)
async def test_finish_that_is_not_stop(
    open_page: OpenPage, stage: Stage, finish: str, reason: str | None, remark: str
) -> None:
    async def play(turn: Turn) -> None:
        await scenes.find(turn)
        await turn.text("A refund takes")
        await turn.complete(finish, reason=reason)

    stage.on_ask = play
    page = await open_page()
    await ask(page, scenes.QUESTION)
    await expect(page.locator(".outcome")).to_have_text(remark)


async def test_error_in_plain_words_and_a_retry_in_place(open_page: OpenPage, stage: Stage) -> None:
    async def fail(turn: Turn) -> None:
        await turn.accepted()
        await turn.status("generation", "start", "正在组织回答")
        await turn.status("generation", "error", "回答中断", latency=0.2)
        await turn.send("error", code="model_busy", message="The language model is overloaded.", retryable=True)

    stage.on_ask = fail
    page = await open_page(locale="zh-CN")
    await ask(page, scenes.QUESTION_ZH)
    await expect(page.locator(".trouble").filter(visible=True)).to_contain_text("模型过载，请稍候再问。")
    stage.on_ask = scenes.whole
    await page.get_by_role("button", name="重新提问").click()
    await expect(page.locator(".answer strong")).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(1)
    await expect(page.get_by_role("heading", name=scenes.QUESTION_ZH)).to_be_focused()
    first, second = await stage.wait_for("ask", 1), await stage.wait_for("ask", 2)
    assert second["replaces"] == first["turn"]
    assert second["turn"] != first["turn"]


async def test_error_that_a_retry_does_not_cure_gives_the_question_back(open_page: OpenPage, stage: Stage) -> None:
    async def refuse(turn: Turn) -> None:
        error = {"type": "error", "code": "brand_new", "message": "Not on a Sunday.", "retryable": False}
        await stage.send(turn.socket, {**error, "re": turn.ask["id"]})

    stage.on_ask = refuse
    page = await open_page()
    await ask(page, "Is the shop open?")
    await expect(page.locator(".trouble").filter(visible=True)).to_contain_text("Not on a Sunday.")
    await page.get_by_role("button", name="Edit the question").click()
    await expect(page.get_by_role("textbox")).to_have_value("Is the shop open?")
    await expect(page.get_by_role("article")).to_have_count(0)
    await expect(page.get_by_role("heading", name="Ask, and follow the thinking.")).to_be_visible()


async def test_gateway_error_is_shown(open_page: OpenPage, stage: Stage) -> None:
    async def break_down(turn: Turn) -> None:
        gateway = {"message": "Internal server error", "connectionId": "c=", "requestId": "r="}
        await stage.send(turn.socket, gateway)

    stage.on_ask = break_down
    page = await open_page()
    await ask(page, scenes.QUESTION)
    await expect(page.locator(".trouble").filter(visible=True)).to_contain_text("The server did not take the question.")
    await expect(page.get_by_role("button", name="Ask again")).to_be_visible()


@pytest.mark.parametrize("how", ["button", "escape"])
async def test_stop(open_page: OpenPage, stage: Stage, how: str) -> None:
    stopped = asyncio.Event()

    async def play(turn: Turn) -> None:
        await scenes.find(turn)
        await turn.text("A refund takes")
        await stopped.wait()
        await turn.complete("stopped", reason="user")

    async def on_frame(socket: object, frame: object) -> None:
        stopped.set()

    stage.on_ask, stage.on_frame = play, on_frame
    page = await open_page()
    await ask(page, scenes.QUESTION)
    await expect(page.locator(".prose")).to_have_text("A refund takes")
    stop = page.get_by_role("button", name="Stop the answer")
    await (stop.click() if how == "button" else page.keyboard.press("Escape"))
    await expect(page.locator(".outcome")).to_have_text("You stopped this answer.")
    await expect(stop).to_be_hidden()
    asked = await stage.wait_for("ask")
    sent = await stage.wait_for("stop")
    assert (sent["session"], sent["turn"]) == (asked["session"], asked["turn"])


async def test_stop_where_the_server_cannot(open_page: OpenPage, stage: Stage) -> None:
    gate = asyncio.Event()
    stage.on_ask = scenes.halting(gate, "A refund takes", " 5 days.")

    async def on_frame(socket: object, frame: dict[str, object]) -> None:
        error = {"type": "error", "code": "unknown_action", "message": "unknown", "retryable": False}
        await stage.send(stage.sockets[-1], {**error, "re": frame["id"]})

    stage.on_frame = on_frame
    page = await open_page()
    await ask(page, scenes.QUESTION)
    await expect(page.locator(".prose")).to_have_text("A refund takes")
    await page.get_by_role("button", name="Stop the answer").click()
    await expect(page.locator(".outcome")).to_have_text("This server cannot stop an answer.")
    gate.set()
    await expect(page.locator(".prose")).to_have_text("A refund takes 5 days.")


async def test_second_question_waits_for_the_first(open_page: OpenPage, stage: Stage) -> None:
    gate = asyncio.Event()
    stage.on_ask = scenes.halting(gate, "One.")
    page = await open_page()
    await ask(page, "First?")
    await expect(page.locator(".prose")).to_have_text("One.")
    await ask(page, "Second?")
    await expect(page.locator(".trail").last).to_have_text("Will be sent after this answer")
    gate.set()
    await expect(page.locator(".turn").last).to_have_attribute("data-state", "done")
    asked = [frame["message"]["text"] for frame in stage.received]
    assert asked == ["First?", "Second?"]


async def test_reload_keeps_the_conversation_until_a_new_one(open_page: OpenPage, stage: Stage) -> None:
    stage.on_ask = scenes.whole
    page = await open_page()
    await ask(page, scenes.QUESTION)
    await expect(page.locator(".turn")).to_have_attribute("data-state", "done")
    await page.reload()
    await expect(page.locator(".answer strong")).to_have_text("at most 5 working days")
    await expect(page.get_by_text("Connected")).to_be_visible()
    await ask(page, "And in winter?")
    first, second = await stage.wait_for("ask", 1), await stage.wait_for("ask", 2)
    assert first["session"] == second["session"]
    await page.get_by_role("button", name="New conversation").click()
    await expect(page.get_by_role("article")).to_have_count(0)
    await ask(page, "Something else?")
    assert (await stage.wait_for("ask", 3))["session"] != first["session"]


async def test_tools_and_reasoning(open_page: OpenPage, stage: Stage) -> None:
    async def play(turn: Turn) -> None:
        await turn.accepted()
        await turn.send("reasoning", part="r", step=1, content="The order matters.")
        await turn.send("tool_call", call="c1", step=1, name="find_order", args={"number": 7}, runs="server")
        await turn.send("tool_result", call="c1", status="ok", output={"state": "sent"})
        await turn.send("text", part="answer", step=2, content="It is on its way.")
        await turn.complete()

    stage.on_ask = play
    page = await open_page()
    await ask(page, "Where is my parcel?")
    await expect(page.locator(".prose")).to_have_text("It is on its way.")
    await page.get_by_text("Reasoning").click()
    await expect(page.get_by_text("The order matters.")).to_be_visible()
    await page.get_by_text("find_order").click()
    await expect(page.locator("pre.aside-body")).to_contain_text('"number": 7')


async def test_copy_gives_the_markdown(open_page: OpenPage, stage: Stage) -> None:
    stage.on_ask = scenes.whole
    page = await open_page(permissions=["clipboard-read", "clipboard-write"])
    await ask(page, scenes.QUESTION)
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == scenes.ANSWER


async def test_a_source_shows_what_the_answer_took_from_it(open_page: OpenPage, stage: Stage) -> None:
    snippet = "It takes 5 days. Cards take longer. <b>It takes 5 days.</b>"

    async def quote(turn: Turn) -> None:
        await turn.accepted()
        await turn.source({**scenes.REFUNDS, "snippet": snippet}, scenes.RETURNS)
        await turn.text("Five days [1], more for cards [1].")
        taken = ["Cards take longer.", "5 days. Cards", "It takes 5 days.", "said nowhere"]
        await turn.complete(
            citations=[{"part": "answer", "start": 0, "end": 3, "source": "1", "quote": quote} for quote in taken]
        )

    stage.on_ask = quote
    page = await open_page()
    await ask(page, scenes.QUESTION)
    await page.get_by_role("button", name="Source 1: Refunds").first.click()
    card = page.locator(".source").first
    await expect(card.locator("blockquote")).to_have_text(snippet)
    await expect(card.locator("mark")).to_have_text(["It takes 5 days.", "Cards take longer."])
    await expect(page.locator(".source").last.locator("mark")).to_have_count(0)
