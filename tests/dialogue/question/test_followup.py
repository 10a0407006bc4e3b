"""Questions that stand alone are told from those that lean on the conversation, in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkaloud.dialogue.question.followup import read_question
from thinkaloud.dialogue.question.topics import topics

SAMPLES = Path(__file__).parents[3] / "samples"


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / name).read_text(encoding="utf-8").splitlines()]


LEANING = """
what about part-timers?
and in winter?
how so?
why is that?
who do I ask about that?
does it also cover zips?
are they waterproof?
and where do I send it?
is there a limit?
can I do that online?
how much does it cost?
what documents do I need for it?
until when?
does this apply to sale items?
and for those who joined last year?
what if I miss the deadline?
for how long?
which one is cheaper?
can my partner use it too?
is that also true for agency staff?
And what's the maximum?
Customer Service too?
How about seniors
那加班呢？
实习生也有吗？
要多少钱？
可以线上办吗？
需要什么材料？
那如果超过五千呢
为什么？
周末呢
谁来批？
它可以退吗？
这个期限能延长吗？
孩子生病也算吗？
超过了怎么办？
香港也送吗？
最晚什么时候？
如果没有发票呢？
多胞胎呢？
在哪里申请？
还能再续一次吗？
这种情况要扣钱吗？
他们周末上班吗？
Tell me more.
Can you explain that in more detail?
Continue
继续
详细说说
还有吗？
举个例子
""".strip().splitlines()

ALONE = """
How do I report a phishing mail?
Do employees get a discount?
Is it possible to work from Spain for a week?
My tent pole broke, can you fix it?
I bought boots last week and they are too small. Can I swap them?
How long does it take to repair a jacket?
What is the password policy?
Is there a birthday coupon for members?
And how do I book a hotel in Beijing?
Which documents do new employees bring on their first day?
What happens to my points when I leave the programme?
Tell me about sick leave.
How often are the recordings of this year deleted?
密码至少要多少位？
冲锋衣的质保期是多久？
怎么申请培训经费？
外包人员的账号有效期多长？
试用期内可以辞职吗？
我上周买的帐篷坏了，它能免费修吗？
这个月的工资什么时候发？
雪峰会员有哪些权益？
发票抬头写错了怎么改？
员工借装备可以借几天？
周三可以居家办公吗？
如果包裹丢了怎么办？
年假要提前几天申请呢？
""".strip().splitlines()

UNSURE = ["Interns?", "only on weekdays", "And what does shipping cost?", "实习生", "加急的话要加多少？"]


@pytest.mark.parametrize("text", LEANING)
def test_what_leans_is_seen(text: str) -> None:
    assert read_question(text).stance == "leans"


@pytest.mark.parametrize("text", ALONE)
def test_what_stands_alone_is_left_alone(text: str) -> None:
    assert read_question(text).stance == "alone"


@pytest.mark.parametrize("text", UNSURE)
def test_what_may_be_either_is_not_decided(text: str) -> None:
    assert read_question(text).stance == "unsure"


@pytest.mark.parametrize("line", lines("questions.jsonl"), ids=lambda line: line["question"])
def test_a_question_of_its_own_is_never_taken_for_a_follow_up(line: dict[str, Any]) -> None:
    assert read_question(line["question"]).stance == "alone"


@pytest.mark.parametrize("line", lines("followups.jsonl"), ids=lambda line: line["turns"][-1])
def test_a_follow_up_of_the_samples_is_never_taken_for_a_question_of_its_own(line: dict[str, Any]) -> None:
    first, then = line["turns"]
    assert read_question(then).stance != "alone"
    assert read_question(first).stance != "leans"


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("How long does a refund take?", ["refund"]),
        ("How long does that take?", []),
        ("怎么申请年假？", ["年假"]),
        ("要怎么申请？", []),
        ("会员有什么好处？", ["会员"]),
        ("VPN 怎么用？", ["vpn"]),
        ("", []),
    ],
)
def test_what_a_question_is_about(text: str, about: list[str]) -> None:
    assert topics(text) == about


@given(st.text(st.sampled_from("ab 那呢它，？?it's the 3") | st.characters(exclude_categories=["Cs"]), max_size=300))
def test_whatever_is_asked_is_read(text: str) -> None:
    assert read_question(text).stance in ("alone", "leans", "unsure")
