import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import console.dev
from console.dev import read_env
from console.main import app
from localcloud.deployer import StartFailed
from localcloud.gateway.errors import PortTaken
from localcloud.providers import ProviderError
from tests.client.scripted import listen, scripted_server
from tests.console.command import environment, thinkaloud
from thinkaloud.errors import ConfigurationError

#: `thinkaloud dev` over a cloud that only says what happens to it, in a process that signals reach.
STAGED = """
import asyncio, sys
import console.dev

class Cloud:
    page_url, ws_url, http_url = "http://127.0.0.1:1/", "ws://127.0.0.1:1/v1", "http://127.0.0.1:2"

    def __init__(self, project, port, *, environ, samples, pace, progress, log):
        self.progress, self.log = progress, log
        print("options", port, samples, pace, environ["FROM_FILE"], flush=True)

    async def __aenter__(self):
        self.progress("starting the parts")
        try:
            if "slow" in sys.argv:
                await asyncio.sleep(60)
        except asyncio.CancelledError:
            print("start cancelled", flush=True)
            raise
        self.log("TurnFunction", '{"level": "INFO", "message": "turn sent"}')
        self.log("TurnFunction", '{"level": "WARNING", "message": "retrieval failed"}')
        return self

    async def __aexit__(self, *error):
        print("stopping", flush=True)
        await asyncio.sleep(0.3)
        print("stopped", flush=True)

console.dev.LocalCloud = Cloud
from console.main import app
app(["dev", "--port", "0", "--no-samples", "--pace", "30", *sys.argv[2:]])
"""


async def staged(project: Path, how: str = "", *options: str) -> asyncio.subprocess.Process:
    (project / ".env").write_text("FROM_FILE=yes\n")
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        STAGED,
        how,
        *options,
        cwd=project,
        env=environment(PYTHONPATH=str(Path(__file__).parents[2])),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        read = await process.stdout.readline()
    assert read, "the process ended"
    return read.decode().rstrip("\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_says_what_it_does_and_a_signal_ends_it(project: Path, number: signal.Signals):
    process = await staged(project)
    assert await line(process) == "options 0 False 30.0 yes"
    assert (await line(process)).endswith(" s  starting the parts")
    assert await line(process) == "ready  page http://127.0.0.1:1/  ws ws://127.0.0.1:1/v1  http http://127.0.0.1:2"
    process.send_signal(number)
    assert await line(process) == "stopping"
    process.send_signal(number)  # an impatient second one does not leave children behind
    assert await line(process) == "stopped"
    out, err = await process.communicate()
    assert (process.returncode, out) == (0, b"")
    assert err == b"TurnFunction  WARNING  retrieval failed\n"


async def test_everything_that_functions_print_on_request(project: Path):
    process = await staged(project, "", "--verbose")
    while not (await line(process)).startswith("ready"):
        pass
    process.send_signal(signal.SIGTERM)
    _, err = await process.communicate()
    assert err.decode().splitlines() == [
        'TurnFunction  {"level": "INFO", "message": "turn sent"}',
        'TurnFunction  {"level": "WARNING", "message": "retrieval failed"}',
    ]


async def test_a_signal_while_it_starts_ends_it_too(project: Path):
    process = await staged(project, "slow")
    await line(process)
    await line(process)
    process.send_signal(signal.SIGTERM)
    assert await line(process) == "start cancelled"
    _, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PortTaken("127.0.0.1", 8080), "8080"),
        (ProviderError("EMBEDDING_MODEL is missing"), "EMBEDDING_MODEL is missing"),
        (
            ExceptionGroup("starting", [ExceptionGroup("inside", [StartFailed("moto did not start")])]),
            "moto did not start",
        ),
    ],
)
def test_what_cannot_start_is_one_line(project: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str):
    class Cloud:
        def __init__(self, *arguments: object, **options: object) -> None:
            pass

        async def __aenter__(self) -> None:
            raise error

        async def __aexit__(self, *error: object) -> None:
            pass

    monkeypatch.chdir(project)
    monkeypatch.setattr(console.dev, "LocalCloud", Cloud)
    result = CliRunner().invoke(app, ["dev"])
    assert result.exit_code == 1
    assert result.stderr.startswith("thinkaloud: ")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_bug_is_not_hidden(project: Path, monkeypatch: pytest.MonkeyPatch):
    def cloud(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.chdir(project)
    monkeypatch.setattr(console.dev, "LocalCloud", cloud)
    assert isinstance(CliRunner().invoke(app, ["dev"]).exception, ZeroDivisionError)


async def test_a_second_one_for_the_project_is_refused(project: Path):
    async with scripted_server(listen, config={"token": "jwt"}) as server:
        (project / ".thinkaloud").mkdir()
        (project / ".thinkaloud" / "local.json").write_text(json.dumps({"page": server.page}))
        finished = await thinkaloud("dev", cwd=project)
        page = server.page
    assert finished.code == 1
    assert finished.err == (
        f"thinkaloud: the local cloud of this project is running already, at {page}; stop that one first\n"
    )


async def test_a_taken_port_is_one_line(project: Path):
    async with scripted_server(listen) as server:
        finished = await thinkaloud("dev", "--port", str(server.port), cwd=project)
    assert (finished.code, finished.out) == (1, "")
    assert str(server.port) in finished.err
    assert finished.err.count("\n") == 1


async def test_a_variable_that_is_missing_is_one_line(project: Path):
    (project / ".env").write_text("EMBEDDING_BASE_URL=http://127.0.0.1:1/v1\n")
    finished = await thinkaloud("dev", "--port", "0", cwd=project)
    assert finished.code == 1
    assert finished.err == "thinkaloud: EMBEDDING_MODEL is missing; it names the model at EMBEDDING_BASE_URL\n"


async def test_a_broken_template_is_one_line(project: Path):
    (project / "template.yaml").write_text("Resources: [")
    finished = await thinkaloud("dev", "--port", "0", cwd=project)
    assert finished.code == 1
    assert finished.err.startswith("thinkaloud: ")
    assert "template.yaml" in finished.err
    assert finished.err.count("\n") == 1


def test_variables_of_a_file(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_text(
        "# models\n\nCHAT_MODEL = qwen3 \nexport KEY='a=b'\nEMPTY=\nNAME=\"名字\"\nTOP_K=7 # passages\n",
        encoding="utf-8",
    )
    assert read_env(file) == {"CHAT_MODEL": "qwen3", "KEY": "a=b", "EMPTY": "", "NAME": "名字", "TOP_K": "7"}


def test_no_file_has_no_variables(tmp_path: Path):
    assert read_env(tmp_path / ".env") == {}


@pytest.mark.parametrize("text", ["CHAT_MODEL", "=x", "two words=3", "KEY='never closed"])
def test_a_line_that_cannot_be_read_is_named_but_not_shown(tmp_path: Path, text: str):
    (tmp_path / ".env").write_text(f"A=1\n\n# a comment\n\n{text}\nB=2\n")
    with pytest.raises(ConfigurationError, match=r"line 5: write NAME=value") as caught:
        read_env(tmp_path / ".env")
    assert text not in str(caught.value)


def test_a_file_of_another_encoding_is_named(tmp_path: Path):
    (tmp_path / ".env").write_bytes(b"NAME=caf\xe9\n")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_env(tmp_path / ".env")
