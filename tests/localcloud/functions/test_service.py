"""Functions in real processes under the real runtime client."""

from __future__ import annotations

import asyncio
import json
import sys
import textwrap
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.functions.errors import FunctionNotFound, PayloadTooLarge
from localcloud.functions.runtime_api import InitFailed
from localcloud.functions.service import LambdaService
from localcloud.template.model import Application, AsyncInvocation
from tests.localcloud.functions.conftest import Lines, StartService, WriteFunction
from tests.localcloud.processes import alive, gone

ECHO = """
import os

def handler(event, context):
    return {
        "event": event,
        "pid": os.getpid(),
        "id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "left": context.get_remaining_time_in_millis(),
        "trace": os.environ["_X_AMZN_TRACE_ID"],
        "environment": dict(os.environ),
        "folder": os.getcwd(),
    }
"""


async def until(condition: Callable[[], object], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110  # a file, a process or a log line
            await asyncio.sleep(0.02)


async def test_a_handler_sees_its_event_and_its_context(function: WriteFunction, service: StartService) -> None:
    hello = function(ECHO, environment={"TABLE_NAME": "state"})
    lambdas = await service(hello, environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    result = await lambdas.invoke("Hello", {"question": "年假几天？"})
    assert result.error is None
    seen = result.payload
    assert seen["event"] == {"question": "年假几天？"}
    assert seen["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:hello"
    assert 4000 < seen["left"] <= 5000
    assert seen["trace"].startswith("Root=1-")
    assert seen["folder"] == str(hello.code)
    assert seen["environment"]["TABLE_NAME"] == "state"
    assert seen["environment"]["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert seen["environment"]["AWS_ENDPOINT_URL_LAMBDA"] == lambdas.url
    assert seen["environment"]["TZ"] == ":UTC"


@pytest.mark.parametrize(
    "identifier",
    [
        "Hello",
        "hello-there",
        "hello-there:live",
        "123456789012:function:hello-there",
        "arn:aws:lambda:us-east-1:123456789012:function:hello-there",
        "arn:aws:lambda:us-east-1:123456789012:function:hello-there:live",
    ],
)
async def test_a_function_has_many_names(function: WriteFunction, service: StartService, identifier: str) -> None:
    lambdas = await service(function("def handler(event, context): return 1", "hello-there", logical_id="Hello"))
    assert lambdas.find(identifier).logical_id == "Hello"


async def test_an_unknown_function_is_named_with_those_there_are(
    function: WriteFunction, service: StartService
) -> None:
    lambdas = await service(function(ECHO))
    with pytest.raises(FunctionNotFound, match=r"^Function not found: arn:.*:function:goodbye; there are: hello$"):
        await lambdas.invoke("goodbye", {})


async def test_too_large_a_payload_is_refused(function: WriteFunction, service: StartService) -> None:
    lambdas = await service(function(ECHO))
    with pytest.raises(PayloadTooLarge, match="limit: 6291456 bytes"):
        await lambdas.invoke("hello", "x" * 6_300_000)
    with pytest.raises(PayloadTooLarge, match="limit: 1048576 bytes"):
        await lambdas.invoke_async("hello", "x" * 1_100_000)


async def test_too_large_an_answer_is_an_error_and_the_worker_lives(
    function: WriteFunction, service: StartService
) -> None:
    lambdas = await service(function("def handler(event, context): return 'x' * event"))
    result = await lambdas.invoke("hello", 7_000_000)
    assert result.error["errorType"] == "Function.ResponseSizeTooLarge"
    assert (await lambdas.invoke("hello", 5_000_000)).payload == "x" * 5_000_000


async def test_an_exception_is_lambdas_error_object_and_the_worker_lives(
    function: WriteFunction, service: StartService
) -> None:
    code = """
        import os
        def handler(event, context):
            if event == "pid":
                return os.getpid()
            raise ValueError("不行")
    """
    lambdas = await service(function(code))
    before = await lambdas.invoke("hello", "pid")
    result = await lambdas.invoke("hello", {})
    assert (result.error["errorType"], result.error["errorMessage"]) == ("ValueError", "不行")
    assert any("app.py" in line for line in result.error["stackTrace"])
    assert (await lambdas.invoke("hello", "pid")).payload == before.payload


async def test_calls_at_once_run_in_processes_of_their_own(function: WriteFunction, service: StartService) -> None:
    # Each waits until all three are there: it works only if they truly run side by side.
    code = """
        import os, pathlib, time
        def handler(event, context):
            pathlib.Path(event["folder"], str(os.getpid())).touch()
            while len(list(pathlib.Path(event["folder"]).iterdir())) < 3:
                time.sleep(0.01)
            return os.getpid()
    """
    hello = function(code, timeout_s=20.0)
    meeting = hello.code.parent / "meeting"
    meeting.mkdir()
    lambdas = await service(hello)
    results = await asyncio.gather(*(lambdas.invoke("hello", {"folder": str(meeting)}) for _ in range(3)))
    assert len({result.payload for result in results}) == 3
    again = await lambdas.invoke("hello", {"folder": str(meeting)})
    assert again.payload in {result.payload for result in results}


async def test_a_time_out_kills_the_process_and_all_it_started(
    function: WriteFunction, service: StartService, tmp_path: Path
) -> None:
    code = """
        import os, pathlib, subprocess, sys, time
        def handler(event, context):
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            pathlib.Path(event).write_text(f"{os.getpid()} {child.pid}")
            time.sleep(600)
    """
    log = Lines()
    lambdas = await service(function(code, timeout_s=1.0), log=log)
    note = tmp_path / "pids"
    result = await lambdas.invoke("hello", str(note))
    assert result.error["errorType"] == "Sandbox.Timedout"
    assert result.error["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    for pid in map(int, note.read_text().split()):
        assert await gone(pid)
    assert ("Hello", result.error["errorMessage"]) in log


@pytest.mark.parametrize(
    ("last_act", "how"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal 9"),
    ],
)
async def test_a_crash_is_reported_and_the_next_call_gets_a_new_process(
    function: WriteFunction, service: StartService, last_act: str, how: str
) -> None:
    code = f"""
        import os
        def handler(event, context):
            if event == "die":
                print("last words")
                {last_act}
            return "fine"
    """
    log = Lines()
    lambdas = await service(function(code), log=log)
    result = await lambdas.invoke("hello", "die")
    assert result.error["errorType"] == "Runtime.ExitError"
    assert result.error["errorMessage"].endswith(f"Error: {how}")
    assert list(log) == [("Hello", "last words"), ("Hello", result.error["errorMessage"])]
    assert (await lambdas.invoke("hello", "live")).payload == "fine"


@pytest.mark.parametrize(
    ("code", "settings", "error_type", "message"),
    [
        ("import nonsense", {}, "Runtime.ImportModuleError", "No module named 'nonsense'"),
        ("def handler(:", {}, "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("1 / 0", {}, "ZeroDivisionError", "division by zero"),
        ("", {}, "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("", {"handler": "handler"}, "Runtime.MalformedHandlerName", "Bad handler 'handler'"),
        ("import os; os._exit(4)", {}, "Runtime.ExitError", "exit status 4"),
    ],
)
async def test_a_function_that_cannot_be_loaded_says_why(
    function: WriteFunction,
    service: StartService,
    code: str,
    settings: dict[str, str],
    error_type: str,
    message: str,
) -> None:
    lambdas = await service(function(code, **settings))
    result = await lambdas.invoke("hello", {})
    assert result.error["errorType"] == error_type
    assert message in result.error["errorMessage"]
    with pytest.raises(InitFailed, match=r"^hello cannot be loaded: .") as caught:
        await lambdas.warm({"hello": 1})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_output_is_passed_on_line_by_line_with_the_functions_name(
    function: WriteFunction, service: StartService
) -> None:
    code = """
        import logging, sys
        print("loading")
        def handler(event, context):
            print("你好")
            print("trouble", file=sys.stderr)
            logging.getLogger().error("logged")
    """
    log = Lines()
    lambdas = await service(function(code), log=log)
    await lambdas.invoke("hello", {})
    await until(lambda: "logged" in log.text)
    assert [function for function, _ in log] == ["Hello"] * 4
    assert [line for _, line in log][:3] == ["loading", "你好", "trouble"]


async def test_an_invocation_that_ends_with_the_service_is_no_error(function: WriteFunction) -> None:
    hello = function("import time\ndef handler(event, context):\n    print('at work')\n    time.sleep(60)")
    log = Lines()
    application = Application({}, {"Hello": hello}, {}, {}, {})
    async with LambdaService(application, inherited={"PATH": "/usr/bin:/bin"}, log=log) as lambdas:
        waiting = asyncio.create_task(lambdas.invoke("hello", {}))
        await until(lambda: log)
    assert (await waiting).error["errorType"] == "Runtime.ExitError"
    assert log.text == "at work"


async def test_warm_starts_processes_before_the_first_call(function: WriteFunction, service: StartService) -> None:
    log = Lines()
    lambdas = await service(function("import os\nprint(os.getpid())\ndef handler(e, c): return os.getpid()"), log=log)
    await lambdas.warm({"Hello": 2})
    await until(lambda: len(log) == 2)
    assert str((await lambdas.invoke("hello", {})).payload) in log.text


async def test_a_warm_round_trip_costs_little(function: WriteFunction, service: StartService) -> None:
    lambdas = await service(function("def handler(event, context): return event"))
    await lambdas.warm({"hello": 1})
    took = []
    for _ in range(200):
        before = time.perf_counter()
        await lambdas.invoke("hello", {})
        took.append(time.perf_counter() - before)
    median_ms = sorted(took)[100] * 1000
    # 0.6 to 2 ms on an idle machine; the bound only tells a broken path (a connection or a process for each call).
    assert median_ms < 15


async def test_unbuilt_code_has_the_environments_packages_and_its_layers_but_not_this_project(
    function: WriteFunction, service: StartService, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "house.py").write_text("NAME = 'shared'")
    code = """
        import boto3, house
        def handler(event, context):
            try:
                import localcloud
            except ImportError:
                return [boto3.__name__, house.NAME]
    """
    lambdas = await service(function(code, layers=(shared,)))
    assert (await lambdas.invoke("hello", {})).payload == ["boto3", "shared"]


async def test_built_code_has_only_what_it_brings(
    function: WriteFunction, service: StartService, tmp_path: Path
) -> None:
    layer = tmp_path / "layer"
    (layer / "python").mkdir(parents=True)
    (layer / "python/house.py").write_text("NAME = 'layer'")
    complete = function("import house\ndef handler(e, c): return house.NAME", "complete", layers=(layer,))
    lacking = function("import boto3\ndef handler(e, c): return 1", "lacking", layers=(layer,))
    lambdas = await service(complete, lacking)
    assert (await lambdas.invoke("complete", {})).payload == "layer"
    result = await lambdas.invoke("lacking", {})
    assert result.error["errorMessage"] == "Unable to import module 'app': No module named 'boto3'"


async def test_an_event_is_retried_and_its_failure_reaches_another_function(
    function: WriteFunction, service: StartService, tmp_path: Path
) -> None:
    flaky = function(
        """
        import pathlib
        def handler(event, context):
            with pathlib.Path(event["note"]).open("a") as note:
                note.write(context.aws_request_id + "\\n")
            raise RuntimeError("again")
        """,
        "flaky",
        invocation=AsyncInvocation(2, 60, "arn:aws:lambda:us-east-1:123456789012:function:bin"),
    )
    bin_ = function(
        """
        import json, pathlib
        def handler(event, context):
            pathlib.Path(event["requestPayload"]["note"] + ".failed").write_text(json.dumps(event))
        """,
        "bin",
    )
    lambdas = await service(flaky, bin_, retry_delays_s=(0.01, 0.02))
    note = tmp_path / "note"
    request_id = await lambdas.invoke_async("flaky", {"note": str(note)})
    await lambdas.settled()
    assert note.read_text().split() == [request_id] * 3
    record = json.loads((tmp_path / "note.failed").read_text())
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["responsePayload"]["errorMessage"] == "again"
    assert [failure.function for failure in lambdas.failures] == ["Flaky"]


async def test_a_destination_that_is_no_function_is_only_recorded(
    function: WriteFunction, service: StartService
) -> None:
    queue = "arn:aws:sqs:us-east-1:123456789012:failures"
    broken = function("def handler(e, c): raise ValueError", invocation=AsyncInvocation(0, 60, queue))
    lambdas = await service(broken)
    await lambdas.invoke_async("hello", {})
    await lambdas.settled()
    assert [failure.destination for failure in lambdas.failures] == [queue]


async def test_a_change_restarts_warm_processes_and_lets_running_ones_end(
    function: WriteFunction, service: StartService, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "house.py").write_text("VERSION = 1")
    code = """
        import os, pathlib, time, house
        def handler(event, context):
            if event:
                pathlib.Path(event, "running").touch()
                while not pathlib.Path(event, "end").exists():
                    time.sleep(0.01)
            return [house.VERSION, os.getpid()]
    """
    lambdas = await service(function(code, layers=(shared,), timeout_s=30.0), reload=True)
    await lambdas.warm({"hello": 1})
    running = asyncio.create_task(lambdas.invoke("hello", str(tmp_path)))
    await until((tmp_path / "running").exists)
    _, idle_pid = (await lambdas.invoke("hello", "")).payload
    # The watcher needs a moment to settle in, and says nothing when it has: write until it notices.
    async with asyncio.timeout(20):
        while alive(idle_pid):
            (shared / "house.py").write_text("VERSION = 2  #" + "." * int(time.time() * 1000 % 1000))
            await asyncio.sleep(0.2)
    (tmp_path / "end").touch()
    version, busy_pid = (await running).payload
    assert version == 1
    assert await gone(busy_pid)
    assert (await lambdas.invoke("hello", "")).payload[0] == 2


async def test_no_process_is_left_after_stop(function: WriteFunction) -> None:
    code = """
        import os, subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print(os.getpid(), child.pid)
        def handler(event, context):
            time.sleep(event)
    """
    log = Lines()
    hello = function(code, timeout_s=60.0)
    lambdas = await LambdaService(Application({}, {"Hello": hello}, {}, {}, {}), log=log).start()
    await lambdas.warm({"hello": 2})
    busy = asyncio.create_task(lambdas.invoke("hello", 60))
    await until(lambda: len(log) == 2)
    pids = [int(pid) for line in log for pid in line[1].split()]
    assert all(alive(pid) for pid in pids)
    await lambdas.stop()
    await asyncio.gather(busy, return_exceptions=True)
    for pid in pids:
        assert await gone(pid)


async def test_processes_go_when_their_parent_is_killed(function: WriteFunction, tmp_path: Path) -> None:
    code = """
        import os, subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print(os.getpid(), child.pid)
        def handler(event, context):
            time.sleep(event)
    """
    hello = function(code)
    script = f"""
        import asyncio
        from pathlib import Path
        from localcloud.functions.service import LambdaService
        from localcloud.template.model import Application, Function

        hello = Function("Hello", "hello", "app.handler", "python3.13", Path({str(hello.code)!r}), (), 60, 128, {{}})

        async def main():
            log = lambda name, line: print(line, flush=True)
            lambdas = await LambdaService(Application({{}}, {{"Hello": hello}}, {{}}, {{}}, {{}}), log=log).start()
            await lambdas.warm({{"hello": 2}})
            await lambdas.invoke("hello", 60)

        asyncio.run(main())
    """
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", textwrap.dedent(script), stdout=PIPE)
    assert parent.stdout is not None
    pids = [int(pid) for _ in range(2) for pid in (await parent.stdout.readline()).split()]
    assert len(pids) == 4
    parent.kill()
    await parent.wait()
    for pid in pids:
        assert await gone(pid)


async def test_a_call_whose_worker_is_killed_is_tried_again(
    function: WriteFunction, service: StartService, tmp_path: Path
) -> None:
    code = f"""
    import pathlib, time
    begun = pathlib.Path({str(tmp_path / "begun")!r})
    def handler(event, context):
        if not begun.exists():
            begun.touch()
            time.sleep(60)
    """
    running = await service(function(code, timeout_s=100.0), retry_delays_s=(0.0,))
    await running.invoke_async("Hello", {"name": "a"})
    async with asyncio.timeout(10):
        while not (tmp_path / "begun").exists():  # noqa: ASYNC110 - another process acts
            await asyncio.sleep(0.01)
        assert running.kill("Hello", '"b"') == 0
        assert running.kill("Hello", '"a"') == 1
        await running.settled()
    assert running.kill("Hello") == 0
    assert not running.failures
