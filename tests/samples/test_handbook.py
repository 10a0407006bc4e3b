"""The sample handbook stays what its README promises: paired pages, fit to be quoted, with questions that find them."""

import calendar
import json
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

SAMPLES = Path(__file__).parents[2] / "samples"
HANDBOOK = SAMPLES / "handbook"
LANGUAGES = ("en", "zh")
NAMES = sorted({path.name for language in LANGUAGES for path in (HANDBOOK / language).iterdir()})

SECTIONS = range(3, 6)
SIZES = {"en": range(150, 351), "zh": range(250, 601)}  # English in words, Chinese in characters

MONTHS = {name: str(number) for number, name in enumerate(calendar.month_name) if name}
MONTH = re.compile(rf"\b({'|'.join(MONTHS)})\b")
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
FIGURE = re.compile(r"\d+(?:[.:]\d+)?")
HAN = re.compile(r"[\u4e00-\u9fff]")
CHINESE_UNIT = re.compile(r"[\u4e00-\u9fff]|[A-Za-z0-9@.,:%]+")  # a Han character, or a run of Latin text


class Section(NamedTuple):
    """One `##` section: its heading and the Markdown below it."""

    heading: str
    body: str


class Question(NamedTuple):
    """One line of questions.jsonl."""

    question: str
    language: str
    page: str


def read(language: str, name: str) -> str:
    return (HANDBOOK / language / name).read_text(encoding="utf-8")


def sections(text: str) -> list[Section]:
    _, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    return [Section(*(piece.strip() for piece in part.split("\n", 1))) for part in parts]


def size(language: str, text: str) -> int:
    return len(text.split()) if language == "en" else len(CHINESE_UNIT.findall(text))


def figures(text: str) -> Counter[str]:
    """Every number of a text, so that `CNY 1,000` and `1000 元`, `31 March` and `3 月 31 日` count alike."""
    plain = MONTH.sub(lambda month: MONTHS[month[0]], text)
    return Counter(FIGURE.findall(THOUSANDS.sub("", plain)))


def questions() -> list[Question]:
    lines = (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [Question(**json.loads(line)) for line in lines]


def test_about_twenty_pages() -> None:
    assert len(NAMES) >= 20


@pytest.mark.parametrize("name", NAMES)
class TestPage:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_has_one_title_and_its_sections(self, language: str, name: str) -> None:
        text = read(language, name)
        assert re.findall(r"^# .+", text, flags=re.MULTILINE) == [text.splitlines()[0]]
        assert len(sections(text)) in SECTIONS
        assert all(section.heading and section.body for section in sections(text))

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_is_short_enough_to_read_and_long_enough_to_answer(self, language: str, name: str) -> None:
        assert size(language, read(language, name)) in SIZES[language]

    def test_is_written_in_its_language(self, name: str) -> None:
        assert not HAN.search(read("en", name))
        assert all(HAN.search(section.heading) for section in sections(read("zh", name)))

    def test_states_the_same_figures_in_both_languages(self, name: str) -> None:
        english, chinese = sections(read("en", name)), sections(read("zh", name))
        assert len(english) == len(chinese)
        for ours, theirs in zip(english, chinese, strict=True):
            assert figures(ours.body) == figures(theirs.body), f"{ours.heading} / {theirs.heading}"

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_is_asked_about_twice(self, language: str, name: str) -> None:
        asked = [question for question in questions() if question.page == f"handbook/{language}/{name}"]
        assert len(asked) >= 2


def test_every_section_has_a_figure() -> None:
    """A demonstration is worth watching only if the answers are concrete."""
    bare = [
        f"{name}: {section.heading}"
        for name in NAMES
        for section in sections(read("en", name))
        if not figures(section.body)
    ]
    assert bare == []


def test_titles_are_distinct() -> None:
    titles = [read(language, name).splitlines()[0] for language in LANGUAGES for name in NAMES]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.question)
class TestQuestion:
    def test_names_a_page_in_its_own_language(self, question: Question) -> None:
        assert (SAMPLES / question.page).is_file()
        assert question.page.split("/")[1] == question.language
        assert bool(HAN.search(question.question)) == (question.language == "zh")

    def test_is_a_paraphrase(self, question: Question) -> None:
        words = question.question.rstrip("?？").casefold()
        assert words not in (SAMPLES / question.page).read_text(encoding="utf-8").casefold()


def test_no_question_is_asked_twice() -> None:
    asked = Counter(question.question for question in questions())
    assert [text for text, times in asked.items() if times > 1] == []


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("How long does a refund take?", "handbook/en/refunds.md"),
        ("我们部门今年的年假额度是多少？", "handbook/zh/annual-leave.md"),
    ],
)
def test_a_newcomers_first_questions_are_among_them(asked: str, page: str) -> None:
    assert page in [question.page for question in questions() if question.question == asked]
