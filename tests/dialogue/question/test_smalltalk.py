"""Greetings, thanks and words about the conversation are known; what asks the documents something never is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thinkaloud.dialogue.question.smalltalk import is_about_conversation, is_talk

SAMPLES = Path(__file__).parents[3] / "samples"

PHRASES = """
Hi
Hello!
hello there 👋
Hey, how are you?
Good morning!
Thanks a lot!
Thank you very much for your help.
ok, thanks
Great, got it.
Who are you?
What can you do?
Bye
你好
您好！
谢谢你！
好的，谢谢
再见
你是谁？
你能做什么？
""".strip().splitlines()

ON_THE_CONVERSATION = """
Summarise what you said.
Can you summarize our conversation?
Translate that
translate it into Chinese, please
Please repeat that
Say it again in English
In one sentence, please
Shorter, please.
What did I just ask?
what was my first question?
Could you put that in simpler words?
Explain that in simpler words
用英文再说一遍
翻译成英文
总结一下刚才的对话
请把上面的内容翻译成英语
能说得简单一点吗？
再说一遍
我刚才问了什么？
概括一下
用一句话总结
换个说法
把刚才的回答缩短一点
""".strip().splitlines()

QUESTIONS = """
Hello, how long does a refund take?
Hi, what is the warranty on tents?
Can you summarise the refund policy?
Thanks. And for contractors?
What did the handbook say about notice periods?
How do I write an invoice?
Who approves it?
And in English-speaking countries?
What languages does customer service speak?
In which cities is express delivery available?
As a contractor, do I get leave?
Can I continue a contract?
你好，退款多久到账？
总结一下退款政策
可以换个颜色吗？
怎么换成大一码？
再说说病假
继续
详细说说
Continue.
Explain that.
Tell me more.
那外包人员呢？
发票内容可以改吗？
英文发票可以开吗？
能用英文写报销说明吗？
继续教育有补贴吗？
""".strip().splitlines()


@pytest.mark.parametrize("text", PHRASES)
def test_a_greeting_or_thanks_is_talk(text: str) -> None:
    assert is_talk(text)


@pytest.mark.parametrize("text", ON_THE_CONVERSATION)
def test_a_word_about_the_conversation_is_talk(text: str) -> None:
    assert is_about_conversation(text)


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_is_none_whatever_politeness_is_around_it(text: str) -> None:
    assert not is_talk(text)


@pytest.mark.parametrize("name", ["questions.jsonl", "unanswerable.jsonl", "followups.jsonl"])
def test_no_question_of_the_samples_is_talk(name: str) -> None:
    for line in (SAMPLES / name).read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        for text in record.get("turns") or [record["question"]]:
            assert not is_talk(text), text


@pytest.mark.parametrize("text", ["", "?", "👋", "   "])
def test_nothing_is_no_talk(text: str) -> None:
    assert not is_talk(text)
