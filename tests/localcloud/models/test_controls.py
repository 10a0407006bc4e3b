from __future__ import annotations

import pytest
from pydantic import ValidationError

from localcloud.models.controls import Controls, Fault, Override


def test_the_newest_override_that_fits_wins() -> None:
    controls = Controls()
    controls.put_override(Override(contains="refund", model="script:slow"))
    controls.put_override(Override(contains="long", model="script:stall"))
    assert controls.model_for("How long does a refund take?", "extractive") == "script:stall"
    assert controls.model_for("A refund?", "extractive") == "script:slow"
    assert controls.model_for("A return?", "extractive") == "extractive"
    controls.drop_overrides("long")
    assert controls.model_for("How long does a refund take?", "extractive") == "script:slow"
    controls.drop_overrides()
    assert controls.overrides == []


def test_a_fault_strikes_as_often_as_it_says() -> None:
    controls = Controls()
    controls.put_fault(Fault(path="/v1/embeddings", status=503, count=2))
    assert controls.strike("/v1/chat/completions") is None
    assert [controls.strike("/v1/embeddings") is not None for _ in range(3)] == [True, True, False]
    assert controls.faults == []


def test_a_fault_without_a_count_stays() -> None:
    controls = Controls()
    controls.put_fault(Fault(path="/v1/embeddings", delay=1, count=None))
    for _ in range(3):
        fault = controls.strike("/v1/embeddings")
        assert fault is not None
        assert fault.error() is None
    controls.drop_faults("/v1/embeddings")
    assert controls.strike("/v1/embeddings") is None


@pytest.mark.parametrize(
    "fields", [{"path": "/x"}, {"path": "x", "status": 500}, {"path": "/x", "status": 200}, {"status": 500}]
)
def test_a_fault_that_says_nothing_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(fields)
