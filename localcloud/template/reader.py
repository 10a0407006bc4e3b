"""From a template's path to the `Application` that the local cloud runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from localcloud.template.document import load_document
from localcloud.template.errors import TemplateError
from localcloud.template.intrinsics import Resolver
from localcloud.template.lambdas import read_lambdas
from localcloud.template.localise import LocalUrls, localised
from localcloud.template.model import Application
from localcloud.template.parameters import parameter_values, typed_values
from localcloud.template.tables import read_table
from localcloud.template.translate import translate
from localcloud.template.websocket import WebSocketReader


def parameter_names(path: Path) -> frozenset[str]:
    """The parameters a template declares, so that a caller passes only what the template knows."""
    return frozenset(load_document(path).section("Parameters"))


def read_application(
    path: Path, parameters: Mapping[str, str] | None = None, *, local_urls: Mapping[str, LocalUrls] | None = None
) -> Application:
    """Reads the SAM or CloudFormation template at `path`.

    `parameters` are the deployer's values. With `local_urls` (by the API's logical id) addresses of an API point to
    localhost; without, they are what API Gateway would give, and `localised` may rewrite them later. Whatever cannot be
    served is a TemplateError of one line.
    """
    document = load_document(path)
    values = parameter_values(document, parameters or {})
    typed = typed_values(document, values)
    translation = translate(document, typed)
    resolver = Resolver(document, translation.body, typed)
    resources = translation.body["Resources"]
    lambdas = read_lambdas(translation, resolver)
    tables = {
        logical_id: read_table(logical_id, resource.get("Properties") or {}, resolver)
        for logical_id, resource in resources.items()
        if resource.get("Type") == "AWS::DynamoDB::Table" and resolver.exists(logical_id)
    }
    application = Application(
        apis=WebSocketReader(resources, resolver, lambdas).apis(),
        functions=lambdas.runnable,
        tables=tables,
        parameters=values,
        outputs=_outputs(translation.body.get("Outputs") or {}, resolver),
    )
    return localised(application, local_urls or {})


def _outputs(outputs: Mapping[str, dict[str, object]], resolver: Resolver) -> dict[str, str]:
    """The outputs that make sense here: one about a resource that is not run locally is left out."""
    found: dict[str, str] = {}
    for name, output in outputs.items():
        with resolver.reading(name):
            if "Condition" in output and not resolver.condition(str(output["Condition"])):
                continue
            try:
                found[name] = resolver.required(output, "Value")
            except TemplateError:
                continue
    return found
