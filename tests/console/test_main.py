import asyncio
import json
import stat
import sys
from importlib.metadata import version
from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner

from console.main import app
from localcloud.tokens import development_secret
from tests.client.scripted import listen, scripted_server
from tests.console.command import thinkaloud

CONFIG = {"token": "jwt"}


@pytest.fixture
def runner(project: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(project)
    return CliRunner()


def test_help_names_every_command(runner: CliRunner):
    result = runner.invoke(app, ["--help"])
    assert result.exit_code == 0
    for command in ("chat", "token", "ingest", "dev"):
        assert f"  {command} " in result.stdout


def test_nothing_given_shows_the_help(runner: CliRunner):
    assert "Usage:" in runner.invoke(app, []).output


def test_the_version(runner: CliRunner):
    assert runner.invoke(app, ["--version"]).stdout == f"{version('thinkaloud')}\n"


async def test_help_imports_nothing_heavy(project: Path):
    code = (
        "import sys; from console.main import app; app(['--help'], standalone_mode=False);"
        "heavy = {'rich', 'websockets', 'pydantic', 'boto3', 'moto', 'numpy', 'localcloud'} & set(sys.modules);"
        "print(*sorted(heavy), file=sys.stderr, end='')"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()
    assert complaint == b""


def test_a_development_token(runner: CliRunner, project: Path):
    secret = development_secret(project / ".thinkaloud")
    result = runner.invoke(app, ["token", "--tenant", "acme", "--user", "李雷", "--ttl", "60"])
    claims = jwt.decode(
        result.stdout.strip(), secret, algorithms=["HS256"], issuer="http://127.0.0.1", audience="thinkaloud"
    )
    assert (claims["tenant"], claims["sub"]) == ("acme", "李雷")
    assert claims["exp"] - claims["iat"] == 60
    assert stat.S_IMODE((project / ".thinkaloud" / "secrets.json").stat().st_mode) == 0o600


def test_no_secret_no_token(runner: CliRunner):
    result = runner.invoke(app, ["token"])
    assert result.exit_code == 1
    assert "make dev" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("ttl", ["0", "-5", "86401", "soon"])
def test_a_lifetime_that_is_none(runner: CliRunner, ttl: str):
    assert runner.invoke(app, ["token", "--ttl", ttl]).exit_code == 2


def test_ingest_without_a_cloud(runner: CliRunner):
    result = runner.invoke(app, ["ingest", "a.md"])
    assert result.exit_code == 1
    assert result.stderr == "thinkaloud: no local cloud is running; start one with: make dev\n"


def test_ingest_into_a_deployment_that_the_environment_does_not_name(
    runner: CliRunner, project: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("PINECONE_INDEX_HOST", "EMBEDDING_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    (project / "a.md").write_text("Text.")
    result = runner.invoke(app, ["ingest", "--deployed", "a.md"])
    assert result.exit_code == 1
    assert "PINECONE_INDEX_HOST is missing" in result.stderr
    assert result.stderr.count("\n") == 1


async def test_ingest_when_the_index_does_not_answer(project: Path):
    """The variables come from what the running cloud wrote."""
    (project / "notes").mkdir()
    (project / "notes" / "a.md").write_text("# A\n\nText.")
    async with scripted_server(listen) as gone:
        nobody = gone.page.rstrip("/")
    variables = {"PINECONE_INDEX_HOST": nobody, "EMBEDDING_BASE_URL": f"{nobody}/v1", "EMBEDDING_MODEL": "m"}
    async with scripted_server(listen, config=CONFIG) as server:
        (project / ".thinkaloud").mkdir()
        said = {"page": server.page, "environment": variables}
        (project / ".thinkaloud" / "local.json").write_text(json.dumps(said))
        finished = await thinkaloud("ingest", "notes", cwd=project)
    assert finished.code == 1
    assert finished.out == "tenant demo: 0 loaded (0 chunks), 0 unchanged\n"
    assert "did not answer" in finished.err
    assert "Traceback" not in finished.err
