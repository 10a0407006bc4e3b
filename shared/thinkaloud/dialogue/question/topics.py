"""Which words of a question say what it is about, and which only ask, in both languages.

The lists are kept by hand. They hold grammar, and what a question can be built from whatever its subject is ("how
long", "does it cost", 「怎么申请」): a question of such words alone leans on what was said before.
"""

from __future__ import annotations

import re
from functools import cache

from thinkaloud.language import Language, language_of

_ENGLISH_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?|\d[\d.,]*")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}|\d+")
_HAN_RUN = re.compile(r"[\u3400-\u9fff]{2,}")

_ENGLISH = """
a about above after again against ago all allowed already also although always am among an and another any anybody
anyhow anyone anything anyway anywhere apart applies apply applying are aren't arrive arrived arrives as ask at away
be because become been before begin being below best better between both bring but by call can can't cannot case cases
certain change changed changes check choose come comes condition conditions continue cost costs could couldn't
count counts day days deadline detail details did didn't differ difference different do does doesn't doing don't done
down during each earlier early either elaborate else end ends enough even ever every everybody everyone everything
exactly example except expire expires explain extend extended extra far fast few fewer figure find first five for
former found four from further general get gets getting give given go goes going gone good got great had hand happen
happened happens has hasn't have haven't having he help her here hers him his hour hours how however i i'd i'll i'm
i've if in include included includes including instead into is isn't it it'd it'll it's its just keep keeps kind know
last late later latter least leave less let like limit limits list little long longer look lot made make makes many
maximum may maybe me mean means meant might mind mine minimum minute minutes moment money month months more most much
must my name near necessary need needed needs neither never new next no nobody none nor normal normally not nothing
now number obtain of off often ok okay old older on once one ones only or other others otherwise ought our out
over own part people per perhaps person place please point possible precisely problem process put quite rather reach
reason receive replace request required right rule rules same say says second see several shall she short should show
since six so some somebody someone something sometimes somewhere soon sort start starts step steps still stop submit
such sure take taken takes tell ten than that that's the their them then there there's these they they're thing things
think this those though three through till time times to today together tomorrow too total true try twice two type
types under unless until up upon us use used uses using usual usually very wait want was way ways we week weeks well
went were what what's whatever when when's whenever where where's whether which while who who's whole whom whose why
will with within without won't work works worth would wouldn't year years yes yet you you'd you'll you're you've your
yours
"""
_CHINESE = """
或者 也是 还是 还有 再次 只有 那么 那样 这样 对于 但是 不过 而且 并且 因为 所以 如果 要是 假如 万一 的话 除了 关于
请问 想问 想知道 知道 告诉 说说 介绍 解释 我们 你们 他们 她们 它们 咱们 自己 本人 别人 大家 什么 怎么 怎样 怎么样
怎么办 如何 为什么 为何 多少 多久 多长 多大 多远 多高 多快 第几 哪里 哪儿 哪些 哪个 哪天 何时 时候 时间 什么时候 可以
可不可以 能够 能不能 会不会 要不要 需要 需不需要 用不用 应该 应当 必须 必要 有没有 没有 不是 不能 不会 不用 是不是
是否 能否 行不行 好的 一下 一样 同样 相同 一个 一次 一种 一些 一点 这个 那个 这些 那些 这种 那种 这里 那里 其中 其他
其它 别的 另外 此外 上面 下面 前面 后面 刚才 之前 之后 以前 以后 期间 当中 以上 以下 以内 以外 超过 不到 至少 最多
最少 最长 最短 最晚 最早 最高 最低 比较 大概 大约 左右 一般 通常 平时 具体 详细 特别 特殊 所有 全部 每次 每天 每年
每月 每周 每个 一天 一年 一月 一周 小时 分钟 天数 次数 块钱 费用 价格 收费 免费 金额 数量 标准 规定 规则 政策 要求
条件 流程 步骤 手续 方法 办法 方式 材料 资料 东西 线上 线下 网上 情况 问题 原因 好处 坏处 区别 不同 差别 结果 例子
内容 部分 地方 事情 申请 办理 处理 提交 审批 批准 同意 通知 联系 使用 看到 开始 结束 提前 推迟 延长 延期 到期 过期
生效 弄丢 丢了 坏了 弄坏 等待 完成 成功 失败 定期 经常 马上 立即 自动 直接
继续 接着 举例 举个 例如 比如
"""
#: Characters of grammar, which separate words; not where they are part of a noun (会员, 要求, 能力).
_CHINESE_GRAMMAR = (
    "[的了着吗呢吧啊呀嘛么那这把被让请问我你您他她它们谁几哪啥是在和与或也都就还又再给为跟而但要该得没不从才之来]"
    "|会(?![员议计])|能(?![力源])|有(?!效)"
)


def topics(text: str) -> list[str]:
    """The words of `text` that say what it is about, lower case, in order: 「怎么申请年假」 -> 年假.

    Chinese is not segmented: what is left between the words of the list counts, from two characters on.
    """
    return _english(text) if language_of(text) == "en" else _chinese(text)


def english_words(text: str) -> list[str]:
    """All words and numbers of an English text, lower case."""
    return _ENGLISH_WORD.findall(text.lower().replace("’", "'"))


def _english(text: str) -> list[str]:
    asking = _words("en")
    # One letter says nothing, and a Chinese word in an English sentence says what that is about.
    return [word for word in english_words(text) if len(word) > 1 and word not in asking] + _HAN_RUN.findall(text)


def _chinese(text: str) -> list[str]:
    rest = _chinese_pattern().sub(" ", text)
    return [*_HAN_RUN.findall(rest), *(word.lower() for word in _LATIN_WORD.findall(rest) if not word.isdigit())]


@cache
def _words(language: Language) -> frozenset[str]:
    return frozenset((_ENGLISH if language == "en" else _CHINESE).split())


@cache
def _chinese_pattern() -> re.Pattern[str]:
    # The longest first, so that 「需要」 is not read as 「要」.
    return re.compile("|".join([*sorted(_words("zh"), key=len, reverse=True), _CHINESE_GRAMMAR]))
