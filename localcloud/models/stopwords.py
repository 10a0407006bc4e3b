"""Words that say little about what a text is about, in three degrees per language.

They are weights, not a filter: "who" alone is no topic, but it may still break a tie. The lists are kept by hand;
what is common in *every* question ("how long", 「多少」) matters more to them than what is common in books.
"""

from __future__ import annotations


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Grammar: articles, pronouns, prepositions, auxiliaries, question words.
ENGLISH_GRAMMAR = _words(
    """
    a about above after again against all also although am among an and another any anybody anyone anything
    are as at be became because been before being below between both but by can cannot could did do does doing
    done down during each either else even ever every everything far few for from further had has have having
    he her here hers herself him himself his how however i if in into is it its itself just long many me might
    mine more most much must my myself neither no nobody nor not nothing now of off often on once one only
    onto or other others our ours ourselves out over own per please quite rather same shall she should since
    so some somebody someone something such than that the their theirs them themselves then there these they
    this those though through till to too under until up upon us very was we well were what whatever when
    whenever where whether which while who whom whose why will with within without would yes yet you your
    yours yourself
    """
)

# Everyday words that a question is built with rather than about.
ENGLISH_FAINT = _words(
    """
    able allow allowed apply around ask become bring call come cost day find first get give go going happen
    hear help hour keep know known last let like likely little look lot make may mean month name need new next
    number old part people possible put said say see seem send show small soon still take tell thing think
    time two use used using want way week work year
    """
)

# Characters of Chinese grammar; a pair made only of these says next to nothing.
CHINESE_GRAMMAR = frozenset(
    "的了是在和与及或也就都而着之其这那有为以于对从被把让到由等很更最不没能会可要我你您他她它们"
    "什么怎哪谁几多少个吗呢吧啊请问如何所因但则并且还又再已将已给向"
)

# Pairs that questions are built with.
CHINESE_FAINT = _words(
    """
    需要 时间 时候 多久 多长 多大 可以 能够 应该 请问 想问 知道 告诉 一下 一个 一种 一些 哪里 哪些 哪个 为何
    我们 你们 他们 公司 今年 部门 部分 使用 进行 通过 根据 关于 情况 问题 名字 称为 叫做 最后 第一 主要 包括
    然后 后来 接着 另外 其他 例如
    """
)
