from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = (
    "ApiFunction",
    "AuthorizerFunction",
    "ConnectFunction",
    "DefaultFunction",
    "DisconnectFunction",
    "IngestFunction",
    "SettleFunction",
    "TurnFunction",
)

#: What brings libraries of its own besides the layer.
LADEN = ("ApiFunction", "IngestFunction")

Sam = Callable[..., str]


@pytest.fixture(scope="session")
def sam() -> Sam:
    """Runs the SAM CLI in the project's folder and returns what it printed; fails with that where it fails."""
    own = ROOT / ".build/sam/bin/sam"
    command = str(own) if own.exists() else shutil.which("sam")
    if command is None:
        if os.environ.get("CI"):
            pytest.fail("the SAM CLI is missing; `make .build/sam/bin/sam` installs it")
        pytest.skip("the SAM CLI is not installed; `make .build/sam/bin/sam` installs it")

    def run(*arguments: str, **environment: str) -> str:
        done = subprocess.run(
            [command, *arguments],
            cwd=ROOT,
            env={**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


@pytest.fixture(scope="session")
def built(sam: Sam) -> Path:
    """The folder `sam build` fills, built for this machine and this interpreter."""
    target = ROOT / ".build/host"
    with (ROOT / ".build" / "host.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes, and they build into one folder
        sam("build", "--build-dir", str(target), THINKALOUD_BUILD_PLATFORM="host", PYTHON=sys.executable)
    return target
