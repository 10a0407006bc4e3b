"""How a function's process is launched: its import path, its environment, its command line."""

from __future__ import annotations

import json
import sys
import sysconfig
import tempfile
from asyncio import create_subprocess_exec
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localcloud.aws.credentials import signing_environment
from localcloud.template.model import Function
from localcloud.template.translate import REGION

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_ASK_FOR_PACKAGES = "import sysconfig; print(sysconfig.get_path('purelib')); print(sysconfig.get_path('platlib'))"


async def package_folders(python: str) -> tuple[str, ...]:
    """Where the interpreter `python` has its installed packages."""
    if python == sys.executable:
        return tuple(dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))))
    asked = await create_subprocess_exec(python, "-I", "-c", _ASK_FOR_PACKAGES, stdout=PIPE)
    answer, _ = await asked.communicate()
    return tuple(dict.fromkeys(answer.decode().split("\n")[:2]))


def is_built(function: Function) -> bool:
    """Whether a build has made the function's layers: a built layer has its packages under `python/`."""
    return any((layer / "python").is_dir() for layer in function.layers)


def import_path(function: Function, packages: tuple[str, ...] | None) -> list[str]:
    """What the function imports from, in Lambda's order: its code, its layers, and then `packages`.

    `packages` is for code that has not been built: its dependencies are those of the developer's environment, and a
    layer is a source root. None is for built code, which has only what it brings.
    """
    path = [str(function.code)]
    for layer in function.layers:
        built = layer / "python"
        path += [str(built), *map(str, sorted(built.glob("lib/*/site-packages")))] if built.is_dir() else [str(layer)]
    return [*path, *(packages or ())]


@dataclass(frozen=True)
class Launcher:
    """Launches processes.

    `packages` are the interpreter's installed packages, the runtime client among them; `parent` is the read end of a
    pipe whose write end only this process has; `extra` is added to every function's environment; of the user's
    environment, `inherited`, only PATH and credentials are taken. `source` says whether code runs unbuilt; None: look.
    """

    python: str
    packages: tuple[str, ...]
    parent: int
    inherited: Mapping[str, str]
    extra: Mapping[str, str]
    source: bool | None = None

    async def launch(self, function: Function, runtime_api: str) -> Process:
        """A new process for `function` that serves the invocations of `runtime_api` (host:port). Its output is one."""
        source = not is_built(function) if self.source is None else self.source
        settings = {
            "handler": function.handler,
            "client": self.packages,
            "path": import_path(function, self.packages if source else None),
            "parent": self.parent,
        }
        return await create_subprocess_exec(
            self.python,
            *("-I", "-S", "-X", "utf8", str(_BOOTSTRAP), json.dumps(settings)),
            cwd=function.code,
            env=self.environment(function, runtime_api),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            pass_fds=(self.parent,),
            start_new_session=True,
        )

    def environment(self, function: Function, runtime_api: str) -> dict[str, str]:
        """The whole environment of a function.

        https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
        """
        temporary = tempfile.gettempdir()
        environment = {
            "PATH": self.inherited.get("PATH", "/usr/bin:/bin"),
            "HOME": temporary,  # the user's own files hold AWS settings that a function must not see
            "TMPDIR": temporary,
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            **signing_environment(self.inherited),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_FORMAT": function.log.format,
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log.group or f"/aws/lambda/{function.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "LAMBDA_TASK_ROOT": str(function.code),
            "_HANDLER": function.handler,
        }
        if function.log.level is not None:
            environment["AWS_LAMBDA_LOG_LEVEL"] = function.log.level
        return {**environment, **function.environment, **self.extra}
