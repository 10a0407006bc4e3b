"""What the page makes of a model's Markdown: safe, incremental, and readable without any library."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.web import scenes
from tests.web.conftest import OpenPage
from tests.web.stage import Stage, Turn

pytestmark = pytest.mark.browser

#: Draws `pieces` one after the other, as they would arrive, and the whole at once; gives both results.
DRAW = """async (pieces) => {
  const { loadRenderer, MarkdownView } = await import("/js/markdown.js");
  const renderer = window.renderer ??= await loadRenderer();
  const drawn = () => {
    const element = document.body.appendChild(document.createElement("div"));
    return [element, new MarkdownView(element, renderer, () => {})];
  };
  const [grown, growing] = drawn();
  let text = "";
  for (const piece of pieces) growing.update(text += piece, false);
  growing.update(text, true);
  const [whole, at_once] = drawn();
  at_once.update(text, true);
  return { grown: grown.innerHTML, whole: whole.innerHTML };
}"""

DOCUMENT = """# Refunds

Intro with **bold**, *soft*, `code` and a line
break.

- one

  with a paragraph
- two
  1. nested
  2. list

> a quote
continued

```python
x = 1


y = 2
```
| a | b |
|---|--:|
| 1 | 2 |

Title
=====

中文**加粗。**继续，见[手册][1]。

[1]: https://example.com/手册
"""


async def draw(page: Page, *pieces: str) -> str:
    drawn = await page.evaluate(DRAW, list(pieces))
    assert drawn["grown"] == drawn["whole"]
    result: str = drawn["whole"]
    return result


@pytest.mark.usefixtures("markdown")
@pytest.mark.parametrize("size", [1, 2, 7, 50])
async def test_growing_text_ends_like_the_whole(open_page: OpenPage, size: int) -> None:
    page = await open_page()
    drawn = await draw(page, *(DOCUMENT[at : at + size] for at in range(0, len(DOCUMENT), size)))
    assert "<h1>Refunds</h1>" in drawn
    assert "<strong>加粗。</strong>" in drawn
    assert 'href="https://example.com/' in drawn


@pytest.mark.usefixtures("markdown")
async def test_a_long_answer_stays_cheap(open_page: OpenPage) -> None:
    """Settled blocks are neither read nor drawn again: their nodes stay the same, however much follows."""
    page = await open_page()
    replaced = await page.evaluate(
        """async () => {
          const { loadRenderer, MarkdownView } = await import("/js/markdown.js");
          const element = document.body.appendChild(document.createElement("div"));
          let drawn = 0;
          const view = new MarkdownView(element, await loadRenderer(), () => (drawn += 1));
          let text = "";
          for (let number = 0; number < 400; number += 1) {
            text += `Paragraph ${number} of **many**.\\n\\n`;
            view.update(text, false);
          }
          return { drawn, blocks: element.children.length };
        }"""
    )
    assert replaced["blocks"] == 400
    assert replaced["drawn"] <= 800


@pytest.mark.usefixtures("markdown")
async def test_nothing_dangerous_comes_through(open_page: OpenPage, stage: Stage) -> None:
    async def attack(turn: Turn) -> None:
        await scenes.find(turn)
        await turn.text(
            "<script>window.hacked = 1</script>\n\n"
            "<img src=x onerror='window.hacked = 1'> inline <b onclick='x'>html</b>\n\n"
            "![a picture](https://tracker.example/pixel.png?secret)\n\n"
            "[script](javascript:window.hacked=1) [data](data:text/html,x) [mail](mailto:a@b.example)\n\n"
            "[good](https://example.com/a) [near](refunds.md)\n\n"
            '<style>body{display:none}</style><form action="https://evil.example"><input name=a></form>\n\n'
            "one<br>two List<String>\n"
        )
        await turn.complete()

    stage.on_ask = attack
    page = await open_page()
    await page.get_by_role("textbox").fill("Attack!")
    await page.keyboard.press("Enter")
    await expect(page.locator(".turn")).to_have_attribute("data-state", "done")
    prose = page.locator(".prose")
    assert await page.evaluate("window.hacked") is None
    for tag in ("script", "img", "style", "form", "input", "b"):
        await expect(prose.locator(tag)).to_have_count(0)
    await expect(prose).to_contain_text("<script>window.hacked = 1</script>")
    await expect(prose).to_contain_text("List<String>")
    await expect(prose.locator("br")).not_to_have_count(0)
    links = await prose.locator("a[href]").evaluate_all(
        "nodes => nodes.map((a) => [a.textContent, a.getAttribute('href'), a.target, a.rel])"
    )
    safe = ["_blank", "noopener noreferrer"]
    assert links == [
        ["a picture", "https://tracker.example/pixel.png?secret", *safe],
        ["good", "https://example.com/a", *safe],
        ["near", "refunds.md", *safe],
    ]


@pytest.mark.usefixtures("markdown")
async def test_citations_only_where_there_is_a_source_and_never_in_code(open_page: OpenPage, stage: Stage) -> None:
    async def play(turn: Turn) -> None:
        await scenes.find(turn)
        await turn.text("Yes [1][2], no [3], `list[1]`, [page [1]](https://example.com).\n")
        await turn.complete()

    stage.on_ask = play
    page = await open_page()
    await page.get_by_role("textbox").fill("Citations?")
    await page.keyboard.press("Enter")
    await expect(page.locator(".turn")).to_have_attribute("data-state", "done")
    await expect(page.locator(".cite")).to_have_text(["1", "2"])
    await expect(page.locator(".prose code")).to_have_text("list[1]")
    await expect(page.locator(".prose")).to_contain_text("no [3]")


async def test_plain_text_without_the_libraries(open_page: OpenPage, stage: Stage) -> None:
    stage.libraries, stage.on_ask = False, scenes.whole
    page = await open_page(tolerate=("Failed to load resource",))
    await page.get_by_role("textbox").fill(scenes.QUESTION)
    await page.keyboard.press("Enter")
    await expect(page.locator(".turn")).to_have_attribute("data-state", "done")
    await expect(page.get_by_text("Answers are shown as plain text")).to_be_visible()
    await expect(page.locator(".prose")).to_contain_text("A refund takes **at most 5 working days**")
    await expect(page.locator(".prose strong")).to_have_count(0)
    await page.get_by_role("button", name="Source 1: Refunds").click()
    await expect(page.get_by_text(scenes.REFUNDS["snippet"])).to_be_visible()
