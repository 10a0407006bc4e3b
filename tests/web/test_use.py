"""Languages, keyboard, screen readers, phones, colours: the page for everybody."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.web import scenes
from tests.web.conftest import OpenPage
from tests.web.stage import Stage, Turn

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("markdown")]

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}

#: The contrast of every text that is on the page, against what is painted behind it: `[ratio, text]`, worst first.
CONTRASTS = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const paint = (colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
    }
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((value) => value / 255);
  };
  // https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const light = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility() || element.closest(".unseen, .skip, :disabled")) continue;
    const behind = [];
    for (let node = element; node; node = node.parentElement) behind.unshift(getComputedStyle(node).backgroundColor);
    const [dark, bright] = [light(paint(behind)), light(paint([...behind, getComputedStyle(element).color]))]
      .sort((one, other) => one - other);
    found.push([(bright + 0.05) / (dark + 0.05), text.slice(0, 40)]);
  }
  return found.sort((one, other) => one[0] - other[0]);
}"""

#: The name of what has the focus, and whether one can see that it has.
FOCUSED = """() => {
  const node = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(node);
  const seen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  if (node === document.body) return ["", true];
  return [node.getAttribute("aria-label") ?? node.textContent.trim(), seen];
}"""

#: Nothing reaches past the right edge, except inside what scrolls by itself.
FITS = """() => document.documentElement.scrollWidth <= innerWidth &&
  [...document.querySelectorAll("header *, main *, form *")].every(
    (node) => node.closest("pre, table, .unseen") || node.getBoundingClientRect().right <= innerWidth + 0.5)"""


async def ask(page: Page, question: str) -> None:
    await page.get_by_role("textbox").fill(question)
    await page.keyboard.press("Enter")


async def everything(page: Page, stage: Stage) -> None:
    """An answer with a bit of everything, then an error, with whatever can be opened open."""

    async def fail(turn: Turn) -> None:
        await turn.accepted()
        await turn.status("generation", "error", "The answer broke off", latency=0.1)
        await turn.text(
            "Half an answer with `code` and\n\n> a quote\n\n```\n" + "a very long line of code " * 12 + "\n```"
        )
        await turn.send("error", code="model_broken", message="", retryable=True)

    stage.on_ask = scenes.whole
    await ask(page, scenes.QUESTION)
    await expect(page.locator(".turn")).to_have_attribute("data-state", "done")
    stage.on_ask = fail
    await ask(page, "Averylongwordwithoutanyplacetobreakit" * 4)
    await expect(page.locator(".turn").last).to_have_attribute("data-state", "failed")
    await page.evaluate("document.querySelectorAll('details').forEach((node) => (node.open = true))")


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
async def test_a_phone_shows_everything_without_scrolling_sideways(
    open_page: OpenPage, stage: Stage, locale: str
) -> None:
    page = await open_page(**PHONE, locale=locale, tolerate=("WebSocket connection to",))
    assert await page.evaluate(FITS)
    # Nothing is focused yet: the keyboard would cover the page.
    assert await page.evaluate("document.activeElement === document.body")
    await everything(page, stage)
    assert await page.evaluate(FITS)
    await expect(page.get_by_role("textbox")).to_be_in_viewport()
    stage.down = True
    await stage.drop()
    await expect(page.get_by_role("button", name="Try now" if locale == "en-GB" else "立即重试")).to_be_visible(
        timeout=20_000
    )
    assert await page.evaluate(FITS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_contrast(open_page: OpenPage, stage: Stage, scheme: str) -> None:
    page = await open_page(color_scheme=scheme)
    empty = await page.evaluate(CONTRASTS)
    assert empty[0][0] >= 4.5, empty[:3]
    await everything(page, stage)
    full = await page.evaluate(CONTRASTS)
    assert len(full) > 40
    assert full[0][0] >= 4.5, full[:3]
    paper = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert paper == {"light": "rgb(248, 249, 248)", "dark": "rgb(17, 22, 21)"}[scheme]


async def test_language_is_switched_and_remembered(open_page: OpenPage, stage: Stage) -> None:
    stage.on_ask = scenes.whole
    page = await open_page(locale="zh-TW")
    await expect(page.get_by_role("heading", name="问吧，思路看得见。")).to_be_visible()
    await expect(page.locator(".examples ul").first).to_have_attribute("lang", "zh-CN")
    await ask(page, scenes.QUESTION)
    await expect(page.get_by_role("heading", name="来源")).to_be_visible()
    await expect(page.get_by_role("button", name="来源 1：Refunds")).to_be_visible()
    await page.get_by_role("button", name="EN", exact=True).click()
    await expect(page.get_by_role("button", name="Source 1: Refunds")).to_be_visible()
    await expect(page.get_by_role("heading", name="Sources")).to_be_visible()
    await expect(page.locator("#model")).to_contain_text("quotes the best-matching sentences")
    await expect(page.get_by_role("textbox", name="Your question")).to_be_visible()
    await expect(page.get_by_role("button", name="EN", exact=True)).to_have_attribute("aria-pressed", "true")
    # What the server wrote stays as it came.
    await expect(page.locator(".trail li").last).to_contain_text("撰写回答")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_keyboard_alone(open_page: OpenPage, stage: Stage) -> None:
    stage.on_ask = scenes.whole
    page = await open_page()
    field = page.get_by_role("textbox")
    await expect(field).to_be_focused()
    await page.keyboard.type("First line")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("second line")
    await expect(field).to_have_value("First line\nsecond line")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("")
    await expect(page.locator(".turn")).to_have_attribute("data-state", "done")
    assert (await stage.wait_for("ask"))["message"]["text"] == "First line\nsecond line"

    await page.evaluate("document.activeElement.blur(); getSelection().collapse(document.body, 0)")
    reached = {}
    for _ in range(11):
        await page.keyboard.press("Tab")
        name, ring = await page.evaluate(FOCUSED)
        reached[name] = ring
    # Between the end of the page and its beginning, the focus is on nothing.
    reached.pop("", None)
    assert next(iter(reached)) == "Skip to the question field"
    assert {"New conversation", "中文", "Source 1: Refunds", "Source 2: Returns", "Copy"} <= reached.keys()
    assert all(reached.values()), reached

    citation = page.get_by_role("button", name="Source 1: Refunds")
    await citation.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text(scenes.REFUNDS["snippet"])).to_be_visible()
    await page.keyboard.press("Space")
    await expect(page.get_by_text(scenes.REFUNDS["snippet"])).to_be_hidden()


