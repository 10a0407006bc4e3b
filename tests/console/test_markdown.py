import io

from rich.console import Console

from console.markdown import AnswerMarkdown, printable


def drawn(text: str, width: int = 40) -> str:
    file = io.StringIO()
    Console(file=file, width=width).print(AnswerMarkdown(text))
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()).strip()


def test_citations_stay_as_they_are():
    assert drawn("Five days [1][2].") == "Five days [1][2]."


def test_html_is_shown_and_not_swallowed():
    assert drawn("a <b>bold</b> word\n\n<div>block</div>") == "a <b>bold</b> word\n\n<div>block</div>"


def test_a_line_break_is_a_line_break():
    assert drawn("第一行\n第二行") == "第一行\n第二行"


def test_lists_headings_and_tables():
    text = drawn("# 年假\n\n- 一\n- 二\n\n| 年限 | 天数 |\n| --- | --- |\n| 满一年 | 10 |")
    assert text.startswith("年假\n\n • 一\n • 二")
    assert "满一年" in text


def test_chinese_in_a_list_wraps_inside_it():
    assert drawn("- 员工入职满一年后享有年假", 16) == "• 员工入职满一\n   年后享有年假"


def test_escape_sequences_do_nothing():
    assert drawn("a\x1b[2Jb\x07\x9b31mc") == "a[2Jb31mc"
    assert printable("ab\u202ecd\u2066e\r\x00f\tg\n") == "abcdef\tg\n"
