import string
from dataclasses import asdict

import pytest

from console.words import explain, system_locale, valid_locale, words
from thinkaloud.client import errors
from thinkaloud.client.errors import ClientError
from thinkaloud.errors import InvalidFrame, ThinkaloudError


def marks(text: str) -> list[str | None]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


def test_both_languages_say_the_same_things():
    english, chinese = asdict(words("en")), asdict(words("zh"))
    for name in english:
        assert marks(english[name]) == marks(chinese[name]), name
        assert chinese[name].strip(), name


@pytest.mark.parametrize(
    ("environ", "locale"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "en_GB"}, "en-GB"),
        ({"LANG": "de_DE.UTF-8@euro"}, "de-DE"),
        ({"LC_ALL": "zh_TW.UTF-8", "LANG": "en_US.UTF-8"}, "zh-TW"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_CN", "LANG": "en_US"}, "zh-CN"),
        ({"LANG": "C.UTF-8"}, None),
        ({"LANG": "POSIX"}, None),
        ({"LANG": ""}, None),
        ({}, None),
    ],
)
def test_the_systems_locale(environ: dict[str, str], locale: str | None):
    assert system_locale(environ) == locale


@pytest.mark.parametrize("value", ["", "e", "zh CN", "中文", "zh-", "en_US.UTF-8"])
def test_what_is_no_locale(value: str):
    assert valid_locale(value) is None


CLIENT_ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ClientError)]
CLIENT_ERRORS.remove(ClientError)


@pytest.mark.parametrize("kind", CLIENT_ERRORS)
def test_whatever_a_client_runs_into_is_explained_in_chinese(kind: type[ClientError]):
    assert "（" in explain(kind.__new__(kind), "zh")


def test_the_technical_words_follow():
    assert explain(InvalidFrame("text: too long"), "zh") == "这个问题无法发送（text: too long）"
    assert explain(InvalidFrame("text: too long"), "en") == "text: too long"
    assert explain(ThinkaloudError("other"), "zh") == "other"
