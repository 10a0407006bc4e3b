"""Words that say little about what a text is about, beside those of grammar, which are in `function_words` of the
application.

They are weights, not a filter: "who" alone is no topic, but it may still break a tie. The lists are kept by hand;
what is common in *every* question ("how long", 「多少」) matters more to them than what is common in books.
"""

from __future__ import annotations


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Everyday words that a question is built with rather than about.
ENGLISH_FAINT = _words(
    """
    able allow allowed apply around ask become bring call come cost day find first get give go going happen
    hear help hour keep know known last let like likely little look lot make may mean month name need new next
    number old part people possible put said say see seem send show small soon still take tell thing think
    time two use used using want way week work year
    """
)

# Pairs that questions are built with.
CHINESE_FAINT = _words(
    """
    需要 时间 时候 多久 多长 多大 可以 能够 应该 请问 想问 知道 告诉 一下 一个 一种 一些 哪里 哪些 哪个 为何
    我们 你们 他们 公司 今年 部门 部分 使用 进行 通过 根据 关于 情况 问题 名字 称为 叫做 最后 第一 主要 包括
    然后 后来 接着 另外 其他 例如
    """
)
