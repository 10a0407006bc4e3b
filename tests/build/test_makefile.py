"""The makefile behind `sam build`: what it makes for Lambda, and what it says where it cannot."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.build.conftest import ROOT

pytestmark = pytest.mark.build

#: `e_machine` of an ELF file for 64-bit ARM. https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
AARCH64 = 183


def make(target: str, artifacts: Path, folder: str = "shared", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "-f", str(ROOT / "shared/Makefile"), target],
        cwd=ROOT / folder,
        env={**os.environ, "ARTIFACTS_DIR": str(artifacts), **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.parametrize(
    ("target", "folder", "expected"),
    [
        ("build-SharedLayer", "shared", {"_pydantic_core", "_rust"}),
        ("build-IngestFunction", "functions/ingest", {"etree", "libpdfium"}),
    ],
)
def test_a_layer_and_a_function_for_lambda_are_made_on_any_machine(
    tmp_path: Path, target: str, folder: str, expected: set[str]
) -> None:
    done = make(target, tmp_path, folder)
    if "none was found" in done.stderr:
        pytest.skip("there is no Python 3.13 to compile with")
    assert done.returncode == 0, done.stderr
    assert "of the 250 MB that Lambda takes" in done.stdout
    libraries = list(tmp_path.rglob("*.so"))
    assert {path.name.split(".")[0] for path in libraries} >= expected
    for library in libraries:
        header = library.read_bytes()[:20]
        assert header.startswith(b"\x7fELF"), library
        assert int.from_bytes(header[18:20], "little") == AARCH64, library
    assert {path.name.split(".")[-2] for path in tmp_path.rglob("*.pyc")} == {"cpython-313"}


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PYTHON313": ""}, "needs a Python 3.13 to compile with"),
        ({"UV": ""}, "Building needs uv"),
        ({"THINKALOUD_BUILD_PLATFORM": "mars"}, 'is lambda or host, not "mars"'),
    ],
)
def test_what_is_missing_is_one_clear_line(tmp_path: Path, environment: dict[str, str], message: str) -> None:
    done = make("build-SharedLayer", tmp_path, **environment)
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert message in line