async def test_enter_that_belongs_to_an_input_method_sends_nothing(open_page: OpenPage, stage: Stage) -> None:
    page = await open_page(locale="zh-CN")
    await page.get_by_role("textbox").fill("年假")
    for init in ("{ key: 'Enter', isComposing: true }", "{ key: 'Enter', keyCode: 229 }"):
        await page.evaluate(
            "document.querySelector('#question').dispatchEvent("
            f"new KeyboardEvent('keydown', Object.assign({{ bubbles: true, cancelable: true }}, {init})))"
        )
    await expect(page.get_by_role("textbox")).to_have_value("年假")
    await expect(page.get_by_role("article")).to_have_count(0)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article")).to_have_count(1)


async def test_what_a_screen_reader_hears(open_page: OpenPage, stage: Stage) -> None:
    gate = asyncio.Event()
    stage.on_ask = scenes.halting(gate, "A refund ", "takes 5 days [1].")
    page = await open_page()
    await page.evaluate(
        """() => {
          window.heard = [];
          new MutationObserver(() => {
            const text = document.querySelector("#announcer").textContent;
            if (text) heard.push(text);
          }).observe(document.querySelector("#announcer"), { childList: true });
        }"""
    )
    await ask(page, scenes.QUESTION)
    await expect(page.locator("#announcer")).to_have_text("Writing the answer")
    gate.set()
    await expect(page.locator("#announcer")).to_have_text("Answer: A refund takes 5 days .")
    heard = await page.evaluate("heard")
    assert len(heard) <= 3, "phases and the finished answer, never single words"
    await expect(page.locator("#announcer")).to_have_attribute("aria-live", "polite")
    for role in ("banner", "main", "form"):
        await expect(page.get_by_role(role)).to_have_count(1)


