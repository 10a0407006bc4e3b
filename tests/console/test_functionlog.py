import io
import json
import traceback
import uuid

import pytest
from aws_lambda_powertools import Logger

from console.functionlog import FunctionLog


class Shown(list[str]):
    """What a log writes for lines of one function."""

    def __init__(self, *, verbose: bool = False) -> None:
        super().__init__()
        self._log = FunctionLog(self.append, verbose=verbose)

    def feed(self, *lines: str, function: str = "TurnFunction") -> list[str]:
        for line in lines:
            self._log(function, line)
        return self


class Printed:
    """A logger as the functions have it, and the lines that it printed."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        # Powertools keeps what it once made for a service.
        self.logger = Logger(service=str(uuid.uuid4()), stream=self._stream, log_uncaught_exceptions=False)

    @property
    def lines(self) -> list[str]:
        return self._stream.getvalue().splitlines()


@pytest.fixture
def powertools() -> Printed:
    return Printed()


def test_a_warning_is_a_line_with_its_detail_and_its_turn(powertools: Printed):
    powertools.logger.warning(
        "retrieval failed",
        extra={"detail": "the index did not answer", "tenant": "demo", "session": "s-1", "turn": "t-1", "trace": "a1"},
    )
    assert Shown().feed(*powertools.lines) == [
        "TurnFunction  WARNING  retrieval failed: the index did not answer  session=s-1  turn=t-1  trace=a1"
    ]


def test_what_is_not_worth_a_warning_is_not_shown(powertools: Printed):
    powertools.logger.info("turn sent")
    powertools.logger.debug("prompt built")
    assert Shown().feed(*powertools.lines, "hello", "3", "[1, 2]", "{}", '{"level": "WARNING"', "") == []


def test_a_logged_exception_says_what_and_where(powertools: Printed):
    try:
        json.loads("{")
    except ValueError as error:
        powertools.logger.exception("the answer was not stored", extra={"detail": str(error)})
        [line] = Shown().feed(*powertools.lines)
    assert line.startswith(
        "TurnFunction  ERROR  the answer was not stored: "
        "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1) ("
    )
    assert ".py:" in line
    assert line.count("Expecting") == 1


def test_an_exception_that_left_the_handler():
    """As the runtime client writes it."""
    record = {
        "timestamp": "2026-11-20T16:41:20Z",
        "level": "ERROR",
        "errorMessage": "'requestContext'",
        "errorType": "KeyError",
        "requestId": "7762ab24-dff5-4237-bdef-0c20caafaa65",
        "stackTrace": [
            '  File "/x/functions/default/app.py", line 12, in handler\n    receive(event)\n',
            '  File "/x/thinkaloud/gateway/events.py", line 106, in read\n    event["requestContext"]\n',
        ],
    }
    assert Shown().feed(json.dumps(record), function="DefaultFunction") == [
        "DefaultFunction  ERROR  KeyError: 'requestContext' (/x/thinkaloud/gateway/events.py:106)"
    ]


@pytest.mark.parametrize("trace", [None, [], 3])
def test_an_error_without_a_trace(trace: object):
    record = {"level": "ERROR", "errorType": "Runtime.ImportModuleError", "errorMessage": "No module", "detail": None}
    assert Shown().feed(json.dumps({**record, "stackTrace": trace})) == [
        "TurnFunction  ERROR  Runtime.ImportModuleError: No module"
    ]


@pytest.mark.parametrize(
    "problem",
    [
        "Task timed out after 3.00 seconds",
        "Runtime exited with error: signal 9",
        "Runtime exited without providing a reason",
    ],
)
def test_what_lambda_says_of_an_invocation(problem: str):
    line = f"RequestId: b300c467-c7b3-4a50-8f7b-d0f68995b65f Error: {problem}"
    assert Shown().feed(line) == [f"TurnFunction  ERROR  {problem}"]


def raised(error: Exception) -> list[str]:
    """The lines of its traceback."""
    try:
        raise error
    except Exception as caught:  # noqa: BLE001
        return "".join(traceback.format_exception(caught)).splitlines()


def test_the_runtime_clients_preamble_is_left_out():
    assert (
        Shown().feed(json.dumps({"level": "WARNING", "message": "LAMBDA_WARNING: Unhandled exception. The most"})) == []
    )


def test_a_printed_traceback_is_one_line():
    lines = raised(ValueError("no such part"))
    [shown] = Shown().feed("before", *lines, "after", "  after")
    assert shown.startswith("TurnFunction  ERROR  ValueError: no such part (")
    assert "test_functionlog.py:" in shown


def test_a_group_of_exceptions_is_one_line():
    [shown] = Shown().feed(*raised(ExceptionGroup("two", [ValueError("1"), KeyError("2")])))
    assert shown.startswith("TurnFunction  ERROR  ExceptionGroup: two (2 sub-exceptions) (")


def test_tracebacks_of_two_functions_do_not_mix():
    shown = Shown()
    one, two = raised(ValueError("one")), raised(KeyError("two"))
    for first, second in zip(one, two, strict=True):
        shown.feed(first, function="A")
        shown.feed('{"level": "INFO", "message": "meanwhile"}', function="A")
        shown.feed(second, function="B")
    assert [line.partition(" (")[0] for line in shown] == ["A  ERROR  ValueError: one", "B  ERROR  KeyError: 'two'"]


def test_everything_on_request_as_it_was_printed():
    lines = ["hello", '{"level": "INFO"}', *raised(ValueError("x"))]
    assert Shown(verbose=True).feed(*lines) == [f"TurnFunction  {line}" for line in lines]


def test_a_terminal_is_not_given_orders():
    assert Shown().feed(json.dumps({"level": "ERROR", "message": "a\x1b[2Jb\nc\rd"})) == [
        "TurnFunction  ERROR  a[2Jb c d"
    ]
