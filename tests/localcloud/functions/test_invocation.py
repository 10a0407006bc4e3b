from __future__ import annotations

import re

from localcloud.functions.invocation import InvocationResult, exited, new_trace_id, timed_out


def test_a_result_is_decoded() -> None:
    result = InvocationResult('{"statusCode": 200, "body": "问"}'.encode())
    assert result.payload == {"statusCode": 200, "body": "问"}
    assert result.error is None


def test_bytes_that_are_no_json_come_back_as_text() -> None:
    assert InvocationResult(b"plain").payload == "plain"


def test_an_error_is_decoded() -> None:
    result = InvocationResult(b'{"errorType": "ValueError", "errorMessage": "no"}', failed=True)
    assert result.payload is None
    assert result.error == {"errorType": "ValueError", "errorMessage": "no"}
    assert InvocationResult(b"?", failed=True).error == {"errorType": "Unhandled", "errorMessage": "?"}


def test_lambdas_own_errors_have_its_words() -> None:
    assert timed_out("r1", 3).error == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: r1 Error: Task timed out after 3.00 seconds",
    }
    messages = [(exited("r1", code).error or {})["errorMessage"] for code in (0, 3, -9)]
    assert messages == [
        "RequestId: r1 Error: Runtime exited without providing a reason",
        "RequestId: r1 Error: Runtime exited with error: exit status 3",
        "RequestId: r1 Error: Runtime exited with error: signal 9",
    ]


def test_a_trace_id_is_one_x_ray_takes() -> None:
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", new_trace_id())
