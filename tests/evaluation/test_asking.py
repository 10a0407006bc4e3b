"""One question through the real turn, with stand-ins for what it is answered with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evaluation.asking import Asker
from evaluation.observation import Cited, Observation
from tests.builders import match
from tests.dialogue.players import BrokenRetriever, Found, PacedChat, abilities
from tests.evaluation.builders import case
from thinkaloud.dialogue.answer.turn import Abilities
from thinkaloud.errors import ModelRefused
from thinkaloud.knowledge.retrieval.search import Candidate, Retrieval, Search
from thinkaloud.models.chat import Delta, Finish


class Given:
    """A retriever that answers what it was made with."""

    def __init__(self, found: Retrieval) -> None:
        self.searches: list[Search] = []
        self._found = found

    async def retrieve(self, tenant: str, search: Search) -> Retrieval:
        self.searches.append(search)
        return self._found


def passages(*uris: str) -> list[Candidate]:
    """Candidates of these places, each with a text of its own."""
    found = (match(f"Passage {number}.", 1 - number / 10, uri=uri, position=number) for number, uri in enumerate(uris))
    return [Candidate(item.passage, item.score) for item in found]


def found(candidates: Sequence[Candidate], *, covered: bool = True) -> Retrieval:
    """What is found where the candidates that are not dropped are given."""
    given = [match(each.passage.text, each.score) for each in candidates if each.dropped is None]
    kept = [each.passage for each in candidates if each.dropped is None]
    matches = [replace(item, passage=passage) for item, passage in zip(given, kept, strict=True)]
    return Retrieval(matches, list(candidates), covered=covered, threshold=0.4, timings={"embed": 0.1, "search": 0.2})


async def observe(means: Abilities, *turns: str, answers: bool = True) -> Observation:
    asked = case(turns=turns or ("How long does a refund take?",))
    return await Asker("qinghe", means, answers=answers).ask(asked)


def saying(text: str) -> PacedChat:
    return PacedChat(Delta(text), Finish("stop", None))


async def test_an_answer_with_its_citations():
    retriever = Given(found(passages("refunds", "gifts")))
    seen = await observe(abilities(chat=saying("Five days [2]. Not seven [2][1]."), retriever=retriever))
    assert seen.reply is not None
    assert seen.reply.text == "Five days [2]. Not seven [2][1]."
    two, one = Cited("gifts", "Passage 1."), Cited("refunds", "Passage 0.")
    assert seen.reply.citations == (two, two, one)
    assert seen.reply.passages == ("Passage 0.", "Passage 1.")
    assert (seen.used, seen.score, seen.covered) == (("refunds", "gifts"), 1.0, True)
    assert {"embed", "search", "generation", "total"} <= seen.timings.keys()


async def test_retrieval_alone_asks_no_model():
    chat = saying("never")
    seen = await observe(abilities(chat=chat, retriever=Given(found(passages("refunds")))), answers=False)
    assert (seen.reply, chat.prompts, seen.ranking) == (None, [], ("refunds",))
    assert "generation" not in seen.timings


async def test_the_ranking_goes_on_with_what_was_held_back_but_for_copies():
    first, copy, weak, late = passages("refunds", "refunds-copy", "gifts", "returns")
    candidates = [first, replace(copy, dropped="duplicate"), replace(weak, dropped="score"), late]
    seen = await observe(abilities(retriever=Given(found(candidates))))
    assert seen.ranking == ("refunds", "returns", "gifts")
    assert seen.used == ("refunds", "returns")


async def test_what_the_documents_do_not_cover():
    seen = await observe(abilities(retriever=Given(found(passages("gifts"), covered=False))))
    assert seen.abstained
    assert seen.reply is not None
    assert (seen.reply.citations, seen.used, seen.ranking) == ((), (), ("gifts",))


async def test_a_follow_up_is_asked_with_its_conversation_and_once_without():
    retriever = Given(found(passages("contractors")))
    chat = saying("Ten days [1].")
    seen = await observe(
        abilities(chat=chat, retriever=retriever), "How much leave do staff get?", "And for contractors?"
    )
    assert "leave" in f"{seen.searched} {retriever.searches[1].context}"
    assert [search.text for search in retriever.searches][::2] == [
        "How much leave do staff get?",
        "And for contractors?",
    ]
    assert retriever.searches[2].context == ""
    assert seen.unrewritten == ("contractors",)
    assert [message.content for message in chat.prompts[1]][1:3] == ["How much leave do staff get?", "Ten days [1]."]


async def test_a_search_that_fails_is_an_error_and_not_a_miss():
    seen = await observe(abilities(retriever=BrokenRetriever()))
    assert seen.error == "KnowledgeError: the index did not answer: ServiceException: 503"


async def test_a_model_that_fails_is_an_error_too():
    seen = await observe(abilities(chat=PacedChat(ModelRefused("401")), retriever=Found([match()])))
    assert seen.error.startswith("model_refused: ")
