"""What Chromium prints is read as it is seen: fonts embedded in part, lists, columns, tables, heads and feet."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.knowledge.documents.conftest import Blocks

pytestmark = pytest.mark.browser

ENGLISH = "A refund takes up to five working days, counted from the day on which the parcel reaches our warehouse. "
CHINESE = "退款最长需要五个工作日，从包裹送达仓库当天算起：验货两个工作日，打款三个工作日。"
STYLE = "body {font: 11pt serif} td, th {border: 1px solid; padding: 3px} table {border-collapse: collapse}"
HEAD = '<div style="font-size: 8px; margin-left: 60px">青禾户外 internal</div>'
FOOT = '<div style="font-size: 8px; margin-left: 60px">Page <span class="pageNumber"></span></div>'


def section(number: int) -> str:
    columns = "".join(f"<p>Column paragraph {number}.{part}: {ENGLISH * 3}</p>" for part in range(4))
    return f"""<h2>{number}. Refunds 退款</h2><p>{ENGLISH * 5}</p><p>{CHINESE * 6}</p>
    <table><tr><th>City<th>Days<tr><td>上海<td>{number}<tr><td rowspan=2>Berlin<td>20<tr><td>21</table>
    <div style="columns: 2">{columns}</div>"""


async def test_a_printed_page_is_read_as_it_is_seen(browser: Browser, blocks: Blocks) -> None:
    page = await browser.new_page()
    sections = "".join(map(section, range(1, 6)))
    await page.set_content(f"<title>Handbook</title><style>{STYLE}</style><h1>员工手册</h1>{sections}")
    margin = {"top": "70px", "bottom": "70px"}
    printed = await page.pdf(display_header_footer=True, header_template=HEAD, footer_template=FOOT, margin=margin)
    await page.close()

    found = blocks("handbook.pdf", printed)
    assert [block.text for block in found if block.kind == "heading"] == [
        "员工手册",
        *(f"{number}. Refunds 退款" for number in range(1, 6)),
    ]
    texts = [block.text for block in found]
    assert sum("青禾户外" in text for text in texts) == 1
    assert not any(text.startswith("Page ") for text in texts)
    whole = "\n".join(texts)
    assert whole.count(CHINESE * 6) == 5
    assert whole.count((ENGLISH * 5).strip()) == 5
    for number in range(1, 6):
        assert f"| 上海 | {number} |\n| Berlin | 20 |\n| Berlin | 21 |" in whole
    places = [whole.index(f"Column paragraph {number}.{part}") for number in range(1, 6) for part in range(4)]
    assert places == sorted(places)
