"""SAM to plain CloudFormation, offline: the real translator, with local folders kept aside."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.template.document import Document

REGION = "us-east-1"
"""The region the local cloud says it is in; moto, the ARNs and the functions' environment agree on it."""

_BUCKET = "local"
_FOLDER_PROPERTY = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::Api": "DefinitionUri",
    "AWS::Serverless::HttpApi": "DefinitionUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
    "AWS::Lambda::Function": "Code",
    "AWS::Lambda::LayerVersion": "Content",
}
_NEEDS_NETWORK = "AWS::Serverless::Application"


@dataclass(frozen=True)
class Translation:
    """Plain CloudFormation, with the local folder of every function and layer that has one."""

    body: dict[str, Any]
    folders: dict[str, Path]

    def folder(self, location: object) -> Path | None:
        """The local folder behind a function's `Code` or a layer's `Content`; None where it is not local."""
        if isinstance(location, dict) and location.get("S3Bucket") == _BUCKET:
            return self.folders.get(str(location.get("S3Key")))
        return None


def load_translator() -> None:
    """Import the translator with its schemas, which takes a second: whoever can has it done beforehand."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import samtranslator.translator.translator  # noqa: F401


def translate(document: Document, parameters: Mapping[str, Any]) -> Translation:
    """Runs the SAM translator over `document`, without network and without credentials.

    The translator takes code only from S3, so local folders are swapped for addresses in a bucket that does not exist.
    Nested applications are left out: their templates come from a service. `parameters` are values by name.
    """
    body = copy.deepcopy(document.body)
    folders = dict(_take_folders(document, body))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Only who translates should pay for the import.
        from boto3.session import Session
        from samtranslator.internal.managed_policies import get_bundled_managed_policy_map
        from samtranslator.model.exceptions import InvalidDocumentException
        from samtranslator.parser.parser import Parser
        from samtranslator.translator.translator import Translator

        translator = Translator(None, Parser(), boto_session=Session(region_name=REGION))
        try:
            translated = translator.translate(
                body,
                parameter_values=dict(parameters),
                get_managed_policy_map=lambda: get_bundled_managed_policy_map("aws") or {},
            )
        except InvalidDocumentException as error:
            cause = error.causes[0]
            logical_id = getattr(cause, "_logical_id", None)
            raise document.error(
                f"{cause.message} (aws-sam-translator)", logical_id if isinstance(logical_id, str) else None
            ) from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # The translator trusts the shape of some properties; cfn-lint says which one is wrong.
            raise document.error(f"aws-sam-translator cannot read it ({error!r}); run cfn-lint on it") from error
        finally:
            # The translator counts what it does, and logs a warning when nobody takes the counts.
            translator.metrics.publish()
    return Translation(translated, folders)


def _take_folders(document: Document, body: dict[str, Any]) -> Iterator[tuple[str, Path]]:
    """Replaces each local folder in `body` by an address in the bucket, and yields it under its logical id."""
    root = document.path.parent
    functions = (body.get("Globals") or {}).get("Function") or {}
    common = functions.pop("CodeUri", None) if isinstance(functions, dict) else None
    for logical_id, resource in list(body["Resources"].items()):
        if not isinstance(resource, dict):
            continue
        kind = resource.get("Type")
        if kind == _NEEDS_NETWORK:
            del body["Resources"][logical_id]
        folder_property = _FOLDER_PROPERTY.get(str(kind))
        properties = resource.get("Properties")
        if folder_property is None or not isinstance(properties, dict):
            continue
        if folder_property == "CodeUri" and not _has_other_code(properties):
            if "CodeUri" not in properties and common is None:
                raise document.error("CodeUri is missing; name the folder of its code", logical_id)
            properties.setdefault("CodeUri", common)
        location = properties.get(folder_property)
        if not isinstance(location, str) or "://" in location:
            continue
        plain = kind in ("AWS::Lambda::Function", "AWS::Lambda::LayerVersion")
        address = {"S3Bucket": _BUCKET, "S3Key": logical_id} if plain else f"s3://{_BUCKET}/{logical_id}"
        properties[folder_property] = address
        yield logical_id, (root / location).resolve()


def _has_other_code(properties: dict[str, Any]) -> bool:
    return "InlineCode" in properties or "ImageUri" in properties or properties.get("PackageType") == "Image"
