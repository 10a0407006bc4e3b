"""The chat page as the local cloud serves it, in a real browser, over the real path.

`THINKALOUD_SCREENSHOTS=docs make test ARGS="tests/cloud -k picture"` takes the README's pictures anew.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, ViewportSize, expect

from localcloud.cloud import LocalCloud
from localcloud.models.controls import Fault as ModelFault
from localcloud.models.controls import Override
from tests.browser import OpenUrl
from tests.cloud.conversation import unlike_others
from tests.cloud.test_answer import calls
from tests.cloud.test_failures import stored
from thinkaloud.state.dynamo_conversations import DynamoConversations

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("markdown")]

REFUND = "How long does a refund take?"
LEAVE = "我们部门今年的年假额度是多少？"
OpenCloud = Callable[..., Awaitable[Page]]

#: Every state of the connection from now on, one entry a change.
WATCH_LINK = """() => {
  const link = document.getElementById("link");
  window.states = [link.dataset.state];
  new MutationObserver(() => {
    if (link.dataset.state !== states.at(-1)) states.push(link.dataset.state);
  }).observe(link, { attributeFilter: ["data-state"] });
}"""


@pytest.fixture
def open_cloud(cloud: LocalCloud, open_url: OpenUrl) -> OpenCloud:
    """`await open_cloud(locale="zh-CN")`: the page, connected."""

    async def open_one(url: str | None = None, **options: Any) -> Page:
        page = await open_url(url or cloud.page_url, **options)
        await expect(page.locator("#link")).to_have_attribute("data-state", "open")
        return page

    return open_one


async def ask(page: Page, question: str) -> Locator:
    """The turn of `question`, just asked."""
    number = await page.get_by_role("article").count()
    await page.get_by_role("textbox").fill(question)
    await page.keyboard.press("Enter")
    return page.get_by_role("article").nth(number)


async def ended(turn: Locator, state: str = "done") -> None:
    await expect(turn).to_have_attribute("data-state", state, timeout=30_000)


def scripted(cloud: LocalCloud, script: str, words: str) -> str:
    """A question that this script answers."""
    marker = unlike_others()
    cloud.models.controls.put_override(Override(contains=marker, model=f"script:{script}"))
    return f"{words} {marker}"


async def growing(turn: Locator) -> str:
    """What the answer says so far, once it has grown in sight of the reader."""
    prose = turn.locator(".growing .prose")
    await expect(prose).not_to_be_empty()
    first = await prose.inner_text()
    await expect(prose).not_to_have_text(first)
    later = await prose.inner_text()
    assert later.startswith(first)
    return later


async def cut(cloud: LocalCloud) -> None:
    for connection in cloud.gateway.connections:
        connection.cut()


@pytest.mark.parametrize(
    ("locale", "question", "words", "trail", "uri", "model"),
    [
        (
            "en-GB",
            REFUND,
            "at most 5 working days",
            ["Found 5 passages", "Writing the answer"],
            "en/refunds.md",
            "Model: ",
        ),
        ("zh-CN", LEAVE, "客服部 11 天", ["找到 5 段相关资料", "撰写回答"], "zh/annual-leave.md", "模型："),
    ],
    ids=["en", "zh"],
)
async def test_a_question_is_answered_in_sight(
    open_cloud: OpenCloud, locale: str, question: str, words: str, trail: list[str], uri: str, model: str
) -> None:
    page = await open_cloud(locale=locale)
    await expect(page.locator("#model")).to_contain_text(f"{model}extractive")
    turn = await ask(page, question)
    await ended(turn)

    await expect(turn.locator(".trail-label")).to_have_text(trail)
    for more in await turn.locator(".trail-more").all_inner_texts():
        assert more.endswith((" ms", " s"))
    await expect(turn.locator(".prose")).to_contain_text(words)
    await expect(turn.locator(".source")).to_have_count(5)

    citation = turn.locator(".cite").first
    source = turn.locator(".source").nth(int(await citation.inner_text()) - 1)
    await expect(source).to_have_class("source cited")
    await expect(source.locator("blockquote")).to_be_hidden()
    await citation.click()
    await expect(source.locator("blockquote")).to_be_visible()
    await expect(source.locator("blockquote")).to_contain_text(words)
    await expect(source.locator(".uri")).to_have_text(f"handbook/{uri}")


async def test_either_language_is_answered_on_a_page_in_the_other(open_cloud: OpenCloud) -> None:
    page = await open_cloud()
    turn = await ask(page, LEAVE)
    await ended(turn)
    await expect(turn.locator(".trail-label").first).to_have_text("Found 5 passages")
    await expect(turn.locator(".prose")).to_contain_text("客服部 11 天")
    await expect(turn.locator(".answer")).to_have_attribute("lang", "zh-CN")


async def test_a_follow_up_is_asked_of_the_same_conversation(cloud: LocalCloud, open_cloud: OpenCloud) -> None:
    page = await open_cloud()
    await ended(await ask(page, REFUND))
    turn = await ask(page, "And for gift cards?")
    await ended(turn)

    await expect(turn.locator(".source-title").first).to_have_text("Gift cards")
    prompt = cloud.models.ledger.recent()[-1]["messages"]
    assert [message["role"] for message in prompt] == ["system", "user", "assistant", "user"]
    assert prompt[1]["content"] == REFUND


async def test_a_growing_answer_is_stopped(cloud: LocalCloud, open_cloud: OpenCloud) -> None:
    page = await open_cloud()
    question = scripted(cloud, "tokens-50", REFUND)
    turn = await ask(page, question)
    said = await growing(turn)
    await page.keyboard.press("Escape")

    await ended(turn)
    await expect(turn.get_by_text("You stopped this answer.")).to_be_visible()
    assert (await turn.locator(".prose").inner_text()).startswith(said)
    [call] = calls(cloud, question)
    assert call["outcome"] == "aborted"
    await ended(await ask(page, REFUND))


async def test_an_answer_is_stopped_before_its_first_word(cloud: LocalCloud, open_cloud: OpenCloud) -> None:
    page = await open_cloud(locale="zh-CN")
    turn = await ask(page, scripted(cloud, "stall-at-start", LEAVE))
    await expect(turn.locator(".trail-label").last).to_have_text("撰写回答")
    await page.get_by_role("button", name="停止回答").click()

    await ended(turn)
    await expect(turn.get_by_text("您停止了这个回答。")).to_be_visible()
    await expect(turn.locator(".prose")).to_have_count(0)


async def test_a_connection_cut_in_mid_answer_comes_back_and_the_answer_goes_on(
    cloud: LocalCloud, open_cloud: OpenCloud, conversations: DynamoConversations
) -> None:
    page = await open_cloud()
    await page.evaluate(WATCH_LINK)
    question = scripted(cloud, "tokens-50", REFUND)
    turn = await ask(page, question)
    said = await growing(turn)
    kept = await page.evaluate("JSON.parse(sessionStorage['thinkaloud.conversation'])")
    await cut(cloud)

    await ended(turn)
    assert await page.evaluate("states") == ["open", "waiting", "connecting", "open"]
    outcome = await stored(conversations, kept["session"], kept["turns"][0]["id"])
    shown = await turn.locator(".prose").inner_text()
    assert shown.startswith(said)
    assert "".join(shown.split()) == "".join(outcome.answer.split())
    assert len(calls(cloud, question)) == 1


async def test_a_reload_keeps_the_conversation(cloud: LocalCloud, open_cloud: OpenCloud) -> None:
    page = await open_cloud()
    turn = await ask(page, REFUND)
    await ended(turn)
    before = await turn.inner_text()
    await page.reload()

    await expect(page.locator("#link")).to_have_attribute("data-state", "open")
    assert await turn.inner_text() == before
    await turn.locator(".cite").first.click()
    await expect(turn.locator(".source blockquote").filter(visible=True)).to_contain_text("at most 5 working days")
    await ended(await ask(page, "And for gift cards?"))
    assert cloud.models.ledger.recent()[-1]["messages"][1]["content"] == REFUND


async def test_a_reload_in_mid_answer_goes_on_with_it(cloud: LocalCloud, open_cloud: OpenCloud) -> None:
    page = await open_cloud(locale="zh-CN")
    question = scripted(cloud, "tokens-100", LEAVE)
    turn = await ask(page, question)
    await growing(turn)
    await page.reload()

    await ended(turn)
    [call] = calls(cloud, question)
    assert call["outcome"] == "finished"
    assert "".join((await turn.locator(".prose").inner_text()).split()) == "".join(call["said"].split())
    following = await ask(page, LEAVE)
    await ended(following)
    await expect(following.locator(".prose")).to_contain_text("客服部 11 天")


@pytest.mark.parametrize(
    ("locale", "words", "script", "trouble"),
    [
        ("en-GB", REFUND, "half-a-stream", "The model broke off in mid-answer."),
        ("zh-CN", LEAVE, "rate-limited", "模型过载，请稍候再问。"),
    ],
    ids=["en", "zh"],
)
async def test_a_model_that_fails_is_said_and_asked_again(
    cloud: LocalCloud, open_cloud: OpenCloud, locale: str, words: str, script: str, trouble: str
) -> None:
    page = await open_cloud(locale=locale)
    turn = await ask(page, scripted(cloud, script, words))
    await ended(turn, "failed")
    await expect(turn.locator(".trouble")).to_contain_text(trouble)
    cloud.models.controls.drop_overrides()
    await turn.locator(".trouble button").click()
    await ended(turn)


async def test_a_search_that_fails_is_said_and_the_answer_comes(cloud: LocalCloud, open_cloud: OpenCloud) -> None:
    cloud.models.controls.put_fault(ModelFault(path="/v1/embeddings", status=503, count=None))
    page = await open_cloud(locale="zh-CN")
    turn = await ask(page, LEAVE)
    await ended(turn)
    await expect(turn.locator(".trail li").first).to_have_attribute("data-state", "error")
    await expect(turn.locator(".sources")).to_be_hidden()
    await expect(turn.locator(".prose")).not_to_be_empty()


async def test_localhost_is_as_good_a_name(cloud: LocalCloud, open_cloud: OpenCloud) -> None:
    page = await open_cloud(cloud.page_url.replace("127.0.0.1", "localhost"))
    await ended(await ask(page, REFUND))


@pytest.mark.parametrize("path", ["", "local/config.json"])
async def test_a_foreign_name_for_this_machine_is_refused(cloud: LocalCloud, open_url: OpenUrl, path: str) -> None:
    """As in DNS rebinding: the name is another's, the address is this machine's."""
    foreign = cloud.page_url.replace("127.0.0.1", "rebound.localhost") + path
    page = await open_url(foreign, tolerate=("403 (Forbidden)",))
    await expect(page.locator("body")).to_have_text("open this page as http://127.0.0.1")
    answer = await page.evaluate("fetch('/local/config.json').then(({ status }) => status)")
    assert answer == 403


async def test_the_policy_is_in_force(open_cloud: OpenCloud) -> None:
    page = await open_cloud(tolerate=("Content Security Policy", "'Trusted"))
    inline = "document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = true' }))"
    markup = "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')"
    for attempt in (inline, markup):
        assert await page.evaluate(f"() => {{ try {{ {attempt}; return '' }} catch (error) {{ return error.name }} }}")
    assert await page.evaluate("window.ran === undefined")


@pytest.mark.parametrize(
    ("file", "locale", "questions"),
    [
        ("page.png", "en-GB", [REFUND, "How do I report a lost laptop?"]),
        ("page-zh.png", "zh-CN", [LEAVE, "差旅报销要在多久之内提交？"]),
    ],
    ids=["en", "zh"],
)
async def test_the_readmes_picture(open_cloud: OpenCloud, file: str, locale: str, questions: list[str]) -> None:
    page = await open_cloud(locale=locale, viewport=ViewportSize(width=1360, height=850), color_scheme="light")
    for question in questions:
        turn = await ask(page, question)
        await ended(turn)
    await page.evaluate("scrollTo(0, 0)")
    await turn.locator(".cite").first.hover()
    await expect(turn.locator(".source.pointed")).to_have_count(1)
    picture = await page.screenshot()
    assert 20_000 < len(picture) < 300_000
    if folder := os.environ.get("THINKALOUD_SCREENSHOTS"):
        await asyncio.to_thread((Path(folder) / file).write_bytes, picture)
