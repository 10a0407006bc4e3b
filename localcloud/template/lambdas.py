"""Lambda functions, their layers and their asynchronous invocation, out of plain CloudFormation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from localcloud.template.identifiers import function_name
from localcloud.template.intrinsics import Resolver
from localcloud.template.model import AsyncInvocation, Function, LogSettings
from localcloud.template.translate import Translation

_DEFAULT_TIMEOUT_S = 3
_DEFAULT_MEMORY_MB = 128


@dataclass(frozen=True)
class Lambdas:
    """The functions that can run here by logical id, and for every other one the reason why it cannot."""

    runnable: dict[str, Function]
    others: dict[str, str]

    def logical_id(self, identifier: str) -> str | None:
        """The logical id of the runnable function with this name or ARN."""
        name = function_name(identifier)
        return next((key for key, function in self.runnable.items() if function.name == name), None)

    def reason(self, identifier: str) -> str:
        """Why the function with this name or ARN does not run here."""
        return self.others.get(function_name(identifier), "no such function in the template")


def read_lambdas(translation: Translation, resolver: Resolver) -> Lambdas:
    """Reads every function whose condition holds. Layers that are not in a local folder are left out."""
    resources = {key: resource for key, resource in translation.body["Resources"].items() if resolver.exists(key)}
    layers: dict[str, Path] = {}
    invocations: dict[str, AsyncInvocation] = {}
    for logical_id, resource in resources.items():
        properties = resource.get("Properties") or {}
        with resolver.reading(logical_id):
            if resource.get("Type") == "AWS::Lambda::LayerVersion":
                folder = translation.folder(properties.get("Content"))
                if folder is not None:
                    layers[resolver.reference(logical_id)] = _existing(folder, "ContentUri", resolver)
            elif resource.get("Type") == "AWS::Lambda::EventInvokeConfig":
                # An alias's settings win over $LATEST's: the alias is what a deployed client calls.
                name = function_name(resolver.required(properties, "FunctionName"))
                if name not in invocations or resolver.text(properties.get("Qualifier", "")) != "$LATEST":
                    invocations[name] = _invocation(properties, resolver)
    runnable: dict[str, Function] = {}
    others: dict[str, str] = {}
    for logical_id, resource in resources.items():
        if resource.get("Type") != "AWS::Lambda::Function":
            continue
        with resolver.reading(logical_id):
            function = _function(logical_id, resource.get("Properties") or {}, translation, resolver, layers)
            if isinstance(function, str):
                others[resolver.name(logical_id)] = function
            else:
                invocation = invocations.get(function.name, function.invocation)
                runnable[logical_id] = replace(function, invocation=invocation)
    return Lambdas(runnable, others)


def _function(
    logical_id: str,
    properties: dict[str, Any],
    translation: Translation,
    resolver: Resolver,
    layers: dict[str, Path],
) -> Function | str:
    """The function, or the reason why it cannot run here."""
    runtime = resolver.text(properties.get("Runtime", "none"))
    if not runtime.startswith("python"):
        return f"its runtime is {runtime}, and only Python runs locally"
    folder = translation.folder(properties.get("Code"))
    if folder is None:
        return "its code is not in a local folder"
    environment = resolver.value((properties.get("Environment") or {}).get("Variables") or {})
    attached = resolver.value(properties.get("Layers") or [])
    return Function(
        logical_id=logical_id,
        name=resolver.name(logical_id),
        handler=resolver.text(properties.get("Handler", "")),
        runtime=runtime,
        code=_existing(folder, "CodeUri", resolver),
        layers=tuple(layers[layer] for layer in attached if layer in layers),
        timeout_s=resolver.number(properties.get("Timeout", _DEFAULT_TIMEOUT_S)),
        memory_mb=int(resolver.number(properties.get("MemorySize", _DEFAULT_MEMORY_MB))),
        environment={name: resolver.text(value) for name, value in environment.items()},
        log=_log_settings(resolver.value(properties.get("LoggingConfig") or {})),
    )


def _log_settings(settings: dict[str, Any]) -> LogSettings:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html"""
    if settings.get("LogFormat") != "JSON":
        return LogSettings(group=settings.get("LogGroup"))
    return LogSettings("JSON", settings.get("ApplicationLogLevel", "INFO"), settings.get("LogGroup"))


def _existing(folder: Path, source: str, resolver: Resolver) -> Path:
    if not folder.is_dir():
        raise resolver.problem(f"{source} is {folder}, which is not a folder; correct it, or build first")
    return folder


def _invocation(properties: dict[str, Any], resolver: Resolver) -> AsyncInvocation:
    default = AsyncInvocation()
    failure = (properties.get("DestinationConfig") or {}).get("OnFailure") or {}
    destination = failure.get("Destination")
    return AsyncInvocation(
        max_retries=int(resolver.number(properties.get("MaximumRetryAttempts", default.max_retries))),
        max_age_s=resolver.number(properties.get("MaximumEventAgeInSeconds", default.max_age_s)),
        on_failure=None if destination is None else resolver.text(destination),
    )
