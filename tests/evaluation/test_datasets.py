"""Files of questions in every shape they come in, and where their answers are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.datasets import EvaluationSet, read_set
from evaluation.errors import DatasetError
from tests.evaluation.files import lines, qa, squad, write

TIDES = "Tides are caused by the moon."
VOLCANOES = "Etna is the highest volcano of Europe."
TIDES_ZH = "潮汐由月球引起。"
VOLCANOES_ZH = "埃特纳火山是欧洲最高的火山。"


def places(chosen: EvaluationSet) -> dict[str, list[str]]:
    """Question -> the texts of the documents that answer it."""
    texts = {document.uri: document.text() for document in chosen.corpus.documents()}
    return {case.question: sorted(texts[place] for place in case.places) for case in chosen.cases}


@pytest.fixture
def english(tmp_path: Path) -> Path:
    content = squad(
        (TIDES, [qa("1", "What causes tides?", "the moon", "moon")]),
        (VOLCANOES, [qa("2", "Which volcano is highest?", "Etna")]),
    )
    return write(tmp_path / "en.json", content)


class TestSquad:
    def test_its_questions_belong_to_their_paragraphs(self, english: Path):
        chosen = read_set([english])
        assert places(chosen) == {"What causes tides?": [TIDES], "Which volcano is highest?": [VOLCANOES]}
        assert chosen.cases[0].answers == ("the moon", "moon")
        assert [document.title for document in chosen.corpus.documents()] == ["Nature", "Nature"]

    def test_a_question_that_has_no_answer(self, tmp_path: Path):
        content = squad((TIDES, [qa("1", "What causes tides?", "moon"), qa("2", "Who is Etna?", is_impossible=True)]))
        answered, left_open = read_set([write(tmp_path / "v2.json", content)]).cases
        assert (answered.answerable, left_open.answerable) == (True, False)
        assert left_open.places == frozenset()

    def test_the_same_paragraph_twice_is_one_place(self, tmp_path: Path):
        content = squad(
            (TIDES, [qa("1", "Why tides?")]), (VOLCANOES, []), (f" {TIDES}\r\n", [qa("2", "Whence tides?")])
        )
        chosen = read_set([write(tmp_path / "set.json", content)])
        assert len(chosen.corpus) == 2
        assert chosen.cases[0].places == chosen.cases[1].places

    def test_a_title_is_written_with_spaces(self, tmp_path: Path):
        content = squad((TIDES, [qa("1", "Why tides?")]), title="Super_Bowl_50")
        [document] = read_set([write(tmp_path / "set.json", content)]).corpus.documents()
        assert document.title == "Super Bowl 50"

    def test_the_older_field_names_of_cmrc(self, tmp_path: Path):
        content = [
            {
                "context_id": "TRAIN_1",
                "context_text": TIDES_ZH,
                "title": "潮汐",
                "qas": [{"query_id": "TRAIN_1_QUERY_0", "query_text": "潮汐由什么引起？", "answers": ["月球", "月球"]}],
            }
        ]
        chosen = read_set([write(tmp_path / "cmrc.json", content)])
        assert places(chosen) == {"潮汐由什么引起？": [TIDES_ZH]}
        assert (chosen.cases[0].answers, chosen.cases[0].language) == (("月球",), "zh")

    def test_questions_may_share_an_id_or_have_none(self, tmp_path: Path):
        content = squad((TIDES, [qa("1", "a?"), qa("1", "b?"), {"question": "c?", "answers": []}]))
        cases = read_set([write(tmp_path / "set.json", content)]).cases
        assert len({case.id for case in cases}) == 3

    @pytest.mark.parametrize(
        ("content", "complaint"),
        [
            ({"data": [{"title": "x"}]}, "set.json: data[0]: 'paragraphs' is missing, and must be a list"),
            (
                squad((TIDES, [{"id": "1"}])),
                "set.json: data[0].paragraphs[0].qas[0]: 'question' is missing or empty",
            ),
            (squad(("", [])), "set.json: data[0].paragraphs[0]: 'context' is missing or empty"),
            (
                squad((TIDES, [qa("1", "a?", is_impossible="no")])),
                "set.json: data[0].paragraphs[0].qas[0]: 'is_impossible' is text, and must be true or false",
            ),
            ({"data": [7]}, "set.json: data[0]: a JSON object is expected here, not a number"),
            ({"data": []}, "set: there is no question in it"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_place(self, tmp_path: Path, content: object, complaint: str):
        with pytest.raises(DatasetError) as caught:
            read_set([write(tmp_path / "set.json", content)])
        assert str(caught.value) == complaint


class TestJsonLines:
    def test_a_context_is_the_place(self, tmp_path: Path):
        text = lines(
            {"question": "What causes tides?", "context": TIDES, "title": "Tides", "answers": {"text": ["moon"]}},
            {"question": "Which volcano?", "context": VOLCANOES, "answer": "Etna"},
            {"question": "And which causes them?", "context": TIDES},
        )
        chosen = read_set([write(tmp_path / "set.jsonl", text)])
        assert list(places(chosen).values()) == [[TIDES], [VOLCANOES], [TIDES]]
        assert [case.answers for case in chosen.cases] == [("moon",), ("Etna",), ()]
        assert len(chosen.corpus) == 2

    def test_a_document_is_looked_for_beside_the_file_with_its_neighbours(self, tmp_path: Path):
        (tmp_path / "pages").mkdir()
        for name in ("tides", "volcanoes", "rivers"):
            write(tmp_path / "pages" / f"{name}.md", f"# {name}\n\nAll about {name}.\n")
        text = lines(
            {"question": "What causes tides?", "page": "pages/tides.md"},
            {"question": "Which volcano?", "document": "pages/volcanoes.md", "language": "en-GB"},
            {"question": "谁赢了？", "answerable": False},
        )
        chosen = read_set([write(tmp_path / "set.jsonl", text)])
        assert len(chosen.corpus) == 3
        assert [case.places for case in chosen.cases] == [{"pages/tides.md"}, {"pages/volcanoes.md"}, set()]
        assert [case.language for case in chosen.cases] == ["en", "en", "zh"]

    def test_turns_make_a_follow_up(self, tmp_path: Path):
        text = lines({"turns": ["What causes tides?", "And waves?"], "context": "Wind makes waves."})
        [case] = read_set([write(tmp_path / "set.jsonl", text)]).cases
        assert (case.question, case.turns[0], case.follows_up) == ("And waves?", "What causes tides?", True)

    def test_blank_lines_and_a_byte_order_mark_are_no_matter(self, tmp_path: Path):
        path = tmp_path / "set.jsonl"
        path.write_bytes(b"\xef\xbb\xbf" + ("\n" + lines({"question": "Why?", "context": TIDES}) + "\n\n").encode())
        assert len(read_set([path]).cases) == 1

    @pytest.mark.parametrize("wrapped", [False, True])
    def test_a_json_list_of_records(self, tmp_path: Path, wrapped: bool):
        records = [{"question": "What causes tides?", "context": TIDES}, {"question": "b?", "context": VOLCANOES}]
        chosen = read_set([write(tmp_path / "set.json", {"data": records} if wrapped else records)])
        assert list(places(chosen).values()) == [[TIDES], [VOLCANOES]]

    @pytest.mark.parametrize(
        ("second", "complaint"),
        [
            ('{"question": "a?"', "set.jsonl, line 3: it is no JSON: Expecting ',' delimiter (column 18)"),
            ("[1]", "set.jsonl, line 3: a JSON object is expected here, not a list"),
            (
                '{"answer": "a"}',
                "set.jsonl, line 3: it has neither a 'question' nor 'turns' nor, for a document, a 'text'",
            ),
            ('{"question": ["a"]}', "set.jsonl, line 3: 'question' is a list, and must be text"),
            ('{"turns": []}', "set.jsonl, line 3: 'turns' must be a list of questions, the one that is measured last"),
            (
                '{"question": "a?", "answerable": 0}',
                "set.jsonl, line 3: 'answerable' is a number, and must be true or false",
            ),
            (
                '{"question": "a?", "language": "fr"}',
                "set.jsonl, line 3: 'language' is 'fr'; it must be one of en, zh",
            ),
            (
                '{"question": "a?", "answers": {"start": 3}}',
                "set.jsonl, line 3: 'answers' is an object, and must be text or a list of texts",
            ),
            ("[" * 100_000, "set.jsonl, line 3: it is nested too deep"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_line(self, tmp_path: Path, second: str, complaint: str):
        text = lines({"question": "What causes tides?", "context": TIDES}) + "\n" + second + "\n"
        with pytest.raises(DatasetError) as caught:
            read_set([write(tmp_path / "set.jsonl", text)])
        assert str(caught.value) == complaint

    def test_a_document_that_is_not_there(self, tmp_path: Path):
        path = write(tmp_path / "set.jsonl", lines({"question": "a?", "document": "pages/a.md"}))
        with pytest.raises(DatasetError, match=r"pages/a\.md is not in .*; name the documents with --corpus"):
            read_set([path])

    def test_questions_without_any_document(self, tmp_path: Path):
        path = write(tmp_path / "set.jsonl", lines({"question": "a?", "answerable": False}))
        with pytest.raises(DatasetError, match="no question names a document"):
            read_set([path])


class TestAnotherCorpus:
    """Questions in one file, the paragraphs in another: `--corpus`."""

    def test_questions_find_their_paragraphs_by_id(self, tmp_path: Path, english: Path):
        content = squad((VOLCANOES_ZH, [qa("2", "最高的火山？")]), (TIDES_ZH, [qa("1", "潮汐的原因？")]))
        chosen = read_set([write(tmp_path / "zh.json", content)], english)
        assert places(chosen) == {"最高的火山？": [VOLCANOES], "潮汐的原因？": [TIDES]}
        assert {case.language for case in chosen.cases} == {"zh"}

    def test_translations_without_ids_in_common_find_them_by_position(self, tmp_path: Path, english: Path):
        content = squad((TIDES_ZH, [qa("a", "潮汐的原因？")]), (VOLCANOES_ZH, [qa("b", "最高的火山？")]))
        chosen = read_set([write(tmp_path / "zh.json", content)], english)
        assert places(chosen) == {"潮汐的原因？": [TIDES], "最高的火山？": [VOLCANOES]}

    def test_the_same_text_counts_for_more_than_an_id(self, tmp_path: Path, english: Path):
        content = squad((VOLCANOES, [qa("1", "Which is highest?")]))
        assert places(read_set([write(tmp_path / "set.json", content)], english)) == {"Which is highest?": [VOLCANOES]}

    def test_what_is_not_in_it_is_left_out_and_said(self, tmp_path: Path, english: Path):
        content = squad((TIDES_ZH, [qa("1", "潮汐的原因？"), qa("9", "长江有多长？")]))
        chosen = read_set([write(tmp_path / "zh.json", content)], english)
        assert [case.question for case in chosen.cases] == ["潮汐的原因？"]
        [note] = chosen.notes
        assert note.startswith("left out 1 of 2 questions") and "qas[1]" in note

    def test_nothing_in_common(self, tmp_path: Path, english: Path):
        content = squad((TIDES_ZH, [qa("9", "长江有多长？")]))
        with pytest.raises(DatasetError, match="its place is not in the corpus, and so for all 1 questions"):
            read_set([write(tmp_path / "zh.json", content)], english)

    def test_a_corpus_of_documents_that_questions_name(self, tmp_path: Path):
        corpus = write(
            tmp_path / "corpus.jsonl",
            lines({"id": "d1", "text": TIDES, "title": "Tides"}, {"document": "d2", "text": VOLCANOES}),
        )
        questions = write(tmp_path / "set.jsonl", lines({"question": "Why tides?", "document": "d1"}))
        assert places(read_set([questions], corpus)) == {"Why tides?": [TIDES]}

    def test_a_folder(self, tmp_path: Path):
        (tmp_path / "pages").mkdir()
        write(tmp_path / "pages" / "tides.md", f"# Tides\n\n{TIDES}\n")
        questions = write(tmp_path / "set.jsonl", lines({"question": "Why tides?", "document": "pages/tides.md"}))
        [case] = read_set([questions], tmp_path / "pages").cases
        assert case.places == {"tides.md"}

    def test_questions_in_the_folder_are_no_documents(self, tmp_path: Path):
        write(tmp_path / "tides.md", f"# Tides\n\n{TIDES}\n")
        questions = write(tmp_path / "set.json", [{"question": "Why tides?", "document": "tides.md"}])
        assert len(read_set([questions], tmp_path).corpus) == 1

    def test_one_document(self, tmp_path: Path):
        page = write(tmp_path / "tides.md", f"# Tides\n\n{TIDES}\n")
        questions = write(tmp_path / "set.jsonl", lines({"question": "Why tides?", "document": "tides.md"}))
        [case] = read_set([questions], page).cases
        assert case.places == {"tides.md"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "set.json: it is empty"),
        (b"\xff\xfe{", "set.json: it is not UTF-8 (byte 0); save it as UTF-8"),
        (b'{"data": [\n}', "set.json, line 2: it is no JSON: Expecting value"),
        (b"[" * 100_000, "set.json: it is nested too deep"),
    ],
)
def test_a_file_that_is_no_set(tmp_path: Path, content: bytes, complaint: str):
    path = tmp_path / "set.json"
    path.write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        read_set([path])
    assert str(caught.value) == complaint


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(DatasetError, match="No such file"):
        read_set([tmp_path / "set.json"])


def test_several_sets_are_one(tmp_path: Path, english: Path):
    other = write(tmp_path / "more.jsonl", lines({"question": "Who won?", "answerable": False}))
    chosen = read_set([english, other])
    assert (chosen.name, len(chosen.cases)) == ("en + more", 3)
