"""Documents on the chat page as the local cloud serves it: brought, read, asked about, explained and deleted."""

from __future__ import annotations

import asyncio
import io
import os
from pathlib import Path

import docx
import pytest
from playwright.async_api import FilePayload, Locator, Page, ViewportSize, expect

from localcloud.cloud import LocalCloud
from tests.browser import OpenUrl
from tests.cloud.test_page import LEAVE, REFUND, ask, ended
from thinkaloud.client import new_id

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("markdown")]

#: Reading a document starts a process, and a search finds it a moment later.
PATIENCE = 60_000
#: A list that is asked for what has just gone says so.
GONE = "404 (Not Found)"


def word_file(title: str, *paragraphs: str) -> bytes:
    document = docx.Document()
    document.add_heading(title, 1)
    for text in paragraphs:
        document.add_paragraph(text)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


async def open_panel(page: Page, name: str) -> Locator:
    await page.get_by_role("button", name=name, exact=True).click()
    return page.get_by_role("dialog", name=name)


async def bring(panel: Locator, name: str, content: bytes) -> Locator:
    file = FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
    await panel.locator("#documents-files").set_input_files([file])
    return panel.get_by_role("listitem").filter(has_text=name)


@pytest.mark.parametrize(
    ("locale", "panel_name", "title", "fact", "question", "ready", "why", "used"),
    [
        (
            "en-GB",
            "Documents",
            "Bicycle repair vouchers",
            "Every employee gets a bicycle repair voucher worth 73 euros each spring.",
            "How much is the bicycle repair voucher worth?",
            "Ready",
            "Why this answer",
            "Given to the answer as [1]",
        ),
        (
            "zh-CN",
            "资料",
            "自行车维修券",
            "每位员工每年春天可以领取一张价值七十三欧元的自行车维修券。",
            "自行车维修券价值多少？",
            "就绪",
            "为何这样回答",
            "作为 [1] 用于回答",
        ),
    ],
    ids=["en", "zh"],
)
async def test_a_document_is_brought_asked_about_explained_and_deleted(
    cloud: LocalCloud,
    open_url: OpenUrl,
    locale: str,
    panel_name: str,
    title: str,
    fact: str,
    question: str,
    ready: str,
    why: str,
    used: str,
) -> None:
    name = f"{new_id('voucher')}.docx"
    page = await open_url(cloud.page_url, locale=locale, tolerate=(GONE,))
    panel = await open_panel(page, panel_name)
    row = await bring(panel, name, word_file(title, fact))
    await expect(row).to_contain_text(ready, timeout=PATIENCE)
    await page.keyboard.press("Escape")

    turn = await ask(page, question)
    await ended(turn)
    await expect(turn.locator(".prose")).to_contain_text(fact)
    await expect(turn.locator(".source-title").first).to_have_text(title)
    await turn.get_by_text(why).click()
    await expect(turn.locator(".why-search")).to_have_text(question)
    await expect(turn.get_by_role("row").filter(has_text=title)).to_contain_text(used)
    await expect(turn.locator(".bars dt").last).not_to_be_empty()

    panel = await open_panel(page, panel_name)
    remove = row.get_by_role("button").last
    await remove.click()
    await row.locator(".document-question ~ .outlined").click()
    await expect(row).to_have_count(0, timeout=PATIENCE)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nothing.md", b" \n", "There is no text in this file."),
        ("photo.png", b"\x89PNG\r\n", "Files of this kind cannot be read."),
        ("torn.docx", b"PK\x03\x04 and then nothing", "damaged and cannot be opened"),
        ("letter.pdf", b"<html><body>A letter.</body></html>", "does not fit the end of its name"),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(
    cloud: LocalCloud, open_url: OpenUrl, name: str, content: bytes, words: str
) -> None:
    page = await open_url(cloud.page_url, tolerate=("415 (Unsupported Media Type)",))
    panel = await open_panel(page, "Documents")
    row = await bring(panel, f"{new_id('x')}-{name}", content)
    await expect(row).to_contain_text(words, timeout=PATIENCE)


@pytest.mark.parametrize(
    ("file", "locale", "question", "why"),
    [
        ("why.png", "en-GB", REFUND, "Why this answer"),
        ("why-zh.png", "zh-CN", LEAVE, "为何这样回答"),
    ],
    ids=["en", "zh"],
)
async def test_the_readmes_picture_of_the_reasons(
    cloud: LocalCloud, open_url: OpenUrl, file: str, locale: str, question: str, why: str
) -> None:
    size = ViewportSize(width=1360, height=1200)
    page = await open_url(cloud.page_url, locale=locale, viewport=size, color_scheme="light")
    await ended(await ask(page, question))  # the first one starts processes
    await page.locator("#renew").click()
    turn = await ask(page, question)
    await ended(turn)
    await turn.get_by_text(why).click()
    await expect(turn.locator(".why-facts")).to_be_visible()
    await page.evaluate("scrollTo(0, 0)")
    picture = await page.screenshot()
    assert 20_000 < len(picture) < 300_000
    if folder := os.environ.get("THINKALOUD_SCREENSHOTS"):
        await asyncio.to_thread((Path(folder) / file).write_bytes, picture)
