"""HTML: what a reader sees, in order, and nothing that runs or hides."""

from __future__ import annotations

import pytest

from tests.knowledge.documents.conftest import Blocks, Read
from thinkaloud.knowledge.documents import Block
from thinkaloud.knowledge.documents.webpage import blocks_of


def page(body: str) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in blocks_of(f"<!doctype html><html><body>{body}</body></html>")]


def test_text_headings_and_lists_come_in_order() -> None:
    assert page(
        """<h1>Refunds &amp; <i>returns</i></h1><p>Five  days
        after <b>return</b>ed goods.<br>No later.</p><ul><li>One<ul><li>inner</li></ul><li><p>Two</p></ul>
        <ol><li>first<li>second</ol><h3>最后</h3>bare text<pre>x = [
    1]</pre>"""
    ) == [
        ("heading", "Refunds & returns"),
        ("text", "Five days after returned goods.\nNo later."),
        ("text", "- One\n  - inner\n- Two"),
        ("text", "1. first\n2. second"),
        ("heading", "最后"),
        ("text", "bare text"),
        ("code", "x = [\n    1]"),
    ]


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>alert('no')</script>",
        "<style>p {color: red}</style>",
        "<nav><a href='/'>no</a><div>no</div></nav>",
        "<footer>no</footer>",
        "<template><p>no</p></template>",
        "<noscript>no</noscript>",
        "<svg><title>no</title><text>no</text></svg>",
        "<iframe src='x'>no</iframe>",
        "<div hidden><p>no<p>no</div>",
        "<div aria-hidden='true'>no</div>",
        "<p style='color: red; DISPLAY : none'>no</p>",
        "<div role='navigation'>no</div>",
        "<select><option>no</select><button>no</button><textarea>no</textarea>",
        "<!-- no -->",
        "<input value='no'><img src=x onerror=alert(1)>",
    ],
)
def test_what_a_reader_does_not_see_is_left_out(hidden: str) -> None:
    assert page(f"<p>before</p>{hidden}<p>after</p>") == [("text", "before"), ("text", "after")]


def test_a_table_is_one_with_its_merged_cells_filled() -> None:
    rows = [
        "| City | Price | Price |",
        "| --- | --- | --- |",
        "| Berlin | 1 | 2 |",
        "| Berlin | 3 | 4\\|5 |",
        "| 成 | - a - b |  |",
    ]
    assert page(
        """<table><caption>Prices</caption><tr><th>City<th colspan=2>Price<tr><td rowspan=2>Berlin<td>1<td>2
        <tr><td>3<td>4|5<tr><td>成<td><ul><li>a<li>b</ul></table>"""
    ) == [
        ("text", "Prices"),
        ("table", "\n".join(rows)),
    ]


def test_a_table_that_lays_out_a_page_is_paragraphs() -> None:
    assert page(
        """<table><tr><td>Logo</td><td><h2>News</h2><p>One.</p><p>Two.</p></td></tr>
        <tr><td><table><tr><th>a<th>b<tr><td>1<td>2</table></td></tr></table><p>after"""
    ) == [
        ("text", "Logo"),
        ("heading", "News"),
        ("text", "One."),
        ("text", "Two."),
        ("table", "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        ("text", "after"),
    ]


@pytest.mark.parametrize("attributes", ["colspan=99999999", "rowspan=0 colspan=-1", "colspan=²", "rowspan=65534"])
def test_a_span_is_only_believed_so_far(attributes: str) -> None:
    [(_, text)] = page(f"<table><tr><td>a<td {attributes}>b<tr><td>c<td>d</table>")
    assert len(text) < 1_000


@pytest.mark.parametrize(
    "deep",
    ["<div>" * 100_000, "<b>" * 20_000, "<table><tr><td>" * 5_000, "<ul><li>" * 5_000, "<blockquote>" * 50_000],
)
def test_depth_does_no_harm(deep: str) -> None:
    assert "x" in "".join(text for _, text in page(f"{deep}x"))


def test_an_entity_of_its_own_expands_to_nothing(blocks: Blocks) -> None:
    bomb = '<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><p>&b;&b;text</p>'
    assert len(blocks("a.html", bomb)[0].text) < 100


def test_a_secret_of_the_machine_is_not_read_through_a_page(blocks: Blocks) -> None:
    page = '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html><p>&x; text</p></html>'
    assert all("root:" not in block.text for block in blocks("a.xhtml", page))


def test_the_encoding_is_the_one_the_page_names(read: Read) -> None:
    document = read("a.html", "<meta charset=gb2312><title>年假</title><p>十四天。".encode("gb18030"))
    assert (document.title, document.text(), document.language) == ("年假", "十四天。", "zh")


def test_a_long_page_comes_in_blocks() -> None:
    parts = list(blocks_of("<p>" + "年假十四天。" * 20_000 + "</p><table>" + "<tr><td>a<td>b" * 20_000 + "</table>"))
    assert max(len(part.text) for part in parts) < 20_000
    assert parts[-1] == Block("table", parts[-1].text)


def test_markup_left_open_closes_by_itself() -> None:
    assert page("<p>one<div>two<table><tr><td>a<td>b") == [
        ("text", "one"),
        ("text", "two"),
        ("table", "| a | b |\n| --- | --- |"),
    ]
