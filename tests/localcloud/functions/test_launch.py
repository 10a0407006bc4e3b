from __future__ import annotations

import sys
from pathlib import Path

from localcloud.functions.launch import Launcher, import_path, is_built, package_folders
from localcloud.template.model import LogSettings
from tests.localcloud.functions.conftest import WriteFunction

LAUNCHER = Launcher(python=sys.executable, packages=("/venv",), parent=0, inherited={}, extra={})


def test_code_comes_before_layers_and_those_before_packages(function: WriteFunction, tmp_path: Path) -> None:
    source = tmp_path / "shared"
    source.mkdir()
    hello = function("", layers=(source,))
    assert not is_built(hello)
    assert import_path(hello, ("/venv",)) == [str(hello.code), str(source), "/venv"]


def test_a_built_layer_is_imported_from_its_python_folder(function: WriteFunction, tmp_path: Path) -> None:
    built = tmp_path / "layer"
    nested = built / "python/lib/python3.13/site-packages"
    nested.mkdir(parents=True)
    hello = function("", layers=(built,))
    assert is_built(hello)
    assert import_path(hello, None) == [str(hello.code), str(built / "python"), str(nested)]


async def test_the_packages_of_another_interpreter_are_asked_for() -> None:
    own = await package_folders(sys.executable)
    folder, _, name = sys.executable.rpartition("/")
    assert await package_folders(f"{folder}/./{name}") == own
    assert (Path(own[0]) / "awslambdaric").is_dir()


def test_the_environment_is_lambdas_and_nobody_elses(function: WriteFunction) -> None:
    hello = function("", name="hello", environment={"TABLE_NAME": "state", "AWS_REGION": "x"}, memory_mb=512)
    launcher = Launcher(
        python=sys.executable,
        packages=(),
        parent=0,
        inherited={"PATH": "/bin", "OPENAI_API_KEY": "secret", "PYTHONPATH": "/mine", "AWS_PROFILE": "work"},
        extra={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
    )
    environment = launcher.environment(hello, "127.0.0.1:2")
    assert environment.keys().isdisjoint({"OPENAI_API_KEY", "PYTHONPATH", "AWS_PROFILE"})
    assert environment["PATH"] == "/bin"
    assert environment["TABLE_NAME"] == "state"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert environment["AWS_ACCESS_KEY_ID"] == "local"
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "hello"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512"
    assert environment["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/hello"
    assert environment["AWS_LAMBDA_RUNTIME_API"] == "127.0.0.1:2"
    assert environment["LAMBDA_TASK_ROOT"] == str(hello.code)
    assert "AWS_LAMBDA_LOG_LEVEL" not in environment


def test_log_settings_reach_the_function(function: WriteFunction) -> None:
    environment = LAUNCHER.environment(function("", log=LogSettings("JSON", "DEBUG", "/mine")), "127.0.0.1:2")
    assert environment["AWS_LAMBDA_LOG_FORMAT"] == "JSON"
    assert environment["AWS_LAMBDA_LOG_LEVEL"] == "DEBUG"
    assert environment["AWS_LAMBDA_LOG_GROUP_NAME"] == "/mine"
