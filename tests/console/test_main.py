import asyncio
import stat
import sys
from importlib.metadata import version
from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner

from console.main import app
from localcloud.tokens import development_secret


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
