"""The documents panel: what there is, bringing more, and taking it away."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import FilePayload, Locator, Page, expect

from tests.http_api import HttpApi, bearer
from tests.web.conftest import OpenPage
from tests.web.stage import Stage
from tests.web.test_use import CONTRASTS, FITS, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("markdown")]


def file(name: str, content: str | bytes = "# Notes\n\nSome text.") -> FilePayload:
    body = content.encode() if isinstance(content, str) else content
    return FilePayload(name=name, mimeType="", buffer=body)


async def opened(page: Page, name: str = "Documents") -> Locator:
    await page.get_by_role("button", name=name, exact=True).click()
    return page.get_by_role("dialog", name=name)


async def choose(panel: Locator, *files: FilePayload) -> None:
    await panel.locator("#documents-files").set_input_files(list(files))


async def ready(page: Page) -> None:
    """Wait until the page takes documents: it asks first where to bring them."""
    await expect(page.get_by_role("button", name="Documents", exact=True)).to_be_visible()


def row(panel: Locator, name: str) -> Locator:
    return panel.get_by_role("listitem").filter(has_text=name)


async def test_the_list_says_what_there_is_and_how_it_stands(open_page: OpenPage, api: HttpApi) -> None:
    api.put("handbook/en/refunds.md")
    api.put("one.txt", chunks=1, bytes=88)
    api.put("scan.pdf", status="failed", error={"code": "scanned", "message": "x"}, bytes=2_400_000, chunks=0)
    api.put("new.pdf", status="failed", error={"code": "from_the_future", "message": "It fell."}, chunks=0)
    api.put("lost.docx", status="waiting", chunks=0)
    page = await open_page()
    panel = await opened(page)
    await expect(panel.get_by_role("listitem")).to_have_count(5)
    await expect(row(panel, "refunds.md").locator(".document-state")).to_have_text("Ready: 12 passages · 1.2 kB")
    await expect(row(panel, "one.txt").locator(".document-state")).to_have_text("Ready: 1 passage · 88 B")
    await expect(row(panel, "scan.pdf")).to_contain_text("Its pages are pictures")
    await expect(row(panel, "new.pdf")).to_contain_text("It fell.")
    await expect(row(panel, "lost.docx")).to_contain_text("Its file has not arrived")
    await page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()


async def test_several_files_are_uploaded_and_become_ready_in_sight(open_page: OpenPage, api: HttpApi) -> None:
    page = await open_page()
    panel = await opened(page)
    await expect(panel.get_by_text("Nothing has been uploaded yet.")).to_be_visible()
    api.uploading.clear()
    await choose(panel, *(file(f"{name}.md", f"# {name}\n\n" + "text " * 40) for name in ("one", "two", "three")))
    await expect(row(panel, "one.md")).to_contain_text("Uploading")
    await expect(row(panel, "one.md").get_by_role("progressbar")).to_be_visible()
    # Two at a time; the third waits.
    await expect(row(panel, "three.md")).to_contain_text("Waiting for the files before it")
    api.uploading.set()
    for name in ("one", "two", "three"):
        await expect(row(panel, f"{name}.md")).to_contain_text("Ready: 21 passages")
        await expect(row(panel, f"{name}.md").get_by_role("progressbar")).to_be_hidden()
        assert api.uploads[f"{name}.md"] == [f"# {name}\n\n".encode() + b"text " * 40]
    await expect(panel.get_by_role("status").last).to_contain_text("three.md: Ready: 21 passages")


async def test_reading_is_shown_as_far_as_it_is(open_page: OpenPage, api: HttpApi) -> None:
    document = api.put("big.xlsx", status="reading", progress={"done": 12, "total": 30})
    api.reading.clear()
    page = await open_page()
    panel = await opened(page)
    await expect(row(panel, "big.xlsx")).to_contain_text("Reading 40%")
    assert await row(panel, "big.xlsx").get_by_role("progressbar").get_attribute("value") == "0.4"
    document["progress"] = {"done": 12, "total": None}
    await expect(row(panel, "big.xlsx").locator(".document-state")).to_have_text("Reading: 12 passages so far · 1.2 kB")
    assert await row(panel, "big.xlsx").get_by_role("progressbar").get_attribute("value") is None
    document["status"] = "ready"
    await expect(row(panel, "big.xlsx")).to_contain_text("Ready: 12 passages")


REASONS = {
    "unsupported": "Files of this kind cannot be read.",
    "empty": "There is no text in this file.",
    "scanned": "without text to search",
    "encrypted": "locked with a password",
    "broken": "damaged and cannot be opened",
    "misnamed": "does not fit the end of its name",
    "too_large": "The file is too large.",
    "bomb": "would unpack to far more",
}


async def test_every_outcome_is_said_in_plain_words(open_page: OpenPage, api: HttpApi) -> None:
    page = await open_page()
    panel = await opened(page)
    api.fates = {f"{code}.pdf": code for code in REASONS}
    await choose(panel, *(file(name) for name in api.fates))
    for code, words in REASONS.items():
        await expect(row(panel, f"{code}.pdf")).to_contain_text(words, timeout=20_000)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="中文").click()
    panel = await opened(page, "资料")
    await expect(row(panel, "encrypted.pdf")).to_contain_text("文件有密码保护")
    for line in await panel.locator(".document-state").all_inner_texts():
        assert not line.isascii(), line


async def test_files_are_dropped_anywhere_on_the_page(open_page: OpenPage, api: HttpApi) -> None:
    page = await open_page()
    transfer = await page.evaluate_handle(
        """() => {
          const transfer = new DataTransfer();
          transfer.items.add(new File(["First."], "first.txt"));
          transfer.items.add(new File(["Second."], "cafe\\u0301.txt"));
          return transfer;
        }"""
    )
    await ready(page)
    await page.dispatch_event("#welcome", "dragenter", {"dataTransfer": transfer})
    panel = page.get_by_role("dialog", name="Documents")
    await expect(panel).to_be_visible()
    await expect(panel).to_have_class("documents dragging")
    await page.dispatch_event("#documents", "drop", {"dataTransfer": transfer})
    await expect(panel).to_have_class("documents")
    await expect(row(panel, "first.txt")).to_contain_text("Ready")
    await expect(row(panel, "caf\u00e9.txt")).to_contain_text("Ready")
    assert api.uploads == {"first.txt": [b"First."], "caf\u00e9.txt": [b"Second."]}


async def test_a_document_is_replaced(open_page: OpenPage, api: HttpApi) -> None:
    api.put("leave.md")
    page = await open_page()
    panel = await opened(page)
    async with page.expect_file_chooser() as choosing:
        await panel.get_by_role("button", name="Replace leave.md").click()
    chooser = await choosing.value
    assert not chooser.is_multiple()
    await chooser.set_files([file("whatever.md", "Twelve days.")])
    await expect(row(panel, "leave.md")).to_contain_text("Ready: 2 passages")
    assert api.uploads == {"leave.md": [b"Twelve days."]}
    # A file of the same name is its new version as well.
    await choose(panel, file("leave.md", "Thirteen days are enough."))
    await expect(row(panel, "leave.md")).to_contain_text("Ready: 3 passages")
    await expect(panel.get_by_role("listitem")).to_have_count(1)
    assert api.named("leave.md")["version"] == 3


async def test_a_document_is_deleted_after_a_question(open_page: OpenPage, api: HttpApi) -> None:
    api.put("leave.md")
    page = await open_page(tolerate=("404",))  # the last look finds nothing
    panel = await opened(page)
    await panel.get_by_role("button", name="Delete leave.md").press("Enter")
    keep = panel.get_by_role("button", name="Keep it")
    await expect(keep).to_be_focused()
    await expect(row(panel, "leave.md")).to_contain_text("Delete leave.md? Answers will no longer use it.")
    await page.keyboard.press("Escape")
    await expect(panel).to_be_visible()
    await expect(panel.get_by_role("button", name="Replace leave.md")).to_be_focused()
    assert "DELETE /documents/" not in " ".join(api.requests)

    await panel.get_by_role("button", name="Delete leave.md").click()
    await panel.get_by_role("button", name="Delete", exact=True).click()
    await expect(panel.get_by_role("listitem")).to_have_count(0)
    await expect(panel.get_by_role("heading", name="Documents")).to_be_focused()
    assert api.documents == {}


async def test_what_breaks_off_is_sent_again(open_page: OpenPage, api: HttpApi) -> None:
    api.faults[("PUT", "/bucket/")] = [503]
    page = await open_page(tolerate=("503", "413"))
    panel = await opened(page)
    await choose(panel, file("leave.md"))
    await expect(row(panel, "leave.md")).to_contain_text("The upload broke off.")
    await panel.get_by_role("button", name="Upload leave.md again").click()
    await expect(row(panel, "leave.md")).to_contain_text("Ready")


async def test_what_will_never_be_taken_is_only_dismissed(open_page: OpenPage, api: HttpApi) -> None:
    page = await open_page(tolerate=("415", "422"))
    panel = await opened(page)
    await choose(panel, file("photo.png"), file("none.md", ""), file("a..b.md"))
    await expect(row(panel, "photo.png")).to_contain_text("Files of this kind cannot be read.")
    await expect(row(panel, "none.md")).to_contain_text("There is no text in this file.")
    await expect(row(panel, "a..b.md")).to_contain_text("does not accept this file's name or size")
    await expect(panel.get_by_role("button", name="Try again")).to_have_count(0)
    for name in ("photo.png", "none.md", "a..b.md"):
        await panel.get_by_role("button", name=f"Take {name} off the list").click()
    await expect(panel.get_by_role("listitem")).to_have_count(0)


async def test_a_file_over_the_limit_is_refused_before_it_travels(open_page: OpenPage, api: HttpApi) -> None:
    page = await open_page(tolerate=("413",))
    transfer = await page.evaluate_handle(
        """() => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(101 * 2 ** 20)], "film.txt"));
          return transfer;
        }"""
    )
    await ready(page)
    await page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    panel = await opened(page)
    await expect(row(panel, "film.txt")).to_contain_text("The file is too large.")
    assert not any(request.startswith("PUT /bucket") for request in api.requests)


async def test_an_upload_is_stopped(open_page: OpenPage, api: HttpApi) -> None:
    api.uploading.clear()
    page = await open_page()
    panel = await opened(page)
    await choose(panel, file("leave.md"))
    await panel.get_by_role("button", name="Stop uploading leave.md").click()
    await expect(row(panel, "leave.md")).to_contain_text("You stopped the upload.")
    await expect(panel.get_by_role("button", name="Upload leave.md again")).to_be_visible()


async def test_a_list_that_cannot_be_loaded_says_so_and_is_asked_for_again(open_page: OpenPage, api: HttpApi) -> None:
    api.put("leave.md")
    api.faults[("GET", "/documents")] = [429]
    page = await open_page(tolerate=("429",))
    panel = await opened(page)
    await expect(panel.get_by_role("alert")).to_contain_text("The service is very busy.")
    await panel.get_by_role("button", name="Try again").click()
    await expect(row(panel, "leave.md")).to_be_visible()
    await expect(panel.get_by_role("alert")).to_be_hidden()


async def test_a_token_that_is_not_good_any_more_is_replaced(open_page: OpenPage, api: HttpApi, stage: Stage) -> None:
    api.put("leave.md")
    page = await open_page(tolerate=("403",))
    await expect(page.get_by_role("button", name="Documents")).to_be_visible()
    await (await opened(page)).get_by_role("button", name="Close").click()
    assert stage.config is not None
    api.revoked.add(stage.config["token"])
    stage.config["token"] = fresh = bearer(name="fresh")
    api.put("since.md")
    panel = await opened(page)
    await expect(row(panel, "since.md")).to_be_visible()
    await expect(panel.get_by_role("alert")).to_be_hidden()
    assert api.tokens[-1] == fresh


async def test_a_long_list_comes_in_pages(open_page: OpenPage, api: HttpApi) -> None:
    api.page = 3
    for number in range(7):
        api.put(f"page-{number}.md")
    page = await open_page()
    panel = await opened(page)
    for count in (3, 6):
        await expect(panel.get_by_role("listitem")).to_have_count(count)
        await panel.get_by_role("button", name="Show more").click()
    await expect(panel.get_by_role("listitem")).to_have_count(7)
    await expect(panel.get_by_role("button", name="Show more")).to_be_hidden()


@pytest.mark.parametrize(
    ("config", "offered"),
    [
        ({"http": None}, False),
        ({"token": "opaque"}, False),
        ({"token": bearer("audit:read")}, False),
        ({"token": bearer("documents:read")}, True),
    ],
    ids=["no-url", "no-claims", "no-scope", "read-only"],
)
async def test_it_is_offered_to_those_who_may(
    open_page: OpenPage, api: HttpApi, stage: Stage, config: dict[str, Any], offered: bool
) -> None:
    api.put("leave.md")
    assert stage.config is not None
    stage.config |= config
    page = await open_page()
    await expect(page.locator("#link")).to_have_attribute("data-state", "open")
    button = page.get_by_role("button", name="Documents")
    await expect(button).to_be_visible(visible=offered)
    if offered:
        panel = await opened(page)
        await expect(row(panel, "leave.md")).to_be_visible()
        await expect(panel.get_by_role("button")).to_have_count(1)
        await expect(panel.get_by_text("Choose files")).to_be_hidden()


async def test_no_name_is_markup(open_page: OpenPage, api: HttpApi) -> None:
    name = "<img src=x onerror=\"document.title='broken in'\">.md"
    api.put(name, status="failed", error={"code": "new", "message": "<script>document.title='in'</script>"})
    page = await open_page()
    panel = await opened(page)
    await expect(panel.locator(".document-name")).to_have_text(name)
    await expect(panel.locator(".document-state")).to_contain_text("<script>")
    await panel.get_by_role("button", name="Delete").first.click()
    await expect(panel.locator(".document-question")).to_contain_text(name)
    assert await page.locator("img").count() == 0
    assert await page.title() == "Thinkaloud"


async def test_escape_closes_the_panel_and_stops_no_answer(open_page: OpenPage, api: HttpApi, stage: Stage) -> None:
    page = await open_page()
    await page.get_by_role("textbox").fill("Anything")
    await page.keyboard.press("Enter")
    await stage.wait_for("ask")
    panel = await opened(page)
    await page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(page.get_by_role("button", name="Stop the answer")).to_be_visible()
    assert [frame["action"] for frame in stage.received] == ["ask"]


async def test_a_deployed_page_asks_for_the_address_of_the_http_api(
    open_page: OpenPage, api: HttpApi, stage: Stage
) -> None:
    api.put("leave.md")
    stage.config = None
    page = await open_page(tolerate=("404",))
    await page.get_by_label("Address").fill(stage.ws)
    await page.get_by_label("HTTP API for documents").fill("http://example.com")
    await page.get_by_label("Token").fill(bearer())
    await page.get_by_role("button", name="Connect").click()
    await expect(page.get_by_role("alert")).to_contain_text("has to start with https://")
    await page.get_by_label("HTTP API for documents").fill(api.url)
    await page.get_by_role("button", name="Connect").click()
    panel = await opened(page)
    await expect(row(panel, "leave.md")).to_be_visible()


def fill(api: HttpApi, chinese: bool) -> None:
    """A panel with a bit of everything, none of which moves."""
    api.reading.clear()
    api.put("员工手册/休假制度.docx" if chinese else "handbook/Leave and holidays.docx", chunks=48, bytes=184_320)
    api.put(
        "价目表.xlsx" if chinese else "Prices 2026.xlsx", status="reading", progress={"done": 31_000, "total": 50_000}
    )
    api.put(
        "合同扫描件.pdf" if chinese else "Contract (scan).pdf",
        status="failed",
        error={"code": "scanned", "message": ""},
    )
    api.put("a" * 90 + ".md", status="queued", bytes=99)
    api.put("old.txt", status="deleting", bytes=1_300_000_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
async def test_it_can_be_read_anywhere(
    open_page: OpenPage, api: HttpApi, scheme: str, locale: str, phone: bool
) -> None:
    chinese = locale == "zh-CN"
    fill(api, chinese)
    size = PHONE if phone else {"viewport": {"width": 1200, "height": 800}}
    page = await open_page(locale=locale, color_scheme=scheme, **size)
    panel = await opened(page, "资料" if chinese else "Documents")
    await expect(panel.get_by_role("listitem")).to_have_count(5)
    await panel.get_by_role("listitem").first.get_by_role("button").last.click()
    await expect(panel.locator(".document-question")).to_be_visible()
    assert await page.evaluate(FITS.replace("header *", "dialog *, header *"))
    worst = await page.evaluate(CONTRASTS)
    assert worst[0][0] >= 4.5, worst[:3]
    if folder := os.environ.get("THINKALOUD_SCREENSHOTS"):
        name = f"documents-{locale}-{scheme}-{'phone' if phone else 'desktop'}.png"
        await page.screenshot(path=Path(folder) / name)
