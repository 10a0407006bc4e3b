"""The application that `sam deploy` deploys, as a CDK app, with a dashboard and alarms beside it.

Context, each with `-c name=value`:
    release  what is deployed, in hexadecimal; the checked-out commit unless said
    stack    the stack's name; `thinkaloud` unless said
    build    a folder that `sam build` has filled; `.aws-sam/build` unless said

Everything else is a parameter of the stack, with the name it has in template.yaml: docs/deploy.md.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
# localcloud.template reads SAM templates; nothing else of the project is used here.
sys.path.insert(0, str(PROJECT))

from aws_cdk import App  # noqa: E402
from stack import ThinkaloudStack  # noqa: E402

from localcloud.template.document import load_document  # noqa: E402


def checked_out() -> str:
    """The commit of this checkout."""
    command = ["git", "-C", str(PROJECT), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        sys.exit("this is no git checkout; say what is deployed: -c release=<10 to 64 hexadecimal digits>")


def main() -> None:
    """Synthesise the one stack."""
    app = App()
    build = Path(app.node.try_get_context("build") or PROJECT / ".aws-sam/build").resolve()
    if not (build / "template.yaml").is_file():
        sys.exit(f"there is no template.yaml in {build}; run `make build` first")
    template = load_document(build / "template.yaml")
    release = app.node.try_get_context("release") or checked_out()
    pattern = template.section("Parameters")["Release"]["AllowedPattern"]
    if not re.search(pattern, release):
        sys.exit(f"the release is {release!r}; it must fit {pattern}")
    ThinkaloudStack(app, app.node.try_get_context("stack") or "thinkaloud", template=template, release=release)
    app.synth()


main()
