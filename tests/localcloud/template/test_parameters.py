from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.template.document import Document
from localcloud.template.errors import TemplateError
from localcloud.template.parameters import parameter_values, typed_values


def declared(**parameters: object) -> Document:
    return Document(Path("template.yaml"), {"Parameters": parameters, "Resources": {}})


def test_given_values_win_over_defaults() -> None:
    document = declared(
        Model={"Type": "String", "Default": "small"}, TopK={"Type": "Number", "Default": 5}, Url={"Type": "String"}
    )
    assert parameter_values(document, {"Model": "large", "Url": "u"}) == {"Model": "large", "TopK": "5", "Url": "u"}


def test_booleans_are_written_as_cloudformation_writes_them() -> None:
    assert parameter_values(declared(On={"Type": "String", "Default": True}), {}) == {"On": "true"}


def test_lists_are_split_for_ref() -> None:
    document = declared(Origins={"Type": "CommaDelimitedList"}, Ports={"Type": "List<Number>"}, Name={"Type": "String"})
    values = {"Origins": "https://a, https://b", "Ports": "1,2", "Name": "a,b"}
    assert typed_values(document, values) == {
        "Origins": ["https://a", "https://b"],
        "Ports": ["1", "2"],
        "Name": "a,b",
    }


@pytest.mark.parametrize(
    ("definition", "value", "complaint"),
    [
        ({"Type": "String", "AllowedPattern": "^https://\\S+$"}, "http://a", "must match ^https://"),
        ({"Type": "Number", "MinValue": 1, "MaxValue": 5}, "6", "must lie between 1 and 5"),
        ({"Type": "Number", "MinValue": 1}, "0", "must lie between 1 and inf"),
        ({"Type": "Number"}, "many", "the value 'many' is not a number"),
    ],
)
def test_a_value_must_be_what_the_template_says(definition: dict[str, object], value: str, complaint: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parameter_values(declared(Limit=definition), {"Limit": value})
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "template.yaml: Model: this parameter has no default; pass a value for it"),
        ({"Model": "tiny"}, "template.yaml: Model: the value 'tiny' is not allowed; choose one of: small, large"),
        ({"Modell": "small"}, "template.yaml: has no parameter Modell; its parameters are: Model"),
    ],
)
def test_what_cannot_be_used_is_refused(given: dict[str, str], complaint: str) -> None:
    document = declared(Model={"Type": "String", "AllowedValues": ["small", "large"]})
    with pytest.raises(TemplateError) as caught:
        parameter_values(document, given)
    assert str(caught.value) == complaint
