"""What `sam build` leaves: every handler runs from it alone, from byte code, with nothing of development in it."""

from __future__ import annotations

import json
import marshal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.build.conftest import FUNCTIONS, LADEN, Sam

pytestmark = pytest.mark.build

LIMIT = 250 * 1024 * 1024
#: Bit 0: validated by a hash of its source, not by a time. Bit 1 would have the hash checked at each import.
#: https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
UNCHECKED_HASH = 0b01

IMPORT_THE_HANDLER = """
import importlib.machinery, json, sys
built = tuple(sys.argv[1:])
sys.path[:0] = built
compiled = []
compile_source = importlib.machinery.SourceFileLoader.source_to_code
def source_to_code(self, data, path, **options):
    compiled.append(str(path))
    return compile_source(self, data, path, **options)
importlib.machinery.SourceFileLoader.source_to_code = source_to_code
import app
assert callable(app.handler)
files = [module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)]
print(json.dumps({
    "compiled": [path for path in compiled if path.startswith(built)],
    "foreign": [path for path in files if "site-packages" in path],
    "thinkaloud": sys.modules["thinkaloud"].__file__,
}))
"""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_imports_from_the_built_output_alone(built: Path, function: str) -> None:
    """An interpreter without site-packages, without environment: what Lambda finds is what it needs."""
    layer = built / "SharedLayer/python"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", IMPORT_THE_HANDLER, str(built / function), str(layer)],
        env={},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["compiled"] == [], "these had no byte code that could be used"
    assert seen["foreign"] == []
    assert Path(seen["thinkaloud"]).is_relative_to(layer)


def test_byte_code_is_never_checked_against_its_source(built: Path) -> None:
    """Lambda unpacks zip files, so the times of files say nothing."""
    tag = sys.implementation.cache_tag
    for folder in ("SharedLayer/python/thinkaloud", *(each for each in FUNCTIONS if each not in LADEN)):
        cached = list((built / folder).rglob("*.pyc"))
        sources = list((built / folder).rglob("*.py"))
        assert sorted(path.name for path in cached) == sorted(f"{path.stem}.{tag}.pyc" for path in sources)
        for path in cached:
            assert int.from_bytes(path.read_bytes()[4:8], "little") == UNCHECKED_HASH, path


def test_a_traceback_names_the_path_in_lambda(built: Path) -> None:
    tag = sys.implementation.cache_tag

    def source_of(path: Path) -> str:
        return str(marshal.loads(path.read_bytes()[16:]).co_filename)

    package = built / "SharedLayer/python/thinkaloud"
    assert source_of(package / f"__pycache__/errors.{tag}.pyc") == "/opt/python/thinkaloud/errors.py"
    assert source_of(built / f"TurnFunction/__pycache__/app.{tag}.pyc") == "/var/task/app.py"
    dependency = built / f"SharedLayer/python/openai/__pycache__/__init__.{tag}.pyc"
    assert source_of(dependency) == "/opt/python/openai/__init__.py"
    own = built / f"ApiFunction/fastapi/__pycache__/__init__.{tag}.pyc"
    assert source_of(own) == "/var/task/fastapi/__init__.py"


def test_what_one_function_needs_is_not_in_the_layer(built: Path) -> None:
    """It would be unpacked for every chat, and the packages of both would be there twice."""

    def packages(folder: Path) -> set[str]:
        return {path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("__")}

    layer = packages(built / "SharedLayer/python")
    assert layer.isdisjoint({"fastapi", "mangum", "pypdfium2", "lxml", "docx", "pptx", "PIL"})
    assert packages(built / "ApiFunction") >= {"fastapi", "mangum", "starlette"}
    assert packages(built / "IngestFunction") >= {"pypdfium2", "lxml", "docx", "pptx"}
    for function in LADEN:
        assert packages(built / function).isdisjoint(layer), function


def test_nothing_of_development_is_inside(built: Path) -> None:
    names = {path.name for path in (built / "SharedLayer/python").iterdir()}
    assert names.isdisjoint({"bin", "localcloud", "console", "pytest", "moto", "websockets", "aiohttp", "Makefile"})
    assert not [path for path in built.rglob("*") if path.is_dir() and path.name in ("test", "tests")]
    for function in set(FUNCTIONS) - set(LADEN):
        suffixes = {path.suffix for path in (built / function).rglob("*") if path.is_file()}
        assert suffixes <= {".py", ".pyc"}, function


def test_layer_and_function_stay_below_what_lambda_takes(built: Path) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

    def size(folder: Path) -> int:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    assert size(built / "SharedLayer") + max(size(built / function) for function in FUNCTIONS) < LIMIT


def test_sam_finds_the_template_valid(sam: Sam) -> None:
    assert "is a valid SAM Template" in sam("validate", "--lint")
