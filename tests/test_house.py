"""The rules of the house that no linter knows; which way imports point is in pyproject.toml."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from dotenv import dotenv_values

from localcloud.deployer import _TUNABLE

ROOT = Path(__file__).parents[1]
PACKAGES = ("shared/thinkaloud", "localcloud", "evaluation", "console")
HANDLER_LINES = 30
MODULE_LINES = 300
#: Names that say nothing of what lives under them.
SAYS_NOTHING = re.compile(r"(utils?|helpers?|common|misc|shared_code|stuff)", re.IGNORECASE)
#: What `.env` sets is read here, and by nothing else.
READERS = (
    "localcloud/providers.py",
    "localcloud/deployer.py",
    "localcloud/aws/cloud.py",
    "localcloud/aws/credentials.py",
)
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
INDEX_HOST = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|--((extra-)?index-url|(find-links|trusted-host|registry)\b)"
)
BINARY = (".png",)

#: Imports every module and every handler in an empty environment; tells who read a variable and what was built.
IMPORT_EVERYTHING = """
import gc, importlib, importlib.util, json, os, pkgutil, sys
from pathlib import Path
root = Path(sys.argv[1])
ours = (str(root / "shared"), str(root / "functions"))
sys.path.insert(0, ours[0])

reads = []
look_up = os._Environ.__getitem__
def noted(self, name):
    frame = sys._getframe(1)
    while frame.f_code.co_filename.endswith(("os.py", "os>", "_collections_abc.py", "_collections_abc>")):
        frame = frame.f_back
    if frame.f_code.co_filename.startswith(ours):
        reads.append(f"{frame.f_code.co_filename}:{frame.f_lineno} {name}")
    return look_up(self, name)
os._Environ.__getitem__ = noted

import thinkaloud
names = [module.name for module in pkgutil.walk_packages(thinkaloud.__path__, "thinkaloud.")]
for name in names:
    importlib.import_module(name)
for path in sorted((root / "functions").glob("*/app.py")):
    spec = importlib.util.spec_from_file_location(f"app_{path.parent.name}", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))

import boto3, botocore.client, httpx, httpx2, openai, pinecone
kinds = (
    botocore.client.BaseClient, boto3.session.Session, openai.OpenAI, openai.AsyncOpenAI,
    pinecone.Pinecone, pinecone.AsyncPinecone, httpx.Client, httpx.AsyncClient, httpx2.Client, httpx2.AsyncClient,
)
built = [type(item).__name__ for item in gc.get_objects() if issubclass(type(item), kinds)]
print(json.dumps({"modules": names, "reads": reads, "built": built}))
"""


@cache
def tracked() -> list[Path]:
    """Every file under version control that is there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if (ROOT / name).is_file()]


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def read_variables(path: Path) -> set[str]:
    """The names of variables in a module's code, but for those it sets: the keys of dict displays."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    keys = {id(key) for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys}
    return {
        node.value
        for node in constants
        if isinstance(node.value, str) and VARIABLE.fullmatch(node.value) and id(node) not in keys
    }


def test_a_handler_is_glue():
    handlers = sorted(ROOT.glob("functions/*/app.py"))
    assert len(handlers) == 8
    for path in handlers:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        [handler] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "handler"]
        assert (handler.end_lineno or 0) - handler.lineno < HANDLER_LINES, path
        assert [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)] == ["handler"]


def test_a_module_fits_in_one_reading():
    assert {str(path.relative_to(ROOT)): lines(path) for path in modules() if lines(path) > MODULE_LINES} == {}


def test_a_file_is_named_for_what_lives_in_it():
    named = [part for path in tracked() for part in path.relative_to(ROOT).with_suffix("").parts]
    assert [part for part in named if SAYS_NOTHING.fullmatch(part)] == []


def test_importing_builds_nothing_and_reads_nothing():
    """So that a test needs no environment, and a function pays only for what it runs."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", IMPORT_EVERYTHING, str(ROOT)],
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert len(seen["modules"]) > 40
    assert seen["reads"] == []
    assert seen["built"] == []


def test_the_example_environment_lists_what_is_read_and_nothing_else():
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    listed = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE)
    assert len(listed) == len(set(listed))
    # A name of one word looks like any other constant, but the deployer has all that set a parameter in a table.
    read = set(_TUNABLE.values()).union(*(read_variables(ROOT / path) for path in READERS))
    assert set(listed) == read


def test_the_example_sets_nothing_as_it_is():
    assert dotenv_values(ROOT / ".env.example") == {}


def test_lock_files_name_no_host():
    locks = [path for path in tracked() if path.parent.name == "requirements" or path.name == "package-lock.json"]
    locks.append(ROOT / "infra/requirements.txt")
    assert len(locks) >= 7
    for path in locks:
        assert "://" not in path.read_text(encoding="utf-8"), path


def test_no_file_names_an_index_host():
    text = [path for path in tracked() if path.suffix not in BINARY]
    assert [str(path) for path in text if INDEX_HOST.search(path.read_text(encoding="utf-8"))] == []
