"""What is said to an assistant without asking its documents anything: greetings, thanks, words on the conversation."""

from __future__ import annotations

import re
from functools import cache

from thinkaloud.dialogue.question.topics import topics
from thinkaloud.language import language_of

_PIECES = re.compile(r"[\s]*[,.!?;:~…，。！？；：～、\n]+[\s]*")
_NOT_TEXT = re.compile(r"[^\w\s'’,.!?;:~…，。！？；：～、-]")

_ENGLISH_PHRASE = re.compile(
    r"(?:(?:hi|hello|hey|hiya|howdy|greetings)(?: (?:there|all|again|everyone|team|assistant|bot))?"
    r"|good (?:morning|afternoon|evening|day|night)"
    r"|(?:many |ok |okay )?thanks?(?: (?:you|u|a lot|a million|again|so much|very much))*"
    r"(?: for (?:your|the|all your) (?:help|answer|time))?"
    r"|(?:thx|ty|cheers|much appreciated|i appreciate it|that'?s all|that helps|that is all|no that'?s all)"
    r"|(?:bye|goodbye|bye bye|see you|see you later|take care|have a (?:nice|good|great) (?:day|weekend|evening))"
    r"|(?:ok|okay|great|perfect|cool|nice|awesome|excellent|good|got it|i see|understood|alright|all right)"
    r"|(?:never ?mind|sorry)"
    r"|how are you(?: doing)?(?: today)?|nice to meet you"
    r"|(?:who|what) are you|what(?:'s| is) your name|what can you do|what can i ask(?: you)?|can you help(?: me)?"
    r"|are you (?:a |an )?(?:bot|robot|human|ai|person|there|real)(?: person)?)"
)
_CHINESE_PHRASE = re.compile(
    r"(?:你好|您好|大家好|嗨|哈喽|哈罗|嘿|早|早安|早上好|上午好|中午好|下午好|晚上好|晚安|在吗|在不在|有人吗)[呀啊哦]?"
    r"|(?:非常|太|十分|真的)?(?:谢谢|多谢|感谢|谢啦|谢了|谢)(?:你|您|啦|了|您的帮助|你的帮助|帮助)*"
    r"|(?:好|好的|好吧|好滴|嗯|嗯嗯|哦|行|可以|明白|明白了|知道了|懂了|收到|了解|了解了|没事|没事了|没问题|不用了|辛苦了|太好了|不错)[呀啊哦]?"
    r"|(?:再见|拜拜|回头见|下次见)"
    r"|(?:你|您)(?:是谁|叫什么|叫什么名字|能做什么|会做什么|可以做什么|能干什么|能帮我什么|是机器人吗|是人吗|是真人吗)"
    r"|(?:你|您)(?:能)?(?:帮|帮帮)我吗"
)

# A word on the conversation: an act of speech, and nothing that it could be about but what was said.
_ENGLISH_ACT = re.compile(
    r"\b(?:summari[sz]e|recap|sum up|repeat|rephrase|reword|shorten|simplify|translate|paraphrase"
    r"|(?:say|put|write|tell me|answer|reply|give me|read) (?:that|it|this|all that|the same|everything)\b.*"
    r"|explain (?:that|this|it) (?:again|in (?:other|simpler|plain|simple) words|more simply)\b.*"
    r"|(?:say|answer|reply|respond|speak|write) (?:again|in|more|as)\b.*"
    r"|what (?:did|have) (?:i|you|we) (?:just )?(?:ask|asked|say|said|talk|talked|tell|told|discuss|discussed)\w*"
    r"|what was my (?:first|last|previous|earlier) (?:question|message))\b"
    r"|^(?:in|shorter|simpler|briefer|more briefly|once more|again|as)\b"
)
_CHINESE_ACT = re.compile(
    r"总结|概括|归纳|小结|翻译|译成|译为|复述|重复|改写|缩写|缩短|精简|简化|再说|再讲|重说|换成|换个|说得|讲得|写得|说短|用.{1,6}(?:说|讲|写|回答|翻译|重复|总结)"
    r"|(?:刚才|刚刚|前面|之前)(?:我|你|您|我们)?(?:都)?(?:问|说|聊|讲|提)|(?:我|你|您)(?:刚才|刚刚|前面|之前)(?:都)?(?:问|说|聊|讲|提)"
)
#: What such a word may name without being about the documents: the conversation, its form, a language.
_SPEECH = """
above again answer answers asked briefer briefly bullet bullets chat chinese clearly continue conversation discuss
discussed discussion earlier easier english everything far formal french german informal japanese korean language line
lines mandarin message messages native once paragraph paraphrase plain points polite previous question questions read
recap repeat rephrase reply respond reword said sentence sentences shorten shorter simple simpler simplify simply
slowly spanish speak sum summarise summarising summarize summary table talk talked talking text told translate version
word words write
"""
_CHINESE_SPEECH = re.compile(
    r"总结|概括|归纳|小结|翻译|译成|译为|成|复述|重复|改写|缩写|缩短|精简|简化|简短|简单|简洁|精炼|通俗|清楚|明白|换成|换个|说法|表达|回答|答案|回复|对话|聊天|内容|意思|问题"
    r"|中文|汉语|普通话|英文|英语|日文|日语|韩文|韩语|法语|德语|语言|一句话|两句话|三句话|几句话|句话|要点|列表|表格|口语|正式|刚才|刚刚|上面|上述|前面|之前|以上|整个|全部|一遍|一次|一下|继续|接着|结论|重点|今天|大白话"
    r"|[说讲写聊提问用帮短再更点遍列换话些得给麻烦出]"
)


@cache
def _speech() -> frozenset[str]:
    return frozenset(_SPEECH.split())


def is_talk(text: str) -> bool:
    """Whether nothing is to be looked up: a greeting, thanks, or a word about the conversation itself."""
    return is_courtesy(text) or is_about_conversation(text)


def is_about_conversation(text: str) -> bool:
    """Whether it asks for what was said to be said again, shorter, in another language: 「用英文再说一遍」."""
    plain = text.strip().lower().replace("’", "'")
    if language_of(text) == "zh":
        return bool(_CHINESE_ACT.search(plain)) and not topics(_CHINESE_SPEECH.sub("吗", plain) + "吗")
    return bool(_ENGLISH_ACT.search(plain.removeprefix("please "))) and not set(topics(plain)) - _speech()


def is_courtesy(text: str) -> bool:
    """Whether it is a greeting, thanks, a goodbye, or asks who is there."""
    plain = _NOT_TEXT.sub("", text.strip().lower().replace("’", "'"))
    pieces = [piece for piece in map(str.strip, _PIECES.split(plain)) if piece]
    pattern = _CHINESE_PHRASE if language_of(text) == "zh" else _ENGLISH_PHRASE
    return bool(pieces) and all(pattern.fullmatch(piece) or _ENGLISH_PHRASE.fullmatch(piece) for piece in pieces)
