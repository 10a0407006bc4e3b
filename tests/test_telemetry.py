"""Log lines are JSON, one a line, and carry what was appended to them."""

from __future__ import annotations

import json

import pytest

from thinkaloud.telemetry import logger


def test_a_line_is_one_json_object_with_its_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "telemetry-test")
    logger.cache_clear()
    try:
        logger().append_keys(trace="trace-1")
        logger().info("turn ended", extra={"finish": "stop"})
    finally:
        logger.cache_clear()
    (line,) = capsys.readouterr().out.splitlines()
    fields = json.loads(line)
    assert (fields["message"], fields["service"], fields["trace"], fields["finish"]) == (
        "turn ended",
        "telemetry-test",
        "trace-1",
        "stop",
    )
    assert fields["timestamp"].endswith(("Z", "+00:00", "+0000"))


def test_there_is_one_logger_so_that_keys_reach_every_line() -> None:
    assert logger() is logger()
