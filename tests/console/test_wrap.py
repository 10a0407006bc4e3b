import io
import itertools

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from console.wrap import ReadingText, break_points


def rows(line: str, width: int) -> list[str]:
    points = [0, *break_points(line, width), len(line)]
    return [line[start:end] for start, end in itertools.pairwise(points)]


def test_chinese_fills_its_lines_though_it_has_no_spaces():
    assert rows("请在 7 天内提交申请材料", 10) == ["请在 7 天", "内提交申请", "材料"]


def test_words_stay_whole():
    assert rows("退款 takes five working days 到账", 12) == ["退款 takes ", "five working ", "days 到账"]


def test_closing_punctuation_begins_no_line_and_opening_ends_none():
    assert rows("年假十天，病假五天。", 8) == ["年假十", "天，病假", "五天。"]
    assert rows("他说：「请假」吧", 8) == ["他说：", "「请假」", "吧"]


def test_a_word_that_is_wider_than_the_line_is_folded():
    assert rows("https://example.com/很长", 10) == ["https://ex", "ample.com/", "很长"]


TEXT = st.text(alphabet="ab ,.[]1 年假，。「」（）😀é", max_size=60)


@given(TEXT, st.integers(min_value=2, max_value=30))
def test_nothing_is_lost_and_little_is_wider_than_the_line(line: str, width: int):
    pieces = rows(line, width)
    assert "".join(pieces) == line
    # Only a run of white space may hang over the edge; it is cut when it is shown.
    assert all(cell_len(piece.rstrip()) <= width for piece in pieces)
    assert all(pieces) or not line


@given(TEXT, st.integers(min_value=2, max_value=30))
def test_what_is_drawn_fits(line: str, width: int):
    console = Console(file=io.StringIO(), width=width)
    drawn = console.render_lines(ReadingText(line), pad=False)
    assert all(sum(segment.cell_length for segment in row) <= width for row in drawn)
    shown = "".join(segment.text for row in drawn for segment in row)
    assert shown.replace(" ", "") == line.replace(" ", "")


def test_styles_survive_a_break():
    text = ReadingText("年假十天年假十天")
    text.stylize("bold", 2, 6)
    lines = text.wrap(Console(width=8), 8)
    assert [(line.plain, [(span.start, span.end) for span in line.spans]) for line in lines] == [
        ("年假十天", [(2, 4)]),
        ("年假十天", [(0, 2)]),
    ]
