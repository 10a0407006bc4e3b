"""The built SAM template as a CDK stack. Nothing of the template is written down again here."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from aws_cdk import Acknowledgment, CfnDeletionPolicy, CfnResource, Stack, Validations
from aws_cdk.aws_lambda import CfnFunction, CfnLayerVersion
from aws_cdk.aws_s3_assets import Asset
from aws_cdk.cloudformation_include import CfnInclude
from constructs import Construct
from monitoring import Monitoring, Watched

from localcloud.template.document import Document
from localcloud.template.translate import Translation, translate


class ThinkaloudStack(Stack):
    """What the built `template` describes, its code folders as assets, and the monitoring.

    The template is translated here and not by CloudFormation: `cdk diff` then shows the resources that really change.
    Logical ids are those of `sam deploy`, but for the layer's. `release` is baked in, because it names the versions.
    """

    def __init__(self, scope: Construct, name: str, *, template: Document, release: str) -> None:
        super().__init__(scope, name, description="Thinkaloud, from its SAM template")
        translation = translate(template, {"Release": release})
        self._included = _include(self, translation, release)
        for logical_id, resource in translation.body["Resources"].items():
            self._ship(logical_id, resource, translation)
        Monitoring(self, "Monitoring", self._watched(translation))
        Validations.of(self).acknowledge(
            Acknowledgment(id="CloudFormation-Validate::W2509", reason="JwtSecretArn names the secret and is none")
        )

    def _ship(self, logical_id: str, resource: dict[str, Any], translation: Translation) -> None:
        """Puts the folder of a function or layer in place of its address, and keeps versions that were published."""
        element = self._included.get_resource(logical_id)
        properties = resource["Properties"]
        folder = translation.folder(properties.get("Code") or properties.get("Content"))
        if folder is not None:
            asset = Asset(self, f"{logical_id}Code", path=str(folder))
            if isinstance(element, CfnFunction):
                element.code = CfnFunction.CodeProperty(s3_bucket=asset.s3_bucket_name, s3_key=asset.s3_object_key)
            elif isinstance(element, CfnLayerVersion):
                element.content = CfnLayerVersion.ContentProperty(
                    s3_bucket=asset.s3_bucket_name, s3_key=asset.s3_object_key
                )
        if resource.get("DeletionPolicy") == "Retain":
            # For SAM a changed layer is a new resource, and the old one is kept when it is deleted. Here a layer keeps
            # its logical id, so that the old one is replaced.
            element.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN

    def _watched(self, translation: Translation) -> Watched:
        def name(logical_id: str) -> str:
            return self._included.get_resource(logical_id).ref

        functions = [
            logical_id
            for logical_id, resource in translation.body["Resources"].items()
            if resource["Type"] == "AWS::Lambda::Function"
        ]
        return Watched(
            api=name("ChatApi"),
            stage=name("ChatApiStage"),
            http_api=name("HttpApi"),
            functions={logical_id.removesuffix("Function").lower(): name(logical_id) for logical_id in functions},
            failures=_queue_name(self._included.get_resource("TurnFailures")),
            ingest=_queue_name(self._included.get_resource("IngestQueue")),
            ingest_failures=_queue_name(self._included.get_resource("IngestFailures")),
            table=name("StateTable"),
        )


def _include(stack: Stack, translation: Translation, release: str) -> CfnInclude:
    """CfnInclude takes a file and reads it at once. The parameter that is baked in is no longer asked for."""
    for group in translation.body["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]:
        group["Parameters"] = [name for name in group["Parameters"] if name != "Release"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "template.json"
        file.write_text(json.dumps(translation.body))
        return CfnInclude(stack, "Template", template_file=str(file), parameters={"Release": release})


def _queue_name(queue: CfnResource) -> str:
    return queue.get_att("QueueName").to_string()