async def test_a_question_that_is_too_long_is_not_sent(open_page: OpenPage, stage: Stage) -> None:
    page = await open_page()
    await page.get_by_role("textbox").fill("😀" * 8001)
    await expect(page.get_by_text("1 characters too long")).to_be_visible()
    await expect(page.get_by_role("button", name="Send")).to_be_disabled()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article")).to_have_count(0)


async def test_the_page_follows_the_text_only_for_who_reads_at_its_end(open_page: OpenPage, stage: Stage) -> None:
    gate = asyncio.Event()
    stage.on_ask = scenes.halting(gate, "\n\n".join(f"Paragraph {n}." for n in range(60)), "\n\nThe last words.")
    page = await open_page(viewport={"width": 1000, "height": 600})
    await ask(page, scenes.QUESTION)
    await expect(page.get_by_text("Paragraph 59.")).to_be_in_viewport()
    latest = page.get_by_role("button", name="Latest")
    await expect(latest).to_be_hidden()
    await page.mouse.move(500, 300)
    await page.mouse.wheel(0, -1200)
    await expect(latest).to_be_visible()
    before = await page.evaluate("scrollY")
    gate.set()
    await expect(page.locator(".turn")).to_have_attribute("data-state", "done")
    assert await page.evaluate("scrollY") == before
    await latest.click()
    await expect(page.get_by_text("The last words.")).to_be_in_viewport()
    await expect(latest).to_be_hidden()


async def test_less_motion(open_page: OpenPage, stage: Stage) -> None:
    gate = asyncio.Event()
    stage.on_ask = scenes.halting(gate, "A refund takes")
    page = await open_page(reduced_motion="reduce")
    await ask(page, scenes.QUESTION)
    await expect(page.locator(".prose")).to_have_text("A refund takes")
    moving = await page.evaluate("document.getAnimations().length")
    assert moving == 0
    gate.set()


#: Settles once the last text, with what is below it, stands above the field.
IN_SIGHT = """() => new Promise((settle) => {
  const look = () => {
    const end = document.querySelector(".turn:last-child .body").getBoundingClientRect().bottom;
    const field = document.querySelector(".composer").getBoundingClientRect().top;
    if (end <= field) settle();
    else requestAnimationFrame(look);
  };
  look();
})"""


async def test_typing_leaves_the_page_where_it_is_and_a_source_opens_in_sight(
    open_page: OpenPage, stage: Stage
) -> None:
    stage.on_ask = scenes.whole
    page = await open_page(viewport={"width": 1360, "height": 500})
    for number in range(3):
        await ask(page, scenes.QUESTION)
        await expect(page.locator(".turn").nth(number)).to_have_attribute("data-state", "done")
    await page.mouse.move(500, 300)
    await page.mouse.wheel(0, -250)
    await expect(page.get_by_role("button", name="Latest")).to_be_visible()
    before = await page.evaluate("scrollY")
    await page.get_by_role("textbox").press_sequentially("And then?")
    assert await page.evaluate("scrollY") == before

    last = page.locator(".turn").last
    await last.locator(".cite").last.dispatch_event("click")
    await expect(last.locator("blockquote").last).to_be_visible()
    card, field = await last.locator(".source").last.bounding_box(), await page.locator("#composer").bounding_box()
    assert card is not None
    assert field is not None
    assert card["y"] + card["height"] <= field["y"]


async def test_the_end_of_an_answer_is_not_left_below_the_field(open_page: OpenPage, stage: Stage) -> None:
    async def fail(turn: Turn) -> None:
        await turn.accepted()
        for number in range(20):  # the page scrolls in every frame,
            await turn.text(f"Line {number}.\n\n")
            await asyncio.sleep(0.005)
        await turn.text("- one\n- two\n- three\n")  # and has not yet when the end comes
        await turn.send("error", code="model_broken", message="", retryable=True)

    stage.on_ask = fail
    page = await open_page(viewport={"width": 1000, "height": 600})
    for number in range(6):
        await ask(page, scenes.QUESTION)
        await expect(page.locator(".turn").nth(number)).to_have_attribute("data-state", "failed")
        async with asyncio.timeout(5):
            await page.evaluate(IN_SIGHT)
