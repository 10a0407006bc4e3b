"""Words of grammar in both languages: they hold a sentence together and say little of what it is about.

Statistics find most of them in a large set of documents. In a small one, and in questions, whose "what" and 「多少」
documents hardly use, they do not.
"""

from __future__ import annotations

#: Articles, pronouns, prepositions, auxiliaries, question words.
_ENGLISH = """
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
ENGLISH_GRAMMAR = frozenset(_ENGLISH.split())

#: Characters, in simplified and in traditional script; a pair made only of these says next to nothing.
CHINESE_GRAMMAR = frozenset(
    "的了是在和与及或也就都而着之其这那有为以于对从被把让到由等很更最不没能会可要我您你他她它们"
    "什么怎哪谁几多少个吗呢吧啊请问如何所因但则并且还又再已将给向"
    "與這為於對從讓沒會們麼誰幾個嗎請問後還將給"
)
